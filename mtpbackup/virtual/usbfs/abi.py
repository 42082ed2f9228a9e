"""The numbers and structures of usbfs: how a Linux program speaks to a device node under /dev/bus/usb.

Source: `linux/usbdevice_fs.h` and the kernel's "Linux-USB Host Side API". 64-bit programs only, in the
    machine's own byte order: addresses pass through as they are.
"""

from __future__ import annotations

import enum
import struct
from typing import Final

_NONE, _WRITE, _READ = 0, 1, 2


def _number(direction: int, number: int, size: int) -> int:
    """An ioctl request of type "U", built as `asm-generic/ioctl.h` does."""
    return direction << 30 | size << 16 | ord("U") << 8 | number


class Ioctl(enum.IntEnum):
    """The requests that are answered; all others get ENOTTY."""

    CONTROL = _number(_READ | _WRITE, 0, 24)
    BULK = _number(_READ | _WRITE, 2, 24)
    RESET_ENDPOINT = _number(_READ, 3, 4)
    SET_INTERFACE = _number(_READ, 4, 8)
    SET_CONFIGURATION = _number(_READ, 5, 4)
    GET_DRIVER = _number(_WRITE, 8, 260)
    SUBMIT_URB = _number(_READ, 10, 56)
    DISCARD_URB = _number(_NONE, 11, 0)
    REAP_URB = _number(_WRITE, 12, 8)
    REAP_URB_NO_DELAY = _number(_WRITE, 13, 8)
    CLAIM_INTERFACE = _number(_READ, 15, 4)
    RELEASE_INTERFACE = _number(_READ, 16, 4)
    CONNECT_INFO = _number(_WRITE, 17, 8)
    DRIVER_IOCTL = _number(_READ | _WRITE, 18, 16)
    RESET = _number(_NONE, 20, 0)
    CLEAR_HALT = _number(_READ, 21, 4)
    GET_CAPABILITIES = _number(_READ, 26, 4)
    DISCONNECT_CLAIM = _number(_READ, 27, 264)
    GET_SPEED = _number(_NONE, 31, 0)


class UrbKind(enum.IntEnum):
    """`type` of a URB."""

    ISOCHRONOUS = 0
    INTERRUPT = 1
    CONTROL = 2
    BULK = 3


class Capability(enum.IntFlag):
    """What GET_CAPABILITIES may report."""

    ZERO_PACKET = 0x01
    BULK_CONTINUATION = 0x02
    NO_PACKET_SIZE_LIMIT = 0x04
    BULK_SCATTER_GATHER = 0x08
    REAP_AFTER_DISCONNECT = 0x10


#: As a Linux of today, so that libusb hands over a transfer of any size as one URB. Without BULK_CONTINUATION,
#: which then nobody uses, and without mmap.
CAPABILITIES: Final = (
    Capability.ZERO_PACKET
    | Capability.NO_PACKET_SIZE_LIMIT
    | Capability.BULK_SCATTER_GATHER
    | Capability.REAP_AFTER_DISCONNECT
)

#: URB flag: end a bulk OUT transfer that is a multiple of the packet size with a zero-length packet.
ZERO_PACKET_FLAG: Final = 0x40

#: struct usbdevfs_urb: type, endpoint, status, flags, buffer, buffer_length, actual_length, start_frame,
#: number_of_packets, error_count, signr, usercontext.
URB: Final = struct.Struct("@BBiIPiiiiiIP")
#: Where the kernel writes back into it.
URB_STATUS_OFFSET: Final = 4
URB_ACTUAL_LENGTH_OFFSET: Final = 28

#: struct usbdevfs_ctrltransfer: bRequestType, bRequest, wValue, wIndex, wLength, timeout (ms), data.
CONTROL_TRANSFER: Final = struct.Struct("@BBHHHIP")
#: struct usbdevfs_bulktransfer: endpoint, length, timeout (ms), data.
BULK_TRANSFER: Final = struct.Struct("@IIIP")
#: A setup packet: bmRequestType, bRequest, wValue, wIndex, wLength. USB 2.0, table 9-2; always little-endian.
SETUP: Final = struct.Struct("<BBHHH")

UNSIGNED: Final = struct.Struct("@I")
SIGNED: Final = struct.Struct("@i")
POINTER: Final = struct.Struct("@P")

#: What GET_SPEED returns: enum usb_device_speed, by Mbit/s.
SPEED_NUMBERS: Final = {1: 1, 12: 2, 480: 3, 5_000: 5, 10_000: 6}
