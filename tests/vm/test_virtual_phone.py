"""The virtual phone over FunctionFS on a kernel's USB stack: programs of others, stalls, events, cables."""

from __future__ import annotations

import contextlib
import random
import re
import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gadget import is_on_the_bus, settle, wait_until
from mtpbackup.virtual.descriptors import UsbProfile
from mtpbackup.virtual.faults import Effect, Fault
from mtpbackup.virtual.folder_store import FolderStore
from mtpbackup.virtual.functionfs import GadgetPhone
from mtpbackup.virtual.functionfs.gadget import prepare_kernel
from mtpbackup.virtual.phone import VirtualPhone
from mtpbackup.wire import (
    ClassRequest,
    Command,
    ContainerType,
    Event,
    EventCode,
    Header,
    OperationCode,
    Response,
    ResponseCode,
)

SIZES = (0, 1, 500, 512, 1012, 16_372, 65_536, 3_000_017)
SERIAL = "VIRTUAL01"
#: Seconds for a program, and for a call of libusb.
LIMIT = 60
SOON = 10


def content(size: int) -> bytes:
    return random.Random(size).randbytes(size)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    camera = tmp_path / "phone/DCIM/Camera"
    camera.mkdir(parents=True)
    for size in SIZES:
        (camera / f"IMG_{size}.jpg").write_bytes(content(size))
    return tmp_path / "phone"


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    place = tmp_path / "work"
    place.mkdir()
    monkeypatch.chdir(place)
    monkeypatch.setenv("HOME", str(place))
    return place


@contextlib.contextmanager
def plugged(phone: VirtualPhone, **profile: Any) -> Iterator[GadgetPhone]:
    prepare_kernel()
    usb = UsbProfile(serial=SERIAL, **profile)
    with GadgetPhone("virtual", phone, usb) as gadget:
        gadget.plug()
        wait_until(lambda: is_on_the_bus(SERIAL), "the phone was not enumerated")
        settle()
        yield gadget
    assert gadget.failure is None
    wait_until(lambda: not is_on_the_bus(SERIAL), "the phone did not go")


def run(*command: str) -> str:
    """Runs a program to its end."""
    try:
        answer = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=LIMIT,
            check=False,
            text=True,
            errors="replace",
        )
    except subprocess.TimeoutExpired as late:
        pytest.fail(
            f"{command[0]} did not end within {LIMIT} s:\n{(late.stdout or b'').decode(errors='replace')}"
        )
    assert answer.returncode == 0, answer.stdout
    return answer.stdout


def run_and_wait(gadget: GadgetPhone, *command: str) -> str:
    """Runs one of the mtp-tools: they reset the phone at their end, and this one then leaves and comes back."""
    lives = gadget.lives
    output = run(*command)
    wait_until(lambda: gadget.lives > lives, "the phone did not come back after the reset")
    wait_until(lambda: is_on_the_bus(SERIAL), "the phone was not enumerated again")
    settle()
    return output


# --- programs of others


@pytest.mark.parametrize("kind", [(6, 1, 1), (0xFF, 0xFF, 0)], ids=["image", "vendor"])
def test_mtp_tools_list_fetch_and_send_byte_for_byte(folder, work, kind):
    with plugged(VirtualPhone("pixel", [FolderStore(folder)]), interface_class=kind) as gadget:
        assert run_and_wait(gadget, "mtp-detect").rstrip().endswith("OK.")
        listing = run_and_wait(gadget, "mtp-files")
        found = re.findall(r"File ID: (\d+)\n\s+Filename: (.*)\n\s+File size (\d+) ", listing)
        assert {name: int(size) for _, name, size in found} == {f"IMG_{size}.jpg": size for size in SIZES}
        ids = {name: number for number, name, _ in found}
        for size in (512, 3_000_017):
            run_and_wait(gadget, "mtp-getfile", ids[f"IMG_{size}.jpg"], "fetched")
            assert (work / "fetched").read_bytes() == content(size)
        dcim = re.search(r"(\d+)\s+DCIM", run_and_wait(gadget, "mtp-folders"))
        assert dcim is not None
        for size in (500, 1_000_000):
            (work / f"sent{size}.jpg").write_bytes(content(size))
            run_and_wait(gadget, "mtp-sendfile", f"sent{size}.jpg", dcim[1])
            assert (folder / f"DCIM/sent{size}.jpg").read_bytes() == content(size)


@pytest.mark.parametrize("persona", ["pixel", "basic"])
def test_gphoto2_and_aft_list_fetch_and_send_byte_for_byte(folder, work, persona):
    with plugged(VirtualPhone(persona, [FolderStore(folder)])):
        assert f"There are {len(SIZES)} files in folder '/store_00010001/DCIM/Camera'." in run("gphoto2", "-L")
        run("gphoto2", "--get-all-files", "--filename", "%f.%C")
        for size in SIZES:
            assert (work / f"IMG_{size}.jpg").read_bytes() == content(size)
        (work / "sent.mp4").write_bytes(content(1_000_000))
        run("aft-mtp-cli", "get DCIM/Camera/IMG_3000017.jpg fetched", "put sent.mp4 DCIM")
        assert (work / "fetched").read_bytes() == content(3_000_017)
        assert (folder / "DCIM/sent.mp4").read_bytes() == content(1_000_000)


# --- what libusb sees of it


class Initiator:
    """A bare initiator on libusb: commands out, whatever comes in."""

    BULK_IN, BULK_OUT, EVENTS = 0x81, 0x01, 0x82

    def __init__(self, handle: Any) -> None:
        self.handle = handle
        endpoints = [e.getAddress() for c in handle.getDevice() for i in c for s in i for e in s]
        self.bulk_in, self.bulk_out, self.events = endpoints
        self._transaction = 0

    def send(self, operation: OperationCode, *parameters: int) -> None:
        self._transaction += 1
        command = Command(operation, self._transaction, parameters)
        self.handle.bulkWrite(self.bulk_out, command.encode(), SOON * 1000)

    def read(self, size: int = 16_384, seconds: float = SOON) -> bytes:
        return bytes(self.handle.bulkRead(self.bulk_in, size, int(seconds * 1000)))

    def response(self) -> Response:
        return Response.decode(self.read() or self.read())

    def transact(self, operation: OperationCode, *parameters: int) -> tuple[bytes, Response]:
        """A transaction with a small data phase or none."""
        self.send(operation, *parameters)
        first = self.read()
        if Header.decode(first).type == ContainerType.RESPONSE:
            return b"", Response.decode(first)
        return first[12:], self.response()

    def open_session(self) -> None:
        assert self.transact(OperationCode.OPEN_SESSION, 1)[1].code == ResponseCode.OK

    def handle_of(self, name: str) -> int:
        """Walks to DCIM and takes the only file in it."""
        data, _ = self.transact(OperationCode.GET_OBJECT_HANDLES, 0x00010001, 0, 0xFFFFFFFF)
        (folder,) = struct.unpack_from("<I", data, 4)
        data, _ = self.transact(OperationCode.GET_OBJECT_HANDLES, 0x00010001, 0, folder)
        count, first = struct.unpack_from("<II", data)
        assert count == 1, name
        return first

    def class_request(self, request: ClassRequest, data: bytes = b"") -> None:
        self.handle.controlWrite(0x21, request, 0, 0, data, SOON * 1000)

    def status(self) -> int:
        answer = bytes(self.handle.controlRead(0xA1, ClassRequest.GET_DEVICE_STATUS, 0, 0, 32, SOON * 1000))
        return struct.unpack_from("<HH", answer)[1]


@contextlib.contextmanager
def opened() -> Iterator[Initiator]:
    import usb1

    with usb1.USBContext() as context:
        (device,) = [
            d for d in context.getDeviceIterator() if (d.getVendorID(), d.getProductID()) == (0x18D1, 0x4EE1)
        ]
        handle = device.open()
        handle.claimInterface(0)
        try:
            yield Initiator(handle)
        finally:
            with contextlib.suppress(usb1.USBErrorNoDevice, usb1.USBErrorNotFound, usb1.USBErrorIO):
                handle.releaseInterface(0)
            handle.close()


@pytest.fixture
def phone() -> VirtualPhone:
    phone = VirtualPhone("pixel")
    phone.add_file("DCIM/video.mp4", content(3_000_017))
    return phone


def test_a_cancelled_transfer_ends_and_the_next_command_works(phone):
    import usb1

    with plugged(phone), opened() as host:
        host.open_session()
        number = host.handle_of("video.mp4")
        for _ in range(3):
            host.send(OperationCode.GET_OBJECT, number)
            assert host.read(65_536)[12:] == content(3_000_017)[: 65_536 - 12]
            host.class_request(ClassRequest.CANCEL, struct.pack("<HI", 0x4001, 1))
            # What the phone's side had already handed to its controller may still come.
            with contextlib.suppress(usb1.USBErrorTimeout):
                while host.read(65_536, 0.3):
                    pass
            assert host.status() == ResponseCode.OK
            assert host.transact(OperationCode.GET_STORAGE_IDS)[1].code == ResponseCode.OK


def test_a_stall_is_seen_and_cleared(phone):
    import usb1

    with plugged(phone), opened() as host:
        host.open_session()
        number = host.handle_of("video.mp4")
        phone.faults.add(Fault(effect=Effect.STALL, operation=OperationCode.GET_OBJECT, at_byte=1_000_000))
        host.send(OperationCode.GET_OBJECT, number)
        received = 0
        with pytest.raises(usb1.USBErrorPipe):
            while True:
                received += len(host.read(65_536))
        assert 800_000 < received <= 1_000_012
        assert host.status() == ResponseCode.TRANSACTION_CANCELLED
        for endpoint in (host.bulk_in, host.bulk_out):
            host.handle.clearHalt(endpoint)
        assert host.status() == ResponseCode.OK
        assert host.transact(OperationCode.GET_STORAGE_IDS)[1].code == ResponseCode.OK


def test_events_arrive_on_the_interrupt_endpoint(phone):
    with plugged(phone), opened() as host:
        host.open_session()
        host.handle_of("video.mp4")
        phone.add_file("DCIM/new.jpg", b"new")
        event = Event.decode(bytes(host.handle.interruptRead(host.events, 64, SOON * 1000)))
        assert event.code == EventCode.OBJECT_ADDED


def test_the_cable_is_pulled_while_reading_and_put_back(phone):
    import usb1

    with plugged(phone) as gadget:
        for _ in range(3):
            with opened() as host:
                host.open_session()
                host.send(OperationCode.GET_OBJECT, host.handle_of("video.mp4"))
                host.read(65_536)
                gadget.unplug()
                with pytest.raises((usb1.USBErrorNoDevice, usb1.USBErrorIO)):
                    while True:
                        host.read(65_536)
            wait_until(lambda: not is_on_the_bus(SERIAL), "the phone did not go")
            gadget.plug()
            wait_until(lambda: is_on_the_bus(SERIAL), "the phone did not come back")
            settle()
        assert gadget.lives == 4


def test_a_reset_starts_the_server_anew(phone):
    import usb1

    basic = VirtualPhone("basic")  # one that stays on the bus
    basic.add_file("DCIM/a.jpg", b"a")
    with plugged(basic) as gadget, opened() as host:
        host.open_session()
        host.handle.resetDevice()
        wait_until(lambda: gadget.lives == 2, "the server did not start anew")
        # The session is gone with the server that had it.
        assert host.transact(OperationCode.GET_STORAGE_IDS)[1].code == ResponseCode.SESSION_NOT_OPEN
    with plugged(phone) as gadget, opened() as host:
        with contextlib.suppress(usb1.USBErrorNotFound, usb1.USBErrorNoDevice):
            host.handle.resetDevice()
        wait_until(lambda: gadget.lives == 2, "the phone did not come back")
