"""Handles and storage ids: what the phone's server knows of its files, and has told the initiator.

As on Android (ANDROID.md, Handles and listing): handles are given in turn from 1 when a folder is first
listed, are never given again, and stay with a file through renames and moves; a storage that comes back is a
new one. All of it is void with a new server, that is: with a new `ObjectTable`.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from mtpbackup.virtual.formats import format_of
from mtpbackup.virtual.personas import Persona
from mtpbackup.virtual.store import Node, Store

#: A store of any kind: its own nodes are the only ones that it is ever handed.
AnyStore: TypeAlias = Store[Any]


@dataclass(slots=True, eq=False)
class Entry:
    """An object as the initiator knows it.

    Attributes:
        handle: 0 for the top of a storage.
        mounted: the storage that it lies on.
        parent: the folder that it lies in; None for the top.
        node: the file or folder; None for a phantom, which was announced and never sent.
        announced: name and format of a phantom.
        children: what was seen in the folder; None while it has never been listed.
    """

    handle: int
    mounted: Mounted
    parent: Entry | None
    node: Node | None
    announced: tuple[str, bool] = ("", False)
    children: dict[Node, Entry] | None = None
    phantoms: list[Entry] = field(default_factory=list)

    @property
    def name(self) -> str:
        """As on the disk."""
        return self.announced[0] if self.node is None else self.node.name

    @property
    def is_folder(self) -> bool:
        """True for a folder."""
        return self.announced[1] if self.node is None else self.node.is_folder

    @property
    def size(self) -> int:
        """Bytes; 0 for folders and phantoms."""
        return 0 if self.node is None else self.node.size

    @property
    def modified(self) -> float:
        """Seconds since the epoch."""
        return 0.0 if self.node is None else self.node.modified

    @property
    def format(self) -> int:
        """The object's format."""
        return format_of(self.name, self.is_folder)

    @property
    def parent_handle(self) -> int:
        """The parent's handle, 0 at the top."""
        return 0 if self.parent is None else self.parent.handle

    @property
    def store(self) -> AnyStore:
        """The store that holds it."""
        return self.mounted.store


@dataclass(slots=True, eq=False)
class Mounted:
    """A storage that the phone shows at present.

    Attributes:
        id: the storage id.
        store: its file system.
        top: the entry of its root.
    """

    id: int
    store: AnyStore
    top: Entry = field(init=False)

    def __post_init__(self) -> None:
        self.top = Entry(0, self, None, self.store.root)


@dataclass(frozen=True, slots=True)
class Difference:
    """What changed in a folder since it was last listed."""

    added: Sequence[Entry] = ()
    removed: Sequence[Entry] = ()


class ObjectTable:
    """Storages and objects by the numbers given to them."""

    def __init__(self, persona: Persona) -> None:
        self._persona = persona
        self._entries: dict[int, Entry] = {}
        self._next_handle = 1
        self._next_storage = 1
        self._ids: dict[int, int] = {}
        self.mounted: dict[int, Mounted] = {}

    def mount(self, store: AnyStore) -> Mounted:
        """Shows a storage."""
        number = self._ids.get(id(store))
        if number is None or self._persona.new_storage_ids:
            number, self._next_storage = self._next_storage, self._next_storage + 1
            self._ids[id(store)] = number
        mounted = Mounted((number << 16) + 1, store)
        self.mounted[mounted.id] = mounted
        return mounted

    def unmount(self, mounted: Mounted) -> None:
        """Hides a storage; the handles of what lies on it are void."""
        self.mounted.pop(mounted.id, None)
        self.forget(mounted.top)

    def renew(self) -> None:
        """Makes all handles void, as if no folder had been listed yet."""
        for mounted in self.mounted.values():
            self.forget(mounted.top)
            mounted.top = Entry(0, mounted, None, mounted.store.root)

    def get(self, handle: int) -> Entry | None:
        """The object of a handle."""
        return self._entries.get(handle)

    def refresh(self, folder: Entry) -> Difference:
        """Looks into a folder and gives handles to what is new there.

        Returns:
            What changed since the last look; nothing the first time.

        Raises:
            OSError: the folder cannot be read.
        """
        nodes: Sequence[Node] = folder.store.children(folder.node)
        first = folder.children is None
        known = folder.children or {}
        children: dict[Node, Entry] = {}
        added: list[Entry] = []
        for node in nodes:
            entry = known.get(node)
            if entry is None:
                entry = self.enter(folder, node)
                added.append(entry)
            children[node] = entry
        removed: list[Entry] = []
        if len(known) != len(children) - len(added):
            removed = [entry for node, entry in known.items() if node not in children]
        for entry in removed:
            self.forget(entry)
        folder.children = children
        return Difference() if first else Difference(added, removed)

    def enter(self, folder: Entry, node: Node | None, announced: tuple[str, bool] = ("", False)) -> Entry:
        """Gives the next handle to a file, folder or phantom. It is in no list yet: see `attach`."""
        entry = Entry(self._next_handle, folder.mounted, folder, node, announced)
        self._entries[entry.handle] = entry
        self._next_handle += 1
        return entry

    def attach(self, entry: Entry) -> None:
        """Puts an entry into its folder's list."""
        assert entry.parent is not None
        if entry.node is None:
            entry.parent.phantoms.append(entry)
        elif entry.parent.children is not None:
            entry.parent.children[entry.node] = entry

    def detach(self, entry: Entry) -> None:
        """Takes an entry out of its folder's list, keeping its handle."""
        if entry.parent is None:
            return
        if entry in entry.parent.phantoms:
            entry.parent.phantoms.remove(entry)
        if entry.node is not None and entry.parent.children is not None:
            entry.parent.children.pop(entry.node, None)

    def drop(self, entry: Entry) -> None:
        """An object is gone: out of its folder's list, and its handles void."""
        self.detach(entry)
        self.forget(entry)

    def fulfil(self, phantom: Entry, node: Node) -> None:
        """What was announced is there now."""
        self.detach(phantom)
        phantom.node = node
        self.attach(phantom)

    def transplant(self, entry: Entry, folder: Entry, replaced: Mapping[Node, Node]) -> None:
        """Puts an object under another folder, keeping its handle and those below it.

        Args:
            entry: what was moved.
            folder: where it is now.
            replaced: for each node below the new one, where moving made new ones.
        """
        self.detach(entry)
        entry.parent = folder
        waiting = [entry]
        while waiting:
            moved = waiting.pop()
            moved.mounted = folder.mounted
            if moved.node is not None:
                moved.node = replaced.get(moved.node, moved.node)
            if moved.children is not None:
                waiting.extend(moved.children.values())
                moved.children = {replaced.get(node, node): child for node, child in moved.children.items()}
        self.attach(entry)

    def forget(self, entry: Entry) -> None:
        """Makes the handles of an object, and of all below it, void."""
        waiting = [entry]
        while waiting:
            gone = waiting.pop()
            if self._entries.pop(gone.handle, None) is None and gone.handle:
                continue  # seen already: a phone may have loops
            waiting.extend((gone.children or {}).values())
            waiting.extend(gone.phantoms)

    def listed(self, folder: Entry) -> list[Entry]:
        """The objects of a folder as last seen, in the order in which this phone gives them."""
        entries = [*(folder.children or {}).values(), *folder.phantoms]
        if self._persona.unsorted_handles:
            # Any order that has nothing to do with names, dates or handles, yet is the same every time.
            entries.sort(key=lambda entry: zlib.crc32(entry.name.encode("utf-8", "surrogatepass")))
        return entries

    def listed_folders(self) -> Iterator[Entry]:
        """Every folder that has been listed, tops included."""
        for mounted in list(self.mounted.values()):
            if mounted.top.children is not None:
                yield mounted.top
        for entry in list(self._entries.values()):
            if entry.children is not None:
                yield entry

    def known(self, node: Node) -> Entry | None:
        """The entry of a node, where the initiator has one."""
        return next((entry for entry in self._entries.values() if entry.node is node), None)
