"""Shows how far a long job is: a bar on a lively terminal, now and then a plain line elsewhere, or JSON."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import TYPE_CHECKING, Final

from mtpbackup.cli.pace import Pace
from mtpbackup.cli.voice import TerminalVoice, Voice
from mtpbackup.engine.reports import Count
from mtpbackup.messages import duration, plain, size

if TYPE_CHECKING:
    from mtpbackup.cli.bar import Bar

#: Seconds between two pictures of the bar, two plain lines, two JSON objects.
_BAR_EVERY: Final = 0.2
_LINE_EVERY: Final = 10.0
_JSON_EVERY: Final = 1.0


class ProgressDisplay:
    """Progress of one job, said in the way of its voice. `end` takes the bar away."""

    def __init__(
        self, voice: Voice, label: str, clock: Callable[[], float] = time.monotonic, *, hint: str = ""
    ) -> None:
        self._voice = voice
        self._label = label
        self._clock = clock
        self._stack = ExitStack()
        self._bar: Bar | None = None
        self._last = clock()
        self.pace = Pace(clock)
        if isinstance(voice, TerminalVoice):
            from mtpbackup.cli.bar import Bar  # noqa: PLC0415 - rich is heavy, and only a terminal needs it

            self._bar = self._stack.enter_context(Bar(label, hint))
            self._stack.enter_context(voice.above(self._bar))

    def show(self, done: Count, total: Count, read: int, detail: str) -> None:
        """Takes note of where the job is, and shows it if it is time to.

        Args:
            done: files and bytes so far.
            total: files and bytes in all.
            read: bytes moved in this run, for the rate.
            detail: the path in hand.
        """
        self.pace.note(read)
        now = self._clock()
        every = _BAR_EVERY if self._bar else _JSON_EVERY if self._voice.json else _LINE_EVERY
        if now - self._last < every:
            return
        self._last = now
        share = done.bytes / total.bytes if total.bytes else done.items / max(1, total.items)
        left = self.pace.left(total.bytes - done.bytes)
        self._voice.emit(
            "status",
            event="progress",
            job=self._label.lower(),
            files_done=done.items,
            files=total.items,
            bytes_done=done.bytes,
            bytes=total.bytes,
            share=round(share, 4),
            bytes_per_second=round(self.pace.rate),
            seconds_left=None if left is None else round(left),
            path=detail,
        )
        figures = [f"{_amount(done.bytes, total.bytes)}", f"{size(self.pace.rate)}/s"]
        if left is not None:
            figures.append(f"about {duration(left)} left")
        if self._bar:
            self._bar.update(min(1.0, share), figures, plain(detail.rpartition("/")[2]))
        else:
            self._voice.say(f"{self._label}: {share:.0%}, {', '.join(figures)}")

    def end(self) -> None:
        """Takes the bar away. May be called again."""
        self._stack.close()


def _amount(done: int, total: int) -> str:
    """As "25.5 of 41.8 GB": the unit once where both have the same."""
    first, second = size(done), size(total)
    number, _, unit = first.rpartition(" ")
    return f"{number if second.endswith(' ' + unit) else first} of {second}"
