"""Made-up photos and screenshots: small files that real decoders open and real people can tell apart."""

from __future__ import annotations

import functools
import math
import random
import struct
import zlib
from datetime import datetime, timedelta

from mtpbackup.virtual.content import Generated, Made
from mtpbackup.virtual.exif import Exif
from mtpbackup.virtual.jpeg import Scene, jpeg


def landscape(seed: int) -> Scene:
    """Sky, sun and two ranges of hills, different for each seed."""
    chance = random.Random(seed)
    dusk = chance.random()
    sun = (chance.uniform(0.1, 0.9), chance.uniform(0.1, 0.45))
    waves = [(chance.uniform(2, 9), chance.uniform(0, 6), chance.uniform(0.03, 0.1)) for _ in range(4)]
    green = chance.uniform(70, 150)

    @functools.cache
    def hills(x: float) -> tuple[float, float]:
        heights = [height * math.sin(x * often + start) for often, start, height in waves]
        return 0.6 + heights[0] + heights[1], 0.8 + heights[2] + heights[3]

    def colour(x: float, y: float) -> tuple[float, float, float]:
        far, near = hills(x)
        if y > near:
            return 40 + 30 * y, green * (1.4 - y / 2), 40
        if y > far:
            return 70, green * 0.8 + 40, 90 - 30 * dusk
        if math.hypot((x - sun[0]) * 1.33, y - sun[1]) < 0.07:
            return 255, 240 - 60 * dusk, 140 - 100 * dusk
        return 110 + 140 * dusk * y, 150 + 60 * y - 40 * dusk, 235 - 80 * dusk

    return colour


def photo(
    taken: datetime,
    *,
    seed: int = 0,
    utc_offset: timedelta | None = timedelta(hours=1),
    position: tuple[float, float] | None = None,
    make: str = "Google",
    model: str = "Pixel 8",
    orientation: int = 1,
    size: int = 0,
    width: int = 480,
    height: int = 360,
) -> Made:
    """A JPEG with Exif data and an embedded thumbnail, made when it is first looked at.

    Args:
        taken: what the phone's clock showed; naive.
        seed: what is to be seen.
        utc_offset: how far that clock was ahead of UTC; None leaves OffsetTimeOriginal out.
        position: latitude and longitude in degrees; None leaves GPS data, and so its UTC time, out.
        make: the camera's maker.
        model: the camera.
        orientation: as in `Exif`.
        size: bytes to fill it up to.
        width: pixels.
        height: pixels.
    """

    def make_it() -> bytes:
        scene = landscape(seed)
        exif = Exif(
            taken=taken,
            utc_offset=utc_offset,
            make=make,
            model=model,
            orientation=orientation,
            position=position,
            thumbnail=jpeg(160, 120, scene),
        )
        filler = Generated(60_000, seed).read(0, 60_000) if size else b""
        return jpeg(width, height, scene, app1=exif.app1(), size=size, filler=filler)

    return Made(make_it)


def _chunk(kind: bytes, data: bytes) -> bytes:
    """A PNG chunk. ISO/IEC 15948, section 5.3."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def screenshot(*, seed: int = 0, width: int = 270, height: int = 600) -> Made:
    """A PNG with coloured bars, made when it is first looked at."""

    def make_it() -> bytes:
        chance = random.Random(seed)
        rows = bytearray()
        while len(rows) < height * (width * 3 + 1):
            bar = bytes(chance.randrange(256) for _ in range(3))
            rows += (b"\0" + bar * width) * chance.randint(8, 60)
        data = zlib.compress(bytes(rows[: height * (width * 3 + 1)]), 6)
        return b"".join(
            (
                b"\x89PNG\r\n\x1a\n",
                _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)),
                _chunk(b"IDAT", data),
                _chunk(b"IEND", b""),
            )
        )

    return Made(make_it)
