"""Whether pymtp's structures are those of libmtp's header: what differs is refused, not read."""

from __future__ import annotations

import ctypes
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from mtpbackup.errors import LibmtpMismatch

#: Size of a pointer in bytes.
_P: Final = ctypes.sizeof(ctypes.c_void_p)

#: Names and sizes of fields in pymtp 0.0.6. All but those of MTPDevice, mended in `native`, are those of libmtp
#: 1.1.20 to 1.1.22 (its libmtp.h). A pymtp that somebody mended would be mended twice.
_FIELDS: Final[Mapping[str, tuple[tuple[str, int], ...]]] = MappingProxyType(
    {
        "LIBMTP_Error": (("errornumber", 4), ("error_text", _P), ("next", _P)),
        "LIBMTP_DeviceStorage": (
            *(("id", 4), ("StorageType", 2), ("FilesystemType", 2), ("AccessCapability", 2)),
            *(("MaxCapacity", 8), ("FreeSpaceInBytes", 8), ("FreeSpaceInObjects", 8)),
            *(("StorageDescription", _P), ("VolumeIdentifier", _P), ("next", _P), ("prev", _P)),
        ),
        "LIBMTP_DeviceEntry": (
            *(("vendor", _P), ("vendor_id", 2), ("product", _P), ("product_id", 2), ("device_flags", 4)),
        ),
        "LIBMTP_MTPDevice": (
            *(("interface_number", 1), ("params", _P), ("usbinfo", _P), ("storage", _P), ("errorstack", _P)),
            ("maximum_battery_level", 1),
            *((f"default_{kind}_folder", 4) for kind in ("music", "playlist", "picture", "video", "organizer")),
            *((f"default_{kind}_folder", 4) for kind in ("zencast", "album", "text")),
            *(("cd", _P), ("next", _P)),
        ),
        "LIBMTP_File": (
            *(("item_id", 4), ("parent_id", 4), ("storage_id", 4), ("filename", _P), ("filesize", 8)),
            *(("modificationdate", 8), ("filetype", 4), ("next", _P)),
        ),
    }
)
#: Bits that libmtp gives sizes of objects, by what a phone says of them.
_BITSIZES: Final = (8, 16, 32, 64)


def check_package(pymtp: Any) -> None:
    """Looks at every structure that is used, field by field.

    Raises:
        LibmtpMismatch: one is not as it should be.
    """
    for name, wanted in _FIELDS.items():
        fields = getattr(getattr(pymtp, name, None), "_fields_", ())
        if tuple((field[0], ctypes.sizeof(field[1])) for field in fields) != wanted:
            raise LibmtpMismatch(name)
    raw = pymtp.LIBMTP_RawDevice
    if [field[0] for field in raw._fields_] != ["device_entry", "bus_location", "devnum"]:
        raise LibmtpMismatch("LIBMTP_RawDevice")


def usable(pointer: Any) -> int:
    """How many bytes there are where libmtp allocated something."""
    size = ctypes.CDLL(None).malloc_usable_size
    size.restype, size.argtypes = ctypes.c_size_t, [ctypes.c_void_p]
    return int(size(pointer))


def check_device(pointer: Any) -> None:
    """Looks at a phone that libmtp has just opened: of our size at least, and with what is known of a new one.

    Raises:
        LibmtpMismatch: it is something else.
    """
    if usable(pointer) < ctypes.sizeof(pointer.contents):
        raise LibmtpMismatch("LIBMTP_mtpdevice_t")
    device = pointer.contents
    if device.object_bitsize not in _BITSIZES or device.cached or device.next:
        raise LibmtpMismatch("LIBMTP_mtpdevice_t")
    storage = device.storage
    if storage and (usable(storage) < ctypes.sizeof(storage.contents) or storage.contents.prev):
        raise LibmtpMismatch("LIBMTP_devicestorage_t")
