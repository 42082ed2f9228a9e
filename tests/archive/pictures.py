"""Small pictures and films that say when they were taken, put together byte by byte."""

import struct
from datetime import UTC, datetime


def tiff(
    order="<", original=None, offset=None, changed=None, gps_day=None, gps_time=None, padding=0, thumbnail=0
):
    """A TIFF structure with EXIF and GPS directories."""

    def directory(start, entries):
        """Entries are (tag, type, count, bytes)."""
        body = struct.pack(order + "H", len(entries))
        data = b""
        data_start = start + 2 + 12 * len(entries) + 4
        for tag, kind, count, value in entries:
            if len(value) <= 4:
                field = value.ljust(4, b"\0")
            else:
                field = struct.pack(order + "I", data_start + len(data))
                data += value + b"\0" * (len(value) % 2)
            body += struct.pack(order + "HHI", tag, kind, count) + field
        return body + b"\0\0\0\0" + data

    def text(tag, value):
        raw = value.encode() + b"\0"
        return (tag, 2, len(raw), raw)

    exif = [text(0x9003, original)] if original else []
    exif += [text(0x9011, offset)] if offset else []
    gps = []
    if gps_time:
        gps.append((7, 5, 3, struct.pack(order + "6I", *(n for part in gps_time for n in (part, 1)))))
    if gps_day:
        gps.append(text(29, gps_day))
    exif_at = 200 + padding
    exif_bytes = directory(exif_at, exif)
    gps_at = exif_at + len(exif_bytes)
    main = [text(0x0132, changed)] if changed else []
    main += [(0x8769, 4, 1, struct.pack(order + "I", exif_at))]
    main += [(0x8825, 4, 1, struct.pack(order + "I", gps_at))]
    head = (b"II" if order == "<" else b"MM") + struct.pack(order + "HI", 42, 8)
    head += directory(8, main)
    return head.ljust(exif_at, b"\0") + exif_bytes + directory(gps_at, gps) + bytes(thumbnail)


def jpeg(block, before=b""):
    payload = b"Exif\0\0" + block
    app0 = b"\xff\xe0" + struct.pack(">H", 16) + b"JFIF\0" + bytes(9)
    app1 = b"\xff\xe1" + struct.pack(">H", len(payload) + 2) + payload
    return (
        b"\xff\xd8"
        + app0
        + before
        + app1
        + b"\xff\xdb\x00\x04ab"
        + b"\xff\xda\x00\x02"
        + bytes(500)
        + b"\xff\xd9"
    )


def png(block):
    def chunk(kind, data):
        return struct.pack(">I4s", len(data), kind) + data + b"\0\0\0\0"

    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", bytes(13)) + chunk(b"eXIf", block) + chunk(b"IDAT", b"x")


def webp(block):
    def chunk(kind, data):
        return struct.pack("<4sI", kind, len(data)) + data + b"\0" * (len(data) % 2)

    body = b"WEBP" + chunk(b"VP8X", bytes(10)) + chunk(b"VP8 ", b"abc") + chunk(b"EXIF", block)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def box(kind, body, wide=False):
    if wide:
        return struct.pack(">I4sQ", 1, kind, len(body) + 16) + body
    return struct.pack(">I4s", len(body) + 8, kind) + body


def heif(block, version=1):
    payload = struct.pack(">I", 6) + b"Exif\0\0" + block
    infe = [
        box(b"infe", b"\2\0\0\0" + struct.pack(">HH", 1, 0) + b"hvc1\0"),
        box(b"infe", b"\2\0\0\0" + struct.pack(">HH", 2, 0) + b"Exif\0"),
    ]
    iinf = box(b"iinf", b"\0\0\0\0" + struct.pack(">H", 2) + b"".join(infe))

    def meta(place):
        entries = b""
        for number, offset, length in ((1, place + 10_000, 5), (2, place, len(payload))):
            entries += struct.pack(">H", number) + (b"\0\0" if version else b"")
            entries += struct.pack(">HHII", 0, 1, offset, length)
        iloc = box(b"iloc", bytes([version, 0, 0, 0, 0x44, 0x00]) + struct.pack(">H", 2) + entries)
        hdlr = box(b"hdlr", bytes(24))
        return box(b"meta", b"\0\0\0\0" + hdlr + iinf + iloc)

    ftyp = box(b"ftyp", b"heic\0\0\0\0mif1heic")
    place = len(ftyp) + len(meta(0)) + 8
    return ftyp + meta(place) + box(b"mdat", payload + bytes(100))


def mp4(when, *, long=False, at_end=True, filler=1000):
    seconds = int((when - datetime(1904, 1, 1, tzinfo=UTC)).total_seconds()) if when else 0
    if long:
        mvhd = box(b"mvhd", b"\1\0\0\0" + struct.pack(">QQ", seconds, seconds) + bytes(80))
    else:
        mvhd = box(b"mvhd", b"\0\0\0\0" + struct.pack(">II", seconds, seconds) + bytes(88))
    moov = box(b"moov", mvhd + box(b"trak", bytes(50)))
    mdat = box(b"mdat", bytes(filler), wide=True)
    return box(b"ftyp", b"isom\0\0\0\0isom") + (mdat + moov if at_end else moov + mdat)
