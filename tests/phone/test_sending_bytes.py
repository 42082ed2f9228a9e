"""Sending, byte by byte and transfer by transfer, to a phone that follows a script."""

from __future__ import annotations

import struct
from collections.abc import Callable
from datetime import datetime

import pytest

from mtpbackup.errors import OperationFailed, OperationUnsupported, PhoneGone, SendFailed, StorageVanished
from mtpbackup.phone import Item, Phone, Storage
from mtpbackup.session import KNOWN_QUIRKS, Quirks
from mtpbackup.transport.writing import pieces
from tests.session.peer import BUSY, OK, OPERATIONS, Peer, array, device_info, playing, text

DATE = datetime(2024, 5, 6, 7, 8, 9, 999_999)
STORAGE = Storage(0x10001, "Internal", "Internal", 1 << 40, 1 << 39, removable=False, writable=True)
FOLDER = Item(STORAGE, 7, 0, ("DCIM",), 0, None, 0x3001)
TOP = 0xFFFFFFFF
MIB = 1024 * 1024


def object_info(
    object_format: int, size: int, parent: int, name: str, date: str, association: int = 0
) -> bytes:
    """ObjectInfo. MTP 1.1, section 5.3.1."""
    fixed = struct.pack(
        "<IHHIHIIIIIIIHII", 0x10001, object_format, 0, size, 0, 0, 0, 0, 0, 0, 0, parent, association, 0, 0
    )
    return fixed + text(name) + text(date) * 2 + text("")


def opening(peer: Peer, operations: tuple[int, ...] = OPERATIONS) -> None:
    peer.open(device_info(operations, properties=()))


def announced(peer: Peer, parent: int, dataset: bytes, handle: int = 99) -> None:
    """Takes an announcement, which has to be one transfer, header and all."""
    peer.expect(0x100C, 0x10001, parent)
    assert peer.receive_data(16 * 1024) == (12 + len(dataset), dataset)
    peer.respond(OK, 0x10001, 0 if parent == TOP else parent, handle)


@pytest.mark.parametrize(("folder", "parent"), [(None, TOP), (FOLDER, 7)])
@pytest.mark.parametrize("size", [0, 1, 500, 512, 16372, 100_000])
def test_a_file(folder: Item | None, parent: int, size: int) -> None:
    content = (bytes(range(251)) * (size // 251 + 1))[:size]

    def script(peer: Peer) -> None:
        opening(peer)
        announced(peer, parent, object_info(0x3801, size, parent, "Füße 😀.jpg", "20240506T070809"))
        peer.expect(0x100D)
        assert peer.receive_data() == (12 + size, content)
        peer.respond()

    with playing(script) as (transport, peer), Phone.open(transport) as phone:
        item = phone.send_file(STORAGE, folder, "Füße 😀.jpg", size, DATE, [content])
        assert (item.handle, item.parent, item.name) == (99, 0 if folder is None else 7, "Füße 😀.jpg")
        assert peer.controls == []


def test_a_folder() -> None:
    def script(peer: Peer) -> None:
        opening(peer)
        announced(peer, TOP, object_info(0x3001, 0, TOP, "New", "", association=1), 12)

    with playing(script) as (transport, _), Phone.open(transport) as phone:
        item = phone.make_folder(STORAGE, None, "New")
        assert (item.handle, item.path, item.is_folder) == (12, ("New",), True)


@pytest.mark.parametrize(
    ("size", "told", "length"),
    [
        ((1 << 32) - 13, (1 << 32) - 13, 0xFFFFFFFF),
        ((1 << 32) - 14, (1 << 32) - 14, 0xFFFFFFFE),
        ((1 << 32) - 2, 0xFFFFFFFE, 0xFFFFFFFF),
        ((1 << 32) - 1, 0xFFFFFFFF, 0xFFFFFFFF),
        (1 << 32, 0xFFFFFFFF, 0xFFFFFFFF),
        (1 << 40, 0xFFFFFFFF, 0xFFFFFFFF),
    ],
)
def test_sizes_about_4_gib(size: int, told: int, length: int) -> None:
    def script(peer: Peer) -> None:
        opening(peer)
        announced(peer, 7, object_info(0x3801, told, 7, "a.jpg", ""))
        peer.expect(0x100D)
        packet, _ = peer.port.receive(512)
        assert struct.unpack_from("<IHH", packet) == (length, 2, 0x100D)
        peer.port.unplug()

    with playing(script) as (transport, _), Phone.open(transport) as phone, pytest.raises(PhoneGone):
        phone.send_file(STORAGE, FOLDER, "a.jpg", size, None, [bytes(MIB)] * 4)


def after_the_answer(answer: Callable[[Peer], None], left: bytes | None) -> Callable[[Peer], None]:
    """A phone that takes a whole file, answers in some way, and is asked what is left of it."""

    def script(peer: Peer) -> None:
        opening(peer)
        announced(peer, 7, object_info(0x3801, 3, 7, "a.jpg", ""))
        peer.expect(0x100D)
        peer.receive_data()
        answer(peer)
        peer.expect(0x1008, 99)
        if left is None:
            peer.respond(0x2009)
        else:
            peer.answer(left)
            if b"a\0.\0j" in left:
                peer.expect(0x100B, 99, 0)
                peer.respond()
        peer.expect(0x1004)
        peer.answer(array("I", (0x10001,)))
        peer.expect(0x1005, 0x10001)
        peer.answer(struct.pack("<HHHQQI", 3, 2, 0, 1 << 40, 1 << 39, 1 << 30) + text("Internal") + text(""))

    return script


@pytest.mark.parametrize("code", [BUSY, 0x2002, 0x2007, 0x2015, 0x200F])
@pytest.mark.parametrize("left", [None, "a.jpg", "b.jpg"])
def test_a_refused_file_is_not_sent_again_and_what_is_left_of_it_is_deleted(
    code: int, left: str | None
) -> None:
    script = after_the_answer(
        lambda peer: peer.respond(code), None if left is None else object_info(0x3801, 0, 7, left, "")
    )
    with playing(script) as (transport, _), Phone.open(transport) as phone:
        with pytest.raises(SendFailed) as caught:
            phone.send_file(STORAGE, FOLDER, "a.jpg", 3, None, [b"abc"])
        assert caught.value.reason is SendFailed.Reason.REFUSED
        assert caught.value.sent == 3
        assert isinstance(caught.value.__cause__, OperationFailed)


def test_a_stall_after_the_last_byte() -> None:
    with playing(after_the_answer(lambda peer: peer.port.stall(), None)) as (transport, peer):
        with Phone.open(transport) as phone, pytest.raises(SendFailed) as caught:
            phone.send_file(STORAGE, FOLDER, "a.jpg", 3, None, [b"abc"])
        assert caught.value.reason is SendFailed.Reason.STALLED
        assert 0x67 in peer.requests


def test_a_storage_that_went_meanwhile() -> None:
    def script(peer: Peer) -> None:
        opening(peer)
        announced(peer, 7, object_info(0x3801, 3, 7, "a.jpg", ""))
        peer.expect(0x100D)
        peer.receive_data()
        peer.respond(0x2002)
        peer.expect(0x1008, 99)
        peer.respond(0x2009)
        peer.expect(0x1004)
        peer.answer(array("I", ()))

    with playing(script) as (transport, _), Phone.open(transport) as phone, pytest.raises(StorageVanished):
        phone.send_file(STORAGE, FOLDER, "a.jpg", 3, None, [b"abc"])


@pytest.mark.parametrize("missing", [0x100C, 0x100D])
def test_a_phone_that_takes_no_files_is_told_nothing(missing: int) -> None:
    def script(peer: Peer) -> None:
        opening(peer, tuple(code for code in OPERATIONS if code != missing))

    with playing(script) as (transport, _), Phone.open(transport) as phone, pytest.raises(OperationUnsupported):
        phone.send_file(STORAGE, FOLDER, "a.jpg", 3, None, [b"abc"])


def test_a_file_whose_end_qemu_misjudges() -> None:
    def script(peer: Peer) -> None:
        opening(peer)
        announced(peer, 7, object_info(0x3801, 500, 7, "a.jpg", ""))
        peer.expect(0x100D)
        packet, ended = peer.port.receive(1024)
        assert packet == struct.pack("<IHHI", 13, 2, 0x100D, peer.transaction_id) + b"!" + bytes(51)
        assert ended
        packet, ended = peer.port.receive(1024)
        assert packet == b"x" * 499
        peer.respond()

    with playing(script) as (transport, _), Phone.open(transport) as phone:
        phone._session.quirks = Quirks(misjudges_ends=True)
        phone.send_file(STORAGE, FOLDER, "a.jpg", 500, None, [b"", b"!" + b"x" * 99, b"x" * 400])


def test_only_qemu_is_treated_as_qemu() -> None:
    (quirk,) = [known for known in KNOWN_QUIRKS if known.persona == "qemu"]
    assert (quirk.vendor_id, quirk.product_id, quirk.manufacturer) == (0x46F4, 0x0004, "QEMU")


@pytest.mark.parametrize("part", [1000, 100_000, 256 * 1024 - 1, MIB, 3 * MIB])
def test_no_request_reaches_over_a_multiple_of_the_largest(part: int) -> None:
    """QEMU's usb-mtp drops what lies beyond 512 KiB of a transfer."""
    size = 3 * MIB + 77
    content = memoryview(bytes(size))
    parts = [content[start : start + part] for start in range(0, size, part)]
    position = 0
    for piece in pieces([bytes(12), *parts], 512, 256 * 1024):
        assert position // (256 * 1024) == (position + len(piece) - 1) // (256 * 1024)
        position += len(piece)
    assert position == 12 + size
