"""The phone's folders during a restore: each is listed once, found by path, made where missing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from mtpbackup.archive import folded
from mtpbackup.engine.restore.tasks import FolderPlace
from mtpbackup.errors import ItemVanished, NameTaken, StorageVanished
from mtpbackup.phone import Item, Phone, Storage


@dataclass(slots=True)
class Listed:
    """A folder as it was listed.

    Attributes:
        folder: the folder; None for the top of the storage.
        items: what lies in it.
        at: when it was listed, in seconds of a clock that never goes back.
    """

    folder: Item | None
    items: list[Item]
    at: float


class PhoneFolders:
    """Folders of one open phone; void when the phone is opened anew.

    Every method may raise what `Phone.list_folder` raises.

    Attributes:
        made: how many folders were made.
    """

    def __init__(self, phone: Phone, clock: Callable[[], float]) -> None:
        self._phone = phone
        self._clock = clock
        self._storages = {storage.label: storage for storage in phone.require_storages()}
        self._listed: dict[FolderPlace, Listed] = {}
        self.made = 0

    def storage(self, label: str) -> Storage:
        """The storage of a label.

        Raises:
            StorageVanished: there is none now.
        """
        try:
            return self._storages[label]
        except KeyError:
            raise StorageVanished(label) from None

    def look(self, label: str, path: tuple[str, ...], *, younger_than: float | None = None) -> Listed | None:
        """What lies in a folder, or None where there is no such folder. Folders above it are listed as well.

        Args:
            label: of the storage.
            path: names in whatever case.
            younger_than: seconds; an older listing is not good enough.

        Raises:
            NameTaken: a file has the name of one of the folders.
            StorageVanished: there is no such storage now.
        """
        place = (label, tuple(map(folded, path)))
        known = self._listed.get(place)
        if known is not None:
            if younger_than is None or self._clock() - known.at < younger_than:
                return known
            return self.again(label, path)
        storage = self.storage(label)
        folder = None
        if path:
            above = self.look(label, path[:-1])
            folder = None if above is None else _find_folder(above.items, path)
            if folder is None:
                return None
        return self._list(storage, folder, place)

    def again(self, label: str, path: tuple[str, ...]) -> Listed:
        """Lists a folder anew.

        Raises:
            ItemVanished: there is no such folder.
        """
        place = (label, tuple(map(folded, path)))
        known = self._listed.get(place)
        if known is not None:
            return self._list(self.storage(label), known.folder, place)
        found = self.look(label, path)
        if found is None:
            raise ItemVanished("/".join(path))
        return found

    def forget(self, label: str, path: tuple[str, ...]) -> None:
        """A folder is not as it was listed: it, and those above it, are to be listed anew."""
        for depth in range(len(path) + 1):
            self._listed.pop((label, tuple(map(folded, path[:depth]))), None)

    def make(self, label: str, path: tuple[str, ...]) -> Listed:
        """A folder, made with those above it where they are missing.

        Raises:
            NameTaken: a file has the name of one of the folders.
            As `Phone.make_folder`.
        """
        there = self.look(label, path)
        if there is not None:
            return there
        above = self.make(label, path[:-1])
        folder = self._phone.make_folder(self.storage(label), above.folder, path[-1])
        self.made += 1
        above.items.append(folder)
        listed = Listed(folder, [], self._clock())
        self._listed[label, tuple(map(folded, path))] = listed
        return listed

    def _list(self, storage: Storage, folder: Item | None, place: FolderPlace) -> Listed:
        at = self._clock()
        listed = self._listed[place] = Listed(folder, self._phone.list_folder(storage, folder), at)
        return listed


def _find_folder(items: list[Item], path: tuple[str, ...]) -> Item | None:
    """The folder of a path's last name; that in the same case first."""
    alike = [item for item in items if folded(item.name) == folded(path[-1])]
    folders = [item for item in alike if item.is_folder]
    if alike and not folders:
        raise NameTaken("/".join(path))
    return next((item for item in folders if item.name == path[-1]), folders[0] if folders else None)
