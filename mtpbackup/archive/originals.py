"""What can be put back: the files of a backup with the names and dates that they had on the phone.

Two sources look the same from here: a phone's items in a backup with its catalog, and a plain folder of files,
as a backup whose catalog is lost, or pictures from anywhere.
"""

from __future__ import annotations

import hashlib
import logging
import os
import stat
from collections.abc import Generator, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Protocol

from mtpbackup.archive import disk
from mtpbackup.archive.archive import Archive
from mtpbackup.archive.dates import date_of
from mtpbackup.archive.names import folded
from mtpbackup.archive.records import ItemKey, PhoneFolder
from mtpbackup.archive.root import STATE_FOLDER, SUMS_FILE
from mtpbackup.archive.sent import CatalogRecord, SentRecord
from mtpbackup.archive.sums import read_sums
from mtpbackup.errors import ArchiveError, IntegrityError, NoArchive

log = logging.getLogger(__name__)

_READ: Final = 1024 * 1024

#: Folders at the top of a phone's storage, folded, by which a path that lost its beginning is known again.
TOP_FOLDERS: Final = frozenset(
    (
        *("alarms", "android", "audiobooks", "bluetooth", "dcim", "documents", "download", "downloads"),
        *("movies", "music", "notifications", "pictures", "podcasts", "recordings", "ringtones"),
        *("screenshots", "sounds", "video", "videos", "whatsapp"),
    )
)
#: What a phone's name and a storage's label leave before the folders of the storage.
_DEEPEST_TOP: Final = 2


@dataclass(frozen=True, slots=True)
class Original:
    """A file that can be put back.

    Attributes:
        key: its place on the phone, its date in the phone's local time, and the size of its content (phones
            tell a wrong one of some videos). The storage is empty where it is not known.
        path: below the source's root, with "/" between the names.
        sha256: of the content as recorded, in hex; empty where nothing is recorded.
        placed: whether the path in `key` is where it lay on a phone, and not only where it lies on the disk.
    """

    key: ItemKey
    path: str
    sha256: str
    placed: bool = True


class Originals(Protocol):
    """A source of files to put back.

    Attributes:
        root: the folder that they are in.
        name: of the phone that they are from; empty where that is not known.
        record: memory of what was sent from here, or None where there is none.
    """

    root: Path
    name: str
    record: SentRecord | None

    def all(self) -> Iterator[Original]:
        """Every file, by its place on the phone; of two with one place the one saved last comes last.

        Raises:
            ArchiveError: the source cannot be read.
        """
        ...

    def lock(self) -> AbstractContextManager[None]:
        """Held while files are sent from here. Entering may raise ArchiveBusy."""
        ...

    def open(self, original: Original) -> int:
        """A descriptor of a file's content, the caller's to close.

        Raises:
            IntegrityError: the file is not there.
            ArchiveError: it cannot be opened.
        """
        ...


class BackedUp:
    """What a backup holds of one phone. See `Originals`."""

    def __init__(self, archive: Archive, phone: PhoneFolder, record: SentRecord | None = None) -> None:
        """Prepares.

        Args:
            archive: the backup; stays the caller's to close.
            phone: whose items.
            record: in place of the catalog's own, where that cannot be written.
        """
        self._archive = archive
        self._phone = phone
        self.root = archive.root
        self.name = phone.name
        own: CatalogRecord | None = archive.sent
        self.record: SentRecord | None = own or record

    def all(self) -> Iterator[Original]:
        """See `Originals`."""
        for item in self._archive.catalog.items(self._phone):
            # A rebuilt catalog does not know the storage of everything.
            key = replace(item.key, size=item.file.size)
            yield Original(key, item.file.path, item.file.sha256, placed=bool(key.storage))

    def lock(self) -> AbstractContextManager[None]:
        """See `Originals`. A backup that can only be read needs none."""
        return self._archive.lock() if self._archive.writable else nullcontext()

    def open(self, original: Original) -> int:
        """See `Originals`."""
        try:
            return self._archive.open_content(original.path)
        except FileNotFoundError as error:
            raise IntegrityError(self.root / original.path, original.sha256, None) from error


class PlainFolder:
    """A folder of files, with no catalog. See `Originals`.

    Of a backup whose catalog is lost the places on the phone are found again by the folders that every phone
    has at its top (`<Phone>/<Storage>/DCIM/...`); the hashes are those of its checksum file, if it is there.
    """

    def __init__(self, root: Path, record: SentRecord | None = None) -> None:
        """Prepares.

        Args:
            root: the folder.
            record: memory of what was sent from here.

        Raises:
            NoArchive: there is no such folder.
        """
        self.root = Path(os.path.abspath(root))  # noqa: PTH100 - resolve() would follow links
        if not self.root.is_dir():
            raise NoArchive(self.root)
        self.name = ""
        self.record = record
        self._sums = read_sums(self.root / SUMS_FILE)

    def all(self) -> Iterator[Original]:
        """See `Originals`. Links are not followed; what this program keeps for itself is left out."""
        waiting: list[tuple[str, ...]] = [()]
        while waiting:
            folder = waiting.pop()
            with self._errors(folder), os.scandir(self.root.joinpath(*folder)) as entries:
                found = sorted(entries, key=lambda entry: entry.name)
            folders = []
            for entry in found:
                path = (*folder, entry.name)
                if entry.name == STATE_FOLDER or path == (SUMS_FILE,):
                    continue
                with self._errors(path):
                    if entry.is_dir(follow_symlinks=False):
                        folders.append(path)
                    elif entry.is_file(follow_symlinks=False):
                        yield self._original(path, entry.stat(follow_symlinks=False))
            waiting.extend(reversed(folders))

    def lock(self) -> AbstractContextManager[None]:
        """See `Originals`. A folder of files has none."""
        return nullcontext()

    def _original(self, path: tuple[str, ...], status: os.stat_result) -> Original:
        on_disk = "/".join(path)
        start = top_of(path)
        storage = path[start - 1] if start else ""
        key = ItemKey(storage, path[start or 0 :], status.st_size, date_of(status))
        return Original(key, on_disk, self._sums.get(on_disk, ""), placed=start is not None)

    def open(self, original: Original) -> int:
        """See `Originals`."""
        path = self.root / original.path
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except FileNotFoundError as error:
            raise IntegrityError(path, original.sha256, None) from error
        except OSError as error:
            raise ArchiveError(path, str(error)) from error
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise IntegrityError(path, original.sha256, None)
        return descriptor

    @contextmanager
    def _errors(self, path: tuple[str, ...]) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise ArchiveError(self.root.joinpath(*path), str(error)) from error


def top_of(path: tuple[str, ...]) -> int | None:
    """Where in a path on disk the path on the phone begins, or None when nothing tells."""
    for start, name in enumerate(path[: _DEEPEST_TOP + 1]):
        if start < len(path) - 1 and folded(name) in TOP_FOLDERS:
            return start
    return None


def content_of(source: Originals, original: Original) -> Generator[bytes, None, None]:
    """A file's content in pieces, each of its own memory; closing the iterator closes the file.

    Raises:
        IntegrityError: it is not there.
        ArchiveError: the disk will not give it.
    """
    with disk.closing(source.open(original)) as descriptor:
        if hasattr(os, "posix_fadvise"):
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_SEQUENTIAL)
        while True:
            try:
                piece = os.read(descriptor, _READ)
            except OSError as error:
                raise ArchiveError(source.root / original.path, str(error)) from error
            if not piece:
                return
            yield piece


def hash_of(source: Originals, original: Original) -> tuple[int, str]:
    """Length and SHA-256 of a file as it is now; raises as `content_of`."""
    hasher = hashlib.sha256()
    length = 0
    for piece in content_of(source, original):
        hasher.update(piece)
        length += len(piece)
    return length, hasher.hexdigest()
