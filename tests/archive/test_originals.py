"""The way back: originals of a backup and of a plain folder, what was sent, a folder as target."""

import hashlib
import os
import shutil
import sqlite3
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtpbackup.archive import (
    Archive,
    BackedUp,
    JournalRecord,
    PlainFolder,
    ReturnFolder,
    SentFile,
    SentState,
    content_of,
    hash_of,
    returned_name,
)
from mtpbackup.archive.dates import date_of
from mtpbackup.archive.sums import read_sums, sum_line
from mtpbackup.errors import ArchiveBusy, ArchiveError, DestinationUnwritable, IntegrityError, NoArchive

OLD = Path(__file__).parent.parent / "old_catalogs"
BEGAN = datetime(2025, 1, 1, 12, 0, 1, 500_000, UTC)
DATE = datetime(2024, 5, 6, 7, 8, 13)


def sent_file(name="IMG_0001.jpg", **fields):
    return SentFile("SD card", ("DCIM", name), 7, "ab" * 32, BEGAN, **fields)


def schema(path):
    with sqlite3.connect(path) as connection:
        tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        columns = {
            table: [tuple(row)[1:6] for row in connection.execute(f"PRAGMA table_info({table})")]
            for table in tables
        }
        indexes = {
            table: sorted(row[2] for row in connection.execute(f"PRAGMA index_list({table})"))
            for table in tables
        }
    connection.close()
    return columns, indexes


def test_a_catalog_of_version_1_becomes_what_a_new_one_is(make_backup, tmp_path):
    fresh = make_backup(tmp_path / "fresh")
    (tmp_path / "old" / ".mtpbackup").mkdir(parents=True)
    old = tmp_path / "old" / ".mtpbackup" / "catalog.sqlite"
    shutil.copy(OLD / "v1.sqlite", old)
    with Archive.create_or_open(tmp_path / "old") as archive:
        assert archive.sent.sent_to("SERIAL1") == {}
        archive.sent.note("SERIAL1", [sent_file()])
    fresh.close()
    assert schema(old) == schema(fresh.root / ".mtpbackup" / "catalog.sqlite")


@pytest.fixture(params=["catalog", "journal"])
def record(request, make_backup, tmp_path):
    if request.param == "catalog":
        return make_backup().archive.sent
    return JournalRecord(tmp_path / "state" / "sent.jsonl")


class TestRecord:
    def test_what_is_noted_last_counts(self, record):
        record.note("A", [sent_file(), sent_file("b.jpg")])
        record.note("A", [sent_file().proven(DATE)])
        record.note("B", [sent_file("c.jpg")])
        record.forget("A", [sent_file("b.jpg").place])
        assert record.sent_to("A") == {sent_file().place: sent_file().proven(DATE)}
        assert record.sent_to("A")[sent_file().place].state is SentState.SENT
        assert list(record.sent_to("B")) == [sent_file("c.jpg").place]
        assert record.sent_to("C") == {}

    def test_names_of_all_kinds_come_back(self, record):
        names = ["🎈 für\u2028alle.jpg", "half \ud83d.jpg", "a/b\\c.jpg", "\x00\n"]
        record.note("\ud83d serial/1", [sent_file(name) for name in names])
        assert {path[-1] for _, path in record.sent_to("\ud83d serial/1")} == set(names)


def test_a_journal_survives_a_line_that_was_cut_off(tmp_path):
    record = JournalRecord(tmp_path / "sent.jsonl")
    record.note("A", [sent_file()])
    with (tmp_path / "sent.jsonl").open("a") as file:
        file.write('["A", "SD ca')
    record.note("A", [sent_file("b.jpg")])
    assert {path[-1] for _, path in record.sent_to("A")} == {"IMG_0001.jpg", "b.jpg"}


def test_a_journal_that_cannot_be_written_is_an_error(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ArchiveError):
        JournalRecord(tmp_path / "file" / "sent.jsonl").note("A", [sent_file()])


def test_a_backup_gives_back_the_names_of_the_phone(backup):
    backup.saved("DCIM/Camera/a:b 🎈.jpg", b"content")
    source = BackedUp(backup.archive, backup.phone)
    (original,) = source.all()
    assert original.key.path == ("DCIM", "Camera", "a:b 🎈.jpg")
    assert original.path.endswith("DCIM/Camera/a_b 🎈.jpg")
    assert b"".join(content_of(source, original)) == b"content"
    assert hash_of(source, original) == (7, original.sha256)
    (backup.root / original.path).unlink()
    with pytest.raises(IntegrityError) as caught:
        source.open(original)
    assert caught.value.found is None


def test_a_backup_that_can_only_be_read_has_no_record(backup, monkeypatch):
    monkeypatch.setattr(backup.archive._root, "writable", False)
    assert backup.archive.sent is None
    journal = JournalRecord(backup.root / "x")
    assert BackedUp(backup.archive, backup.phone, journal).record is journal


def test_an_old_backup_on_a_disk_that_can_only_be_read(tmp_path, monkeypatch):
    Archive.create_or_open(tmp_path / "old").close()
    shutil.copy(OLD / "v1.sqlite", tmp_path / "old" / ".mtpbackup" / "catalog.sqlite")
    monkeypatch.setattr("mtpbackup.archive.root.os.access", lambda _path, mode, **_: not mode & os.W_OK)
    with Archive.open(tmp_path / "old") as archive:
        assert not archive.writable
        (phone,) = archive.catalog.phones()
        source = BackedUp(archive, phone)
        assert [one.key.shown_path for one in source.all()] == [
            "DCIM/Camera/IMG_0001.jpg",
            "DCIM/Camera/a:b.jpg",
        ]
        assert source.record is None
        with source.lock():
            pass


class TestPlainFolder:
    def test_places_are_found_again(self, tmp_path):
        for path in (
            "Pixel 8/SD card/DCIM/Camera/a.jpg",
            "Pixel 8/SHA256SUMS",
            "dcim/b.jpg",
            "SHA256SUMS",
            ".mtpbackup/partial/x.part",
            "Pixel 8/2024/2024-05/c.jpg",
            "Music",
        ):
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path).write_bytes(path.encode())
        (tmp_path / "link").symlink_to(tmp_path / "dcim")
        moment = DATE.timestamp()
        os.utime(tmp_path / "dcim/b.jpg", (moment, moment))
        found = {original.path: original for original in PlainFolder(tmp_path).all()}
        assert {path: (one.key.storage, "/".join(one.key.path), one.placed) for path, one in found.items()} == {
            "Music": ("", "Music", False),
            "Pixel 8/2024/2024-05/c.jpg": ("", "Pixel 8/2024/2024-05/c.jpg", False),
            "Pixel 8/SD card/DCIM/Camera/a.jpg": ("SD card", "DCIM/Camera/a.jpg", True),
            "Pixel 8/SHA256SUMS": ("", "Pixel 8/SHA256SUMS", False),
            "dcim/b.jpg": ("", "dcim/b.jpg", True),
        }
        assert found["dcim/b.jpg"].key.modified == DATE
        assert found["dcim/b.jpg"].key.size == 10

    def test_the_checksum_file_is_believed(self, tmp_path):
        (tmp_path / "x\ny.jpg").write_bytes(b"1")
        (tmp_path / "SHA256SUMS").write_bytes(b"nonsense\n" + sum_line("ab" * 32, "x\ny.jpg") + b"\xff\n")
        (original,) = PlainFolder(tmp_path).all()
        assert original.sha256 == "ab" * 32

    def test_no_folder(self, tmp_path):
        with pytest.raises(NoArchive):
            PlainFolder(tmp_path / "none")

    def test_what_is_no_file_any_more(self, tmp_path):
        (tmp_path / "a.jpg").write_bytes(b"1")
        source = PlainFolder(tmp_path)
        (original,) = source.all()
        (tmp_path / "a.jpg").unlink()
        os.mkfifo(tmp_path / "a.jpg")
        with pytest.raises(IntegrityError):
            source.open(original)


@given(st.text(st.characters(codec="utf-8"), min_size=1).filter(lambda name: "\0" not in name))
def test_checksum_lines_are_read_as_they_are_written(tmp_path_factory, name):
    path = tmp_path_factory.getbasetemp() / "SUMS"
    path.write_bytes(sum_line("0f" * 32, name))
    assert read_sums(path) == {name: "0f" * 32}


class TestReturnFolder:
    @pytest.fixture
    def folder(self, tmp_path):
        folder = ReturnFolder(tmp_path / "new" / "place")
        yield folder
        folder.close()

    def put(self, folder, name, data, place=("DCIM",), sha256=None):
        sha256 = hashlib.sha256(data).hexdigest() if sha256 is None else sha256
        return folder.put(folder.place_for(place), returned_name(name), DATE, [data[:3], data[3:]], sha256)

    def test_names_and_dates_are_kept_and_nothing_is_replaced(self, folder):
        assert self.put(folder, "für 🎈.jpg", b"one") == "für 🎈.jpg"
        assert self.put(folder, "FÜR 🎈.jpg", b"two!", place=("dcim",)) == "FÜR 🎈 (2).jpg"
        files = {str(path.relative_to(folder.path)): path for path in folder.path.rglob("*") if path.is_file()}
        assert {name: path.read_bytes() for name, path in files.items()} == {
            "DCIM/für 🎈.jpg": b"one",
            "DCIM/FÜR 🎈 (2).jpg": b"two!",
        }
        assert {datetime.fromtimestamp(path.stat().st_mtime) for path in files.values()} == {DATE}
        digest = hashlib.sha256(b"one").hexdigest()
        assert folder.find(("DCIM",), "für 🎈.jpg", 3, digest) == "für 🎈.jpg"
        assert folder.find(("DCIM",), "für 🎈.jpg", 3, "0" * 64) is None
        assert folder.find(("DCIM",), "none.jpg", 3, digest) is None
        two = hashlib.sha256(b"two!").hexdigest()
        assert folder.find(("DCIM",), "FÜR 🎈.jpg", 4, two) == "FÜR 🎈 (2).jpg"

    @pytest.mark.parametrize("name", ["a:b?.jpg", "ü" * 125 + ".jpg", "x" * 255, ".hidden"])
    def test_what_got_a_number_is_found_again(self, folder, name):
        self.put(folder, name, b"theirs")
        chosen = self.put(folder, name, b"ours!")
        assert chosen != name and len(chosen.encode()) <= 255
        assert folder.find(("DCIM",), name, 5, hashlib.sha256(b"ours!").hexdigest()) == chosen

    def test_other_content_than_recorded_leaves_nothing(self, folder):
        assert self.put(folder, "a.jpg", b"data", sha256="0" * 64) == ""
        assert [path for path in folder.path.rglob("*") if path.is_file()] == []

    def test_a_file_that_appeared_meanwhile_stays(self, folder):
        folder.names(("DCIM",))
        (folder.path / "DCIM").mkdir()
        (folder.path / "DCIM" / "a.jpg").write_bytes(b"theirs")
        assert self.put(folder, "a.jpg", b"ours") == "a (2).jpg"
        assert (folder.path / "DCIM" / "a.jpg").read_bytes() == b"theirs"

    def test_a_second_run_in_the_same_folder_is_refused(self, folder):
        def pieces():
            yield b"x"
            other = ReturnFolder(folder.path)
            try:
                with pytest.raises(ArchiveBusy):
                    self.put(other, "b.jpg", b"data")
            finally:
                other.close()

        assert folder.put(("DCIM",), "a.jpg", None, pieces(), "") == "a.jpg"

    def test_hostile_names_stay_inside(self, folder):
        for name in ("..", "a/../../b", "", "x" * 300 + ".jpg", "\x1b]0;\x07"):
            self.put(folder, name, name.encode(), place=("..", "a/b"))
        assert all(folder.path in path.parents for path in folder.path.parent.rglob("*") if path.is_file())
        assert len([path for path in folder.path.rglob("*") if path.is_file()]) == 5

    def test_a_file_in_the_way_is_an_error(self, folder):
        self.put(folder, "a.jpg", b"data")
        with pytest.raises((DestinationUnwritable, ArchiveError)):
            self.put(folder, "b.jpg", b"data", place=("DCIM", "a.jpg"))


BEYOND = 253_402_300_800 * 4  # far behind the year 9999: a disk may hold that, the calendar doesn't


def test_a_file_with_a_date_beyond_the_calendar_has_none(tmp_path):
    (tmp_path / "a.jpg").write_bytes(b"a")
    status = os.stat_result((*(tmp_path / "a.jpg").stat()[:7], BEYOND, BEYOND, BEYOND))
    assert PlainFolder(tmp_path)._original(("a.jpg",), status).key.modified is None
    assert date_of(status) is None


@pytest.mark.parametrize("zone", ["Pacific/Auckland", "America/Los_Angeles", "UTC"])
@pytest.mark.parametrize("when", [datetime.min, datetime.max, datetime(2026, 3, 29, 2, 30)])
def test_any_date_of_a_phone_can_be_put_into_a_folder(tmp_path, monkeypatch, zone, when):
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        folder = ReturnFolder(tmp_path)
        assert folder.put((), "a.jpg", when, [b"a"], "") == "a.jpg"
        folder.close()
        assert (tmp_path / "a.jpg").read_bytes() == b"a"
    finally:
        monkeypatch.undo()
        time.tzset()
