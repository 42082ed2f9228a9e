"""LibusbTransport on the emulated bus. Run by `test_libraries`, with umockdev's library preloaded."""

import errno
import random
import threading

import pytest
import usb1

from mtpbackup.errors import TransportError, TransportTimeout
from mtpbackup.transport.libusb import LibusbFinder
from mtpbackup.virtual.descriptors import INTERRUPT_IN
from mtpbackup.virtual.usbfs import Bus

from .bus_contract import BusContract, BusRig, break_events
from .rigs import (
    PATIENCE,
    Background,
    echo,
    eventually,
    read_exactly,
    read_transfer,
    receive_transfer,
)


@pytest.fixture
def bus(monkeypatch):
    with Bus() as bus:
        monkeypatch.setenv("UMOCKDEV_DIR", str(bus.root))
        yield bus
    leftover = [thread.name for thread in threading.enumerate() if "libusb" in thread.name]
    assert leftover == []


@pytest.fixture
def rig(bus):
    rig = BusRig(bus, LibusbFinder)
    yield rig
    rig.close()


@pytest.fixture
def finder(bus):
    finder = LibusbFinder()
    yield finder
    finder.close()


class TestContract(BusContract):
    finder_import = "from mtpbackup.transport.libusb import LibusbFinder as Finder"


def test_coming_and_going_is_noticed_without_hotplug(rig):
    finder = LibusbFinder(hotplug=False, poll_interval=0.02)
    try:
        BusContract().test_coming_and_going_is_noticed(rig, finder)
    finally:
        finder.close()


def test_what_cannot_be_opened_wholly_leaves_no_thread(rig, monkeypatch):
    """Else closing libusb's context waits for it, for ever."""

    def no_memory(handle):
        raise usb1.USBErrorNoMem

    _, phone = rig.found()
    monkeypatch.setattr(usb1.USBDeviceHandle, "getTransfer", no_memory)
    assert isinstance(Background(phone.open).outcome(), usb1.USBErrorNoMem)


# --- the interrupt endpoint


def stall_events(device):
    with device.lock:
        device._halted.add(INTERRUPT_IN)
        device.interrupt.withdraw_all(-errno.EPIPE)


@pytest.mark.parametrize("fail", [break_events, stall_events])
def test_events_go_on_after_a_failure(rig, fail):
    def script(port):
        while True:
            port.send_event(receive_transfer(port))

    device, phone = rig.found(script)
    with phone.open() as transport:
        fail(device)
        eventually(lambda: not transport._reader.pending)
        assert transport.next_event() is None
        transport.write([b"event"], PATIENCE)
        assert transport.next_event(PATIENCE) == b"event"


def test_events_come_again_after_a_reset_however_often_they_failed(rig):
    def script(port):
        while True:
            port.send_event(receive_transfer(port))

    device, phone = rig.found(script)
    with phone.open() as transport:
        transport._reader._failures = 3
        break_events(device)
        eventually(lambda: not transport._reader.pending)
        transport.reset()
        transport.write([b"event"], PATIENCE)
        assert transport.next_event(PATIENCE) == b"event"


# --- the ring


def test_reads_become_smaller_where_memory_is_short(rig):
    data = random.Random(1).randbytes(2_000_000)

    def script(port):
        receive_transfer(port)
        eventually(lambda: rig.bus.memory.refused > 0)
        port.send([data])
        echo(port)

    _, phone = rig.found(script)
    rig.bus.memory.limit = 300_000  # 4 x 256 KiB do not fit, nor do two
    with phone.open() as transport:
        transport.write([b"go"], PATIENCE)
        assert read_exactly(transport, len(data)) == data
        transport.write([data[:700_000]], PATIENCE)
        assert read_transfer(transport, 700_000) == data[:700_000]


def test_no_memory_at_all(rig):
    _, phone = rig.found()
    with phone.open() as transport:
        rig.bus.memory.limit = 0
        with pytest.raises(TransportError):
            transport.write([b"go"], PATIENCE)
        with pytest.raises(TransportError):
            transport.read(512, PATIENCE)
        rig.bus.memory.limit = 1 << 24
        transport.write([b"go"], PATIENCE)


def test_four_reads_of_512_kib_are_in_flight(rig):
    _, phone = rig.found()
    with phone.open() as transport:
        transport.write([b"go"], PATIENCE)
        before = rig.bus.memory.used
        with pytest.raises(TransportTimeout):
            transport.read(10_000_000, 0.05)
        assert rig.bus.memory.peak - before >= 4 * 512 * 1024
        assert rig.bus.memory.peak - before < 5 * 512 * 1024
        assert rig.bus.memory.used == before  # a time-out leaves nothing in flight


def test_transfers_are_used_again(rig, monkeypatch):
    made = []
    make = usb1.USBDeviceHandle.getTransfer
    monkeypatch.setattr(usb1.USBDeviceHandle, "getTransfer", lambda handle: made.append(1) or make(handle))
    _, phone = rig.found(echo)
    with phone.open() as transport:
        for _ in range(20):
            transport.write([b"again"], PATIENCE)
            assert read_transfer(transport) == b"again"
    assert len(made) <= 3


def test_nothing_is_read_while_a_command_is_written(rig):
    """Reads left over by a short answer are withdrawn first."""
    _, phone = rig.found(echo)
    with phone.open() as transport:
        transport.write([b"go"], PATIENCE)
        chunk = transport.read(2_000_000, PATIENCE)  # reads for much more than comes
        assert bytes(chunk.data) == b"go"
        chunk.release()
        assert rig.bus.memory.used > 1_400_000

        def parts():
            assert rig.bus.memory.used < 2 * 1024  # the interrupt read's
            yield b"next"

        transport.write(parts(), PATIENCE)
        assert read_transfer(transport) == b"next"
