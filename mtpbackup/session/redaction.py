"""What of a recorded conversation may go into a bug report: everything that no person can be known by.

`transport.redaction` masks whatever looks like text, as it does not know what bytes mean; so make and model go
with the names, and nothing is left of long lists. This one reads containers and datasets, and keeps more of
what a bug hunter needs:

- commands, responses, events; handles, formats, sizes, dates, in lists of any length as far as recorded;
- DeviceInfo with maker, model and everything offered, but for the serial number;
- of names only their length and their ending.

What it cannot read is left to `MaskText`, and so is all that no rule here is meant for.
"""

from __future__ import annotations

import dataclasses
import re
import struct
from collections.abc import Callable
from types import MappingProxyType
from typing import Final

from mtpbackup.errors import LocalProtocolError, WireError
from mtpbackup.transport.redaction import Crossing, MaskText, mask_text
from mtpbackup.wire import (
    HEADER_SIZE,
    ContainerType,
    DataType,
    DeviceInfo,
    Header,
    ObjectInfo,
    Reader,
    StorageInfo,
    parse_date,
    value_type,
)
from mtpbackup.wire import OperationCode as Op

#: Ends of names that say what a file is and nothing else: in "Letter to Dr.Smith" there is none.
_ENDING: Final = re.compile(
    r"\.(?:jpe?g|png|gif|webp|hei[cf]|avif|dng|aae|mp4|mov|m4v|3gp|mkv|webm|avi|mp3|m4a|wav|txt|pdf|nomedia)$",
    re.IGNORECASE,
)
_ELEMENT_HEAD: Final = struct.Struct("<IHH")


class MaskDatasets:
    """A redactor that knows what MTP bytes mean. What it covers: see the module."""

    def __init__(self) -> None:
        self._blunt = MaskText()

    def __call__(self, crossing: Crossing) -> bytes:
        """See `transport.redaction.Redactor`."""
        if crossing.pipe in ("event", "control"):
            return crossing.data  # numbers only: USB still image class, sections 5.2 and 7.3
        if not crossing.starts:
            return b""
        try:
            header = Header.decode(crossing.data)
        except WireError:
            return self._blunt(crossing)
        if header.type != ContainerType.DATA:
            return crossing.data[: header.length] + mask_text(crossing.data[header.length :])
        mask = _MASKS.get(header.code)
        if mask is None:
            return self._blunt(crossing)
        end = min(header.length, len(crossing.data))
        try:
            masked = mask(crossing.data[HEADER_SIZE:end])
        except (WireError, LocalProtocolError):
            return self._blunt(crossing)
        if len(masked) < end - HEADER_SIZE:
            return crossing.data[:HEADER_SIZE] + masked  # cut off: what follows has lost its place
        return crossing.data[:HEADER_SIZE] + masked + mask_text(crossing.data[end:])


def _numbers(payload: bytes) -> bytes:
    """A dataset without text."""
    return payload


def _device_info(payload: bytes) -> bytes:
    info = DeviceInfo.decode(payload)
    return _same_length(payload, dataclasses.replace(info, serial_number=_x(info.serial_number)).encode())


def _storage_info(payload: bytes) -> bytes:
    info = StorageInfo.decode(payload)
    masked = dataclasses.replace(
        info,
        storage_description=_x(info.storage_description),
        volume_identifier=_x(info.volume_identifier),
    )
    return _same_length(payload, masked.encode())


def _object_info(payload: bytes) -> bytes:
    info = ObjectInfo.decode(payload)
    masked = dataclasses.replace(info, filename=_masked(info.filename), keywords=_x(info.keywords))
    return _same_length(payload, masked.encode())


def _same_length(payload: bytes, masked: bytes) -> bytes:
    """A masked dataset, if it lies as the original does.

    Raises:
        WireError: it does not, so who knows what was in the original.
    """
    if len(masked) != len(payload):
        raise WireError("a dataset with something behind it")
    return masked


def _property_list(payload: bytes) -> bytes:
    """A property list, as far as it is there: its end may not have been recorded."""
    masked = bytearray(payload)
    reader = Reader(payload)
    reader.take(4)
    end = reader.position
    try:
        while reader.remaining:
            _, _, data_type = reader.unpack(_ELEMENT_HEAD)
            start = reader.position
            value = value_type(data_type).read(reader)
            if data_type == DataType.STR:
                _mask_units(masked, start, value)
            elif isinstance(value, tuple):
                masked[start : reader.position] = mask_text(payload[start : reader.position])
            end = reader.position
    except WireError:
        return bytes(masked[:end])
    return bytes(masked)


def _mask_units(buffer: bytearray, start: int, text: str) -> None:
    """Masks the string that begins with its count at `start`. What lies behind its NUL goes, too."""
    count = buffer[start]
    if count < 2 or parse_date(text) is not None:
        return
    units = _masked(text).encode("utf-16-le").ljust(2 * (count - 1), b"\0")
    buffer[start + 1 : start + 2 * count - 1] = units[: 2 * (count - 1)]


def _masked(name: str) -> str:
    """A name without what could be known by it: length and ending stay."""
    ending = _ENDING.search(name)
    kept = "" if ending is None else ending[0]
    return _x(name[: len(name) - len(kept)]) + kept


def _x(text: str) -> str:
    """As many UTF-16 units of "x"."""
    return "x" * (len(text.encode("utf-16-le")) // 2)


#: Operation -> how its dataset is masked. What is not here is left to `MaskText`: contents among others.
_MASKS: Final[MappingProxyType[int, Callable[[bytes], bytes]]] = MappingProxyType(
    {
        Op.GET_DEVICE_INFO: _device_info,
        Op.GET_STORAGE_IDS: _numbers,
        Op.GET_STORAGE_INFO: _storage_info,
        Op.GET_OBJECT_HANDLES: _numbers,
        Op.GET_OBJECT_INFO: _object_info,
        Op.SEND_OBJECT_INFO: _object_info,
        Op.GET_OBJECT_PROPS_SUPPORTED: _numbers,
        Op.GET_OBJECT_PROP_LIST: _property_list,
    }
)
