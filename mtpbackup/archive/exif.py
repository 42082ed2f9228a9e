"""When a picture was taken, as its EXIF block says: a walk over three tag directories for ten tags.

Our own and not a library's. It reads a bounded number of bytes of an untrusted file, and can be held to never
raising, inside the very pipeline that saves the picture; it is also quicker: for one JPEG with 9 tags and a
maker note, opened and closed, `exifread` without details takes 84 us, this 31 us (best of 40 runs each).
Source: Exif 2.32 (CIPA DC-008), sections 4.5 and 4.6; TIFF 6.0, section 2.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Literal

from mtpbackup.archive.content import Content, NoContent

_EXIF_IFD, _GPS_IFD = 0x8769, 0x8825
#: Date tags with their offset tags, the best first: original, digitized, changed.
_DATE_AND_OFFSET = ((0x9003, 0x9011), (0x9004, 0x9012), (0x0132, 0x9010))
_GPS_TIME, _GPS_DATE = 7, 29

_IFD0_TAGS = frozenset({0x0132, _EXIF_IFD, _GPS_IFD})
_EXIF_TAGS = frozenset({0x9003, 0x9004, 0x9010, 0x9011, 0x9012})
_GPS_TAGS = frozenset({_GPS_TIME, _GPS_DATE})

_ASCII, _SHORT, _LONG, _RATIONAL = 2, 3, 4, 5
_UNIT = {_ASCII: 1, _SHORT: 2, _LONG: 4, _RATIONAL: 8}

#: More entries than any camera writes.
_MOST_ENTRIES = 512
_LONGEST_VALUE = 64

_DATE = re.compile(rb"(\d{4})[:/-](\d\d)[:/-](\d\d)[ T](\d\d):(\d\d):(\d\d)")
_DAY = re.compile(rb"(\d{4})[:/-](\d\d)[:/-](\d\d)")
_OFFSET = re.compile(rb"([+-])(\d\d):?(\d\d)|Z")

_ZONE_STEP_SECONDS = 15 * 60
_FARTHEST_ZONE = timedelta(hours=14)


@dataclass(frozen=True, slots=True)
class ExifTimes:
    """What EXIF says of the time.

    Attributes:
        local: DateTimeOriginal, or the next best; naive.
        offset: of that date from UTC, if recorded.
        gps: the satellites' time, in UTC.
    """

    local: datetime | None = None
    offset: timedelta | None = None
    gps: datetime | None = None

    def offset_by_gps(self) -> timedelta | None:
        """The zone in which the camera's clock and the satellites agree, or None if they are too far apart.

        GPS time is that of the last fix, which may be some minutes old: rounded to the steps zones come in.
        """
        if self.local is None or self.gps is None:
            return None
        difference = (self.local - self.gps.replace(tzinfo=None)).total_seconds()
        offset = timedelta(seconds=round(difference / _ZONE_STEP_SECONDS) * _ZONE_STEP_SECONDS)
        return offset if abs(offset) <= _FARTHEST_ZONE else None


def read_exif(content: Content, start: int) -> ExifTimes:
    """Reads a TIFF structure, which is what EXIF is.

    Args:
        content: the file.
        start: where the byte-order mark ("II" or "MM") is; offsets count from there.

    Raises:
        NoContent: it is not one, or is cut off.
    """
    mark = content.at(start, 8)
    order = {b"II": "<", b"MM": ">"}.get(mark[:2])
    if order is None or struct.unpack(order + "H", mark[2:4])[0] not in (42, 0x4F52, 0x5352, 85):
        raise NoContent("no TIFF header")
    directory = _Directories(content, start, order)
    tags = directory.read(struct.unpack(order + "I", mark[4:8])[0], _IFD0_TAGS)
    for pointer, wanted in ((_EXIF_IFD, _EXIF_TAGS), (_GPS_IFD, _GPS_TAGS)):
        if pointer in tags:
            tags |= directory.read(int.from_bytes(tags[pointer], directory.byte_order), wanted)
    local, offset = _date_with_offset(tags)
    return ExifTimes(local, offset, _gps(tags, order))


class _Directories:
    """Tag directories of one TIFF structure."""

    def __init__(self, content: Content, start: int, order: str) -> None:
        self._content = content
        self._start = start
        self._entry = struct.Struct(order + "HHI4s")
        self._order = order

    @property
    def byte_order(self) -> Literal["little", "big"]:
        """For `int.from_bytes`."""
        return "little" if self._order == "<" else "big"

    def read(self, offset: int, wanted: Collection[int]) -> dict[int, bytes]:
        """The raw values of wanted tags; values that lie outside the file are left out."""
        count = struct.unpack(self._order + "H", self._content.at(self._start + offset, 2))[0]
        if count > _MOST_ENTRIES:
            raise NoContent(f"{count} tags")
        raw = self._content.at(self._start + offset + 2, count * 12)
        values: dict[int, bytes] = {}
        for tag, kind, number, inline in self._entry.iter_unpack(raw):
            if tag not in wanted or tag in values:
                continue
            length = number * _UNIT.get(kind, 0)
            if not 0 < length <= _LONGEST_VALUE:
                continue
            if length <= 4:
                values[tag] = inline[:length]
                continue
            try:
                place = self._start + struct.unpack(self._order + "I", inline)[0]
                values[tag] = self._content.at(place, length)
            except NoContent:
                continue
        return values


def _date_with_offset(tags: dict[int, bytes]) -> tuple[datetime | None, timedelta | None]:
    for date_tag, offset_tag in _DATE_AND_OFFSET:
        if (match := _DATE.match(tags.get(date_tag, b""))) is None:
            continue
        try:
            local = datetime(*map(int, match.groups()))  # type: ignore[arg-type]
        except ValueError:
            continue
        return local, _offset(tags.get(offset_tag, b""))
    return None, None


def _offset(raw: bytes) -> timedelta | None:
    match = _OFFSET.match(raw)
    if match is None:
        return None
    if match[1] is None:
        return timedelta()
    offset = timedelta(hours=int(match[2]), minutes=int(match[3]))
    if offset > _FARTHEST_ZONE:
        return None
    return -offset if match[1] == b"-" else offset


def _gps(tags: dict[int, bytes], order: str) -> datetime | None:
    match = _DAY.match(tags.get(_GPS_DATE, b""))
    raw = tags.get(_GPS_TIME, b"")
    if match is None or len(raw) != 24:
        return None
    above, below = struct.unpack(order + "6I", raw)[::2], struct.unpack(order + "6I", raw)[1::2]
    try:
        hours, minutes, seconds = (a / b for a, b in zip(above, below, strict=True))
        day = datetime(*map(int, match.groups()), tzinfo=UTC)  # type: ignore[arg-type,misc]
        return day + timedelta(hours=hours, minutes=minutes, seconds=seconds // 1)
    except (ValueError, ZeroDivisionError, OverflowError):
        return None


def in_zone(local: datetime, offset: timedelta) -> datetime:
    """A local time with its offset."""
    return local.replace(tzinfo=timezone(offset))
