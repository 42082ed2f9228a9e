"""The backup on this computer's disk."""

from __future__ import annotations

import enum
from pathlib import Path

from mtpbackup.errors.base import MtpBackupError


class ArchiveError(MtpBackupError):
    """Something about the backup on this computer's disk.

    Attributes:
        path: the file or folder it is about.
    """

    def __init__(self, path: Path, message: str) -> None:
        super().__init__(f"{path}: {message}")
        self.path = path


class NoArchive(ArchiveError):
    """There is no backup in this folder."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, "no backup here")


class ArchiveBusy(ArchiveError):
    """Another run holds the lock of this backup.

    Attributes:
        pid: the process that holds it, or None when unknown.
    """

    def __init__(self, path: Path, pid: int | None = None) -> None:
        super().__init__(path, f"locked by process {pid}")
        self.pid = pid


class NoLocks(ArchiveError):
    """The file system cannot lock files: a network share without its lock service, as a rule."""


class FolderInTheWay(ArchiveError):
    """A file has the name of a folder that one file needs."""


class OutOfSpace(ArchiveError):
    """The disk has no room.

    Attributes:
        needed: bytes needed, or None when it filled up in mid-run.
        free: bytes free.
    """

    def __init__(self, path: Path, needed: int | None, free: int) -> None:
        super().__init__(path, f"{needed} bytes needed, {free} free")
        self.needed = needed
        self.free = free


class DestinationUnwritable(ArchiveError):
    """The folder cannot be written to, or not even made.

    Attributes:
        reason: why, as a value a program can test.
    """

    class Reason(enum.Enum):
        """What keeps the folder from being written to."""

        #: It belongs to somebody else, or its permissions do not let it be used.
        DENIED = "denied"
        #: The file system can only be read.
        READ_ONLY = "read_only"
        #: Something that is no folder has its name, or that of a folder above it.
        NOT_A_FOLDER = "not_a_folder"
        #: A name in its path is longer than the file system takes.
        NAME = "name"
        #: Folders cannot be made there at all, as in /proc.
        NO_PLACE = "no_place"
        #: The system did not say.
        UNKNOWN = "unknown"

    def __init__(self, path: Path, message: str, reason: Reason = Reason.UNKNOWN) -> None:
        super().__init__(path, message)
        self.reason = reason


class DestinationGone(ArchiveError):
    """The disk that holds the backup was removed, or its folder replaced by another."""


class FileTooLarge(ArchiveError):
    """The destination's file system cannot hold a file of this size (FAT: 4 GiB less one byte).

    Attributes:
        size: the file's size in bytes.
        limit: the largest size the file system takes.
    """

    def __init__(self, path: Path, size: int, limit: int) -> None:
        super().__init__(path, f"{size} bytes, limit {limit}")
        self.size = size
        self.limit = limit


class IntegrityError(ArchiveError):
    """A file on disk is not what the catalog says.

    Attributes:
        expected: SHA-256 in hex as recorded.
        found: SHA-256 in hex as read, or None when the file is missing or cut off.
    """

    def __init__(self, path: Path, expected: str, found: str | None) -> None:
        super().__init__(path, f"expected {expected}, found {found}")
        self.expected = expected
        self.found = found


class CatalogUnusable(ArchiveError):
    """The catalog cannot be used as it is; the files of the backup are not affected.

    Attributes:
        version: the schema version found where it is a newer one, else None.
        reason: why.
    """

    class Reason(enum.Enum):
        """What is the matter with the catalog."""

        #: It was written by a newer version of mtpbackup.
        NEWER = "newer"
        #: There is none, though there is a backup.
        MISSING = "missing"
        #: It belongs to somebody else, or its permissions do not let it be opened.
        DENIED = "denied"
        #: It is no database, or one with broken pages.
        DAMAGED = "damaged"

    def __init__(self, path: Path, version: int | None = None, reason: Reason = Reason.DAMAGED) -> None:
        self.reason = self.Reason.NEWER if version is not None else reason
        super().__init__(path, f"catalog cannot be used ({self.reason.value}, schema version {version})")
        self.version = version
