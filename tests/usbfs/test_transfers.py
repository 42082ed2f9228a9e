"""What crosses the emulated bus, seen through libusb: sizes, boundaries, stalls, class requests, events."""

from __future__ import annotations

import random
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest
import usb1

from mtpbackup.errors import TransferCancelled, TransportTimeout
from mtpbackup.transport.base import Speed
from mtpbackup.virtual.descriptors import BULK_IN, BULK_OUT, INTERRUPT_IN
from mtpbackup.virtual.usbfs import Bus, UsbProfile
from mtpbackup.virtual.usbfs.port import EmulatedPort
from tests.usbfs.devices import SOON, BarePhone
from tests.usbfs.hosts import CLASS_IN, CLASS_OUT, TIMEOUT, Read, Write, opened, wait_until

pytestmark = pytest.mark.usbfs

SIZES = (1, 499, 500, 511, 512, 513, 1012, 1024, 16_384, 262_144, 262_145, 1_048_576 + 512)


class Phone:
    """A plugged phone: `port` is the test's, `later` runs calls of it in the phone's own thread."""

    def __init__(self, bus: Bus, profile: UsbProfile) -> None:
        self.device = BarePhone(profile)
        bus.plug(self.device)
        self.port: EmulatedPort = self.device.port()
        self._thread = ThreadPoolExecutor(1)

    def later(self, call: Any, *arguments: Any, **others: Any) -> Future[Any]:
        return self._thread.submit(call, *arguments, **others)

    def close(self, bus: Bus) -> None:
        bus.unplug(self.device)
        self._thread.shutdown()


@pytest.fixture(params=[Speed.FULL, Speed.HIGH, Speed.SUPER], ids=["full", "high", "super"])
def any_speed(request, usbfs_bus):
    phone = Phone(usbfs_bus, UsbProfile(speed=request.param))
    yield phone
    phone.close(usbfs_bus)


@pytest.fixture
def phone(usbfs_bus):
    phone = Phone(usbfs_bus, UsbProfile())
    yield phone
    phone.close(usbfs_bus)


def noise(size: int) -> bytes:
    return random.Random(size).randbytes(size)


def test_what_the_phone_sends_arrives_whole_and_ends_where_it_ended(any_speed, context):
    with opened(context) as handle:
        for size in SIZES:
            sent = any_speed.later(any_speed.port.send, [noise(size)])
            got = bytearray()
            # Reads of one URB each, some smaller than the transfer, one always to spare for the empty packet.
            while True:
                piece = handle.bulkRead(BULK_IN, 65_536, TIMEOUT)
                got += piece
                if len(piece) < 65_536:
                    break
            assert got == noise(size)
            sent.result(SOON)


def test_what_the_host_sends_arrives_whole_and_ends_where_it_ended(any_speed, context):
    with opened(context) as handle:
        for size in SIZES:
            received = any_speed.later(receive_transfer, any_speed.port)
            written = Write(handle, noise(size), end=True)
            wait_until(lambda written=written: written.ended, context)
            assert received.result(SOON) == noise(size)
            assert (written.status, written.sent) == (usb1.TRANSFER_COMPLETED, size)


def receive_transfer(port: EmulatedPort, limit: int = 16_384) -> bytes:
    got = bytearray()
    while True:
        data, ended = port.receive(limit)
        got += data
        if ended:
            return bytes(got)


def test_a_header_and_a_payload_from_different_memory_leave_in_one_packet(phone, context):
    pieces = [b"header 12 by", memoryview(bytearray(noise(5000))), b"", noise(300)]
    with opened(context) as handle:
        phone.later(phone.port.send, iter(pieces))
        first = Read(handle, 512)
        wait_until(lambda: first.ended, context)
        assert first.data == (b"".join(pieces))[:512]
        assert handle.bulkRead(BULK_IN, 16_384, TIMEOUT) == b"".join(pieces)[512:]


def test_memory_of_the_phone_may_change_once_the_next_part_is_asked_for(phone, context):
    def parts():
        buffer = bytearray(1024)
        for number in range(64):
            buffer[:] = bytes([number]) * 1024
            yield buffer

    with opened(context) as handle:
        phone.later(phone.port.send, parts())
        got = handle.bulkRead(BULK_IN, 64 * 1024, TIMEOUT)
        assert got == b"".join(bytes([number]) * 1024 for number in range(64))
        assert handle.bulkRead(BULK_IN, 512, TIMEOUT) == b""  # the empty packet


def test_without_its_empty_packet_the_next_transfer_joins_the_same_read(phone, context):
    with opened(context) as handle:
        read = Read(handle, 2048)
        phone.port.send([noise(512)], zero_length_end=False)
        phone.port.send([b"next"])
        wait_until(lambda: read.ended, context)
        assert read.data == noise(512) + b"next"


def test_a_read_smaller_than_a_packet_overflows(phone, context):
    with opened(context) as handle:
        phone.later(phone.port.send, [noise(300)])
        with pytest.raises(usb1.USBErrorOverflow):
            handle.bulkRead(BULK_IN, 100, TIMEOUT)


def test_a_host_that_leaves_out_its_empty_packet_keeps_the_phone_waiting(phone, context):
    with opened(context) as handle:
        received = phone.later(phone.port.receive, 16_384)
        assert handle.bulkWrite(BULK_OUT, noise(512), TIMEOUT) == 512
        assert not received.done()
        handle.bulkWrite(BULK_OUT, b"", TIMEOUT)
        assert received.result(SOON) == (noise(512), True)


def test_a_limit_that_is_reached_leaves_the_empty_packet_for_the_next_call(phone, context):
    with opened(context) as handle:
        received = phone.later(phone.port.receive, 512)
        write = Write(handle, noise(512), end=True)
        assert received.result(SOON) == (noise(512), False)
        assert not write.ended
        assert phone.port.receive(512) == (b"", True)
        wait_until(lambda: write.ended, context)


def test_nothing_moves_before_the_host_asks_and_cancelling_a_read_loses_nothing(phone, context):
    with opened(context) as handle:
        sent = phone.later(phone.port.send, [noise(2000)])
        read = Read(handle, 1024)
        wait_until(lambda: read.ended, context)
        assert not sent.done()
        first = read.data
        waiting = Read(handle, 512, INTERRUPT_IN)  # nothing comes there
        waiting.cancel()
        wait_until(lambda: waiting.ended, context)
        assert (waiting.status, waiting.data) == (usb1.TRANSFER_CANCELLED, b"")
        assert first + handle.bulkRead(BULK_IN, 16_384, TIMEOUT) == noise(2000)
        sent.result(SOON)


def test_a_read_cancelled_in_the_middle_keeps_whole_packets(phone, context):
    go_on = threading.Event()

    def parts():
        yield noise(1100)
        go_on.wait(SOON)
        yield b"end"

    with opened(context) as handle:
        sent = phone.later(phone.port.send, parts())
        read = Read(handle, 16_384)
        with phone.device.lock:
            phone.device.changed.wait_for(lambda: phone.device.bulk_in.in_hand >= 1024, SOON)
        read.cancel()
        wait_until(lambda: read.ended, context)
        assert (read.status, read.data) == (usb1.TRANSFER_CANCELLED, noise(1100)[:1024])
        go_on.set()
        assert handle.bulkRead(BULK_IN, 16_384, TIMEOUT) == noise(1100)[1024:] + b"end"
        sent.result(SOON)


def test_a_write_that_the_phone_does_not_take_times_out(phone, context):
    with opened(context) as handle:
        with pytest.raises(usb1.USBErrorTimeout):
            handle.bulkWrite(BULK_OUT, noise(100), 50)
        received = phone.later(phone.port.receive, 512)
        assert handle.bulkWrite(BULK_OUT, b"taken", TIMEOUT) == 5
        assert received.result(SOON) == (b"taken", True)


def test_a_stall_ends_what_is_in_flight_and_lasts_until_it_is_cleared(phone, context):
    with opened(context) as handle:
        read = Read(handle, 512)
        phone.port.stall()
        wait_until(lambda: read.ended, context)
        assert read.status == usb1.TRANSFER_STALL
        with pytest.raises(usb1.USBErrorPipe):
            handle.bulkWrite(BULK_OUT, b"x", TIMEOUT)
        # Endpoint status, as a standard request: halted.
        assert bytes(handle.controlRead(0x82, 0, 0, BULK_IN, 2, TIMEOUT)) == b"\1\0"
        handle.clearHalt(BULK_IN)
        assert phone.port.halted
        handle.clearHalt(BULK_OUT)
        assert not phone.port.halted
        phone.later(phone.port.send, [b"again"])
        assert handle.bulkRead(BULK_IN, 512, TIMEOUT) == b"again"


def test_what_was_made_before_a_failure_still_arrives_and_then_the_stall(phone, context):
    def parts():
        yield noise(4096 + 100)
        raise OSError("the file shrank")

    def send():
        with pytest.raises(OSError, match="shrank"):
            phone.port.send(parts())
        phone.port.stall()

    with opened(context) as handle:
        phone.later(send)
        read = Read(handle, 16_384)
        wait_until(lambda: read.ended, context)
        assert (read.status, read.data) == (usb1.TRANSFER_STALL, noise(4096 + 100)[:4096])
        handle.clearHalt(BULK_IN)
        handle.clearHalt(BULK_OUT)
        phone.later(phone.port.send, [b"after"])
        assert handle.bulkRead(BULK_IN, 512, TIMEOUT) == b"after"


def test_class_requests_reach_the_handler(phone, context):
    seen = []

    def handler(request, value, data, length):
        seen.append((request, value, data, length))
        return b"status" if request == 0x67 else b"" if request == 0x64 else None

    phone.port.on_control(handler)
    with opened(context) as handle:
        assert bytes(handle.controlRead(CLASS_IN, 0x67, 7, 0, 32, TIMEOUT)) == b"status"
        assert bytes(handle.controlRead(CLASS_IN, 0x67, 0, 0, 4, TIMEOUT)) == b"stat"
        assert handle.controlWrite(CLASS_OUT, 0x64, 0, 0, b"cancel", TIMEOUT) == 6
        with pytest.raises(usb1.USBErrorPipe):
            handle.controlRead(CLASS_IN, 0x99, 0, 0, 4, TIMEOUT)
    assert seen == [(0x67, 7, b"", 32), (0x67, 0, b"", 4), (0x64, 0, b"cancel", 6), (0x99, 0, b"", 4)]


@pytest.mark.parametrize("request_code", [0x64, 0x66], ids=["cancel", "device reset"])
def test_cancel_ends_the_running_call_of_the_phone(phone, context, request_code):
    with opened(context) as handle:
        sent = phone.later(phone.port.send, [noise(100_000)])
        assert handle.bulkRead(BULK_IN, 1024, TIMEOUT) == noise(100_000)[:1024]
        handle.controlWrite(CLASS_OUT, request_code, 0, 0, b"", TIMEOUT)
        with pytest.raises(TransferCancelled):
            sent.result(SOON)
        # The rest is gone, and the next transfer begins where it should.
        phone.later(phone.port.send, [b"next"])
        assert handle.bulkRead(BULK_IN, 1024, TIMEOUT) == b"next"
        received = phone.later(phone.port.receive, 512)
        wait_until(lambda: phone.port.busy, context)
        handle.controlWrite(CLASS_OUT, request_code, 0, 0, b"", TIMEOUT)
        with pytest.raises(TransferCancelled):
            received.result(SOON)


def test_a_class_request_that_is_never_answered_times_out_and_blocks_nothing_else(phone, context):
    def handler(request, value, data, length):
        if request == 0x67:
            raise TransportTimeout("control", 0.0)
        return b""

    phone.port.on_control(handler)
    with opened(context) as handle:
        with pytest.raises(usb1.USBErrorTimeout):
            handle.controlRead(CLASS_IN, 0x67, 0, 0, 4, 50)
        assert handle.controlWrite(CLASS_OUT, 0x66, 0, 0, b"", TIMEOUT) == 0


def test_events_arrive_in_order_and_hold_the_phone_until_they_are_read(phone, context):
    with opened(context) as handle:
        sent = [phone.later(phone.port.send_event, bytes([number]) * 24) for number in range(3)]
        assert not sent[0].done()
        assert [bytes(handle.interruptRead(INTERRUPT_IN, 64, TIMEOUT)) for _ in sent] == [
            bytes([number]) * 24 for number in range(3)
        ]
        for each in sent:
            each.result(SOON)


def test_transfers_beyond_the_memory_of_usbfs_are_refused(phone, context, usbfs_bus):
    usbfs_bus.memory.limit = 600_000
    with opened(context) as handle:
        reads = [Read(handle, 262_144), Read(handle, 262_144)]
        with pytest.raises(usb1.USBErrorNoMem):
            Read(handle, 262_144)
        for read in reads:
            read.cancel()
        wait_until(lambda: all(read.ended for read in reads), context)
        read = Read(handle, 262_144)
        read.cancel()
        wait_until(lambda: read.ended, context)
    assert usbfs_bus.memory.refused == 1
    assert usbfs_bus.memory.used == 0
