"""What a picture tells of itself: size, camera, place."""

from __future__ import annotations

from typing import Any, BinaryIO

from PIL import ExifTags

from mtpbackup.thumbnails.picture import opened

_MAKE, _MODEL, _ORIENTATION = 0x010F, 0x0110, 0x0112
_LONGEST = 80


def details(file: BinaryIO) -> dict[str, Any]:
    """Facts of a picture, as far as it tells them.

    Returns:
        width, height: as it is shown, in pixels. camera: text. latitude, longitude: degrees; only together.

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
        place = _place(exif.get_ifd(ExifTags.IFD.GPSInfo))
        if place is not None:
            facts["latitude"], facts["longitude"] = place
    except Exception as error:  # EXIF is hostile, and the picture may be good all the same
        facts["trouble"] = type(error).__name__
    return {**facts, "width": width, "height": height}


def _camera(make: object, model: object) -> str:
    words = [" ".join(text.split())[:_LONGEST] for text in (make, model) if isinstance(text, str)]
    words = [word.strip("\0 ") for word in words]
    if len(words) == 2 and words[1].casefold().startswith(words[0].casefold()):
        words = words[1:]
    return " ".join(filter(None, words))


def _place(gps: dict[int, Any]) -> tuple[float, float] | None:
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
