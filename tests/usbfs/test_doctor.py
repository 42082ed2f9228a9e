"""`mtpbackup doctor` through the system's libusb and a sysfs that it reads itself."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mtpbackup.virtual.phone import VirtualPhone
from mtpbackup.virtual.usbfs import Bus, PhoneOnBus

pytestmark = pytest.mark.usbfs


@pytest.fixture
def phone() -> Iterator[VirtualPhone]:
    with VirtualPhone("pixel") as phone:
        phone.add_file("DCIM/Camera/VID_1.mp4", bytes(20_000_000))
        yield phone


@pytest.fixture
def device(program_bus: Bus, phone: VirtualPhone) -> Iterator[PhoneOnBus]:
    device = PhoneOnBus(program_bus, phone)
    program_bus.plug(device)
    yield device
    program_bus.unplug(device)


@pytest.fixture
def examine(run_with_bus, tmp_path, monkeypatch):
    """Runs the doctor; gives the verdicts that are not good, all verdicts, and the exit code."""
    monkeypatch.setenv("HOME", str(tmp_path))

    def examine() -> tuple[list[str], list[str], int]:
        command = [sys.executable, "-m", "mtpbackup", "doctor", "--to", tmp_path / "backup", "--json"]
        run = run_with_bus(*command)
        facts: list[dict[str, Any]] = [json.loads(line) for line in run.stdout.splitlines()]
        found = [fact for fact in facts if fact.get("event") == "finding"]
        bad = [fact["verdict"] for fact in found if fact["level"] == "problem"]
        return bad, [fact["verdict"] for fact in found], run.returncode

    return examine


def test_a_healthy_phone_takes_less_than_five_seconds(examine, device):
    began = time.monotonic()
    bad, found, code = examine()
    assert time.monotonic() - began < 5
    assert (bad, code) == ([], 0)
    assert {"offers_files", "fast", "free", "answers", "shows_storages", "lists", "reads"} <= set(found)


def test_a_locked_phone(examine, device, phone):
    phone.lock()
    assert examine()[::2] == (["locked"], 21)


def test_no_phone(examine, device, program_bus):
    program_bus.unplug(device)
    assert examine()[::2] == (["nothing_plugged_in"], 20)
    program_bus.plug(device)


def test_the_report_is_written(run_with_bus, device, tmp_path: Path, monkeypatch, phone):
    monkeypatch.setenv("HOME", str(tmp_path))
    report = tmp_path / "report.txt"
    run = run_with_bus(sys.executable, "-m", "mtpbackup", "doctor", "--to", tmp_path / "b", "--report", report)
    assert run.returncode == 0, run.stdout
    text = report.read_text()
    assert "18d1:4ee1" in text
    assert phone.persona.serial not in text
