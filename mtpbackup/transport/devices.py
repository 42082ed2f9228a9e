"""What is plugged into USB, phone or not, and what a phone offers there: read from sysfs, nothing is opened.

A `Finder` sees the phones that can be talked to. This sees the others too: a phone that only charges, shares
its network or debugs has no MTP interface, and a person who looks for it wants to know.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mtpbackup.transport.match import STILL_IMAGE, VENDOR_SPECIFIC, VENDORS

#: Where Linux lists all USB devices and their interfaces.
SYSFS: Final = Path("/sys/bus/usb/devices")

#: Android's debugging bridge. Android's packages/modules/adb, adb.h (ADB_CLASS and the next two).
_DEBUGGING: Final = (255, 66, 1)
#: Sharing the network: RNDIS in two spellings, NCM, ECM. usb.org, class codes; CDC 1.2, table 4.
_NETWORKS: Final = frozenset(((224, 1, 3), (239, 4, 1), (2, 13, 0), (2, 6, 0)))
#: Playing music: audio class, MIDI streaming. usb.org, class codes.
_MIDI: Final = (1, 3)
_HUB: Final = 9

#: Makers of nothing but phones, or whose other USB devices have classes of their own. Of the other vendors in
#: the table a device without a known interface may be anything: a modem, a reader of fingerprints.
_PHONES_ONLY: Final = frozenset(
    (
        *(0x0421, 0x04E8, 0x0BB4, 0x0FCE, 0x1004, 0x12D1, 0x18D1, 0x19D2, 0x1BBB, 0x22B8, 0x22D9, 0x2717),
        *(0x2A45, 0x2A47, 0x2A70, 0x2AE5, 0x2D95, 0x2E04, 0x339B),
    )
)


class UsbMode(enum.Enum):
    """What a phone offers on its cable, as its settings call it."""

    FILES = "files"
    PHOTOS = "photos"
    TETHERING = "tethering"
    MIDI = "midi"
    DEBUGGING = "debugging"
    CHARGING = "charging"


@dataclass(frozen=True, slots=True)
class UsbInterface:
    """An interface of a device.

    Attributes:
        number: bInterfaceNumber.
        kind: class, subclass, protocol.
        name: its string, or empty.
        driver: the kernel's driver at work on it, or empty; "usbfs" where a program has claimed it.
    """

    number: int
    kind: tuple[int, int, int]
    name: str = ""
    driver: str = ""


@dataclass(frozen=True, slots=True)
class UsbDevice:
    """A device on the bus, root hubs included.

    Attributes:
        folder: its folder in sysfs.
        vendor_id, product_id, device_class: as in the device descriptor.
        manufacturer, product, serial: descriptor strings, or empty.
        bus, address: where it is now.
        speed: what was negotiated, in Mbit/s.
        version: bcdUSB; 0x0210 and above on devices that can do more than high speed.
        interfaces: of the active configuration.
    """

    folder: Path
    vendor_id: int
    product_id: int
    device_class: int = 0
    manufacturer: str = ""
    product: str = ""
    serial: str = ""
    bus: int = 0
    address: int = 0
    speed: float = 0.0
    version: int = 0
    interfaces: tuple[UsbInterface, ...] = ()

    @property
    def node(self) -> str:
        """Its device node."""
        return f"/dev/bus/usb/{self.bus:03}/{self.address:03}"

    @property
    def name(self) -> str:
        """What to call it."""
        return self.product or self.manufacturer or VENDORS.get(self.vendor_id, "")

    @property
    def mode(self) -> UsbMode | None:
        """What it offers, if it is a phone or camera; None for everything else."""
        kinds = [interface.kind for interface in self.interfaces]
        names = [interface.name.upper() for interface in self.interfaces if interface.kind == STILL_IMAGE]
        if any(i.kind == VENDOR_SPECIFIC and "MTP" in i.name.upper() for i in self.interfaces):
            return UsbMode.FILES
        if names:
            return UsbMode.PHOTOS if any("PTP" in name for name in names) else UsbMode.FILES
        if self.vendor_id not in VENDORS or self.device_class == _HUB:
            return None
        if any(kind in _NETWORKS for kind in kinds) and self.vendor_id in _PHONES_ONLY:
            return UsbMode.TETHERING
        if _DEBUGGING in kinds:
            return UsbMode.DEBUGGING
        if self.vendor_id not in _PHONES_ONLY:
            return None
        if any(kind[:2] == _MIDI for kind in kinds):
            return UsbMode.MIDI
        return UsbMode.CHARGING if all(kind[0] == 255 for kind in kinds) else None


def usb_devices(root: Path = SYSFS) -> list[UsbDevice]:
    """Everything on the bus, by bus and address; nothing where the system has no sysfs.

    Args:
        root: where the folders of all USB devices are.
    """
    try:
        names = sorted(entry.name for entry in root.iterdir())
    except OSError:
        return []
    found = [device_at(root / name, root) for name in names if ":" not in name]
    return sorted((one for one in found if one is not None), key=lambda one: (one.bus, one.address))


def device_at(folder: Path, root: Path = SYSFS) -> UsbDevice | None:
    """The device of a folder of sysfs; None when there is none, or it left meanwhile."""
    vendor, product = _text(folder / "idVendor"), _text(folder / "idProduct")
    try:
        ids = int(vendor, 16), int(product, 16)
    except ValueError:
        return None
    return UsbDevice(
        folder=folder,
        vendor_id=ids[0],
        product_id=ids[1],
        device_class=_number(folder / "bDeviceClass", 16),
        manufacturer=_text(folder / "manufacturer"),
        product=_text(folder / "product"),
        serial=_text(folder / "serial"),
        bus=_number(folder / "busnum"),
        address=_number(folder / "devnum"),
        speed=_speed(folder / "speed"),
        version=_version(_text(folder / "version")),
        interfaces=tuple(_interfaces(folder, root)),
    )


def phones_on(devices: Iterable[UsbDevice]) -> list[UsbDevice]:
    """Those that are phones or cameras, whatever they offer."""
    return [device for device in devices if device.mode is not None]


def _interfaces(folder: Path, root: Path) -> Iterable[UsbInterface]:
    configuration = _text(folder / "bConfigurationValue")
    if not configuration:
        return
    for entry in sorted(root.glob(f"{folder.name}:{configuration}.*")):
        kind = tuple(_number(entry / f"bInterface{part}", 16) for part in ("Class", "SubClass", "Protocol"))
        driver = entry / "driver"
        yield UsbInterface(
            number=_number(entry / "bInterfaceNumber", 16),
            kind=(kind[0], kind[1], kind[2]),
            name=_text(entry / "interface"),
            driver=driver.resolve().name if driver.exists() else "",
        )


def _version(text: str) -> int:
    """BcdUSB from " 2.10"."""
    whole, _, part = text.partition(".")
    try:
        return int(whole, 16) << 8 | int(part or "0", 16)
    except ValueError:
        return 0


def _speed(path: Path) -> float:
    try:
        return float(_text(path))
    except ValueError:
        return 0.0


def _number(path: Path, base: int = 10) -> int:
    try:
        return int(_text(path), base)
    except ValueError:
        return 0


def _text(path: Path) -> str:
    # The kernel turns the device's UTF-16 into UTF-8; what it could not read has no file.
    try:
        return path.read_bytes().decode(errors="replace").strip()
    except OSError:
        return ""
