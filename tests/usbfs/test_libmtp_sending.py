"""Files sent by libmtp itself to the phone made of code: whole, or not at all."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from collections.abc import Iterator
from datetime import datetime

import pytest

from mtpbackup.errors import LocalProtocolError, NameRefused, NameTaken, PhoneFull, SendFailed, TransportError
from mtpbackup.phone.libmtp import LibmtpPhone
from mtpbackup.virtual import Effect, Fault, MemoryStore, VirtualPhone
from mtpbackup.virtual.usbfs import PhoneOnBus
from mtpbackup.wire import OperationCode, ResponseCode
from tests.usbfs.conftest import NEEDS_LIBMTP

pytestmark = [pytest.mark.usbfs, NEEDS_LIBMTP]

DATE = datetime(2024, 5, 6, 7, 8, 9)
SIZES = (0, 1, 499, 500, 501, 512, 1012, 16371, 16372, 16384, 262132, 262144, 1048564, 3_000_001)


def noise(size: int) -> bytes:
    return bytes(range(251)) * (size // 251) + bytes(size % 251)


@pytest.fixture
def virtual(program_bus) -> Iterator[VirtualPhone]:
    with VirtualPhone("pixel", [MemoryStore("Internal", capacity=64_000_000_000)]) as virtual:
        virtual.add_file("DCIM/old.jpg", b"old", DATE)
        device = PhoneOnBus(program_bus, virtual)
        program_bus.plug(device)
        yield virtual
        program_bus.unplug(device)
        assert device.failure is None
        assert not virtual.dead


@pytest.fixture
def phone(virtual, libmtp_finder) -> Iterator[LibmtpPhone]:
    phone = LibmtpPhone.open(libmtp_finder.find()[0].open())
    yield phone
    phone.close()


@pytest.fixture
def storage(phone):
    (storage,) = phone.storages()
    return storage


@pytest.fixture
def dcim(phone, storage):
    return phone.find(storage.label, ("DCIM",))


def on_phone(virtual: VirtualPhone, path: str) -> bytes:
    content = virtual.storages[0].at(path).content
    return bytes(content.read(0, content.size))


def names(virtual: VirtualPhone, path: str) -> set[str]:
    return set(virtual.storages[0].folder(path).children)


def test_files_of_every_size_arrive_whole(virtual, phone, storage, dcim):
    for size in SIZES:
        data = noise(size)
        item = phone.send_file(storage, dcim, f"IMG_{size}.jpg", size, DATE, (data[:100], data[100:]))
        assert (item.shown_path, item.size) == (f"DCIM/IMG_{size}.jpg", size)
        assert on_phone(virtual, item.shown_path) == data
        assert phone.find(storage.label, item.path).handle == item.handle
    listed = {item.name: item.size for item in phone.list_folder(storage, dcim)}
    assert listed == {"old.jpg": 3} | {f"IMG_{size}.jpg": size for size in SIZES}


def test_folders_are_made_and_names_kept(virtual, phone, storage):
    top = phone.make_folder(storage, None, "Füße 😀")
    inner = phone.make_folder(storage, top, "Inner")
    phone.send_file(storage, inner, "Grüße 東京 🎂.png", 3, DATE, (b"abc",))
    phone.send_file(storage, None, "top.txt", 1, None, (b"x",))
    assert on_phone(virtual, "Füße 😀/Inner/Grüße 東京 🎂.png") == b"abc"
    assert on_phone(virtual, "top.txt") == b"x"
    phone.delete(phone.find(storage.label, ("top.txt",)))
    assert "top.txt" not in {item.name for item in phone.list_folder(storage)}


def test_what_has_the_name_stays_as_it_was(virtual, phone, storage, dcim):
    with pytest.raises(NameTaken):
        phone.send_file(storage, dcim, "old.jpg", 3, DATE, (b"new",))
    with pytest.raises(NameTaken):
        phone.make_folder(storage, None, "DCIM")
    assert on_phone(virtual, "DCIM/old.jpg") == b"old"


def test_a_dangerous_name_is_never_said(virtual, phone, storage, dcim):
    before = virtual.counts[OperationCode.SEND_OBJECT_INFO]
    for name in ("a/b.jpg", "..", "a:b.jpg", "x" * 300):
        with pytest.raises(NameRefused):
            phone.send_file(storage, dcim, name, 1, DATE, (b"x",))
    assert virtual.counts[OperationCode.SEND_OBJECT_INFO] == before


def failing(pieces: int) -> Iterator[bytes]:
    for _ in range(pieces):
        yield bytes(100_000)
    raise OSError("the disk broke")


@pytest.mark.parametrize("pieces", [0, 1, 7])
def test_a_source_that_fails_leaves_nothing_behind(virtual, phone, storage, dcim, pieces):
    with pytest.raises(OSError, match="the disk broke"):
        phone.send_file(storage, dcim, "half.jpg", 1_000_000, DATE, failing(pieces))
    assert names(virtual, "DCIM") == {"old.jpg"}
    phone.send_file(storage, dcim, "half.jpg", 3, DATE, (b"all",))
    assert on_phone(virtual, "DCIM/half.jpg") == b"all"


def test_a_source_of_another_length_is_refused(virtual, phone, storage, dcim):
    for parts in ((b"123",), (b"12345", b"6")):
        with pytest.raises(LocalProtocolError):
            phone.send_file(storage, dcim, "odd.jpg", 5, DATE, parts)
    assert names(virtual, "DCIM") == {"old.jpg"}


def test_a_full_phone_is_told(virtual, phone, storage, dcim):
    virtual.storages[0].capacity = 1_000
    with pytest.raises(PhoneFull):
        phone.send_file(storage, dcim, "big.jpg", 2_000_000, DATE, (bytes(2_000_000),))
    assert names(virtual, "DCIM") == {"old.jpg"}


def test_a_refusal_is_told(virtual, phone, storage, dcim):
    virtual.faults.add(
        Fault(
            effect=Effect.REFUSE,
            operation=OperationCode.SEND_OBJECT_INFO,
            response=ResponseCode.GENERAL_ERROR,
            times=1,
        )
    )
    with pytest.raises(SendFailed) as caught:
        phone.send_file(storage, dcim, "no.jpg", 3, DATE, (b"abc",))
    assert caught.value.reason is SendFailed.Reason.REFUSED
    phone.send_file(storage, dcim, "no.jpg", 3, DATE, (b"abc",))


def test_a_pulled_cable_is_told(virtual, phone, storage, dcim):
    virtual.faults.add(Fault(effect=Effect.UNPLUG, operation=OperationCode.SEND_OBJECT, at_byte=500_000))
    with pytest.raises(TransportError):
        phone.send_file(storage, dcim, "IMG.jpg", 2_000_000, DATE, (bytes(2_000_000),))


def test_ctrl_c_in_mid_file_leaves_nothing_behind(virtual, phone, storage, dcim):
    def pressing() -> Iterator[bytes]:
        yield bytes(300_000)
        os.kill(os.getpid(), signal.SIGINT)
        while True:
            yield bytes(100_000)

    assert threading.current_thread() is threading.main_thread()
    with pytest.raises(KeyboardInterrupt):
        phone.send_file(storage, dcim, "half.jpg", 50_000_000, DATE, pressing())
    assert names(virtual, "DCIM") == {"old.jpg"}


def test_a_restore_by_libmtp(virtual, run_with_bus, tmp_path):
    wanted = {"DCIM/old.jpg": b"old"}
    for size in (0, 512, 1_000_000):
        wanted[f"DCIM/Camera/IMG_{size}.jpg"] = noise(size)
        virtual.add_file(f"DCIM/Camera/IMG_{size}.jpg", noise(size), DATE)
    mtpbackup = (sys.executable, "-m", "mtpbackup")
    assert run_with_bus(*mtpbackup, "backup", "--to", tmp_path).returncode == 0
    virtual.remove("DCIM")
    restore = (*mtpbackup, "restore", "--from", tmp_path, "--via", "libmtp", "--yes", "--verify", "--json")
    run = run_with_bus(*restore)
    assert run.returncode == 0, run.stdout
    facts = [json.loads(line) for line in run.stdout.splitlines()]  # nothing of libmtp's own words
    assert facts[-1]["sent"]["files"] == facts[-1]["read_back"] == len(wanted), facts[-1]
    assert facts[-1]["dates_lost"] == len(wanted)  # libmtp tells none
    assert {path: on_phone(virtual, path) for path in wanted} == wanted
    again = json.loads(run_with_bus(*restore).stdout.splitlines()[-1])
    assert (again["sent"]["files"], again["there"]["files"], again["exit_code"]) == (0, len(wanted), 0)
