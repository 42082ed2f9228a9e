"""The items that are to be copied, packed: a first run of a phone with 100,000 pictures holds all of them.

An item as an object, with its path, date and numbers, takes about 340 bytes; packed it is one string of bytes,
of about 100. `Task` is a handle that unpacks what it is asked for, made anew each time; what changes is kept
here.
"""

from __future__ import annotations

import enum
import struct
from array import array
from collections import deque
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from mtpbackup.archive import ItemKey
from mtpbackup.engine.kinds import Kind
from mtpbackup.engine.reports import Bucket, Count, ItemRef
from mtpbackup.phone import Item, Storage

#: Folder, handle, size, date, format, why, kind, whether a date is told, whether anything is told.
_PACKED: Final = struct.Struct("<IQQqHBB??")
_EPOCH: Final = datetime(1970, 1, 1)
_TICK: Final = timedelta(microseconds=1)


class Why(enum.Enum):
    """Why an item is to be copied."""

    NEW = "new"
    #: Something else was saved from the same place: the size or the date differs.
    CHANGED = "changed"
    #: It was saved, and its file is damaged or missing.
    LOST = "lost"
    #: Earlier runs could not save it.
    FAILING = "failing"


_WHYS: Final[tuple[Why, ...]] = tuple(Why)
_KINDS: Final[tuple[Kind, ...]] = tuple(Kind)
_BUCKETS: Final[tuple[Bucket | None, ...]] = (None, *Bucket)


class Task:
    """An item to be copied, and how far that is: a handle, of which there may be several."""

    __slots__ = ("_number", "_tasks")

    def __init__(self, tasks: Tasks, number: int) -> None:
        """Made by `Tasks`."""
        self._tasks = tasks
        self._number = number

    @property
    def number(self) -> int:
        """Which it is in its `Tasks`."""
        return self._number

    @property
    def item(self) -> Item:
        """As it was listed. Its handle may be void by the time of its turn."""
        return self._tasks.item(self._number)

    @property
    def size(self) -> int:
        """Bytes, as listed."""
        return self._tasks.size(self._number)

    @property
    def why(self) -> Why:
        """Why it is to be copied."""
        return self._tasks.why(self._number)

    @property
    def kind(self) -> Kind:
        """What it is."""
        return self._tasks.kind(self._number)

    @property
    def bucket(self) -> Bucket | None:
        """Where it ended; None while it waits."""
        return self._tasks.bucket(self._number)

    @bucket.setter
    def bucket(self, bucket: Bucket) -> None:
        self._tasks.settle(self._number, bucket)

    @property
    def tries(self) -> int:
        """How many tries failed."""
        return self._tasks.tries.get(self._number, 0)

    @tries.setter
    def tries(self, tries: int) -> None:
        self._tasks.tries[self._number] = tries

    @property
    def reached(self) -> int:
        """The farthest byte that any try came to."""
        return self._tasks.reached.get(self._number, 0)

    @reached.setter
    def reached(self, reached: int) -> None:
        self._tasks.reached[self._number] = reached

    @property
    def key(self) -> ItemKey:
        """Its identity for the archive."""
        return key_of(self.item)

    @property
    def ref(self) -> ItemRef:
        """Its name in reports."""
        return ref_of(self.item)


class Tasks:
    """Items to be copied, in an order that can be changed.

    Attributes:
        tries, reached: of those that a try was made of; see `Task`.
    """

    def __init__(self) -> None:
        self.tries: dict[int, int] = {}
        self.reached: dict[int, int] = {}
        self._packed: list[bytes] = []
        self._folders: list[tuple[Storage, int, tuple[str, ...]]] = []
        self._numbers: dict[tuple[Storage, int, tuple[str, ...]], int] = {}
        self._buckets = bytearray()
        self._order = array("I")
        #: The item made last: while it is copied it is asked for a dozen times.
        self._latest: tuple[int, Item] | None = None

    # --- as a list ------------------------------------------------------------------------------------------

    def __len__(self) -> int:
        return len(self._order)

    def __iter__(self) -> Iterator[Task]:
        """In their order. What is added meanwhile comes last."""
        for number in self._order:
            yield Task(self, number)

    def __getitem__(self, index: int) -> Task:
        return Task(self, self._order[index])

    def add(self, item: Item, why: Why, kind: Kind) -> None:
        """Adds an item at the end."""
        folder = (item.storage, item.parent, item.path[:-1])
        number = self._numbers.get(folder)
        if number is None:
            number = self._numbers[folder] = len(self._folders)
            self._folders.append(folder)
        date = (item.modified - _EPOCH) // _TICK if item.modified is not None else 0
        self._order.append(len(self._packed))
        self._packed.append(
            _PACKED.pack(
                *(number, item.handle, item.size, date, item.format, _WHYS.index(why), _KINDS.index(kind)),
                *(item.modified is not None, item.told),
            )
            + item.name.encode(errors="surrogatepass")
        )
        self._buckets.append(0)

    def put_back(self, task: Task) -> None:
        """Puts a task that was taken out to the end again."""
        self._order.append(task.number)

    def take_out(self, numbers: set[int]) -> None:
        """Takes tasks out of the order, by their `Task.number`; their handles stay good."""
        self._order = array("I", (number for number in self._order if number not in numbers))

    def sort(self) -> None:
        """The newest first: should the run be cut short, it is what exists nowhere else that is safe.

        What failed in earlier runs comes last, so that it cannot hold up the rest; what has no date comes after
        what has one. Of one date, by place.
        """
        places = sorted(
            range(len(self._folders)), key=lambda n: (self._folders[n][0].label, self._folders[n][2])
        )
        rank = array("I", bytes(4 * len(places)))
        for position, number in enumerate(places):
            rank[number] = position
        order = sorted(self._order, key=lambda n: self._packed[n][_PACKED.size :])
        order.sort(key=lambda n: rank[_PACKED.unpack_from(self._packed[n])[0]])
        order.sort(key=self._age)
        self._order = array("I", order)

    def _age(self, number: int) -> int:
        _, _, _, date, _, why, _, dated, _ = _PACKED.unpack_from(self._packed[number])
        late = (2 if _WHYS[why] is Why.FAILING else 0) + (0 if dated else 1)
        return (late << 64) - int(date)

    def count(self, *why: Why) -> Count:
        """How many there are for one of these reasons, and their bytes; for any where none is named."""
        wanted = {_WHYS.index(one) for one in why or _WHYS}
        items = size = 0
        for number in self._order:
            fields = _PACKED.unpack_from(self._packed[number])
            if fields[5] in wanted:
                items += 1
                size += fields[2]
        return Count(items, size)

    # --- one of them ----------------------------------------------------------------------------------------

    def item(self, number: int) -> Item:
        """See `Task`."""
        latest = self._latest
        if latest is not None and latest[0] == number:
            return latest[1]
        packed = self._packed[number]
        folder, handle, size, date, code, _, _, dated, told = _PACKED.unpack_from(packed)
        storage, parent, path = self._folders[folder]
        name = packed[_PACKED.size :].decode(errors="surrogatepass")
        modified = _EPOCH + date * _TICK if dated else None
        item = Item(storage, handle, parent, (*path, name), size, modified, code, told)
        self._latest = (number, item)
        return item

    def why(self, number: int) -> Why:
        """See `Task`."""
        return _WHYS[int(_PACKED.unpack_from(self._packed[number])[5])]

    def kind(self, number: int) -> Kind:
        """See `Task`."""
        return _KINDS[int(_PACKED.unpack_from(self._packed[number])[6])]

    def size(self, number: int) -> int:
        """Bytes of an item."""
        return int(_PACKED.unpack_from(self._packed[number])[2])

    def bucket(self, number: int) -> Bucket | None:
        """See `Task`."""
        return _BUCKETS[self._buckets[number]]

    def settle(self, number: int, bucket: Bucket) -> None:
        """Notes where an item ended."""
        self._buckets[number] = _BUCKETS.index(bucket)
        self.reached.pop(number, None)

    def left(self) -> Count:
        """What was not settled, whether in the order or taken out of it."""
        sizes = [self.size(number) for number, bucket in enumerate(self._buckets) if not bucket]
        return Count(len(sizes), sum(sizes))


def key_of(item: Item) -> ItemKey:
    """The identity of an item for the archive."""
    return ItemKey(item.storage.label, item.path, item.size, item.modified)


def ref_of(item: Item) -> ItemRef:
    """The name of an item in reports."""
    return ItemRef(item.storage.label, item.path, item.size)


class Queue:
    """Tasks on their way through a run: the plan's one by one, what is tried again before or after them."""

    def __init__(self) -> None:
        self._plan = iter(Tasks())
        self._unbegun = 0
        self._first: deque[Task] = deque()
        self._last: deque[Task] = deque()

    def take(self, tasks: Tasks) -> None:
        """Takes a plan's tasks in, which must not change any more."""
        self._plan, self._unbegun = iter(tasks), len(tasks)

    def __bool__(self) -> bool:
        return bool(self._first or self._unbegun or self._last)

    def popleft(self) -> Task:
        """The next one. Raises IndexError."""
        if self._first:
            return self._first.popleft()
        if self._unbegun:
            self._unbegun -= 1
            return next(self._plan)
        return self._last.popleft()

    def appendleft(self, task: Task) -> None:
        """This one is next."""
        self._first.appendleft(task)

    def append(self, task: Task) -> None:
        """This one comes after all others."""
        self._last.append(task)
