"""Opening a backup: made, found, refused, locked, and told from an empty folder where its disk used to be."""

import errno
import fcntl
import json
import os
import sqlite3
import subprocess
import sys

import pytest

from mtpbackup.archive import Archive, database, disk
from mtpbackup.archive.root import Root
from mtpbackup.errors import (
    ArchiveBusy,
    CatalogUnusable,
    DestinationGone,
    DestinationUnwritable,
    NoArchive,
    NoLocks,
)
from tests.archive.conftest import key


def test_made_with_missing_parents_and_found_again(tmp_path):
    root = tmp_path / "a" / "b" / "Phone backup"
    with Archive.create_or_open(root) as made:
        assert made.root == root
        assert made.writable
    for opening in (Archive.open, Archive.create_or_open):
        with opening(root) as found:
            assert found.id == made.id
            assert found.catalog.phones() == []


def test_other_things_in_the_folder_are_left_alone(tmp_path):
    (tmp_path / "Pixel 8").mkdir()
    (tmp_path / "Pixel 8" / "diary.txt").write_text("mine")
    Archive.create_or_open(tmp_path).close()
    assert (tmp_path / "Pixel 8" / "diary.txt").read_text() == "mine"
    assert sorted(path.name for path in tmp_path.iterdir()) == [".mtpbackup", "Pixel 8"]


@pytest.mark.parametrize("there", ["nothing", "empty folder", "file", "folder of ours without marker"])
def test_no_backup_here(tmp_path, there):
    root = tmp_path / "root"
    if there == "file":
        root.write_text("x")
    elif there != "nothing":
        root.mkdir()
    if there.startswith("folder"):
        (root / ".mtpbackup").mkdir()
    with pytest.raises(NoArchive):
        Archive.open(root)
    assert root.exists() == (there != "nothing")


def test_something_that_is_no_folder_is_in_the_way(tmp_path):
    (tmp_path / "file").write_text("x")
    for path in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(DestinationUnwritable):
            Archive.create_or_open(path)
    (tmp_path / ".mtpbackup").symlink_to(tmp_path)
    with pytest.raises(DestinationUnwritable):
        Archive.create_or_open(tmp_path)


@pytest.mark.parametrize("marker", [b"", b"{", b"[]", b"{}", b"\xff\xfe"])
def test_damaged_marker(tmp_path, marker):
    Archive.create_or_open(tmp_path).close()
    (tmp_path / ".mtpbackup" / "archive.json").write_bytes(marker)
    for opening in (Archive.open, Archive.create_or_open):
        with pytest.raises(CatalogUnusable, match=r"archive\.json"):
            opening(tmp_path)


def test_marker_says_what_this_is(tmp_path):
    with Archive.create_or_open(tmp_path) as archive:
        marker = json.loads((tmp_path / ".mtpbackup" / "archive.json").read_text())
        assert (marker["id"], marker["program"]) == (archive.id, "mtpbackup")


@pytest.mark.parametrize("there", ["nothing", "empty folder", "another backup", "not quite a backup"])
def test_disk_that_is_not_mounted(tmp_path, there):
    """The backup was here before: an empty mount point is not a place for a new one."""
    root = tmp_path / "usb"
    with Archive.create_or_open(root) as archive:
        remembered = archive.id
    with Archive.create_or_open(root, expected_id=remembered) as archive:
        assert archive.id == remembered
    root.rename(tmp_path / "elsewhere")
    if there == "another backup":
        Archive.create_or_open(root).close()
    elif there != "nothing":
        root.mkdir()
    if there == "not quite a backup":
        (root / ".mtpbackup").mkdir()
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(DestinationGone):
        Archive.create_or_open(root, expected_id=remembered)
    assert sorted(tmp_path.rglob("*")) == before


def test_pulled_disk_whose_mount_stays_for_a_while(backup, tmp_path):
    """Its folder still answers from the cache, but the kernel no longer knows the device."""
    node = tmp_path / "8:17"
    node.mkdir()
    backup.archive._root._device = node
    backup.archive.check_present()
    node.rmdir()
    with pytest.raises(DestinationGone):
        backup.archive.check_present()


def test_one_lock_per_root(backup):
    with Archive.create_or_open(backup.root) as other:
        with pytest.raises(ArchiveBusy) as caught, other.lock():
            pass
        assert caught.value.pid == os.getpid()
        backup.writer.close()
        backup._lock.__exit__(None, None, None)
        with other.lock(), pytest.raises(ArchiveBusy):
            backup.archive.lock().__enter__()
    backup._lock = backup.archive.lock()
    backup._lock.__enter__()


def test_lock_of_a_killed_process_is_free(tmp_path):
    script = (
        "import os, signal, sys; from pathlib import Path\n"
        "from mtpbackup.archive import Archive\n"
        "archive = Archive.create_or_open(Path(sys.argv[1])); lock = archive.lock(); lock.__enter__()\n"
        "print('locked', flush=True); sys.stdin.read()\n"
    )
    arguments = [sys.executable, "-c", script, tmp_path]
    with subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout.readline() == b"locked\n"
        with Archive.open(tmp_path) as archive:
            with pytest.raises(ArchiveBusy) as caught, archive.lock():
                pass
            assert caught.value.pid == other.pid
            other.kill()
            other.wait(20)
            with archive.lock():
                pass


def test_room(backup):
    assert 0 < backup.archive.free_space() < 2**60
    assert backup.archive.largest_file() in (None, disk.FAT_LARGEST_FILE)


def test_fat_is_known_by_its_type(backup, monkeypatch):
    monkeypatch.setattr(disk, "filesystem_type", lambda _: 0x4D44)
    assert backup.archive.largest_file() == 4 * 1024**3 - 1


def read_only(monkeypatch):
    """The superuser may write anywhere; what access(2) says on a read-only disk is put in its place."""
    monkeypatch.setattr(os, "access", lambda _path, mode, **_: not mode & os.W_OK)


def test_backup_that_can_only_be_read(make_backup, monkeypatch):
    backup = make_backup()
    path = backup.saved().path
    backup.close()
    read_only(monkeypatch)
    with Archive.open(backup.root) as archive:
        assert not archive.writable
        phone = archive.catalog.phones()[0]
        assert archive.catalog.known(phone).find(key(size=7)).safe
        assert [event.state.value for event in archive.verify() if hasattr(event, "state")] == ["ok"]
        assert archive.leftover_parts() == []
        with pytest.raises(DestinationUnwritable), archive.lock():
            pass
        with pytest.raises(DestinationUnwritable):
            archive.catalog.start_run(phone)
        (backup.root / path).unlink()
        assert archive.find_missing() == 1
        assert archive.catalog.totals(phone).missing == 0
    with pytest.raises(DestinationUnwritable):
        Archive.create_or_open(backup.root)


def test_migration_runs_in_one_transaction(make_backup, monkeypatch):
    backup = make_backup()
    backup.saved()
    backup.close()
    last = database.SCHEMA_VERSION + 2
    monkeypatch.setattr(database, "SCHEMA_VERSION", last)
    steps = {last - 1: lambda c: c.execute("ALTER TABLE items ADD COLUMN stars INTEGER"), last: lambda c: 1 / 0}
    monkeypatch.setattr(database, "_MIGRATIONS", steps)
    with pytest.raises(ZeroDivisionError):
        Archive.open(backup.root)
    steps[last] = lambda c: c.execute("UPDATE items SET stars = 5")
    with Archive.open(backup.root) as archive, archive.catalog.database.reading() as connection:
        assert connection.execute("SELECT stars FROM items").fetchall() == [(5,)]
        assert connection.execute("PRAGMA user_version").fetchone() == (last,)


def test_no_descriptor_is_left_open(tmp_path):
    def count():
        return len(os.listdir("/proc/self/fd"))  # noqa: PTH208

    Archive.create_or_open(tmp_path / "first").close()
    before = count()
    for _ in range(3):
        archive = Archive.create_or_open(tmp_path / "b")
        with archive.lock(), archive.writer() as writer:
            phone = archive.phone(archive.catalog.phones()[0]) if archive.catalog.phones() else None
            assert phone is None
            assert writer.drain() == []
        archive.close()
        with pytest.raises(NoArchive):
            Archive.open(tmp_path / "nothing")
    assert count() == before


def test_root_below_a_link_is_followed(tmp_path):
    """The person chose this path; only what is below the root is not followed."""
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    Archive.create_or_open(tmp_path / "link" / "backup").close()
    root = Root.open(tmp_path / "real" / "backup")
    root.close()


@pytest.mark.parametrize("code", [errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS])
def test_a_share_without_locks(backup, monkeypatch, code):
    def refuse(*_):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(fcntl, "flock", refuse)
    with pytest.raises(NoLocks), backup.archive.lock():
        pass


@pytest.mark.parametrize("name", ["SQLITE_IOERR_LOCK", "SQLITE_IOERR_RDLOCK"])
def test_a_share_without_locks_for_the_catalog(backup, name):
    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorcode = getattr(sqlite3, name)
    with pytest.raises(NoLocks), backup.archive.catalog.database.errors():
        raise error
