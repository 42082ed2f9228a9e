"""What /sys and udev's database say of a plugged device: the files that libusb, libudev and lsusb read."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mtpbackup.transport.base import Speed
from mtpbackup.virtual.descriptors import ENDPOINT, INTERFACE, UsbProfile

#: Character device major of usbfs.
_MAJOR: Final = 189

_ENDPOINT_TYPES: Final = ("Control", "Isoc", "Bulk", "Interrupt")


@dataclass(frozen=True, slots=True)
class Place:
    """Where on the bus a device is plugged in.

    Attributes:
        bus: number of the bus.
        port: port of the root hub.
        address: number given for this attachment.
    """

    bus: int
    port: int
    address: int

    @property
    def name(self) -> str:
        """As sysfs names it, `90-1`."""
        return f"{self.bus}-{self.port}"

    @property
    def device_path(self) -> str:
        """DEVPATH: its folder below /sys."""
        return f"/devices/virtual_bus/usb{self.bus}/{self.name}"

    @property
    def node(self) -> str:
        """Its device node."""
        return f"/dev/{self.node_name}"

    @property
    def node_name(self) -> str:
        """DEVNAME as in the kernel's own uevents."""
        return f"bus/usb/{self.bus:03d}/{self.address:03d}"

    @property
    def minor(self) -> int:
        """Minor number of the device node."""
        return (self.bus - 1) * 128 + self.address - 1


class SysfsTree:
    """The tree under one root, as libumockdev-preload shows it to programs."""

    def __init__(self, root: Path) -> None:
        self._root = root
        for folder in (
            "sys/bus/usb/devices",
            "sys/bus/usb/drivers",
            "sys/class",
            "sys/dev/char",
            "run/udev/data",
        ):
            (root / folder).mkdir(parents=True, exist_ok=True)
        (root / "dev/.node").mkdir(parents=True, exist_ok=True)
        (root / "dev/bus/usb").mkdir(parents=True, exist_ok=True)

    def add(self, place: Place, profile: UsbProfile) -> None:
        """Writes everything about a device."""
        folder = self._folder(place)
        folder.mkdir(parents=True)
        (folder / "descriptors").write_bytes(profile.device() + profile.configuration())
        _write_attributes(folder, _device_attributes(place, profile))
        _write_uevent(folder, device_properties(place, profile))
        self._add_endpoint(folder, bytes((7, ENDPOINT, 0, 0, 64, 0, 0)))
        self._link(folder / "subsystem", "sys/bus/usb")
        self._link(self._root / f"sys/bus/usb/devices/{place.name}", f"sys{place.device_path}")
        self._link(self._root / f"sys/dev/char/{_MAJOR}:{place.minor}", f"sys{place.device_path}")
        self._add_interfaces(place, profile)
        # How the preload library gives a node its numbers.
        marker = self._root / "dev/.node" / place.node_name.replace("/", "_")
        marker.symlink_to(f"{_MAJOR}:{place.minor}")
        properties = {"ID_MTP_DEVICE": "1", "ID_MEDIA_PLAYER": "1", "ID_SERIAL_SHORT": profile.serial}
        lines = ["I:1", *(f"E:{key}={value}" for key, value in properties.items()), "G:uaccess", "V:1"]
        self._udev_entry(place).write_text("\n".join(lines) + "\n")

    def remove(self, place: Place) -> None:
        """Removes it."""
        devices = self._root / "sys/bus/usb/devices"
        for link in (*devices.glob(f"{place.name}:*"), devices / place.name):
            link.unlink(missing_ok=True)
        (self._root / f"sys/dev/char/{_MAJOR}:{place.minor}").unlink(missing_ok=True)
        (self._root / "dev/.node" / place.node_name.replace("/", "_")).unlink(missing_ok=True)
        self._udev_entry(place).unlink(missing_ok=True)
        shutil.rmtree(self._folder(place), ignore_errors=True)

    def _folder(self, place: Place) -> Path:
        return self._root / f"sys{place.device_path}"

    def _udev_entry(self, place: Place) -> Path:
        return self._root / f"run/udev/data/c{_MAJOR}:{place.minor}"

    def _link(self, link: Path, target: str) -> None:
        """A relative link within the tree: absolute ones would lead out of it."""
        link.symlink_to(os.path.relpath(self._root / target, link.parent))

    def _add_interfaces(self, place: Place, profile: UsbProfile) -> None:
        for descriptor in profile.interface():
            if descriptor[1] == INTERFACE:
                name = f"{place.name}:1.{descriptor[2]}"
                folder = self._folder(place) / name
                folder.mkdir()
                self._link(folder / "subsystem", "sys/bus/usb")
                self._link(self._root / f"sys/bus/usb/devices/{name}", f"sys{place.device_path}/{name}")
                _write_attributes(folder, _interface_attributes(descriptor, profile.interface_name))
                _write_uevent(folder, interface_properties(place, profile))
            elif descriptor[1] == ENDPOINT:
                self._add_endpoint(folder, descriptor)

    def _add_endpoint(self, folder: Path, descriptor: bytes) -> None:
        address, attributes, interval = descriptor[2], descriptor[3], descriptor[6]
        kind = _ENDPOINT_TYPES[attributes & 3]
        place = folder / f"ep_{address:02x}"
        place.mkdir()
        _write_attributes(
            place,
            {
                "bEndpointAddress": f"{address:02x}",
                "bLength": "07",
                "bmAttributes": f"{attributes:02x}",
                "bInterval": f"{interval:02x}",
                "wMaxPacketSize": f"{int.from_bytes(descriptor[4:6], 'little'):04x}",
                "direction": "both" if kind == "Control" else "in" if address & 0x80 else "out",
                "type": kind,
                "interval": "0ms",
            },
        )


def device_properties(place: Place, profile: UsbProfile) -> dict[str, str]:
    """The properties of the device's uevents, beside ACTION and the like."""
    return {
        "MAJOR": str(_MAJOR),
        "MINOR": str(place.minor),
        "DEVNAME": place.node_name,
        "DEVTYPE": "usb_device",
        "DRIVER": "usb",
        "PRODUCT": _product(profile),
        "TYPE": "0/0/0",
        "BUSNUM": f"{place.bus:03d}",
        "DEVNUM": f"{place.address:03d}",
    }


def interface_properties(place: Place, profile: UsbProfile) -> dict[str, str]:
    """The properties of its interface's uevents."""
    return {
        "DEVTYPE": "usb_interface",
        "PRODUCT": _product(profile),
        "TYPE": "0/0/0",
        "INTERFACE": "/".join(map(str, profile.interface_class)),
    }


def _product(profile: UsbProfile) -> str:
    return f"{profile.vendor_id:x}/{profile.product_id:x}/{profile.device_version:x}"


def _device_attributes(place: Place, profile: UsbProfile) -> dict[str, str]:
    version = profile.usb_version
    attributes = {
        "bConfigurationValue": "1",
        "bDeviceClass": "00",
        "bDeviceProtocol": "00",
        "bDeviceSubClass": "00",
        "bMaxPacketSize0": "9" if profile.speed >= Speed.SUPER else "64",
        "bMaxPower": "500mA",
        "bNumConfigurations": "1",
        "bNumInterfaces": " 1",
        "bcdDevice": f"{profile.device_version:04x}",
        "bmAttributes": "80",
        "busnum": str(place.bus),
        "configuration": "",
        "dev": f"{_MAJOR}:{place.minor}",
        "devnum": str(place.address),
        "devpath": str(place.port),
        "idProduct": f"{profile.product_id:04x}",
        "idVendor": f"{profile.vendor_id:04x}",
        "manufacturer": profile.manufacturer,
        "maxchild": "0",
        "product": profile.product,
        "rx_lanes": "1",
        "serial": profile.serial,
        "speed": str(int(profile.speed)),
        "tx_lanes": "1",
        "version": f"{version >> 8:2x}.{version & 0xFF:02x}",
    }
    optional = ("manufacturer", "product", "serial")
    return {name: value for name, value in attributes.items() if value or name not in optional}


def _interface_attributes(descriptor: bytes, name: str) -> dict[str, str]:
    attributes = {
        "bAlternateSetting": f"{descriptor[3]:2d}",
        "bInterfaceClass": f"{descriptor[5]:02x}",
        "bInterfaceNumber": f"{descriptor[2]:02x}",
        "bInterfaceProtocol": f"{descriptor[7]:02x}",
        "bInterfaceSubClass": f"{descriptor[6]:02x}",
        "bNumEndpoints": f"{descriptor[4]:02x}",
    }
    return attributes | ({"interface": name} if name else {})


def _write_attributes(folder: Path, attributes: Mapping[str, str]) -> None:
    for name, value in attributes.items():
        (folder / name).write_text(value + "\n")


def _write_uevent(folder: Path, properties: Mapping[str, str]) -> None:
    (folder / "uevent").write_text("".join(f"{key}={value}\n" for key, value in properties.items()))
