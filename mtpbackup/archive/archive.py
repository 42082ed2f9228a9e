"""The folder that holds a backup: opening it, its lock, its room, and the doors to its parts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from mtpbackup.archive.catalog import Catalog
from mtpbackup.archive.records import PhoneFolder, PhoneRecord
from mtpbackup.archive.verify import VerifyEvent
from mtpbackup.archive.writer import Writer

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """The present moment, in UTC."""
    return datetime.now(UTC)


class Archive:
    """One opened backup folder. Close it, or use it as a context manager.

    Attributes:
        root: the folder, as an absolute path.
        id: random text made when the backup was; tells two backups apart.
        catalog: what the archive knows.
        writable: False when the folder can only be read; then nothing is recorded.
    """

    root: Path
    id: str
    catalog: Catalog
    writable: bool

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
        raise NotImplementedError

    @classmethod
    def open(cls, root: Path, *, clock: Clock = utc_now) -> Self:
        """Opens an existing backup, also one that can only be read.

        Raises:
            NoArchive: there is none in `root`.
            CatalogUnusable: its catalog is damaged, missing or newer than this program.
        """
        raise NotImplementedError

    def lock(self) -> AbstractContextManager[None]:
        """Holds the archive for one run. Needed around `writer` and `verify`.

        Raises:
            ArchiveBusy: another run holds it; with its process number if that can be told.
            DestinationUnwritable: the folder can only be read.
        """
        raise NotImplementedError

    def free_space(self) -> int:
        """Bytes that an ordinary user can still write on this disk."""
        raise NotImplementedError

    def largest_file(self) -> int | None:
        """The largest file in bytes that the disk's file system takes (FAT: 4 GiB - 1), or None: no limit."""
        raise NotImplementedError

    def check_present(self) -> None:
        """Looks whether the folder is still the one that was opened.

        Raises:
            DestinationGone: the disk was removed, or the folder deleted or replaced.
        """
        raise NotImplementedError

    def phone(self, record: PhoneRecord) -> PhoneFolder:
        """The place of a phone, made on first sight and found by serial after that."""
        raise NotImplementedError

    def writer(self) -> Writer:
        """Starts the pipeline that saves items. Hold the lock."""
        raise NotImplementedError

    def read_window(self, item_id: int, offset: int, length: int) -> bytes:
        """Bytes of an item's file on disk, to compare with the phone when it seems to have been moved.

        Returns:
            Fewer bytes than asked for, or none, when the file is shorter or not there.
        """
        raise NotImplementedError

    def find_missing(self, phone: PhoneFolder | None = None) -> int:
        """Notices files that somebody deleted from the archive, by listing its folders (no file is opened).

        Quick enough for every run: without it, a second run would call safe what is not there any more.
        Files found missing get the state MISSING, so that the next plan saves them again; files that have come
        back are read and, if right, are OK again.

        Returns:
            How many files of the phone (or of all) are missing now.
        """
        raise NotImplementedError

    def leftover_parts(self) -> list[Path]:
        """Unfinished `.part` files, which a later run may continue."""
        raise NotImplementedError

    def discard_parts(self, phone: PhoneFolder) -> int:
        """Deletes unfinished `.part` files of a phone, after a complete run has left nothing to continue.

        Returns:
            How many.
        """
        raise NotImplementedError

    def verify(self, phone: PhoneFolder | None = None) -> Iterator[VerifyEvent]:
        """Reads every file back from disk and compares; see `mtpbackup.archive.verify`."""
        raise NotImplementedError

    def close(self) -> None:
        """Closes the catalog and all descriptors. Further calls do nothing."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
