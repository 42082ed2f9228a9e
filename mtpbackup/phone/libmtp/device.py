"""A phone that libmtp has open: what it says, gives and takes. In the child only."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from mtpbackup.errors import LibmtpFailed
from mtpbackup.phone.naming import format_for
from mtpbackup.wire import ObjectFormat

if TYPE_CHECKING:
    from mtpbackup.phone.libmtp.native import Library

_P = ctypes.POINTER

#: LIBMTP_FILETYPE_FOLDER.
_FOLDER: Final = 0
#: LIBMTP_FILETYPE_UNKNOWN, the last of the enum. pymtp's table is of 2008.
UNKNOWN_TYPE: Final = 44
#: LIBMTP_DEVICECAP_GetPartialObject.
_CAN_GIVE_PARTS: Final = 0
#: LIBMTP_HANDLER_RETURN_OK, _ERROR, _CANCEL.
_DONE, _CANCEL = 0, 2
#: LIBMTP_filetype_t for the formats that a file's name tells; anything else is sent as of an unknown type.
_TYPES: Final = MappingProxyType(
    {
        ObjectFormat.MP4_CONTAINER: 6,
        ObjectFormat.WMV: 8,
        ObjectFormat.AVI: 9,
        ObjectFormat.MPEG: 10,
        ObjectFormat.EXIF_JPEG: 14,
        ObjectFormat.TIFF: 16,
        ObjectFormat.BMP: 17,
        ObjectFormat.GIF: 18,
        ObjectFormat.PNG: 20,
    }
)


PUT = ctypes.CFUNCTYPE(
    ctypes.c_uint16, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_uint32, _P(ctypes.c_ubyte), _P(ctypes.c_uint32)
)
GET = ctypes.CFUNCTYPE(
    ctypes.c_uint16, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_uint32, ctypes.c_void_p, _P(ctypes.c_uint32)
)
PROGRESS = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_uint64, ctypes.c_uint64, ctypes.c_void_p)


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
            facts[key] = text_of(ctypes.string_at(pointer)) if pointer else ""
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
                    "description": text_of(each.StorageDescription),
                    "volume": text_of(each.VolumeIdentifier),
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
                    text_of(each.filename),
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

    def stream(self, handle: int, take: Callable[[memoryview], None]) -> None:
        """A whole file, piece by piece.

        Args:
            handle: of the file.
            take: is handed each piece, which is valid until it returns.

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
            return _DONE

        # Kept in variables: libmtp calls them while the call lasts.
        taker, progress = PUT(put), PROGRESS(lambda _done, _total, _data: 0)
        failed = self._library.get_to_handler(self._device, handle, taker, None, progress, None)
        errors = self._errors()
        if raised:
            raise raised[0]
        if failed:
            raise LibmtpFailed(errors or "no file")

    def send(
        self, place: tuple[int, int], name: str, size: int, seconds: int, give: Callable[[int], bytes]
    ) -> tuple[int, str]:
        """Sends a file.

        Args:
            place: the storage, and the folder or `TOP`.
            name: of the file.
            size: in bytes.
            seconds: its date, since 1970 in this process's time zone; 0 for none.
            give: gives the next bytes, as many as it is asked for; fewer to give up.

        Returns:
            The handle that the phone gave it, 0 when it came to none, and what went wrong in libmtp's words,
            empty when nothing did.
        """
        file = self._library.file_type()
        file.storage_id, file.parent_id = place
        # libmtp may change the text in place, and never frees a file that it did not make.
        text = ctypes.create_string_buffer(name.encode())
        file.filename = ctypes.cast(text, ctypes.c_char_p)
        file.filesize, file.modificationdate = size, seconds
        file.filetype = _TYPES.get(format_for(name), UNKNOWN_TYPE)
        left, given_up = size, False

        def get(_params: Any, _private: Any, wanted: int, data: int, given: Any) -> int:
            nonlocal left, given_up
            # libmtp asks even for an empty file. A piece that is too short would leave the phone waiting.
            piece = give(min(wanted, left)) if left else b""
            given_up = len(piece) < min(wanted, left)
            left -= len(piece)
            ctypes.memmove(data, piece, len(piece))
            given[0] = len(piece)
            return _CANCEL if given_up else _DONE

        giver, progress = GET(get), PROGRESS(lambda _done, _total, _data: int(given_up))
        failed = self._library.send_from_handler(self._device, giver, None, ctypes.byref(file), progress, None)
        errors = self._errors()
        return file.item_id, (errors or "not sent") if failed else ""

    def make_folder(self, place: tuple[int, int], name: str) -> int:
        """Makes a folder. Returns its handle.

        Raises:
            LibmtpFailed: the phone will not.
        """
        storage, parent = place
        handle = self._library.create_folder(
            self._device, ctypes.create_string_buffer(name.encode()), parent, storage
        )
        errors = self._errors()
        if not handle:
            raise LibmtpFailed(errors or "no folder")
        return int(handle)

    def delete(self, handle: int) -> None:
        """Deletes an object.

        Raises:
            LibmtpFailed: the phone will not.
        """
        failed = self._library.delete_object(self._device, handle)
        errors = self._errors()
        if failed:
            raise LibmtpFailed(errors or "not deleted")

    def _errors(self) -> str:
        """What went wrong since the last look, in libmtp's words."""
        texts = []
        error = self._library.get_errors(self._device)
        while error:
            texts.append(text_of(error.contents.error_text))
            error = error.contents.next
        self._library.clear_errors(self._device)
        return "; ".join(texts)


def text_of(value: bytes | None) -> str:
    """A text of libmtp's, which is UTF-8 for all that is known."""
    return (value or b"").decode("utf-8", errors="replace")
