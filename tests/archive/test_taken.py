"""When was it taken: the best witness wins, and garbage is only silence."""

import time
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtpbackup.archive import records
from mtpbackup.archive.records import Taken, TakenSource
from mtpbackup.archive.taken import taken_by_name, taken_time
from tests.archive import pictures

LISTED = datetime(2024, 5, 7, 9, 0)
PARIS = timezone(timedelta(hours=2))
ORIGINAL = {"original": "2024:05:06 07:08:12"}


class Reader:
    """A file in memory that counts what is read of it."""

    def __init__(self, data):
        self.data = data
        self.asked = 0
        self.calls = 0

    def __call__(self, offset, length):
        assert offset >= 0 and length >= 0
        self.asked += length
        self.calls += 1
        return self.data[offset : offset + length]


def taken(data, name="a.jpg", modified=LISTED):
    return taken_time(Reader(data), len(data), name, modified)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(
    ("wrap", "name"),
    [
        (pictures.jpeg, "a.jpg"),
        (pictures.jpeg, "a.JPEG"),
        (pictures.png, "a.png"),
        (pictures.webp, "a.webp"),
        (pictures.heif, "a.heic"),
        (lambda block: pictures.heif(block, version=0), "a.avif"),
        (lambda block: block, "a.dng"),
        (lambda block: pictures.jpeg(block, before=b"\xff\xe2\x01\x00" + bytes(254)), "a.jpg"),
        (lambda block: pictures.jpeg(block, before=3 * (b"\xff\xe2\xff\xff" + bytes(65533))), "a.jpg"),
    ],
)
def test_exif_in_every_container(wrap, name, order):
    data = wrap(pictures.tiff(order, offset="+02:00", **ORIGINAL))
    assert taken(data, name) == Taken(datetime(2024, 5, 6, 7, 8, 12, tzinfo=PARIS), TakenSource.EXIF_OFFSET)


def test_exif_beyond_the_first_block():
    data = pictures.tiff(offset="+02:00", padding=200_000, **ORIGINAL)
    assert taken(data, "raw.dng").source is TakenSource.EXIF_OFFSET


def test_zone_by_gps():
    """The fix is two minutes old; zones come in quarters of an hour."""
    block = pictures.tiff(gps_day="2024:05:06", gps_time=(5, 6, 3), **ORIGINAL)
    assert taken(pictures.jpeg(block)) == Taken(
        datetime(2024, 5, 6, 7, 8, 12, tzinfo=PARIS), TakenSource.EXIF_GPS
    )


def test_offset_beats_gps():
    block = pictures.tiff(offset="-03:30", gps_day="2024:05:06", gps_time=(5, 6, 3), **ORIGINAL)
    found = taken(pictures.jpeg(block))
    assert found.source is TakenSource.EXIF_OFFSET
    assert found.when.utcoffset() == -timedelta(hours=3, minutes=30)


def test_gps_alone_and_gps_of_another_day():
    gps = {"gps_day": "2024:05:01", "gps_time": (5, 8, 12)}
    alone = taken(pictures.jpeg(pictures.tiff(**gps)))
    assert alone == Taken(datetime(2024, 5, 1, 5, 8, 12, tzinfo=UTC), TakenSource.GPS)
    both = taken(pictures.jpeg(pictures.tiff(**gps, **ORIGINAL)))
    assert both == Taken(datetime(2024, 5, 6, 7, 8, 12), TakenSource.EXIF)


def test_exif_of_editors_and_clocks_never_set():
    changed = taken(pictures.jpeg(pictures.tiff(changed="2023:01:02 03:04:05")))
    assert changed == Taken(datetime(2023, 1, 2, 3, 4, 5), TakenSource.EXIF)
    for nonsense in (
        "0000:00:00 00:00:00",
        "1970:01:01 00:00:00",
        "2024:13:40 25:00:00",
        "    :  :     :  :  ",
    ):
        assert taken(pictures.jpeg(pictures.tiff(original=nonsense))) == Taken(LISTED, TakenSource.MTP)


@pytest.mark.parametrize("long", [False, True])
@pytest.mark.parametrize("at_end", [False, True])
def test_films(long, at_end):
    when = datetime(2024, 5, 6, 5, 8, 12, tzinfo=UTC)
    data = pictures.mp4(when, long=long, at_end=at_end)
    assert taken(data, "VID_20240506_070812.mp4") == Taken(when, TakenSource.MP4)


def test_film_without_a_clock_falls_back_to_its_name():
    data = pictures.mp4(None)
    assert taken(data, "VID_20240506_070812.mp4") == Taken(datetime(2024, 5, 6, 7, 8, 12), TakenSource.NAME)


def test_large_film_is_not_read():
    """The header at the end of a film is found by steps, not by reading the film."""
    data = pictures.mp4(datetime(2024, 5, 6, tzinfo=UTC), filler=5_000_000)
    reader = Reader(data)
    assert taken_time(reader, len(data), "a.mp4", None).source is TakenSource.MP4
    assert reader.asked < 100_000
    assert reader.calls < 12


def test_thousands_of_items_are_not_looked_through():
    """A hostile list beyond the first block: reading ends at a budget, long before the list does."""
    entry = pictures.box(b"infe", b"\2\0\0\0" + b"\0\1\0\0" + b"hvc1\0")
    iinf = pictures.box(b"iinf", b"\0\0\0\0\x0f\xff" + entry * 1020)
    meta = pictures.box(
        b"meta", bytes(4) + pictures.box(b"free", bytes(30_000)) + iinf + pictures.box(b"iloc", b"")
    )
    data = pictures.box(b"ftyp", b"heic\0\0\0\0mif1heic") + meta
    reader = Reader(data)
    assert taken_time(reader, len(data), "a.heic", LISTED) == Taken(LISTED, TakenSource.MTP)
    assert reader.calls < 2_200


def test_picture_costs_one_read():
    reader = Reader(pictures.jpeg(pictures.tiff(offset="+02:00", **ORIGINAL)))
    taken_time(reader, len(reader.data), "a.jpg", None)
    assert reader.calls == 1


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("IMG_20240506_070812.jpg", datetime(2024, 5, 6, 7, 8, 12)),
        ("PXL_20240506_050812345.jpg", datetime(2024, 5, 6, 5, 8, 12, tzinfo=UTC)),
        ("PXL_20240506_050812345.MP.jpg", datetime(2024, 5, 6, 5, 8, 12, tzinfo=UTC)),
        ("VID_20240506_070812.mp4", datetime(2024, 5, 6, 7, 8, 12)),
        ("20240506_070812.jpg", datetime(2024, 5, 6, 7, 8, 12)),
        ("20240506_070812(1).jpg", datetime(2024, 5, 6, 7, 8, 12)),
        ("Screenshot_2024-05-06-07-08-12-123_com.whatsapp.jpg", datetime(2024, 5, 6, 7, 8, 12)),
        ("Screenshot_20240506-070812.png", datetime(2024, 5, 6, 7, 8, 12)),
        ("2024-05-06 07.08.12.jpg", datetime(2024, 5, 6, 7, 8, 12)),
        ("WhatsApp Image 2024-05-06 at 07.08.12.jpeg", datetime(2024, 5, 6, 7, 8, 12)),
        ("signal-2024-05-06-070812.jpg", datetime(2024, 5, 6, 7, 8, 12)),
        ("VID-20240506-WA0001.mp4", datetime(2024, 5, 6)),
        ("IMG-20240507-WA0001.jpg", LISTED),
        ("DSC_0042.jpg", None),
        ("IMG_20241306_070812.jpg", None),
        ("IMG_20240230_070812.jpg", None),
        ("120240506070812.jpg", None),
        ("19000101_000000.jpg", None),
    ],
)
def test_names(name, expected):
    found = taken_by_name(name, LISTED)
    assert (found and found.when) == expected
    assert found is None or found.source is TakenSource.NAME


def test_no_witness_at_all():
    assert taken(b"", "x.jpg", None) is None
    assert taken(b"", "x.bin") == Taken(LISTED, TakenSource.MTP)


@given(
    st.sampled_from(["a.jpg", "a.png", "a.webp", "a.heic", "a.dng", "a.mp4"]),
    st.sampled_from([b"", b"\xff\xd8\xff\xe1", b"\x89PNG\r\n\x1a\n", b"RIFF\0\0\0\0WEBP", b"II*\0", b"MM\0*"]),
    st.binary(max_size=300),
)
def test_garbage_is_silence(name, start, rest):
    found = taken(start + rest, name)
    assert found is None or found.when


SAMPLES = [
    (
        "a.jpg",
        pictures.jpeg(pictures.tiff(offset="+02:00", gps_day="2024:05:06", gps_time=(5, 6, 3), **ORIGINAL)),
    ),
    ("a.heic", pictures.heif(pictures.tiff(">", **ORIGINAL))),
    ("a.webp", pictures.webp(pictures.tiff(**ORIGINAL))),
    ("a.png", pictures.png(pictures.tiff(**ORIGINAL))),
    ("a.mp4", pictures.mp4(datetime(2024, 5, 6, tzinfo=UTC))),
]


@given(st.sampled_from(SAMPLES), st.data())
def test_damaged_files_are_silence(sample, data):
    """Some bytes of a good file are changed, or its end is missing."""
    name, whole = sample
    damaged = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 6))):
        damaged[data.draw(st.integers(0, min(len(damaged), 600) - 1))] = data.draw(st.integers(0, 255))
    del damaged[data.draw(st.integers(0, len(damaged))) :]
    reader = Reader(bytes(damaged))
    taken_time(reader, len(damaged), name, LISTED)
    assert reader.asked < 2_000_000
    # A size that lies must not matter either.
    taken_time(reader, len(damaged) + 1000, name, LISTED)


def test_disk_errors_are_not_garbage():
    def broken(offset, length):
        raise OSError(5, "Input/output error")

    with pytest.raises(OSError, match="Input/output"):
        taken_time(broken, 1000, "a.jpg", LISTED)


@pytest.fixture
def paris(monkeypatch):
    monkeypatch.setenv("TZ", "Europe/Paris")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("paris")
def test_local_time_of_a_taken_time():
    utc = datetime(2024, 5, 31, 23, 0, tzinfo=UTC)
    assert Taken(utc, TakenSource.MP4).local == datetime(2024, 6, 1, 1, 0)
    assert Taken(utc, TakenSource.EXIF_OFFSET).local == datetime(2024, 5, 31, 23, 0)
    assert Taken(LISTED, TakenSource.MTP).local == LISTED


@pytest.mark.parametrize(
    ("difference", "same"),
    [
        (timedelta(), True),
        (timedelta(seconds=1), True),
        (timedelta(seconds=2), False),
        (timedelta(hours=1), True),
        (timedelta(hours=5, minutes=45), True),
        (timedelta(hours=1, seconds=-1), True),
        (timedelta(hours=1, seconds=-2), False),
        (timedelta(minutes=10), False),
        (timedelta(hours=26), True),
        (timedelta(hours=26, minutes=15), False),
        (timedelta(days=2), False),
    ],
)
def test_dates_that_mean_unchanged(difference, same):
    assert records.same_moment(LISTED, LISTED + difference) is same
    assert records.same_moment(LISTED + difference, LISTED) is same
    assert records.same_moment(LISTED, None)
