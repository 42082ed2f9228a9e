"""The same phone seen twice, by two ways to it: what differs is a fault of one of the ways, or of the phone.

Nothing is written and nothing on the phone is changed. The ways are taken one after the other: libmtp resets a
phone as it lets go of it, and handles are void then, so things are known by their paths.
"""

from __future__ import annotations

import enum
import hashlib
import logging
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from mtpbackup.engine.link import PhoneLink
from mtpbackup.errors import ItemUnreadable, ItemVanished, MtpBackupError, OperationFailed, WireError
from mtpbackup.phone import Item, Phone, PhoneIdentity, Storage

_log = logging.getLogger(__name__)

#: What concerns one item or folder; anything else ends the look.
_OF_ONE: Final = (ItemVanished, ItemUnreadable, OperationFailed, WireError)

#: Dates closer than this are the same: FAT rounds to two seconds.
_SLACK: Final = timedelta(seconds=2)

#: libmtp has seconds since then, and 0 for no date: the two are one to it, and to phones without a clock.
_NO_DATE: Final = datetime(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class Place:
    """Where something is.

    Attributes:
        storage: label of its storage.
        path: names from the top down; empty for the storage itself.
        index: 0, or more for further items of the same name in the same folder.
    """

    storage: str
    path: tuple[str, ...]
    index: int = 0

    @property
    def shown(self) -> str:
        """For people: `Internal storage/DCIM/a.jpg`."""
        return "/".join((self.storage, *self.path))


@dataclass(frozen=True, slots=True)
class Thing:
    """What was seen in a place.

    Attributes:
        is_folder: whether it is a folder.
        size: bytes, as listed; of a storage its capacity.
        modified: naive, phone-local; None where no date is told.
        sha256: of the content in hex; empty for folders, and where there is trouble.
        trouble: class name of the error instead of a content or a listing; empty without.
    """

    is_folder: bool
    size: int = 0
    modified: datetime | None = None
    sha256: str = ""
    trouble: str = ""


@dataclass(slots=True)
class Look:
    """All that was seen one way.

    Attributes:
        identity: of the phone.
        things: by place.
        files: how many files were read.
        read: bytes that were read.
    """

    identity: PhoneIdentity
    things: dict[Place, Thing] = field(default_factory=dict)
    files: int = 0
    read: int = 0


class Aspect(enum.Enum):
    """In what two looks differ."""

    IDENTITY = "identity"
    MISSING = "missing"
    KIND = "kind"
    SIZE = "size"
    DATE = "date"
    CONTENT = "content"
    TROUBLE = "trouble"


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing in which two looks differ.

    Attributes:
        aspect: in what.
        place: where; empty for the phone itself.
        first, second: what each look has, as text; empty where it has nothing.
    """

    aspect: Aspect
    place: str
    first: str
    second: str


def look_through(
    link: PhoneLink, folder: tuple[str, ...] = (), watch: Callable[[str], None] = lambda _path: None
) -> Look:
    """Lists and reads everything on a phone, then lets go of it.

    Args:
        link: to the phone.
        folder: only what is in this folder, on each storage that has it.
        watch: is told the path of each file before it is read.

    Raises:
        MtpBackupError: as `PhoneLink.connect`; the phone is gone, or its storage.
    """
    try:
        phone = link.connect()
        look = Look(phone.identity)
        for storage in phone.require_storages():
            look.things[Place(storage.label, ())] = Thing(True, storage.capacity)
            _look_into(phone, storage, folder, look, watch)
        return look
    finally:
        link.close()


def _look_into(
    phone: Phone, storage: Storage, folder: tuple[str, ...], look: Look, watch: Callable[[str], None]
) -> None:
    try:
        start = phone.find(storage.label, folder) if folder else None
    except ItemVanished:
        return
    waiting: list[Item | None] = [start]
    seen: set[int] = set()
    while waiting:
        parent = waiting.pop()
        path = () if parent is None else parent.path
        try:
            items = phone.list_folder(storage, parent)
        except _OF_ONE as error:
            look.things[Place(storage.label, path)] = Thing(True, trouble=_named(error))
            continue
        for item in items:
            index = 0
            while (place := Place(storage.label, item.path, index)) in look.things:
                index += 1
            if not item.is_folder:
                watch(place.shown)
                look.things[place] = _read(phone, item, look)
                continue
            look.things[place] = Thing(True, 0, item.modified)
            if item.handle not in seen:
                seen.add(item.handle)
                waiting.append(item)


def _read(phone: Phone, item: Item, look: Look) -> Thing:
    digest = hashlib.sha256()
    try:
        with closing(phone.read(item)) as chunks:
            for chunk in chunks:
                digest.update(chunk.data)
                look.read += len(chunk.data)
                chunk.release()
    except _OF_ONE as error:
        return Thing(False, item.size, item.modified, trouble=_named(error))
    look.files += 1
    return Thing(False, item.size, item.modified, digest.hexdigest())


def _named(error: MtpBackupError) -> str:
    _log.info("%s", error)
    return type(error).__name__


def differences(first: Look, second: Look) -> list[Difference]:
    """In what two looks at a phone differ, in the order of places."""
    found = [
        Difference(Aspect.IDENTITY, "", f"{name} {one!r}", f"{name} {other!r}")
        for name in ("serial", "manufacturer", "model", "firmware", "friendly_name")
        if (one := getattr(first.identity, name)) != (other := getattr(second.identity, name))
    ]
    for place in sorted(first.things.keys() | second.things.keys(), key=lambda p: (p.storage, p.path, p.index)):
        found += _in_one(place.shown, first.things.get(place), second.things.get(place))
    return found


def _in_one(place: str, first: Thing | None, second: Thing | None) -> list[Difference]:
    if first is None or second is None:
        return [Difference(Aspect.MISSING, place, "there" if first else "", "there" if second else "")]
    if first.is_folder != second.is_folder:
        kinds = ("file", "folder")
        return [Difference(Aspect.KIND, place, kinds[first.is_folder], kinds[second.is_folder])]
    found = []
    if first.trouble != second.trouble:
        found.append(Difference(Aspect.TROUBLE, place, first.trouble, second.trouble))
    if first.size != second.size:
        found.append(Difference(Aspect.SIZE, place, str(first.size), str(second.size)))
    if not _same_date(first.modified, second.modified):
        found.append(Difference(Aspect.DATE, place, str(first.modified or ""), str(second.modified or "")))
    if first.sha256 != second.sha256 and not (first.trouble or second.trouble):
        found.append(Difference(Aspect.CONTENT, place, first.sha256, second.sha256))
    return found


def _same_date(one: datetime | None, other: datetime | None) -> bool:
    one, other = (None if date == _NO_DATE else date for date in (one, other))
    if one is None or other is None:
        return one is other
    return abs(one - other) < _SLACK
