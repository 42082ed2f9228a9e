"""The writer's first background thread: writes chunks to the item's part, hashes them, gives them back."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from mtpbackup.archive import disk
from mtpbackup.archive.pipeline import Lent, Pipeline, Step, Work
from mtpbackup.errors import ArchiveError

log = logging.getLogger(__name__)

#: Read at a time when what is on disk already is hashed again.
_READ_BACK = 1024 * 1024


class StoringThread(threading.Thread):
    """Takes steps from `Pipeline.to_store`, passes items on to `to_finish`. Ends with STOP, never before."""

    def __init__(self, pipeline: Pipeline) -> None:
        super().__init__(name="archive-storing", daemon=True)
        self._pipeline = pipeline

    def run(self) -> None:
        """The thread's life."""
        pipeline = self._pipeline
        while True:
            step, work, lent = pipeline.to_store.get()
            if step is Step.STOP or work is None:
                pipeline.to_finish.put((step, None, 0))
                if step is Step.STOP:
                    return
            elif lent is not None:
                self._take(work, lent)
            elif not work.left:
                work.left = True
                self._leave(work, step)

    def _take(self, work: Work, lent: Lent) -> None:
        """Writes and hashes a chunk; releases it, whatever happens."""
        if not lent.claim.acquire(blocking=False):
            # Ctrl-C struck while it was handed over, and the engine's side has released it: bytes are missing.
            self._pipeline.fail(work, ArchiveError(work.path(self._pipeline.root), "interrupted"))
            self._pipeline.room.give(lent.tokens)
            return
        try:
            if self._pipeline.fatal is not None:
                self._pipeline.fail(work, self._pipeline.fatal)
            elif work.error is None and not work.left:
                with self._guarded(work):
                    self._store(work, lent.chunk.data)
        finally:
            lent.chunk.release()
            self._pipeline.room.give(lent.tokens)

    def _store(self, work: Work, data: memoryview) -> None:
        self._start(work)
        disk.write_all(work.descriptor, data)
        work.hasher.update(data)
        work.written += len(data)
        fresh = work.written - work.handed_on
        if fresh >= self._pipeline.limits.flush_every:
            self._pipeline.allowance.use(fresh)
            work.handed_on = work.written
            self._pipeline.to_finish.put((Step.FLUSH, work, fresh))

    def _leave(self, work: Work, step: Step) -> None:
        """The item's last step here: all its bytes are written."""
        if step is Step.COMMIT and work.error is None:
            with self._guarded(work):
                self._start(work)
        fresh = work.written - work.handed_on
        self._pipeline.allowance.use(fresh)
        work.handed_on = work.written
        self._pipeline.to_finish.put((step, work, fresh))

    @contextmanager
    def _guarded(self, work: Work) -> Iterator[None]:
        """Errors become the item's. A mistake of ours, too: it must not leave the engine waiting for ever."""
        try:
            with self._pipeline.alone(work):
                yield
        except Exception as bug:
            log.exception("storing failed")
            self._pipeline.fail(work, ArchiveError(work.path(self._pipeline.root), repr(bug)))

    def _start(self, work: Work) -> None:
        """Brings the hash up to what is on disk already, by reading it."""
        if work.started:
            return
        work.started = True
        buffer = memoryview(bytearray(min(_READ_BACK, work.offset))) if work.offset else memoryview(b"")
        while work.written < work.offset:
            part = buffer[: min(len(buffer), work.offset - work.written)]
            count = os.preadv(work.descriptor, [part], work.written)
            if count == 0:
                raise ArchiveError(
                    work.path(self._pipeline.root), "the part was cut off while it was read back"
                )
            work.hasher.update(part[:count])
            work.written += count
        work.handed_on = work.flushed = work.written
        if work.placed is None:
            os.lseek(work.descriptor, work.written, os.SEEK_SET)
