"""The folder that holds a backup: opening it, its lock, its room, and the doors to its parts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from mtpbackup.archive import disk, parts, presence
from mtpbackup.archive.catalog import Catalog
from mtpbackup.archive.database import Database
from mtpbackup.archive.folders import Folders
from mtpbackup.archive.identities import keep_identities
from mtpbackup.archive.lock import exclusive
from mtpbackup.archive.names import safe_name
from mtpbackup.archive.pipeline import WriterLimits
from mtpbackup.archive.records import PhoneFolder, PhoneRecord
from mtpbackup.archive.root import PARTIAL_FOLDER, STATE_FOLDER, Root
from mtpbackup.archive.sent import CatalogRecord
from mtpbackup.archive.sums import Sums
from mtpbackup.archive.verify import VerifyEvent, verify
from mtpbackup.archive.writer import Writer

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """The present moment, in UTC."""
    return datetime.now(UTC)


class Archive:
    """One opened backup folder. Close it, or use it as a context manager."""

    def __init__(self, root: Root, database: Database, clock: Clock) -> None:
        """Use `create_or_open` or `open`."""
        self._root = root
        self._database = database
        self._clock = clock
        self._locked = False
        self.catalog = Catalog(database, clock)

    @classmethod
    def create_or_open(cls, root: Path, *, expected_id: str | None = None, clock: Clock = utc_now) -> Self:
        """Opens the backup in `root`, or makes one there (missing parents too).

        Args:
            root: the folder; may exist with other things in it, which are left alone.
            expected_id: `Archive.id` as remembered from an earlier run. When the folder holds no backup, or
                another one, the disk is not mounted: `DestinationGone`, and nothing is made.
            clock: tells the time in UTC.

        Raises:
            DestinationUnwritable, DestinationGone, CatalogUnusable, OutOfSpace, ArchiveError.
        """
        opened = Root.create_or_open(root, expected_id)
        try:
            database = Database(opened, create=not opened.id)
            if not opened.id:
                opened.write_marker()
        except BaseException:
            opened.close()
            raise
        return cls(opened, database, clock)

    @classmethod
    def open(cls, root: Path, *, clock: Clock = utc_now) -> Self:
        """Opens an existing backup, also one that can only be read.

        Raises:
            NoArchive: there is none in `root`.
            CatalogUnusable: its catalog is damaged, missing or newer than this program.
        """
        opened = Root.open(root)
        try:
            return cls(opened, Database(opened, create=False), clock)
        except BaseException:
            opened.close()
            raise

    @property
    def root(self) -> Path:
        """The folder, as an absolute path."""
        return self._root.path

    @property
    def id(self) -> str:
        """Random text made when the backup was; tells two backups apart."""
        return self._root.id

    @property
    def writable(self) -> bool:
        """False when the folder can only be read; then nothing is recorded."""
        return self._root.writable

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Holds the archive for one run. Needed around `writer` and `verify`.

        Raises:
            ArchiveBusy: another run holds it; with its process number if that can be told.
            DestinationUnwritable: the folder can only be read.
        """
        with exclusive(self._root):
            self._locked = True
            try:
                yield
            finally:
                self._locked = False

    def free_space(self) -> int:
        """Bytes that an ordinary user can still write on this disk."""
        return self._root.free_space()

    def largest_file(self) -> int | None:
        """The largest file in bytes that the disk's file system takes (FAT: 4 GiB - 1), or None: no limit."""
        return self._root.largest_file()

    def check_present(self) -> None:
        """Looks whether the folder is still the one that was opened.

        Raises:
            DestinationGone: the disk was removed, or the folder deleted or replaced.
        """
        self._root.check_present()

    def phone(self, record: PhoneRecord) -> PhoneFolder:
        """The place of a phone, made on first sight and found by serial after that."""
        wanted = next(filter(None, (record.name.strip(), record.model.strip(), record.serial)), "")
        known = self.catalog.find_phone(record) or self.catalog.adopt_phone(record, safe_name(wanted))
        if known is None:
            with self._root.errors():
                folder = Folders(self._root, self._database).phone_folder(wanted, ("new", record.serial))
            known = self.catalog.add_phone(record, folder)
        keep_identities(self._root, self.catalog.identities())
        return known

    def writer(self, limits: WriterLimits | None = None) -> Writer:
        """Starts the pipeline that saves items. Hold the lock."""
        if not self._locked:
            raise RuntimeError("a writer needs the archive's lock")
        return Writer(self._root, self._database, self._clock, limits)

    def complete_sums(self) -> None:
        """Completes SHA256SUMS, which a killed run may have left without its last lines. A writer does so too.

        Hold the lock. What the disk refuses is only logged.
        """
        if not self._locked:
            raise RuntimeError("completing SHA256SUMS needs the archive's lock")
        Sums(self._root, self._database).finish()

    def read_window(self, item_id: int, offset: int, length: int) -> bytes:
        """Bytes of an item's file on disk, to compare with the phone when it seems to have been moved.

        Returns:
            Fewer bytes than asked for, or none, when the file is shorter or not there.
        """
        path = self.catalog.item(item_id).file.path
        with self._root.errors(self.root / path):
            try:
                descriptor = self._root.open_file(path)
            except FileNotFoundError:
                return b""
            with disk.closing(descriptor):
                return disk.read_at(descriptor, offset, length)

    def open_content(self, path: str) -> int:
        """Opens a file of the backup for reading, following no link. The descriptor is the caller's to close.

        Args:
            path: below the root, as `FileRow.path`.

        Raises:
            FileNotFoundError: there is no such file.
            DestinationGone, ArchiveError: it cannot be opened.
        """
        try:
            return self._root.open_file(path)
        except FileNotFoundError:
            self._root.check_present()
            raise
        except OSError as error:
            raise self._root.explained(error, self.root / path) from error

    @property
    def sent(self) -> CatalogRecord | None:
        """What was sent from here to phones; None where nothing can be recorded. Hold the lock to write."""
        return CatalogRecord(self._database, self._clock) if self.writable else None

    def find_missing(self, phone: PhoneFolder | None = None) -> int:
        """Notices files that somebody deleted from the archive, by listing its folders (no file is opened).

        Quick enough for every run: without it, a second run would call safe what is not there any more. Files
        found missing get the state MISSING, so that the next plan saves them again; files that have come back
        are read and, if right, are OK again.

        Returns:
            How many files of the phone (or of all) are missing now.
        """
        return presence.find_missing(self._root, self.catalog, phone)

    def leftover_parts(self) -> list[Path]:
        """Unfinished `.part` files, which a later run may continue."""
        folder = self.root / STATE_FOLDER / PARTIAL_FOLDER
        with self._root.errors(folder):
            return [folder / name for name, _ in parts.list_parts(self._root)]

    def discard_parts(self, phone: PhoneFolder) -> int:
        """Deletes unfinished `.part` files of a phone, after a complete run has left nothing to continue.

        Hold the lock, with no writer open.

        Returns:
            How many.
        """
        if not self._locked:
            raise RuntimeError("discarding parts needs the archive's lock")
        with self._root.errors(self.root / STATE_FOLDER / PARTIAL_FOLDER):
            return parts.discard_parts(self._root, phone.serial)

    def verify(self, phone: PhoneFolder | None = None) -> Iterator[VerifyEvent]:
        """Reads every file back from disk and compares; see `mtpbackup.archive.verify`."""
        return verify(self._root, self.catalog, self._clock, phone)

    def close(self) -> None:
        """Closes the catalog and all descriptors. Further calls do nothing."""
        self._database.close()
        self._root.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
