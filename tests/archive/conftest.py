"""A backup in a temporary folder, a phone, and short ways to save things."""

import os
import shutil
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mtpbackup.archive import Archive, ItemKey, Layout, NotSaved, PhoneRecord, Saved, WriterLimits

PIXEL = PhoneRecord("SERIAL1", "Google", "Pixel 8", "Pixel 8")
MODIFIED = datetime(2024, 5, 6, 7, 8, 12)


class Clock:
    """Tells the time that a test sets."""

    def __init__(self):
        self.now = datetime(2025, 1, 1, 12, tzinfo=UTC)

    def __call__(self):
        return self.now

    def advance(self, **by):
        self.now += timedelta(**by)


class Bytes:
    """A chunk as a transport lends it; counts how often it is given back."""

    def __init__(self, data):
        self.data = memoryview(bytes(data))
        self.released = 0

    def release(self):
        self.released += 1


def key(path="DCIM/Camera/IMG_0001.jpg", size=0, modified=MODIFIED, storage="Internal"):
    return ItemKey(storage, tuple(path.split("/")) if isinstance(path, str) else path, size, modified)


class Backup:
    """An archive with its lock held and a writer that does not linger."""

    def __init__(self, root: Path, clock=None, **limits):
        self.clock = clock or Clock()
        self.root = root
        self.archive = Archive.create_or_open(root, clock=self.clock)
        self._lock = self.archive.lock()
        self._lock.__enter__()
        self.phone = self.archive.phone(PIXEL)
        self.limits = WriterLimits(**{"linger": 0.0, **limits})
        self.writer = self.archive.writer(self.limits)
        self.closed = False

    def put(self, path="DCIM/Camera/IMG_0001.jpg", data=b"content", *, layout=Layout.AS_ON_PHONE, **fields):
        """Saves one item and gives its result."""
        incoming = self.writer.begin(fields.pop("phone", self.phone), key(path, len(data), **fields), layout)
        return self.fill(incoming, data)

    def fill(self, incoming, data):
        """Writes the rest of an item's bytes and gives its result."""
        for start in range(incoming.offset, len(data), 50_000):
            incoming.write(Bytes(data[start : start + 50_000]))
        incoming.commit()
        (result,) = self.writer.drain()
        return result

    def saved(self, *args, **fields) -> Saved:
        result = self.put(*args, **fields)
        assert isinstance(result, Saved), result
        return result

    def error(self, *args, **fields):
        result = self.put(*args, **fields)
        assert isinstance(result, NotSaved), result
        return result.error

    def read(self, path) -> bytes:
        return (self.root / path).read_bytes()

    def tree(self) -> set[str]:
        """Files of the backup without those of its own."""
        files = (p.relative_to(self.root).as_posix() for p in self.root.rglob("*") if p.is_file())
        return {p for p in files if not p.startswith((".mtpbackup/", "SHA256SUMS"))}

    def partial(self) -> list[str]:
        return sorted(p.name for p in (self.root / ".mtpbackup" / "partial").iterdir())

    def new_writer(self):
        self.writer.close()
        self.writer = self.archive.writer(self.limits)
        return self.writer

    def close(self):
        if not self.closed:
            self.closed = True
            try:
                self.writer.close()
            finally:
                self._lock.__exit__(None, None, None)
                self.archive.close()


def _in_memory() -> Path | None:
    """A file system in memory with room for these tests, if this computer has one."""
    place = Path("/dev/shm")
    if not (place.is_dir() and os.access(place, os.W_OK)):
        return None
    return place if shutil.disk_usage(place).free > 500 * 1024**2 else None


@pytest.fixture
def tmp_path(tmp_path_factory):
    """In memory where that can be: hundreds of backups are made here, each with dozens of flushes.

    Real disks have tests of their own (`test_disk.py`), and power cuts cannot be told from a folder anyway.
    """
    memory = _in_memory()
    if memory is None:
        yield tmp_path_factory.mktemp("archive")
        return
    with tempfile.TemporaryDirectory(prefix="mtpbackup-test-", dir=memory) as folder:
        yield Path(folder)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def make_backup(tmp_path, clock):
    """Opens backups, by default the same one each time, and closes them all."""
    opened = []

    def make(root=None, **limits):
        opened.append(Backup(root or tmp_path / "backup", clock, **limits))
        return opened[-1]

    yield make
    for backup in opened:
        backup.close()


@pytest.fixture
def backup(make_backup):
    return make_backup()
