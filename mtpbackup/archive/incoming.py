"""One item on its way into the archive, as the engine's thread holds it."""

from __future__ import annotations

import os

from mtpbackup.archive import disk
from mtpbackup.archive.pipeline import TOKEN_BYTES, Chunk, Lent, Pipeline, Step, Work
from mtpbackup.archive.records import ItemKey
from mtpbackup.errors import ItemUnreadable


class Incoming:
    """One item on its way into the archive. Used by one thread; ends with `commit` or `abandon`."""

    def __init__(self, pipeline: Pipeline, work: Work) -> None:
        """Made by `Writer.begin`."""
        self._pipeline = pipeline
        self._work = work
        self._handed = 0
        self._touched = False
        self._ended = self._committed = False

    @property
    def key(self) -> ItemKey:
        """The item."""
        return self._work.key

    @property
    def offset(self) -> int:
        """Bytes that are on disk already and need not be read from the phone again.

        Compare the end of them (`tail`) with the phone first; if they differ, call `restart`.
        """
        return self._work.offset

    @property
    def placed(self) -> bool:
        """Whether the bytes are a complete file in its final place that has no catalog row.

        A run died between rename and row, or a person copied it there. Compare, then commit at once; or
        `restart`, which leaves that file alone.
        """
        return self._work.placed is not None

    @property
    def ended(self) -> bool:
        """Whether it was committed or abandoned."""
        return self._ended

    @property
    def committed(self) -> bool:
        """Whether a result will follow."""
        return self._committed

    def tail(self, length: int) -> bytes:
        """The last bytes before `offset`, read from disk; fewer when there are fewer."""
        start = max(0, self.offset - length)
        return self.read_back(start, self.offset - start)

    def read_back(self, offset: int, length: int) -> bytes:
        """Bytes that are on disk already, from anywhere before `self.offset`."""
        length = max(0, min(length, self.offset - offset))
        with self._pipeline.root.errors(self._work.path(self._pipeline.root)):
            return disk.read_at(self._work.descriptor, offset, length)

    def restart(self) -> None:
        """Forgets what is on disk: `offset` becomes 0. Only before the first `write`."""
        work = self._work
        if self._touched or self._ended:
            raise RuntimeError("restart after write")
        with self._pipeline.root.errors(work.path(self._pipeline.root)):
            if work.placed is not None:
                opened, _ = self._pipeline.parts.open(work.identity, work.key, resume=False)
                work.placed, kept = None, work.descriptor
                work.descriptor = opened
                os.close(kept)
            elif work.offset:
                # The record goes first: it must never speak of bytes that are not there.
                self._pipeline.parts.forget_record(work.identity)
                os.ftruncate(work.descriptor, 0)
        work.offset = 0

    def write(self, chunk: Chunk) -> None:
        """Takes over the next bytes; waits while the queue is full. The chunk is released in every case.

        Raises:
            OutOfSpace, DestinationGone, DestinationUnwritable, FileTooLarge, ArchiveError: an earlier chunk
                could not be written. The item has failed: call `abandon`. No result will come for it.
        """
        size = len(chunk.data)
        tokens = min(self._pipeline.room.count, 1 + size // TOKEN_BYTES)
        lent = Lent(chunk, tokens)
        self._touched = True
        try:
            self._look()
            self._pipeline.room.take(tokens, self._look)
            self._pipeline.to_store.put((Step.WRITE, self._work, lent))
        except BaseException:
            # Was it handed over before Ctrl-C struck? Only one of two gets the claim.
            if lent.claim.acquire(blocking=False):
                chunk.release()
            raise
        self._handed += size

    def commit(self, size: int | None = None) -> None:
        """Says that all bytes were handed over. Exactly one `Saved` or `NotSaved` will follow in `results`.

        Args:
            size: bytes the item must have; `key.size` if None. (Sizes that phones list can be wrong.)

        Raises:
            ItemUnreadable: (WRONG_SIZE) another number of bytes was handed over. The part is discarded.
            ArchiveError: as `write`. When this raises, no result follows.
        """
        if self._ended:
            raise RuntimeError("commit after the end")
        handed = self.offset + self._handed
        expected = self.key.size if size is None else size
        if handed != expected:
            self.abandon(keep_part=False)
            reason = ItemUnreadable.Reason.WRONG_SIZE
            raise ItemUnreadable(self.key.shown_path, reason, expected, handed)
        try:
            self._look()
        except BaseException:
            self.abandon(keep_part=True)
            raise
        self._pipeline.to_store.put((Step.COMMIT, self._work, None))
        self._ended = self._committed = True

    def abandon(self, *, keep_part: bool) -> None:
        """Gives the item up; no result follows. Quick, and does nothing after `commit` or `abandon`.

        Args:
            keep_part: True keeps what has arrived (flushed, its length recorded) so that a later `begin` goes
                on from there; False deletes it.
        """
        if self._ended:
            return
        if (placed := self._work.placed) is not None:
            self._pipeline.folders.target(placed[0]).strays.add(placed[1])
        self._pipeline.to_store.put((Step.KEEP if keep_part else Step.DROP, self._work, None))
        self._ended = True

    def _look(self) -> None:
        if self._work.error is not None:
            raise self._work.error
        if self._pipeline.fatal is not None:
            raise self._pipeline.fatal
