"""Small pictures of good, bad and hostile ones, made by real processes."""

import contextlib
import io
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
from PIL import Image

from mtpbackup.thumbnails import Pool
from mtpbackup.virtual import photo, video
from tests.thumbnails import hostile


@pytest.fixture(scope="module")
def pool():
    with Pool(1) as pool:
        yield pool


@contextlib.contextmanager
def opened(content: bytes):
    descriptor = os.memfd_create("test")
    try:
        os.write(descriptor, content)
        os.lseek(descriptor, 0, os.SEEK_SET)
        yield descriptor
    finally:
        os.close(descriptor)


def made(pool, content: bytes):
    with opened(content) as descriptor:
        thumbnail = pool.thumbnail(descriptor)
    return None if thumbnail is None else Image.open(io.BytesIO(thumbnail))


def spent(pool) -> float:
    """Seconds of processor time that the pool's process has used."""
    (process,) = pool.processes()
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def corner(image) -> str:
    """Where the white quarter is."""
    width, height = image.size
    places = {"upper left": (0.25, 0.25), "upper right": (0.75, 0.25), "lower left": (0.25, 0.75)}
    places["lower right"] = (0.75, 0.75)
    pixels = {
        name: image.convert("L").getpixel((int(x * width), int(y * height))) for name, (x, y) in places.items()
    }
    return max(pixels, key=pixels.__getitem__)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF"])
def test_every_common_kind(pool, kind):
    image = made(pool, hostile.picture(kind))
    assert (image.format, image.size) == ("JPEG", (320, 240))
    assert corner(image) == "upper left"
    assert not image.getexif()


def test_heif(pool):
    """A picture that another program wrote: `heif-enc` of libheif 1.15."""
    image = made(pool, (Path(__file__).parent / "sample.heic").read_bytes())
    assert image.size == (320, 240)
    assert corner(image) == "upper left"


def test_without_the_library_for_heif_all_others_are_shown(monkeypatch, tmp_path):
    """In place of a computer without pi-heif: a module of that name that cannot be imported."""
    (tmp_path / "pi_heif.py").write_text("raise ImportError('libheif.so.1: cannot open shared object file')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with Pool(1) as pool:
        assert made(pool, hostile.picture("JPEG")).size == (320, 240)
        assert made(pool, (Path(__file__).parent / "sample.heic").read_bytes()) is None


def test_a_film(pool):
    from datetime import UTC, datetime

    film = video(datetime(2024, 5, 6, tzinfo=UTC), seed=1, size=200_000)
    image = made(pool, bytes(film.read(0, film.size)))
    assert image.size == (320, 240)


@pytest.mark.parametrize(
    ("orientation", "place", "size"),
    [
        (1, "upper left", (320, 240)),
        (3, "lower right", (320, 240)),
        (6, "upper right", (240, 320)),
        (8, "lower left", (240, 320)),
        (2, "upper right", (320, 240)),
        (99, "upper left", (320, 240)),
    ],
)
def test_the_right_way_up(pool, orientation, place, size):
    image = made(pool, hostile.picture("JPEG", exif=hostile.exif(orientation)))
    assert (corner(image), image.size) == (place, size)


def test_transparent_pictures_get_a_background(pool):
    out = io.BytesIO()
    Image.new("RGBA", (500, 500), (0, 0, 0, 0)).save(out, "PNG")
    assert made(pool, out.getvalue()).getpixel((10, 10))[0] in range(120, 136)


@pytest.mark.parametrize("orientation", [1, 6])
def test_the_preview_of_a_raw_picture(pool, orientation):
    image = made(pool, hostile.tiff_with_preview(hostile.picture("JPEG"), orientation))
    assert image.size == ((320, 240) if orientation == 1 else (240, 320))


def test_the_preview_of_other_raw_pictures(pool):
    preview = hostile.picture("JPEG")
    fuji = b"FUJIFILMCCD-RAW ".ljust(84, b"\0") + (100).to_bytes(4) + len(preview).to_bytes(4)
    assert made(pool, fuji.ljust(100, b"\0") + preview).size == (320, 240)
    canon = b"\0\0\0\x18ftypcrx \0\0\0\x01crx isom".ljust(500, b"\0")
    assert made(pool, canon + preview).size == (320, 240)


# --- the head of a picture on a phone -----------------------------------------------------------------------


def head_made(pool, head, own=b""):
    thumbnail = pool.from_head(head, own)
    return None if thumbnail is None else Image.open(io.BytesIO(thumbnail))


@pytest.mark.parametrize(("orientation", "place"), [(1, "upper left"), (6, "upper right")])
def test_the_thumbnail_in_the_head(pool, orientation, place):
    small = hostile.picture("JPEG", (160, 120))
    head = hostile.picture("JPEG", (4000, 3000), exif=hostile.exif(orientation, small))[: 64 * 1024]
    image = head_made(pool, head)
    assert max(image.size) == 160
    assert corner(image) == place


def test_black_bars_are_cut_off(pool):
    small = hostile.picture("JPEG", (160, 120))
    wide = hostile.exif(1, small, size=(4000, 2250))
    assert head_made(pool, hostile.picture("JPEG", (400, 225), exif=wide)).size == (160, 90)


def test_the_phones_own_where_the_head_has_none(pool):
    own = hostile.picture("JPEG", (300, 200))
    assert head_made(pool, hostile.picture("JPEG"), own).size == (300, 200)
    assert head_made(pool, b"", own).size == (300, 200)
    assert head_made(pool, hostile.picture("JPEG"), b"") is None


def test_cut_off_heads_do_no_harm(pool):
    small = hostile.picture("JPEG", (160, 120))
    whole = hostile.picture("JPEG", exif=hostile.exif(6, small))
    for length in (0, 2, 5, 11, 20, 40, 60, 100, len(small)):
        head_made(pool, whole[:length])
    assert head_made(pool, whole) is not None


# --- hostile ones -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", hostile.NO_PICTURES)
def test_what_is_no_picture_has_no_thumbnail(pool, name):
    content = hostile.NO_PICTURES[name]
    assert made(pool, content) is None
    assert head_made(pool, content, content) is None
    assert made(pool, hostile.picture("PNG")) is not None


def test_a_bomb_does_not_go_off(pool):
    bomb = hostile.png_bomb()
    assert len(bomb) < 1_000_000
    used = [spent(pool)]
    assert made(pool, bomb) is None
    used.append(spent(pool))
    assert used[1] - used[0] < 2
    assert made(pool, hostile.tiff_in_circles()) is None


def test_garbage_is_only_garbage(pool):
    """Pictures of every kind with bytes changed and ends cut off: a picture, or none, and the pool goes on."""
    chance = random.Random(8)
    for kind in ("JPEG", "PNG", "WEBP", "GIF", "TIFF"):
        good = hostile.picture(kind, (120, 90))
        for _ in range(25):
            bad = bytearray(good)
            for _ in range(chance.randint(1, 20)):
                bad[chance.randrange(len(bad))] = chance.randrange(256)
            made(pool, bytes(bad[: chance.randint(1, len(bad))]))
    assert made(pool, hostile.picture("JPEG")) is not None


@pytest.mark.parametrize("damage", ["offset", "length", "type", "loop"])
def test_hostile_exif_spoils_nothing_but_itself(pool, damage):
    block = bytearray(hostile.exif(6, hostile.picture("JPEG", (160, 120))))
    where = {"offset": block.find(b"\x01\x02\x04\0") + 8, "length": block.find(b"\x02\x02\x04\0") + 8}
    if damage in where:
        block[where[damage] : where[damage] + 4] = b"\xff\xff\xff\x7f"
    elif damage == "type":
        block[18:20] = b"\xff\xff"
    else:
        block[16 + 14 : 16 + 18] = b"\x08\0\0\0"
    picture = hostile.picture("JPEG", exif=bytes(block))
    assert made(pool, picture).size in ((320, 240), (240, 320))
    head_made(pool, picture[: 64 * 1024])
    with opened(picture) as descriptor:
        assert {pool.details(descriptor).get("width")} <= {800, 600}


def test_two_hundred_megapixels(pool):
    """The JPEG of a phone's largest mode is decoded at an eighth of its size; whole it would take 600 MB."""
    out = io.BytesIO()
    Image.new("L", (16_384, 12_288), 90).save(out, "JPEG", quality=20)
    assert made(pool, out.getvalue()).size == (320, 240)


def test_a_progressive_one_would_have_to_be_held_whole(pool):
    small = hostile.picture("JPEG", progressive=True)
    assert made(pool, small) is not None
    start = small.index(b"\xff\xc2") + 5  # SOF2: length, precision, then height and width
    large = small[:start] + (12_288).to_bytes(2) + (16_384).to_bytes(2) + small[start + 4 :]
    assert made(pool, large) is None


# --- processes that die -------------------------------------------------------------------------------------


def test_a_process_that_dies_is_replaced():
    with Pool(1) as pool:
        assert made(pool, hostile.picture("PNG")) is not None
        (first,) = pool.processes()
        os.kill(first, signal.SIGKILL)
        assert made(pool, hostile.picture("PNG")) is not None  # the picture is not blamed for it
        assert pool.processes() != [first]


def test_a_picture_of_which_every_process_dies_is_given_up(monkeypatch):
    """In place of the decoder: a worker that is killed by each question."""
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with Pool(1) as pool:
        assert made(pool, hostile.picture("PNG")) is None
        assert pool.processes() == []


def test_a_process_outlives_the_thread_that_started_it():
    from threading import Thread

    with Pool(1) as pool:
        thread = Thread(target=lambda: made(pool, hostile.picture("PNG")))
        thread.start()
        thread.join()
        (first,) = pool.processes()
        assert made(pool, hostile.picture("PNG")) is not None
        assert pool.processes() == [first]


def test_processes_end_with_their_program():
    code = "from mtpbackup.thumbnails import Pool\nimport os\npool = Pool(1)\npool.from_head(b'x', b'y')\n"
    code += "print(pool.processes()[0], flush=True)\nos._exit(0)"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    deadline = time.monotonic() + 30
    while Path(f"/proc/{said.strip()}/stat").exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_process_that_hangs_is_ended():
    with Pool(1) as pool:
        assert made(pool, hostile.picture("PNG")) is not None
        (first,) = pool.processes()
        os.kill(first, signal.SIGSTOP)
        pool.patience = 0.5
        assert made(pool, hostile.picture("PNG")) is None
        with pytest.raises(ProcessLookupError):
            os.kill(first, 0)


def test_a_picture_may_take_so_much_of_the_processor_and_no_more():
    """By the processor's time and not by the clock: else a busy computer would show icons for good pictures."""
    out = io.BytesIO()
    Image.new("RGB", (8000, 8000)).save(out, "PNG", compress_level=1)
    with Pool(1, seconds=0.001) as pool:
        assert made(pool, out.getvalue()) is None
        assert pool.processes() == []
    with Pool(1) as pool:
        assert made(pool, out.getvalue()) is not None


def test_the_end_waits_for_no_picture():
    from concurrent.futures import ThreadPoolExecutor

    # A day: only the end can end this.
    with Pool(1, patience=86_400) as pool, ThreadPoolExecutor(1) as threads:
        assert made(pool, hostile.picture("PNG")) is not None
        (first,) = pool.processes()
        os.kill(first, signal.SIGSTOP)
        waiting = threads.submit(made, pool, hostile.picture("PNG"))
        while pool.processes():
            time.sleep(0.01)  # until the question has the only process
        pool.close()
        assert waiting.result(timeout=30) is None
        assert made(pool, hostile.picture("PNG")) is None


def test_a_process_can_take_no_memory_and_write_no_file():
    code = (
        "from mtpbackup.thumbnails import worker\n"
        "worker.limit()\n"
        "import sys\n"
        "try:\n    bytearray(worker.MEMORY)\nexcept MemoryError:\n    print('no memory')\n"
        "try:\n    open(sys.argv[1], 'wb', buffering=0).write(b'x')\n"
        "except OSError as error:\n    print(error.errno)\n"
    )
    with tempfile.NamedTemporaryFile() as file:
        program = [
            sys.executable,
            "-c",
            "import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n" + code,
            file.name,
        ]
        said = subprocess.run(program, capture_output=True, text=True, check=True).stdout
    assert said.split() == ["no", "memory", "27"]


def test_many_threads_share_few_processes():
    from concurrent.futures import ThreadPoolExecutor

    content = hostile.picture("JPEG")
    with Pool(2) as pool, ThreadPoolExecutor(8) as threads:
        images = list(threads.map(lambda _: made(pool, content), range(40)))
        assert all(image.size == (320, 240) for image in images)
        assert len(pool.processes()) <= 2


def test_details(pool):
    from datetime import datetime

    content = photo(datetime(2024, 5, 6), seed=3, position=(-33.93, 18.39), orientation=6, size=20_000)
    with opened(bytes(content.read(0, content.size))) as descriptor:
        facts = pool.details(descriptor)
    assert facts["camera"] == "Google Pixel 8"
    assert (facts["width"], facts["height"]) == (360, 480)
    assert (round(facts["latitude"], 2), round(facts["longitude"], 2)) == (-33.93, 18.39)
    with opened(b"nothing") as descriptor:
        assert pool.details(descriptor) == {}
