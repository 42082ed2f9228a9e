"""Properties of objects: their types, and their values as bytes.

Values are written straight into the answer, as a folder may hold 20,000 objects and is asked for four
properties.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from mtpbackup.virtual.clock import PhoneClock
from mtpbackup.virtual.formats import is_audio, is_image, is_video
from mtpbackup.virtual.objects import Entry
from mtpbackup.virtual.personas import Persona
from mtpbackup.wire import MAX_STRING_UNITS, STR, U16, U32, U64, U128, DataType, ObjectProperty

_ELEMENT = struct.Struct("<IHH")


def shown_name(name: str) -> str:
    """A name as Android gives it: empty where it is not UTF-8, cut at 254 UTF-16 units (ANDROID.md)."""
    if name.isascii() and len(name) <= MAX_STRING_UNITS:
        return name.partition("\0")[0]
    try:
        name.encode()
    except UnicodeEncodeError:
        return ""
    units = name.partition("\0")[0].encode("utf-16-le")[: 2 * MAX_STRING_UNITS]
    return units.decode("utf-16-le", "ignore")


@dataclass(frozen=True, slots=True)
class Kind:
    """A property that the phone knows.

    Attributes:
        data_type: of its values.
        write: appends the value of an object to an answer.
    """

    data_type: DataType
    write: Callable[[Entry, PhoneClock, bytearray], None]


def _persistent_id(entry: Entry) -> int:
    """A hash of path and date: it changes when either does (ANDROID.md, Handles and listing)."""
    path: list[str] = []
    above: Entry | None = entry
    while above is not None and len(path) < 100:
        path.append(above.name)
        above = above.parent
    digest = zlib.crc32("/".join(reversed(path)).encode("utf-8", "surrogatepass"))
    return entry.mounted.id << 64 | digest << 32 | int(entry.modified) & 0xFFFFFFFF


def _text(value: str) -> Kind:
    return Kind(DataType.STR, lambda entry, clock, out: STR.write(value, out))


def _small(value: int) -> Kind:
    return Kind(DataType.UINT16, lambda entry, clock, out: U16.write(value, out))


def _number(value: int) -> Kind:
    return Kind(DataType.UINT32, lambda entry, clock, out: U32.write(value, out))


def _size(entry: Entry, clock: PhoneClock, out: bytearray) -> None:
    U64.write(entry.size, out)


def _name(entry: Entry, clock: PhoneClock, out: bytearray) -> None:
    STR.write(shown_name(entry.name), out)


def _modified(entry: Entry, clock: PhoneClock, out: bytearray) -> None:
    STR.write(clock.text(entry.modified), out)


#: What Android knows. Genre is missing on purpose: it is listed, and answered with no value (ANDROID.md,
#: PropList).
KINDS: Final[dict[int, Kind]] = {
    ObjectProperty.STORAGE_ID: Kind(
        DataType.UINT32, lambda entry, clock, out: U32.write(entry.mounted.id, out)
    ),
    ObjectProperty.OBJECT_FORMAT: Kind(DataType.UINT16, lambda entry, clock, out: U16.write(entry.format, out)),
    ObjectProperty.PROTECTION_STATUS: _small(0),
    ObjectProperty.OBJECT_SIZE: Kind(DataType.UINT64, _size),
    ObjectProperty.OBJECT_FILE_NAME: Kind(DataType.STR, _name),
    ObjectProperty.DATE_MODIFIED: Kind(DataType.STR, _modified),
    ObjectProperty.DATE_ADDED: Kind(DataType.STR, _modified),
    ObjectProperty.PARENT_OBJECT: Kind(
        DataType.UINT32, lambda entry, clock, out: U32.write(entry.parent_handle, out)
    ),
    ObjectProperty.PERSISTENT_UNIQUE_OBJECT_IDENTIFIER: Kind(
        DataType.UINT128, lambda entry, clock, out: U128.write(_persistent_id(entry), out)
    ),
    ObjectProperty.NAME: Kind(DataType.STR, _name),
    ObjectProperty.DISPLAY_NAME: Kind(DataType.STR, _name),
    ObjectProperty.ARTIST: _text(""),
    ObjectProperty.ALBUM_NAME: _text(""),
    ObjectProperty.ALBUM_ARTIST: _text(""),
    ObjectProperty.COMPOSER: _text(""),
    ObjectProperty.DESCRIPTION: _text(""),
    ObjectProperty.ORIGINAL_RELEASE_DATE: _text("00000101T000000"),
    ObjectProperty.TRACK: _small(0),
    ObjectProperty.DURATION: _number(0),
    ObjectProperty.AUDIO_WAVE_CODEC: _number(0),
    ObjectProperty.AUDIO_BITRATE: _number(0),
    ObjectProperty.SAMPLE_RATE: _number(0),
    ObjectProperty.BITRATE_TYPE: _small(0),
    ObjectProperty.NUMBER_OF_CHANNELS: _small(0),
}


def size_told(persona: Persona, entry: Entry) -> int:
    """The size that a phone gives out: twice the true one for videos that it would convert.

    Android 12 and later, with "convert videos" on (PHONES.md 1.10).
    """
    return 2 * entry.size if persona.transcodes and is_video(entry.format) else entry.size


def write_value(persona: Persona, code: int, entry: Entry, clock: PhoneClock, out: bytearray) -> None:
    """Appends the value of a property that the phone knows."""
    if code == ObjectProperty.OBJECT_SIZE and persona.transcodes:
        U64.write(size_told(persona, entry), out)
    else:
        KINDS[code].write(entry, clock, out)


def properties_of(persona: Persona, object_format: int) -> tuple[int, ...]:
    """The properties that a phone lists for objects of a format; 0 is any file."""
    extra: tuple[int, ...] = ()
    if is_audio(object_format):
        extra = persona.audio_properties
    elif is_video(object_format):
        extra = persona.video_properties
    elif is_image(object_format):
        extra = persona.image_properties
    return persona.file_properties + extra


def knows(persona: Persona, code: int) -> bool:
    """Whether a phone has values of a property at all."""
    listed = (
        persona.file_properties + persona.audio_properties + persona.video_properties + persona.image_properties
    )
    return code in listed and code in KINDS


def property_list(
    persona: Persona, clock: PhoneClock, wanted: Iterable[tuple[Entry, tuple[int, ...]]]
) -> tuple[bytearray, int]:
    """The dataset of GetObjectPropList, and the number of its elements.

    A property that the phone does not know is an element of type 0 without a value (ANDROID.md, PropList).

    Args:
        persona: whose list it is.
        clock: the phone's.
        wanted: objects, each with the properties that are to be given.
    """
    out = bytearray(4)
    count = 0
    known: dict[int, Kind | None] = {}
    for entry, codes in wanted:
        for code in codes:
            if code not in known:
                known[code] = KINDS[code] if knows(persona, code) else None
            kind = known[code]
            count += 1
            if kind is None:
                out += _ELEMENT.pack(entry.handle, code, DataType.UNDEFINED)
            else:
                out += _ELEMENT.pack(entry.handle, code, kind.data_type)
                write_value(persona, code, entry, clock, out)
    out[:4] = U32.encode(count)
    return out, count
