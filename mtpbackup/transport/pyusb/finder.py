"""Finding phones on the USB buses by way of pyusb, and opening one."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Sequence
from typing import Any, Final

import usb.core
import usb.util

from mtpbackup.transport.base import Speed, TransportOptions, UsbIdentity
from mtpbackup.transport.match import (
    EndpointDescription,
    InterfaceDescription,
    MtpInterface,
    mtp_interface,
)
from mtpbackup.transport.patience import patiently
from mtpbackup.transport.pyusb.library import translated, usb_backend
from mtpbackup.transport.pyusb.transport import PyusbTransport
from mtpbackup.transport.sysfs import SysfsDevice

_SPEEDS: Final = {
    usb.util.SPEED_LOW: Speed.LOW,
    usb.util.SPEED_FULL: Speed.FULL,
    usb.util.SPEED_HIGH: Speed.HIGH,
    usb.util.SPEED_SUPER: Speed.SUPER,
    5: Speed.SUPER_PLUS,  # libusb's value; pyusb 1.3 has no name for it
}


class FoundPyusbPhone:
    """A phone that was seen on a USB bus. A `FoundPhone`.

    Attributes:
        interface: what will be claimed.
    """

    def __init__(
        self,
        device: Any,
        identity: UsbIdentity,
        interface: MtpInterface,
        backend: Any,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._device = device
        self._backend = backend
        self._identity = identity
        self.interface = interface
        self._sleep = sleep

    @property
    def identity(self) -> UsbIdentity:
        """See `FoundPhone`."""
        return self._identity

    def open(self, options: TransportOptions | None = None) -> PyusbTransport:
        """See `FoundPhone`. Waits up to 3 s for udev to give access to a phone that just came."""
        try:
            patiently(self._identity.node, self._claim, self._sleep)
            return PyusbTransport(self._device, self.interface, self._identity, options, self._backend)
        except BaseException:
            usb.util.dispose_resources(self._device)
            raise

    def _claim(self) -> None:
        with translated(node=self._identity.node):
            usb.util.claim_interface(self._device, self.interface.number)
            # pyusb looks for endpoints in the active configuration. It asks now, of libusb.
            self._device.get_active_configuration()


class PyusbFinder:
    """Finds phones by pyusb, which tells of no coming and going: it looks around now and then. A `Finder`.

    Args:
        poll_interval: seconds between two looks.
        sleep: passes time.
        backend: pyusb's; None for the best there is.

    Raises:
        LibraryMissing: no libusb on this computer.
    """

    def __init__(
        self,
        *,
        poll_interval: float = 0.5,
        sleep: Callable[[float], None] = time.sleep,
        backend: Any = None,
    ) -> None:
        self._backend = usb_backend() if backend is None else backend
        self._poll_interval = poll_interval
        self._sleep = sleep
        self._seen = self._addresses()

    def find(self) -> Sequence[FoundPyusbPhone]:
        """See `Finder`."""
        with translated():
            devices = list(
                usb.core.find(
                    find_all=True, backend=self._backend, custom_match=lambda d: _interface(d) is not None
                )
            )
        found = [phone for phone in map(self._look_at, devices) if phone is not None]
        return sorted(found, key=lambda phone: (phone.identity.bus, phone.identity.ports))

    def wait_for_change(self, timeout: float) -> bool:
        """See `Finder`."""
        deadline = time.monotonic() + timeout
        while True:
            seen, self._seen = self._seen, self._addresses()
            if seen != self._seen:
                return True
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            self._sleep(min(left, self._poll_interval))

    def close(self) -> None:
        """See `Finder`. libusb stays loaded: pyusb keeps it for the whole process."""

    def _addresses(self) -> set[tuple[int, int]]:
        with translated():
            devices = usb.core.find(find_all=True, backend=self._backend)
            return {(device.bus, device.address) for device in devices}

    def _look_at(self, device: Any) -> FoundPyusbPhone | None:
        interface = _interface(device)
        if interface is None:  # it left since
            return None
        manufacturer, product, serial = _strings(device)
        identity = UsbIdentity(
            vendor_id=device.idVendor,
            product_id=device.idProduct,
            manufacturer=manufacturer,
            product=product,
            serial=serial,
            bus=device.bus,
            address=device.address,
            ports=device.port_numbers or (),
            speed=_SPEEDS.get(device.speed, Speed.UNKNOWN),
            node=f"/dev/bus/usb/{device.bus:03}/{device.address:03}",
        )
        return FoundPyusbPhone(device, identity, interface, self._backend, self._sleep)


def _interface(device: Any) -> MtpInterface | None:
    """The interface of a device that speaks MTP; None where there is none, or it cannot be looked at."""
    try:
        return mtp_interface(_interfaces(device), device.idVendor)
    except usb.core.USBError:
        return None


def _interfaces(device: Any) -> list[InterfaceDescription]:
    """The interfaces of the active configuration; of the first one where it is not known which is active."""
    sysfs = SysfsDevice(device.bus, device.port_numbers or ())
    configurations = list(device)
    active = [c for c in configurations if c.bConfigurationValue == sysfs.configuration]
    return [
        InterfaceDescription(
            number=setting.bInterfaceNumber,
            alternate=setting.bAlternateSetting,
            kind=(setting.bInterfaceClass, setting.bInterfaceSubClass, setting.bInterfaceProtocol),
            name=sysfs.interface_name(configuration.bConfigurationValue, setting.bInterfaceNumber),
            endpoints=tuple(
                EndpointDescription(e.bEndpointAddress, e.bmAttributes, e.wMaxPacketSize & 0x7FF)
                for e in setting
            ),
        )
        for configuration in (active or configurations)[:1]
        for setting in configuration
    ]


def _strings(device: Any) -> tuple[str, str, str]:
    """Manufacturer, product and serial; asks the device itself only where the system does not know."""
    sysfs = SysfsDevice(device.bus, device.port_numbers or ())
    if sysfs.known:
        return sysfs.attribute("manufacturer"), sysfs.attribute("product"), sysfs.attribute("serial")
    texts = ["", "", ""]
    for index, number in enumerate((device.iManufacturer, device.iProduct, device.iSerialNumber)):
        # ValueError: pyusb has it for a device that tells no language, as where access is denied.
        with contextlib.suppress(usb.core.USBError, ValueError):
            texts[index] = usb.util.get_string(device, number) or ""
    usb.util.dispose_resources(device)  # asking opened it
    return texts[0], texts[1], texts[2]
