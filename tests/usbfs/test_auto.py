"""`mtpbackup auto run`, as systemd starts it, through the system's libusb and the sysfs folder it is given."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator

import pytest

from mtpbackup.settings import KnownPhone, add_phone, change
from mtpbackup.virtual.phone import VirtualPhone
from mtpbackup.virtual.usbfs import Bus, PhoneOnBus
from mtpbackup.virtual.usbfs.sysfs import Place

pytestmark = pytest.mark.usbfs


@pytest.fixture
def phone() -> Iterator[VirtualPhone]:
    with VirtualPhone("pixel") as phone:
        phone.add_file("DCIM/Camera/IMG_1.jpg", b"\xff\xd8 one")
        yield phone


@pytest.fixture
def folder(program_bus: Bus, phone: VirtualPhone) -> Iterator[str]:
    """The plugged phone's folder in sysfs."""
    device = PhoneOnBus(program_bus, phone)
    program_bus.plug(device, port=1)
    yield f"/sys{Place(program_bus.number, 1, 0).device_path}"
    program_bus.unplug(device)


@pytest.fixture
def run(run_with_bus, tmp_path, monkeypatch):
    """Runs it; gives its exit code and the runs that were noted."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    change("destination", str(tmp_path / "backup"))

    def run(folder: str) -> tuple[int, list[dict]]:
        done = run_with_bus(sys.executable, "-m", "mtpbackup", "auto", "run", "--at", folder)
        notes = tmp_path / "state/mtpbackup/auto-runs.jsonl"
        lines = notes.read_text().splitlines() if notes.exists() else []
        return done.returncode, [json.loads(line) for line in lines]

    return run


def test_a_known_phone_is_backed_up(run, folder, phone, tmp_path):
    add_phone(KnownPhone("Pixel 8", phone.identity.vendor_id, phone.identity.serial))
    code, (noted,) = run(folder)
    assert (code, noted["exit_code"], noted["saved"]) == (0, 0, 1)
    assert len(list((tmp_path / "backup").rglob("IMG_1.jpg"))) == 1


def test_a_stranger_is_not_opened(run, folder, phone):
    add_phone(KnownPhone("Another", phone.identity.vendor_id, "another"))
    assert run(folder) == (0, [])
    assert not phone.counts
