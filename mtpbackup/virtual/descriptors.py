"""What a phone says of itself over USB, and the descriptors that say it.

Shared by the emulated bus (`virtual.usbfs`), which answers with whole configurations, and by the gadget in a
kernel (`virtual.functionfs`), which hands over the interface's descriptors speed by speed.
Sources: USB 2.0, section 9.6; USB 3.2, section 9.6; PIMA 15740 over USB, section 4; Microsoft OS descriptors
    1.0.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Self

from mtpbackup.transport.base import Speed, UsbIdentity

#: Descriptor types. USB 2.0, table 9-5; USB 3.2, table 9-6.
DEVICE, CONFIGURATION, STRING, INTERFACE, ENDPOINT, DEVICE_QUALIFIER, BOS, COMPANION = 1, 2, 3, 4, 5, 6, 15, 48

#: Endpoint addresses, as Android gives them to MTP (ANDROID.md, Device).
BULK_IN, BULK_OUT, INTERRUPT_IN = 0x81, 0x01, 0x82

#: wMaxPacketSize and bInterval of the interrupt endpoint (ANDROID.md, Device).
EVENT_PACKET_SIZE, EVENT_INTERVAL = 28, 6

#: Request code by which Windows asks for the extended descriptors; any value that the device announces.
MICROSOFT_REQUEST = 0x4D

_LANGUAGE = 0x0409
_STRING_MANUFACTURER, _STRING_PRODUCT, _STRING_SERIAL, _STRING_INTERFACE = 1, 2, 3, 4
_STRING_MICROSOFT = 0xEE


def bulk_packet_size(speed: Speed) -> int:
    """The only wMaxPacketSize that bulk endpoints may have at this speed (64 at full speed, the largest)."""
    if speed >= Speed.SUPER:
        return 1024
    return 512 if speed >= Speed.HIGH else 64


@dataclass(frozen=True, slots=True)
class UsbProfile:
    """What a phone says of itself over USB.

    Attributes:
        vendor_id, product_id: of the device descriptor.
        manufacturer, product, serial: descriptor strings; an empty one is left out.
        device_version: bcdDevice.
        interface_class: class, subclass and protocol: 6/1/1 is "still image"; many phones say ff/ff/00.
        interface_name: the interface's string, by which libmtp and our own discovery know a phone.
        speed: the fastest that the device does, and what it is plugged in at.
    """

    vendor_id: int = 0x18D1
    product_id: int = 0x4EE1
    manufacturer: str = "Google"
    product: str = "Pixel 8"
    serial: str = "0123456789ABCDEF"
    device_version: int = 0x0440
    interface_class: tuple[int, int, int] = (6, 1, 1)
    interface_name: str = "MTP"
    speed: Speed = Speed.HIGH

    @classmethod
    def of(cls, identity: UsbIdentity, interface_name: str = "MTP") -> Self:
        """The profile of a phone that is known by its identity; an unknown speed is high speed."""
        return cls(
            vendor_id=identity.vendor_id,
            product_id=identity.product_id,
            manufacturer=identity.manufacturer,
            product=identity.product,
            serial=identity.serial,
            interface_name=interface_name,
            speed=identity.speed or Speed.HIGH,
        )

    @property
    def packet_size(self) -> int:
        """wMaxPacketSize of the bulk endpoints."""
        return bulk_packet_size(self.speed)

    @property
    def usb_version(self) -> int:
        """bcdUSB."""
        return 0x0320 if self.speed >= Speed.SUPER else 0x0200

    def device(self) -> bytes:
        """The device descriptor."""
        # At SuperSpeed bMaxPacketSize0 is an exponent: 2 ** 9 = 512.
        packet_size_0 = 9 if self.speed >= Speed.SUPER else 64
        return struct.pack(
            "<BBHBBBBHHHBBBB",
            18,
            DEVICE,
            self.usb_version,
            0,
            0,
            0,
            packet_size_0,
            self.vendor_id,
            self.product_id,
            self.device_version,
            _STRING_MANUFACTURER if self.manufacturer else 0,
            _STRING_PRODUCT if self.product else 0,
            _STRING_SERIAL if self.serial else 0,
            1,
        )

    def interface(self, speed: Speed | None = None, name_index: int | None = None) -> list[bytes]:
        """The descriptors of the MTP interface and its endpoints, one by one.

        Args:
            speed: the speed they are for; the profile's own if None.
            name_index: index of the interface's string; the configuration's own if None.
        """
        speed = self.speed if speed is None else speed
        if name_index is None:
            name_index = _STRING_INTERFACE if self.interface_name else 0
        size = bulk_packet_size(speed)
        found = [struct.pack("<BBBBBBBBB", 9, INTERFACE, 0, 0, 3, *self.interface_class, name_index)]
        for address, attributes, packet_size, interval in (
            (BULK_IN, 2, size, 0),
            (BULK_OUT, 2, size, 0),
            (INTERRUPT_IN, 3, EVENT_PACKET_SIZE, EVENT_INTERVAL),
        ):
            found.append(struct.pack("<BBBBHB", 7, ENDPOINT, address, attributes, packet_size, interval))
            if speed >= Speed.SUPER:
                per_interval = EVENT_PACKET_SIZE if attributes == 3 else 0
                found.append(struct.pack("<BBBBH", 6, COMPANION, 0, 0, per_interval))
        return found

    def configuration(self) -> bytes:
        """The only configuration, with everything in it."""
        body = b"".join(self.interface())
        power = 500 // (8 if self.speed >= Speed.SUPER else 2)
        return struct.pack("<BBHBBBBB", 9, CONFIGURATION, 9 + len(body), 1, 1, 0, 0x80, power) + body

    def capabilities(self) -> bytes | None:
        """The binary object store, which devices of USB 2.01 and later have: link power, SuperSpeed."""
        if self.speed < Speed.SUPER:
            return None
        usb2 = struct.pack("<BBBI", 7, 16, 2, 0)
        super_speed = struct.pack("<BBBBHBBH", 10, 16, 3, 0, 0x000E, 1, 0, 0)
        body = usb2 + super_speed
        return struct.pack("<BBHB", 5, BOS, 5 + len(body), 2) + body

    def string(self, index: int) -> bytes | None:
        """A string descriptor, or None where the device has none of this index."""
        if index == 0:
            return struct.pack("<BBH", 4, STRING, _LANGUAGE)
        text = {
            _STRING_MANUFACTURER: self.manufacturer,
            _STRING_PRODUCT: self.product,
            _STRING_SERIAL: self.serial,
            _STRING_INTERFACE: self.interface_name,
            _STRING_MICROSOFT: "MSFT100" + chr(MICROSOFT_REQUEST),
        }.get(index)
        if not text:
            return None
        encoded = text.encode("utf-16-le")[:252]
        return bytes((2 + len(encoded), STRING)) + encoded

    def descriptor(self, kind: int, index: int) -> bytes | None:
        """The answer to GET_DESCRIPTOR; None to stall."""
        if kind == DEVICE:
            return self.device()
        if kind == CONFIGURATION:
            return self.configuration() if index == 0 else None
        if kind == STRING:
            return self.string(index)
        if kind == BOS:
            return self.capabilities()
        return None


def microsoft_compatible_id() -> bytes:
    """The extended compat ID descriptor (index 4) that makes Windows, and libmtp, take interface 0 for MTP."""
    section = struct.pack("<BB8s8s6x", 0, 1, b"MTP", b"")
    return struct.pack("<IHHB7x", 16 + len(section), 0x0100, 4, 1) + section
