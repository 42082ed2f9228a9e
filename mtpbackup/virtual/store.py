"""What a storage of the phone is made of: files and folders, in memory or on a real disk.

A `Store` is the file system under one storage. The responder sees it through nodes: whatever a store hands
out for a file or folder, the same object for as long as that file exists there, renamed or moved as it may
be. Handles, dates as text and response codes are none of a store's business.

All failures are the `OSError` that a disk would give (`FileExistsError`, errno ENOSPC, EINVAL for a name that
the file system refuses, ...). Times are seconds since the epoch, UTC: the time zone is the responder's
affair.
"""

from __future__ import annotations

import errno
from collections.abc import Sequence
from typing import Protocol, TypeVar

from mtpbackup.transport.base import Buffer

#: The longest name of a file in bytes of UTF-8, on the file systems of phones.
LONGEST_NAME = 255
#: What the shared storage of an Android phone refuses in names (ANDROID.md, Writing).
RESERVED = ':*?"<>|\\'
#: Largest file of a FAT card.
FAT_LIMIT = 0xFFFFFFFF


class Node(Protocol):
    """A file or folder."""

    @property
    def name(self) -> str:
        """As on the disk; bytes that are not UTF-8 as surrogates (`os.fsdecode`)."""
        ...

    @property
    def is_folder(self) -> bool:
        """True for a folder."""
        ...

    @property
    def size(self) -> int:
        """Bytes; 0 for a folder.

        Raises:
            OSError: it is not there any more.
        """
        ...

    @property
    def modified(self) -> float:
        """Seconds since the epoch.

        Raises:
            OSError: it is not there any more.
        """
        ...


N = TypeVar("N", bound=Node)


class Reader(Protocol):
    """A file opened for reading, which stays readable when it is renamed or removed meanwhile."""

    @property
    def size(self) -> int:
        """Bytes at the time of opening."""
        ...

    def read(self, offset: int, length: int) -> Buffer:
        """At most `length` bytes; fewer where the file has shrunk.

        Raises:
            OSError: the disk cannot read them.
        """
        ...

    def close(self) -> None:
        """Ends reading."""
        ...


class Store(Protocol[N]):
    """The file system under one storage.

    Attributes:
        description: what the phone calls the storage.
        removable: True for a card.
        read_only: True when nothing may be written.
        file_limit: largest file in bytes, or None.
    """

    description: str
    removable: bool
    read_only: bool
    file_limit: int | None

    @property
    def capacity(self) -> int:
        """Bytes that the storage can hold."""
        ...

    @property
    def free(self) -> int:
        """Bytes left."""
        ...

    @property
    def root(self) -> N:
        """The folder of which everything else is a descendant."""
        ...

    def at(self, path: str) -> N:
        """What lies at a path with "/" between the names.

        Raises:
            FileNotFoundError: nothing does.
        """
        ...

    def children(self, folder: N) -> Sequence[N]:
        """What lies in a folder at this moment, in no order."""
        ...

    def child(self, folder: N, name: str) -> N | None:
        """The node of a name, found as the file system does: case may not matter."""
        ...

    def open(self, file: N) -> Reader:
        """Opens a file for reading."""
        ...

    def create(self, folder: N, name: str) -> N:
        """An empty file; one that is there under this name is emptied."""
        ...

    def make_folder(self, folder: N, name: str) -> N:
        """A folder.

        Raises:
            FileExistsError: there is something of this name.
        """
        ...

    def write(self, file: N, offset: int, data: Buffer) -> None:
        """Writes into a file, extending it where needed."""
        ...

    def truncate(self, file: N, size: int) -> None:
        """Shortens a file, or extends it with zeros."""
        ...

    def set_modified(self, node: N, when: float) -> None:
        """Sets the date, in seconds since the epoch."""
        ...

    def rename(self, node: N, name: str) -> None:
        """Gives another name within the folder; with "/" and ".." in it, as a path from there inside the root.

        Raises:
            FileExistsError: there is something of this name.
        """
        ...

    def move(self, node: N, folder: N) -> None:
        """Puts a file or folder into another folder of this store.

        Raises:
            FileExistsError: there is something of this name.
        """
        ...

    def delete(self, node: N) -> None:
        """Removes a file or an empty folder."""
        ...


def check_name(name: str, reserved: str = "") -> None:
    """Refuses what a file system refuses as a name.

    Raises:
        OSError: ENAMETOOLONG or EINVAL.
    """
    if len(name.encode("utf-8", "surrogateescape")) > LONGEST_NAME:
        raise OSError(errno.ENAMETOOLONG, "name too long", name)
    if name in {"", ".", ".."} or "/" in name or "\0" in name or any(letter in reserved for letter in name):
        raise OSError(errno.EINVAL, "name not allowed", name)
