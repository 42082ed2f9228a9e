from __future__ import annotations

import pytest

from mtpbackup.errors import EndpointStalled, PhoneGone, TransportTimeout
from mtpbackup.transport.base import Endpoint
from mtpbackup.virtual import Effect, Fault, Generated
from mtpbackup.wire import data_header
from tests.virtual.initiator import OK
from tests.virtual.test_writing import announce, dead_within

GET = 0x1009


@pytest.fixture
def video(phone, initiator):
    phone.add_file("a.mp4", Generated(3_000_000))
    return initiator.at("a.mp4")


def received(initiator, until):
    count = 0
    with pytest.raises(until):
        while True:
            chunk = initiator.transport.read(3_000_000, 0.5)
            count += len(chunk.data)
            chunk.release()
    return count


def test_refusing_so_often(phone, initiator, video):
    phone.faults.add(Fault(effect=Effect.REFUSE, operation=GET, response=0x2019, times=2))
    assert initiator.ask(0x1004).code == OK
    assert [initiator.ask(GET, video).code for _ in range(3)] == [0x2019, 0x2019, OK]


def test_skipping_some_first(phone, initiator, video):
    phone.faults.add(Fault(effect=Effect.REFUSE, operation=GET, skip=1))
    assert [initiator.ask(GET, video).code for _ in range(3)] == [OK, 0x2019, OK]


def test_for_ever_and_cleared(phone, initiator, video):
    phone.faults.add(Fault(effect=Effect.REFUSE, times=None, response=0x2002))
    assert [initiator.ask(0x1004).code for _ in range(3)] == [0x2002] * 3
    phone.faults.clear()
    assert initiator.ask(0x1004).code == OK


def test_refusing_takes_the_dataset_first(phone, initiator):
    phone.faults.add(Fault(effect=Effect.REFUSE, operation=0x100C))
    assert announce(initiator, "a.jpg", 3).code == 0x2019
    assert announce(initiator, "a.jpg", 3).code == OK


@pytest.mark.parametrize("byte", [0, 1, 100_000, 1_048_576])
def test_a_stall_at_a_byte(phone, initiator, video, byte):
    phone.faults.add(Fault(effect=Effect.STALL, operation=GET, at_byte=byte))
    initiator.command(GET, video)
    count = received(initiator, EndpointStalled)
    assert count <= byte + 12
    initiator.transport.clear_halt(Endpoint.IN)
    initiator.transport.clear_halt(Endpoint.OUT)
    assert len(initiator.ask(GET, video).data) == 3_000_000


def test_unplugged_at_a_byte_by_a_fault(phone, initiator, video):
    phone.faults.add(Fault(effect=Effect.UNPLUG, operation=GET, at_byte=500_000))
    initiator.command(GET, video)
    assert received(initiator, PhoneGone) <= 500_012
    assert not phone.plugged


def test_counting_bytes_across_transactions(phone, initiator, video):
    phone.faults.add(Fault(effect=Effect.STALL, operation=0x95C1, at_byte=250_000, across=True))
    for start in (0, 100_000):
        assert initiator.ask(0x95C1, video, start, 0, 100_000).code == OK
    initiator.command(0x95C1, video, 200_000, 0, 100_000)
    assert received(initiator, EndpointStalled) <= 50_012


def test_silence_until_the_host_cancels(phone, initiator, video):
    phone.faults.add(Fault(effect=Effect.SILENCE, operation=GET, at_byte=1_000_000))
    initiator.command(GET, video)
    assert received(initiator, TransportTimeout) > 0
    initiator.transport.control_out(0x64, b"\x01\x40" + bytes(4), 1)
    initiator.transport.stop_reading()
    assert initiator.ask(0x1004).code == OK


def test_silence_from_the_command_on_and_unplugging_ends_it(phone, initiator):
    phone.faults.add(Fault(effect=Effect.SILENCE, operation=0x1004))
    initiator.command(0x1004)
    assert received(initiator, TransportTimeout) == 0
    phone.unplug()


def test_dying(phone, initiator, video):
    phone.faults.add(Fault(effect=Effect.DIE, operation=GET))
    initiator.command(GET, video)
    assert dead_within(initiator)
    assert phone.dead


def test_something_happens_on_the_phone_meanwhile(phone, initiator, video):
    phone.faults.add(
        Fault(effect=Effect.CALL, operation=GET, at_byte=1_000_000, call=phone.lock),
        Fault(effect=Effect.CALL, operation=GET, at_byte=2_000_000, call=phone.unlock),
    )
    assert len(initiator.ask(GET, video).data) == 3_000_000, "what is open goes on"
    assert initiator.ask(GET, video).code == 0x2009


def test_faults_while_content_comes_in(phone, initiator):
    announce(initiator, "a.mp4", 400_000)
    phone.faults.add(Fault(effect=Effect.STALL, operation=0x100D, at_byte=100_000))
    initiator.command(0x100D)
    with pytest.raises(EndpointStalled):
        initiator.send(data_header(0x100D, initiator.transaction_id, 400_000) + bytes(400_000))
        initiator.answer()
    initiator.transport.clear_halt(Endpoint.IN)
    initiator.transport.clear_halt(Endpoint.OUT)
    assert "a.mp4" not in initiator.names()
