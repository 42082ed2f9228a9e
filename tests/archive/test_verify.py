"""Verify reads from disk what the catalog claims."""

import os
import shutil

import pytest

from mtpbackup.archive import (
    FileState,
    FileVerified,
    LeftoverPart,
    VerifyReading,
    VerifyStarted,
)
from tests.archive.conftest import Bytes, key


def verified(backup, phone=None):
    return {e.file.path: e for e in backup.archive.verify(phone) if isinstance(e, FileVerified)}


def test_right_damaged_short_missing(backup):
    paths = [backup.saved(f"DCIM/{name}.jpg", b"content").path for name in "abcdef"]
    (backup.root / paths[1]).write_bytes(b"CONTENT")
    (backup.root / paths[2]).write_bytes(b"conten")
    (backup.root / paths[3]).unlink()
    (backup.root / paths[4]).unlink()
    (backup.root / paths[4]).symlink_to(backup.root / paths[0])
    backup.clock.advance(days=1)
    found = verified(backup)
    assert [found[path].state.value for path in paths] == [
        *("ok", "damaged", "damaged", "missing", "missing", "ok")
    ]
    assert (found[paths[1]].size_found, found[paths[1]].sha256_found is None) == (7, False)
    assert (found[paths[2]].size_found, found[paths[2]].sha256_found) == (6, None)
    assert (found[paths[3]].size_found, found[paths[3]].sha256_found) == (None, None)
    rows = {row.path: row for row in backup.archive.catalog.files()}
    assert rows[paths[0]].verified_at == backup.clock.now
    assert [rows[path].state for path in paths[1:4]] == [
        FileState.DAMAGED,
        FileState.DAMAGED,
        FileState.MISSING,
    ]
    assert rows[paths[1]].verified_at is None


def test_file_that_was_brought_back_is_right_again(backup):
    path = backup.saved().path
    (backup.root / path).rename(backup.root / "aside")
    assert verified(backup)[path].state is FileState.MISSING
    (backup.root / "aside").rename(backup.root / path)
    assert verified(backup)[path].state is FileState.OK
    (backup.root / path).rename(backup.root / "aside")
    assert backup.archive.find_missing() == 1
    (backup.root / "aside").rename(backup.root / path)
    assert backup.archive.find_missing() == 0
    assert backup.archive.catalog.known(backup.phone).find(key(size=7)).safe
    (backup.root / path).unlink()
    assert backup.archive.find_missing() == 1
    (backup.root / path).write_bytes(b"CONTENT")
    assert backup.archive.find_missing() == 1


def test_folder_deleted_or_replaced(backup, tmp_path):
    backup.saved("DCIM/a.jpg")
    backup.saved("Pictures/b.jpg")
    shutil.rmtree(backup.root / "Pixel 8" / "Internal" / "DCIM")
    (backup.root / "Pixel 8" / "Internal" / "Pictures").rename(tmp_path / "p")
    (backup.root / "Pixel 8" / "Internal" / "Pictures").symlink_to(tmp_path / "p")
    assert {event.state for event in verified(backup).values()} == {FileState.MISSING}
    assert backup.archive.find_missing() == 2


def test_large_files_report_on_the_way(backup, monkeypatch):
    monkeypatch.setattr("mtpbackup.archive.verify._REPORT_EVERY", 2**20)
    backup.saved(data=os.urandom(3_500_000))
    events = list(backup.archive.verify())
    assert events[0] == VerifyStarted(1, 3_500_000)
    assert [event.done for event in events if isinstance(event, VerifyReading)] == [2**20, 2**21, 3 * 2**20]
    assert events[-1].state is FileState.OK


def test_leftover_parts_are_told(backup):
    incoming = backup.writer.begin(backup.phone, key(size=100))
    incoming.write(Bytes(b"12345"))
    incoming.abandon(keep_part=True)
    backup.writer.close()
    (part,) = [event for event in backup.archive.verify() if isinstance(event, LeftoverPart)]
    assert part.size == 5
    assert (backup.root / part.path).read_bytes() == b"12345"
    assert backup.archive.leftover_parts() == [backup.root / part.path]


def test_one_phone_only(backup):
    from mtpbackup.archive import PhoneRecord

    other = backup.archive.phone(PhoneRecord("S2", "", "", "Other"))
    mine, theirs = backup.saved().path, backup.saved(phone=other).path
    assert set(verified(backup, backup.phone)) == {mine}
    assert set(verified(backup, other)) == {theirs}
    assert set(verified(backup)) == {mine, theirs}


def test_stopping_early_records_what_was_read(backup):
    for name in "abc":
        backup.saved(f"DCIM/{name}.jpg")
    events = backup.archive.verify()
    assert isinstance(next(events), VerifyStarted)
    assert isinstance(next(events), FileVerified)
    events.close()
    checked = [row.verified_at is not None for row in backup.archive.catalog.files()]
    assert checked == [True, False, False]


def test_the_disk_is_asked_not_the_cache(backup, monkeypatch):
    """Before reading, the kernel is told to forget the file's pages."""
    advice = []
    real = os.posix_fadvise

    def note(descriptor, offset, length, what):
        advice.append(what)
        real(descriptor, offset, length, what)

    monkeypatch.setattr(os, "posix_fadvise", note)
    backup.saved()
    verified(backup)
    assert advice[0] == os.POSIX_FADV_DONTNEED


def test_unreadable_file_is_damaged(backup, monkeypatch):
    path = backup.saved(data=b"x" * 100).path

    def broken(*_):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "readv", broken)
    event = verified(backup)[path]
    assert (event.state, event.size_found, event.sha256_found) == (FileState.DAMAGED, 100, None)


@pytest.mark.parametrize("count", [0, 1, 2, 5])
def test_every_file_once(backup, count):
    paths = {backup.saved(f"DCIM/{number}.jpg").path for number in range(count)}
    events = [event for event in backup.archive.verify() if isinstance(event, FileVerified)]
    assert [event.file.path for event in events] == sorted(paths)
