"""How fast it goes, and how long it will take: computed from what was read, by the clock handed in."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import Final

#: Seconds that a rate looks back: long enough to be calm, short enough to notice a change of cable.
_WINDOW: Final = 15.0


class Pace:
    """A rate over the last seconds.

    Attributes:
        started: when the first byte was awaited, by the clock.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self.started = clock()
        self._marks: deque[tuple[float, int]] = deque([(self.started, 0)])

    def note(self, read: int) -> None:
        """Takes down how many bytes were read so far."""
        now = self._clock()
        self._marks.append((now, read))
        while len(self._marks) > 2 and now - self._marks[0][0] > _WINDOW:
            self._marks.popleft()

    @property
    def elapsed(self) -> float:
        """Seconds since the start."""
        return self._clock() - self.started

    @property
    def rate(self) -> float:
        """Bytes per second lately; 0 when unknown."""
        (then, before), (now, after) = self._marks[0], self._marks[-1]
        return (after - before) / (now - then) if now > then else 0.0

    def left(self, remaining: int) -> float | None:
        """Seconds until so many bytes more are read, or None when it would be a guess."""
        rate = self.rate
        return remaining / rate if rate > 0 and self.elapsed > 3 else None
