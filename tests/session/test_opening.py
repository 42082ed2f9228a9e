"""The first words to a phone: fresh, already open, left in the middle of something, silent, stalled, busy."""

from __future__ import annotations

import pytest

from mtpbackup.errors import (
    OperationFailed,
    PhoneGone,
    RemoteProtocolError,
    TransferCancelled,
    TransportTimeout,
    WireError,
)
from mtpbackup.session import Session
from tests.session.peer import BUSY, CANCEL, DATA, OK, RESPONSE, STATUS, Peer, container, device_info, playing

MIB = 1024 * 1024


def never(seconds: float) -> None:
    raise AssertionError(f"slept {seconds} s")


def test_a_fresh_phone_is_opened_with_two_transactions_and_no_class_request() -> None:
    with (
        playing(lambda peer: peer.open()) as (transport, peer),
        Session.open(transport, sleep=never) as session,
    ):
        assert session.device_info.model == "Pixel 8"
        assert session.supports(0x9805)
        assert session.transactions == 1
        assert peer.controls == []


def test_the_opening_has_transaction_id_0_and_the_next_one_1() -> None:
    ids = []

    def script(peer: Peer) -> None:
        peer.expect(0x1002, 1)
        ids.append(peer.transaction_id)
        peer.respond()
        peer.expect(0x1001)
        ids.append(peer.transaction_id)
        peer.answer(device_info())

    with playing(script) as (transport, _), Session.open(transport):
        assert ids == [0, 1]


def test_a_session_that_is_open_already_will_do() -> None:
    def script(peer: Peer) -> None:
        peer.expect(0x1002, 1)
        peer.respond(0x201E, 1)
        peer.expect(0x1001)
        peer.answer(device_info())

    with playing(script) as (transport, _), Session.open(transport) as session:
        assert session.device_info.manufacturer == "Google"


def test_the_end_of_a_file_that_a_lost_host_did_not_fetch_is_read_away() -> None:
    def script(peer: Peer) -> None:
        peer.port.send([bytes(100_000)])
        peer.respond(OK, transaction_id=77)
        peer.open()

    with playing(script, first=2.0) as (transport, peer), Session.open(transport):
        assert CANCEL not in peer.requests


def test_a_file_in_full_flow_is_cancelled() -> None:
    sent = []

    def script(peer: Peer) -> None:
        def parts():
            for _ in range(1000):
                sent.append(1)
                yield bytes(MIB)

        with pytest.raises(TransferCancelled):
            peer.port.send(parts())
        peer.open()

    with playing(script, first=2.0) as (transport, peer), Session.open(transport):
        assert peer.requests[0] == CANCEL
        assert STATUS in peer.requests
    assert len(sent) < 20


def test_a_file_in_full_flow_is_read_to_its_end_where_cancel_is_refused() -> None:
    def script(peer: Peer) -> None:
        peer.deaf = "stall"
        peer.port.send([bytes(20 * MIB + 5)])
        peer.respond(OK, transaction_id=77)
        peer.open()

    with playing(script, first=2.0) as (transport, peer), Session.open(transport):
        assert peer.requests == [CANCEL]


def test_a_phone_that_waited_for_data_takes_our_command_for_it_and_is_asked_again() -> None:
    def script(peer: Peer) -> None:
        packet, ended = peer.port.receive(512)
        assert ended and len(packet) == 16
        peer.respond(0x2002, transaction_id=41)
        peer.open()

    with playing(script) as (transport, _), Session.open(transport) as session:
        assert session.device_info.model == "Pixel 8"


def test_a_late_answer_to_another_host_is_not_taken_for_ours() -> None:
    def script(peer: Peer) -> None:
        peer.expect(0x1002, 1)
        peer.port.send([container(DATA, 0x1009, 41, bytes(70_000))])
        peer.respond(OK, transaction_id=41)
        peer.respond(OK)
        peer.expect(0x1002, 1)
        peer.respond(0x201E, 1)
        peer.expect(0x1001)
        peer.answer(device_info())

    with playing(script) as (transport, _), Session.open(transport) as session:
        assert session.device_info.model == "Pixel 8"


def test_a_phone_careless_about_ids_is_accepted_in_the_end() -> None:
    def script(peer: Peer) -> None:
        for _ in range(3):
            peer.expect(0x1002, 1)
            peer.respond(OK, transaction_id=0xABCD)
        peer.expect(0x1001)
        peer.data(device_info(), transaction_id=0xABCD)
        peer.respond(OK, transaction_id=0xABCD)

    with playing(script) as (transport, _), Session.open(transport) as session:
        assert session.device_info.model == "Pixel 8"


def test_a_silent_phone_is_reset_once() -> None:
    resets = []

    def script(peer: Peer) -> None:
        peer.port.on_reset(lambda: bool(resets.append(1)) or True)
        peer.expect(0x1002, 1)
        with pytest.raises(TransferCancelled):
            peer.command()
        peer.open()

    with playing(script, longest=0.2) as (transport, peer), Session.open(transport):
        assert resets == [1]
        assert peer.controls == []


def test_a_phone_that_leaves_when_reset_is_gone_for_now() -> None:
    def script(peer: Peer) -> None:
        peer.port.on_reset(lambda: False)
        peer.expect(0x1002, 1)
        with pytest.raises((PhoneGone, TransferCancelled)):
            peer.command()

    with playing(script, longest=0.2) as (transport, _), pytest.raises(PhoneGone):
        Session.open(transport)


def test_a_phone_that_stays_silent_is_reported() -> None:
    def script(peer: Peer) -> None:
        peer.expect(0x1002, 1)
        with pytest.raises(TransferCancelled):
            peer.command()
        peer.expect(0x1002, 1)

    with playing(script, longest=0.2) as (transport, _), pytest.raises(TransportTimeout):
        Session.open(transport)


def test_a_phone_left_stalled_is_freed() -> None:
    def script(peer: Peer) -> None:
        peer.expect(0x1002, 1)
        peer.statuses.append(bytes.fromhex("0c00 1f20 ff000000 ff000000"))
        peer.port.stall()
        peer.open()

    with playing(script) as (transport, peer), Session.open(transport):
        assert peer.requests == [STATUS, STATUS]
        assert [length for _, _, length in peer.controls] == [32, 32]


def test_a_busy_phone_is_asked_again() -> None:
    pauses: list[float] = []

    def script(peer: Peer) -> None:
        for _ in range(10):
            peer.expect(0x1002, 1)
            peer.respond(BUSY)
        peer.open()

    with playing(script) as (transport, _), Session.open(transport, sleep=pauses.append):
        assert len(pauses) == 10
        assert 0.02 <= min(pauses) <= max(pauses) <= 0.5


def test_a_refusal_is_reported_and_the_interface_given_back() -> None:
    def script(peer: Peer) -> None:
        peer.expect(0x1002, 1)
        peer.respond(0x200F, 3)

    with playing(script) as (transport, _):
        with pytest.raises(OperationFailed) as caught:
            Session.open(transport)
        assert (caught.value.operation, caught.value.response, caught.value.parameters) == (
            0x1002,
            0x200F,
            (3,),
        )
        with pytest.raises(Exception, match="closed"):
            transport.next_event()


def test_endless_strange_answers_end() -> None:
    def script(peer: Peer) -> None:
        with pytest.raises(PhoneGone):
            while True:
                peer.command()
                peer.port.send([b"this is no container at all"])

    with playing(script) as (transport, _), pytest.raises(RemoteProtocolError):
        Session.open(transport)


def test_an_answer_without_device_info_is_an_error() -> None:
    def script(peer: Peer) -> None:
        peer.expect(0x1002, 1)
        peer.respond()
        peer.expect(0x1001)
        peer.respond()

    with playing(script) as (transport, _), pytest.raises(WireError):
        Session.open(transport)


def test_a_device_info_that_is_cut_off_is_an_error() -> None:
    def script(peer: Peer) -> None:
        peer.expect(0x1002, 1)
        peer.respond()
        peer.expect(0x1001)
        peer.answer(device_info()[:40])

    with playing(script) as (transport, _), pytest.raises(WireError):
        Session.open(transport)


def test_a_response_where_nothing_was_asked_is_read_away() -> None:
    def script(peer: Peer) -> None:
        peer.port.send([container(RESPONSE, OK, 5)])
        peer.open()

    with playing(script, first=2.0) as (transport, _), Session.open(transport) as session:
        assert session.device_info.model == "Pixel 8"
