"""Proving the archive: every file is read back from disk and compared with what was recorded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from mtpbackup.archive.records import FileRow, FileState


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
