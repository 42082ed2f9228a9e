"""A snapshot of what is safe, small enough to hold while a phone with 100,000 items is compared with it."""

from __future__ import annotations

import hashlib
import os
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from mtpbackup.archive.paths import encode_name, encode_path
from mtpbackup.archive.records import ItemKey, KnownItem, same_moment

_EPOCH = datetime(1970, 1, 1)
_SECOND = timedelta(seconds=1)
#: Stands for an unknown date; no date that Python can express is that early.
_UNKNOWN = -(2**62)

_SAFE, _GONE = 1, 2

#: Query columns that `KnownItems` is made from: item, place, name, size, modified, safe, gone.
KnownRow = tuple[int, int, str, int, str | None, int, int]


class KnownItems:
    """A snapshot of everything saved from one phone, about 45 bytes an item. Immutable, no I/O.

    It holds no names: an item is found by a 64-bit hash of its place and name, salted anew each time so that no
    phone can prepare collisions, and then by size and date. Two of 100,000 names meet with a probability of
    3 in 10,000 million, and then do harm only if size and date agree as well.
    """

    def __init__(self, places: Mapping[tuple[str, str], int], rows: Iterable[KnownRow]) -> None:
        """Packs rows of the catalog.

        Args:
            places: (storage, path in the catalog's spelling) to place row.
            rows: one for each item.
        """
        self._places = dict(places)
        self._salt = os.urandom(16)
        ids, hashes, sizes, dates = array("q"), array("Q"), array("q"), array("q")
        flags = bytearray()
        for item, place, name, size, modified, safe, gone in rows:
            ids.append(item)
            hashes.append(self._hash(place, name))
            sizes.append(size)
            dates.append(_UNKNOWN if modified is None else _seconds(datetime.fromisoformat(modified)))
            flags.append((_SAFE if safe else 0) | (_GONE if gone else 0))
        order = sorted(range(len(ids)), key=hashes.__getitem__)
        self._ids = array("q", (ids[i] for i in order))
        self._hashes = array("Q", (hashes[i] for i in order))
        self._sizes = array("q", (sizes[i] for i in order))
        self._dates = array("q", (dates[i] for i in order))
        self._flags = bytes(flags[i] for i in order)
        self._by_size = array("L", sorted(range(len(order)), key=self._sizes.__getitem__))

    def __len__(self) -> int:
        return len(self._ids)

    def __iter__(self) -> Iterator[KnownItem]:
        """All of them, gone ones included; for finding those that were not listed."""
        return map(self._at, range(len(self._ids)))

    def find(self, key: ItemKey) -> KnownItem | None:
        """The saved item with this storage, path and size, and date (see `same_moment`); a safe one first."""
        found = None
        for known in self.at(key.storage, key.path):
            if known.size == key.size and same_moment(known.modified, key.modified):
                if known.safe:
                    return known
                found = found or known
        return found

    def at(self, storage: str, path: Sequence[str]) -> list[KnownItem]:
        """Everything ever saved from this place, whatever its size and date."""
        place = self._places.get((encode_name(storage), encode_path(path[:-1])))
        if place is None:
            return []
        wanted = self._hash(place, encode_name(path[-1]))
        found = []
        index = bisect_left(self._hashes, wanted)
        while index < len(self._hashes) and self._hashes[index] == wanted:
            found.append(self._at(index))
            index += 1
        return found

    def alike(self, size: int, modified: datetime | None) -> list[KnownItem]:
        """Safe items of this size and date, wherever they were: an item that was moved may be one of them."""
        found = []
        position = bisect_left(self._by_size, size, key=self._sizes.__getitem__)
        while position < len(self._by_size) and self._sizes[self._by_size[position]] == size:
            known = self._at(self._by_size[position])
            if known.safe and same_moment(known.modified, modified):
                found.append(known)
            position += 1
        return found

    def _at(self, index: int) -> KnownItem:
        flags, date = self._flags[index], self._dates[index]
        modified = None if date == _UNKNOWN else _EPOCH + timedelta(seconds=date)
        return KnownItem(
            self._ids[index], self._sizes[index], modified, bool(flags & _SAFE), bool(flags & _GONE)
        )

    def _hash(self, place: int, name: str) -> int:
        digest = hashlib.blake2b(b"%d/%b" % (place, name.encode()), digest_size=8, key=self._salt)
        return int.from_bytes(digest.digest())


def _seconds(moment: datetime) -> int:
    return (moment - _EPOCH) // _SECOND
