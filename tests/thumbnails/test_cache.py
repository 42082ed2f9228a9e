"""Thumbnails kept between runs."""

import os
import time

from mtpbackup.thumbnails import Cache

JPEG = b"\xff\xd8\xff"


def test_what_is_kept_comes_back(tmp_path):
    cache = Cache(tmp_path / "c")
    assert cache.get("a") is None
    cache.put("a", JPEG + b"a")
    assert Cache(tmp_path / "c").get("a") == JPEG + b"a"
    assert cache.get("b") is None


def test_that_there_is_none_is_remembered_for_this_run(tmp_path):
    cache = Cache(tmp_path / "c")
    cache.put("a", None)
    assert cache.get("a") == b""
    assert Cache(tmp_path / "c").get("a") is None


def test_keys_are_no_paths(tmp_path):
    cache = Cache(tmp_path / "c")
    for key in ("../../x", "/etc/passwd", "a\0b", "\ud800"):
        cache.put(key, JPEG)
        assert cache.get(key) == JPEG
    assert [path.name for path in tmp_path.iterdir()] == ["c"]


def test_only_the_person_can_read_them(tmp_path):
    cache = Cache(tmp_path / "c")
    cache.put("a", JPEG)
    (folder,) = (tmp_path / "c").iterdir()
    assert folder.stat().st_mode & 0o077 == 0


def test_the_oldest_go_when_it_is_full(tmp_path):
    cache = Cache(tmp_path / "c", largest=10_000)
    for number in range(8):
        cache.put(str(number), JPEG + bytes(997))
        os.utime(cache._path(str(number)), (number, number))
    for number in range(8, 20):
        cache.put(str(number), JPEG + bytes(997))
    kept = [number for number in range(20) if cache.get(str(number))]
    assert 19 in kept and 0 not in kept and 1 not in kept
    assert sum(path.stat().st_size for path in tmp_path.rglob("*.jpg")) <= 10_000


def test_what_is_used_counts_as_new(tmp_path):
    cache = Cache(tmp_path / "c")
    cache.put("a", JPEG)
    os.utime(cache._path("a"), (0, 0))
    assert cache.get("a") == JPEG
    assert cache._path("a").stat().st_mtime > time.time() - 100


def test_a_disk_that_takes_nothing_is_no_reason_to_stop(tmp_path):
    (tmp_path / "c").write_bytes(b"a file is in the way")
    cache = Cache(tmp_path / "c")
    cache.put("a", JPEG)
    assert cache.get("a") is None


def test_something_else_in_its_place_is_no_thumbnail(tmp_path):
    cache = Cache(tmp_path / "c")
    cache.put("a", JPEG)
    cache._path("a").write_bytes(b"<script>")
    assert cache.get("a") is None
