"""Counts the bytes of a restore and tells of them, not more often than a certain amount."""

from __future__ import annotations

from mtpbackup.engine.reports import Count, ItemRef, PutStep, Report, RestoreProgress


class PutMeter:
    """Progress of one step at a time."""

    def __init__(self, report: Report, every: int) -> None:
        self._report = report
        self._every = every
        self._step = PutStep.SENDING
        self._total = Count()
        self._done = Count()
        self._moved = 0
        self._since = 0
        self._item: ItemRef | None = None
        self._position = 0

    def begin(self, step: PutStep, total: Count) -> None:
        """A step begins."""
        self._step, self._total = step, total
        self._done, self._moved, self._since, self._position = Count(), 0, 0, 0

    def start(self, item: ItemRef, offset: int = 0) -> None:
        """A file is in hand."""
        self._item, self._position = item, offset

    def moved(self, length: int) -> None:
        """Bytes of the file in hand crossed the cable."""
        self._position += length
        self._moved += length
        self._since += length
        if self._since >= self._every:
            self._tell()

    def aside(self, length: int) -> None:
        """Bytes crossed the cable that bring the file in hand no further, as when one is read back."""
        self._moved += length
        self._since += length
        if self._since >= self._every:
            self._tell()

    def through(self, item: ItemRef) -> None:
        """A file is through, in whatever way."""
        self._done += Count(1, item.size)
        self._item, self._position = item, 0
        self._tell()

    def _tell(self) -> None:
        self._since = 0
        if self._item is not None:
            done = self._done + Count(0, self._position)
            self._report(RestoreProgress(self._step, done, self._total, self._moved, self._item))
