"""What a picture tells of itself: size, camera, place."""

from __future__ import annotations

from typing import Any, BinaryIO

from PIL import ExifTags, Image, ImageFile, IptcImagePlugin

from mtpbackup.thumbnails.picture import opened

_MAKE, _MODEL, _ORIENTATION = 0x010F, 0x0110, 0x0112
_LONGEST = 80

#: GPSAreaInformation: eight bytes name the characters, the rest is in them. Exif 2.32, 4.6.6 and table 9.
_AREA = 0x001C
_CHARACTERS = {b"ASCII\0\0\0": "ascii", b"UNICODE\0": "utf-16", b"JIS\0\0\0\0\0": "iso2022_jp"}
_MARKS = (b"\xff\xfe", b"\xfe\xff")

#: Place within a city, city, state, country; and the escape sequence that says UTF-8. IPTC-NAA IIM 4.2, 2:92 to
#: 2:101 and 1:90.
_NAMES = ((2, 92), (2, 90), (2, 95), (2, 101))
_CODED, _UTF_8 = (1, 90), b"\x1b%G"


def details(file: BinaryIO) -> dict[str, Any]:
    """Facts of a picture, as far as it tells them.

    Returns:
        width, height: as it is shown, in pixels. camera: text. latitude, longitude: degrees; only together.
        place: its name in words; empty where the picture has only numbers.

    Raises:
        NotShown: it is no picture.
        Exception: anything, from a damaged one.
    """
    image = opened(file)
    width, height = image.size
    facts: dict[str, Any] = {}
    try:
        exif = image.getexif()
        if image.format not in ("HEIF", "AVIF") and exif.get(_ORIENTATION) in (5, 6, 7, 8):
            width, height = height, width
        facts["camera"] = _camera(exif.get(_MAKE), exif.get(_MODEL))
        gps = exif.get_ifd(ExifTags.IFD.GPSInfo)
        position = _position(gps)
        if position is not None:
            facts["latitude"], facts["longitude"] = position
        facts["place"] = _named(image) or _area(gps.get(_AREA), exif.endian)
    except Exception as error:  # EXIF is hostile, and the picture may be good all the same
        facts["trouble"] = type(error).__name__
    return {**facts, "width": width, "height": height}


def _camera(make: object, model: object) -> str:
    words = [_tidy(text) for text in (make, model) if isinstance(text, str)]
    if len(words) == 2 and words[1].casefold().startswith(words[0].casefold()):
        words = words[1:]
    return " ".join(filter(None, words))


def _tidy(text: str) -> str:
    return " ".join(text.replace("\0", " ").split())[:_LONGEST]


def _area(value: object, order: str | None) -> str:
    """The name of the area in the GPS part of EXIF, whose numbers are in this order of bytes."""
    if not isinstance(value, bytes) or value[:8] not in _CHARACTERS:
        return ""
    characters, text = _CHARACTERS[value[:8]], value[8:]
    if characters == "utf-16" and text[:2] not in _MARKS:
        characters = "utf-16-be" if order == ">" else "utf-16-le"
    return _tidy(text.decode(characters, errors="replace"))


def _named(image: Image.Image) -> str:
    """The names that a program of the person's wrote into the picture, the nearest first."""
    iptc = IptcImagePlugin.getiptcinfo(image) if isinstance(image, ImageFile.ImageFile) else None
    if iptc is None:
        return ""
    characters = "utf-8" if iptc.get(_CODED) == _UTF_8 else "latin-1"
    values = (iptc.get(name) for name in _NAMES)
    names = [_tidy(value.decode(characters, errors="replace")) for value in values if isinstance(value, bytes)]
    return ", ".join(filter(None, dict.fromkeys(names)))


def _position(gps: dict[int, Any]) -> tuple[float, float] | None:
    found = []
    for reference, value, negative, most in ((1, 2, "S", 90), (3, 4, "W", 180)):
        parts = gps.get(value)
        if not isinstance(parts, tuple) or len(parts) != 3:
            return None
        degrees = float(parts[0]) + float(parts[1]) / 60 + float(parts[2]) / 3600
        if not 0 <= degrees <= most:
            return None
        found.append(-degrees if gps.get(reference) == negative else degrees)
    return (found[0], found[1]) if any(found) else None
