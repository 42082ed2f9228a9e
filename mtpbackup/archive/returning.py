"""Puts files back into a folder of this computer, with their own names and dates. Replaces nothing.

Each file is written under a name of our own in its folder, flushed, dated, and then renamed; so what has its
name is whole. The name of our own is locked while it is written, and what a crash left of it is overwritten by
the next run.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Final

from mtpbackup.archive import disk
from mtpbackup.archive.dates import set_date
from mtpbackup.archive.names import MAX_BYTES, folded, numbered, safe_name
from mtpbackup.archive.root import Root
from mtpbackup.errors import ArchiveBusy, FolderInTheWay

_PART: Final = ".mtpbackup-restore.part"
_LONGEST: Final = 255
_READ: Final = 1024 * 1024


def returned_name(name: str) -> str:
    """The name itself where Linux takes it and a terminal can show it, else a safe one."""
    encodable = not any("\ud800" <= character <= "\udfff" for character in name)
    if (
        encodable
        and name not in {"", ".", ".."}
        and len(name.encode()) <= _LONGEST
        and not any(character == "/" or ord(character) < ord(" ") or character == "\x7f" for character in name)
    ):
        return name
    return safe_name(name)


class ReturnFolder:
    """A folder that files are put back into. Close it."""

    def __init__(self, path: Path) -> None:
        """Makes the folder if it is not there.

        Raises:
            DestinationUnwritable, ArchiveError: it cannot be made or opened.
        """
        self._root = Root.folder_only(path)
        self.path = self._root.path
        self._names: dict[tuple[str, ...], dict[str, str]] = {}

    def free_space(self) -> int:
        """Bytes that an ordinary user may still write."""
        return self._root.free_space()

    def largest_file(self) -> int | None:
        """The file system's limit for one file in bytes, or None."""
        return self._root.largest_file()

    def place_for(self, path: tuple[str, ...]) -> tuple[str, ...]:
        """A path of folders as it is written here; what is there already is used, in whatever case."""
        place: tuple[str, ...] = ()
        for name in path:
            wanted = returned_name(name)
            place = (*place, self.names(place).get(folded(wanted), wanted))
        return place

    def names(self, place: tuple[str, ...]) -> dict[str, str]:
        """What lies in a folder, by folded name; empty where there is none. Remembered."""
        if place not in self._names:
            with self._errors(place):
                try:
                    with disk.closing(self._root.open_below("/".join(place))) as folder:
                        listed = disk.list_names(folder)
                except FileNotFoundError:
                    listed = []
            self._names[place] = {folded(os.fsdecode(os.fsencode(name))): name for name in listed}
        return self._names[place]

    def is_taken(self, place: tuple[str, ...], name: str) -> bool:
        """Whether something has this name, in whatever case."""
        return folded(name) in self.names(place)

    def find(self, place: tuple[str, ...], name: str, size: int, sha256: str) -> str | None:
        """The name, itself or numbered, under which a content lies there already."""
        names = self.names(place)
        number, candidate = 1, name
        while (there := names.get(folded(candidate))) is not None:
            if self._has(place, there, size, sha256):
                return there
            number += 1
            candidate = _numbered(name, number)
        return None

    def _has(self, place: tuple[str, ...], name: str, size: int, sha256: str) -> bool:
        """Whether a regular file of this name has this length and content."""
        with self._errors((*place, name)):
            try:
                descriptor = self._root.open_file("/".join((*place, name)))
            except (FileNotFoundError, PermissionError):
                return False
            with disk.closing(descriptor):
                if os.fstat(descriptor).st_size != size:
                    return False
                hasher = hashlib.sha256()
                while piece := os.read(descriptor, _READ):
                    hasher.update(piece)
        return hasher.hexdigest() == sha256

    def put(
        self, place: tuple[str, ...], name: str, modified: datetime | None, pieces: Iterable[bytes], sha256: str
    ) -> str:
        """Writes a file. Its name gets a number where another file has it.

        Args:
            place: the folder, from `place_for`; made where missing.
            name: from `returned_name`.
            modified: the date it gets, in local time.
            pieces: its content.
            sha256: of the content; empty where it is not known.

        Returns:
            The name that it was given; "" when the content is not `sha256`: then nothing was made.

        Raises:
            ArchiveBusy: another run writes into the same folder.
            OutOfSpace, DestinationUnwritable, ArchiveError: the disk will not.
        """
        taken = self.names(place)
        with (
            self._errors((*place, name)),
            disk.closing(self._root.open_below("/".join(place), create=True)) as folder,
            self._part(folder) as descriptor,
        ):
            for depth, above in enumerate(place):
                self.names(place[:depth]).setdefault(folded(above), above)
            hasher = hashlib.sha256()
            for piece in pieces:
                hasher.update(piece)
                disk.write_all(descriptor, piece)
            if sha256 and hasher.hexdigest() != sha256:
                return ""
            set_date(descriptor, modified)
            os.fsync(descriptor)
            while True:
                number, chosen = 1, name
                while folded(chosen) in taken:
                    number += 1
                    chosen = _numbered(name, number)
                taken[folded(chosen)] = chosen
                try:
                    disk.rename_new(_PART, folder, chosen, folder)
                except FileExistsError:
                    continue  # somebody else has put one there meanwhile
                disk.sync_folder(folder)
                return chosen

    @contextmanager
    def _part(self, folder: int) -> Iterator[int]:
        """The file that is written, empty and ours; gone afterwards unless it was renamed."""
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        with disk.closing(os.open(_PART, flags, 0o666, dir_fd=folder)) as descriptor:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise ArchiveBusy(self.path) from None
            try:
                os.ftruncate(descriptor, 0)
                yield descriptor
            finally:
                disk.unlink(_PART, folder)

    @contextmanager
    def _errors(self, place: tuple[str, ...]) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            if error.errno == errno.ENOTDIR:
                raise FolderInTheWay(self.path.joinpath(*place), "a file is in the way of a folder") from error
            raise self._root.explained(error, self.path.joinpath(*place)) from error

    def close(self) -> None:
        """Closes the folder."""
        self._root.close()


def _numbered(name: str, number: int) -> str:
    """A name with a number; a long one is cut."""
    return numbered(name if len(name.encode()) <= MAX_BYTES else safe_name(name), number)
