"""A small baseline JPEG encoder for made-up pictures: every block has one colour.

ITU-T T.81, sections B and F. With one colour in a block only its DC coefficient is not zero, so the encoder
is a few lines, and its pictures are mosaics of 8x8 pixels that every decoder opens.
"""

from __future__ import annotations

import functools
import struct
from collections.abc import Callable, Iterator
from typing import TypeAlias

#: Colour at a place: x and y from 0 to 1 give red, green and blue from 0 to 255.
Scene: TypeAlias = Callable[[float, float], tuple[float, float, float]]

#: Code lengths of the DC table: T.81, table K.3, good for all components.
_DC_LENGTHS = bytes([0, 1, 5, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0])
_DC_CODES = (
    "00",
    "010",
    "011",
    "100",
    "101",
    "110",
    "1110",
    "11110",
    "111110",
    "1111110",
    "11111110",
    "111111110",
)
#: The AC table knows one symbol, "end of block", as the bit 0.
_AC_LENGTHS = bytes([1] + [0] * 15)
_END_OF_BLOCK = "0"
#: All steps 8: the DC coefficient of a block of one value is 8 times that value.
_STEPS = bytes([8] * 64)


def segment(marker: int, payload: bytes) -> bytes:
    """A marker segment. T.81, B.1.1.4."""
    return struct.pack(">BBH", 0xFF, marker, len(payload) + 2) + payload


@functools.cache
def _difference(value: int) -> str:
    """The bits of a DC difference: T.81, F.1.2.1."""
    category = abs(value).bit_length()
    if not category:
        return _DC_CODES[0]
    low = value if value > 0 else value + (1 << category) - 1
    return _DC_CODES[category] + format(low, f"0{category}b")


def _scan(width: int, height: int, scene: Scene) -> Iterator[str]:
    """The bits of all blocks: four of brightness, then one of each colour difference, for 16x16 pixels."""
    previous = [0, 0, 0]

    def coded(component: int, level: float) -> str:
        value = max(-128, min(127, round(level)))
        bits = _difference(value - previous[component]) + _END_OF_BLOCK
        previous[component] = value
        return bits

    for top in range(0, height, 16):
        for left in range(0, width, 16):
            blues = reds = 0.0
            for y in (top + 4, top + 12):
                for x in (left + 4, left + 12):
                    red, green, blue = scene(x / width, y / height)
                    bright = 0.299 * red + 0.587 * green + 0.114 * blue
                    blues += 0.564 * (blue - bright) / 4
                    reds += 0.713 * (red - bright) / 4
                    yield coded(0, bright - 128)
            yield coded(1, blues)
            yield coded(2, reds)


def jpeg(
    width: int, height: int, scene: Scene, *, app1: bytes = b"", size: int = 0, filler: bytes = b""
) -> bytes:
    """A picture.

    Args:
        width: pixels.
        height: pixels.
        scene: what it shows.
        app1: payload of an APP1 segment, as of Exif; it takes JFIF's place.
        size: the file is filled up to so many bytes with comments, where it is smaller.
        filler: what the comments are made of, repeated; needed when `size` is.
    """
    parts = [b"\xff\xd8"]
    parts.append(segment(0xE1, app1) if app1 else segment(0xE0, b"JFIF\0\1\1\0\0\1\0\1\0\0"))
    parts.append(segment(0xDB, b"\0" + _STEPS))
    parts.append(segment(0xC0, struct.pack(">BHHB", 8, height, width, 3) + b"\1\x22\0\2\x11\0\3\x11\0"))
    parts.append(segment(0xC4, b"\0" + _DC_LENGTHS + bytes(range(12))))
    parts.append(segment(0xC4, b"\x10" + _AC_LENGTHS + b"\0"))
    bits = "".join(_scan(width, height, scene))
    bits += "1" * (-len(bits) % 8)
    data = int(bits, 2).to_bytes(len(bits) // 8, "big").replace(b"\xff", b"\xff\0")
    scan = segment(0xDA, b"\3\1\0\2\0\3\0\0\x3f\0") + data + b"\xff\xd9"
    missing = size - sum(map(len, parts)) - len(scan)
    while missing >= 4:
        take = min(missing - 4, 60_000)
        if 0 < missing - 4 - take < 4:
            take -= 4  # leaves room for the next segment's head
        parts.append(segment(0xFE, (filler * (take // len(filler) + 1))[:take] if take else b""))
        missing -= take + 4
    return b"".join([*parts, scan])
