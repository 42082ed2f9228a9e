"""What the writer's threads share: queues with limits, the state of an item on its way, the first fatal error.

The engine's side waits for nothing without looking now and then whether the other side still works. A Ctrl-C
may strike it between any two steps, so those are built of calls that happen wholly or not at all:
`queue.SimpleQueue` and `threading.Lock` are such, a Condition is not.
"""

from __future__ import annotations

import enum
import hashlib
import os
import queue
import resource
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol

from mtpbackup.archive.database import Database
from mtpbackup.archive.folders import Folders
from mtpbackup.archive.parts import Parts
from mtpbackup.archive.records import ItemKey, Layout, NotSaved, PhoneFolder, Saved
from mtpbackup.archive.reserve import Reserve
from mtpbackup.archive.root import Root
from mtpbackup.archive.sums import Sums
from mtpbackup.errors import ArchiveError, CatalogUnusable, DestinationGone, DestinationUnwritable, OutOfSpace

_MIB = 1024 * 1024

#: Errors after which no other item can be saved either.
_FATAL = (OutOfSpace, DestinationGone, DestinationUnwritable, CatalogUnusable)

#: How often a waiting thread looks whether the other still works, in seconds.
PULSE = 0.5


class Chunk(Protocol):
    """Bytes lent by whoever reads the phone (`mtpbackup.transport.base.Chunk` fits)."""

    @property
    def data(self) -> memoryview:
        """The bytes, valid until `release`."""
        ...

    def release(self) -> None:
        """Gives the buffer back; called once, mostly from the writer's thread."""
        ...


@dataclass(frozen=True, slots=True)
class WriterLimits:
    """How much may be under way.

    Attributes:
        queued: bytes handed over and not yet written.
        unflushed: bytes written and not yet flushed; bounds how long `Writer.close` takes on a slow disk.
        flush_every: bytes of a large file after which its part is flushed and the length recorded.
        batch_files: files finished together at most,
        batch_bytes: and their bytes.
        linger: seconds that a finished file waits for others to share its flushes with.
        unfinished: items begun and not yet finished; each holds a descriptor.
    """

    queued: int = 8 * _MIB
    unflushed: int = 64 * _MIB
    flush_every: int = 16 * _MIB
    batch_files: int = 128
    batch_bytes: int = 16 * _MIB
    linger: float = 0.25
    unfinished: int = 256


class Step(enum.Enum):
    """What is to be done with an item."""

    WRITE = enum.auto()
    COMMIT = enum.auto()
    KEEP = enum.auto()
    DROP = enum.auto()
    FLUSH = enum.auto()
    NUDGE = enum.auto()
    STOP = enum.auto()


@dataclass(slots=True, eq=False)
class Work:
    """One item on its way through the threads.

    Attributes:
        phone, key, layout: as given to `begin`.
        identity: name of its part.
        descriptor: of its part, or of the file in place.
        offset: bytes on disk when it was begun; the storing thread hashes them first.
        placed: folder and name, when the file is in its final place already.
        error: why it has failed. Set once, by any thread.
        hasher, written, handed_on: the storing thread's: bytes hashed and written, bytes the finishing thread
            knows of.
        started, left: the storing thread has begun with it; has passed it on for good.
        flushed: the finishing thread's: bytes recorded as flushed.
        doubtful: a flush failed, so nothing is known of the bytes after those.
        done: locked until the item has left the pipeline.
    """

    phone: PhoneFolder
    key: ItemKey
    layout: Layout
    identity: str
    descriptor: int
    offset: int
    placed: tuple[str, str] | None = None
    error: ArchiveError | None = None
    hasher: hashlib._Hash = field(default_factory=hashlib.sha256)
    written: int = 0
    handed_on: int = 0
    started: bool = False
    left: bool = False
    flushed: int = 0
    doubtful: bool = False
    done: threading.Lock = field(default_factory=threading.Lock)

    def path(self, root: Root) -> Path:
        """For errors: where the item is on the phone, as if below the root."""
        return root.path / self.phone.folder / self.key.storage / self.key.shown_path


@dataclass(slots=True, eq=False)
class Lent:
    """A chunk on its way to the storing thread. Whoever gets the claim releases it."""

    chunk: Chunk
    tokens: int
    claim: threading.Lock = field(default_factory=threading.Lock)


class Tokens:
    """A counting semaphore that a Ctrl-C cannot break; at worst a token is lost."""

    def __init__(self, count: int) -> None:
        self.count = count
        self._free: queue.SimpleQueue[None] = queue.SimpleQueue()
        self.give(count)

    def take(self, number: int, look: Callable[[], None]) -> None:
        """Waits for tokens. `look` is called now and then, and may raise to end the wait."""
        taken = 0
        try:
            while taken < number:
                try:
                    self._free.get(timeout=PULSE)
                    taken += 1
                except queue.Empty:
                    look()
        except BaseException:
            self.give(taken)
            raise

    def give(self, number: int) -> None:
        """Gives tokens back."""
        for _ in range(number):
            self._free.put(None)


class Allowance:
    """Bytes that may be written ahead of the flushes. Between the two background threads."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._used = 0
        self._changed = threading.Condition()

    def use(self, amount: int) -> None:
        """Waits until there is room; a single amount over the limit is let through alone."""
        with self._changed:
            while self._used and self._used + amount > self._limit:
                self._changed.wait()
            self._used += amount

    def give_back(self, amount: int) -> None:
        """These bytes are flushed, or given up."""
        with self._changed:
            self._used -= amount
            self._changed.notify_all()


#: One queued chunk costs a token for each of these bytes.
TOKEN_BYTES = 64 * 1024


class Pipeline:
    """The shared state of one writer."""

    def __init__(
        self, root: Root, database: Database, clock: Callable[[], datetime], limits: WriterLimits
    ) -> None:
        self.root = root
        self.database = database
        self.clock = clock
        self.limits = limits
        with root.errors():
            self.parts = Parts(root)
        descriptors = _descriptors()
        self.folders = Folders(root, database, most_open=max(2, min(32, descriptors // 8)))
        self.sums = Sums(root, database)
        self.reserve = Reserve(root)
        self.to_store: queue.SimpleQueue[tuple[Step, Work | None, Lent | None]] = queue.SimpleQueue()
        self.to_finish: queue.SimpleQueue[tuple[Step, Work | None, int]] = queue.SimpleQueue()
        self.results: queue.SimpleQueue[Saved | NotSaved] = queue.SimpleQueue()
        self.room = Tokens(max(1, limits.queued // TOKEN_BYTES))
        self.slots = Tokens(max(2, min(limits.unfinished, descriptors // 4)))
        self.allowance = Allowance(limits.unflushed)
        self.in_flight: dict[str, Work] = {}
        self.fatal: ArchiveError | None = None

    @contextmanager
    def alone(self, work: Work) -> Iterator[None]:
        """An error of the disk inside the block is this item's: it is noted, and the thread goes on."""
        try:
            yield
        except OSError as error:
            self.fail(work, self.root.explained(error, work.path(self.root), work.key.size))
        except ArchiveError as error:
            self.fail(work, error)

    def fail(self, work: Work, error: ArchiveError) -> None:
        """Notes why an item cannot be saved, and whether no other can be either."""
        if work.error is None:
            work.error = error
        if self.fatal is None and isinstance(error, _FATAL):
            self.fatal = error

    def end(self, work: Work) -> None:
        """The item has left the pipeline: its descriptor is closed, its place is free."""
        if work.descriptor >= 0:
            os.close(work.descriptor)
            work.descriptor = -1
        if self.in_flight.get(work.identity) is work:
            del self.in_flight[work.identity]
        work.done.release()
        self.slots.give(1)


def _descriptors() -> int:
    """How many files this process may have open; we use less than half."""
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return 1024 if limit == resource.RLIM_INFINITY else max(limit, 16)
