"""Small things that engine tests are made of: items, listings, snapshots."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import count

from mtpbackup.archive import ItemKey, KnownItems
from mtpbackup.archive.paths import encode_name, encode_path
from mtpbackup.engine.listing import FolderListed
from mtpbackup.engine.plan import plan_backup
from mtpbackup.phone import Item, Storage

INTERNAL = "Internal shared storage"
CARD = "SD card"
JPEG, MP4, PLAIN, FOLDER = 0x3801, 0xB982, 0x3000, 0x3001
NOON = datetime(2024, 5, 6, 12, 0, 7)

_handles = count(1)


def storage(label=INTERNAL, number=1):
    return Storage(
        id=(number << 16) + 1,
        label=label,
        description=label,
        capacity=128_000_000_000,
        free=64_000_000_000,
        removable=label == CARD,
        writable=True,
    )


def item(path, size=1000, modified=NOON, *, code=JPEG, on=INTERNAL):
    return Item(
        storage=storage(on),
        handle=next(_handles),
        parent=0,
        path=tuple(path.split("/")),
        size=size,
        modified=modified,
        format=code,
    )


def listing(items, *, also=()):
    """Items as a lister would bring them, with all folders on the way; `also`: folders that are empty."""
    folders = {(INTERNAL, ())}
    folders |= {(INTERNAL, tuple(path.split("/"))) for path in also}
    files = {}
    for one in items:
        label = one.storage.label
        folders |= {(label, one.path[:depth]) for depth in range(len(one.path))}
        files.setdefault((label, one.path[:-1]), []).append(one)
    return [FolderListed(*place, files.get(place, [])) for place in sorted(folders)]


def key(path, size=1000, modified=NOON, *, on=INTERNAL):
    return ItemKey(on, tuple(path.split("/")), size, modified)


class Saved:
    """What earlier runs saved: a real snapshot, and the places by row."""

    def __init__(self, *keys, unsafe=(), gone=(), numbers=None):
        self.keys = dict(zip(numbers or range(1, len(keys) + 1), keys, strict=True))
        places = {}
        rows = []
        for number, one in self.keys.items():
            place = places.setdefault((encode_name(one.storage), encode_path(one.path[:-1])), len(places) + 1)
            date = None if one.modified is None else one.modified.isoformat()
            flags = (one not in unsafe, one in gone)
            rows.append((number, place, encode_name(one.path[-1]), one.size, date, *map(int, flags)))
        self.known = KnownItems(places, rows)

    def plan(self, found, **more):
        return plan_backup(found, self.known, place_of=self.keys.__getitem__, **more)


def later(**difference):
    return NOON + timedelta(**difference)
