"""Where pictures and films keep their dates: JPEG, PNG, WebP, HEIF, AVIF, TIFF, raw files; MP4, QuickTime.

Every walk is bounded in steps, and every read by `Content`.
Sources: ITU-T T.81 annex B (JPEG); PNG 3rd edition, section 11.3.4.1 (eXIf); WebP container specification;
ISO/IEC 14496-12 (boxes, mvhd, meta, iinf, iloc); ISO/IEC 23008-12 annex A (Exif items).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from mtpbackup.archive.content import Content, NoContent
from mtpbackup.archive.exif import ExifTimes, read_exif

_MOST_STEPS = 64
_LARGEST_META = 256 * 1024

#: Seconds in MP4 count from here.
_MP4_EPOCH = datetime(1904, 1, 1, tzinfo=UTC)

#: Boxes that a file of the ISO family, or old QuickTime, may begin with.
_BOX_STARTS = frozenset({b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"})

_TIFF_STARTS = (b"II*\0", b"MM\0*", b"IIRO", b"IIRS", b"IIU\0")


def exif_times(content: Content) -> ExifTimes:
    """What a picture's EXIF says. Raises NoContent when it has none."""
    start = content.at(0, min(12, content.size))
    if start.startswith(b"\xff\xd8"):
        return read_exif(content, _in_jpeg(content))
    if start.startswith(b"\x89PNG\r\n\x1a\n"):
        return read_exif(content, _in_png(content))
    if start.startswith(b"RIFF") and start[8:12] == b"WEBP":
        return read_exif(content, _in_webp(content))
    if start.startswith(_TIFF_STARTS):
        return read_exif(content, 0)
    if start[4:8] == b"ftyp":
        return read_exif(content, _in_heif(content))
    raise NoContent("no format that has EXIF")


def creation_time(content: Content) -> datetime | None:
    """When a film was begun, in UTC, as its movie header says; None for zero, which means unknown.

    Raises:
        NoContent: this is no film.
    """
    if content.at(4, 4) not in _BOX_STARTS:
        raise NoContent("no film")
    for kind, start, end in _boxes(content, 0, content.size):
        if kind != b"moov":
            continue
        for inner, body, _ in _boxes(content, start, end):
            if inner == b"mvhd":
                long = content.number(body, 1) == 1
                seconds = content.number(body + 4, 8 if long else 4)
                return _MP4_EPOCH + timedelta(seconds=seconds) if 0 < seconds < 2**33 else None
        break
    raise NoContent("no movie header")


def _in_jpeg(content: Content) -> int:
    """Offset of the TIFF structure: the segment APP1 that begins with "Exif"."""
    offset = 2
    for _ in range(_MOST_STEPS):
        marker = content.number(offset, 2)
        if marker == 0xFFFF:
            offset += 1
            continue
        if not 0xFFC0 <= marker <= 0xFFFE or marker in (0xFFDA, 0xFFD9):
            break
        length = content.number(offset + 2, 2)
        if marker == 0xFFE1 and length > 8 and content.at(offset + 4, 6) == b"Exif\0\0":
            return offset + 10
        offset += 2 + length
    raise NoContent("no EXIF in this JPEG")


def _in_png(content: Content) -> int:
    offset = 8
    for _ in range(_MOST_STEPS):
        length, kind = content.number(offset, 4), content.at(offset + 4, 4)
        if kind == b"eXIf":
            return offset + 8
        if kind in (b"IDAT", b"IEND"):
            break
        offset += 12 + length
    raise NoContent("no EXIF in this PNG")


def _in_webp(content: Content) -> int:
    offset = 12
    for _ in range(_MOST_STEPS):
        kind, length = struct.unpack("<4sI", content.at(offset, 8))
        if kind == b"EXIF":
            begins = offset + 8
            return begins + 6 if content.at(begins, 6) == b"Exif\0\0" else begins
        offset += 8 + length + length % 2
    raise NoContent("no EXIF in this WebP")


def _in_heif(content: Content) -> int:
    """Offset of the TIFF structure: the item of type "Exif", found by iinf and iloc of the meta box."""
    for kind, start, end in _boxes(content, 0, content.size):
        if kind == b"meta":
            if end - start > _LARGEST_META:
                break
            boxes = {name: (a, b) for name, a, b in _boxes(content, start + 4, end)}
            if b"iinf" not in boxes or b"iloc" not in boxes:
                break
            item = _exif_item(content, *boxes[b"iinf"])
            place = _item_offset(content, boxes[b"iloc"][0], item)
            # The item begins with the distance from its 5th byte to the TIFF header.
            return place + 4 + content.number(place, 4)
        if kind == b"moov":
            break
    raise NoContent("no EXIF in this HEIF")


def _exif_item(content: Content, start: int, end: int) -> int:
    version = content.number(start, 1)
    first = start + (6 if version == 0 else 8)
    for kind, body, _ in _boxes(content, first, end, steps=1024):
        if kind == b"infe" and content.number(body, 1) in (2, 3):
            wide = 4 if content.number(body, 1) == 3 else 2
            if content.at(body + 6 + wide, 4) == b"Exif":
                return content.number(body + 4, wide)
    raise NoContent("no EXIF item")


def _item_offset(content: Content, start: int, item: int) -> int:
    """Where the first extent of an item is in the file (construction method 0 only)."""
    version = content.number(start, 1)
    sizes = content.number(start + 4, 2)
    offset_size, length_size = sizes >> 12 & 15, sizes >> 8 & 15
    base_size, index_size = sizes >> 4 & 15, sizes & 15 if version in (1, 2) else 0
    wide = 4 if version == 2 else 2
    position = start + 6 + wide
    for _ in range(min(content.number(start + 6, wide), 1024)):
        number = content.number(position, wide)
        position += wide
        method = 0
        if version in (1, 2):
            method = content.number(position, 2) & 15
            position += 2
        base = content.number(position + 2, base_size)
        extents = content.number(position + 2 + base_size, 2)
        position += 4 + base_size
        if number == item and extents and method == 0:
            return base + content.number(position + index_size, offset_size)
        position += extents * (index_size + offset_size + length_size)
    raise NoContent("the EXIF item is nowhere")


def _boxes(
    content: Content, start: int, end: int, steps: int = _MOST_STEPS
) -> Iterator[tuple[bytes, int, int]]:
    """Boxes between two offsets: type, where the body begins, where it ends."""
    for _ in range(steps):
        if start + 8 > end:
            return
        size, kind = struct.unpack(">I4s", content.at(start, 8))
        body = start + 8
        if size == 1:
            size = content.number(body, 8)
            body += 8
        elif size == 0:
            size = end - start
        if size < body - start or start + size > end:
            raise NoContent("a box is longer than the file")
        yield kind, body, start + size
        start += size
