"""What becomes of one file in one folder: is it there, may it be there, or under which name is it sent. Pure.

A name counts as taken in whatever case it is written: Android compares case by case and then truncates the file
that differs in case only (ANDROID.md, Writing).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, TypeAlias

from mtpbackup.archive import PhonePlace, SentFile, SentState, folded, numbered, safe_name, same_moment
from mtpbackup.engine.restore.tasks import PutTask
from mtpbackup.phone import Item


class FolderNames:
    """What lies in a folder of the phone, by name in whatever case."""

    def __init__(self, items: Iterable[Item] = ()) -> None:
        self._items: dict[str, list[Item]] = {}
        self._reserved: set[str] = set()
        for item in items:
            self.add(item)

    def add(self, item: Item) -> None:
        """Something lies there now."""
        self._items.setdefault(folded(item.name), []).append(item)

    def remove(self, item: Item) -> None:
        """It does no longer."""
        self._items[folded(item.name)].remove(item)

    def reserve(self, name: str) -> None:
        """A name is going to be used."""
        self._reserved.add(folded(name))

    def of(self, name: str) -> list[Item]:
        """What has this name."""
        return self._items.get(folded(name), [])

    def is_free(self, name: str) -> bool:
        """Whether nothing has this name or is going to."""
        return not self.of(name) and folded(name) not in self._reserved


@dataclass(frozen=True, slots=True)
class IsThere:
    """It is there. `item`: as it lies there."""

    item: Item


@dataclass(frozen=True, slots=True)
class MayBeThere:
    """Something of its name and size is there; only its content can tell.

    Attributes:
        items: what it may be.
        name: what it is sent as when none of them is it.
        remains: see `ToSend`.
    """

    items: tuple[Item, ...]
    name: str
    remains: Item | None


@dataclass(frozen=True, slots=True)
class ToSend:
    """It is to be sent.

    Attributes:
        name: under which name.
        remains: what an earlier run left of it under that name: to be continued, or deleted first.
    """

    name: str
    remains: Item | None


Decision: TypeAlias = IsThere | MayBeThere | ToSend


def decide(task: PutTask, names: FolderNames, known: Mapping[PhonePlace, SentFile]) -> Decision:
    """What becomes of a file.

    Args:
        task: the file, with the folder that it goes to.
        names: what lies in that folder.
        known: what was sent to this phone before, by place.
    """
    candidates: list[Item] = []
    number, name = 1, task.name
    while True:
        for item in names.of(name):
            if item.is_folder:
                continue
            note = known.get((task.storage, (*task.folder, item.name)))
            if is_remains(task, item, note):
                return _settled(candidates, item.name, item)
            fits = item.size == task.size or task.seems_twice(item.size)
            if fits and _is_same(task, item, note):
                return IsThere(item)
            if fits and item.path not in task.different:
                candidates.append(item)
        if names.is_free(name):
            return _settled(candidates, name, None)
        number += 1
        name = numbered(_shortened(task.name), number)


#: Bytes of a name up to which `numbered` does not have to cut it.
_SHORT: Final = 200


def _settled(candidates: list[Item], name: str, remains: Item | None) -> Decision:
    return MayBeThere(tuple(candidates), name, remains) if candidates else ToSend(name, remains)


def _shortened(name: str) -> str:
    """A name that a number can be put into."""
    return name if len(name.encode(errors="replace")) <= _SHORT else safe_name(name)


def _is_same(task: PutTask, item: Item, note: SentFile | None) -> bool:
    """Whether an item of the right size is proven to be the file without reading it."""
    taken = task.original.key.modified
    if item.modified is not None and taken is not None and same_moment(item.modified, taken):
        return True
    return (
        note is not None
        and note.state is SentState.SENT
        and note.size == item.size
        and bool(task.sha256)
        and note.sha256 == task.sha256
        and same_moment(note.modified, item.modified)
    )


#: A phone's clock may be wrong, and is in another zone.
_CLOCK_SPAN = timedelta(days=2)


def is_remains(task: PutTask, item: Item, note: SentFile | None) -> bool:
    """Whether something on the phone seems to be a file that was half sent; its content is yet to be compared.

    It does when a record says that we were about to send this file under this name, which was free then, when
    it is shorter than the file, and not older than the record.
    """
    if note is None or note.state is not SentState.SENDING or item.size >= note.size:
        return False
    if note.sha256 != task.sha256 or item.path in task.different:
        return False
    return item.modified is None or item.modified >= _naive(note.began_at) - _CLOCK_SPAN


def _naive(when: datetime) -> datetime:
    return when.replace(tzinfo=None)
