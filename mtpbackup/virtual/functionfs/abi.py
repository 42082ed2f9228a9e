"""The bytes that FunctionFS wants and gives. `linux/usb/functionfs.h`; all numbers are little-endian."""

from __future__ import annotations

import enum
import struct
from dataclasses import dataclass

from mtpbackup.transport.base import Speed
from mtpbackup.virtual.descriptors import UsbProfile

_STRINGS_MAGIC, _DESCRIPTORS_MAGIC = 2, 3
_HAS_FULL, _HAS_HIGH, _HAS_SUPER, _HAS_MICROSOFT = 1, 2, 4, 8
_LANGUAGE = 0x0409

#: struct usb_functionfs_event: a setup packet of 8 bytes, the type, padding.
EVENT = struct.Struct("<BBHHHB3x")


class EventKind(enum.IntEnum):
    """What ep0 tells."""

    BIND = 0
    UNBIND = 1
    ENABLE = 2
    DISABLE = 3
    SETUP = 4
    SUSPEND = 5
    RESUME = 6


@dataclass(frozen=True, slots=True)
class Setup:
    """A control request. USB 2.0, table 9-2."""

    kind: int
    request: int
    value: int
    index: int
    length: int

    @property
    def to_host(self) -> bool:
        """Whether its data goes to the host."""
        return bool(self.kind & 0x80)

    @property
    def is_class_request(self) -> bool:
        """Whether it is a class request to an interface."""
        return self.kind & 0x7F == 0x21


def parse_event(data: bytes) -> tuple[int, Setup]:
    """Kind and setup packet (meaningful for SETUP only) of one event."""
    *setup, kind = EVENT.unpack(data)
    return kind, Setup(*setup)


def descriptors(profile: UsbProfile) -> bytes:
    """The interface at full, high and super speed, and what makes Windows take it for MTP."""
    speeds = [profile.interface(speed, name_index=1) for speed in (Speed.FULL, Speed.HIGH, Speed.SUPER)]
    compatible = struct.pack("<BB8s8s6x", 0, 1, b"MTP", b"")
    microsoft = struct.pack("<BIHHBB", 0, 11 - 1 + len(compatible), 1, 4, 1, 0) + compatible
    counts = struct.pack("<4I", *map(len, speeds), 1)
    body = counts + b"".join(map(b"".join, speeds)) + microsoft
    flags = _HAS_FULL | _HAS_HIGH | _HAS_SUPER | _HAS_MICROSOFT
    return struct.pack("<3I", _DESCRIPTORS_MAGIC, 12 + len(body), flags) + body


def strings(profile: UsbProfile) -> bytes:
    """The interface's string."""
    body = struct.pack("<IIH", 1, 1, _LANGUAGE) + profile.interface_name.encode() + b"\0"
    return struct.pack("<II", _STRINGS_MAGIC, 8 + len(body)) + body
