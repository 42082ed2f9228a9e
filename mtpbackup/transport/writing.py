"""Cutting what is written into requests, and keeping several of them in flight on bulk OUT.

USB ends a transfer with a packet that is not full. So every request but the last must be a whole number of
packets, and a transfer of a whole number of packets needs an empty one at its end: Android waits for it for
ever (ANDROID.md, Writing).
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable, Iterator

from mtpbackup.errors import TransportError, TransportTimeout
from mtpbackup.transport.base import Buffer, Endpoint, TransportOptions
from mtpbackup.transport.requests import BulkRequest, Driver, NoRoom, Outcome, Wake, withdraw_all

#: Small parts are joined up to this size; what is larger is sent from the caller's memory without a copy.
JOINED = 16 * 1024
#: Of one request. Larger ones would be told of later, when a transfer is given up in the middle.
LARGEST_PIECE = 256 * 1024


def pieces(
    parts: Iterable[Buffer], packet_size: int, largest: int, *, zero_length_end: bool = True
) -> Iterator[memoryview]:
    """The bytes of `parts`, joined, in pieces that are whole packets; only the last may not be.

    A 12-byte header and what follows it so share a packet. An empty piece stands at the end where USB needs a
    zero-length packet. No piece reaches over a multiple of `largest`: where pieces are cut is nothing to a real
    phone, but QEMU's usb-mtp takes each by itself into a buffer of 512 KiB and drops what does not fit.

    Args:
        parts: taken one by one.
        packet_size: of the endpoint.
        largest: bytes of a piece at most, a multiple of `packet_size`.
        zero_length_end: False leaves the empty piece out.
    """
    joined_size = min(max(JOINED - JOINED % packet_size, packet_size), largest)
    held = bytearray()
    total = cut = 0
    for part in parts:
        view = memoryview(part).cast("B")
        total += len(view)
        while view:
            room = largest - cut % largest
            if held or len(view) < packet_size:
                wanted = min(joined_size, room)
                take = wanted - len(held)
                held += view[:take]
                view = view[take:]
                if len(held) == wanted:
                    yield memoryview(held)
                    cut += wanted
                    held = bytearray()
            else:
                take = min(len(view) - len(view) % packet_size, room)
                yield view[:take]
                cut += take
                view = view[take:]
    if held:
        yield memoryview(held)
    if total % packet_size == 0 and zero_length_end:
        yield memoryview(b"")


class WriteQueue:
    """Bulk OUT: one transfer at a time, in as many requests as it takes."""

    def __init__(self, driver: Driver, wake: Wake, options: TransportOptions, packet_size: int) -> None:
        self._driver = driver
        self._wake = wake
        self._packet_size = packet_size
        self._largest = min(options.chunk_size, LARGEST_PIECE)
        self._depth = options.depth
        self._queue: deque[BulkRequest] = deque()

    def write(self, parts: Iterable[Buffer], timeout: float) -> int:
        """See `Transport.write`. However it ends, nothing of it is in flight afterwards."""
        self._withdraw()  # what an interrupted call may have left
        source = pieces(parts, self._packet_size, self._largest)
        waiting: deque[memoryview] = deque()
        sent = 0
        last_move = time.monotonic()
        try:
            while True:
                self._wake.clear()
                self._wake.raise_if_cancelled()
                while self._queue and self._queue[0].outcome is not None:
                    request = self._queue[0]
                    if request.outcome is not Outcome.COMPLETE:
                        raise request.error()
                    sent += request.filled
                    self._queue.popleft()
                    last_move = time.monotonic()
                if len(self._queue) < self._depth:
                    if not waiting:
                        waiting.extend(self._next(source))
                    if not self._queue:
                        last_move = time.monotonic()  # waiting for the source is not waiting for the phone
                    if waiting and self._submit(waiting):
                        continue
                    if not waiting and not self._queue:
                        return sent
                left = last_move + timeout - time.monotonic()
                if left > 0:
                    self._wake.wait(left)
                    continue
                untouched = len(self._queue)
                moved, rest = self._bring_back()
                if not moved and len(rest) == untouched:
                    raise TransportTimeout("out", timeout)
                sent += moved
                waiting.extendleft(reversed(rest))
                last_move = time.monotonic()
        finally:
            self._withdraw()

    def _withdraw(self) -> None:
        withdraw_all(self._driver.withdraw, self._wake, self._queue)
        self._queue.clear()

    def _next(self, source: Iterator[memoryview]) -> list[memoryview]:
        """The next piece as a list of one; an empty list at the end."""
        for piece in source:
            return [piece]
        return []

    def _submit(self, waiting: deque[memoryview]) -> bool:
        """Puts the first waiting piece in flight. False: no memory for it until another one has ended."""
        piece = waiting.popleft()
        request = BulkRequest(Endpoint.OUT, piece, self._wake)
        self._queue.append(request)
        try:
            self._driver.submit(request)
        except NoRoom:
            self._queue.remove(request)
            if self._queue:
                waiting.appendleft(piece)
                return False
            half = len(piece) // 2
            half -= half % self._packet_size
            if not half:
                raise TransportError(f"no memory for a write of {len(piece)} bytes") from None
            waiting.extendleft((piece[half:], piece[:half]))
        except TransportError:
            self._queue.remove(request)
            raise
        return True

    def _bring_back(self) -> tuple[int, list[memoryview]]:
        """Withdraws everything in flight: bytes that had moved after all, and what is left, in order."""
        withdraw_all(self._driver.withdraw, self._wake, self._queue)
        moved = 0
        rest: list[memoryview] = []
        for request in self._queue:
            if request.outcome not in (Outcome.COMPLETE, Outcome.WITHDRAWN):
                raise request.error()
            moved += request.filled
            if request.outcome is Outcome.WITHDRAWN:
                rest.append(request.view[request.filled :])
        self._queue.clear()
        return moved, rest
