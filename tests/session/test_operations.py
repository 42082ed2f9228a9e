"""Each operation: the parameters that go out, the dataset that comes back; events; quirks; pace."""

from __future__ import annotations

import struct

import pytest

from mtpbackup.errors import OperationUnsupported, RemoteProtocolError
from mtpbackup.session import KNOWN_QUIRKS, KnownQuirk, Quirks, Session, operations, quirks_for
from mtpbackup.session.pace import Pace, pace_of
from mtpbackup.transport.base import UsbIdentity
from mtpbackup.wire import DataType, DeviceInfo, EventCode, ObjectProperty, OperationCode
from tests.session.peer import OPERATIONS, Peer, array, device_info, playing, text

OBJECT_INFO = (
    struct.pack(
        "<IHHIHIIIIIIIHII", 0x10001, 0x3801, 0, 4_000_000, 0x3801, 204800, 320, 240, 0, 0, 0, 6, 0, 0, 0
    )
    + text("IMG_0042 🙂.jpg")
    + text("20240506T070809")
    + text("20240506T070810")
    + text("")
)


def test_every_operation_that_is_asked() -> None:
    def script(peer: Peer) -> None:
        peer.open()
        peer.expect(0x1001)
        peer.answer(device_info(model="Pixel 9"))
        peer.expect(0x1004)
        peer.answer(array("I", (0x10001, 0x20001)))
        peer.expect(0x1005, 0x10001)
        peer.answer(struct.pack("<HHHQQI", 3, 2, 0, 1 << 37, 1 << 36, 1 << 30) + text("Internal") + text(""))
        peer.expect(0x1006, 0x10001, 0x3001, 0xFFFFFFFF)
        peer.respond(0x2001, 12)
        peer.expect(0x1007, 0x10001, 0, 0xFFFFFFFF)
        peer.answer(array("I", (9, 8, 7)))
        peer.expect(0x1008, 9)
        peer.answer(OBJECT_INFO)
        peer.expect(0x9801, 0x3801)
        peer.answer(array("H", (0xDC04, 0xDC07)))
        peer.expect(0x9803, 9, 0xDC04)
        peer.answer(struct.pack("<Q", 5 << 32))
        peer.expect(0x9805, 6, 0, 0xDC07, 0, 1)
        element = struct.pack("<IHH", 9, 0xDC07, 0xFFFF) + text("a.jpg")
        peer.answer(struct.pack("<I", 2) + element + struct.pack("<IHH", 6, 0xDC07, 0))
        peer.expect(0x1014, 0xD402)
        peer.answer(struct.pack("<HHB", 0xD402, 0xFFFF, 1) + text("") + text("Anna's") + b"\0")
        peer.expect(0x1015, 0xD402)
        peer.answer(text("Anna's"))
        peer.expect(0x101B, 9, 100, 50)
        peer.answer(b"x" * 50)
        peer.expect(0x100A, 9)
        peer.answer(b"\xff\xd8thumb")

    with playing(script) as (transport, _), Session.open(transport) as session:
        assert operations.get_device_info(session).model == "Pixel 9"
        assert operations.get_storage_ids(session) == (0x10001, 0x20001)
        storage = operations.get_storage_info(session, 0x10001)
        assert (storage.max_capacity, storage.storage_description) == (1 << 37, "Internal")
        assert operations.get_num_objects(session, 0x10001, 0x3001) == 12
        assert operations.get_object_handles(session, 0x10001) == (9, 8, 7)
        info = operations.get_object_info(session, 9)
        assert (info.filename, info.object_compressed_size, info.parent_object, info.date_modified) == (
            "IMG_0042 🙂.jpg",
            4_000_000,
            6,
            "20240506T070810",
        )
        assert operations.get_object_props_supported(session, 0x3801) == (0xDC04, 0xDC07)
        size = operations.get_object_prop_value(session, 9, ObjectProperty.OBJECT_SIZE, DataType.UINT64)
        assert size == 5 << 32
        elements = list(operations.get_object_prop_list(session, 6, ObjectProperty.OBJECT_FILE_NAME, depth=1))
        assert [(e.handle, e.value) for e in elements] == [(9, "a.jpg"), (6, None)]
        assert operations.get_device_prop_desc(session, 0xD402).current_value == "Anna's"
        assert operations.get_device_prop_value(session, 0xD402, DataType.STR) == "Anna's"
        with operations.get_partial_object(session, 9, 100, 50) as incoming:
            assert b"".join(bytes(chunk.data) for chunk in incoming) == b"x" * 50
        with operations.get_thumb(session, 9) as incoming:
            assert b"".join(bytes(chunk.data) for chunk in incoming) == b"\xff\xd8thumb"


def test_a_number_that_is_not_told_is_an_error() -> None:
    def script(peer: Peer) -> None:
        peer.open()
        peer.expect(0x1006, 1, 0, 0xFFFFFFFF)
        peer.respond()

    with (
        playing(script) as (transport, _),
        Session.open(transport) as session,
        pytest.raises(RemoteProtocolError),
    ):
        operations.get_num_objects(session, 1)


# --- events -----------------------------------------------------------------------------------------------


def test_events_are_taken_without_waiting_and_junk_is_dropped() -> None:
    def script(peer: Peer) -> None:
        peer.open()
        peer.event(0x4004, 0x20001)
        peer.port.send_event(b"junk")
        peer.event(0x4002, 77)
        peer.expect(0x1004)
        peer.answer(array("I", ()))

    with playing(script) as (transport, _), Session.open(transport) as session:
        assert operations.get_storage_ids(session) == ()
        events = session.events()
        assert [(event.code, event.parameters) for event in events] == [
            (EventCode.STORE_ADDED, (0x20001,)),
            (EventCode.OBJECT_ADDED, (77,)),
        ]
        assert session.events() == []
        assert session.wait_for_event(0.0) is None


def test_waiting_for_an_event() -> None:
    def script(peer: Peer) -> None:
        peer.open()
        peer.event(0x4005, 0x20001)

    with playing(script) as (transport, _), Session.open(transport) as session:
        event = session.wait_for_event(5.0)
        assert event is not None
        assert event.code == EventCode.STORE_REMOVED


# --- quirks -----------------------------------------------------------------------------------------------

SAMSUNG = UsbIdentity(0x04E8, 0x6860)
INFO = DeviceInfo(manufacturer="Samsung ", model="SM-G960F", vendor_extension_desc="microsoft.com: 1.0;")


@pytest.mark.parametrize(
    ("match", "fits"),
    [
        ({}, True),
        ({"vendor_id": 0x04E8}, True),
        ({"vendor_id": 0x18D1}, False),
        ({"vendor_id": 0x04E8, "product_id": 0x6860}, True),
        ({"product_id": 1}, False),
        ({"manufacturer": "SAMSUNG"}, True),
        ({"manufacturer": "Sam"}, False),
        ({"model": "sm-g9"}, True),
        ({"model": "SM-A"}, False),
        ({"without_extension": "android.com"}, True),
        ({"without_extension": "microsoft.com"}, False),
    ],
)
def test_a_quirk_fits_by_what_a_phone_says_of_itself(match: dict[str, object], fits: bool) -> None:
    quirk = KnownQuirk(Quirks(avoids_full_packets=True), "a test", "none", **match)  # type: ignore[arg-type]
    assert quirks_for(SAMSUNG, INFO, [quirk]).avoids_full_packets is fits


def test_quirks_add_up() -> None:
    known = [
        KnownQuirk(Quirks(broken_operations=frozenset([OperationCode.GET_THUMB])), "a test", "none"),
        KnownQuirk(Quirks(broken_operations=frozenset([OperationCode.GET_OBJECT])), "a test", "none"),
    ]
    assert quirks_for(SAMSUNG, INFO, known).broken_operations == {0x100A, 0x1009}
    assert quirks_for(SAMSUNG, INFO, []) == Quirks()


def test_every_known_quirk_has_a_source_and_a_persona() -> None:
    for quirk in KNOWN_QUIRKS:
        assert quirk.source and quirk.persona


@pytest.mark.parametrize("size", [0, 1, 70_000, 5 << 32])
def test_a_size_of_64_bits_in_object_info_is_seen(size: int) -> None:
    def script(peer: Peer) -> None:
        peer.open()
        peer.expect(0x1008, 9)
        peer.answer(OBJECT_INFO[:8] + struct.pack("<Q", size) + OBJECT_INFO[12:])

    with playing(script) as (transport, _), Session.open(transport) as session:
        info = operations.get_object_info(session, 9)
        assert (info.object_compressed_size, info.filename) == (size, "IMG_0042 🙂.jpg")


def test_what_quirks_change() -> None:
    def script(peer: Peer) -> None:
        peer.open()

    known = KnownQuirk(
        Quirks(broken_operations=frozenset([OperationCode.GET_OBJECT_PROP_LIST])),
        "a test",
        "none",
        manufacturer="google",
    )
    with (
        playing(script) as (transport, _),
        Session.open(transport, known_quirks=[known]) as session,
    ):
        assert not session.supports(0x9805)
        with pytest.raises(OperationUnsupported):
            operations.get_object_prop_list(session, 6, 0xDC07, depth=1)


# --- pace -------------------------------------------------------------------------------------------------


def test_what_takes_minutes_is_given_minutes() -> None:
    for operation in (OperationCode.DELETE_OBJECT, OperationCode.MOVE_OBJECT, OperationCode.COPY_OBJECT):
        assert pace_of(operation).value >= 600
    for operation in (OperationCode.GET_OBJECT_HANDLES, OperationCode.GET_OBJECT_PROP_LIST):
        assert pace_of(operation).value >= 120
    assert pace_of(OperationCode.GET_STORAGE_IDS) is Pace.QUICK
    assert pace_of(0x9FFF) is Pace.QUICK


def test_each_transaction_is_given_the_time_of_its_kind() -> None:
    def script(peer: Peer) -> None:
        peer.open()
        for code, parameters in ((0x1007, (1, 0, 2)), (0x1004, ())):
            peer.expect(code, *parameters)
            peer.answer(array("I", ()))

    with playing(script) as (transport, _), Session.open(transport) as session:
        times = []
        read = transport.read

        def noting(wanted: int, timeout: float) -> object:
            times.append(timeout)
            return read(wanted, timeout)

        transport.read = noting  # type: ignore[method-assign,assignment]
        operations.get_object_handles(session, 1, 0, 2)
        assert set(times) == {Pace.LISTING.value}
        times.clear()
        operations.get_storage_ids(session)
        assert set(times) == {Pace.QUICK.value}


def test_the_scripted_phone_lists_what_it_is_asked() -> None:
    assert set(OPERATIONS) >= {0x1004, 0x1009, 0x101B, 0x95C1, 0x9805}
