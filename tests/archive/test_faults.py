"""The disk misbehaves in mid-run: nothing is lost, nothing is called safe that is not, nobody waits."""

import errno
import os
import resource
import shutil
import signal
import subprocess
import sys
import threading
import time

import pytest

from mtpbackup.archive import NotSaved, Saved, VerifyStarted, disk
from mtpbackup.archive.saves import record_saved
from mtpbackup.archive.sums import read_sums
from mtpbackup.errors import (
    ArchiveError,
    DestinationGone,
    DestinationUnwritable,
    FileTooLarge,
    OutOfSpace,
)
from tests.archive.conftest import Bytes, key

DATA = os.urandom(600_000)
KEY = key("DCIM/film.mp4", len(DATA))


class FailingDisk:
    """`disk.write_all` that fails with one errno once so many bytes of content were written."""

    def __init__(self, monkeypatch, code, after):
        self.left, self.code = after, code
        self._real = disk.write_all
        monkeypatch.setattr(disk, "write_all", self)

    def __call__(self, descriptor, data):
        if len(data) < 1000:
            self._real(descriptor, data)
            return
        if len(data) > self.left:
            self._real(descriptor, bytes(data)[: self.left])
            self.left = 0
            raise OSError(self.code, os.strerror(self.code))
        self.left -= len(data)
        self._real(descriptor, data)


def write_until_it_fails(incoming, data=DATA):
    """Hands over bytes until the error of an earlier chunk arrives, as it must sooner or later."""
    deadline = time.monotonic() + 20
    for start in range(0, len(data), 50_000):
        incoming.write(Bytes(data[start : start + 50_000]))
    while time.monotonic() < deadline:
        incoming.write(Bytes(b""))
    raise AssertionError("no error came")


@pytest.mark.parametrize("small_file_waiting", [False, True])
def test_disk_full_in_mid_file(make_backup, monkeypatch, small_file_waiting):
    backup = make_backup(linger=5.0 if small_file_waiting else 0.0, flush_every=100_000)
    if small_file_waiting:
        incoming = backup.writer.begin(backup.phone, key("DCIM/small.jpg", 5))
        incoming.write(Bytes(b"small"))
        incoming.commit()
    FailingDisk(monkeypatch, errno.ENOSPC, 330_000)
    incoming = backup.writer.begin(backup.phone, KEY)
    with pytest.raises(OutOfSpace) as caught:
        write_until_it_fails(incoming)
    assert caught.value.needed is None
    incoming.abandon(keep_part=True)
    with pytest.raises(OutOfSpace):
        backup.writer.begin(backup.phone, key("DCIM/next.jpg", 5))
    results = backup.writer.close()
    assert [type(result) for result in results] == [Saved] * small_file_waiting
    assert len(backup.tree()) == small_file_waiting
    # Room is made, another run.
    monkeypatch.undo()
    backup.new_writer()
    assert backup.read(backup.fill(backup.writer.begin(backup.phone, KEY), DATA).path) == DATA


def test_disk_full_keeps_the_beginning_of_a_large_part(make_backup, monkeypatch):
    """Some of it is given up, so that the catalog has room; the rest need not be read from the phone again."""
    monkeypatch.setattr("mtpbackup.archive.finishing._GIVEN_UP", 150_000)
    backup = make_backup(flush_every=100_000)
    FailingDisk(monkeypatch, errno.ENOSPC, 420_000)
    incoming = backup.writer.begin(backup.phone, KEY)
    with pytest.raises(OutOfSpace):
        write_until_it_fails(incoming)
    incoming.abandon(keep_part=True)
    backup.writer.close()
    (part,) = backup.archive.leftover_parts()
    assert part.stat().st_size == 250_000  # 400,000 came in whole chunks
    monkeypatch.undo()
    backup.new_writer()
    incoming = backup.writer.begin(backup.phone, KEY)
    assert incoming.offset == 250_000
    assert backup.read(backup.fill(incoming, DATA).path) == DATA


def test_reserve_is_given_up_for_the_catalog(backup, monkeypatch):
    """The files are there, their rows do not fit: room is made for these, and the run ends."""
    calls = []

    def full_at_first(*arguments):
        calls.append((backup.root / ".mtpbackup" / "reserve").exists())
        if len(calls) == 1:
            raise OutOfSpace(backup.root, None, 0)
        return record_saved(*arguments)

    monkeypatch.setattr("mtpbackup.archive.finishing.record_saved", full_at_first)
    assert isinstance(backup.put(), Saved)
    assert calls == [True, False]
    with pytest.raises(OutOfSpace):
        backup.put("DCIM/next.jpg")
    backup.new_writer()
    assert (backup.root / ".mtpbackup" / "reserve").stat().st_size == 1024**2


@pytest.mark.parametrize("tried_again", [True, False])
def test_a_commit_that_fails_after_it_has_happened(backup, monkeypatch, tried_again):
    """As when the emptied journal cannot be flushed: not called saved, and found to be so by the next try."""
    backup.saved("DCIM/first.jpg")
    backup.new_writer()  # the checksum file is known to be complete now
    calls = []

    def fails_at_first(*arguments):
        result = record_saved(*arguments)
        calls.append(result)
        if len(calls) == 1:
            raise ArchiveError(backup.root, "disk I/O error")
        return result

    monkeypatch.setattr("mtpbackup.archive.finishing.record_saved", fails_at_first)
    assert type(backup.error()) is ArchiveError
    if tried_again:
        again = backup.writer.begin(backup.phone, key(size=7))
        assert again.placed
        again.commit()
        (saved,) = backup.writer.drain()
        assert isinstance(saved, Saved)
    assert len(list(backup.archive.catalog.files())) == 2
    backup.saved("DCIM/other.jpg")
    backup.writer.close()
    assert set(read_sums(backup.root / "SHA256SUMS")) == backup.tree()
    assert len(backup.tree()) == 3


def test_nothing_more_is_written_to_a_full_disk(make_backup, monkeypatch):
    """What was handed over before the engine could know: it would eat the room that the catalog needs."""
    backup = make_backup(linger=5.0)
    gate, entered, written = threading.Event(), threading.Event(), []

    def wait(descriptor, data):
        written.append(len(data))
        entered.set()
        assert gate.wait(20)

    monkeypatch.setattr(disk, "write_all", wait)
    incoming = backup.writer.begin(backup.phone, key(size=30))
    for _ in range(3):
        incoming.write(Bytes(b"0123456789"))
    assert entered.wait(20)
    backup.writer._pipeline.fatal = OutOfSpace(backup.root, None, 0)
    gate.set()
    with pytest.raises(OutOfSpace):
        incoming.commit()
    assert backup.writer.close() == []
    assert written == [10]


def test_disk_full_found_after_commit(backup, monkeypatch):
    """All bytes were handed over before the first failed: then the result says so."""
    gate = threading.Event()

    def full(descriptor, data):
        assert gate.wait(20)
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(disk, "write_all", full)
    incoming = backup.writer.begin(backup.phone, key(size=5))
    incoming.write(Bytes(b"12345"))
    incoming.commit()
    gate.set()
    (result,) = backup.writer.drain()
    assert isinstance(result, NotSaved)
    assert isinstance(result.error, OutOfSpace)
    assert backup.tree() == set()


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (errno.EIO, ArchiveError),
        (errno.EDQUOT, OutOfSpace),
        (errno.EROFS, DestinationUnwritable),
        (errno.EFBIG, FileTooLarge),
        (errno.ENODEV, DestinationGone),
        (errno.ESTALE, DestinationGone),
    ],
)
def test_errors_say_what_they_mean(backup, monkeypatch, code, kind):
    FailingDisk(monkeypatch, code, 100_000)
    incoming = backup.writer.begin(backup.phone, KEY)
    with pytest.raises(ArchiveError) as caught:
        write_until_it_fails(incoming)
    assert type(caught.value) is kind
    incoming.abandon(keep_part=True)
    monkeypatch.undo()
    if kind in (ArchiveError, FileTooLarge):
        # One item's trouble only.
        assert isinstance(backup.put("DCIM/other.jpg"), Saved)
    else:
        with pytest.raises(kind):
            backup.put("DCIM/other.jpg")


@pytest.mark.parametrize("files", [1, 10])
def test_failed_flush_is_not_safe(make_backup, monkeypatch, files):
    """The kernel says at fsync that some bytes never reached the disk: those files are not called saved."""
    backup = make_backup(linger=5.0)
    monkeypatch.setattr(disk, "sync_whole", lambda _: (_ for _ in ()).throw(OSError(errno.EIO, "I/O error")))
    real = os.fsync
    failing = []

    def fsync(descriptor):
        if descriptor == failing[0]:
            raise OSError(errno.EIO, "I/O error")
        real(descriptor)

    for number in range(files):
        incoming = backup.writer.begin(backup.phone, key(f"DCIM/{number}.jpg", 5))
        if number == files // 2:
            failing.append(incoming._work.descriptor)
            monkeypatch.setattr(os, "fsync", fsync)
        incoming.write(Bytes(b"12345"))
        incoming.commit()
    results = backup.writer.drain()
    assert [result.key.name for result in results if isinstance(result, NotSaved)] == [f"{files // 2}.jpg"]
    assert len(backup.archive.catalog.known(backup.phone)) == files - 1
    assert len(backup.tree()) == files - 1


def test_lost_write_is_noticed(backup, monkeypatch):
    """Fewer bytes are in the file than were written, whoever is to blame."""
    real = disk.write_all
    monkeypatch.setattr(disk, "write_all", lambda descriptor, data: real(descriptor, bytes(data)[:-1]))
    assert "6 bytes on disk, 7 written" in str(backup.error())
    monkeypatch.undo()
    assert backup.saved().path.endswith("/IMG_0001.jpg")


def test_no_row_is_written_for_a_disk_that_is_gone(backup, monkeypatch, tmp_path):
    """The catalog is not even tried: SQLite would notice by itself, but only on some file systems."""
    monkeypatch.setattr("mtpbackup.archive.finishing.record_saved", lambda *_: pytest.fail("rows written"))
    incoming = backup.writer.begin(backup.phone, key(size=0))
    backup.root.rename(tmp_path / "elsewhere")
    incoming.commit()
    (result,) = backup.writer.drain()
    assert isinstance(result.error, DestinationGone)


@pytest.mark.parametrize("how", ["deleted", "moved", "replaced"])
def test_root_removed_in_mid_run(backup, how, tmp_path):
    backup.saved("DCIM/a.jpg")
    incoming = backup.writer.begin(backup.phone, KEY)
    incoming.write(Bytes(DATA[:100_000]))
    if how == "deleted":
        shutil.rmtree(backup.root)
    else:
        backup.root.rename(tmp_path / "elsewhere")
        if how == "replaced":
            backup.root.mkdir()
    with pytest.raises(DestinationGone):
        backup.archive.check_present()
    incoming.write(Bytes(DATA[100_000:]))
    incoming.commit()
    (result,) = backup.writer.drain()
    assert isinstance(result, NotSaved)
    assert isinstance(result.error, DestinationGone)
    with pytest.raises(DestinationGone):
        backup.writer.begin(backup.phone, key("DCIM/b.jpg", 1))
    assert backup.writer.close() == []
    if how == "replaced":
        assert list(backup.root.iterdir()) == []


def test_files_are_not_missing_because_their_disk_is(backup, monkeypatch, tmp_path):
    """Missing files are not found by looking at an empty mount point."""
    backup.saved("DCIM/a.jpg")
    backup.writer.close()
    shutil.rmtree(backup.root / "Pixel 8")
    backup.root.rename(tmp_path / "elsewhere")
    backup.root.mkdir()
    monkeypatch.setattr("mtpbackup.archive.database.Database.writing", lambda _: pytest.fail("recorded"))
    with pytest.raises(DestinationGone):
        backup.archive.find_missing()
    events = backup.archive.verify()
    assert isinstance(next(events), VerifyStarted)
    with pytest.raises(DestinationGone):
        next(events)


def test_real_limit_of_a_process(tmp_path):
    """A file-size limit of the operating system, as FAT has one: EFBIG comes from the kernel here."""
    script = """
import resource, sys
from pathlib import Path
from mtpbackup.errors import FileTooLarge
from tests.archive.conftest import Backup, Bytes, key
backup = Backup(Path(sys.argv[1]))
resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))
incoming = backup.writer.begin(backup.phone, key(size=2_000_000))
try:
    for _ in range(20):
        incoming.write(Bytes(bytes(100_000)))
    incoming.commit()
    (result,) = backup.writer.drain()
    error = result.error
except FileTooLarge as caught:
    error = caught
    incoming.abandon(keep_part=False)
assert type(error) is FileTooLarge, error
assert backup.saved("DCIM/small.jpg").path
backup.close()
"""
    subprocess.run([sys.executable, "-W", "error", "-c", script, tmp_path / "b"], check=True, timeout=60)


@pytest.fixture
def interrupts():
    """Ctrl-C after a given time, by a timer of the operating system."""
    previous = signal.signal(signal.SIGALRM, lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    yield lambda seconds: signal.setitimer(signal.ITIMER_REAL, seconds)
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, previous)


# One that strikes inside a finaliser or a weak reference's callback is lost: Python only reports it.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_interrupt_at_any_moment(make_backup, interrupts):
    """Whatever it strikes: the writer closes quickly, chunks are given back once, a new run completes."""
    chunks = []

    def run(backup):
        # Bounded, for the interrupts that are lost.
        for number in range(1, 1500):
            incoming = backup.writer.begin(backup.phone, key(f"DCIM/{number % 7}.jpg", 200_000))
            for _ in range(2 - incoming.offset // 100_000):
                chunks.append(Bytes(bytes(100_000)))
                incoming.write(chunks[-1])
            incoming.commit() if number % 3 else incoming.abandon(keep_part=number % 2 == 0)
            backup.writer.drain() if number % 5 == 0 else backup.writer.results()

    backup = make_backup(linger=0.01, queued=256 * 1024)
    for attempt in range(25):
        try:
            interrupts(0.001 + attempt * 0.0023)
            run(backup)
        except KeyboardInterrupt:
            interrupts(0)
        started = time.monotonic()
        backup.writer.close()
        assert time.monotonic() - started < 10
        # One may have been made and not been handed over yet.
        assert all(chunk.released == 1 for chunk in chunks[:-1])
        assert chunks == [] or chunks[-1].released in (0, 1)
        chunks.clear()
        backup.writer = backup.archive.writer(backup.limits)
    assert backup.saved("DCIM/last.jpg")
    catalog = {file.path for file in backup.archive.catalog.files()}
    assert catalog == backup.tree()
    assert all(e.state.value == "ok" for e in backup.archive.verify() if hasattr(e, "state"))


@pytest.mark.parametrize("when", ["before", "after"])
def test_interrupt_while_a_chunk_is_handed_over(backup, monkeypatch, when):
    """Both sides may think that it is theirs to give back: one does, and the item is not called saved."""
    incoming = backup.writer.begin(backup.phone, key(size=5))
    real = backup.writer._pipeline.to_store

    class Queue:
        def put(self, job):
            if when == "after":
                real.put(job)
            raise KeyboardInterrupt

    monkeypatch.setattr(backup.writer._pipeline, "to_store", Queue())
    chunk = Bytes(b"12345")
    with pytest.raises(KeyboardInterrupt):
        incoming.write(chunk)
    monkeypatch.undo()
    assert backup.writer.close() == []
    assert chunk.released == 1
    assert backup.tree() == set()


@pytest.mark.parametrize("edge", ["entered", "left"])
def test_interrupt_on_the_edge_of_a_transaction(make_backup, edge):
    """Ctrl-C struck when the engine's thread had the database, and no `with` block was there to let go."""
    backup = make_backup(linger=0.05)
    database = backup.archive.catalog.database
    block = database.writing()
    block.__enter__().execute("DELETE FROM phones")
    if edge == "left":
        database.reading().__enter__()
    incoming = backup.writer.begin(backup.phone, key(size=5))
    incoming.write(Bytes(b"12345"))
    incoming.commit()
    (result,) = backup.writer.close()
    assert isinstance(result, Saved)
    assert len(backup.archive.catalog.phones()) == 1
    del block


def test_few_descriptors_are_enough(tmp_path):
    """With a low limit of open files the pipeline is narrower, not broken."""
    script = """
import resource, sys
from pathlib import Path
resource.setrlimit(resource.RLIMIT_NOFILE, (40, 40))
from tests.archive.conftest import Backup, Bytes, key
backup = Backup(Path(sys.argv[1]))
for number in range(200):
    incoming = backup.writer.begin(backup.phone, key(f"{number % 60}/{number}.jpg", 3))
    incoming.write(Bytes(b"abc"))
    incoming.commit()
assert len(backup.writer.drain()) == 200
backup.close()
"""
    subprocess.run([sys.executable, "-W", "error", "-c", script, tmp_path / "b"], check=True, timeout=60)
    assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] > 40
