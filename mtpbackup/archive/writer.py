"""The pipeline that turns chunks into safe files while the engine goes on reading from the phone.

    engine's thread          storing thread            finishing thread
    begin, write, commit  →  writes the part, hashes   →  flushes, dates, renames, flushes the folder,
                             (gives the chunk back)       writes catalog rows: a batch at a time  →  results

An item is called saved when its bytes and its name are on the medium and its row is in the catalog, in this
order; no earlier. What a crash can leave at each step, and who mends it: `parts`, `finishing`, `sums`.
"""

from __future__ import annotations

import queue
import time
from collections.abc import Callable
from datetime import datetime
from types import TracebackType
from typing import Self

from mtpbackup.archive.database import Database
from mtpbackup.archive.finishing import FinishingThread
from mtpbackup.archive.incoming import Incoming
from mtpbackup.archive.parts import part_identity
from mtpbackup.archive.pipeline import PULSE, Pipeline, Step, Work, WriterLimits
from mtpbackup.archive.records import ItemKey, Layout, NotSaved, PhoneFolder, Saved
from mtpbackup.archive.root import Root
from mtpbackup.archive.storing import StoringThread
from mtpbackup.archive.strays import claim_strays
from mtpbackup.archive.taken import taken_by_name
from mtpbackup.errors import DestinationGone, FileTooLarge


class Writer:
    """Saves items, made by `Archive.writer`. Used by one thread; close it, or use it as a context manager."""

    def __init__(
        self,
        root: Root,
        database: Database,
        clock: Callable[[], datetime],
        limits: WriterLimits | None = None,
    ) -> None:
        """Starts the threads. Tidies up first: parts that cannot be continued go, SHA256SUMS is completed."""
        self._pipeline = Pipeline(root, database, clock, limits or WriterLimits())
        self._pipeline.sums.settle()
        self._largest = root.largest_file()
        self._current: Incoming | None = None
        self._fetched: list[Saved | NotSaved] = []
        self._committed = self._received = 0
        self._closed = False
        self._storing = StoringThread(self._pipeline)
        self._finishing = FinishingThread(self._pipeline)
        self._finishing.start()
        self._storing.start()

    def begin(
        self, phone: PhoneFolder, key: ItemKey, layout: Layout = Layout.AS_ON_PHONE, *, resume: bool = True
    ) -> Incoming:
        """Opens an item for writing. One at a time: an earlier one must be committed or abandoned.

        Args:
            phone: whose item.
            key: its identity; `key.size` is checked against the file system's limit.
            layout: where its file goes.
            resume: False starts over, whatever is on disk.

        Raises:
            FileTooLarge: this item cannot be on this disk.
            OutOfSpace, DestinationGone, DestinationUnwritable: the run cannot go on.
        """
        self._count()
        if self._current is not None and not self._current.ended:
            raise RuntimeError("an item is in hand already")
        pipeline = self._pipeline
        self._look()
        if self._largest is not None and key.size > self._largest:
            raise FileTooLarge(pipeline.root.path / phone.folder, key.size, self._largest)
        identity = part_identity(phone.serial, key)
        self._wait_for(identity)
        pipeline.slots.take(1, self._look)
        work = Work(phone, key, layout, identity, -1, 0)
        try:
            with pipeline.root.errors(lambda: work.path(pipeline.root), key.size):
                if not (resume and self._take_over(work)):
                    work.descriptor, work.offset = pipeline.parts.open(identity, key, resume=resume)
        except BaseException:
            pipeline.slots.give(1)
            raise
        work.done.acquire()
        pipeline.in_flight[identity] = work
        self._current = Incoming(pipeline, work)
        return self._current

    def results(self) -> list[Saved | NotSaved]:
        """What has become of committed items since the last call. Does not wait."""
        self._count()
        try:
            while True:
                self._receive(self._pipeline.results.get_nowait())
        except queue.Empty:
            return self._hand_out()

    def drain(self, timeout: float | None = None) -> list[Saved | NotSaved]:
        """Waits until every committed item has its result, and gives those not fetched yet.

        Args:
            timeout: seconds to wait at most; then what there is comes back.
        """
        self._count()
        self._pipeline.to_store.put((Step.NUDGE, None, None))
        end = None if timeout is None else time.monotonic() + timeout
        while self._received < self._committed:
            wait = PULSE if end is None else min(PULSE, end - time.monotonic())
            try:
                self._receive(self._pipeline.results.get(timeout=max(0.0, wait)))
            except queue.Empty:
                if end is not None and time.monotonic() >= end:
                    break
        return self._hand_out()

    @property
    def unfinished(self) -> int:
        """Committed items whose result has not been fetched yet."""
        self._count()
        return max(0, self._committed - self._received) + len(self._fetched)

    def close(self) -> list[Saved | NotSaved]:
        """Finishes what was committed, keeps the part of an item in hand, stops the threads.

        Works after an interrupt at any point, and after errors; further calls do nothing.

        Returns:
            Results not fetched yet.
        """
        if self._closed:
            return self._hand_out()
        self._pipeline.database.recover()
        if self._current is not None:
            self._current.abandon(keep_part=True)
        self._pipeline.to_store.put((Step.STOP, None, None))
        self._storing.join()
        self._finishing.join()
        self._closed = True
        for work in list(self._pipeline.in_flight.values()):
            self._pipeline.end(work)  # Ctrl-C struck before it was handed out
        self._pipeline.folders.close()
        if isinstance(self._pipeline.fatal, DestinationGone):
            self._pipeline.sums.close()
        else:
            self._pipeline.sums.finish()
        return self.results()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _count(self) -> None:
        """Counts the item in hand once it is committed."""
        if self._current is not None and self._current.ended:
            self._committed += self._current.committed
            self._current = None

    def _receive(self, result: Saved | NotSaved) -> None:
        self._fetched.append(result)
        self._received += 1

    def _hand_out(self) -> list[Saved | NotSaved]:
        out, self._fetched = self._fetched, []
        return out

    def _look(self) -> None:
        if self._pipeline.fatal is not None:
            raise self._pipeline.fatal
        if self._closed or not self._storing.is_alive():
            raise RuntimeError("the writer is closed")

    def _wait_for(self, identity: str) -> None:
        """The same item may still be under way: given up a moment ago, or listed twice by the phone."""
        while (other := self._pipeline.in_flight.get(identity)) is not None:
            self._pipeline.to_store.put((Step.NUDGE, None, None))
            if other.done.acquire(timeout=PULSE):
                other.done.release()

    def _take_over(self, work: Work) -> bool:
        """Looks for a complete file that a killed run left in place without a catalog row."""
        key, folders = work.key, self._pipeline.folders
        guess = taken_by_name(key.name, key.modified)
        with folders.lock:
            when = guess.local if guess else key.modified
            target = folders.for_item(work.phone, work.layout, key.storage, key.path[:-1], when)
        for name, descriptor in claim_strays(self._pipeline.root, target, key, key.size):
            work.descriptor, work.offset = descriptor, key.size
            work.placed = (target.path, name)
            return True
        return False
