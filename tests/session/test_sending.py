"""Data on its way to the phone: datasets, content in parts, refusals, and what breaks off in the middle."""

from __future__ import annotations

import struct
from collections.abc import Iterator

import pytest

from mtpbackup.errors import (
    EndpointStalled,
    LocalProtocolError,
    OperationFailed,
    PhoneGone,
    TransferCancelled,
    TransportTimeout,
)
from mtpbackup.session import Outgoing, Session, operations
from tests.session.peer import BUSY, CANCEL, OK, STATUS, Peer, array, playing

MIB = 1024 * 1024


def next_works(peer: Peer) -> None:
    peer.expect(0x1004)
    peer.answer(array("I", (0x10001,)))


def check_next(session: Session) -> None:
    assert operations.get_storage_ids(session) == (0x10001,)


@pytest.mark.parametrize("packet_size", [64, 512, 1024])
def test_datasets_go_in_one_transfer_header_and_all(packet_size: int) -> None:
    """Android's server ends when a dataset's header comes alone (ANDROID.md, Writing)."""
    sizes = (0, 1, 52, 500, 512, 1012, 4096)

    def script(peer: Peer) -> None:
        peer.open()
        for size in sizes:
            peer.expect(0x100C, 0x10001, 7)
            # One receive: it ends where the transfer ends, with a zero-length packet where one is due.
            assert peer.receive_data() == (12 + size, bytes(range(256)) * (size // 256) + bytes(size % 256))
            peer.respond(OK, 0x10001, 7, size)

    with playing(script, packet_size=packet_size) as (transport, _), Session.open(transport) as session:
        for size in sizes:
            payload = bytes(range(256)) * (size // 256) + bytes(size % 256)
            answer = session.run(0x100C, (0x10001, 7), data_out=payload)
            assert answer.parameters == (0x10001, 7, size)
            assert answer.data is None


def test_content_goes_out_in_parts_while_they_are_made() -> None:
    made = 0

    def parts() -> Iterator[bytes]:
        nonlocal made
        for number in range(40):
            made += 1
            yield bytes([number]) * (256 * 1024)

    def script(peer: Peer) -> None:
        peer.open()
        peer.expect(0x100D)
        first, _ = peer.port.receive(MIB)
        assert struct.unpack_from("<IHHI", first) == (12 + 10 * MIB, 2, 0x100D, peer.transaction_id)
        assert made < 30, "the parts are not to be gathered first"
        rest, ended = peer.port.receive(100 * MIB)
        assert ended
        content = first[12:] + rest
        assert content == b"".join(bytes([number]) * (256 * 1024) for number in range(40))
        peer.respond()
        next_works(peer)

    with playing(script) as (transport, _), Session.open(transport) as session:
        outgoing = Outgoing(10 * MIB, parts())
        session.run(0x100D, data_out=outgoing)
        assert outgoing.taken == 10 * MIB
        check_next(session)


def test_the_header_of_4_gib_and_more_does_not_tell_the_length() -> None:
    def script(peer: Peer) -> None:
        peer.open()
        peer.expect(0x100D)
        packet, _ = peer.port.receive(512)
        assert struct.unpack_from("<I", packet) == (0xFFFFFFFF,)
        peer.port.unplug()

    with playing(script) as (transport, _), Session.open(transport) as session, pytest.raises(PhoneGone):
        session.run(0x100D, data_out=Outgoing(1 << 32, [bytes(MIB)] * 4096))


def test_a_refusal_in_words_instead_of_taking_data() -> None:
    def script(peer: Peer) -> None:
        peer.open()
        peer.expect(0x100D)
        peer.respond(0x2015)
        next_works(peer)

    with playing(script, longest=0.3) as (transport, _), Session.open(transport) as session:
        with pytest.raises(OperationFailed) as caught:
            session.run(0x100D, data_out=Outgoing(8 * MIB, [bytes(MIB)] * 8))
        assert caught.value.response == 0x2015
        check_next(session)


def test_a_full_disk_stalls_and_the_phone_is_freed() -> None:
    """ANDROID.md, Writing: STALL on both endpoints, no response; status 201F, clear both halts, go on."""

    def script(peer: Peer) -> None:
        peer.open()
        peer.expect(0x100D)
        peer.port.receive(2 * MIB)
        peer.statuses.append(bytes.fromhex("0c00 1f20 ff000000 ff000000"))
        peer.port.stall()
        next_works(peer)

    with playing(script) as (transport, peer), Session.open(transport) as session:
        with pytest.raises(EndpointStalled):
            session.run(0x100D, data_out=Outgoing(8 * MIB, [bytes(MIB)] * 8))
        assert peer.requests == [STATUS, STATUS]
        check_next(session)


def test_a_response_behind_a_stall_is_the_answer() -> None:
    def script(peer: Peer) -> None:
        peer.open()
        peer.expect(0x100D)
        peer.port.receive(2 * MIB)
        peer.port.stall()
        peer.respond(0x200C)
        next_works(peer)

    with playing(script) as (transport, _), Session.open(transport) as session:
        with pytest.raises(OperationFailed) as caught:
            session.run(0x100D, data_out=Outgoing(8 * MIB, [bytes(MIB)] * 8))
        assert caught.value.response == 0x200C
        check_next(session)


class DiskError(Exception):
    pass


def test_a_source_that_fails_in_mid_data_is_cancelled() -> None:
    def parts() -> Iterator[bytes]:
        for _ in range(16):
            yield bytes(MIB)
        raise DiskError

    def script(peer: Peer) -> None:
        peer.open()
        peer.expect(0x100D)
        with pytest.raises(TransferCancelled):
            peer.port.receive(100 * MIB)
        next_works(peer)

    with playing(script) as (transport, peer), Session.open(transport) as session:
        with pytest.raises(DiskError):
            session.run(0x100D, data_out=Outgoing(64 * MIB, parts()))
        assert peer.requests == [CANCEL, STATUS]
        check_next(session)


def test_parts_that_are_more_than_announced_are_never_sent() -> None:
    received = 0

    def script(peer: Peer) -> None:
        nonlocal received
        peer.open()
        peer.expect(0x100D)
        with pytest.raises(TransferCancelled):
            while True:
                received += len(peer.port.receive(64 * 1024)[0])
        next_works(peer)

    with playing(script) as (transport, _), Session.open(transport) as session:
        with pytest.raises(LocalProtocolError):
            session.run(0x100D, data_out=Outgoing(4 * MIB, [bytes(MIB)] * 5))
        check_next(session)
    assert received <= 12 + 4 * MIB


@pytest.mark.parametrize("good", [0, 1, 500, 512, 100_000, MIB, 2 * MIB])
def test_a_source_that_fails_when_little_has_left_ends_with_a_short_packet(good: int) -> None:
    """Perhaps nothing is there yet, and a Cancel to an idle phone would do harm."""

    def parts() -> Iterator[bytes]:
        yield bytes(good)
        raise DiskError

    def script(peer: Peer) -> None:
        peer.open()
        peer.expect(0x100D)
        data, ended = peer.port.receive(4 * MIB)
        assert ended and len(data) <= 12 + good + 1
        peer.respond(0x2002)
        next_works(peer)

    with playing(script) as (transport, peer), Session.open(transport) as session:
        with pytest.raises(DiskError):
            session.run(0x100D, data_out=Outgoing(64 * MIB, parts()))
        assert peer.controls == []
        check_next(session)


@pytest.mark.parametrize("size", [MIB + 5, 8 * MIB + 5])
def test_an_interrupt_when_all_was_written_waits_for_the_answer(size: int) -> None:
    """Nothing is cancelled, and nothing more is sent: the phone has all it was promised."""

    def script(peer: Peer) -> None:
        peer.open()
        peer.expect(0x100D)
        peer.receive_data()
        peer.respond()
        next_works(peer)

    with playing(script) as (transport, peer), Session.open(transport) as session:
        write = transport.write

        def interrupted(parts: object, timeout: float) -> int:
            write(parts, timeout)
            raise KeyboardInterrupt

        def content() -> Iterator[bytes]:
            transport.write = write  # type: ignore[method-assign]
            yield bytes(size)

        def first(parts: object, timeout: float) -> int:
            transport.write = interrupted  # type: ignore[method-assign]
            return write(parts, timeout)

        transport.write = first  # type: ignore[method-assign]
        with pytest.raises(KeyboardInterrupt):
            session.run(0x100D, data_out=Outgoing(size, content()))
        assert peer.controls == []
        check_next(session)


def test_a_busy_phone_gets_a_dataset_again() -> None:
    def script(peer: Peer) -> None:
        peer.open()
        for code in (BUSY, OK):
            peer.expect(0x1016, 0xD402)
            assert peer.receive_data() == (12 + 4, b"\1a\0\0")
            peer.respond(code)

    pauses: list[float] = []
    with playing(script) as (transport, _), Session.open(transport, sleep=pauses.append) as session:
        session.run(0x1016, (0xD402,), data_out=b"\1a\0\0")
    assert len(pauses) == 1


def test_content_that_can_be_sent_once_is_not_sent_to_a_busy_phone_again() -> None:
    def script(peer: Peer) -> None:
        peer.open()
        peer.expect(0x100D)
        peer.receive_data()
        peer.respond(BUSY)

    with playing(script) as (transport, _), Session.open(transport) as session:
        with pytest.raises(OperationFailed) as caught:
            session.run(0x100D, data_out=Outgoing(3, iter([b"abc"])))
        assert caught.value.response == BUSY


def test_a_phone_that_takes_no_more_is_given_up() -> None:
    def script(peer: Peer) -> None:
        peer.open()
        peer.expect(0x100D)
        peer.port.receive(5 * MIB)
        assert peer.cancelled.wait(5)
        next_works(peer)

    with playing(script, longest=0.3) as (transport, peer), Session.open(transport) as session:
        with pytest.raises(TransportTimeout):
            session.run(0x100D, data_out=Outgoing(64 * MIB, [bytes(MIB)] * 64))
        assert peer.requests == [CANCEL, STATUS]
        check_next(session)
