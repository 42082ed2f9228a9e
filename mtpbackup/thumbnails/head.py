"""The thumbnail in the first bytes of a JPEG: its EXIF block has one, and tells which way up the picture is.

Source: Exif 2.32 (CIPA DC-008), sections 4.5.5 (thumbnail in IFD1), 4.6.4 (orientation), 4.6.5 (sizes).
"""

from __future__ import annotations

import io
from typing import Final

from PIL import ExifTags, Image

from mtpbackup.thumbnails.picture import NotShown, small

_MOST_SEGMENTS: Final = 64
_ORIENTATION, _WIDTH, _HEIGHT = 0x0112, 0xA002, 0xA003
_OFFSET, _LENGTH = 0x0201, 0x0202


def thumbnail(head: bytes, phones_own: bytes) -> bytes:
    """The best that can be made without reading the picture.

    Args:
        head: the first bytes of a JPEG; may be empty.
        phones_own: what the phone gave as its thumbnail; may be empty. Phones turn those that they make; which
            is why the one in the head comes first, of which it is known.

    Raises:
        NotShown: there is none in either.
        Exception: anything, from damaged ones.
    """
    block = _exif_block(head)
    if block:
        exif = Image.Exif()
        exif.load(block)
        inside = exif.get_ifd(ExifTags.IFD.IFD1)
        start, length = inside.get(_OFFSET), inside.get(_LENGTH)
        if isinstance(start, int) and isinstance(length, int) and 0 < length <= len(block):
            jpeg = block[6 + start : 6 + start + length]
            if jpeg.startswith(b"\xff\xd8\xff"):
                image = Image.open(io.BytesIO(jpeg), formats=("JPEG",))
                orientation = exif.get(_ORIENTATION)
                return small(_without_bars(image, exif), orientation if isinstance(orientation, int) else 1)
    if not phones_own:
        raise NotShown("no thumbnail")
    from mtpbackup.thumbnails.picture import opened  # noqa: PLC0415 - loads HEIF

    return small(opened(io.BytesIO(phones_own)))


def _exif_block(head: bytes) -> bytes:
    """The EXIF segment of a JPEG, from "Exif" on; empty where there is none."""
    if not head.startswith(b"\xff\xd8"):
        return b""
    position = 2
    for _ in range(_MOST_SEGMENTS):
        if position + 4 > len(head) or head[position] != 0xFF:
            return b""
        marker = head[position + 1]
        if marker == 0xFF:
            position += 1
            continue
        if marker in (0xDA, 0xD9):
            return b""
        length = int.from_bytes(head[position + 2 : position + 4])
        segment = head[position + 4 : position + 2 + length]
        if marker == 0xE1 and segment.startswith(b"Exif\0\0"):
            return segment
        position += 2 + length
    return b""


def _without_bars(image: Image.Image, exif: Image.Exif) -> Image.Image:
    """Cuts the black bars off: a thumbnail is 4:3 (160 x 120), whatever the picture is."""
    sizes = exif.get_ifd(ExifTags.IFD.Exif)
    width, height = sizes.get(_WIDTH), sizes.get(_HEIGHT)
    if not (isinstance(width, int) and isinstance(height, int) and width > 0 and height > 0):
        return image
    across, down = image.size
    wanted_down, wanted_across = round(across * height / width), round(down * width / height)
    if down * 0.6 < wanted_down < down * 0.98:
        top = (down - wanted_down) // 2
        return image.crop((0, top, across, top + wanted_down))
    if across * 0.6 < wanted_across < across * 0.98:
        left = (across - wanted_across) // 2
        return image.crop((left, 0, left + wanted_across, down))
    return image
