"""Finding phones on the USB buses, and opening one."""

from __future__ import annotations

import contextlib
import logging
import queue
import time
from collections.abc import Callable, Sequence
from typing import Any

import usb1

from mtpbackup.errors import PhoneGone
from mtpbackup.transport.base import Speed, TransportOptions, UsbIdentity
from mtpbackup.transport.libusb.library import EventLoop, load_library, open_context, translated
from mtpbackup.transport.libusb.transport import LibusbTransport
from mtpbackup.transport.match import (
    EndpointDescription,
    InterfaceDescription,
    MtpInterface,
    mtp_interface,
)
from mtpbackup.transport.patience import patiently
from mtpbackup.transport.sysfs import SysfsDevice

_log = logging.getLogger(__name__)

#: enum libusb_speed.
_SPEEDS = {1: Speed.LOW, 2: Speed.FULL, 3: Speed.HIGH, 4: Speed.SUPER, 5: Speed.SUPER_PLUS}


class FoundUsbPhone:
    """A phone that was seen on a USB bus. A `FoundPhone`.

    Attributes:
        interface: what will be claimed.
    """

    def __init__(
        self, identity: UsbIdentity, interface: MtpInterface, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._identity = identity
        self.interface = interface
        self._sleep = sleep

    @property
    def identity(self) -> UsbIdentity:
        """See `FoundPhone`."""
        return self._identity

    def open(self, options: TransportOptions | None = None) -> LibusbTransport:
        """See `FoundPhone`. Waits up to 3 s for udev to give access to a phone that just came."""
        context = open_context()
        try:
            device = self._device(context)
            handle = patiently(self._identity.node, lambda: self._open(device), self._sleep)
            with translated(node=self._identity.node):
                handle.claimInterface(self.interface.number)
            return LibusbTransport(context, handle, self.interface, self._identity, options)
        except BaseException:
            context.close()
            raise

    def _device(self, context: Any) -> Any:
        """The same device in another context."""
        with translated():
            for device in context.getDeviceIterator(skip_on_error=True):
                if (device.getBusNumber(), device.getDeviceAddress(), device.getVendorID()) == (
                    self._identity.bus,
                    self._identity.address,
                    self._identity.vendor_id,
                ):
                    return device
        raise PhoneGone("the phone left the bus before it was opened")

    def _open(self, device: Any) -> Any:
        with translated(node=self._identity.node):
            return device.open()


class LibusbFinder:
    """Finds phones by libusb. A `Finder`.

    Args:
        hotplug: False to look around now and then, as where libusb cannot tell; None to ask libusb.
        poll_interval: seconds between two looks without hotplug.
        sleep: passes time.

    Raises:
        LibraryMissing: no libusb on this computer.
    """

    def __init__(
        self,
        *,
        hotplug: bool | None = None,
        poll_interval: float = 0.5,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        load_library()
        self._poll_interval = poll_interval
        self._sleep = sleep
        self._changes: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._context: Any = open_context()
        self._loop: EventLoop | None = None
        if hotplug is not False and usb1.hasCapability(usb1.CAP_HAS_HOTPLUG):
            # Arrivals from now on: what is there already is for `find`.
            with translated():
                self._context.hotplugRegisterCallback(self._changed, flags=0)
            self._loop = EventLoop(self._context)
        self._seen = self._addresses()

    def find(self) -> Sequence[FoundUsbPhone]:
        """See `Finder`."""
        found: list[FoundUsbPhone] = []
        with translated():
            for device in self._context.getDeviceIterator(skip_on_error=True):
                phone = self._look_at(device)
                if phone is not None:
                    found.append(phone)
                device.close()
        return sorted(found, key=lambda phone: (phone.identity.bus, phone.identity.ports))

    def wait_for_change(self, timeout: float) -> bool:
        """See `Finder`."""
        if self._loop is None:
            return self._poll(timeout)
        try:
            self._changes.get(timeout=max(timeout, 0.0))
        except queue.Empty:
            return False
        with contextlib.suppress(queue.Empty):
            while True:  # several at once are one change
                self._changes.get_nowait()
        return True

    def close(self) -> None:
        """See `Finder`."""
        if self._loop is not None:
            self._loop.stop()
        self._context.close()

    def _changed(self, context: Any, device: Any, event: int) -> bool:
        """In the event thread. The answer keeps the callback registered."""
        self._changes.put(None)
        return False

    def _poll(self, timeout: float) -> bool:
        deadline = time.monotonic() + timeout
        while True:
            seen, self._seen = self._seen, self._addresses()
            if seen != self._seen:
                return True
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            self._sleep(min(left, self._poll_interval))

    def _addresses(self) -> set[tuple[int, int]]:
        with translated():
            return {
                (device.getBusNumber(), device.getDeviceAddress())
                for device in self._context.getDeviceIterator(skip_on_error=True)
            }

    def _look_at(self, device: Any) -> FoundUsbPhone | None:
        bus, address = device.getBusNumber(), device.getDeviceAddress()
        ports = tuple(device.getPortNumberList())
        sysfs = SysfsDevice(bus, ports)
        interface = mtp_interface(_interfaces(device, sysfs), device.getVendorID())
        if interface is None:
            return None
        manufacturer, product, serial = _strings(device, sysfs)
        identity = UsbIdentity(
            vendor_id=device.getVendorID(),
            product_id=device.getProductID(),
            manufacturer=manufacturer,
            product=product,
            serial=serial,
            bus=bus,
            address=address,
            ports=ports,
            speed=_SPEEDS.get(device.getDeviceSpeed(), Speed.UNKNOWN),
            node=f"/dev/bus/usb/{bus:03}/{address:03}",
        )
        return FoundUsbPhone(identity, interface, self._sleep)


def _interfaces(device: Any, sysfs: SysfsDevice) -> list[InterfaceDescription]:
    """The interfaces of the active configuration; of the first one where it is not known which is active."""
    configurations = list(device.iterConfigurations())
    active = [c for c in configurations if c.getConfigurationValue() == sysfs.configuration]
    return [
        InterfaceDescription(
            number=setting.getNumber(),
            alternate=setting.getAlternateSetting(),
            kind=(setting.getClass(), setting.getSubClass(), setting.getProtocol()),
            name=sysfs.interface_name(configuration.getConfigurationValue(), setting.getNumber()),
            endpoints=tuple(
                EndpointDescription(e.getAddress(), e.getAttributes(), e.getMaxPacketSize() & 0x7FF)
                for e in setting
            ),
        )
        for configuration in (active or configurations)[:1]
        for interface in configuration
        for setting in interface
    ]


def _strings(device: Any, sysfs: SysfsDevice) -> tuple[str, str, str]:
    """Manufacturer, product and serial; asks the device itself only where the system does not know."""
    if sysfs.known:
        return sysfs.attribute("manufacturer"), sysfs.attribute("product"), sysfs.attribute("serial")
    texts = ["", "", ""]
    for index, ask in enumerate((device.getManufacturer, device.getProduct, device.getSerialNumber)):
        with contextlib.suppress(usb1.USBError):
            texts[index] = ask() or ""
    return texts[0], texts[1], texts[2]
