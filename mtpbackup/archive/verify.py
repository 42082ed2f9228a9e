"""Proving the archive: every file is read back from disk and compared with what was recorded."""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import TypeAlias

from mtpbackup.archive.catalog import Catalog
from mtpbackup.archive.parts import list_parts
from mtpbackup.archive.records import FileRow, FileState, PhoneFolder
from mtpbackup.archive.root import PARTIAL_FOLDER, STATE_FOLDER, Root
from mtpbackup.archive.rows import text_of
from mtpbackup.archive.sums import invalidate_sums
from mtpbackup.errors import DestinationGone

log = logging.getLogger(__name__)

_READ = 1024 * 1024
_REPORT_EVERY = 64 * 1024 * 1024

#: Results are written to the catalog in groups of so many, or bytes read.
_RECORD_FILES = 1000
_RECORD_BYTES = 2 * 1024**3


@dataclass(frozen=True, slots=True)
class VerifyStarted:
    """What is about to be read.

    Attributes:
        files: how many.
        size: their bytes together.
    """

    files: int
    size: int


@dataclass(frozen=True, slots=True)
class VerifyReading:
    """A large file is being read (every 64 MiB).

    Attributes:
        file: which.
        done: bytes of it read so far.
    """

    file: FileRow
    done: int


@dataclass(frozen=True, slots=True)
class FileVerified:
    """One file has been checked.

    Attributes:
        file: the row as it was before.
        state: OK, DAMAGED (other content or length, or unreadable) or MISSING.
        size_found: its length on disk, or None when missing.
        sha256_found: in hex; None when it was not read to the end (missing, other length, unreadable).
    """

    file: FileRow
    state: FileState
    size_found: int | None
    sha256_found: str | None


@dataclass(frozen=True, slots=True)
class LeftoverPart:
    """An unfinished file of an interrupted run; no harm, a later run goes on with it.

    Attributes:
        path: below the root.
        size: bytes.
    """

    path: str
    size: int


VerifyEvent: TypeAlias = VerifyStarted | VerifyReading | FileVerified | LeftoverPart


def verify(
    root: Root, catalog: Catalog, clock: Callable[[], datetime], phone: PhoneFolder | None = None
) -> Iterator[VerifyEvent]:
    """Reads every file back and says what it found, in the order of their paths.

    What was found is recorded (state, and when last proven), a group at a time and when the iterator is closed;
    not on a disk that can only be read. The kernel is told to forget what it holds of a file before it is read,
    so that the disk answers and not the cache; the next file is fetched while one is hashed.

    Args:
        root: of the archive.
        catalog: of the archive.
        clock: UTC.
        phone: whose files; all if None.

    Raises:
        DestinationGone: the disk was removed; files not yet read are not called missing.
        CatalogUnusable: the catalog has broken pages.
        ArchiveError: the catalog cannot be read or written.
    """
    catalog.database.check()
    totals = catalog.count_files(phone)
    yield VerifyStarted(*totals)
    record = _Recorder(catalog, clock) if root.writable else None
    buffer = memoryview(bytearray(_READ))
    opened = _opened_ahead(root, catalog.files(phone))
    try:
        for file, descriptor in opened:
            result = None
            try:
                for event in _check(file, descriptor, buffer):
                    if isinstance(event, FileVerified):
                        result = event
                    else:
                        yield event
            finally:
                _close(descriptor)
            if result is None or result.state is not FileState.OK:
                root.check_present()
            if result is not None:
                if record is not None:
                    record.add(result)
                yield result
        for name, size in list_parts(root):
            yield LeftoverPart(f"{STATE_FOLDER}/{PARTIAL_FOLDER}/{name}", size)
    finally:
        opened.close()
        if record is not None:
            record.write()


def _opened_ahead(root: Root, files: Iterator[FileRow]) -> Generator[tuple[FileRow, int | None], None, None]:
    """Files with their descriptors (see `_open`), each opened before the one ahead of it is used."""
    waiting: tuple[FileRow, int | None] | None = None
    try:
        for file in chain(files, (None,)):
            following = (file, _open(root, file)) if file is not None else None
            current, waiting = waiting, following
            if current is not None:
                yield current
    finally:
        if waiting is not None:
            _close(waiting[1])


def _open(root: Root, file: FileRow) -> int | None:
    """None: there is no such file. -1: it cannot be opened. The kernel begins to fetch it."""
    try:
        descriptor = root.open_file(file.path)
    except FileNotFoundError:
        return None
    except OSError as error:
        log.warning("%s cannot be opened: %s", file.path, error)
        if isinstance(gone := root.explained(error), DestinationGone):
            raise gone from error
        return -1
    os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_SEQUENTIAL)
    os.posix_fadvise(descriptor, 0, min(file.size, 8 * _READ), os.POSIX_FADV_WILLNEED)
    return descriptor


def _close(descriptor: int | None) -> None:
    if descriptor is not None and descriptor >= 0:
        os.close(descriptor)


def _check(file: FileRow, descriptor: int | None, buffer: memoryview) -> Iterator[VerifyReading | FileVerified]:
    if descriptor is None:
        yield FileVerified(file, FileState.MISSING, None, None)
        return
    found = os.fstat(descriptor).st_size if descriptor >= 0 else None
    if found != file.size:
        yield FileVerified(file, FileState.DAMAGED, found, None)
        return
    hasher = hashlib.sha256()
    done = 0
    reported = 0
    try:
        while count := os.readv(descriptor, [buffer]):
            hasher.update(buffer[:count])
            done += count
            if done - reported >= _REPORT_EVERY:
                reported = done
                yield VerifyReading(file, done)
    except OSError as error:
        log.warning("%s cannot be read: %s", file.path, error)
        yield FileVerified(file, FileState.DAMAGED, found, None)
        return
    digest = hasher.hexdigest()
    state = FileState.OK if digest == file.sha256 else FileState.DAMAGED
    yield FileVerified(file, state, done, digest)


class _Recorder:
    """Writes results to the catalog in groups."""

    def __init__(self, catalog: Catalog, clock: Callable[[], datetime]) -> None:
        self._catalog = catalog
        self._clock = clock
        self._results: list[tuple[str, str | None, int]] = []
        self._size = 0
        self._changed = False

    def add(self, result: FileVerified) -> None:
        verified_at = self._clock() if result.state is FileState.OK else result.file.verified_at
        self._results.append((result.state.value, text_of(verified_at), result.file.id))
        self._size += result.file.size
        self._changed = self._changed or result.state is not result.file.state
        if len(self._results) >= _RECORD_FILES or self._size >= _RECORD_BYTES:
            self.write()

    def write(self) -> None:
        if not self._results:
            return
        with self._catalog.database.writing() as connection:
            # A name may have been used again since its file went missing: then the old row stays as it is.
            connection.executemany(
                "UPDATE OR IGNORE files SET state = ?, verified_at = ? WHERE id = ?", self._results
            )
            if self._changed:
                invalidate_sums(connection)
        self._results = []
        self._size, self._changed = 0, False
