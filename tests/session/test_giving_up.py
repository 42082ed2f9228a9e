"""Reads that are given up: in mid-data, near the end, before the first byte; by choice, by Ctrl-C, by time."""

from __future__ import annotations

import struct
import threading
from collections.abc import Iterator
from contextlib import suppress

import pytest

from mtpbackup.errors import EndpointStalled, PhoneGone, TransferCancelled, TransportTimeout
from mtpbackup.session import Session, operations
from mtpbackup.transport.base import Chunk, Endpoint
from tests.session.peer import BUSY, CANCEL, DATA, OK, STATUS, Peer, array, container, playing

MIB = 1024 * 1024
#: Larger than what is read to its end however slow the phone is.
LARGE = 64 * MIB


class Clock:
    """Seconds that pass when told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def send_until_cancelled(peer: Peer, size: int = LARGE) -> None:
    def parts() -> Iterator[bytes]:
        yield container(DATA, peer.code, peer.transaction_id, b"", 12 + size)
        for _ in range(size // MIB):
            yield bytes(MIB)

    with pytest.raises(TransferCancelled):
        peer.port.send(parts())


def next_works(peer: Peer) -> None:
    peer.expect(0x1004)
    peer.answer(array("I", (0x10001,)))


def check_next(session: Session) -> None:
    assert operations.get_storage_ids(session) == (0x10001,)


def test_in_mid_data_with_much_to_come_the_phone_is_told_to_stop() -> None:
    def script(peer: Peer) -> None:
        peer.open()
        peer.expect(0x1009, 3)
        peer.statuses.extend(struct.pack("<HH", 4, code) for code in (BUSY, BUSY, OK))
        send_until_cancelled(peer)
        next_works(peer)

    clock, pauses = Clock(), []
    with (
        playing(script) as (transport, peer),
        Session.open(transport, clock=clock, sleep=pauses.append) as session,
    ):
        incoming = operations.get_object(session, 3, expected=LARGE)
        next(incoming).release()
        clock.now += 1
        incoming.close()
        assert peer.controls[0] == (CANCEL, struct.pack("<HI", 0x4001, 2), 0)
        assert [(request, length) for request, _, length in peer.controls[1:]] == [(STATUS, 32)] * 3
        assert len(pauses) == 2
        check_next(session)
        incoming.close()
        assert list(incoming) == []


def test_the_rest_is_read_where_that_takes_no_longer() -> None:
    """At the rate seen so far the rest would be here within a second: no class request at all."""

    def script(peer: Peer) -> None:
        peer.open()
        peer.expect(0x1009, 3)
        peer.answer(bytes(16 * MIB))
        next_works(peer)

    with playing(script) as (transport, peer), Session.open(transport, clock=Clock()) as session:
        incoming = operations.get_object(session, 3)
        next(incoming).release()
        incoming.close()
        assert peer.controls == []
        check_next(session)


@pytest.mark.parametrize("rest", [0, 1, 500, 4 * MIB - 700_000])
def test_near_the_end_the_rest_is_read_however_slow(rest: int) -> None:
    """The phone may be done with it, and idle, before a Cancel arrives."""
    first = 256 * 1024 - 12

    def script(peer: Peer) -> None:
        peer.open()
        peer.expect(0x1009, 3)
        peer.answer(bytes(first + rest))
        next_works(peer)

    clock = Clock()
    with playing(script) as (transport, peer), Session.open(transport, clock=clock) as session:
        incoming = operations.get_object(session, 3)
        next(incoming).release()
        clock.now += 1000
        incoming.close()
        assert peer.controls == []
        check_next(session)


def test_a_stream_that_is_not_touched_at_all() -> None:
    def script(peer: Peer) -> None:
        peer.open()
        for size in (0, 10, 3 * MIB):
            peer.expect(0x1009, 3)
            peer.answer(bytes(size))
        next_works(peer)

    with playing(script) as (transport, peer), Session.open(transport) as session:
        for _ in range(3):
            with operations.get_object(session, 3):
                pass
        assert peer.controls == []
        check_next(session)


def test_a_generator_over_a_stream_may_be_closed_at_any_chunk() -> None:
    def script(peer: Peer) -> None:
        peer.open()
        for _ in range(8):
            peer.expect(0x1009, 3)
            peer.answer(bytes(MIB))
        next_works(peer)

    def generator(session: Session) -> Iterator[Chunk]:
        with operations.get_object(session, 3, expected=MIB) as incoming:
            yield from incoming

    with playing(script) as (transport, peer), Session.open(transport) as session:
        for stop_after in range(8):
            chunks = generator(session)
            for number, chunk in enumerate(chunks):
                chunk.release()
                if number == stop_after:
                    break
            chunks.close()
        assert peer.controls == []
        check_next(session)


@pytest.mark.parametrize("error", [KeyboardInterrupt, TransferCancelled])
def test_ctrl_c_in_mid_data(error: type[BaseException]) -> None:
    """An interrupt while a read blocks; the chunk that was about to come may be lost."""

    def script(peer: Peer) -> None:
        peer.open()
        peer.expect(0x1009, 3)
        send_until_cancelled(peer)
        next_works(peer)

    clock = Clock()
    with playing(script) as (transport, peer), Session.open(transport, clock=clock) as session:
        incoming = operations.get_object(session, 3)
        for _ in range(4):
            next(incoming).release()
        clock.now += 1
        read = transport.read

        def interrupted(wanted: int, timeout: float) -> Chunk:
            transport.read = read  # type: ignore[method-assign]
            read(wanted, timeout).release()
            raise error("now")

        transport.read = interrupted  # type: ignore[method-assign]
        with pytest.raises(error):
            next(incoming)
        assert CANCEL in peer.requests
        check_next(session)


def test_ctrl_c_near_the_end_with_a_chunk_lost() -> None:
    def script(peer: Peer) -> None:
        peer.open()
        peer.expect(0x1009, 3)
        peer.answer(bytes(2 * MIB))
        next_works(peer)

    with playing(script) as (transport, peer), Session.open(transport) as session:
        incoming = operations.get_object(session, 3)
        next(incoming).release()
        read = transport.read

        def interrupted(wanted: int, timeout: float) -> Chunk:
            transport.read = read  # type: ignore[method-assign]
            read(wanted, timeout).release()
            raise KeyboardInterrupt

        transport.read = interrupted  # type: ignore[method-assign]
        with pytest.raises(KeyboardInterrupt):
            next(incoming)
        assert peer.controls == []
        check_next(session)


def test_another_thread_cancels() -> None:
    def script(peer: Peer) -> None:
        peer.open()
        peer.expect(0x1004)
        transport.cancel()
        peer.answer(array("I", (1, 2)))
        next_works(peer)

    with playing(script) as (transport, peer), Session.open(transport) as session:
        with pytest.raises(TransferCancelled):
            operations.get_storage_ids(session)
        check_next(session)
        assert peer.controls == []


# --- phones that don't listen -----------------------------------------------------------------------------


def test_a_phone_that_never_answers_class_requests_is_read_to_the_end_and_not_asked_again() -> None:
    def script(peer: Peer) -> None:
        peer.open()
        peer.deaf = True
        for _ in range(2):
            peer.expect(0x1009, 3)
            peer.answer(bytes(24 * MIB))
        next_works(peer)

    clock = Clock()
    with playing(script) as (transport, peer), Session.open(transport, clock=clock) as session:
        for _ in range(2):
            incoming = operations.get_object(session, 3)
            next(incoming).release()
            clock.now += 1
            incoming.close()
            assert peer.requests == [CANCEL]
        check_next(session)


def test_a_cancel_that_is_taken_and_ignored() -> None:
    """The data goes on to its end, and its response must not be taken for the next one's."""

    def script(peer: Peer) -> None:
        peer.open()
        peer.expect(0x1009, 3)
        header = container(DATA, peer.code, peer.transaction_id, b"", 12 + 16 * MIB)
        for piece in ([header, bytes(MIB - 12)], *([bytes(MIB)] for _ in range(15))):
            with suppress(TransferCancelled):
                peer.port.send(piece, zero_length_end=False)
        peer.port.send([bytes(12)])
        peer.respond()
        next_works(peer)

    clock = Clock()
    with playing(script) as (transport, peer), Session.open(transport, clock=clock) as session:
        incoming = operations.get_object(session, 3)
        next(incoming).release()
        clock.now += 1
        incoming.close()
        assert CANCEL in peer.requests
        check_next(session)


def test_a_cancel_that_is_answered_with_a_response() -> None:
    def script(peer: Peer) -> None:
        peer.open()
        peer.expect(0x1009, 3)
        send_until_cancelled(peer)
        peer.respond(0x201F)
        next_works(peer)

    clock = Clock()
    with playing(script) as (transport, _), Session.open(transport, clock=clock) as session:
        incoming = operations.get_object(session, 3)
        next(incoming).release()
        clock.now += 1
        incoming.close()
        check_next(session)


def test_a_phone_that_does_not_stop_sending_is_reset() -> None:
    """And then it is gone, as far as this session can tell: its handles are void."""
    clock = Clock()

    def script(peer: Peer) -> None:
        peer.open()
        peer.deaf = "stall"
        peer.port.on_reset(lambda: False)
        peer.expect(0x1009, 3)

        def parts() -> Iterator[bytes]:
            yield container(DATA, peer.code, peer.transaction_id, b"", 0xFFFFFFFF)
            while True:
                clock.now += 1
                yield bytes(MIB)

        with pytest.raises(PhoneGone):
            peer.port.send(parts())

    with playing(script) as (transport, _), Session.open(transport, clock=clock) as session:
        incoming = operations.get_object(session, 3)
        next(incoming).release()
        incoming.close()
        with pytest.raises(PhoneGone):
            check_next(session)


# --- before the first byte --------------------------------------------------------------------------------


def test_a_late_answer_is_not_taken_for_the_next() -> None:
    def script(peer: Peer) -> None:
        peer.open()
        peer.expect(0x1007, 1, 0, 2)
        late = peer.transaction_id
        peer.expect(0x1004)
        peer.data(array("I", (666,)), code=0x1007, transaction_id=late)
        peer.respond(transaction_id=late)
        peer.answer(array("I", (0x10001,)))
        next_works(peer)

    with playing(script, longest=0.2) as (transport, peer), Session.open(transport) as session:
        with pytest.raises(TransportTimeout):
            operations.get_object_handles(session, 1, 0, 2)
        transport.longest = 5.0
        check_next(session)
        check_next(session)
        assert peer.controls == []


def test_an_answer_that_comes_while_the_next_command_waits() -> None:
    """The phone does not read a command before it got rid of its answer."""

    def script(peer: Peer) -> None:
        peer.open()
        peer.expect(0x1007, 1, 0, 2)
        assert timed_out.wait(5)
        peer.answer(array("I", (666,)))
        next_works(peer)

    timed_out = threading.Event()
    with playing(script, longest=0.2) as (transport, peer), Session.open(transport) as session:
        with pytest.raises(TransportTimeout):
            operations.get_object_handles(session, 1, 0, 2)
        write = transport.write

        def after_the_look(parts: object, timeout: float) -> int:
            timed_out.set()
            return write(parts, timeout)

        transport.write = after_the_look  # type: ignore[method-assign]
        check_next(session)
        assert peer.controls == []


def test_content_that_was_asked_for_and_not_waited_for() -> None:
    """Ctrl-C right after the command: nothing is said. The content is cancelled when it comes."""

    def script(peer: Peer) -> None:
        peer.open()
        peer.expect(0x1009, 3)
        send_until_cancelled(peer, 1024 * MIB)
        next_works(peer)

    with playing(script) as (transport, peer), Session.open(transport) as session:
        read = transport.read

        def interrupted(wanted: int, timeout: float) -> Chunk:
            transport.read = read  # type: ignore[method-assign]
            raise KeyboardInterrupt

        transport.read = interrupted  # type: ignore[method-assign]
        with pytest.raises(KeyboardInterrupt):
            operations.get_object(session, 3)
        assert peer.controls == []
        check_next(session)
        assert CANCEL in peer.requests


def test_closing_with_an_answer_owed_is_quick_and_quiet() -> None:
    def script(peer: Peer) -> None:
        peer.open()
        peer.expect(0x1007, 1, 0, 2)

    with playing(script, longest=0.2) as (transport, peer):
        session = Session.open(transport)
        with pytest.raises(TransportTimeout):
            operations.get_object_handles(session, 1, 0, 2)
        session.close()
        session.close()
        assert peer.controls == []


def test_closing_in_mid_data_leaves_the_phone_usable() -> None:
    def script(peer: Peer) -> None:
        peer.open()
        peer.expect(0x1009, 3)
        send_until_cancelled(peer)
        peer.expect(0x1003)
        peer.respond()

    clock = Clock()
    with playing(script) as (transport, peer):
        session = Session.open(transport, clock=clock)
        incoming = operations.get_object(session, 3)
        next(incoming).release()
        clock.now += 1
        session.close()
        assert CANCEL in peer.requests


def test_silence_in_mid_data_is_cancelled() -> None:
    def script(peer: Peer) -> None:
        peer.open()
        peer.expect(0x1009, 3)
        header = container(DATA, peer.code, peer.transaction_id, b"", 12 + LARGE)
        peer.port.send([header, bytes(MIB - 12)], zero_length_end=False)
        assert peer.cancelled.wait(5)
        next_works(peer)

    clock = Clock()
    with playing(script, longest=0.2) as (transport, peer), Session.open(transport, clock=clock) as session:
        with pytest.raises(TransportTimeout), operations.get_object(session, 3) as incoming:
            for chunk in incoming:
                clock.now += 1
                chunk.release()
        assert CANCEL in peer.requests
        check_next(session)


# --- stalls -----------------------------------------------------------------------------------------------

STALLED = bytes.fromhex("0c00 1f20 ff000000 ff000000")


@pytest.mark.parametrize("after", [0, 1, 5 * MIB])
def test_a_phone_that_cannot_read_on_stalls_and_is_freed(after: int) -> None:
    cleared = []

    def script(peer: Peer) -> None:
        peer.open()
        peer.expect(0x1009, 3)
        peer.statuses.append(STALLED)
        if after:
            header = container(DATA, peer.code, peer.transaction_id, b"", 12 + LARGE)
            whole_packets = max(after // 512, 1) * 512
            peer.port.send([header, bytes(whole_packets - 12)], zero_length_end=False)
        peer.port.stall()
        next_works(peer)

    with playing(script) as (transport, peer), Session.open(transport) as session:
        clear = transport.clear_halt

        def noting(endpoint: Endpoint) -> None:
            cleared.append(endpoint)
            clear(endpoint)

        transport.clear_halt = noting  # type: ignore[method-assign]
        with pytest.raises(EndpointStalled), operations.get_object(session, 3, expected=LARGE) as incoming:
            for chunk in incoming:
                chunk.release()
        assert cleared == [Endpoint.IN, Endpoint.OUT]
        assert [(request, length) for request, _, length in peer.controls] == [(STATUS, 32)] * 2
        check_next(session)


def test_a_stall_of_a_phone_that_does_not_answer_class_requests() -> None:
    def script(peer: Peer) -> None:
        peer.open()
        peer.deaf = True
        for _ in range(2):
            peer.expect(0x1009, 3)
            peer.port.stall()
            next_works(peer)

    with playing(script) as (transport, peer), Session.open(transport) as session:
        for _ in range(2):
            with pytest.raises(EndpointStalled):
                operations.get_object(session, 3)
            check_next(session)
        assert peer.requests == [STATUS]


def test_a_class_request_missed_once_is_not_held_against_a_phone() -> None:
    """In disk work Android answers nothing on ep0 either (ANDROID.md, Device)."""

    def script(peer: Peer) -> None:
        peer.open()
        for deaf in (False, True, False):
            peer.deaf = deaf
            peer.expect(0x1009, 3)
            peer.port.stall()
            next_works(peer)

    with playing(script) as (transport, peer), Session.open(transport) as session:
        for _ in range(3):
            with pytest.raises(EndpointStalled):
                operations.get_object(session, 3)
            check_next(session)
        assert peer.requests[-1] == STATUS
        assert len(peer.requests) >= 5
