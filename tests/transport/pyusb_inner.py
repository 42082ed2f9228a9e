"""PyusbTransport on the emulated bus. Run by `test_pyusb`, in a process with umockdev's library preloaded."""

import gc
import random
import subprocess
import sys
import threading
import time
from dataclasses import replace

import pytest
import usb.backend.libusb1

from mtpbackup.errors import AccessDenied, InterfaceBusy, PhoneGone, TransportError, TransportTimeout
from mtpbackup.transport import patience
from mtpbackup.transport.base import Speed, UsbIdentity
from mtpbackup.transport.pyusb import PyusbFinder
from mtpbackup.transport.pyusb.library import ExactBackend
from mtpbackup.transport.pyusb.old_library import old_backend
from mtpbackup.virtual.usbfs import Bus

from .contract import TransportContract
from .libusb_inner import PROFILE, UsbfsRig
from .rigs import (
    PATIENCE,
    Background,
    ctrl_c_when,
    echo,
    eventually,
    read_exactly,
    read_transfer,
    receive_transfer,
    silent,
)


class PyusbRig(UsbfsRig):
    finder_class = PyusbFinder


@pytest.fixture
def bus(monkeypatch):
    with Bus() as bus:
        monkeypatch.setenv("UMOCKDEV_DIR", str(bus.root))
        # pyusb keeps one libusb context for a process: each test's bus needs one of its own.
        monkeypatch.setattr(usb.backend.libusb1, "_lib_object", None)
        monkeypatch.setattr(ExactBackend, "slice_ms", 20)  # more of them, and less waiting
        yield bus
        # libusb listens for what is plugged in while any context is left, on the bus of the first one.
        gc.collect()
        if usb.backend.libusb1._lib_object is not None:
            usb.backend.libusb1._lib_object.finalize()
    leftover = [thread.name for thread in threading.enumerate() if "pyusb" in thread.name]
    assert leftover == []


@pytest.fixture
def rig(bus):
    rig = PyusbRig(bus)
    yield rig
    rig.close()


class TestContract(TransportContract):
    pass


class OldRig(UsbfsRig):
    """Over libusb 0.1, which knows devices by their places."""

    def close(self):
        super().close()
        list(old_backend().enumerate_devices())  # it forgets them, before they are taken for another test's

    @staticmethod
    def finder_class():
        return PyusbFinder(backend=old_backend())


@pytest.mark.skipif(old_backend() is None, reason="libusb 0.1 is not installed (Debian package libusb-0.1-4)")
class TestContractOverTheOldLibrary(TransportContract):
    @pytest.fixture
    def rig(self, bus):
        rig = OldRig(bus)
        yield rig
        rig.close()


# --- finding


@pytest.fixture
def finder(bus):
    finder = PyusbFinder(poll_interval=0.02)
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


def test_coming_and_going_is_noticed(rig, finder):
    assert not finder.wait_for_change(0.05)
    waiting = Background(lambda: finder.wait_for_change(PATIENCE))
    device = rig.plug(silent)
    assert waiting.outcome() is True
    rig.bus.unplug(device)
    assert finder.wait_for_change(PATIENCE)
    eventually(lambda: not finder.find())


def test_ctrl_c_ends_waiting_for_a_phone(finder):
    with ctrl_c_when(lambda: True), pytest.raises(KeyboardInterrupt):
        finder.wait_for_change(PATIENCE)


# --- opening and closing


def found(rig, script=silent, profile=PROFILE, **more):
    device = rig.plug(script, profile, **more)
    return device, PyusbFinder().find()[-1]


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

    phone._sleep = sleep
    monkeypatch.setattr(patience, "_age", lambda node: 0.1)
    phone.open().close()
    assert waited == [0.1] * 3

    rig.bus.deny_access(device)
    monkeypatch.setattr(patience, "_age", lambda node: 60.0)
    with pytest.raises(AccessDenied) as caught:
        phone.open()
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
    def script(port):
        port.send_event(b"started")
        echo(port)

    device, phone = found(rig, script)
    with phone.open() as transport:
        assert transport.next_event(PATIENCE) == b"started"
        transport.reset()
        assert device.restarts == 1
        assert transport.next_event(PATIENCE) == b"started"
        transport.write([b"works"], PATIENCE)
        assert read_transfer(transport) == b"works"


def test_a_reset_that_makes_the_phone_leave(rig):
    _, phone = found(rig, echo, on_restart=lambda: False)
    with phone.open() as transport, pytest.raises(PhoneGone):
        transport.reset()
        transport.read(512, PATIENCE)


def test_a_program_that_dies_without_closing_dies_in_peace(rig):
    """Not by a failed assertion inside libusb, nor by hanging."""
    found(rig)
    program = (
        "from mtpbackup.transport.pyusb import PyusbFinder\n"
        "transport = PyusbFinder().find()[0].open()\n"
        "transport.write([b'go'], 10)\n"
        "transport._ring._top_up(1 << 20)\n"
        "raise SystemExit(7)\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=PATIENCE
    )
    assert (run.returncode, run.stderr) == (7, "")


# --- short calls that block


def test_calls_become_smaller_where_memory_is_short(rig):
    data = random.Random(1).randbytes(700_000)
    _, phone = found(rig, echo)
    rig.bus.memory.limit = 100_000
    with phone.open() as transport:
        transport.write([data[:60_000]], PATIENCE)
        assert read_exactly(transport, 60_000) == data[:60_000]
        rig.bus.memory.limit = 0
        with pytest.raises(TransportError):
            transport.write([b"go"], PATIENCE)
        rig.bus.memory.limit = 1 << 24


def test_a_pause_longer_than_a_call_loses_nothing_and_ends_nothing(rig):
    """A call that ends by its time with whole packets so far is no end of a transfer."""
    pause = threading.Event()

    def script(port):
        receive_transfer(port)

        def parts():
            yield b"a" * 1024
            pause.wait(0.3)
            yield b"b" * 1000

        port.send(parts())

    _, phone = found(rig, script)
    with phone.open() as transport:
        transport.write([b"go"], PATIENCE)
        chunk = transport.read(65536, PATIENCE)
        assert (bytes(chunk.data), chunk.ended) == (b"a" * 1024 + b"b" * 1000, True)
        chunk.release()


def test_an_empty_packet_after_whole_ones_is_an_end(rig):
    def script(port):
        receive_transfer(port)
        port.send([b"a" * 1024])
        silent(port)

    _, phone = found(rig, script)
    with phone.open() as transport:
        transport.write([b"go"], PATIENCE)
        started = time.monotonic()
        chunk = transport.read(65536, PATIENCE)
        assert (bytes(chunk.data), chunk.ended) == (b"a" * 1024, True)
        assert time.monotonic() - started < 1
        chunk.release()


def test_ctrl_c_in_a_class_request(rig):
    asked = threading.Event()
    release = threading.Event()
    ready = threading.Event()

    def script(port):
        def answer(request, value, data, length):
            if request == 0x67:
                asked.set()
                release.wait(PATIENCE)
            return bytes(length)

        port.on_control(answer)
        ready.set()
        echo(port)

    _, phone = found(rig, script)
    with phone.open() as transport:
        assert ready.wait(PATIENCE)
        started = time.monotonic()
        with ctrl_c_when(asked.is_set), pytest.raises(KeyboardInterrupt):
            transport.control_in(0x67, 32, PATIENCE)
        assert time.monotonic() - started < 1
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


def test_events_are_read_while_nobody_asks(rig):
    """An unread event blocks the phone: all are sent before the program takes one."""
    sent = threading.Event()

    def script(port):
        for number in range(20):
            port.send_event(bytes([number]) * 24)
        sent.set()
        silent(port)

    _, phone = found(rig, script)
    with phone.open() as transport:
        assert sent.wait(PATIENCE)
        assert transport.next_event(PATIENCE) == bytes(24)
