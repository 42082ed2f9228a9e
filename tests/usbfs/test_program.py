"""mtpbackup as a whole through the system's libusb: phones that come, leave, lock, refuse and go on."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from mtpbackup.transport.base import Endpoint
from mtpbackup.virtual.faults import Effect, Fault
from mtpbackup.virtual.phone import VirtualPhone
from mtpbackup.virtual.usbfs import Bus, PhoneOnBus
from mtpbackup.wire import OperationCode
from tests.usbfs.plugin import LIMIT

pytestmark = pytest.mark.usbfs

VIDEO = random.Random(1).randbytes(20_000_000)
PHOTOS = {f"DCIM/Camera/IMG_{size}.jpg": random.Random(size).randbytes(size) for size in (0, 1, 500, 512, 1012)}
#: Where in the video something happens.
MIDDLE = 9_000_000

READING = (OperationCode.GET_OBJECT, OperationCode.GET_PARTIAL_OBJECT, OperationCode.GET_PARTIAL_OBJECT_64)


@pytest.fixture
def phone() -> Iterator[VirtualPhone]:
    with VirtualPhone("pixel") as phone:
        for path, data in PHOTOS.items():
            phone.add_file(path, data)
        phone.add_file("DCIM/Camera/VID_1.mp4", VIDEO)
        yield phone


@pytest.fixture
def device(program_bus: Bus, phone: VirtualPhone) -> Iterator[PhoneOnBus]:
    """The phone as a device, not plugged in."""
    device = PhoneOnBus(program_bus, phone)
    yield device
    program_bus.unplug(device)
    assert device.failure is None


class Program:
    """A running `mtpbackup --json`; what it says is collected by a thread."""

    def __init__(self, environment: dict[str, str], *words: str | Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "mtpbackup", *map(str, words), "--json"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=environment,
            start_new_session=True,
        )
        self.facts: list[dict[str, Any]] = []
        self.other: list[str] = []
        self._said = threading.Condition()
        self._ended = False
        self._listener = threading.Thread(target=self._listen)
        self._listener.start()

    def _listen(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as lines:
            for line in lines:
                with self._said:
                    if line.startswith("{"):
                        self.facts.append(json.loads(line))
                    else:
                        self.other.append(line)
                    self._said.notify_all()
        with self._said:
            self._ended = True
            self._said.notify_all()

    def wait_for(self, **wanted: Any) -> dict[str, Any]:
        """Waits until it has said something with these values."""

        def find() -> dict[str, Any] | None:
            return next((fact for fact in self.facts if wanted.items() <= fact.items()), None)

        with self._said:
            self._said.wait_for(lambda: find() or self._ended, LIMIT)
            found = find()
        assert found, f"never said {wanted}:\n{self}"
        return found

    def end(self) -> dict[str, Any]:
        """Waits for its end; gives its last word."""
        try:
            self.process.wait(LIMIT)
        except subprocess.TimeoutExpired:
            pytest.fail(f"it did not end:\n{self}")
        self._listener.join()
        assert not self.other, self
        return self.facts[-1]

    def close(self) -> None:
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        self._listener.join()

    def __str__(self) -> str:
        return "\n".join([*map(json.dumps, self.facts[-20:]), *self.other])


@pytest.fixture
def start(program_bus: Bus, tmp_path: Path) -> Iterator[Callable[..., Program]]:
    started: list[Program] = []

    def start(*words: str | Path) -> Program:
        environment = program_bus.environment() | {
            "HOME": str(tmp_path),
            "XDG_STATE_HOME": str(tmp_path / "state"),
        }
        started.append(Program(environment, *words))
        return started[-1]

    yield start
    for program in started:
        program.close()


def assert_whole(backup: Path) -> None:
    (folder,) = backup.glob("Pixel 8/*/")
    found = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert found == PHOTOS | {"DCIM/Camera/VID_1.mp4": VIDEO}


def offsets(program: Program) -> list[int]:
    """Where in the video each attempt began."""
    started = [fact for fact in program.facts if fact.get("event") == "file_started"]
    return [fact["offset"] for fact in started if fact["path"].endswith("VID_1.mp4")]


def test_a_backup_is_whole_and_a_second_one_reads_nothing(program_bus, phone, device, start, tmp_path):
    program_bus.plug(device)
    assert start("backup", "--to", tmp_path / "backup").end()["exit_code"] == 0
    assert_whole(tmp_path / "backup")
    phone.log.clear()
    last = start("backup", "--to", tmp_path / "backup").end()
    assert (last["exit_code"], last["saved"]["files"], last["safe"]["files"]) == (0, 0, len(PHOTOS) + 1)
    assert not any(phone.counts[operation] for operation in READING)
    assert device.restarts == 0  # no reset, no configuration chosen anew (ANDROID.md, AVOID 3)


def test_a_phone_that_is_plugged_in_later_is_noticed(program_bus, device, start, tmp_path):
    program = start("backup", "--to", tmp_path / "backup", "--wait", LIMIT)
    program.wait_for(event="waiting", reason="none")
    program_bus.plug(device)
    assert program.end()["exit_code"] == 0
    assert_whole(tmp_path / "backup")


def test_a_phone_that_is_unlocked_later_is_noticed(program_bus, phone, device, start, tmp_path):
    phone.lock()
    program_bus.plug(device)
    program = start("backup", "--to", tmp_path / "backup", "--wait", LIMIT)
    program.wait_for(event="waiting", reason="locked")
    phone.unlock()
    assert program.end()["exit_code"] == 0
    assert_whole(tmp_path / "backup")


def test_after_a_broken_cable_it_goes_on_inside_the_file(program_bus, device, start, tmp_path):
    program_bus.plug(device)
    device.unplug_after(MIDDLE)
    program = start("backup", "--to", tmp_path / "backup", "--wait", LIMIT)
    program.wait_for(event="lost")
    program_bus.settle()
    program_bus.plug(device)
    program.wait_for(event="reconnected")
    assert program.end()["exit_code"] == 0
    assert_whole(tmp_path / "backup")
    first, second = offsets(program)
    assert first == 0
    assert MIDDLE // 2 < second < MIDDLE


def test_after_ctrl_c_the_phone_is_usable_at_once(program_bus, phone, device, start, tmp_path):
    program_bus.plug(device)
    reached = threading.Event()
    phone.faults.add(Fault(effect=Effect.CALL, at_byte=MIDDLE, across=True, call=reached.set))
    program = start("backup", "--to", tmp_path / "backup")
    assert reached.wait(LIMIT), program
    os.killpg(program.process.pid, signal.SIGINT)
    assert program.end()["exit_code"] == 130
    assert not phone.dead
    again = start("backup", "--to", tmp_path / "backup")
    assert again.end()["exit_code"] == 0
    assert_whole(tmp_path / "backup")
    assert device.restarts == 0
    assert offsets(again)[0] > MIDDLE // 2


def test_a_phone_that_may_not_be_opened_or_is_busy(program_bus, device, start, tmp_path):
    program_bus.plug(device)
    program_bus.deny_access(device)
    assert start("backup", "--to", tmp_path / "backup", "--wait", "0").end()["exit_code"] == 22
    program_bus.deny_access(device, denied=False)
    program_bus.occupy(device)
    assert start("backup", "--to", tmp_path / "backup", "--wait", "0").end()["exit_code"] == 23
    program_bus.vacate(device)
    assert start("backup", "--to", tmp_path / "backup", "--wait", "0").end()["exit_code"] == 0
    assert_whole(tmp_path / "backup")


def dated(backup: Path) -> dict[str, tuple[bytes, float]]:
    """The files of a backup with their contents and dates."""
    (folder,) = backup.glob("Pixel 8/*/")
    return {
        str(path.relative_to(folder)): (path.read_bytes(), path.stat().st_mtime)
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.fixture
def backed_up(program_bus, phone, device, start, tmp_path):
    """A backup of a phone, plugged in, that has lost its pictures since."""
    phone.add_file("DCIM/Camera/Geburtstag 🎂.jpg", b"cake", datetime(2024, 5, 6, 7, 8, 13))
    program_bus.plug(device)
    assert start("backup", "--to", tmp_path / "backup").end()["exit_code"] == 0
    for path in dated(tmp_path / "backup"):
        phone.remove(path)
    return tmp_path / "backup"


def assert_back(phone, start, backup: Path) -> None:
    """All is on the phone once, with its name, its bytes and its date: a backup of it anew is the same."""
    assert not phone.dead
    anew = backup.with_name("anew")
    assert start("backup", "--to", anew).end()["exit_code"] == 0
    assert dated(anew) == dated(backup)


def test_what_was_lost_is_put_back_with_names_and_dates(phone, device, start, backed_up):
    put = start("restore", "--from", backed_up, "--yes", "--verify").end()
    assert put["exit_code"] == 0
    assert_back(phone, start, backed_up)
    assert device.restarts == 0


def test_after_ctrl_c_in_mid_restore_it_goes_on_and_doubles_nothing(phone, start, backed_up):
    reached = threading.Event()
    sending = OperationCode.SEND_OBJECT
    phone.faults.add(Fault(effect=Effect.CALL, operation=sending, at_byte=MIDDLE, call=reached.set))
    program = start("restore", "--from", backed_up, "--yes")
    assert reached.wait(LIMIT), program
    os.killpg(program.process.pid, signal.SIGINT)
    assert program.end()["exit_code"] == 130
    assert start("restore", "--from", backed_up, "--yes").end()["exit_code"] == 0
    assert_back(phone, start, backed_up)


def test_after_a_broken_cable_in_mid_restore_it_goes_on_and_doubles_nothing(
    program_bus, phone, device, start, backed_up
):
    device.unplug_after(MIDDLE, Endpoint.OUT)
    program = start("restore", "--from", backed_up, "--yes", "--wait", LIMIT)
    program.wait_for(event="lost")
    program_bus.settle()
    program_bus.plug(device)
    program.wait_for(event="reconnected")
    assert program.end()["exit_code"] == 0
    assert_back(phone, start, backed_up)


def test_what_was_renamed_is_recognised_and_what_was_changed_is_kept_twice(
    program_bus, phone, device, start, tmp_path
):
    program_bus.plug(device)
    assert start("backup", "--to", tmp_path / "backup").end()["exit_code"] == 0
    phone.rename("DCIM/Camera/VID_1.mp4", "Summer.mp4")
    phone.remove("DCIM/Camera/IMG_1012.jpg")
    phone.add_file("DCIM/Camera/IMG_1012.jpg", b"another picture")
    last = start("backup", "--to", tmp_path / "backup").end()
    assert (last["exit_code"], last["saved"]["files"], last["moved"]["files"]) == (0, 1, 1)
    assert last["bytes_read"] < 200_000  # windows of the film, to prove it, and the new picture
    contents = {path.read_bytes() for path in tmp_path.glob("backup/Pixel 8/*/DCIM/Camera/IMG_1012*")}
    assert contents == {PHOTOS["DCIM/Camera/IMG_1012.jpg"], b"another picture"}


def test_a_redacted_recording_names_nobody(program_bus, phone, device, start, tmp_path):
    program_bus.plug(device)
    trace = tmp_path / "trace.jsonl"
    assert start("--trace", trace, "--redact", "backup", "--to", tmp_path / "backup").end()["exit_code"] == 0
    recorded = trace.read_bytes()
    assert len(recorded) > 10_000
    for secret in (phone.persona.serial, phone.persona.usb.serial, "IMG_1012", "VID_1"):
        for encoding in ("utf-8", "utf-16-le"):
            assert secret.encode(encoding) not in recorded
            assert secret.encode(encoding).hex().encode() not in recorded
