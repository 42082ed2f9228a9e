"""A storage that exists in memory only, with as much generated content as wanted."""

from __future__ import annotations

import errno
from collections.abc import Sequence
from dataclasses import dataclass, field

from mtpbackup.transport.base import Buffer
from mtpbackup.virtual.content import Content, Literal, Written
from mtpbackup.virtual.store import RESERVED, check_name


@dataclass(slots=True, eq=False)
class MemoryNode:
    """A file or folder in memory.

    Attributes:
        name: its name; need not be one that a file system would allow.
        modified: seconds since the epoch.
        parent: the folder that it lies in; None for the root.
        content: the bytes of a file; None for a folder.
        children: what lies in a folder, by name.
        announced_size: the size that the phone gives out where that is not the true one.
        folded: `children` by their names without case; made when first needed.
    """

    name: str
    modified: float = 0.0
    parent: MemoryNode | None = None
    content: Content | None = None
    children: dict[str, MemoryNode] = field(default_factory=dict)
    announced_size: int | None = None
    folded: dict[str, MemoryNode] | None = None

    @property
    def is_folder(self) -> bool:
        """True for a folder."""
        return self.content is None

    @property
    def size(self) -> int:
        """Bytes; 0 for a folder."""
        if self.announced_size is not None:
            return self.announced_size
        return 0 if self.content is None else self.content.size


@dataclass(frozen=True, slots=True)
class MemoryReader:
    """A content opened for reading."""

    content: Content

    @property
    def size(self) -> int:
        """Bytes."""
        return self.content.size

    def read(self, offset: int, length: int) -> Buffer:
        """At most `length` bytes."""
        return self.content.read(offset, length)

    def close(self) -> None:
        """Nothing to do."""


class MemoryStore:
    """A storage in memory.

    Attributes:
        description: what the phone calls it.
        removable: True for a card.
        read_only: True when nothing may be written by the initiator.
        file_limit: largest file in bytes, or None.
        reserved: characters that names may not have.
        folds_case: True when names that differ in case only are one, as on the shared storage of Android.
    """

    def __init__(
        self,
        description: str = "Internal shared storage",
        *,
        capacity: int = 128_000_000_000,
        removable: bool = False,
        read_only: bool = False,
        file_limit: int | None = None,
        reserved: str = RESERVED,
        folds_case: bool = True,
    ) -> None:
        self.description = description
        self.removable = removable
        self.read_only = read_only
        self.file_limit = file_limit
        self.reserved = reserved
        self.folds_case = folds_case
        self._capacity = capacity
        self._used = 0
        self._root = MemoryNode("")

    @property
    def capacity(self) -> int:
        """Bytes that the storage can hold."""
        return self._capacity

    @capacity.setter
    def capacity(self, size: int) -> None:
        self._capacity = size

    @property
    def free(self) -> int:
        """Bytes left."""
        return max(0, self._capacity - self._used)

    @property
    def root(self) -> MemoryNode:
        """The top folder."""
        return self._root

    # --- as the builder of a phone uses it ----------------------------------------------------------------

    def folder(self, path: str, modified: float = 0.0) -> MemoryNode:
        """The folder of a path with "/" between the names; it and those above are made where missing."""
        node = self._root
        for name in filter(None, path.split("/")):
            if name not in node.children:
                _insert(node, MemoryNode(name, modified))
            node = node.children[name]
        return node

    def add(self, path: str, content: Content | Buffer, modified: float = 0.0) -> MemoryNode:
        """A file; folders are made where missing, a file that is there is replaced, names are not checked."""
        above, _, name = path.rpartition("/")
        return self.add_to(self.folder(above), name, content, modified)

    def add_to(
        self, folder: MemoryNode, name: str, content: Content | Buffer, modified: float = 0.0
    ) -> MemoryNode:
        """A file in a folder, of any name, "/" included."""
        made = Literal(content) if isinstance(content, bytes | bytearray | memoryview) else content
        node = folder.children.get(name)
        if node is None or node.is_folder:
            node = _insert(folder, MemoryNode(name, modified, content=made))
        else:
            self._used -= _content(node).size
            node.content, node.modified, node.announced_size = made, modified, None
        self._used += made.size
        return node

    def at(self, path: str) -> MemoryNode:
        """What lies at a path.

        Raises:
            FileNotFoundError: nothing does.
        """
        node = self._root
        for name in filter(None, path.split("/")):
            if name not in node.children:
                raise FileNotFoundError(errno.ENOENT, "not on the phone", path)
            node = node.children[name]
        return node

    # --- as the responder uses it -------------------------------------------------------------------------

    def children(self, folder: MemoryNode) -> Sequence[MemoryNode]:
        """What lies in a folder."""
        return list(folder.children.values())

    def child(self, folder: MemoryNode, name: str) -> MemoryNode | None:
        """The node of a name, found as the file system does."""
        exact = folder.children.get(name)
        if exact is not None or not self.folds_case:
            return exact
        if folder.folded is None:
            folder.folded = {key.casefold(): node for key, node in folder.children.items()}
        return folder.folded.get(name.casefold())

    def open(self, file: MemoryNode) -> MemoryReader:
        """Opens a file for reading."""
        return MemoryReader(_content(file))

    def create(self, folder: MemoryNode, name: str) -> MemoryNode:
        """An empty file; one that is there under this name is emptied."""
        self._check(name)
        node = self.child(folder, name)
        if node is None:
            node = _insert(folder, MemoryNode(name, content=Literal(b"")))
        self._used -= _content(node).size
        node.content = Written()
        return node

    def make_folder(self, folder: MemoryNode, name: str) -> MemoryNode:
        """A folder."""
        self._check(name)
        if self.child(folder, name) is not None:
            raise FileExistsError(errno.EEXIST, "exists", name)
        return _insert(folder, MemoryNode(name))

    def write(self, file: MemoryNode, offset: int, data: Buffer) -> None:
        """Writes into a file, extending it where needed."""
        content = self._writable(file)
        growth = max(0, offset + memoryview(data).nbytes - content.size)
        self._take(growth)
        content.write(offset, data)

    def truncate(self, file: MemoryNode, size: int) -> None:
        """Shortens a file, or extends it with zeros."""
        content = self._writable(file)
        self._take(size - content.size)
        content.truncate(size)

    def set_modified(self, node: MemoryNode, when: float) -> None:
        """Sets the date."""
        node.modified = when

    def rename(self, node: MemoryNode, name: str) -> None:
        """Gives another name within the folder, or a path from there."""
        folder = _above(node)
        *way, last = name.split("/")
        for step in way:
            if step == "..":
                folder = folder.parent or folder
            elif step not in {"", "."}:
                folder = folder.children[step]
        self._check(last)
        self._put(node, folder, last)

    def move(self, node: MemoryNode, folder: MemoryNode) -> None:
        """Puts a file or folder into another folder of this store."""
        self._put(node, folder, node.name)

    def delete(self, node: MemoryNode) -> None:
        """Removes a file or an empty folder."""
        if self.read_only:
            raise OSError(errno.EROFS, "read-only storage", node.name)
        if node.children:
            raise OSError(errno.ENOTEMPTY, "folder not empty", node.name)
        if node.content is not None:
            self._used -= node.content.size
        _take_out(node)

    # --- inside -------------------------------------------------------------------------------------------

    def _check(self, name: str) -> None:
        if self.read_only:
            raise OSError(errno.EROFS, "read-only storage", name)
        check_name(name, self.reserved)

    def _take(self, growth: int) -> None:
        if self.read_only:
            raise OSError(errno.EROFS, "read-only storage")
        if growth > self._capacity - self._used:
            raise OSError(errno.ENOSPC, "storage full")
        self._used += growth

    def _put(self, node: MemoryNode, folder: MemoryNode, name: str) -> None:
        there = self.child(folder, name)
        if there is not None and there is not node:
            raise FileExistsError(errno.EEXIST, "exists", name)
        above: MemoryNode | None = folder
        while above is not None:
            if above is node:
                raise OSError(errno.EINVAL, "a folder cannot be put into itself", name)
            above = above.parent
        _take_out(node)
        node.name = name
        _insert(folder, node)

    @staticmethod
    def _writable(file: MemoryNode) -> Written:
        content = _content(file)
        if not isinstance(content, Written):
            content = file.content = Written(content)
        return content


def _content(file: MemoryNode) -> Content:
    if file.content is None:
        raise IsADirectoryError(errno.EISDIR, "is a folder", file.name)
    return file.content


def _above(node: MemoryNode) -> MemoryNode:
    if node.parent is None:
        raise OSError(errno.EBUSY, "this is the top of the storage")
    return node.parent


def _insert(folder: MemoryNode, node: MemoryNode) -> MemoryNode:
    folder.children[node.name] = node
    if folder.folded is not None:
        folder.folded[node.name.casefold()] = node
    node.parent = folder
    return node


def _take_out(node: MemoryNode) -> None:
    above = _above(node)
    del above.children[_key(node)]
    if above.folded is not None and above.folded.get(node.name.casefold()) is node:
        del above.folded[node.name.casefold()]


def _key(node: MemoryNode) -> str:
    """The key under which a node is kept, which need not be its name on a phone that plays tricks."""
    siblings = _above(node).children
    if siblings.get(node.name) is node:
        return node.name
    for key, other in siblings.items():
        if other is node:
            return key
    raise FileNotFoundError(errno.ENOENT, "not on the phone", node.name)
