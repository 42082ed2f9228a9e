"""Going on with a file that is on the phone in part: never a byte where Android does not expect one."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from datetime import datetime

import pytest

from mtpbackup.errors import (
    ItemVanished,
    LocalProtocolError,
    OperationUnsupported,
    PhoneFull,
    PhoneGone,
    SendFailed,
    StorageVanished,
)
from mtpbackup.phone import Item, Phone
from mtpbackup.phone.editing import PIECE
from mtpbackup.session import operations
from mtpbackup.virtual import Effect, Fault, Generated, MemoryStore, VirtualPhone, plug_in
from mtpbackup.wire import OperationCode as Op

MIB = 1024 * 1024
DATE = datetime(2024, 5, 6, 7, 8, 9)
INTERNAL = "Internal shared storage"
WHOLE = bytes(Generated(10 * MIB + 5, 7).read(0, 10 * MIB + 5))
THERE = 3 * MIB


def rest(offset: int, length: int = 256 * 1024) -> Iterator[memoryview]:
    view = memoryview(WHOLE)
    for start in range(offset, len(WHOLE), length):
        yield view[start : start + length]


@pytest.fixture
def virtual() -> Iterator[VirtualPhone]:
    with plug_in("pixel", [MemoryStore(INTERNAL, capacity=64_000_000_000)]) as phone:
        phone.add_file("DCIM/a.mp4", WHOLE[:THERE], DATE)
        yield phone
        assert not phone.dead


@pytest.fixture
def phone(virtual: VirtualPhone) -> Iterator[Phone]:
    with Phone.open(virtual.transport()) as phone:
        yield phone


@pytest.fixture
def item(phone: Phone) -> Item:
    return phone.find(INTERNAL, ("DCIM", "a.mp4"))


def stored(virtual: VirtualPhone) -> bytes:
    content = virtual.storages[0].at("DCIM/a.mp4").content  # type: ignore[union-attr]
    return bytes(content.read(0, content.size))


def still_works(phone: Phone, virtual: VirtualPhone) -> None:
    """The file is closed, and as long as it got it is right."""
    item = phone.find(INTERNAL, ("DCIM", "a.mp4"))
    assert stored(virtual) == WHOLE[: len(stored(virtual))]
    operations.begin_edit_object(phone._session, item.handle)
    operations.end_edit_object(phone._session, item.handle)


@pytest.mark.parametrize("offset", [0, 1, 16 * 1024, THERE - 1, THERE])
@pytest.mark.parametrize("length", [1000, 256 * 1024, 7 * MIB])
def test_the_rest_is_written(virtual: VirtualPhone, phone: Phone, item: Item, offset: int, length: int) -> None:
    assert phone.can_continue
    virtual.log.clear()
    phone.continue_file(item, offset, rest(offset, length), len(WHOLE))
    assert stored(virtual) == WHOLE
    written = [record for record in virtual.transactions if record.operation == Op.SEND_PARTIAL_OBJECT]
    assert len(written) <= -(-(len(WHOLE) - offset) // PIECE)
    assert virtual.counts.total() == len(written) + 3


def test_nothing_to_write_and_something_to_cut(virtual: VirtualPhone, phone: Phone, item: Item) -> None:
    phone.continue_file(item, 1000, [], 1000)
    assert stored(virtual) == WHOLE[:1000]


def test_offsets_beyond_what_is_there(virtual: VirtualPhone, phone: Phone, item: Item) -> None:
    virtual.log.clear()
    for offset, size in ((-1, 5), (THERE + 1, len(WHOLE)), (6, 5)):
        with pytest.raises(ValueError, match="offset"):
            phone.continue_file(item, offset, [], size)
    assert not virtual.transactions


def test_a_phone_without_the_operations() -> None:
    with (
        plug_in("basic", [MemoryStore(INTERNAL)]) as virtual,
        Phone.open(virtual.transport()) as phone,
    ):
        virtual.add_file("a.mp4", b"abc", DATE)
        assert not phone.can_continue
        item = phone.find(INTERNAL, ("a.mp4",))
        virtual.log.clear()
        with pytest.raises(OperationUnsupported):
            phone.continue_file(item, 3, [b"def"], 6)
        assert not virtual.transactions


def test_a_file_that_a_lost_host_left_open(virtual: VirtualPhone, phone: Phone, item: Item) -> None:
    operations.begin_edit_object(phone._session, item.handle)
    phone.continue_file(item, THERE, rest(THERE), len(WHOLE))
    assert stored(virtual) == WHOLE
    still_works(phone, virtual)


class DiskError(Exception):
    pass


@pytest.mark.parametrize("good", [0, 1, PIECE, PIECE + 1])
@pytest.mark.parametrize("failure", [DiskError, KeyboardInterrupt, None])
def test_a_source_that_fails(
    virtual: VirtualPhone, phone: Phone, item: Item, good: int, failure: type[BaseException] | None
) -> None:
    def parts() -> Iterator[bytes]:
        yield WHOLE[THERE : THERE + good]
        if failure is not None:
            raise failure

    with pytest.raises(failure or LocalProtocolError):
        phone.continue_file(item, THERE, parts(), len(WHOLE))
    still_works(phone, virtual)


def test_a_source_with_too_much(virtual: VirtualPhone, phone: Phone, item: Item) -> None:
    with pytest.raises(LocalProtocolError):
        phone.continue_file(item, THERE, [WHOLE[THERE : THERE + 11]], THERE + 10)
    assert len(stored(virtual)) <= THERE + 10
    still_works(phone, virtual)


def test_ctrl_c(virtual: VirtualPhone, phone: Phone, item: Item) -> None:
    def parts() -> Iterator[memoryview]:
        for number, part in enumerate(rest(THERE)):
            if number == 20:
                os.kill(os.getpid(), signal.SIGINT)
            yield part

    with pytest.raises(KeyboardInterrupt):
        phone.continue_file(item, THERE, parts(), len(WHOLE))
    assert len(stored(virtual)) > THERE
    still_works(phone, virtual)


@pytest.mark.parametrize("at", [0, 1, 2 * MIB])
def test_a_storage_that_fills_up(virtual: VirtualPhone, phone: Phone, item: Item, at: int) -> None:
    def fill() -> None:
        virtual.storages[0].capacity = THERE + at + 100  # type: ignore[misc]

    virtual.faults.add(Fault(effect=Effect.CALL, operation=Op.SEND_PARTIAL_OBJECT, at_byte=at, call=fill))
    with pytest.raises(PhoneFull):
        phone.continue_file(item, THERE, rest(THERE), len(WHOLE))
    still_works(phone, virtual)


@pytest.mark.parametrize(
    "operation", [Op.BEGIN_EDIT_OBJECT, Op.TRUNCATE_OBJECT, Op.SEND_PARTIAL_OBJECT, Op.END_EDIT_OBJECT]
)
def test_stalls_and_unplugging(virtual: VirtualPhone, phone: Phone, item: Item, operation: Op) -> None:
    virtual.faults.add(Fault(effect=Effect.STALL, operation=operation))
    with pytest.raises(SendFailed) as caught:
        phone.continue_file(item, THERE, rest(THERE), len(WHOLE))
    assert caught.value.reason is SendFailed.Reason.STALLED
    virtual.faults.add(Fault(effect=Effect.UNPLUG, operation=operation))
    with pytest.raises(PhoneGone):
        phone.continue_file(item, THERE, rest(THERE), len(WHOLE))


def test_a_file_that_vanished(virtual: VirtualPhone, phone: Phone, item: Item) -> None:
    virtual.remove("DCIM/a.mp4")
    with pytest.raises(ItemVanished):
        phone.continue_file(item, THERE, rest(THERE), len(WHOLE))


def test_a_phone_that_is_locked_meanwhile(virtual: VirtualPhone, phone: Phone, item: Item) -> None:
    virtual.lock()
    with pytest.raises(StorageVanished):
        phone.continue_file(item, THERE, rest(THERE), len(WHOLE))
