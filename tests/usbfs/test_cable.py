"""Coming and going on the emulated bus, seen through libusb: hotplug, unplugging, resets, access."""

from __future__ import annotations

import errno
import queue
import threading

import pytest
import usb1

from mtpbackup.errors import PhoneGone
from mtpbackup.transport.base import Endpoint, Speed
from mtpbackup.virtual.descriptors import BULK_IN, BULK_OUT, INTERRUPT_IN
from mtpbackup.virtual.usbfs import UsbProfile
from tests.usbfs.devices import SOON, BarePhone
from tests.usbfs.hosts import TIMEOUT, Read, Write, only, opened, wait_until

pytestmark = pytest.mark.usbfs


@pytest.fixture
def phone(usbfs_bus):
    phone = BarePhone()
    usbfs_bus.plug(phone)
    return phone


@pytest.mark.parametrize("speed", [Speed.FULL, Speed.HIGH, Speed.SUPER, Speed.SUPER_PLUS])
def test_the_phone_says_who_it_is(usbfs_bus, context, speed):
    profile = UsbProfile(0x04E8, 0x6860, "SAMSUNG", "Galaxy — ü", "R58", 0x0400, (0xFF, 0xFF, 0), "MTP", speed)
    phone = BarePhone(profile)
    usbfs_bus.plug(phone, port=7)
    device = only(context, "R58")
    place = usbfs_bus.place_of(phone)
    assert (device.getVendorID(), device.getProductID(), device.getbcdDevice()) == (0x04E8, 0x6860, 0x0400)
    assert (device.getBusNumber(), device.getDeviceAddress()) == (place.bus, place.address)
    assert device.getPortNumberList() == [7]
    expected = {Speed.FULL: usb1.SPEED_FULL, Speed.HIGH: usb1.SPEED_HIGH, Speed.SUPER: usb1.SPEED_SUPER}
    assert device.getDeviceSpeed() == expected.get(speed, 5)  # 5: LIBUSB_SPEED_SUPER_PLUS
    (configuration,) = device.iterConfigurations()
    (interface,) = configuration
    (setting,) = interface
    assert (setting.getClass(), setting.getSubClass(), setting.getProtocol()) == (0xFF, 0xFF, 0)
    size = 64 if speed is Speed.FULL else 512 if speed is Speed.HIGH else 1024
    assert [(e.getAddress(), e.getMaxPacketSize()) for e in setting] == [
        (BULK_IN, size),
        (BULK_OUT, size),
        (INTERRUPT_IN, 28),
    ]
    with opened(context, "R58") as handle:
        texts = [handle.getStringDescriptor(index, 0x0409) for index in (1, 2, 3, 4)]
        assert texts == ["SAMSUNG", "Galaxy — ü", "R58", "MTP"]
        assert handle.getConfiguration() == 1
        assert not handle.kernelDriverActive(0)


def test_hotplug_tells_of_coming_and_going(usbfs_bus, context):
    seen = []
    context.hotplugRegisterCallback(
        lambda context, device, event: seen.append((event, device.getDeviceAddress())) and False
    )
    phone = BarePhone()
    usbfs_bus.plug(phone)
    first = usbfs_bus.place_of(phone)
    wait_until(lambda: len(seen) == 1, context)
    usbfs_bus.replug(phone)
    second = usbfs_bus.place_of(phone)
    wait_until(lambda: len(seen) == 3, context)
    usbfs_bus.unplug(phone)
    wait_until(lambda: len(seen) == 4, context)
    arrived, left = usb1.HOTPLUG_EVENT_DEVICE_ARRIVED, usb1.HOTPLUG_EVENT_DEVICE_LEFT
    assert seen == [
        (arrived, first.address),
        (left, first.address),
        (arrived, second.address),
        (left, second.address),
    ]
    assert first.port == second.port
    assert not any(device.getVendorID() == 0x18D1 for device in context.getDeviceIterator())


def test_unplugged_in_the_middle_of_reading(phone, usbfs_bus, context):
    port = phone.port()
    ended = []

    def send():
        with pytest.raises(PhoneGone):
            port.send([bytes(5000)])
        ended.append(True)

    sender = threading.Thread(target=send)
    sender.start()
    with opened(context) as handle:
        assert handle.bulkRead(BULK_IN, 1024, TIMEOUT) == bytes(1024)
        event = Read(handle, 64, INTERRUPT_IN)
        write = Write(handle, b"nobody takes this")
        usbfs_bus.unplug(phone)
        wait_until(lambda: event.ended and write.ended, context)
        assert event.status == write.status == usb1.TRANSFER_NO_DEVICE
        with pytest.raises(usb1.USBErrorNoDevice):
            handle.bulkRead(BULK_IN, 512, TIMEOUT)
        with pytest.raises(usb1.USBErrorNoDevice):
            handle.controlRead(0xA1, 0x67, 0, 0, 4, TIMEOUT)
        sender.join(SOON)
        assert ended


def test_a_handle_from_before_does_not_reach_the_phone_plugged_in_again(phone, usbfs_bus, context):
    phone.port()
    with opened(context) as old:
        usbfs_bus.replug(phone)
        port = phone.port()
        with pytest.raises(usb1.USBErrorNoDevice):
            old.bulkWrite(BULK_OUT, b"from the old handle", TIMEOUT)
        with pytest.raises((usb1.USBErrorNoDevice, usb1.USBErrorNotFound)):
            old.resetDevice()
        wait_until(lambda: only(context).getDeviceAddress() == usbfs_bus.place_of(phone).address, context)
        receiver = threading.Thread(target=lambda: got.append(port.receive(512)))
        got = []
        receiver.start()
        with opened(context) as new:
            new.bulkWrite(BULK_OUT, b"from the new", TIMEOUT)
        receiver.join(SOON)
    assert got == [(b"from the new", True)]


def test_the_cable_breaks_after_so_many_bytes(phone, usbfs_bus, context):
    port = phone.port()
    phone.unplug_after(100_000)

    def send():
        with pytest.raises(PhoneGone):
            port.send([bytes(300_000)])

    sender = threading.Thread(target=send)
    sender.start()
    left = []
    context.hotplugRegisterCallback(
        lambda context, device, event: left.append(device) and False, events=usb1.HOTPLUG_EVENT_DEVICE_LEFT
    )
    with opened(context) as handle:
        whole, cut = Read(handle, 65_536), Read(handle, 65_536)
        wait_until(lambda: whole.ended and cut.ended, context)
        assert (whole.status, len(whole.data)) == (usb1.TRANSFER_COMPLETED, 65_536)
        assert (cut.status, len(cut.data)) == (usb1.TRANSFER_NO_DEVICE, 100_000 - 65_536)
        wait_until(lambda: bool(left), context)
    sender.join(SOON)
    assert not phone.plugged


def test_the_cable_breaks_while_the_phone_receives(phone, context):
    port = phone.port()
    phone.unplug_after(2000, Endpoint.OUT)
    got = []

    def receive():
        with pytest.raises(PhoneGone):
            while True:
                got.append(port.receive(512)[0])

    receiver = threading.Thread(target=receive)
    receiver.start()
    with opened(context) as handle:
        write = Write(handle, bytes(10_000))
        wait_until(lambda: write.ended, context)
        assert (write.status, write.sent) == (usb1.TRANSFER_NO_DEVICE, 2000)
    receiver.join(SOON)
    assert b"".join(got) == bytes(3 * 512)  # the last call brought nothing to its end


def test_a_reset_makes_the_server_start_anew(phone, context):
    first = phone.port()
    with opened(context) as handle:
        handle.resetDevice()
        with pytest.raises(PhoneGone):
            first.receive(512)
        second = phone.port()
        assert second is not first
        sender = threading.Thread(target=second.send, args=([b"new life"],))
        sender.start()
        assert handle.bulkRead(BULK_IN, 512, TIMEOUT) == b"new life"
        sender.join(SOON)
    assert phone.restarts == 1


def test_a_phone_may_leave_when_it_is_reset(usbfs_bus, context):
    phone = BarePhone(on_restart=lambda: False)
    usbfs_bus.plug(phone)
    with opened(context) as handle, pytest.raises((usb1.USBErrorNotFound, usb1.USBErrorNoDevice)):
        handle.resetDevice()
    assert not phone.plugged


def test_choosing_the_configuration_anew_starts_the_server_anew(phone, context):
    phone.port()
    handle = only(context).open()
    handle.setConfiguration(1)
    phone.port()
    handle.claimInterface(0)
    with pytest.raises(usb1.USBErrorBusy):
        handle.setConfiguration(1)  # as the kernel has it, while an interface is claimed
    handle.setInterfaceAltSetting(0, 0)
    phone.port()
    assert handle.controlWrite(0x00, 9, 1, 0, b"", TIMEOUT) == 0  # SET_CONFIGURATION past the kernel
    phone.port()
    handle.releaseInterface(0)
    handle.close()
    assert phone.restarts == 3


def test_permission_denied_and_granted(phone, usbfs_bus, context):
    usbfs_bus.deny_access(phone)
    with pytest.raises(usb1.USBErrorAccess):
        only(context).open()
    usbfs_bus.deny_access(phone, denied=False)
    with opened(context) as handle:
        assert handle.getConfiguration() == 1


def test_a_busy_interface(phone, usbfs_bus, context):
    usbfs_bus.occupy(phone)
    with pytest.raises(usb1.USBErrorBusy), opened(context):
        pass
    usbfs_bus.vacate(phone)
    with opened(context) as handle:
        assert handle.kernelDriverActive(0) is False  # "usbfs" is not one
        with pytest.raises(OSError, match="claimed") as caught:
            usbfs_bus.occupy(phone)
        assert caught.value.errno == errno.EBUSY
        other = only(context).open()
        with pytest.raises(usb1.USBErrorBusy):
            other.claimInterface(0)
        other.close()


def test_a_program_that_closes_gives_everything_back(phone, usbfs_bus, context):
    port = phone.port()
    handle = only(context).open()
    handle.claimInterface(0)
    read = Read(handle, 512)
    read.cancel()
    wait_until(lambda: read.ended, context)
    handle.close()
    with opened(context) as handle:
        sender = threading.Thread(target=port.send, args=([b"for the next one"],))
        sender.start()
        assert handle.bulkRead(BULK_IN, 512, TIMEOUT) == b"for the next one"
        sender.join(SOON)
    assert usbfs_bus.memory.used == 0


def test_several_phones_at_once(usbfs_bus, context):
    phones = {serial: BarePhone(UsbProfile(serial=serial)) for serial in ("one", "two", "three")}
    for phone in phones.values():
        usbfs_bus.plug(phone)
    assert len({usbfs_bus.place_of(phone).port for phone in phones.values()}) == 3
    for serial, phone in phones.items():
        sender = threading.Thread(target=phone.port().send, args=([serial.encode()],))
        sender.start()
        with opened(context, serial) as handle:
            assert handle.bulkRead(BULK_IN, 512, TIMEOUT) == serial.encode()
        sender.join(SOON)
    usbfs_bus.unplug(phones["two"])
    with opened(context, "three") as handle:
        assert handle.getConfiguration() == 1


def test_a_server_that_ends_by_itself_leaves_the_host_without_answers(usbfs_bus, context):
    from mtpbackup.virtual.usbfs import UsbDevice

    lives = queue.SimpleQueue()
    phone = UsbDevice(UsbProfile(), lives.put)
    usbfs_bus.plug(phone)
    with opened(context) as handle:
        with pytest.raises(usb1.USBErrorTimeout):
            handle.bulkRead(BULK_IN, 512, 50)
        with pytest.raises(usb1.USBErrorPipe):
            handle.controlRead(0xA1, 0x67, 0, 0, 4, TIMEOUT)
        lives.get(timeout=SOON)
        assert lives.empty()
        handle.resetDevice()
    lives.get(timeout=SOON)


def test_a_server_that_fails_is_remembered(usbfs_bus, context, caplog):
    from mtpbackup.virtual.usbfs import UsbDevice

    def serve(port):
        raise ZeroDivisionError

    phone = UsbDevice(UsbProfile(), serve)
    usbfs_bus.plug(phone)
    usbfs_bus.unplug(phone)
    assert isinstance(phone.failure, ZeroDivisionError)
    assert "server failed" in caplog.text
