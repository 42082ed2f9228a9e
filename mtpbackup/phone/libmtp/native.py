"""libmtp's calls and structures, by way of pymtp 0.0.6. Only the child imports this: a mistake ends it.

Of pymtp only the loaded library and the structures that match are used (all of those here but MTPDevice match):
its class passes a `str` path as wide characters and crashes on any failed transfer. Every call has a prototype
of ours, on a function object of ours; everything that libmtp allocates is freed.
"""

from __future__ import annotations

import contextlib
import ctypes
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from mtpbackup.errors import LibmtpFailed, LibmtpMismatch, LibmtpMissing, LibmtpUnsupported
from mtpbackup.phone.libmtp.device import GET, PROGRESS, PUT, UNKNOWN_TYPE, OpenDevice, text_of
from mtpbackup.phone.libmtp.structures import check_device, check_package, usable
from mtpbackup.phone.libmtp.versions import SUPPORTED

#: LIBMTP_ERROR_NO_DEVICE_ATTACHED.
_NO_DEVICE: Final = 5
#: LIBMTP_FILES_AND_FOLDERS_ROOT.
TOP: Final = 0xFFFFFFFF

_P = ctypes.POINTER


class _Extension(ctypes.Structure):
    """LIBMTP_device_extension_t."""


_Extension._fields_ = [
    ("name", ctypes.c_char_p),
    ("major", ctypes.c_int),
    ("minor", ctypes.c_int),
    ("next", _P(_Extension)),
]


def _load() -> Any:
    """The package pymtp, which loads libmtp.

    Raises:
        LibmtpMissing: one of the two is not on this computer.
    """
    try:
        import pymtp  # noqa: PLC0415
    except ImportError as error:
        raise LibmtpMissing("pymtp") from error
    except (AttributeError, OSError) as error:
        # Without libmtp it loads "nothing", which is the program itself, and misses the functions there.
        raise LibmtpMissing("libmtp") from error
    # Else it would dump the errors of no device, which is a segmentation fault.
    pymtp.__DEBUG__ = 0
    return pymtp


def library_file(name: str, maps: Path = Path("/proc/self/maps")) -> Path | None:
    """Where a loaded library lies."""
    for line in maps.read_text().splitlines():
        path = line.split(maxsplit=5)[-1]
        if "/" + name in path or path.rpartition("/")[2].startswith(name):
            return Path(path)
    return None


def version_in(content: bytes) -> str:
    """The version that libmtp's file has written in it; empty when it has none.

    No function tells it; it is a string by itself, for the dumps of mtp-detect.
    """
    found = re.search(rb"\0(\d+\.\d+\.\d+)\0", content)
    return found[1].decode("ascii") if found else ""


class Library:
    """libmtp, loaded and known to be of a version whose structures these are.

    Attributes:
        version: of libmtp.

    Raises:
        LibmtpMissing: pymtp or libmtp is not on this computer.
        LibmtpUnsupported: it is of another version.
        LibmtpMismatch: its structures are not those.
    """

    def __init__(self) -> None:
        pymtp = _load()
        self._lib = pymtp._libmtp
        path = library_file("libmtp.so")
        self.version = version_in(path.read_bytes()) if path is not None else ""
        if self.version not in SUPPORTED:
            raise LibmtpUnsupported(self.version)
        check_package(pymtp)
        self.file_type, self._raw = pymtp.LIBMTP_File, pymtp.LIBMTP_RawDevice
        self._storage, self._error = pymtp.LIBMTP_DeviceStorage, pymtp.LIBMTP_Error
        self.device_type = _device_structure(pymtp)
        self._declare()
        self._check_structures()
        self._lib["LIBMTP_Init"]()

    def _declare(self) -> None:
        device, file, raw = _P(self.device_type), _P(self.file_type), _P(self._raw)
        u8, u32, u64, count = ctypes.c_ubyte, ctypes.c_uint32, ctypes.c_uint64, ctypes.c_int
        self._free = ctypes.CDLL(None).free
        self._free.restype, self._free.argtypes = None, [ctypes.c_void_p]
        call = self._call
        self._new_file = call("LIBMTP_new_file_t", file)
        self.destroy_file = call("LIBMTP_destroy_file_t", None, file)
        self.detect_raw = call("LIBMTP_Detect_Raw_Devices", count, _P(raw), _P(count))
        self.open_raw = call("LIBMTP_Open_Raw_Device_Uncached", device, raw)
        self.release = call("LIBMTP_Release_Device", None, device)
        self.get_storage = call("LIBMTP_Get_Storage", count, device, count)
        self.get_files = call("LIBMTP_Get_Files_And_Folders", file, device, u32, u32)
        self.check_capability = call("LIBMTP_Check_Capability", count, device, count)
        self.get_part = call(
            "LIBMTP_GetPartialObject", count, device, u32, u64, u32, _P(_P(u8)), _P(ctypes.c_uint)
        )
        self.get_to_handler = call(
            "LIBMTP_Get_File_To_Handler", count, device, u32, PUT, ctypes.c_void_p, PROGRESS, ctypes.c_void_p
        )
        self.send_from_handler = call(
            "LIBMTP_Send_File_From_Handler",
            count,
            device,
            GET,
            ctypes.c_void_p,
            file,
            PROGRESS,
            ctypes.c_void_p,
        )
        self.create_folder = call("LIBMTP_Create_Folder", u32, device, ctypes.c_char_p, u32, u32)
        self.delete_object = call("LIBMTP_Delete_Object", count, device, u32)
        self.get_errors = call("LIBMTP_Get_Errorstack", _P(self._error), device)
        self.clear_errors = call("LIBMTP_Clear_Errorstack", None, device)
        self.texts = {
            key: call(f"LIBMTP_Get_{name}", ctypes.c_void_p, device)
            for key, name in {
                "manufacturer": "Manufacturername",
                "model": "Modelname",
                "serial": "Serialnumber",
                "firmware": "Deviceversion",
                "friendly_name": "Friendlyname",
            }.items()
        }

    def _call(self, name: str, result: Any, *arguments: Any) -> Any:
        function = self._lib[name]  # a new object each time: pymtp's own stay as they are
        function.restype, function.argtypes = result, arguments
        return function

    def _check_structures(self) -> None:
        """Looks at a file that libmtp itself makes: of our size, and with its type where we look for it."""
        made = self._new_file()
        size, kind = usable(made), made.contents.filetype
        self.destroy_file(made)
        if (
            not ctypes.sizeof(self.file_type) <= size < ctypes.sizeof(self.file_type) + 16
            or kind != UNKNOWN_TYPE
        ):
            raise LibmtpMismatch("LIBMTP_file_t")

    def free(self, pointer: Any) -> None:
        """Gives back what libmtp allocated."""
        self._free(pointer)

    @contextlib.contextmanager
    def raw_devices(self) -> Iterator[list[Any]]:
        """The phones on the USB buses; valid inside only.

        Raises:
            LibmtpFailed: libmtp cannot look.
            LibmtpMismatch: what it found is of another shape.
        """
        first, count = _P(self._raw)(), ctypes.c_int()
        result = self.detect_raw(ctypes.byref(first), ctypes.byref(count))
        try:
            if result not in (0, _NO_DEVICE):
                raise LibmtpFailed(f"looking for phones ended with {result}")
            if result == 0 and usable(first) < count.value * ctypes.sizeof(self._raw):
                raise LibmtpMismatch("LIBMTP_raw_device_t")
            yield [first[index] for index in range(count.value)] if result == 0 else []
        finally:
            self.free(first)

    def detect(self) -> list[dict[str, Any]]:
        """What libmtp's table says of each phone that is plugged in."""
        with self.raw_devices() as devices:
            return [
                {
                    "bus": raw.bus_location,
                    "address": raw.devnum,
                    "vendor_id": raw.device_entry.vendor_id,
                    "product_id": raw.device_entry.product_id,
                    "vendor": text_of(raw.device_entry.vendor),
                    "product": text_of(raw.device_entry.product),
                    "flags": raw.device_entry.device_flags,
                }
                for raw in devices
            ]

    def open(self, bus: int, address: int) -> OpenDevice:
        """Opens a phone.

        Raises:
            LibmtpFailed: it is not there, or does not let itself be opened.
            LibmtpMismatch: what libmtp opened is of another shape; the child is of no more use then.
        """
        with self.raw_devices() as devices:
            for raw in devices:
                if (raw.bus_location, raw.devnum) == (bus, address):
                    device = self.open_raw(ctypes.byref(raw))
                    if device:
                        check_device(device)
                        return OpenDevice(self, device)
                    raise LibmtpFailed("the phone could not be opened")
        raise LibmtpFailed("the phone is not there any more")


def _device_structure(pymtp: Any) -> Any:
    """LIBMTP_mtpdevice_t: pymtp's first field is really object_bitsize, and it lacks two before `next`."""

    class Device(ctypes.Structure):
        pass

    fields = [
        field for field in pymtp.LIBMTP_MTPDevice._fields_ if field[0] not in ("interface_number", "next")
    ]
    Device._fields_ = [
        ("object_bitsize", ctypes.c_uint8),
        *fields,
        ("extensions", _P(_Extension)),
        ("cached", ctypes.c_int),
        ("next", _P(Device)),
    ]
    return Device
