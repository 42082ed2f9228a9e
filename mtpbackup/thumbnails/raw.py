"""Previews in RAW pictures: cameras put a JPEG of their own making into them.

DNG, NEF, CR2, ARW, ORF, RW2, PEF and SRW are TIFF (TIFF 6.0, section 2; DNG 1.7, "Preview images"); RAF and CR3
have headers of their own. Every walk is bounded.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from typing import BinaryIO, Final

from PIL import Image

from mtpbackup.thumbnails.picture import EDGE, NotShown, orientation_of, small

_TIFF: Final = (b"II*\0", b"MM\0*", b"IIRO", b"IIRS", b"IIU\0")
_RAF: Final = b"FUJIFILMCCD-RAW"
_JPEG: Final = b"\xff\xd8\xff"

_COMPRESSION, _STRIPS, _STRIP_BYTES, _SUB_IFDS = 0x0103, 0x0111, 0x0117, 0x014A
_JPEG_START, _JPEG_BYTES, _PANASONIC, _ORIENTATION = 0x0201, 0x0202, 0x002E, 0x0112
_UNITS: Final = {1: 1, 2: 1, 3: 2, 4: 4, 7: 1, 13: 4}
_MOST_DIRECTORIES: Final = 32
_MOST_ENTRIES: Final = 512
_LONGEST_PREVIEW: Final = 32 * 1024 * 1024
#: Bytes at the beginning in which a preview is searched for by its first bytes.
_SEARCHED: Final = 4 * 1024 * 1024
_MOST_CANDIDATES: Final = 16


def is_raw(start: bytes) -> bool:
    """Whether the first bytes of a file are those of a RAW picture (or of a TIFF)."""
    return start.startswith((*_TIFF, _RAF)) or start[4:12] == b"ftypcrx "


def thumbnail(file: BinaryIO) -> bytes:
    """A small picture of the preview that serves best.

    Raises:
        NotShown: there is none.
        Exception: anything, from a damaged one.
    """
    orientation: list[int] = []
    best: Image.Image | None = None
    for start, length in _candidates(file, orientation):
        file.seek(start)
        data = file.read(min(length, _LONGEST_PREVIEW))
        if not data.startswith(_JPEG):
            continue
        try:
            image = Image.open(io.BytesIO(data), formats=("JPEG",))
        except (OSError, SyntaxError, ValueError):
            continue
        if image.info.get("progressive") and image.size[0] * image.size[1] > 64_000_000:
            continue
        if best is None or _better(image, best):
            best = image
    if best is None:
        raise NotShown("no preview")
    turn = orientation_of(best)
    return small(best, turn if turn != 1 or not orientation else orientation[0])


def _better(one: Image.Image, other: Image.Image) -> bool:
    """The smallest that is large enough; else the largest."""
    size, best = max(one.size), max(other.size)
    return EDGE <= size < best if best >= EDGE else size > best


def _candidates(file: BinaryIO, orientation: list[int]) -> Iterator[tuple[int, int]]:
    file.seek(0)
    start = file.read(96)
    if start.startswith(_RAF):
        yield struct.unpack(">II", start[84:92])
    elif start.startswith(_TIFF):
        yield from _in_tiff(file, start, orientation)
    else:
        yield from _searched(file)


def _in_tiff(file: BinaryIO, start: bytes, orientation: list[int]) -> Iterator[tuple[int, int]]:
    order = "<" if start[:2] == b"II" else ">"
    waiting = [struct.unpack(order + "I", start[4:8])[0]]
    seen: set[int] = set()
    while waiting and len(seen) < _MOST_DIRECTORIES:
        offset = waiting.pop(0)
        if offset in seen or not offset:
            continue
        seen.add(offset)
        tags, following = _directory(file, offset, order)
        waiting += [following, *tags.get(_SUB_IFDS, ())[:8]]
        if not orientation and tags.get(_ORIENTATION):
            orientation.append(tags[_ORIENTATION][0])
        if tags.get(_JPEG_START) and tags.get(_JPEG_BYTES):
            yield tags[_JPEG_START][0], tags[_JPEG_BYTES][0]
        if tags.get(_PANASONIC):
            yield tags[_PANASONIC][0], tags[_PANASONIC][1]
        # Old-style and new-style JPEG in one strip; a mosaic in the same coding is no JPEG that opens.
        if tags.get(_COMPRESSION, (0,))[0] in (6, 7) and len(tags.get(_STRIPS, ())) == 1:
            yield tags[_STRIPS][0], tags.get(_STRIP_BYTES, (0,))[0]


def _directory(file: BinaryIO, offset: int, order: str) -> tuple[dict[int, tuple[int, ...]], int]:
    """Numbers by tag, and where the next directory is."""
    file.seek(offset)
    count = struct.unpack(order + "H", file.read(2))[0]
    if count > _MOST_ENTRIES:
        raise NotShown(f"{count} tags")
    raw = file.read(count * 12 + 4)
    tags: dict[int, tuple[int, ...]] = {}
    for tag, kind, number, inline in struct.iter_unpack(order + "HHI4s", raw[: count * 12]):
        unit = _UNITS.get(kind)
        if tag == _PANASONIC:
            tags[tag] = (struct.unpack(order + "I", inline)[0], number)
            continue
        if unit is None or not 0 < number <= 256 or kind in (2, 7):
            continue
        length = unit * number
        data = inline[:length]
        if length > 4:
            file.seek(struct.unpack(order + "I", inline)[0])
            data = file.read(length)
        code = {1: "B", 2: "H", 4: "I"}[unit]
        if len(data) == length:
            tags[tag] = struct.unpack(f"{order}{number}{code}", data)
    following = raw[count * 12 :]
    return tags, struct.unpack(order + "I", following)[0] if len(following) == 4 else 0


def _searched(file: BinaryIO) -> Iterator[tuple[int, int]]:
    """Wherever a JPEG seems to begin."""
    file.seek(0)
    data = file.read(_SEARCHED)
    position = -1
    for _ in range(_MOST_CANDIDATES):
        position = data.find(_JPEG, position + 1)
        if position < 0:
            return
        yield position, _LONGEST_PREVIEW
