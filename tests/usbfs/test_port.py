"""Moments that are too short to be met by chance: the device's lock makes several steps of the host one."""

from __future__ import annotations

import errno
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from mtpbackup.errors import PhoneGone, TransferCancelled
from mtpbackup.virtual.descriptors import BULK_IN, BULK_OUT
from mtpbackup.virtual.usbfs.pipes import Urb
from tests.usbfs.devices import SOON, BarePhone


class Host:
    """Submits URBs to a phone without any program."""

    def __init__(self) -> None:
        self.ended: list[Urb] = []

    def completed(self, urb: Urb) -> None:
        self.ended.append(urb)

    def write(self, device: BarePhone, data: bytes) -> Urb:
        urb = Urb(self, 0, BULK_OUT, len(data), data=data)
        assert device.submit(urb) == 0
        return urb

    def read(self, device: BarePhone, size: int) -> Urb:
        urb = Urb(self, 0, BULK_IN, size)
        assert device.submit(urb) == 0
        return urb


@pytest.fixture
def phone():
    phone = BarePhone()
    phone.attach(on_break=lambda comes_back: None)
    yield phone
    phone.detach()
    phone.settle()


@pytest.fixture
def phones_thread():
    with ThreadPoolExecutor(1) as thread:
        yield thread


def busy(phone, port):
    """Waits until the port's call waits for the host: it lets go of the lock only there."""
    deadline = time.monotonic() + SOON
    while not port.busy:
        assert time.monotonic() < deadline
        time.sleep(0.001)
    with phone.lock:
        pass


def test_what_comes_right_after_a_reset_is_for_the_new_server(phone, phones_thread):
    host, old = Host(), phone.port()
    receiving = phones_thread.submit(old.receive, 512)
    busy(phone, old)
    with phone.lock:
        phone.restart()
        host.write(phone, b"for the new one")
    with pytest.raises(PhoneGone):
        receiving.result(SOON)
    assert phone.port().receive(512) == (b"for the new one", True)


def test_what_comes_right_after_cancel_is_not_taken_by_the_cancelled_call(phone, phones_thread):
    host, port = Host(), phone.port()
    receiving = phones_thread.submit(port.receive, 512)
    busy(phone, port)
    with phone.lock:
        port.answer(0x64, 0, b"", 0)
        host.write(phone, b"next command")
    with pytest.raises(TransferCancelled):
        receiving.result(SOON)
    assert port.receive(512) == (b"next command", True)


def test_a_read_right_after_cancel_does_not_get_what_was_cancelled(phone, phones_thread):
    host, port = Host(), phone.port()
    sending = phones_thread.submit(port.send, [bytes(100_000)])
    busy(phone, port)
    with phone.lock:
        port.answer(0x64, 0, b"", 0)
        read = host.read(phone, 1024)
    with pytest.raises(TransferCancelled):
        sending.result(SOON)
    assert read.status is None
    port.send([b"fresh"])
    assert (read.status, b"".join(read.pieces)) == (0, b"fresh")


def test_cancel_with_nothing_to_cancel_changes_nothing(phone):
    host, port = Host(), phone.port()
    assert port.answer(0x64, 0, b"", 0) == b""
    host.write(phone, b"command")
    assert port.receive(512) == (b"command", True)


def test_a_refused_cancel_cancels_nothing(phone, phones_thread):
    port = phone.port()
    port.on_control(lambda request, value, data, length: None)
    receiving = phones_thread.submit(port.receive, 512)
    busy(phone, port)
    assert port.answer(0x64, 0, b"", 0) is None
    Host().write(phone, b"still taken")
    assert receiving.result(SOON) == (b"still taken", True)


def test_a_port_is_for_one_thread(phone, phones_thread):
    port = phone.port()
    receiving = phones_thread.submit(port.receive, 512)
    busy(phone, port)
    with pytest.raises(RuntimeError):
        port.send([b"x"])
    Host().write(phone, b"x")
    receiving.result(SOON)


def test_unplugging_ends_everything_in_flight(phone, phones_thread):
    host, port = Host(), phone.port()
    read = host.read(phone, 512)
    event = phones_thread.submit(port.send_event, b"event")
    with phone.lock:
        assert phone.changed.wait_for(lambda: phone.interrupt.waiting, SOON)
    phone.detach()
    assert read.status == -errno.ESHUTDOWN
    with pytest.raises(PhoneGone):
        event.result(SOON)
    for call in (lambda: port.receive(512), lambda: port.send([b"x"]), lambda: port.send_event(b"x")):
        with pytest.raises(PhoneGone):
            call()
    assert phone.submit(Urb(host, 0, BULK_IN, 512)) == errno.ENODEV
