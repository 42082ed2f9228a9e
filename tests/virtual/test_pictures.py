"""Made-up pictures and videos are real ones: decoders not written here open them."""

from __future__ import annotations

import io
import struct
from datetime import UTC, datetime, timedelta

import pytest
from PIL import Image, JpegImagePlugin, PngImagePlugin

from mtpbackup.virtual.demo import demo_phone
from mtpbackup.virtual.exif import Exif, embedded_thumbnail
from mtpbackup.virtual.pictures import photo, screenshot
from mtpbackup.virtual.video import video

TAKEN = datetime(2025, 12, 31, 23, 30, 15)


def whole(content):
    return bytes(content.read(0, content.size))


def opened(data):
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def test_a_photo_opens_and_shows_its_colours():
    image = opened(whole(photo(TAKEN, seed=3)))
    assert isinstance(image, JpegImagePlugin.JpegImageFile)
    assert image.size == (480, 360)
    sky, ground = image.getpixel((10, 5)), image.getpixel((240, 355))
    assert sky[2] > sky[0] and sky[2] > 150, "blue"
    assert ground[1] > ground[2] and ground[1] > ground[0], "green"


def test_photos_differ_by_seed_and_not_by_chance():
    assert whole(photo(TAKEN, seed=1)) == whole(photo(TAKEN, seed=1))
    assert whole(photo(TAKEN, seed=1)) != whole(photo(TAKEN, seed=2))


def test_exif_of_a_photo():
    data = whole(
        photo(
            TAKEN,
            utc_offset=timedelta(hours=-3, minutes=-30),
            position=(-33.925, -18.4241),
            make="Maker",
            model="Model 1",
            orientation=6,
        )
    )
    exif = opened(data).getexif()
    camera, gps = exif.get_ifd(0x8769), exif.get_ifd(0x8825)

    assert (exif[0x010F], exif[0x0110], exif[0x0112]) == ("Maker", "Model 1", 6)
    assert camera[0x9003] == "2025:12:31 23:30:15"
    assert camera[0x9011] == "-03:30"
    assert gps[0x001D] == "2026:01:01", "GPS time is UTC"
    assert gps[0x0007] == (3, 0, 15)
    assert (gps[1], gps[3]) == ("S", "W")
    assert gps[2] == (33, 55, 30)
    assert [float(each) for each in gps[4]] == pytest.approx([18, 25, 26.76])


def test_exif_without_offset_and_position():
    exif = opened(whole(photo(TAKEN, utc_offset=None))).getexif()
    assert 0x9011 not in exif.get_ifd(0x8769)
    assert 0x8825 not in exif


def test_the_embedded_thumbnail_is_found_again():
    data = whole(photo(TAKEN))
    thumbnail = embedded_thumbnail(data)
    assert opened(thumbnail).size == (160, 120)
    assert embedded_thumbnail(data[: 64 * 1024]) == thumbnail, "the start of the file is enough"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xd8",
        b"\xff\xd8\xff\xe1\0\x10Exif\0\0II*\0\xff\xff\xff\xff",
        b"\xff\xd8\xff\xe1\0\x0aExif\0\0II",
        b"not a picture at all",
    ],
)
def test_no_thumbnail_in_broken_pictures(data):
    assert embedded_thumbnail(data) is None


def test_no_thumbnail_where_there_is_none():
    app1 = Exif(taken=TAKEN).app1()
    segment = b"\xff\xd8\xff\xe1" + struct.pack(">H", len(app1) + 2) + app1
    assert embedded_thumbnail(segment) is None


@pytest.mark.parametrize("size", [0, 20_000, 60_003, 200_001, 200_002, 200_003, 200_004])
def test_a_photo_is_filled_up_to_a_size(size):
    data = whole(photo(TAKEN, size=size))
    assert len(data) == size or (size < 20_000 and len(data) > size)
    assert opened(data).size == (480, 360)


def test_a_screenshot_opens():
    image = opened(whole(screenshot(seed=4)))
    assert isinstance(image, PngImagePlugin.PngImageFile)
    assert image.size == (270, 600)
    assert whole(screenshot(seed=4)) != whole(screenshot(seed=5))


def boxes(data):
    at = 0
    while at < len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        head = 8
        if size == 1:
            (size,) = struct.unpack_from(">Q", data, at + 8)
            head = 16
        yield kind, at + head, at + size
        at += size
    assert at == len(data)


def test_a_video_has_its_boxes_its_date_and_its_size():
    created = datetime(2025, 8, 19, 17, 45, tzinfo=UTC)
    data = whole(video(created, size=1_000_000))
    parts = {kind: data[start:end] for kind, start, end in boxes(data)}

    assert len(data) == 1_000_000
    assert list(parts) == [b"ftyp", b"mdat", b"moov"]
    inner = {kind: parts[b"moov"][start:end] for kind, start, end in boxes(parts[b"moov"])}
    (seconds,) = struct.unpack_from(">I", inner[b"mvhd"], 4)
    assert datetime(1904, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds) == created
    assert opened(parts[b"mdat"]).size == (320, 240), "it begins with a frame"


def test_a_video_of_6_gib_costs_nothing():
    content = video(datetime(2025, 1, 1), size=6 * 2**30)
    assert content.size == 6 * 2**30
    assert content.read(4, 4) == b"ftyp"
    assert b"moov" in content.read(content.size - 2000, 2000)


def test_the_demo_phone():
    phone = demo_phone()
    paths = {}

    def walk(node, above):
        for child in node.children.values():
            path = f"{above}/{child.name}"
            if child.is_folder:
                walk(child, path)
            else:
                paths[path] = child

    for store in phone.storages:
        walk(store.root, store.description)
    for path, node in paths.items():
        if path.endswith((".jpg", ".JPG", ".png")):
            opened(whole(node.content))
    pictures = [
        path
        for path in paths
        if path.endswith((".jpg", ".JPG", ".png")) and "/." not in path and "Android/data" not in path
    ]
    assert 40 <= len(pictures) <= 50
    assert {path.split("/")[0] for path in pictures} == {"Internal shared storage", "SD card"}
    assert any("🎄" in path for path in pictures) and any("Ü" in path for path in pictures)
    videos = [node for path, node in paths.items() if path.endswith(".mp4") and "/." not in path]
    assert [node.size for node in videos] == [6_000_000]
    for left_out in ("Android/data", ".thumbnails", ".trashed-", ".pending-", ".txt"):
        assert any(left_out in path for path in paths), left_out
    dates = {datetime.fromtimestamp(node.modified, UTC).strftime("%Y-%m") for node in paths.values()}
    assert len(dates) >= 8
