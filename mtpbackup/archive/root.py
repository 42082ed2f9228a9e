"""The archive's root folder: held open by descriptor, told from an impostor, its failures put into words.

<root>/SHA256SUMS
<root>/<Phone>/...
<root>/.mtpbackup/archive.json     the marker: this is a backup, and which
                 /catalog.sqlite
                 /lock
                 /partial/         unfinished files
"""

from __future__ import annotations

import errno
import json
import logging
import os
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from mtpbackup.archive import disk
from mtpbackup.errors import (
    ArchiveError,
    CatalogUnusable,
    DestinationGone,
    DestinationUnwritable,
    FileTooLarge,
    NoArchive,
    OutOfSpace,
)

log = logging.getLogger(__name__)

STATE_FOLDER = ".mtpbackup"
PARTIAL_FOLDER = "partial"
CATALOG_FILE = "catalog.sqlite"
SUMS_FILE = "SHA256SUMS"
_MARKER_FILE = "archive.json"
_MARKER_FORMAT = 1
_MARKER_LIMIT = 64 * 1024

_GONE = frozenset({errno.ENODEV, errno.ENXIO, errno.ESTALE, errno.ENOTCONN, errno.ESHUTDOWN, errno.EHOSTDOWN})
_Reason = DestinationUnwritable.Reason
_UNWRITABLE = {
    errno.EROFS: _Reason.READ_ONLY,
    errno.EACCES: _Reason.DENIED,
    errno.EPERM: _Reason.DENIED,
    errno.ENOTDIR: _Reason.NOT_A_FOLDER,
    errno.EEXIST: _Reason.NOT_A_FOLDER,
}
#: The same while the root itself is being made or opened.
_NO_ROOT = {
    errno.ENOENT: _Reason.NO_PLACE,
    errno.EINVAL: _Reason.NO_PLACE,
    errno.ENAMETOOLONG: _Reason.NAME,
    errno.ELOOP: _Reason.NOT_A_FOLDER,
}
#: What opening a folder says where there is none, and can be none.
_NOWHERE = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG, errno.ELOOP})


class Root:
    """The open root folder.

    Attributes:
        path: as given, absolute.
        folder: descriptor of the root.
        state: descriptor of `.mtpbackup`.
        partial: descriptor of `.mtpbackup/partial`, or -1 when the archive can only be read.
        id: the marker's identity.
        writable: whether files can be made in it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.folder = self.state = self.partial = -1
        self.id = ""
        self.writable = False
        self._device: Path | None = None

    @classmethod
    def open(cls, path: Path) -> Self:
        """Opens the root of an existing archive, read-only media included. Raises NoArchive, ArchiveError."""
        root = cls(Path(os.path.abspath(path)))  # noqa: PTH100 - resolve() would follow links
        try:
            with root.errors(root.path):
                try:
                    root._open_folder()
                    root.state = disk.open_folder(STATE_FOLDER, root.folder)
                    root.id = root._read_marker()
                except OSError as error:
                    if error.errno in _NOWHERE:
                        raise NoArchive(root.path) from error
                    raise
                root.writable = os.access(STATE_FOLDER, os.W_OK, dir_fd=root.folder)
                root._open_partial()
        except BaseException:
            root.close()
            raise
        return root

    @classmethod
    def create_or_open(cls, path: Path, expected_id: str | None = None, *, mending: bool = False) -> Self:
        """Opens an archive for writing, or begins one; `write_marker` completes a new one, whose `id` is empty.

        Args:
            path: the folder.
            expected_id: what the marker must say.
            mending: takes a damaged marker for none.

        Raises:
            DestinationUnwritable: read-only, not allowed, or something there is not a folder.
            DestinationGone: `expected_id` is not what is found.
        """
        root = cls(Path(os.path.abspath(path)))  # noqa: PTH100 - resolve() would follow links
        try:
            with root.errors(root.path):
                if expected_id is None:
                    _make_parents(root.path)
                root._open_expected(expected_id)
                disk.make_folder(STATE_FOLDER, root.folder)
                root.state = disk.open_folder(STATE_FOLDER, root.folder)
                if not os.access(STATE_FOLDER, os.W_OK, dir_fd=root.folder):
                    raise DestinationUnwritable(root.path, "no permission to write", _Reason.DENIED)
                root.writable = True
                disk.make_folder(PARTIAL_FOLDER, root.state)
                root._open_partial()
                try:
                    root.id = root._read_marker()
                except FileNotFoundError:
                    root.id = ""
                except CatalogUnusable:
                    if not mending:
                        raise
                    root.id = ""
        except BaseException:
            root.close()
            raise
        return root

    @classmethod
    def folder_only(cls, path: Path) -> Self:
        """Opens a folder that is no backup, for its descriptor and its errors; makes it where missing.

        Raises:
            DestinationUnwritable, ArchiveError: it cannot be made or opened.
        """
        root = cls(Path(os.path.abspath(path)))  # noqa: PTH100 - resolve() would follow links
        with root.errors(root.path):
            _make_parents(root.path)
            root._open_folder()
        return root

    def write_marker(self) -> None:
        """Makes this folder a backup, once all else is in place. The catalog exists by now, and is flushed."""
        marker = {"format": _MARKER_FORMAT, "id": uuid.uuid4().hex, "program": "mtpbackup"}
        temporary = f"{_MARKER_FILE}.new"
        with self.errors(self.path / STATE_FOLDER / _MARKER_FILE):
            disk.unlink(temporary, self.state)
            with disk.closing(disk.create_file(temporary, self.state)) as descriptor:
                disk.write_all(descriptor, json.dumps(marker).encode() + b"\n")
                os.fsync(descriptor)
            os.rename(temporary, _MARKER_FILE, src_dir_fd=self.state, dst_dir_fd=self.state)
            disk.sync_folder(self.state)
            disk.sync_folder(self.folder)
        self.id = str(marker["id"])

    def check_present(self) -> None:
        """Raises DestinationGone when the path no longer leads to the folder that is open."""
        if not self._is_present():
            raise DestinationGone(self.path, "the folder is not there any more")

    def free_space(self) -> int:
        """Bytes that an ordinary user may still write."""
        with self.errors(self.path):
            status = os.fstatvfs(self.folder)
        return status.f_bavail * status.f_frsize

    def largest_file(self) -> int | None:
        """The file system's limit for one file in bytes, or None."""
        return disk.FAT_LARGEST_FILE if disk.filesystem_type(self.folder) == disk.FAT else None

    def open_below(self, path: str, *, create: bool = False) -> int:
        """Opens a folder below the root, component by component, following no link.

        Args:
            path: with "/" between the names; empty for the root itself.
            create: make what is missing. New folders' names are flushed.

        Raises:
            FileNotFoundError, NotADirectoryError, OSError.
        """
        current = disk.open_again(self.folder)
        try:
            for name in path.split("/") if path else ():
                if create and disk.make_folder(name, current):
                    disk.sync_folder(current)
                below = disk.open_folder(name, current)
                os.close(current)
                current = below
        except BaseException:
            os.close(current)
            raise
        return current

    def open_file(self, path: str) -> int:
        """Opens a regular file below the root for reading, following no link. FileNotFoundError if none."""
        folder, _, name = path.rpartition("/")
        try:
            parent = self.open_below(folder)
        except NotADirectoryError as error:
            raise FileNotFoundError(errno.ENOENT, "a folder is missing", path) from error
        with disk.closing(parent):
            return disk.open_file(name, parent)

    @contextmanager
    def errors(self, path: Path | Callable[[], Path] | None = None, size: int = 0) -> Iterator[None]:
        """Turns an OSError inside the block into an ArchiveError, with the cause kept.

        Args:
            path: what it is about, or how to find that out, where it is asked for each item; the root if None.
            size: of the file, for FileTooLarge.
        """
        try:
            yield
        except OSError as error:
            raise self.explained(error, path() if callable(path) else path, size) from error

    def explained(self, error: OSError, path: Path | None = None, size: int = 0) -> ArchiveError:
        """The ArchiveError that says what an OSError means here."""
        path = path or self.path
        code = error.errno
        if code in (errno.ENOSPC, errno.EDQUOT):
            return OutOfSpace(path, None, self._free_or_zero())
        if code == errno.EFBIG:
            return FileTooLarge(path, size, self.largest_file() or size)
        if self.folder >= 0 and (code in _GONE or not self._is_present()):
            return DestinationGone(self.path, str(error))
        reason = _UNWRITABLE.get(code or 0) or (_NO_ROOT.get(code or 0) if self.folder < 0 else None)
        if reason is not None:
            return DestinationUnwritable(path, str(error), reason)
        return ArchiveError(path, error.strerror or str(error))

    def close(self) -> None:
        """Closes all descriptors."""
        for descriptor in (self.partial, self.state, self.folder):
            if descriptor >= 0:
                os.close(descriptor)
        self.folder = self.state = self.partial = -1

    def _open_expected(self, expected_id: str | None) -> None:
        if expected_id is None:
            self._open_folder()
            return
        try:
            self._open_folder()
            self.state = disk.open_folder(STATE_FOLDER, self.folder)
            found = self._read_marker()
        except OSError as error:
            if error.errno not in _NOWHERE:
                raise
            raise DestinationGone(self.path, "the backup that was here is not mounted") from error
        if found != expected_id:
            raise DestinationGone(self.path, "another backup is in its place")
        os.close(self.state)
        self.state = -1

    def _open_folder(self) -> None:
        self.folder = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        device = os.fstat(self.folder).st_dev
        node = Path(f"/sys/dev/block/{os.major(device)}:{os.minor(device)}")
        self._device = node if node.exists() else None

    def _open_partial(self) -> None:
        if self.writable:
            disk.make_folder(PARTIAL_FOLDER, self.state)
            self.partial = disk.open_folder(PARTIAL_FOLDER, self.state)

    def _read_marker(self) -> str:
        with disk.closing(disk.open_file(_MARKER_FILE, self.state)) as descriptor:
            raw = disk.read_at(descriptor, 0, _MARKER_LIMIT)
        try:
            marker = json.loads(raw)
            return str(marker["id"])
        except (ValueError, KeyError, TypeError) as error:
            raise CatalogUnusable(self.path / STATE_FOLDER / _MARKER_FILE) from error

    def _is_present(self) -> bool:
        """A pulled disk may leave its mount behind for a while: then its block device is no longer known."""
        if self._device is not None and not self._device.exists():
            return False
        try:
            here, there = os.fstat(self.folder), self.path.stat()
        except OSError as error:
            log.debug("root is not there: %s", error)
            return False
        return (here.st_dev, here.st_ino) == (there.st_dev, there.st_ino)

    def _free_or_zero(self) -> int:
        try:
            return self.free_space() if self.folder >= 0 else 0
        except ArchiveError as error:
            log.debug("free space unknown: %s", error)
            return 0


def nearest_existing(path: Path) -> Path:
    """What exists of a path: itself or the nearest above. It may be a file, a broken link, or closed to us.

    Raises:
        OSError: no such path can be, as its name is too long; or a disk fails.
    """
    nearest = Path(os.path.abspath(path))  # noqa: PTH100 - resolve() would follow links
    while True:
        try:
            nearest.lstat()
        except (FileNotFoundError, NotADirectoryError, PermissionError):
            nearest = nearest.parent
        else:
            return nearest


def check_could_be_made(path: Path) -> None:
    """Looks whether a backup could begin in a folder, as far as that can be told without making it.

    Raises:
        DestinationUnwritable: something that is no folder is in the way, or it may not be made there.
    """
    try:
        above = nearest_existing(path)
    except OSError as error:
        reason = _NO_ROOT.get(error.errno or 0, _Reason.UNKNOWN)
        raise DestinationUnwritable(path, str(error), reason) from error
    if not os.path.isdir(above):  # noqa: PTH112 - Path.is_dir() raises what it cannot look at
        raise DestinationUnwritable(path, f"{above} is no folder", _Reason.NOT_A_FOLDER)
    if not os.access(above, os.W_OK | os.X_OK):
        raise DestinationUnwritable(path, f"{above} may not be written to", _Reason.DENIED)


def _make_parents(path: Path) -> None:
    """Makes the root and what is missing above it, and flushes their names."""
    missing = []
    while not path.is_dir():
        missing.append(path)
        path = path.parent
    for folder in reversed(missing):
        folder.mkdir(exist_ok=True)
        with disk.closing(os.open(folder.parent, os.O_RDONLY | os.O_DIRECTORY)) as parent:
            disk.sync_folder(parent)
