"""Exif data for made-up pictures, and the embedded thumbnail of any.

Exif 2.32: a TIFF file in an APP1 segment of a JPEG. Section numbers below are its.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction

_ASCII, _SHORT, _LONG, _RATIONAL, _BYTE = 2, 3, 4, 5, 1
_SIGNATURE = b"Exif\0\0"

_Field = tuple[int, int, int, bytes]


@dataclass(frozen=True, slots=True)
class Exif:
    """What a camera writes into a picture.

    Attributes:
        taken: when, as the camera's clock showed it; naive.
        utc_offset: how far that clock is ahead of UTC; None leaves OffsetTimeOriginal out.
        make, model: the camera.
        orientation: 1 upright, 3 upside down, 6 and 8 lying (4.6.4, table 4).
        position: latitude and longitude in degrees, north and east positive; None leaves GPS out.
        thumbnail: a JPEG, at most about 60 KB.
    """

    taken: datetime
    utc_offset: timedelta | None = None
    make: str = "Google"
    model: str = "Pixel 8"
    orientation: int = 1
    position: tuple[float, float] | None = None
    thumbnail: bytes = b""

    def app1(self) -> bytes:
        """The payload of the APP1 segment."""
        when = self.taken.strftime("%Y:%m:%d %H:%M:%S")
        first = [
            _text(0x010F, self.make),
            _text(0x0110, self.model),
            _short(0x0112, self.orientation),
            _text(0x0132, when),
        ]
        camera = [(0x9000, 7, 4, b"0232"), _text(0x9003, when), _text(0x9004, when)]
        if self.utc_offset is not None:
            offset = _offset(self.utc_offset)
            camera += [_text(0x9010, offset), _text(0x9011, offset), _text(0x9012, offset)]
        second = []
        if self.thumbnail:
            second = [_short(0x0103, 6), _long(0x0201, 0), _long(0x0202, len(self.thumbnail))]
        return _SIGNATURE + _tiff(first, camera, self._gps(), second, self.thumbnail)

    def _gps(self) -> list[_Field]:
        if self.position is None:
            return []
        latitude, longitude = self.position
        moment = self.taken.replace(tzinfo=UTC) - (self.utc_offset or timedelta())
        clock = [Fraction(moment.hour), Fraction(moment.minute), Fraction(moment.second)]
        return [
            (0x0000, _BYTE, 4, b"\2\3\0\0"),
            _text(0x0001, "N" if latitude >= 0 else "S"),
            _rationals(0x0002, _degrees(latitude)),
            _text(0x0003, "E" if longitude >= 0 else "W"),
            _rationals(0x0004, _degrees(longitude)),
            _rationals(0x0007, clock),
            _text(0x001D, moment.strftime("%Y:%m:%d")),
        ]


def _offset(offset: timedelta) -> str:
    minutes = round(offset / timedelta(minutes=1))
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"


def _degrees(angle: float) -> list[Fraction]:
    hundredths = round(abs(angle) * 360_000)
    return [
        Fraction(hundredths // 360_000),
        Fraction(hundredths // 6_000 % 60),
        Fraction(hundredths % 6_000, 100),
    ]


def _text(tag: int, value: str) -> _Field:
    data = value.encode("ascii") + b"\0"
    return tag, _ASCII, len(data), data


def _short(tag: int, value: int) -> _Field:
    return tag, _SHORT, 1, struct.pack("<HH", value, 0)


def _long(tag: int, value: int) -> _Field:
    return tag, _LONG, 1, struct.pack("<I", value)


def _rationals(tag: int, values: list[Fraction]) -> _Field:
    data = b"".join(struct.pack("<II", *value.as_integer_ratio()) for value in values)
    return tag, _RATIONAL, len(values), data


def _directory_size(fields: list[_Field]) -> int:
    return 2 + 12 * len(fields) + 4 + sum((len(data) + 1) & ~1 for *_, data in fields if len(data) > 4)


def _directory(fields: list[_Field], start: int, following: int) -> bytes:
    """An image file directory that begins at `start`, with its values behind it. 4.6.2."""
    head = struct.pack("<H", len(fields))
    values = b""
    values_start = start + 2 + 12 * len(fields) + 4
    for tag, kind, count, data in sorted(fields):
        head += struct.pack("<HHI", tag, kind, count)
        if len(data) > 4:
            head += struct.pack("<I", values_start + len(values))
            values += data + b"\0" * (len(data) & 1)
        else:
            head += data.ljust(4, b"\0")
    return head + struct.pack("<I", following) + values


def _tiff(
    first: list[_Field], camera: list[_Field], gps: list[_Field], second: list[_Field], thumbnail: bytes
) -> bytes:
    """The TIFF file: IFD0, the Exif and GPS directories, IFD1 with the thumbnail behind it."""
    first = [*first, _long(0x8769, 0), *([_long(0x8825, 0)] if gps else [])]
    first_start = 8
    camera_start = first_start + _directory_size(first)
    gps_start = camera_start + _directory_size(camera)
    second_start = gps_start + (_directory_size(gps) if gps else 0)
    thumbnail_start = second_start + (_directory_size(second) if second else 0)
    places = {0x8769: camera_start, 0x8825: gps_start, 0x0201: thumbnail_start}

    def placed(fields: list[_Field]) -> list[_Field]:
        return [_long(field[0], places[field[0]]) if field[0] in places else field for field in fields]

    parts = [
        b"II*\0" + struct.pack("<I", first_start),
        _directory(placed(first), first_start, second_start if second else 0),
        _directory(camera, camera_start, 0),
    ]
    if gps:
        parts.append(_directory(gps, gps_start, 0))
    if second:
        parts += [_directory(placed(second), second_start, 0), thumbnail]
    return b"".join(parts)


def embedded_thumbnail(picture: bytes) -> bytes | None:
    """The thumbnail in the Exif data of a JPEG, or None.

    Args:
        picture: the file, or as much of its start as holds the Exif segment (64 KiB).
    """
    at = 2
    while picture[at : at + 1] == b"\xff" and at + 4 <= len(picture):
        marker, size = struct.unpack_from(">xBH", picture, at)
        body = picture[at + 4 : at + 2 + size]
        if marker == 0xE1 and body.startswith(_SIGNATURE):
            try:
                return _thumbnail_of(body[len(_SIGNATURE) :])
            except struct.error:
                return None
        if marker == 0xDA:
            return None
        at += 2 + size
    return None


def _thumbnail_of(tiff: bytes) -> bytes | None:
    order = ">" if tiff.startswith(b"MM") else "<"
    (directory,) = struct.unpack_from(order + "I", tiff, 4)
    (count,) = struct.unpack_from(order + "H", tiff, directory)
    (second,) = struct.unpack_from(order + "I", tiff, directory + 2 + 12 * count)
    if not second:
        return None
    (count,) = struct.unpack_from(order + "H", tiff, second)
    fields: dict[int, int] = {}
    for index in range(count):
        tag, _, _, value = struct.unpack_from(order + "HHII", tiff, second + 2 + 12 * index)
        fields[tag] = value
    if 0x0201 not in fields or 0x0202 not in fields:
        return None
    found = tiff[fields[0x0201] : fields[0x0201] + fields[0x0202]]
    return found if found.startswith(b"\xff\xd8") else None
