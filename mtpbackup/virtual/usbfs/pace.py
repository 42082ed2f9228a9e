"""A bus that has a rate, for measurements: an emulated one carries as much as the computer manages."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from mtpbackup.transport.base import Buffer

#: Bytes between two pauses, at least, and the seconds that a pause takes, at least: no clock sleeps for less.
_PIECE: Final = 64 * 1024
_PAUSE: Final = 0.001


def at_pace(
    parts: Iterable[Buffer],
    rate: float,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[Buffer]:
    """Bytes in pieces, each asked for again only when the bus would have carried the one before.

    A host that does not ask for bytes in time loses what the bus could have carried meanwhile; what it does
    while the bus is busy costs nothing. A clock that oversleeps is made up for in the next pause.

    Args:
        parts: bytes of one transfer.
        rate: bytes a second.
        clock: seconds that never go back.
        sleep: passes time.
    """
    size = max(_PIECE, int(rate * _PAUSE))
    late = 0.0
    for part in parts:
        view = memoryview(part).cast("B")
        for start in range(0, len(view), size):
            piece = view[start : start + size]
            yield piece
            took = len(piece) / rate - late
            began = clock()
            if took > 0:
                sleep(took)
            late = clock() - began - took
