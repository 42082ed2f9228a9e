"""Pictures that are made to do harm, and good ones of every kind."""

from __future__ import annotations

import io
import os
import struct
import zlib

from PIL import Image


def picture(kind: str, size=(800, 600), colour=(200, 60, 20), **options) -> bytes:
    """A picture of one colour, with a white upper left quarter."""
    image = Image.new("RGB", size, colour)
    image.paste((255, 255, 255), (0, 0, size[0] // 2, size[1] // 2))
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def exif(orientation=1, thumbnail: bytes = b"", size: tuple[int, int] | None = None) -> bytes:
    """An EXIF block as Pillow takes it, with a thumbnail in IFD1."""
    entries = [struct.pack("<HHII", 0x0112, 3, 1, orientation)]
    inner = b""
    if size is not None:
        entries.append(struct.pack("<HHII", 0x8769, 4, 1, 0))
    length = 8 + 2 + 12 * len(entries) + 4
    if size is not None:
        entries[-1] = struct.pack("<HHII", 0x8769, 4, 1, length)
        inner = struct.pack("<H", 2) + struct.pack("<HHII", 0xA002, 4, 1, size[0])
        inner += struct.pack("<HHII", 0xA003, 4, 1, size[1]) + struct.pack("<I", 0)
    following = length + len(inner) if thumbnail else 0
    first = struct.pack("<H", len(entries)) + b"".join(entries) + struct.pack("<I", following)
    second = b""
    if thumbnail:
        start = following + 2 + 24 + 4
        second = struct.pack("<H", 2) + struct.pack("<HHII", 0x0201, 4, 1, start)
        second += struct.pack("<HHII", 0x0202, 4, 1, len(thumbnail)) + struct.pack("<I", 0) + thumbnail
    return b"Exif\0\0II*\0" + struct.pack("<I", 8) + first + inner + second


def png_bomb(side: int = 50_000) -> bytes:
    """A PNG of 2,500 megapixels in a few hundred kilobytes."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    packer = zlib.compressobj(9)
    row = b"\0" * (side // 8 + 1 + 1)
    body = b"".join(packer.compress(row) for _ in range(side // 50)) + packer.flush()
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def tiff_with_preview(preview: bytes, orientation=1) -> bytes:
    """A RAW picture as cameras make them: TIFF, the preview in a directory of its own."""
    start = 8 + 2 + 24 + 4
    second = start + 2 + 24 + 4
    first = struct.pack("<H", 2) + struct.pack("<HHII", 0x0112, 3, 1, orientation)
    first += struct.pack("<HHII", 0x014A, 4, 1, start) + struct.pack("<I", 0)
    sub = struct.pack("<H", 2) + struct.pack("<HHII", 0x0201, 4, 1, second)
    sub += struct.pack("<HHII", 0x0202, 4, 1, len(preview)) + struct.pack("<I", 0)
    return b"II*\0" + struct.pack("<I", 8) + first + sub + preview + os.urandom(1000)


def tiff_in_circles() -> bytes:
    """Directories that lead back to themselves, with a thousand sub-directories each."""
    entry = struct.pack("<HHII", 0x014A, 4, 200, 8)
    return (
        b"II*\0"
        + struct.pack("<I", 8)
        + struct.pack("<H", 1)
        + entry
        + struct.pack("<I", 8)
        + b"\x08\0\0\0" * 400
    )


#: Files whose names say picture, and that are something else.
NO_PICTURES = {
    "svg": b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
    "html": b"<!doctype html><script>alert(1)</script>",
    "postscript": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n(/etc/passwd) (r) file\n",
    "pdf": b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\n",
    "list of films": b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n",
    "concat": b"ffconcat version 1.0\nfile /etc/passwd\n",
    "empty": b"",
    "zeros": bytes(5000),
    "noise": os.urandom(5000),
    "jpeg of two bytes": b"\xff\xd8",
    "film of nothing": b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom",
    "box of 16 EiB": b"\0\0\0\x01ftypheic" + b"\xff" * 8 + bytes(100),
}
