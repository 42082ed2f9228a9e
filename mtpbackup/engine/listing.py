"""Lists a phone folder by folder, and counts what it lists.

The count made here is the one that all buckets are held against at the end, so nothing that decides what
becomes of an item takes part in it.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, TypeAlias

from mtpbackup.engine.reports import Count, Listing, Report, SkipReason
from mtpbackup.engine.selection import Selection
from mtpbackup.errors import (
    Failure,
    ItemUnreadable,
    ItemVanished,
    OperationFailed,
    PhoneLocked,
    StorageVanished,
    TransportError,
    WireError,
)
from mtpbackup.phone import Item, Phone, Storage

log = logging.getLogger(__name__)

#: Tries to list a folder before it is given up.
_TRIES: Final = 3

#: Folders inside folders that are followed. Paths end at 4,096 bytes on Android, at 260 characters on FAT.
_DEEPEST: Final = 200

#: Folders that are looked into, on one storage. A phone that makes up new ones for ever has to end somewhere.
_MOST_FOLDERS: Final = 50_000

_UNLISTABLE: Final = (OperationFailed, ItemVanished, ItemUnreadable, WireError)


@dataclass(frozen=True, slots=True)
class FolderListed:
    """A folder and the files in it.

    Attributes:
        storage: label of its storage.
        path: the folder's path; empty for the top of the storage.
        files: its files, without its folders.
    """

    storage: str
    path: tuple[str, ...]
    files: list[Item]


@dataclass(frozen=True, slots=True)
class FolderSkipped:
    """A folder that was not looked into."""

    storage: str
    path: tuple[str, ...]
    reason: SkipReason


@dataclass(frozen=True, slots=True)
class FolderFailed:
    """A folder that could not be listed."""

    storage: str
    path: tuple[str, ...]
    failure: Failure


Found: TypeAlias = FolderListed | FolderSkipped | FolderFailed

#: Folders, by storage and path, in which the phone was lost, and how often.
Strikes: TypeAlias = Counter[tuple[str, tuple[str, ...]]]


class Lister:
    """Lists one phone once.

    Attributes:
        listed: what was listed so far, as `reports` defines it.
        missing: indexes of `Selection.folders` that no storage was found to have.
        unpicked: indexes of `Selection.picks` that fit nothing that was listed.
    """

    def __init__(self, phone: Phone, selection: Selection, report: Report, strikes: Strikes) -> None:
        """Prepares.

        Args:
            phone: an open phone.
            selection: which folders are looked into.
            report: is told after each folder.
            strikes: folders in which the phone was lost in this run, and how often: the caller keeps it from
                one listing to the next. A folder that loses the phone each time is given up, not the run.
        """
        self._phone = phone
        self._selection = selection
        self._report = report
        self._strikes = strikes
        self._folders = 0
        self.listed = Count()
        self.missing = set(range(len(selection.folders)))
        self.unpicked = set(range(len(selection.picks)))

    def run(self) -> Iterator[Found]:
        """Everything on the phone, storage by storage, folder by folder; each folder is listed once.

        Raises:
            PhoneLocked: the phone shows no storage.
            TransportError, StorageVanished: it went away, or the storage did; to be begun anew.
        """
        for storage in self._phone.require_storages():
            yield from self._storage(storage)

    def _storage(self, storage: Storage) -> Iterator[Found]:
        label = storage.label
        self.missing.difference_update(self._selection.is_asked_for(label, ()))
        entered: set[int] = set()
        waiting: list[Item | None] = [None]
        while waiting:
            folder = waiting.pop()
            path = folder.path if folder is not None else ()
            entries = self._entries(storage, folder)
            if isinstance(entries, Failure):
                yield self._failed(label, path, entries)
                continue
            files: list[Item] = []
            for entry in entries:
                if not entry.is_folder:
                    files.append(entry)
                    continue
                reason = self._selection.skip_folder(label, entry.path)
                if reason is not None:
                    self.listed += Count(1)
                    yield FolderSkipped(label, entry.path, reason)
                elif entry.handle in entered or len(entry.path) > _DEEPEST:
                    yield self._failed(label, entry.path, Failure("FolderLoop", "a folder inside itself"))
                elif len(entered) >= _MOST_FOLDERS:
                    yield self._failed(label, entry.path, Failure("FolderLoop", "folders without end"))
                else:
                    entered.add(entry.handle)
                    waiting.append(entry)
            self.missing.difference_update(self._selection.is_asked_for(label, path))
            for item in files if self.unpicked else ():
                self.unpicked -= self._selection.picked_for(label, item.path)
            self._folders += 1
            self.listed += Count(len(files), sum(item.size for item in files))
            self._report(Listing(self.listed, self._folders, label, path))
            yield FolderListed(label, path, files)

    def _entries(self, storage: Storage, folder: Item | None) -> list[Item] | Failure:
        """What is in a folder, or why that cannot be known."""
        place = (storage.label, folder.path if folder is not None else ())
        if self._strikes[place] >= _TRIES:
            return Failure("PhoneGone", "the phone was lost each time this folder was listed")
        tries = 0
        while True:
            try:
                return self._phone.list_folder(storage, folder)
            except (PhoneLocked, StorageVanished):
                raise
            except TransportError:
                self._strikes[place] += 1
                raise
            except _UNLISTABLE as error:
                tries += 1
                log.debug("%r cannot be listed: %s", place, error)
                # A phone that was locked just now hides everything: not the folder's fault.
                if storage.label not in (shown.label for shown in self._phone.require_storages()):
                    raise StorageVanished(storage.label) from error
                if tries >= _TRIES:
                    return Failure.of(error)

    def _failed(self, label: str, path: tuple[str, ...], failure: Failure) -> FolderFailed:
        self.listed += Count(1)
        return FolderFailed(label, path, failure)
