"""Where in the archive an item's file goes: folders for layouts, free names, and files that lost their row.

Two folders of a phone never share one here: if their names differ only in case, or only in characters that are
not allowed, the second gets a number. Which folder is whose is kept in the catalog, so that it stays.
"""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias

from mtpbackup.archive import disk
from mtpbackup.archive.database import Database
from mtpbackup.archive.names import folded, free_name, numbered, safe_name
from mtpbackup.archive.paths import decode_name, decode_path
from mtpbackup.archive.records import Layout, PhoneFolder
from mtpbackup.archive.root import STATE_FOLDER, SUMS_FILE, Root
from mtpbackup.archive.rows import join_path

#: Longest path of a folder below the root, in bytes. What a phone nests deeper is put into the deepest folder
#: that fits: programs stop at 4,096 bytes for a whole path.
_LONGEST_FOLDER = 1000

#: Listings kept.
_MOST_TARGETS = 256

_UNDATED = "undated"

#: A folder of a phone: phone row, storage, path.
Place: TypeAlias = tuple[int, str, tuple[str, ...]]


@dataclass(slots=True)
class Target:
    """A folder of the archive in which files are placed, and what it holds. Exists on disk or not yet.

    Attributes:
        path: below the root.
        taken: names of everything on disk and in the catalog, `folded`.
        folders: real folders in it: folded to spelled.
        strays: names of files on disk for which the catalog has no row.
        numbers: the next number to try for a name, so that counting does not begin anew each time.
    """

    path: str
    taken: set[str] = field(default_factory=set)
    folders: dict[str, str] = field(default_factory=dict)
    strays: set[str] = field(default_factory=set)
    numbers: dict[str, int] = field(default_factory=dict)

    def take_name(self, name: str) -> str:
        """A name like this one that nothing else has; it is taken from now on."""
        key = folded(name)
        chosen, number = free_name(name, self.taken, first=self.numbers.get(key, 2))
        if number > 1:
            self.numbers[key] = number + 1
        self.taken.add(folded(chosen))
        return chosen

    def claim(self, stray: str) -> bool:
        """Takes a file without a row for oneself; False when another thread was first."""
        try:
            self.strays.remove(stray)
        except KeyError:
            return False
        return True

    def strays_like(self, name: str) -> list[str]:
        """Files without a row under this name or its numbered ones."""
        found = []
        number = 1
        while (
            self.strays and folded(candidate := name if number == 1 else numbered(name, number)) in self.taken
        ):
            if candidate in self.strays:
                found.append(candidate)
            number += 1
        return found


class Folders:
    """The folders of one archive, for one writer. Used by two threads, under `lock`."""

    def __init__(self, root: Root, database: Database, most_open: int = 32) -> None:
        """Reads which folder is whose; keeps at most `most_open` descriptors."""
        self._most_open = most_open
        self.lock = threading.RLock()
        self._root = root
        self._database = database
        self._targets: OrderedDict[str, Target] = OrderedDict()
        self._open: OrderedDict[str, int] = OrderedDict()
        self._places: dict[Place, str] = {}
        self._checked: dict[Place, str] = {}
        self._new_places: dict[Place, str] = {}
        self._owners: dict[tuple[str, str], Hashable] = {}
        self._load()

    def phone_folder(self, name: str, owner: Hashable) -> str:
        """A folder in the root for a phone that has none yet."""
        with self.lock:
            return self._claim("", safe_name(name), owner)

    def for_item(
        self, phone: PhoneFolder, layout: Layout, storage: str, folder: Sequence[str], when: datetime | None
    ) -> Target:
        """Where a file goes.

        Args:
            phone: whose.
            layout: decides.
            storage: label of the storage it is on.
            folder: its folder on the phone.
            when: its taken time (local), for the layout by month.
        """
        with self.lock:
            if layout is Layout.AS_ON_PHONE:
                return self.target(self._for_place(phone, storage, tuple(folder)))
            if when is None:
                return self.target(self._claim(phone.folder, _UNDATED, "month"))
            year = self._claim(phone.folder, f"{when:%Y}", "month")
            return self.target(self._claim(year, f"{when:%Y-%m}", "month"))

    def target(self, path: str) -> Target:
        """What a folder of the archive holds; listed once."""
        with self.lock:
            target = self._targets.get(path)
            if target is None:
                target = self._targets[path] = self._list(path)
                while len(self._targets) > _MOST_TARGETS:
                    self._targets.popitem(last=False)
            else:
                self._targets.move_to_end(path)
            return target

    def open(self, path: str, *, anew: bool = False) -> int:
        """Descriptor of a folder, made if need be; valid until the next call. Only for the finishing thread.

        Args:
            path: below the root.
            anew: somebody has removed the folder that was open.
        """
        descriptor = self._open.pop(path, -1)
        if anew and descriptor >= 0:
            os.close(descriptor)
            descriptor = -1
        if descriptor < 0:
            while len(self._open) >= self._most_open:
                os.close(self._open.popitem(last=False)[1])
            descriptor = self._root.open_below(path, create=True)
        self._open[path] = descriptor
        return descriptor

    def new_places(self) -> dict[Place, str]:
        """Which folder is whose, as far as the catalog does not know it yet."""
        with self.lock:
            return dict(self._new_places)

    def recorded(self, places: dict[Place, str]) -> None:
        """The catalog knows these now."""
        with self.lock:
            for place in places:
                self._new_places.pop(place, None)

    def close(self) -> None:
        """Closes descriptors."""
        while self._open:
            os.close(self._open.popitem()[1])

    def _load(self) -> None:
        with self._database.reading() as connection:
            for number, folder in connection.execute("SELECT id, folder FROM phones"):
                self._owners["", folded(folder)] = ("phone", number)
            for phone, storage, path, folder in connection.execute(
                "SELECT places.phone, places.storage, places.path, folders.path"
                " FROM places JOIN folders ON folders.id = places.folder"
            ):
                place = (phone, decode_name(storage), decode_path(path))
                self._places[place] = folder
                parent, _, name = folder.rpartition("/")
                self._owners.setdefault((parent, folded(name)), place)

    def _for_place(self, phone: PhoneFolder, storage: str, path: tuple[str, ...]) -> str:
        checked = self._checked.get((phone.id, storage, path))
        if checked is not None:
            return checked
        folder = phone.folder
        for depth in range(len(path) + 1):
            place = (phone.id, storage, path[:depth])
            below = self._checked.get(place) or self._places.get(place)
            if below is None or self._blocked(below):
                name = safe_name(path[depth - 1] if depth else storage)
                if len(join_path(folder, name).encode()) > _LONGEST_FOLDER:
                    break
                below = self._claim(folder, name, place)
                self._places[place] = self._new_places[place] = below
            self._checked[place] = folder = below
        self._checked[phone.id, storage, path] = folder
        return folder

    def _blocked(self, folder: str) -> bool:
        """Whether something that is no folder has come into a known folder's place."""
        parent, _, name = folder.rpartition("/")
        target, key = self.target(parent), folded(name)
        return key in target.taken and key not in target.folders

    def _claim(self, parent: str, wanted: str, owner: Hashable) -> str:
        """A folder below `parent` that is nobody else's: a new one, or one on disk that no other owner has."""
        target = self.target(parent)
        name, number = wanted, 1
        while True:
            key = folded(name)
            holder = self._owners.get((parent, key))
            free = key in target.folders or key not in target.taken
            if free and holder in (None, owner):
                name = target.folders.setdefault(key, name)
                target.taken.add(key)
                self._owners[parent, key] = owner
                return join_path(parent, name)
            number += 1
            name = numbered(wanted, number, keep_extension=False)

    def _list(self, path: str) -> Target:
        target = Target(path)
        with self._database.reading() as connection:
            known = {
                name
                for (name,) in connection.execute(
                    "SELECT files.name FROM files JOIN folders ON folders.id = files.folder"
                    " WHERE folders.path = ? AND files.state IN ('ok', 'damaged')",
                    (path,),
                )
            }
        target.taken.update(map(folded, known))
        try:
            descriptor = self._root.open_below(path)
        except (FileNotFoundError, NotADirectoryError):
            return target
        with disk.closing(descriptor), os.scandir(descriptor) as entries:
            for entry in entries:
                key = folded(entry.name)
                target.taken.add(key)
                if entry.is_dir(follow_symlinks=False):
                    target.folders[key] = entry.name
                elif entry.name not in known:
                    target.strays.add(entry.name)
        if not path:
            # Ours: no phone that calls itself so may move in.
            target.folders.pop(folded(STATE_FOLDER), None)
            target.taken.update((folded(STATE_FOLDER), folded(SUMS_FILE)))
        return target
