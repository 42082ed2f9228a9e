"""The pipeline that turns chunks into safe files while the engine goes on reading from the phone.

engine thread            writer thread             finisher thread
begin, write, commit  →  write to .part, hash   →  flush, taken time, rename, flush folder, catalog rows
                         (chunk released here)     (a batch at a time)  →  results()
"""

from __future__ import annotations

from types import TracebackType
from typing import Protocol, Self

from mtpbackup.archive.records import ItemKey, Layout, NotSaved, PhoneFolder, Saved


class Chunk(Protocol):
    """Bytes lent by whoever reads the phone (`mtpbackup.transport.base.Chunk` fits)."""

    @property
    def data(self) -> memoryview:
        """The bytes, valid until `release`."""
        ...

    def release(self) -> None:
        """Gives the buffer back; called once, from the writer's thread."""
        ...


class Incoming:
    """One item on its way into the archive. Used by one thread; ends with `commit` or `abandon`.

    Attributes:
        key: the item.
        offset: bytes that are on disk already and need not be read from the phone again. Compare the end of
            them (`tail`) with the phone first; if they differ, call `restart`.
        placed: True when the bytes are a complete file in its final place without a catalog row (a run died
            between rename and row, or a person copied it there). Compare, then commit at once; or `restart`,
            which leaves that file alone.
    """

    key: ItemKey
    offset: int
    placed: bool

    def tail(self, length: int) -> bytes:
        """The last bytes before `offset`, read from disk; fewer when there are fewer."""
        raise NotImplementedError

    def read_back(self, offset: int, length: int) -> bytes:
        """Bytes that are on disk already, from anywhere before `offset`."""
        raise NotImplementedError

    def restart(self) -> None:
        """Forgets what is on disk: `offset` becomes 0. Only before the first `write`."""
        raise NotImplementedError

    def write(self, chunk: Chunk) -> None:
        """Takes over the next bytes; waits while the queue is full. The chunk is released in every case.

        Raises:
            OutOfSpace, DestinationGone, DestinationUnwritable, FileTooLarge, ArchiveError: an earlier chunk
                could not be written. The item has failed: call `abandon`. No result will come for it.
        """
        raise NotImplementedError

    def commit(self, size: int | None = None) -> None:
        """Says that all bytes were handed over. Exactly one `Saved` or `NotSaved` will follow in `results`.

        Args:
            size: bytes the item must have; `key.size` if None. (Sizes that phones list can be wrong.)

        Raises:
            ItemUnreadable: (WRONG_SIZE) another number of bytes was handed over. The `.part` is discarded.
            ArchiveError: as `write`. When this raises, no result follows.
        """
        raise NotImplementedError

    def abandon(self, *, keep_part: bool) -> None:
        """Gives the item up; no result follows. Quick, and does nothing after `commit` or `abandon`.

        Args:
            keep_part: True keeps what has arrived (flushed, its length recorded) so that a later `begin` goes
                on from there; False deletes it.
        """
        raise NotImplementedError


class Writer:
    """Saves items, made by `Archive.writer`. Used by one thread; close it, or use it as a context manager."""

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
        raise NotImplementedError

    def results(self) -> list[Saved | NotSaved]:
        """What has become of committed items since the last call. Does not wait."""
        raise NotImplementedError

    def drain(self, timeout: float | None = None) -> list[Saved | NotSaved]:
        """Waits until every committed item has its result, and gives those not fetched yet.

        Args:
            timeout: seconds to wait at most; then what there is comes back.
        """
        raise NotImplementedError

    @property
    def unfinished(self) -> int:
        """Committed items whose result has not been fetched yet."""
        raise NotImplementedError

    def close(self) -> list[Saved | NotSaved]:
        """Finishes what was committed, keeps the part of an item in hand, stops the threads.

        Works after an interrupt at any point, and after errors; further calls do nothing.

        Returns:
            Results not fetched yet.
        """
        raise NotImplementedError

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
