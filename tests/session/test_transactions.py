"""Transactions one at a time: what is taken for an answer, and what is not."""

from __future__ import annotations

import pytest

from mtpbackup.errors import (
    LocalProtocolError,
    OperationFailed,
    OperationUnsupported,
    PhoneGone,
    RemoteProtocolError,
    TransferCancelled,
    WireError,
)
from mtpbackup.session import Session, operations
from mtpbackup.session.session import BUSY_PAUSES, DATASET_LIMIT
from mtpbackup.transport.base import TransportOptions
from tests.session.peer import BUSY, DATA, OK, RESPONSE, Peer, array, container, device_info, playing

MIB = 1024 * 1024


def opened(script):
    """The script after the opening of a session."""

    def whole(peer: Peer) -> None:
        peer.open()
        script(peer)

    return whole


def handles(values=(1, 2, 3)) -> bytes:
    return array("I", values)


def test_data_and_response() -> None:
    def script(peer: Peer) -> None:
        peer.expect(0x1007, 0x10001, 0, 5)
        peer.answer(handles())

    with playing(opened(script)) as (transport, _), Session.open(transport) as session:
        assert operations.get_object_handles(session, 0x10001, 0, 5) == (1, 2, 3)
        assert session.transactions == 2


@pytest.mark.parametrize("zero_length_end", [True, False])
@pytest.mark.parametrize("count", [124, 125, 126, 252, 253, 65536 - 4])
def test_every_end_of_a_data_phase(count: int, zero_length_end: bool) -> None:
    """125 handles make a container of 512 bytes: with a zero-length packet after it, or without."""
    values = tuple(range(1, count + 1))

    def script(peer: Peer) -> None:
        for _ in range(2):
            peer.expect(0x1007, 1, 0, 2)
            peer.data(handles(values), zero_length_end=zero_length_end)
            peer.respond()

    with playing(opened(script)) as (transport, _), Session.open(transport) as session:
        assert operations.get_object_handles(session, 1, 0, 2) == values
        assert operations.get_object_handles(session, 1, 0, 2) == values


def test_a_header_in_a_transfer_of_its_own() -> None:
    def script(peer: Peer) -> None:
        peer.expect(0x1004)
        payload = handles()
        peer.port.send([container(DATA, 0x1004, peer.transaction_id, b"", 12 + len(payload))])
        peer.port.send([payload])
        peer.respond()

    with playing(opened(script)) as (transport, _), Session.open(transport) as session:
        assert operations.get_storage_ids(session) == (1, 2, 3)


def test_an_empty_transfer_before_data_and_response_is_skipped() -> None:
    def script(peer: Peer) -> None:
        peer.expect(0x1004)
        peer.port.send([b""])
        peer.data(handles())
        peer.port.send([b""])
        peer.respond()

    with playing(opened(script)) as (transport, _), Session.open(transport) as session:
        assert operations.get_storage_ids(session) == (1, 2, 3)


def test_an_error_without_data() -> None:
    def script(peer: Peer) -> None:
        peer.expect(0x1008, 7)
        peer.respond(0x2009, 7)
        peer.expect(0x1004)
        peer.answer(handles())

    with playing(opened(script)) as (transport, _), Session.open(transport) as session:
        with pytest.raises(OperationFailed) as caught:
            operations.get_object_info(session, 7)
        assert (caught.value.operation, caught.value.response, caught.value.parameters) == (
            0x1008,
            0x2009,
            (7,),
        )
        assert operations.get_storage_ids(session) == (1, 2, 3)


def test_an_error_with_data() -> None:
    """As Android answers a property list of a folder that is none (ANDROID.md)."""

    def script(peer: Peer) -> None:
        peer.expect(0x9805, 9, 0, 0xDC07, 0, 1)
        peer.answer(b"\0\0\0\0", 0x2009)

    with playing(opened(script)) as (transport, _), Session.open(transport) as session:
        with pytest.raises(OperationFailed) as caught:
            operations.get_object_prop_list(session, 9, 0xDC07, depth=1)
        assert caught.value.response == 0x2009


def test_no_data_where_there_should_be_some() -> None:
    def script(peer: Peer) -> None:
        peer.expect(0x1004)
        peer.respond()

    with (
        playing(opened(script)) as (transport, _),
        Session.open(transport) as session,
        pytest.raises(WireError),
    ):
        operations.get_storage_ids(session)


def test_data_that_ends_early() -> None:
    def script(peer: Peer) -> None:
        peer.expect(0x1004)
        peer.data(handles(), length=12 + 400)
        peer.respond()
        peer.expect(0x1004)
        peer.answer(handles())

    with playing(opened(script)) as (transport, _), Session.open(transport) as session:
        with pytest.raises(RemoteProtocolError):
            operations.get_storage_ids(session)
        assert operations.get_storage_ids(session) == (1, 2, 3)


def test_what_is_not_listed_is_not_asked() -> None:
    with (
        playing(lambda peer: peer.open(device_info(operations=(0x1004,)))) as (transport, _),
        Session.open(transport) as session,
    ):
        assert not session.supports(0x9805)
        with pytest.raises(OperationUnsupported) as caught:
            operations.get_object_prop_list(session, 9, 0xDC07, depth=1)
        assert caught.value.operation == 0x9805
        assert session.transactions == 1


def test_what_is_listed_but_unknown_is_asked_once() -> None:
    def script(peer: Peer) -> None:
        peer.expect(0x9805, 9, 0, 0xDC07, 0, 1)
        peer.respond(0x2005)

    with playing(opened(script)) as (transport, _), Session.open(transport) as session:
        for _ in range(2):
            with pytest.raises(OperationUnsupported):
                operations.get_object_prop_list(session, 9, 0xDC07, depth=1)
        assert not session.supports(0x9805)


# --- ids --------------------------------------------------------------------------------------------------


def test_a_wrong_id_is_taken_where_nothing_can_be_left_over(caplog: pytest.LogCaptureFixture) -> None:
    def script(peer: Peer) -> None:
        peer.expect(0x1004)
        peer.data(handles())
        peer.respond(transaction_id=0x7777)

    with playing(opened(script)) as (transport, _), Session.open(transport) as session:
        assert operations.get_storage_ids(session) == (1, 2, 3)
        assert "taken for the answer" in caplog.text


@pytest.mark.parametrize("late", [True, False])
def test_a_response_given_twice_is_not_taken_for_the_next(late: bool) -> None:
    def script(peer: Peer) -> None:
        peer.expect(0x1008, 7)
        peer.respond(0x2009)
        first = peer.transaction_id
        if late:
            peer.expect(0x1004)
        peer.respond(0x2009, transaction_id=first)
        if not late:
            peer.expect(0x1004)
        peer.answer(handles())

    with playing(opened(script), longest=0.2) as (transport, _), Session.open(transport) as session:
        with pytest.raises(OperationFailed):
            operations.get_object_info(session, 7)
        assert operations.get_storage_ids(session) == (1, 2, 3)


def test_data_of_another_operation_is_an_error_and_the_next_transaction_works() -> None:
    def script(peer: Peer) -> None:
        peer.expect(0x1004)
        peer.data(bytes(5000), code=0x1009, transaction_id=0x7777)
        peer.respond()
        peer.expect(0x1004)
        peer.answer(handles())

    with playing(opened(script)) as (transport, _), Session.open(transport) as session:
        with pytest.raises(RemoteProtocolError):
            operations.get_storage_ids(session)
        assert operations.get_storage_ids(session) == (1, 2, 3)


def test_two_data_containers_are_an_error_and_the_next_transaction_works() -> None:
    def script(peer: Peer) -> None:
        peer.expect(0x1004)
        peer.data(handles())
        peer.data(handles())
        peer.respond()
        peer.expect(0x1004)
        peer.answer(handles((4,)))

    with playing(opened(script)) as (transport, _), Session.open(transport) as session:
        with pytest.raises(RemoteProtocolError):
            operations.get_storage_ids(session)
        assert operations.get_storage_ids(session) == (4,)


@pytest.mark.parametrize(
    "junk", [b"\0", b"\0" * 12, bytes(range(200)), container(1, 0x1004, 2), b"\xff" * 4096]
)
def test_junk_is_an_error_and_the_next_transaction_works(junk: bytes) -> None:
    def script(peer: Peer) -> None:
        peer.expect(0x1004)
        peer.port.send([junk])
        peer.expect(0x1004)
        peer.answer(handles())

    with playing(opened(script)) as (transport, _), Session.open(transport) as session:
        with pytest.raises(WireError):
            operations.get_storage_ids(session)
        assert operations.get_storage_ids(session) == (1, 2, 3)


def test_an_event_among_the_answers_is_dropped() -> None:
    def script(peer: Peer) -> None:
        peer.expect(0x1004)
        peer.port.send([container(4, 0x4002, peer.transaction_id, b"\1\0\0\0")])
        peer.answer(handles())

    with playing(opened(script)) as (transport, _), Session.open(transport) as session:
        assert operations.get_storage_ids(session) == (1, 2, 3)


def test_empty_transfers_without_end_are_an_error_and_the_next_transaction_works() -> None:
    def script(peer: Peer) -> None:
        peer.expect(0x1004)
        for _ in range(70):
            peer.port.send([b""])
        peer.expect(0x1004)
        peer.answer(handles())

    with playing(opened(script), longest=1.0) as (transport, _), Session.open(transport) as session:
        with pytest.raises(RemoteProtocolError, match="no end"):
            operations.get_storage_ids(session)
        assert operations.get_storage_ids(session) == (1, 2, 3)


def test_ids_go_round() -> None:
    seen = []

    def script(peer: Peer) -> None:
        for _ in range(3):
            peer.command()
            seen.append(peer.transaction_id)
            peer.answer(handles())

    with playing(opened(script)) as (transport, _), Session.open(transport) as session:
        session._next_id = 0xFFFFFFFD
        for _ in range(3):
            operations.get_storage_ids(session)
    assert seen == [0xFFFFFFFD, 0xFFFFFFFE, 1]


# --- size -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("length", [DATASET_LIMIT + 13, 0xFFFFFFFF])
def test_an_endless_dataset_is_given_up_and_the_next_transaction_works(length: int) -> None:
    def script(peer: Peer) -> None:
        peer.expect(0x1004)

        def parts():
            yield container(DATA, 0x1004, peer.transaction_id, b"", length)
            while True:
                yield bytes(MIB)

        with pytest.raises(TransferCancelled):
            peer.port.send(parts())
        peer.expect(0x1004)
        peer.answer(handles())

    with playing(opened(script)) as (transport, _), Session.open(transport) as session:
        with pytest.raises(RemoteProtocolError):
            operations.get_storage_ids(session)
        assert operations.get_storage_ids(session) == (1, 2, 3)


# --- busy -------------------------------------------------------------------------------------------------


def test_a_busy_phone_is_asked_again_with_growing_pauses() -> None:
    pauses: list[float] = []

    def script(peer: Peer) -> None:
        for _ in range(7):
            peer.expect(0x1004)
            peer.respond(BUSY)
        peer.expect(0x1004)
        peer.answer(handles())

    with (
        playing(opened(script)) as (transport, _),
        Session.open(transport, sleep=pauses.append) as session,
    ):
        assert operations.get_storage_ids(session) == (1, 2, 3)
    assert pauses == list(BUSY_PAUSES[:7])


def test_a_phone_busy_for_ever_is_reported() -> None:
    pauses: list[float] = []

    def script(peer: Peer) -> None:
        for _ in range(len(BUSY_PAUSES) + 1):
            peer.expect(0x1004)
            peer.respond(BUSY)

    with (
        playing(opened(script)) as (transport, _),
        Session.open(transport, sleep=pauses.append) as session,
        pytest.raises(OperationFailed) as caught,
    ):
        operations.get_storage_ids(session)
    assert caught.value.response == BUSY
    assert 5 < sum(pauses) < 15


def test_a_busy_phone_is_asked_again_for_content_too() -> None:
    pauses: list[float] = []

    def script(peer: Peer) -> None:
        peer.expect(0x1009, 3)
        peer.respond(BUSY)
        peer.expect(0x1009, 3)
        peer.answer(b"content")

    with (
        playing(opened(script)) as (transport, _),
        Session.open(transport, sleep=pauses.append) as session,
        operations.get_object(session, 3) as incoming,
    ):
        assert take(incoming) == b"content"
    assert len(pauses) == 1


# --- content ----------------------------------------------------------------------------------------------


def take(incoming) -> bytes:
    got = bytearray()
    for chunk in incoming:
        got += chunk.data
        chunk.release()
    return bytes(got)


SIZES = (0, 1, 500, 512, 1012, 1024, 262_132, 262_144, 3 * MIB + 1)


@pytest.mark.parametrize("packet_size", [64, 512, 1024])
@pytest.mark.parametrize("zero_length_end", [True, False])
def test_content_of_every_size(packet_size: int, zero_length_end: bool) -> None:
    whole = bytes(range(256)) * (max(SIZES) // 256 + 1)

    def script(peer: Peer) -> None:
        for size in SIZES:
            for _ in range(2):
                peer.expect(0x1009, 3)
                peer.data(whole[:size], zero_length_end=zero_length_end)
                peer.respond()

    with (
        playing(opened(script), packet_size=packet_size) as (transport, _),
        Session.open(transport) as session,
    ):
        for size in SIZES:
            for expected in (size, None):
                with operations.get_object(session, 3, expected=expected) as incoming:
                    assert incoming.announced == size
                    assert take(incoming) == whole[:size]
                    assert incoming.missing == 0


def test_content_of_unknown_length_ends_with_its_transfer() -> None:
    def script(peer: Peer) -> None:
        for size in (5000, 4084):
            peer.expect(0x1009, 3)
            peer.data(bytes(size), length=0xFFFFFFFF)
            peer.respond()

    with playing(opened(script)) as (transport, _), Session.open(transport) as session:
        for size in (5000, 4084):
            with operations.get_object(session, 3) as incoming:
                assert incoming.announced is None
                assert len(take(incoming)) == size


def test_the_parameters_of_the_response_are_there_at_the_end() -> None:
    def script(peer: Peer) -> None:
        peer.expect(0x95C1, 3, 0x10, 0x1, 7)
        peer.answer(b"content", OK, 7)

    with (
        playing(opened(script)) as (transport, _),
        Session.open(transport) as session,
        operations.get_partial_object_64(session, 3, (1 << 32) + 16, 7) as incoming,
    ):
        assert take(incoming) == b"content"
        assert incoming.parameters == (7,)


def test_an_error_that_is_told_after_the_data_comes_after_the_data() -> None:
    def script(peer: Peer) -> None:
        for size in (100, 300_000):
            peer.expect(0x1009, 3)
            peer.answer(bytes(size), 0x2007)

    with playing(opened(script)) as (transport, _), Session.open(transport) as session:
        for size in (100, 300_000):
            got = 0
            with pytest.raises(OperationFailed) as caught, operations.get_object(session, 3) as incoming:
                for chunk in incoming:
                    got += len(chunk.data)
                    chunk.release()
            assert (got, caught.value.response) == (size, 0x2007)


def test_content_that_ends_early_says_so() -> None:
    def script(peer: Peer) -> None:
        peer.expect(0x1009, 3)
        peer.data(bytes(700), length=12 + 1000)
        peer.respond()

    with (
        playing(opened(script)) as (transport, _),
        Session.open(transport) as session,
        operations.get_object(session, 3) as incoming,
    ):
        assert len(take(incoming)) == 700
        assert incoming.missing == 300


def test_chunks_are_the_transports_own_memory() -> None:
    def script(peer: Peer) -> None:
        peer.expect(0x1009, 3)
        peer.answer(bytes(2 * MIB))

    with (
        playing(opened(script)) as (transport, _),
        Session.open(transport) as session,
        operations.get_object(session, 3, expected=2 * MIB) as incoming,
    ):
        chunk = next(incoming)
        # A view of a whole buffer of the ring, less the header: nothing was copied.
        assert isinstance(chunk.data.obj, bytearray)
        assert len(chunk.data.obj) == TransportOptions().chunk_size
        assert len(chunk.data) == TransportOptions().chunk_size - 12
        chunk.release()
        take(incoming)


def test_one_transaction_at_a_time() -> None:
    def script(peer: Peer) -> None:
        peer.expect(0x1009, 3)
        peer.answer(bytes(MIB))
        peer.expect(0x1004)
        peer.answer(handles())

    with playing(opened(script)) as (transport, _), Session.open(transport) as session:
        with operations.get_object(session, 3) as incoming:
            with pytest.raises(LocalProtocolError):
                operations.get_storage_ids(session)
            assert len(take(incoming)) == MIB
        assert operations.get_storage_ids(session) == (1, 2, 3)


def test_nothing_is_asked_of_a_phone_that_is_gone() -> None:
    def script(peer: Peer) -> None:
        peer.expect(0x1009, 3)
        peer.port.unplug_after(MIB)
        with pytest.raises(PhoneGone):
            peer.data(bytes(2 * MIB))

    with playing(opened(script)) as (transport, _), Session.open(transport) as session:
        got = 0
        with pytest.raises(PhoneGone), operations.get_object(session, 3) as incoming:
            for chunk in incoming:
                got += len(chunk.data)
                chunk.release()
        assert got == MIB - 12
        with pytest.raises(PhoneGone):
            operations.get_storage_ids(session)


def test_a_response_split_from_its_parameters() -> None:
    def script(peer: Peer) -> None:
        peer.expect(0x1006, 1, 0, 2)
        peer.port.send([container(RESPONSE, OK, peer.transaction_id, b"", 16)])
        peer.port.send([b"\x2a\0\0\0"])

    with playing(opened(script)) as (transport, _), Session.open(transport) as session:
        assert operations.get_num_objects(session, 1, 0, 2) == 42
