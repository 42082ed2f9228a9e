"""What transports to real phones do, whichever library carries them: on an emulated bus, where more can be done
to a phone than in memory. Run by `libusb_inner` and `pyusb_inner`."""

from __future__ import annotations

import errno
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from mtpbackup.errors import AccessDenied, InterfaceBusy, PhoneGone, TransportError, TransportTimeout
from mtpbackup.transport import patience
from mtpbackup.transport.base import Speed, UsbIdentity
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
    read_transfer,
    receive_transfer,
    silent,
)

PROFILE = UsbProfile(serial=IDENTITY.serial, manufacturer=IDENTITY.manufacturer, product=IDENTITY.product)
SPEEDS = {64: Speed.FULL, 512: Speed.HIGH, 1024: Speed.SUPER}


class BusRig(Rig):
    """Phones on an emulated bus.

    Attributes:
        bus: the bus.
        finder_class: makes a finder that sees it.
    """

    def __init__(self, bus: Bus, finder_class) -> None:
        self.bus = bus
        self.finder_class = finder_class
        self.devices: list[UsbDevice] = []
        self._transports = []

    def plug(self, script, profile=PROFILE, **more) -> UsbDevice:
        device = UsbDevice(profile, script, **more)
        self.devices.append(device)
        self.bus.plug(device)
        return device

    def found(self, script=silent, profile=PROFILE, **more):
        """A phone that was plugged in, and what a finder sees of it."""
        device = self.plug(script, profile, **more)
        finder = self.finder_class()
        try:
            return device, finder.find()[-1]
        finally:
            finder.close()

    def open(self, script, options=None, packet_size=512):
        _, phone = self.found(script, replace(PROFILE, speed=SPEEDS[packet_size]))
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


def break_reads(device):
    """Ends what waits on bulk IN as a cable does that is pulled, before the kernel knows."""

    def broke():
        with device.lock:
            waits = bool(device.bulk_in._urbs)
            device.bulk_in.withdraw_all(-errno.EPROTO)
        return waits

    eventually(broke)


def break_events(device):
    """The same to what waits for an event."""
    with device.lock:
        device.interrupt.withdraw_all(-errno.EPROTO)


class BusContract(TransportContract):
    """The suite. A subclass has fixtures `rig`, a `BusRig`, and `finder`.

    Attributes:
        finder_import: how a program gets a `Finder`.
    """

    finder_import = ""

    # --- finding

    def test_nothing_is_found_on_an_empty_bus(self, finder):
        assert finder.find() == []

    def test_what_is_found_says_where_it_is(self, rig, finder):
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

    def test_phones_come_in_the_order_of_their_ports(self, rig, finder):
        rig.plug(silent, replace(PROFILE, serial="first"))
        rig.plug(silent, replace(PROFILE, serial="second"))
        eventually(lambda: len(finder.find()) == 2)
        assert [phone.identity.serial for phone in finder.find()] == ["first", "second"]

    def test_a_phone_of_vendor_class_is_known_by_its_interfaces_name(self, rig, finder):
        hidden = replace(PROFILE, vendor_id=0x1234, interface_class=(255, 255, 0))
        rig.plug(silent, replace(hidden, interface_name="MTP"))
        rig.plug(silent, replace(hidden, interface_name="Modem", serial="no phone"))
        eventually(lambda: len(finder.find()) == 1)
        assert finder.find()[0].identity.serial == PROFILE.serial

    def test_coming_and_going_is_noticed(self, rig, finder):
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

    def test_a_change_before_waiting_is_not_missed(self, rig, finder):
        rig.plug(silent)
        eventually(finder.find)
        assert finder.wait_for_change(PATIENCE)

    def test_ctrl_c_ends_waiting_for_a_phone(self, finder):
        started = time.monotonic()
        with ctrl_c_when(lambda: True), pytest.raises(KeyboardInterrupt):
            finder.wait_for_change(PATIENCE)
        assert time.monotonic() - started < 1

    # --- opening and closing

    def test_no_permission(self, rig, monkeypatch):
        # Each refused open leaves a connection behind, which the bus would wait for.
        monkeypatch.setattr("mtpbackup.virtual.usbfs.bus._PATIENCE", 0.01)
        device, phone = rig.found()
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

    def test_an_interface_that_another_program_holds(self, rig):
        device, phone = rig.found(echo)
        rig.bus.occupy(device)
        with pytest.raises(InterfaceBusy) as caught:
            phone.open()
        assert caught.value.node == phone.identity.node
        rig.bus.vacate(device)
        with phone.open() as transport:
            transport.write([b"works"], PATIENCE)
            assert read_transfer(transport) == b"works"

    def test_the_holder_is_named(self, rig):
        _, phone = rig.found()
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

    def test_a_phone_that_left_before_it_was_opened(self, rig):
        device, phone = rig.found()
        rig.bus.unplug(device)
        with pytest.raises(PhoneGone):
            phone.open()

    def test_opening_and_closing_leave_the_phones_server_alone(self, rig):
        """No reset, no SetConfiguration, no alternate setting (ANDROID.md, AVOID 3)."""
        device, phone = rig.found(echo)
        for _ in range(3):
            with phone.open() as transport:
                transport.write([b"works"], PATIENCE)
                assert read_transfer(transport) == b"works"
        assert device.restarts == 0

    def test_a_reset_that_the_phone_survives(self, rig):
        device, phone = rig.found(echo)
        with phone.open() as transport:
            transport.reset()
            assert device.restarts == 1
            transport.write([b"works"], PATIENCE)
            assert read_transfer(transport) == b"works"

    def test_a_reset_that_makes_the_phone_leave(self, rig):
        _, phone = rig.found(echo, on_restart=lambda: False)
        with phone.open() as transport, pytest.raises(PhoneGone):
            transport.reset()
            transport.read(512, PATIENCE)

    def test_events_go_on_after_a_reset(self, rig):
        def script(port):
            port.send_event(b"started")
            silent(port)

        _, phone = rig.found(script)
        with phone.open() as transport:
            assert transport.next_event(PATIENCE) == b"started"
            transport.reset()
            assert transport.next_event(PATIENCE) == b"started"

    def test_a_program_that_dies_without_closing_dies_in_peace(self, rig):
        """Not by a failed assertion inside libusb, nor by hanging."""
        rig.found()
        program = (
            f"{self.finder_import}\n"
            "finder = Finder()\n"
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

    def test_a_broken_read_of_a_phone_that_is_there_is_no_unplugging(self, rig):
        device, phone = rig.found(echo)
        with phone.open() as transport:
            reader = Background(lambda: transport.read(512, PATIENCE))
            break_reads(device)
            error = reader.outcome()
            assert isinstance(error, TransportError)
            assert not isinstance(error, PhoneGone)
            transport.write([b"works"], PATIENCE)
            assert read_transfer(transport) == b"works"

    def test_a_broken_read_of_a_phone_that_then_leaves_is_unplugging(self, rig):
        """Its status is asked until the kernel knows."""
        device, phone = rig.found(silent)
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

    def test_unplugging_is_seen_by_who_waits_for_events_though_their_read_broke_first(self, rig):
        device, phone = rig.found(silent)
        with phone.open() as transport:
            waiter = Background(lambda: transport.next_event(PATIENCE))
            break_events(device)
            started = time.monotonic()
            rig.bus.unplug(device)
            assert isinstance(waiter.outcome(), PhoneGone)
            assert time.monotonic() - started < 2

    def test_unplugging_is_seen_by_who_waits_for_events_where_none_are_read(self, rig):
        """As on a device without an interrupt endpoint, or one whose endpoint failed again and again."""
        device, phone = rig.found(silent)
        with phone.open() as transport:
            transport._reader.stop()
            waiter = Background(lambda: transport.next_event(PATIENCE))
            started = time.monotonic()
            rig.bus.unplug(device)
            assert isinstance(waiter.outcome(), PhoneGone)
            assert time.monotonic() - started < 2

    def test_a_class_request_after_unplugging_fails_at_once(self, rig):
        device, phone = rig.found()
        with phone.open() as transport:
            rig.bus.unplug(device)
            started = time.monotonic()
            with pytest.raises(PhoneGone):
                transport.control_in(0x67, 32, PATIENCE)
            assert time.monotonic() - started < 0.9

    # --- what comes late

    def test_a_pause_loses_nothing_and_ends_nothing(self, rig):
        """Also one longer than a call of pyusb's, which ends by its time with whole packets so far."""
        pause = threading.Event()

        def script(port):
            receive_transfer(port)

            def parts():
                yield b"a" * 1024
                pause.wait(0.3)
                yield b"b" * 1000

            port.send(parts())

        _, phone = rig.found(script)
        with phone.open() as transport:
            transport.write([b"go"], PATIENCE)
            chunk = transport.read(65536, PATIENCE)
            assert (bytes(chunk.data), chunk.ended) == (b"a" * 1024 + b"b" * 1000, True)
            chunk.release()

    def test_an_empty_packet_after_whole_ones_is_an_end(self, rig):
        def script(port):
            receive_transfer(port)
            port.send([b"a" * 1024])
            silent(port)

        _, phone = rig.found(script)
        with phone.open() as transport:
            transport.write([b"go"], PATIENCE)
            started = time.monotonic()
            chunk = transport.read(65536, PATIENCE)
            assert (bytes(chunk.data), chunk.ended) == (b"a" * 1024, True)
            assert time.monotonic() - started < 1
            chunk.release()

    def test_events_are_read_while_nobody_asks(self, rig):
        """An unread event blocks the phone: all are sent before the program takes one."""
        sent = threading.Event()

        def script(port):
            for number in range(20):
                port.send_event(bytes([number]) * 24)
            sent.set()
            silent(port)

        _, phone = rig.found(script)
        with phone.open() as transport:
            assert sent.wait(PATIENCE)
            assert transport.next_event(PATIENCE) == bytes(24)

    # --- class requests

    def test_ctrl_c_in_a_class_request(self, rig):
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

        _, phone = rig.found(script)
        with phone.open() as transport:
            assert ready.wait(PATIENCE)
            started = time.monotonic()
            with ctrl_c_when(asked.is_set), pytest.raises(KeyboardInterrupt):
                transport.control_in(0x67, 32, PATIENCE)
            assert time.monotonic() - started < 1
            release.set()
            assert transport.control_in(0x68, 3, PATIENCE) == bytes(3)

    def test_a_class_request_without_an_answer_times_out(self, rig):
        release = threading.Event()
        ready = threading.Event()

        def script(port):
            def answer(request, value, data, length):
                release.wait(PATIENCE)
                return b""

            port.on_control(answer)
            ready.set()
            echo(port)

        _, phone = rig.found(script)
        with phone.open() as transport:
            assert ready.wait(PATIENCE)
            with pytest.raises(TransportTimeout) as caught:
                transport.control_out(0x66, b"", 0.1)
            assert (caught.value.endpoint, caught.value.seconds) == ("control", 0.1)
            release.set()
