"""LibusbTransport on the emulated bus. Run by `test_libusb`, in a process with umockdev's library preloaded."""

import errno
import random
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest
import usb1

from mtpbackup.errors import AccessDenied, InterfaceBusy, PhoneGone, TransportError, TransportTimeout
from mtpbackup.transport import patience
from mtpbackup.transport.base import Speed, UsbIdentity
from mtpbackup.transport.libusb import FoundUsbPhone, LibusbFinder
from mtpbackup.virtual.descriptors import INTERRUPT_IN
from mtpbackup.virtual.usbfs import Bus, UsbDevice, UsbProfile

from .contract import TransportContract
from .rigs import (
    IDENTITY,
    PATIENCE,
    Background,
    Rig,
    ctrl_c_when,
    echo,
    eventually,
    read_exactly,
    read_transfer,
    receive_transfer,
    silent,
)

PROFILE = UsbProfile(serial=IDENTITY.serial, manufacturer=IDENTITY.manufacturer, product=IDENTITY.product)
SPEEDS = {64: Speed.FULL, 512: Speed.HIGH, 1024: Speed.SUPER}


class UsbfsRig(Rig):
    finder_class: type = LibusbFinder

    def __init__(self, bus: Bus) -> None:
        self.bus = bus
        self.devices: list[UsbDevice] = []
        self._transports = []

    def plug(self, script, profile=PROFILE, **more) -> UsbDevice:
        device = UsbDevice(profile, script, **more)
        self.devices.append(device)
        self.bus.plug(device)
        return device

    def open(self, script, options=None, packet_size=512):
        self.plug(script, replace(PROFILE, speed=SPEEDS[packet_size]))
        finder = self.finder_class()
        try:
            phone = finder.find()[-1]
        finally:
            finder.close()
        transport = phone.open(options)
        self._transports.append(transport)
        return transport

    def unplug(self):
        self.bus.unplug(self.devices[-1])

    def unplug_after(self, size, endpoint):
        self.devices[-1].unplug_after(size, endpoint)

    def close(self):
        for transport in self._transports:
            transport.close()
        for device in self.devices:
            self.bus.unplug(device)
            if device.failure is not None:
                raise device.failure


@pytest.fixture
def bus(monkeypatch):
    with Bus() as bus:
        monkeypatch.setenv("UMOCKDEV_DIR", str(bus.root))
        yield bus
    leftover = [thread.name for thread in threading.enumerate() if "libusb" in thread.name]
    assert leftover == []


@pytest.fixture
def rig(bus):
    rig = UsbfsRig(bus)
    yield rig
    rig.close()


class TestContract(TransportContract):
    pass


# --- finding


@pytest.fixture
def finder(bus):
    finder = LibusbFinder()
    yield finder
    finder.close()


def test_nothing_is_found_on_an_empty_bus(finder):
    assert finder.find() == []


def test_what_is_found_says_where_it_is(rig, finder):
    device = rig.plug(silent)
    eventually(finder.find)
    (phone,) = finder.find()
    place = rig.bus.place_of(device)
    assert phone.identity == UsbIdentity(
        vendor_id=0x18D1,
        product_id=0x4EE1,
        manufacturer="Google",
        product="Pixel 8",
        serial="SERIAL-7F3A",
        bus=place.bus,
        address=place.address,
        ports=(place.port,),
        speed=Speed.HIGH,
        node=place.node,
    )


def test_phones_come_in_the_order_of_their_ports(rig, finder):
    rig.plug(silent, replace(PROFILE, serial="first"))
    rig.plug(silent, replace(PROFILE, serial="second"))
    eventually(lambda: len(finder.find()) == 2)
    assert [phone.identity.serial for phone in finder.find()] == ["first", "second"]


def test_a_phone_of_vendor_class_is_known_by_its_interfaces_name(rig, finder):
    hidden = replace(PROFILE, vendor_id=0x1234, interface_class=(255, 255, 0))
    rig.plug(silent, replace(hidden, interface_name="MTP"))
    rig.plug(silent, replace(hidden, interface_name="Modem", serial="no phone"))
    eventually(lambda: len(finder.find()) == 1)
    assert finder.find()[0].identity.serial == PROFILE.serial


@pytest.mark.parametrize("hotplug", [None, False])
def test_coming_and_going_is_noticed(rig, hotplug):
    finder = LibusbFinder(hotplug=hotplug, poll_interval=0.02)
    try:
        assert not finder.wait_for_change(0.05)
        waiting = Background(lambda: finder.wait_for_change(PATIENCE))
        device = rig.plug(silent)
        assert waiting.outcome() is True
        eventually(finder.find)
        while finder.wait_for_change(0.05):
            pass
        rig.bus.unplug(device)
        assert finder.wait_for_change(PATIENCE)
        eventually(lambda: not finder.find())
    finally:
        finder.close()


def test_a_change_before_waiting_is_not_missed(rig, finder):
    rig.plug(silent)
    eventually(finder.find)
    assert finder.wait_for_change(PATIENCE)


def test_ctrl_c_ends_waiting_for_a_phone(finder):
    with ctrl_c_when(lambda: True), pytest.raises(KeyboardInterrupt):
        finder.wait_for_change(PATIENCE)


# --- opening and closing


def found(rig, script=silent, profile=PROFILE, **more):
    device = rig.plug(script, profile, **more)
    finder = LibusbFinder()
    try:
        return device, finder.find()[-1]
    finally:
        finder.close()


def test_no_permission(rig, monkeypatch):
    # Each refused open leaves a connection behind, which the bus would wait for.
    monkeypatch.setattr("mtpbackup.virtual.usbfs.bus._PATIENCE", 0.01)
    device, phone = found(rig)
    rig.bus.deny_access(device)
    waited = []

    def sleep(seconds):
        waited.append(seconds)
        if len(waited) == 3:  # udev came late
            rig.bus.deny_access(device, denied=False)

    patient = FoundUsbPhone(phone.identity, phone.interface, sleep)
    monkeypatch.setattr(patience, "_age", lambda node: 0.1)
    patient.open().close()
    assert waited == [0.1] * 3

    rig.bus.deny_access(device)
    monkeypatch.setattr(patience, "_age", lambda node: 60.0)
    with pytest.raises(AccessDenied) as caught:
        patient.open()
    assert caught.value.node == phone.identity.node


def test_an_interface_that_another_program_holds(rig):
    device, phone = found(rig, echo)
    rig.bus.occupy(device)
    with pytest.raises(InterfaceBusy) as caught:
        phone.open()
    assert caught.value.node == phone.identity.node
    rig.bus.vacate(device)
    with phone.open() as transport:
        transport.write([b"works"], PATIENCE)
        assert read_transfer(transport) == b"works"


def test_the_holder_is_named(rig):
    _, phone = found(rig)
    program = (
        "import sys, usb1\n"
        "context = usb1.USBContext().open()\n"
        "handle = next(iter(context.getDeviceIterator())).open()\n"
        "handle.claimInterface(0)\n"
        "print('claimed', flush=True)\n"
        "sys.stdin.read()\n"
        "handle.close()\n"
        "context.close()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout.readline() == "claimed\n"
        with pytest.raises(InterfaceBusy) as caught:
            phone.open()
        assert caught.value.holders == (Path(sys.executable).name,)
        holder.communicate("", timeout=PATIENCE)
    phone.open().close()


def test_a_phone_that_left_before_it_was_opened(rig):
    device, phone = found(rig)
    rig.bus.unplug(device)
    with pytest.raises(PhoneGone):
        phone.open()


def test_opening_and_closing_leave_the_phones_server_alone(rig):
    """No reset, no SetConfiguration, no alternate setting (ANDROID.md, AVOID 3)."""
    device, phone = found(rig, echo)
    for _ in range(3):
        with phone.open() as transport:
            transport.write([b"works"], PATIENCE)
            assert read_transfer(transport) == b"works"
    assert device.restarts == 0


def test_a_reset_that_the_phone_survives(rig):
    device, phone = found(rig, echo)
    with phone.open() as transport:
        transport.reset()
        assert device.restarts == 1
        transport.write([b"works"], PATIENCE)
        assert read_transfer(transport) == b"works"


def test_a_reset_that_makes_the_phone_leave(rig):
    _, phone = found(rig, echo, on_restart=lambda: False)
    with phone.open() as transport, pytest.raises(PhoneGone):
        transport.reset()
        transport.read(512, PATIENCE)


def test_events_go_on_after_a_reset(rig):
    def script(port):
        port.send_event(b"started")
        silent(port)

    _, phone = found(rig, script)
    with phone.open() as transport:
        assert transport.next_event(PATIENCE) == b"started"
        transport.reset()
        assert transport.next_event(PATIENCE) == b"started"


def test_a_class_request_after_unplugging_fails_at_once(rig):
    device, phone = found(rig)
    with phone.open() as transport:
        rig.bus.unplug(device)
        started = time.monotonic()
        with pytest.raises(PhoneGone):
            transport.control_in(0x67, 32, PATIENCE)
        assert time.monotonic() - started < 0.9


def test_a_program_that_dies_without_closing_dies_in_peace(rig):
    """Not by a failed assertion inside libusb, nor by hanging."""
    found(rig)
    program = (
        "from mtpbackup.transport.libusb import LibusbFinder\n"
        "finder = LibusbFinder()\n"
        "transport = finder.find()[0].open()\n"
        "transport.write([b'go'], 10)\n"
        "transport._ring._top_up(1 << 20)\n"
        "raise SystemExit(7)\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=PATIENCE
    )
    assert (run.returncode, run.stderr) == (7, "")


# --- broken transfers: a bad cable, or one that is being pulled


def break_reads(device):
    """Ends what waits on bulk IN as a cable does that is pulled, before the kernel knows."""
    eventually(lambda: device.bulk_in._urbs)
    with device.lock:
        device.bulk_in.withdraw_all(-errno.EPROTO)


def break_events(device):
    with device.lock:
        device.interrupt.withdraw_all(-errno.EPROTO)


def test_a_broken_read_of_a_phone_that_is_there_is_no_unplugging(rig):
    device, phone = found(rig, echo)
    with phone.open() as transport:
        reader = Background(lambda: transport.read(512, PATIENCE))
        break_reads(device)
        error = reader.outcome()
        assert isinstance(error, TransportError)
        assert not isinstance(error, PhoneGone)
        transport.write([b"works"], PATIENCE)
        assert read_transfer(transport) == b"works"


def test_a_broken_read_of_a_phone_that_then_leaves_is_unplugging(rig):
    """Its status is asked until the kernel knows."""
    device, phone = found(rig, silent)
    with phone.open() as transport:
        transport.write([b"go"], PATIENCE)
        answer = device._answer

        def no_answer(setup, data):
            rig.bus.unplug(device)
            return answer(setup, data)

        device._control._answer = no_answer
        reader = Background(lambda: transport.read(512, PATIENCE))
        started = time.monotonic()
        break_reads(device)
        assert isinstance(reader.outcome(), PhoneGone)
        assert time.monotonic() - started < 2
        with pytest.raises(PhoneGone):
            transport.next_event(PATIENCE)


def test_unplugging_is_seen_by_who_waits_for_events_though_their_read_broke_first(rig):
    device, phone = found(rig, silent)
    with phone.open() as transport:
        waiter = Background(lambda: transport.next_event(PATIENCE))
        break_events(device)
        started = time.monotonic()
        rig.bus.unplug(device)
        assert isinstance(waiter.outcome(), PhoneGone)
        assert time.monotonic() - started < 2


def stall_events(device):
    with device.lock:
        device._halted.add(INTERRUPT_IN)
        device.interrupt.withdraw_all(-errno.EPIPE)


@pytest.mark.parametrize("fail", [break_events, stall_events])
def test_events_go_on_after_a_failure(rig, fail):
    def script(port):
        while True:
            port.send_event(receive_transfer(port))

    device, phone = found(rig, script)
    with phone.open() as transport:
        fail(device)
        eventually(lambda: not transport._reader.pending)
        assert transport.next_event() is None
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

    _, phone = found(rig, script)
    rig.bus.memory.limit = 300_000  # 4 x 256 KiB do not fit, nor do two
    with phone.open() as transport:
        transport.write([b"go"], PATIENCE)
        assert read_exactly(transport, len(data)) == data
        transport.write([data[:700_000]], PATIENCE)
        assert read_transfer(transport, 700_000) == data[:700_000]


def test_no_memory_at_all(rig):
    _, phone = found(rig)
    with phone.open() as transport:
        rig.bus.memory.limit = 0
        with pytest.raises(TransportError):
            transport.write([b"go"], PATIENCE)
        with pytest.raises(TransportError):
            transport.read(512, PATIENCE)
        rig.bus.memory.limit = 1 << 24
        transport.write([b"go"], PATIENCE)


def test_four_reads_of_512_kib_are_in_flight(rig):
    _, phone = found(rig)
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
    _, phone = found(rig, echo)
    with phone.open() as transport:
        for _ in range(20):
            transport.write([b"again"], PATIENCE)
            assert read_transfer(transport) == b"again"
    assert len(made) <= 3


def test_nothing_is_read_while_a_command_is_written(rig):
    """Reads left over by a short answer are withdrawn first."""
    _, phone = found(rig, echo)
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


def test_ctrl_c_in_a_class_request(rig):
    asked = threading.Event()
    release = threading.Event()

    def script(port):
        def answer(request, value, data, length):
            if request == 0x67:
                asked.set()
                release.wait(PATIENCE)
            return bytes(length)

        port.on_control(answer)
        ready.set()
        echo(port)

    ready = threading.Event()
    _, phone = found(rig, script)
    with phone.open() as transport:
        assert ready.wait(PATIENCE)
        with ctrl_c_when(asked.is_set), pytest.raises(KeyboardInterrupt):
            transport.control_in(0x67, 32, PATIENCE)
        release.set()
        assert transport.control_in(0x68, 3, PATIENCE) == bytes(3)


def test_a_class_request_without_an_answer_times_out(rig):
    release = threading.Event()
    ready = threading.Event()

    def script(port):
        def answer(request, value, data, length):
            release.wait(PATIENCE)
            return b""

        port.on_control(answer)
        ready.set()
        echo(port)

    _, phone = found(rig, script)
    with phone.open() as transport:
        assert ready.wait(PATIENCE)
        with pytest.raises(TransportTimeout) as caught:
            transport.control_out(0x66, b"", 0.1)
        assert (caught.value.endpoint, caught.value.seconds) == ("control", 0.1)
        release.set()
