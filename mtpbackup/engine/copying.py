"""Copies one item from the phone into the archive, going on inside it where an earlier try or run stopped."""

from __future__ import annotations

import logging
from collections.abc import Generator, Iterator
from contextlib import closing
from typing import Final

from mtpbackup.archive import Incoming, Layout, PhoneFolder, Writer
from mtpbackup.engine.reports import Count, ItemRef, ItemStarted, Progress, Report
from mtpbackup.engine.tasks import Task
from mtpbackup.errors import ItemUnreadable
from mtpbackup.phone import Item, Phone
from mtpbackup.transport.base import Chunk

log = logging.getLogger(__name__)

#: Reasons after which what has come so far is not worth keeping: it is not what the phone says the item is.
_NOT_TO_BE_KEPT: Final = (ItemUnreadable.Reason.WRONG_SIZE, ItemUnreadable.Reason.CHANGED)


class Meter:
    """Counts bytes and tells of them, not more often than a certain amount.

    Attributes:
        total: what will be copied in this run.
        done: items that are through, saved or given up.
        read: bytes that came from the phone.
    """

    def __init__(self, report: Report, step: int) -> None:
        self._report = report
        self._step = step
        self._since = 0
        self._position = 0
        self.total = Count()
        self.done = Count()
        self.read = 0

    def start(self, item: ItemRef, offset: int) -> None:
        """An item is begun, at an offset."""
        self._position = offset
        self._report(ItemStarted(item, offset))

    def came(self, item: ItemRef, length: int, position: int) -> None:
        """Bytes came from the phone, and the item is there up to a position."""
        self.read += length
        self._since += length
        self._position = position
        if self._since >= self._step:
            self._tell(item)

    def through(self, item: ItemRef) -> None:
        """An item is through."""
        self._position = 0
        self.done += Count(1, item.size)
        self._tell(item)

    def dropped(self) -> None:
        """The try in hand has failed; the item comes up again."""
        self._position = 0

    def _tell(self, item: ItemRef) -> None:
        self._since = 0
        done = self.done + Count(0, self._position)
        self._report(Progress(done, self.total, self.read, item))


class Copier:
    """Moves content from the phone to the writer."""

    def __init__(self, writer: Writer, folder: PhoneFolder, layout: Layout, window: int, meter: Meter) -> None:
        """Prepares.

        Args:
            writer: where content goes.
            folder: the phone's place in the archive.
            layout: where files go in it.
            window: bytes at the end of what is there already that are compared with the phone.
            meter: counts what comes.
        """
        self._writer = writer
        self._folder = folder
        self._layout = layout
        self._window = window
        self._meter = meter
        self._true_length: int | None = None

    def copy(self, phone: Phone, task: Task, item: Item) -> None:
        """Reads an item to its end and hands it to the writer. Its result comes later.

        On any error, Ctrl-C included, what has come so far is kept for the next try, unless it is known to be
        wrong, and the phone is left ready for its next command.

        Args:
            phone: an open phone.
            task: what is copied; `task.reached` follows.
            item: the task's item with a handle that is valid now.

        Raises:
            As `Writer.begin`, `Incoming.write`, `Incoming.commit`, `Phone.read`.
        """
        incoming = self._writer.begin(self._folder, task.key, self._layout)
        keep = True
        try:
            self._meter.start(task.ref, incoming.offset)
            if not self._fetch(phone, task, item, incoming):
                log.info("%r: what was there is not what the phone has; starting over", task.ref.shown_path)
                incoming.restart()
                self._meter.start(task.ref, 0)
                self._fetch(phone, task, item, incoming)
            incoming.commit(self._true_length)
        except ItemUnreadable as error:
            keep = error.reason not in _NOT_TO_BE_KEPT
            raise
        finally:
            incoming.abandon(keep_part=keep)  # does nothing after `commit`

    def _noting_length(self, reading: Generator[Chunk, None, int | None]) -> Iterator[Chunk]:
        """The chunks, and after them the length of an item of which the phone tells a wrong one."""
        self._true_length = yield from reading

    def _fetch(self, phone: Phone, task: Task, item: Item, incoming: Incoming) -> bool:
        """Compares the end of what is there, and goes on from it.

        Returns:
            False when the phone has something else there; then nothing was written.
        """
        offset = incoming.offset
        tail = incoming.tail(min(self._window, offset)) if offset else b""
        position = start = offset - len(tail)
        self._true_length = None
        with closing(phone.read(item, start)) as reading:
            for chunk in self._noting_length(reading):
                came = len(chunk.data)
                known = min(came, max(0, offset - position))
                if known:
                    same = chunk.data[:known] == tail[position - start : position - start + known]
                    if not same or known == came:
                        chunk.release()
                    if not same:
                        return False
                if known < came:
                    incoming.write(chunk.part(known, came) if known else chunk)
                position += came
                task.reached = max(task.reached, position)
                self._meter.came(task.ref, came, position)
        return position >= offset
