"""The place that a picture tells in words."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from mtpbackup.thumbnails.details import details
from mtpbackup.web.pictures import _place

POSITION = {1: "N", 2: (47.0, 34.0, 48.0), 3: "E", 4: (12.0, 10.0, 12.0)}


def jpeg(gps: dict[int, object], iptc: bytes = b"", order: str = "<") -> io.BytesIO:
    exif = Image.Exif()
    exif.endian = order
    exif._ifds[0x8825] = gps
    file = io.BytesIO()
    Image.new("RGB", (60, 40)).save(file, "JPEG", exif=exif)
    content = file.getvalue()
    if iptc:
        resource = b"8BIM\x04\x04\0\0" + len(iptc).to_bytes(4, "big") + iptc + bytes(len(iptc) % 2)
        body = b"Photoshop 3.0\0" + resource
        content = content[:2] + b"\xff\xed" + (len(body) + 2).to_bytes(2, "big") + body + content[2:]
    return io.BytesIO(content)


def iptc(*fields: tuple[int, int, bytes]) -> bytes:
    return b"".join(
        bytes((0x1C, record, number)) + len(value).to_bytes(2, "big") + value
        for record, number, value in fields
    )


@pytest.mark.parametrize(
    ("area", "order", "words"),
    [
        (b"ASCII\0\0\0Kufstein\0", "<", "Kufstein"),
        (b"UNICODE\0" + "Füssen".encode("utf-16-le"), "<", "Füssen"),
        (b"UNICODE\0" + "Füssen".encode("utf-16-be"), ">", "Füssen"),
        (b"UNICODE\0" + "Füssen".encode("utf-16"), ">", "Füssen"),
        (b"JIS\0\0\0\0\0" + "京都".encode("iso2022_jp"), "<", "京都"),
        (b"\0\0\0\0\0\0\0\0Kufstein", "<", ""),
        (b"", "<", ""),
        ("text", "<", ""),
    ],
)
def test_the_area_in_exif(area, order, words):
    assert details(jpeg({28: area}, order=order))["place"] == words


def test_names_that_a_program_wrote():
    written = iptc(
        (1, 90, b"\x1b%G"), (2, 90, "Zürich".encode()), (2, 95, "Zürich".encode()), (2, 101, b"Schweiz")
    )
    assert details(jpeg({28: b"ASCII\0\0\0Other"}, written))["place"] == "Zürich, Schweiz"
    assert details(jpeg({}, iptc((2, 90, "Zürich".encode("latin-1")))))["place"] == "Zürich"


@pytest.mark.parametrize(
    "wrong", [b"\x1c\x02", b"\x1c\x02\x5a\xff\xff", b"\x1c" * 400, iptc((2, 90, b"\xff\xfe\0"))]
)
def test_a_broken_one_takes_nothing_from_the_rest(wrong):
    facts = details(jpeg(POSITION, wrong))
    assert (facts["width"], facts["height"]) == (60, 40)


@pytest.mark.parametrize(
    ("gps", "said"),
    [
        (POSITION | {28: b"ASCII\0\0\0Kufstein"}, "Kufstein (47.5800° N, 12.1700° E)"),
        (POSITION, "47.5800° N, 12.1700° E"),
        ({28: b"ASCII\0\0\0Kuf\x1b[31mstein"}, "Kuf�[31mstein"),
        ({}, ""),
    ],
)
def test_what_a_person_reads(gps, said):
    assert _place(details(jpeg(gps))) == said
