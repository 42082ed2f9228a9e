"""libmtp's calls and structures, by way of pymtp 0.0.6. Only the child imports this: a mistake ends it.

Of pymtp only the loaded library and the structures that match are used (all of those here but MTPDevice match):
its class passes a `str` path as wide characters and crashes on any failed transfer. Every call has a prototype
of ours, on a function object of ours; everything that libmtp allocates is freed.
"""

from __future__ import annotations

import contextlib
import ctypes
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from mtpbackup.errors import LibmtpFailed, LibmtpMissing, LibmtpUnsupported
from mtpbackup.phone.libmtp.versions import SUPPORTED

#: LIBMTP_FILETYPE_FOLDER, and LIBMTP_FILETYPE_UNKNOWN, the last but one of the enum. pymtp's table is of 2008.
_FOLDER: Final = 0
_UNKNOWN: Final = 44
#: LIBMTP_ERROR_NO_DEVICE_ATTACHED.
_NO_DEVICE: Final = 5
#: LIBMTP_DEVICECAP_GetPartialObject.
_CAN_GIVE_PARTS: Final = 0
#: LIBMTP_FILES_AND_FOLDERS_ROOT.
TOP: Final = 0xFFFFFFFF
#: LIBMTP_HANDLER_RETURN_OK, _ERROR, _CANCEL.
_TAKEN, _CANCEL = 0, 2

_P = ctypes.POINTER


class _Extension(ctypes.Structure):
    """LIBMTP_device_extension_t."""


_Extension._fields_ = [
    ("name", ctypes.c_char_p),
    ("major", ctypes.c_int),
    ("minor", ctypes.c_int),
    ("next", _P(_Extension)),
]

_PUT = ctypes.CFUNCTYPE(
    ctypes.c_uint16, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_uint32, _P(ctypes.c_ubyte), _P(ctypes.c_uint32)
)
_PROGRESS = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_uint64, ctypes.c_uint64, ctypes.c_void_p)


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
        LibmtpUnsupported: it is of another version, or its structures are not those.
    """

    def __init__(self) -> None:
        pymtp = _load()
        self._lib = pymtp._libmtp
        path = library_file("libmtp.so")
        self.version = version_in(path.read_bytes()) if path is not None else ""
        if self.version not in SUPPORTED:
            raise LibmtpUnsupported(self.version)
        self._file, self._raw = pymtp.LIBMTP_File, pymtp.LIBMTP_RawDevice
        self._storage, self._error = pymtp.LIBMTP_DeviceStorage, pymtp.LIBMTP_Error
        self.device_type = _device_structure(pymtp)
        self._declare()
        self._check_structures()
        self._lib["LIBMTP_Init"]()

    def _declare(self) -> None:
        device, file, raw = _P(self.device_type), _P(self._file), _P(self._raw)
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
            "LIBMTP_Get_File_To_Handler", count, device, u32, _PUT, ctypes.c_void_p, _PROGRESS, ctypes.c_void_p
        )
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
        usable = ctypes.CDLL(None).malloc_usable_size
        usable.restype, usable.argtypes = ctypes.c_size_t, [ctypes.c_void_p]
        made = self._new_file()
        size, kind = usable(made), made.contents.filetype
        self.destroy_file(made)
        if not ctypes.sizeof(self._file) <= size < ctypes.sizeof(self._file) + 16 or kind != _UNKNOWN:
            raise LibmtpUnsupported(self.version)

    def free(self, pointer: Any) -> None:
        """Gives back what libmtp allocated."""
        self._free(pointer)

    @contextlib.contextmanager
    def raw_devices(self) -> Iterator[list[Any]]:
        """The phones on the USB buses; valid inside only.

        Raises:
            LibmtpFailed: libmtp cannot look.
        """
        first, count = _P(self._raw)(), ctypes.c_int()
        result = self.detect_raw(ctypes.byref(first), ctypes.byref(count))
        try:
            if result not in (0, _NO_DEVICE):
                raise LibmtpFailed(f"looking for phones ended with {result}")
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
                    "vendor": _text(raw.device_entry.vendor),
                    "product": _text(raw.device_entry.product),
                    "flags": raw.device_entry.device_flags,
                }
                for raw in devices
            ]

    def open(self, bus: int, address: int) -> OpenDevice:
        """Opens a phone.

        Raises:
            LibmtpFailed: it is not there, or does not let itself be opened.
        """
        with self.raw_devices() as devices:
            for raw in devices:
                if (raw.bus_location, raw.devnum) == (bus, address):
                    device = self.open_raw(ctypes.byref(raw))
                    if device:
                        return OpenDevice(self, device)
                    raise LibmtpFailed("the phone could not be opened")
        raise LibmtpFailed("the phone is not there any more")


class OpenDevice:
    """An open phone."""

    def __init__(self, library: Library, device: Any) -> None:
        self._library = library
        self._device = device

    def close(self) -> None:
        """Lets go of it, with a USB reset."""
        device, self._device = self._device, None
        if device is not None:
            self._library.release(device)

    def identity(self) -> dict[str, Any]:
        """What it says of itself, and whether it gives parts of files."""
        facts: dict[str, Any] = {}
        for key, get in self._library.texts.items():
            pointer = get(self._device)
            facts[key] = _text(ctypes.string_at(pointer)) if pointer else ""
            self._library.free(pointer)
        self._library.clear_errors(self._device)  # not every phone has every text
        facts["gives_parts"] = bool(self._library.check_capability(self._device, _CAN_GIVE_PARTS))
        return facts

    def storages(self) -> list[dict[str, Any]]:
        """Its storages; none while it is locked.

        Raises:
            LibmtpFailed: it does not say.
        """
        failed = self._library.get_storage(self._device, 0)
        errors = self._errors()
        if failed and errors:
            raise LibmtpFailed(errors)
        found = []
        storage = self._device.contents.storage
        while storage and not failed:
            each = storage.contents
            found.append(
                {
                    "id": each.id,
                    "type": each.StorageType,
                    "access": each.AccessCapability,
                    "capacity": each.MaxCapacity,
                    "free": each.FreeSpaceInBytes,
                    "description": _text(each.StorageDescription),
                    "volume": _text(each.VolumeIdentifier),
                }
            )
            storage = each.next
        return found

    def children(self, storage: int, parent: int) -> list[tuple[int, str, int, int, bool]]:
        """What lies in a folder: handle, name, size, date in seconds since 1970 (0: none), whether a folder.

        Raises:
            LibmtpFailed: it is not listed, or not wholly.
        """
        found = []
        file = self._library.get_files(self._device, storage, parent)
        while file:
            each = file.contents
            found.append(
                (
                    each.item_id,
                    _text(each.filename),
                    each.filesize,
                    each.modificationdate,
                    each.filetype == _FOLDER,
                )
            )
            following = each.next
            self._library.destroy_file(file)
            file = following
        if errors := self._errors():
            raise LibmtpFailed(errors)
        return found

    def part(self, handle: int, offset: int, length: int) -> bytes:
        """A part of a file, at most `length` bytes.

        Raises:
            LibmtpFailed: it is not given.
        """
        data, count = _P(ctypes.c_ubyte)(), ctypes.c_uint()
        failed = self._library.get_part(
            self._device, handle, offset, length, ctypes.byref(data), ctypes.byref(count)
        )
        try:
            if failed:
                raise LibmtpFailed(self._errors() or "no part of a file")
            return ctypes.string_at(data, count.value)
        finally:
            self._library.free(data)

    def stream(self, handle: int, take: Callable[[memoryview], None], stopped: Callable[[], bool]) -> None:
        """A whole file, piece by piece.

        Args:
            handle: of the file.
            take: is handed each piece, which is valid until it returns.
            stopped: asked now and then whether to give up.

        Raises:
            LibmtpFailed: it is not given.
            Exception: what `take` raised.
        """
        raised: list[BaseException] = []

        def put(_params: Any, _private: Any, size: int, data: Any, taken: Any) -> int:
            try:
                take(
                    memoryview((ctypes.c_ubyte * size).from_address(ctypes.addressof(data.contents))).cast("B")
                )
            except BaseException as error:
                raised.append(error)
                return _CANCEL
            taken[0] = size
            return _TAKEN

        # Kept in variables: libmtp calls them while the call lasts.
        taker, progress = _PUT(put), _PROGRESS(lambda _done, _total, _data: int(stopped()))
        failed = self._library.get_to_handler(self._device, handle, taker, None, progress, None)
        errors = self._errors()
        if raised:
            raise raised[0]
        if failed and not stopped():
            raise LibmtpFailed(errors or "no file")

    def _errors(self) -> str:
        """What went wrong since the last look, in libmtp's words."""
        texts = []
        error = self._library.get_errors(self._device)
        while error:
            texts.append(_text(error.contents.error_text))
            error = error.contents.next
        self._library.clear_errors(self._device)
        return "; ".join(texts)


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


def _text(value: bytes | None) -> str:
    return (value or b"").decode("utf-8", errors="replace")
