"""The one table of what is a phone. Discovery reads it, and what writes udev rules.

An interface is taken for MTP or PTP when
- its class is 6/1/1, USB still image: Android phones, iPhones, cameras; or
- its class is 255/255/0 with "MTP" in its name: phones that hide from Windows' camera wizard, and Android's own
  `mtp` gadget function; or
- its class is 255/255/0, its name could not be read, its vendor makes phones, and it has MTP's three endpoints.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

#: bInterfaceClass, bInterfaceSubClass, bInterfaceProtocol. USB still image class 1.0, section 3.3.
STILL_IMAGE = (6, 1, 1)
#: What vendors use instead. The name tells MTP from debugging bridges (255/66/1) and modems.
VENDOR_SPECIFIC = (255, 255, 0)

#: Makers of phones and players that speak MTP, by USB vendor id. Names of the USB ID repository
#: (linux-usb.org/usb.ids, 2025-07-26) unless said otherwise.
VENDORS: dict[int, str] = {
    0x0421: "Nokia",
    0x0482: "Kyocera",
    0x0489: "Foxconn",
    0x04C5: "Fujitsu",
    0x04DD: "Sharp",
    0x04E8: "Samsung",
    0x0502: "Acer",
    0x05AC: "Apple",
    0x05C6: "Qualcomm",  # several makers ship the chip's id: OnePlus One to 3T, Xiaomi Mi A1
    0x091E: "Garmin",
    0x0955: "NVIDIA",
    0x0B05: "ASUS",
    0x0BB4: "HTC",
    0x0E79: "Archos",
    0x0E8D: "MediaTek",  # the chip's id, as Qualcomm
    0x0FCA: "BlackBerry",
    0x0FCE: "Sony",
    0x1004: "LG",
    0x109B: "Hisense",
    0x12D1: "Huawei",
    0x1782: "Spreadtrum",  # the chip's id, as Qualcomm
    0x17EF: "Lenovo",
    0x18D1: "Google",
    0x1949: "Amazon",
    0x19D2: "ZTE",
    0x1BBB: "TCL",  # "T & A Mobile Phones", Alcatel
    0x1F3A: "Allwinner",  # the chip's id, as Qualcomm
    0x2207: "Rockchip",  # the chip's id, as Qualcomm
    0x22B8: "Motorola",
    0x22D9: "OPPO",  # realme too
    0x2717: "Xiaomi",
    0x2916: "Yota",
    0x2A45: "Meizu",
    0x2A47: "BQ",
    0x2A70: "OnePlus",
    0x2AE5: "Fairphone",
    0x2B0E: "LeEco",
    0x2B4C: "ZUK",
    0x2C3F: "Nextbit",  # github.com/M0Rf30/android-udev-rules
    0x2D95: "vivo",  # github.com/M0Rf30/android-udev-rules
    0x2E04: "HMD Global",
    0x2E17: "Essential",  # github.com/M0Rf30/android-udev-rules
    0x3310: "Mudita",
    0x339B: "Honor",  # libmtp's device table
}

_DIRECTION_IN = 0x80
_BULK, _INTERRUPT = 2, 3


@dataclass(frozen=True, slots=True)
class EndpointDescription:
    """An endpoint descriptor. USB 2.0, table 9-13.

    Attributes:
        address: bEndpointAddress; bit 7 is set for IN.
        attributes: bmAttributes; the low two bits are the type.
        packet_size: wMaxPacketSize without its upper bits.
    """

    address: int
    attributes: int
    packet_size: int


@dataclass(frozen=True, slots=True)
class InterfaceDescription:
    """An interface descriptor. USB 2.0, table 9-12.

    Attributes:
        number: bInterfaceNumber.
        alternate: bAlternateSetting.
        kind: class, subclass, protocol.
        name: its string; None when it could not be read, empty when it has none.
        endpoints: in the order of the descriptors.
    """

    number: int
    alternate: int
    kind: tuple[int, int, int]
    name: str | None
    endpoints: tuple[EndpointDescription, ...]


@dataclass(frozen=True, slots=True)
class MtpInterface:
    """The interface to claim and its endpoints.

    Attributes:
        number: bInterfaceNumber.
        bulk_in, bulk_out: addresses.
        event: address of the interrupt endpoint, or None where the device has none.
        packet_size: wMaxPacketSize of bulk IN.
        event_size: wMaxPacketSize of the interrupt endpoint, 0 without one.
    """

    number: int
    bulk_in: int
    bulk_out: int
    event: int | None
    packet_size: int
    event_size: int


def speaks_mtp(interfaces: Iterable[InterfaceDescription], vendor_id: int = 0) -> bool:
    """Whether a device with these interfaces can be talked to in MTP or PTP."""
    return mtp_interface(interfaces, vendor_id) is not None


def mtp_interface(interfaces: Iterable[InterfaceDescription], vendor_id: int = 0) -> MtpInterface | None:
    """Chooses the interface that speaks MTP; one named "MTP" is preferred to one that may be PTP.

    Only alternate setting 0 counts: another would have to be selected, which Android answers by starting its
    server anew (ANDROID.md, AVOID 3).

    Args:
        interfaces: of the active configuration.
        vendor_id: of the device; helps where the interface's name cannot be read.
    """
    candidates: list[tuple[bool, MtpInterface]] = []
    for interface in interfaces:
        if interface.alternate != 0 or not _is_mtp(interface, vendor_id):
            continue
        chosen = _endpoints(interface)
        if chosen is not None:
            candidates.append(("MTP" not in (interface.name or "").upper(), chosen))
    return min(candidates, key=lambda candidate: candidate[0])[1] if candidates else None


def _is_mtp(interface: InterfaceDescription, vendor_id: int) -> bool:
    if interface.kind == STILL_IMAGE:
        return True
    if interface.kind != VENDOR_SPECIFIC:
        return False
    if interface.name is None:
        return vendor_id in VENDORS and len(interface.endpoints) == 3
    return "MTP" in interface.name.upper()


def _endpoints(interface: InterfaceDescription) -> MtpInterface | None:
    """The pipes; None where a bulk one is missing."""
    bulk_in = _first(interface.endpoints, _BULK, _DIRECTION_IN)
    bulk_out = _first(interface.endpoints, _BULK, 0)
    event = _first(interface.endpoints, _INTERRUPT, _DIRECTION_IN)
    if bulk_in is None or bulk_out is None or not bulk_in.packet_size:
        return None
    return MtpInterface(
        number=interface.number,
        bulk_in=bulk_in.address,
        bulk_out=bulk_out.address,
        event=event.address if event is not None else None,
        packet_size=bulk_in.packet_size,
        event_size=event.packet_size if event is not None else 0,
    )


def _first(endpoints: Sequence[EndpointDescription], kind: int, direction: int) -> EndpointDescription | None:
    for endpoint in endpoints:
        if endpoint.attributes & 3 == kind and endpoint.address & _DIRECTION_IN == direction:
            return endpoint
    return None
