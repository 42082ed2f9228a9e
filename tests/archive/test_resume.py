"""Going on where a run stopped: parts, and complete files that lost their row."""

import errno
import os
import shutil
import threading
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtpbackup.archive import Layout, Saved, disk, parts
from mtpbackup.errors import ArchiveError
from tests.archive.conftest import MODIFIED, Bytes, key
from tests.archive.pictures import jpeg, tiff
from tests.archive.test_faults import write_until_it_fails

DATA = os.urandom(1_000_000)
KEY = key("DCIM/film.mp4", len(DATA))
CAMERA = "Pixel 8/Internal/DCIM"


def begin_and_stop(backup, length, *, keep=True, item=KEY):
    incoming = backup.writer.begin(backup.phone, item)
    for start in range(incoming.offset, length, 100_000):
        incoming.write(Bytes(DATA[start : min(start + 100_000, length)]))
    incoming.abandon(keep_part=keep)


def test_goes_on_after_a_clean_stop(backup):
    begin_and_stop(backup, 300_000)
    backup.new_writer()
    incoming = backup.writer.begin(backup.phone, KEY)
    assert (incoming.offset, incoming.placed) == (300_000, False)
    assert incoming.tail(1000) == DATA[299_000:300_000]
    assert incoming.tail(10**9) == DATA[:300_000]
    assert incoming.read_back(5, 10) == DATA[5:15]
    assert incoming.read_back(299_999, 10) == DATA[299_999:300_000]
    result = backup.fill(incoming, DATA)
    assert backup.read(result.path) == DATA
    assert backup.archive.find_missing() == 0
    assert backup.partial() == []
    assert [event.state.value for event in backup.archive.verify() if hasattr(event, "state")] == ["ok"]


def test_goes_on_at_once(backup):
    """Three tries per item happen inside one run: the part must be found while it is still being flushed."""
    for length in (100_000, 250_000, 700_000):
        begin_and_stop(backup, length)
    incoming = backup.writer.begin(backup.phone, KEY)
    assert incoming.offset == 700_000
    assert backup.read(backup.fill(incoming, DATA).path) == DATA


def test_close_keeps_what_is_in_hand(backup):
    incoming = backup.writer.begin(backup.phone, KEY)
    incoming.write(Bytes(DATA[:123_456]))
    assert backup.writer.close() == []
    backup.new_writer()
    assert backup.writer.begin(backup.phone, KEY).offset == 123_456


@pytest.mark.parametrize(
    ("item", "offset"),
    [
        (KEY, 300_000),
        (key("DCIM/film.mp4", len(DATA), MODIFIED.replace(hour=9)), 300_000),
        (key("DCIM/film.mp4", len(DATA), MODIFIED.replace(day=20)), 0),
        (key("DCIM/film.mp4", len(DATA) + 1), 0),
        (key("DCIM/other.mp4", len(DATA)), 0),
        (key("DCIM/film.mp4", len(DATA), storage="SD card"), 0),
    ],
)
def test_only_the_same_item_goes_on(backup, item, offset):
    """The hour differs where the phone has travelled."""
    begin_and_stop(backup, 300_000)
    assert backup.writer.begin(backup.phone, item).offset == offset


@pytest.mark.parametrize("how", ["restart", "resume=False", "dropped"])
def test_starting_over(backup, how):
    begin_and_stop(backup, 300_000, keep=how != "dropped")
    incoming = backup.writer.begin(backup.phone, KEY, resume=how != "resume=False")
    if how == "restart":
        incoming.restart()
    assert incoming.offset == 0
    other = DATA[::-1]
    assert backup.read(backup.fill(incoming, other).path) == other


def test_restart_in_the_middle_is_refused(backup):
    begin_and_stop(backup, 300_000)
    incoming = backup.writer.begin(backup.phone, KEY)
    incoming.write(Bytes(DATA[300_000:400_000]))
    with pytest.raises(RuntimeError):
        incoming.restart()


def test_length_alone_proves_nothing(make_backup):
    """After a power cut the part is as long as it was, with zeros from somewhere on: the record counts."""
    backup = make_backup()
    begin_and_stop(backup, 500_000)
    backup.close()
    (name,) = (name for name in backup.partial() if name.endswith(".part"))
    part = backup.root / ".mtpbackup" / "partial" / name
    record = part.with_suffix(".flushed")
    about, line = record.read_text().splitlines()
    assert line == f"500000 {zlib.crc32(b'500000'):08x}"
    # The last line was torn; the part's end never reached the disk, and it has become longer even.
    record.write_text(f"{about}\n400000 {zlib.crc32(b'400000'):08x}\n{line[:-4]}")
    part.write_bytes(DATA[:400_000] + bytes(300_000))
    backup = make_backup()
    incoming = backup.writer.begin(backup.phone, KEY)
    assert incoming.offset == 400_000
    assert backup.read(backup.fill(incoming, DATA).path) == DATA


def test_large_files_are_flushed_on_the_way(make_backup, monkeypatch):
    """A run that is killed in a large film leaves a record of most of it."""
    backup = make_backup(flush_every=200_000)
    noted = threading.Event()
    real = parts.Parts.note_flushed

    def note(self, identity, serial, item, length):
        real(self, identity, serial, item, length)
        if length >= 800_000:
            noted.set()

    monkeypatch.setattr(parts.Parts, "note_flushed", note)
    incoming = backup.writer.begin(backup.phone, KEY)
    for start in range(0, 900_000, 100_000):
        incoming.write(Bytes(DATA[start : start + 100_000]))
    assert noted.wait(20)
    identity = incoming._work.identity
    folder = backup.root / ".mtpbackup" / "partial"
    with disk.closing(os.open(folder, os.O_RDONLY)) as descriptor:
        assert parts._read_record(identity, descriptor).flushed in (800_000, 900_000)


def test_parts_that_cannot_go_on_are_swept(make_backup):
    backup = make_backup()
    begin_and_stop(backup, 300_000)
    backup.close()
    folder = backup.root / ".mtpbackup" / "partial"
    good = set(backup.partial())
    for name in ("0.part", "1.part", "1.flushed", "2.flushed", "3.part", "3.flushed"):
        (folder / name).write_bytes(b"\0" * 50)
    shutil.copy(next(folder.glob("*[!0-3].flushed")), folder / "4.flushed")
    backup = make_backup()
    assert set(backup.partial()) == good
    assert backup.archive.leftover_parts() == [folder / name for name in good if name.endswith(".part")]


@given(st.binary(max_size=200))
def test_any_record_can_be_read(tmp_path_factory, content):
    folder = tmp_path_factory.mktemp("record")
    (folder / "x.flushed").write_bytes(content)
    with disk.closing(os.open(folder, os.O_RDONLY)) as descriptor:
        assert parts._read_record("x", descriptor) is None


def test_parts_of_a_phone_are_discarded_on_request(backup):
    begin_and_stop(backup, 300_000)
    backup.writer.close()
    other = type(backup.phone)(9, "OTHER", "x", "x")
    assert backup.archive.discard_parts(other) == 0
    assert backup.archive.discard_parts(backup.phone) == 1
    assert backup.partial() == []


def test_a_part_without_a_record_goes_with_any_phones_parts(backup):
    """As of a run that was killed in the first step of a file, when the next one has nothing to copy."""
    folder = backup.root / ".mtpbackup" / "partial"
    (folder / ("0" * 40 + ".part")).write_bytes(b"begun")
    assert backup.archive.discard_parts(backup.phone) == 1
    assert backup.archive.leftover_parts() == []


def lose_the_row(backup, path="DCIM/film.mp4", data=DATA, **fields):
    """A run that dies between rename and row, as far as the disk can tell."""
    result = backup.saved(path, data, **fields)
    backup.writer.close()
    with backup.archive.catalog.database.writing() as connection:
        connection.execute("DELETE FROM items")
        connection.execute("DELETE FROM files")
    backup.writer = backup.archive.writer(backup.limits)
    return result


@pytest.mark.parametrize("layout", list(Layout))
def test_file_without_a_row_is_taken_over(backup, layout):
    lost = lose_the_row(backup, layout=layout)
    incoming = backup.writer.begin(backup.phone, KEY, layout)
    assert (incoming.placed, incoming.offset) == (True, len(DATA))
    assert incoming.tail(100) == DATA[-100:]
    incoming.commit()
    (result,) = backup.writer.drain()
    assert isinstance(result, Saved)
    assert (result.path, result.sha256) == (lost.path, lost.sha256)
    assert backup.tree() == {lost.path}


def test_file_without_a_row_that_may_not_be_opened_is_left_alone(backup, monkeypatch):
    """It may be somebody else's; no reason to end the run."""
    lost = lose_the_row(backup)

    def refused(root, path):
        raise PermissionError(13, "Permission denied", path)

    with monkeypatch.context() as context:
        context.setattr("mtpbackup.archive.root.Root.open_file", refused)
        incoming = backup.writer.begin(backup.phone, KEY)
    assert not incoming.placed
    incoming.abandon(keep_part=False)
    backup.writer.drain()
    assert backup.tree() == {lost.path}


def test_numbered_file_without_a_row_is_taken_over(backup):
    (backup.root / CAMERA).mkdir(parents=True)
    (backup.root / CAMERA / "film.mp4").write_bytes(b"a person's own")
    backup.new_writer()
    lost = lose_the_row(backup)
    assert lost.path == f"{CAMERA}/film (2).mp4"
    incoming = backup.writer.begin(backup.phone, KEY)
    assert incoming.placed
    incoming.commit()
    assert backup.writer.drain()[0].path == lost.path


def test_file_that_is_not_the_same_is_left_alone(backup):
    """The engine compares, finds a difference, and starts over: both files stay."""
    lost = lose_the_row(backup)
    (backup.root / lost.path).write_bytes(DATA[::-1])
    os.utime(backup.root / lost.path, (MODIFIED.timestamp(),) * 2)
    incoming = backup.writer.begin(backup.phone, KEY)
    assert incoming.placed
    assert incoming.tail(100) != DATA[-100:]
    incoming.restart()
    assert (incoming.placed, incoming.offset) == (False, 0)
    result = backup.fill(incoming, DATA)
    assert result.path == f"{CAMERA}/film (2).mp4"
    assert backup.read(lost.path) == DATA[::-1]


def test_file_taken_over_and_given_up_stays(backup):
    lost = lose_the_row(backup)
    for keep in (True, False):
        incoming = backup.writer.begin(backup.phone, KEY)
        assert incoming.placed
        incoming.abandon(keep_part=keep)
    backup.writer.drain()
    assert backup.tree() == {lost.path}
    assert backup.partial() == []


@pytest.mark.parametrize("change", ["size", "date", "row", "link", "pipe"])
def test_only_a_stray_of_same_size_and_date_is_taken_over(backup, change, tmp_path):
    if change == "row":
        backup.saved("DCIM/film.mp4", DATA)
    else:
        path = backup.root / lose_the_row(backup).path
        if change == "size":
            path.write_bytes(DATA + b"x")
        elif change == "date":
            os.utime(path, (0, 0))
        else:
            path.rename(tmp_path / "outside.mp4")
            path.symlink_to(tmp_path / "outside.mp4") if change == "link" else os.mkfifo(path)
    incoming = backup.writer.begin(backup.phone, KEY)
    assert not incoming.placed
    assert backup.fill(incoming, DATA).path == f"{CAMERA}/film (2).mp4"


def test_retry_after_the_catalog_failed_takes_the_file_over(backup, monkeypatch):
    def full(*_):
        raise ArchiveError(backup.root, "no row for you")

    monkeypatch.setattr("mtpbackup.archive.finishing.record_saved", full)
    assert "no row" in str(backup.error("DCIM/film.mp4", DATA))
    monkeypatch.undo()
    incoming = backup.writer.begin(backup.phone, KEY)
    assert incoming.placed
    incoming.commit()
    assert backup.writer.drain()[0].path == f"{CAMERA}/film.mp4"
    assert backup.tree() == {f"{CAMERA}/film.mp4"}


@pytest.mark.parametrize("call", ["unlink", "sync_folder"])
def test_a_record_that_cannot_be_removed_costs_no_second_copy(make_backup, monkeypatch, call):
    """The film has its name already when the record of its part is to go: it gets its row all the same."""
    backup = make_backup(flush_every=100_000)
    real, done = getattr(disk, call), []

    def fails_once(*where):
        if done == ["renamed"] and (call == "sync_folder" or where[0].endswith(".flushed")):
            done.append("failed")
            raise OSError(errno.EIO, "I/O error")
        real(*where)

    def rename_new(*names, real=disk.rename_new):
        real(*names)
        done.append("renamed")

    monkeypatch.setattr(disk, call, fails_once)
    monkeypatch.setattr(disk, "rename_new", rename_new)
    assert backup.saved("DCIM/film.mp4", DATA).path == f"{CAMERA}/film.mp4"
    assert done == ["renamed", "failed"]
    # A part of this name that is begun anew has no record of the old one's length.
    incoming = backup.writer.begin(backup.phone, KEY)
    assert [name for name in backup.partial() if name.endswith(".flushed")] == []
    incoming.abandon(keep_part=False)
    backup.new_writer()
    assert (backup.tree(), backup.partial()) == ({f"{CAMERA}/film.mp4"}, [])


def test_a_record_that_failed_is_not_left_for_the_next_part(make_backup, monkeypatch):
    """It was written, and its flush failed: the part goes, and with it what was said of its length."""
    backup = make_backup(flush_every=100_000)
    real = os.fsync

    def fsync(descriptor):
        if Path(f"/proc/self/fd/{descriptor}").readlink().suffix == ".flushed":
            raise OSError(errno.EIO, "I/O error")
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    incoming = backup.writer.begin(backup.phone, KEY)
    with pytest.raises(ArchiveError):
        write_until_it_fails(incoming, DATA)
    incoming.abandon(keep_part=True)
    backup.writer.close()
    assert backup.partial() == []


def test_file_without_a_row_in_the_month_of_its_own_date(backup):
    """Name and date say May, the picture itself says June: only its content tells where its file may lie."""
    picture = jpeg(tiff(original="2024:06:01 10:00:00"))
    lost = lose_the_row(backup, "DCIM/IMG_1.jpg", data=picture, layout=Layout.BY_MONTH)
    assert "/2024-06/" in lost.path
    again = backup.saved("DCIM/IMG_1.jpg", picture, layout=Layout.BY_MONTH)
    assert (again.path, backup.tree(), backup.partial()) == (lost.path, {lost.path}, [])


def test_file_without_a_row_and_with_other_content_stays_beside(backup):
    """Same name, length and date: found when it is placed, read, and left alone."""
    picture = jpeg(tiff(original="2024:06:01 10:00:00"))
    lost = lose_the_row(backup, "DCIM/IMG_1.jpg", data=picture, layout=Layout.BY_MONTH)
    path = backup.root / lost.path
    path.write_bytes(picture[:-1] + b"?")
    os.utime(path, (MODIFIED.timestamp(),) * 2)
    for _ in range(2):
        again = backup.saved("DCIM/IMG_1.jpg", picture, layout=Layout.BY_MONTH)
        assert again.path == lost.path.replace("IMG_1.jpg", "IMG_1 (2).jpg")
        with backup.archive.catalog.database.writing() as connection:
            connection.execute("DELETE FROM items")
            connection.execute("DELETE FROM files")
        backup.new_writer()
    assert path.read_bytes() == picture[:-1] + b"?"
    assert len(backup.tree()) == 2
