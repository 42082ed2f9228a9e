"""ANDROID.md, Class requests and AVOID: what keeps the server alive, and what kills it."""

from __future__ import annotations

import contextlib
import threading

import pytest

from mtpbackup.errors import EndpointStalled, PhoneGone, TransportTimeout
from mtpbackup.virtual import Generated, MemoryStore, plug_in
from mtpbackup.wire import Command, data_header
from tests.virtual.initiator import ALL, OK, Initiator
from tests.virtual.test_writing import announce, dead_within, upload

CANCEL = b"\x01\x40" + bytes(4)


def send_what_fits(initiator, data):
    """Sends as much as a server takes that dies meanwhile."""
    with contextlib.suppress(TransportTimeout):
        initiator.transport.write([data], 0.1)


def test_device_status(initiator):
    assert initiator.transport.control_in(0x67, 32, 1).hex() == "0800012000000000", "8 bytes, 2001"
    assert initiator.transport.control_in(0x67, 12, 1)[:4].hex() == "08000120"


def test_device_status_with_a_short_length_kills_the_server(phone, initiator):
    with pytest.raises(EndpointStalled):
        initiator.transport.control_in(0x67, 4, 1)
    assert phone.dead
    assert dead_within(initiator)
    with pytest.raises(EndpointStalled):
        initiator.transport.control_in(0x67, 32, 1)  # class requests STALL then


def test_an_unknown_class_request(initiator):
    with pytest.raises(EndpointStalled):
        initiator.transport.control_in(0x65, 32, 1)
    assert initiator.storages()


def test_nothing_is_answered_on_ep0_while_the_disk_is_busy():
    busy, go_on, answered = threading.Event(), threading.Event(), threading.Event()

    class SlowStore(MemoryStore):
        def children(self, folder):
            busy.set()
            assert go_on.wait(5)
            return super().children(folder)

    with plug_in(storages=[SlowStore()]) as phone, phone.transport() as transport:
        initiator = Initiator(transport).open_session()
        initiator.command(0x1007, ALL, 0, ALL)
        assert busy.wait(5)

        def ask():
            assert transport.control_in(0x67, 32, 5)
            answered.set()

        asking = threading.Thread(target=ask)
        asking.start()
        assert not answered.wait(0.05)
        go_on.set()
        assert answered.wait(5)
        asking.join()
        assert initiator.answer().handles == ()


def test_reset_aborts_the_data_phase_only(phone, initiator):
    phone.add_file("a.mp4", Generated(50_000_000))
    initiator.command(0x1009, initiator.at("a.mp4"))
    initiator.transport.read(50_000_000, 5).release()
    initiator.transport.control_out(0x66, b"", 5)
    initiator.transport.stop_reading()
    assert initiator.storages(), "the session stays"


def test_cancel_on_an_idle_phone_costs_the_next_incoming_data_phase(phone, initiator):
    initiator.transport.control_out(0x64, CANCEL, 1)
    assert initiator.storages(), "commands still work"
    with pytest.raises(TransportTimeout):
        initiator.timeout = 0.2
        announce(initiator, "a.jpg", 3)  # the data is lost, and the transfer hangs


def test_a_usb_reset_is_the_cure_and_a_new_phone(phone, initiator):
    handle = initiator.at("top.mp4")
    initiator.transport.control_out(0x64, CANCEL, 1)
    with pytest.raises(PhoneGone):
        initiator.transport.reset()
    initiator.transport.close()
    while not phone.plugged:
        phone.finder.wait_for_change(1.0)
    with phone.transport() as transport:
        again = Initiator(transport).open_session()
        assert again.ask(0x1008, handle).code == 0x2009, "handles are void"
        upload(again, "a.jpg", b"works")


@pytest.mark.parametrize("size", [1, 11, 13, 33, 36, 100, 511, 600])
def test_malformed_commands_kill_the_server(phone, initiator, size):
    send_what_fits(initiator, (Command(0x1001, 1).encode() + bytes(600))[:size])
    assert dead_within(initiator)
    assert phone.dead


@pytest.mark.parametrize("parameters", range(6))
def test_commands_of_12_to_32_bytes_are_taken_whatever_they_are(initiator, parameters):
    data = data_header(0x1001, 77, 4 * parameters) + bytes(4 * parameters)
    initiator.send(data)  # a data container, with an operation's code
    assert initiator.answer().code == OK


def test_a_data_phase_nobody_expects_is_read_as_a_command(phone, initiator):
    assert initiator.ask(0x9808).code == 0x2005, "not listed"
    send_what_fits(initiator, data_header(0x9808, initiator.transaction_id, 1000) + bytes(1000))
    assert dead_within(initiator)


def test_a_dead_server_stays_on_the_bus_until_it_is_replugged(phone, initiator):
    initiator.send(b"nonsense")
    dead_within(initiator)
    assert len(phone.finder.find()) == 1
    phone.replug()
    assert not phone.dead
    with phone.transport() as transport:
        assert Initiator(transport).open_session().storages()


def test_the_basic_phone_forgives():
    with plug_in("basic") as phone, phone.transport() as transport:
        initiator = Initiator(transport).open_session()
        initiator.send(b"nonsense, and a lot of it" * 100)
        assert initiator.storages()
        assert len(transport.control_in(0x67, 4, 1)) == 4
        transport.reset()
        assert not phone.dead
