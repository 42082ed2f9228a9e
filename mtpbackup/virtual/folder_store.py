"""A storage that is a folder of this computer, live: what is put there is on the phone."""

from __future__ import annotations

import errno
import os
import shutil
import stat
from collections.abc import Sequence
from pathlib import Path

from mtpbackup.transport.base import Buffer
from mtpbackup.virtual.store import check_name


class DiskNode:
    """A file or folder on disk, known by the folder above and its name."""

    __slots__ = ("children", "is_folder", "name", "parent", "top")

    def __init__(self, name: str, parent: DiskNode | None, is_folder: bool, top: Path | None = None) -> None:
        self.name = name
        self.parent = parent
        self.is_folder = is_folder
        self.top = top
        self.children: dict[str, DiskNode] = {}

    @property
    def path(self) -> Path:
        """Where it is now."""
        if self.parent is None:
            assert self.top is not None
            return self.top
        return self.parent.path / self.name

    @property
    def size(self) -> int:
        """Bytes at this moment; 0 for a folder."""
        return 0 if self.is_folder else self.path.lstat().st_size

    @property
    def modified(self) -> float:
        """Seconds since the epoch."""
        return self.path.lstat().st_mtime


class DiskReader:
    """A file opened for reading."""

    def __init__(self, path: Path) -> None:
        self._fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        self._size = os.fstat(self._fd).st_size

    @property
    def size(self) -> int:
        """Bytes at the time of opening."""
        return self._size

    def read(self, offset: int, length: int) -> bytes:
        """At most `length` bytes; fewer where the file has shrunk."""
        return os.pread(self._fd, length, offset)

    def close(self) -> None:
        """Closes the file."""
        os.close(self._fd)


class FolderStore:
    """A folder of this computer as a storage. Links and special files in it are not shown.

    Attributes:
        description: what the phone calls it.
        removable: True for a card.
        read_only: True when nothing may be written by the initiator.
        file_limit: largest file in bytes, or None.
        reserved: characters that names may not have.
    """

    def __init__(
        self,
        top: Path,
        description: str = "Internal shared storage",
        *,
        removable: bool = False,
        read_only: bool = False,
        file_limit: int | None = None,
        reserved: str = "",
    ) -> None:
        self.description = description
        self.removable = removable
        self.read_only = read_only
        self.file_limit = file_limit
        self.reserved = reserved
        self._root = DiskNode("", None, True, top)

    @property
    def capacity(self) -> int:
        """Size of the file system that the folder lies on."""
        return shutil.disk_usage(self._root.path).total

    @property
    def free(self) -> int:
        """Bytes left there."""
        return shutil.disk_usage(self._root.path).free

    @property
    def root(self) -> DiskNode:
        """The top folder."""
        return self._root

    def at(self, path: str) -> DiskNode:
        """What lies at a path with "/" between the names.

        Raises:
            FileNotFoundError: nothing does.
        """
        node = self._root
        for name in filter(None, path.split("/")):
            found = self.child(node, name)
            if found is None:
                raise FileNotFoundError(errno.ENOENT, "not on the phone", path)
            node = found
        return node

    def children(self, folder: DiskNode) -> Sequence[DiskNode]:
        """What lies in a folder at this moment; a node stays the same as long as its name does."""
        there: dict[str, DiskNode] = {}
        with os.scandir(folder.path) as entries:
            for entry in entries:
                is_folder = entry.is_dir(follow_symlinks=False)
                if not is_folder and not entry.is_file(follow_symlinks=False):
                    continue
                known = folder.children.get(entry.name)
                if known is None or known.is_folder is not is_folder:
                    known = DiskNode(entry.name, folder, is_folder)
                there[entry.name] = known
        folder.children = there
        return list(there.values())

    def child(self, folder: DiskNode, name: str) -> DiskNode | None:
        """The node of a name."""
        if not name or "/" in name or "\0" in name or name in {".", ".."}:
            return None
        try:
            mode = (folder.path / name).lstat().st_mode
        except FileNotFoundError:
            folder.children.pop(name, None)
            return None
        known = folder.children.get(name)
        if known is None or known.is_folder is not stat.S_ISDIR(mode):
            if not stat.S_ISDIR(mode) and not stat.S_ISREG(mode):
                return None
            known = folder.children[name] = DiskNode(name, folder, stat.S_ISDIR(mode))
        return known

    def open(self, file: DiskNode) -> DiskReader:
        """Opens a file for reading."""
        return DiskReader(file.path)

    def create(self, folder: DiskNode, name: str) -> DiskNode:
        """An empty file; one that is there under this name is emptied."""
        self._check(name)
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
        os.close(os.open(folder.path / name, flags, 0o664))
        return self._known(folder, name)

    def make_folder(self, folder: DiskNode, name: str) -> DiskNode:
        """A folder."""
        self._check(name)
        (folder.path / name).mkdir()
        return self._known(folder, name)

    def write(self, file: DiskNode, offset: int, data: Buffer) -> None:
        """Writes into a file, extending it where needed."""
        self._check_writable()
        fd = os.open(file.path, os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            view = memoryview(data)
            while view.nbytes:
                written = os.pwrite(fd, view, offset)
                view, offset = view[written:], offset + written
        finally:
            os.close(fd)

    def truncate(self, file: DiskNode, size: int) -> None:
        """Shortens a file, or extends it with zeros."""
        self._check_writable()
        os.truncate(file.path, size)

    def set_modified(self, node: DiskNode, when: float) -> None:
        """Sets the date."""
        os.utime(node.path, (when, when), follow_symlinks=False)

    def rename(self, node: DiskNode, name: str) -> None:
        """Gives another name within the folder, or a path from there that stays inside the root."""
        folder = _above(node)
        *way, last = name.split("/")
        for step in way:
            if step == "..":
                folder = _above(folder)
            elif step not in {"", "."}:
                inside = self.child(folder, step)
                if inside is None or not inside.is_folder:
                    raise FileNotFoundError(errno.ENOENT, "not on the phone", name)
                folder = inside
        self._check(last)
        self._put(node, folder, last)

    def move(self, node: DiskNode, folder: DiskNode) -> None:
        """Puts a file or folder into another folder of this store."""
        self._put(node, folder, node.name)

    def delete(self, node: DiskNode) -> None:
        """Removes a file or an empty folder."""
        self._check_writable()
        if node.is_folder:
            node.path.rmdir()
        else:
            node.path.unlink()
        _above(node).children.pop(node.name, None)

    def _check(self, name: str) -> None:
        self._check_writable()
        check_name(name, self.reserved)

    def _check_writable(self) -> None:
        if self.read_only:
            raise OSError(errno.EROFS, "read-only storage")

    def _known(self, folder: DiskNode, name: str) -> DiskNode:
        node = self.child(folder, name)
        if node is None:
            raise FileNotFoundError(errno.ENOENT, "vanished", name)
        return node

    def _put(self, node: DiskNode, folder: DiskNode, name: str) -> None:
        self._check_writable()
        target = folder.path / name
        if os.path.lexists(target):
            raise FileExistsError(errno.EEXIST, "exists", name)
        node.path.rename(target)
        _above(node).children.pop(node.name, None)
        node.name, node.parent = name, folder
        folder.children[name] = node


def _above(node: DiskNode) -> DiskNode:
    if node.parent is None:
        raise OSError(errno.EACCES, "this is the top of the storage")
    return node.parent
