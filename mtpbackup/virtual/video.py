"""Made-up videos: MP4 files of any size, a few real frames in them, and the date where parsers look for it.

ISO/IEC 14496-12 (boxes). The frames are JPEGs, a codec that QuickTime's files have had from the start and
players still read. As cameras write it, the index (`moov`) stands at the end.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from datetime import UTC, datetime

from mtpbackup.virtual.content import Generated, Joined, Literal
from mtpbackup.virtual.jpeg import jpeg
from mtpbackup.virtual.pictures import landscape

#: Dates in MP4 count from here, in UTC.
_EPOCH = datetime(1904, 1, 1, tzinfo=UTC)
#: Ticks a second.
_TIMESCALE = 1000
_MATRIX = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)


def _box(kind: bytes, *parts: bytes) -> bytes:
    size = 8 + sum(map(len, parts))
    return struct.pack(">I", size) + kind + b"".join(parts)


def _full(kind: bytes, *parts: bytes, flags: int = 0) -> bytes:
    """A box with a version (0) and flags."""
    return _box(kind, struct.pack(">I", flags), *parts)


def _track(width: int, height: int, when: int, ticks: int, sizes: Sequence[int], start: int) -> bytes:
    """One track of pictures that lie one after the other from `start` in the file."""
    dates = struct.pack(">II", when, when)
    description = _box(
        b"jpeg",
        struct.pack(">6xH16xHHIII H32sHh", 1, width, height, 0x480000, 0x480000, 0, 1, b"\4jpeg", 24, -1),
    )
    samples = _box(
        b"stbl",
        _full(b"stsd", struct.pack(">I", 1), description),
        _full(b"stts", struct.pack(">III", 1, len(sizes), ticks // len(sizes))),
        _full(b"stsc", struct.pack(">IIII", 1, 1, len(sizes), 1)),
        _full(b"stsz", struct.pack(">II", 0, len(sizes)), struct.pack(f">{len(sizes)}I", *sizes)),
        _full(b"stco", struct.pack(">II", 1, start)),
    )
    media = _box(
        b"mdia",
        _full(b"mdhd", dates, struct.pack(">IIHH", _TIMESCALE, ticks, 0x55C4, 0)),
        _full(b"hdlr", struct.pack(">4x4s12x", b"vide"), b"Video\0"),
        _box(
            b"minf",
            _full(b"vmhd", bytes(8), flags=1),
            _box(b"dinf", _full(b"dref", struct.pack(">I", 1), _full(b"url ", flags=1))),
            samples,
        ),
    )
    head = _full(
        b"tkhd",
        dates,
        struct.pack(">I4xI8xHHH2x", 1, ticks, 0, 0, 0),
        _MATRIX,
        struct.pack(">II", width << 16, height << 16),
        flags=7,
    )
    return _box(b"trak", head, media)


def video(created: datetime, *, seed: int = 0, size: int = 0, seconds: int = 4, frames: int = 4) -> Joined:
    """An MP4.

    Args:
        created: the moment in UTC, as `creation_time` has it; naive is taken as UTC.
        seed: what is to be seen.
        size: bytes of the whole file, as far as it is not smaller than its frames.
        seconds: how long it lasts.
        frames: how many pictures it has.
    """
    width, height = 320, 240
    pictures = [jpeg(width, height, landscape(seed + number)) for number in range(frames)]
    moment = created if created.tzinfo else created.replace(tzinfo=UTC)
    when = int((moment - _EPOCH).total_seconds())
    ticks = seconds * _TIMESCALE
    start = _box(b"ftyp", b"isom", struct.pack(">I", 0x200), b"isomiso2mp41")
    first = len(start) + 16
    head = _full(
        b"mvhd",
        struct.pack(">IIIIIH10x", when, when, _TIMESCALE, ticks, 0x10000, 0x100),
        _MATRIX,
        bytes(24),
        struct.pack(">I", 2),
    )
    index = _box(b"moov", head, _track(width, height, when, ticks, [len(each) for each in pictures], first))
    content = b"".join(pictures)
    filler = max(0, size - first - len(content) - len(index))
    # The long form of a box's size, whether needed or not: so the content starts at the same place always.
    data = struct.pack(">I4sQ", 1, b"mdat", 16 + len(content) + filler)
    return Joined([Literal(start + data + content), Generated(filler, seed), Literal(index)])
