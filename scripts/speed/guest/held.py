"""When a phone was in somebody's hand: from the first opening of its device node to the last closing.

The kernel tells of both (inotify), so every initiator is measured in the same way, and none is held up.
"""

from __future__ import annotations

import ctypes
import os
import select
import struct
import threading
import time
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from speed.guest.runs import Took

_OPEN: Final = 0x20
_CLOSED: Final = 0x08 | 0x10
_EVENT: Final = struct.Struct("iIII")


class Held:
    """Watches a device node, as a context; without one, nothing."""

    def __init__(self, node: Path | None) -> None:
        self._node = node
        #: When, and what.
        self._events: list[tuple[float, int]] = []

    def __enter__(self) -> Self:
        """Raises `OSError` where the kernel does not watch."""
        if self._node is None:
            return self
        library = ctypes.CDLL(None, use_errno=True)
        self._queue = library.inotify_init1(os.O_CLOEXEC)
        if self._queue < 0 or library.inotify_add_watch(self._queue, bytes(self._node), _OPEN | _CLOSED) < 0:
            raise OSError(ctypes.get_errno(), "inotify")
        self._end = os.eventfd(0)
        self._thread = threading.Thread(target=self._note)
        self._thread.start()
        return self

    def _note(self) -> None:
        while True:
            ready, _, _ = select.select([self._queue, self._end], [], [])
            if self._queue not in ready:
                return
            now = time.monotonic()
            data = os.read(self._queue, 1 << 16)
            while data:
                _, mask, _, length = _EVENT.unpack_from(data)
                self._events.append((now, mask))
                data = data[_EVENT.size + length :]

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._node is None:
            return
        os.eventfd_write(self._end, 1)
        self._thread.join()
        os.close(self._queue)
        os.close(self._end)

    def seconds(self, took: Took) -> float | None:
        """How long a run had the phone; None if not known."""
        return held_for(((when, bool(mask & _OPEN)) for when, mask in self._events), took)


def held_for(events: Iterable[tuple[float, bool]], took: Took) -> float | None:
    """Seconds from the first opening to the last closing during a run, or to its end if that comes first.

    Args:
        events: when, and whether it was opened, or else closed.
        took: the run; what was before and after it is somebody else's.
    """
    end = took.start + took.wall
    mine = [event for event in events if took.start <= event[0] <= end]
    first = next((when for when, opened in mine if opened), None)
    if first is None:
        return None
    still_open = sum(1 if opened else -1 for _, opened in mine) > 0
    return (end if still_open else mine[-1][0]) - first
