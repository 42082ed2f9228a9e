"""Keeping reads in flight on bulk IN, and lending what they brought.

Facts behind the numbers: the size of a read matters most, then the depth (2 to 4); usbfs allows 16 MiB in
flight for all programs together, so a refusal is answered by smaller reads, then by fewer.
"""

from __future__ import annotations

import logging
import time
from collections import deque

from mtpbackup.errors import TransportError, TransportTimeout
from mtpbackup.transport.base import Chunk, Endpoint, TransportOptions
from mtpbackup.transport.requests import BulkRequest, Driver, NoRoom, Outcome, Wake, withdraw_all

_log = logging.getLogger(__name__)

#: No read is made smaller than this for want of memory.
SMALLEST_CHUNK = 16 * 1024


class BufferPool:
    """A fixed number of buffers, made when first needed and re-used for ever. `give_back` is for any thread."""

    def __init__(self, count: int, size: int, wake: Wake) -> None:
        self._left = count
        self._size = size
        self._wake = wake
        self._free: deque[memoryview] = deque()

    def take(self) -> memoryview | None:
        """A buffer, or None when all are in use."""
        try:
            return self._free.pop()
        except IndexError:
            if not self._left:
                return None
            self._left -= 1
            return memoryview(bytearray(self._size))

    def give_back(self, buffer: memoryview) -> None:
        """Takes a buffer back."""
        self._free.append(buffer)
        self._wake.set()


class _Read(BulkRequest):
    """A read and the pool's buffer behind it, which may be longer than what was asked for."""

    __slots__ = ("buffer",)

    def __init__(self, buffer: memoryview, size: int, wake: Wake) -> None:
        super().__init__(Endpoint.IN, buffer[:size], wake)
        self.buffer = buffer


class ReadRing:
    """Bulk IN as an ordered stream of chunks.

    Requests are put in flight by `read` alone, for as many bytes as its caller expects and no more.
    """

    def __init__(self, driver: Driver, wake: Wake, options: TransportOptions, packet_size: int) -> None:
        if options.chunk_size % packet_size or options.chunk_size <= 0:
            raise ValueError(f"chunk size {options.chunk_size} is no multiple of {packet_size}")
        if not 0 < options.depth <= options.buffers:
            raise ValueError(f"depth {options.depth} needs as many buffers, not {options.buffers}")
        self._driver = driver
        self._wake = wake
        self._packet_size = packet_size
        self._chunk_size = options.chunk_size
        self._depth = options.depth
        self._pool = BufferPool(options.buffers, options.chunk_size, wake)
        self._queue: deque[_Read] = deque()
        self._error: TransportError | None = None

    def read(self, wanted: int, timeout: float) -> Chunk:
        """See `Transport.read`.

        Waiting for a lent buffer to come back has no time limit: it is not the phone that is late.
        """
        if wanted < 1:
            raise ValueError("a read is for one byte at least")
        last_move = time.monotonic()
        while True:
            self._wake.clear()
            self._wake.raise_if_cancelled()
            if self._error is not None:
                self._raise_pending()
            self._top_up(wanted)
            if not self._queue:
                self._wake.wait(None)
                last_move = time.monotonic()
                continue
            if self._queue[0].outcome is not None:
                chunk = self._take()
                if chunk is not None:
                    return chunk
                continue
            left = last_move + timeout - time.monotonic()
            if left > 0:
                self._wake.wait(left)
            elif not self._bring_in():
                raise TransportTimeout("in", timeout)

    def withdraw(self) -> None:
        """Ends all reads in flight; bytes that they hold are handed out by the next calls of `read`."""
        if self._queue:
            self._bring_in()

    def discard(self) -> int:
        """Ends all reads in flight and throws away what they hold. Returns how many bytes that was."""
        withdraw_all(self._driver.withdraw, self._wake, self._queue)
        self._error = None
        thrown = 0
        while self._queue:
            request = self._queue.popleft()
            thrown += request.filled
            self._pool.give_back(request.buffer)
        return thrown

    def _top_up(self, wanted: int) -> None:
        """Puts reads in flight until `wanted` bytes are covered, or `depth` or the pool is used up."""
        covered = in_flight = 0
        for request in self._queue:
            if request.outcome is None:
                in_flight += 1
                covered += request.size
            elif request.outcome is Outcome.COMPLETE and request.filled == request.size:
                covered += request.size
            else:
                return  # the transfer has ended here, or broken off: nothing is to be asked after it
        while covered < wanted and in_flight < self._depth:
            buffer = self._pool.take()
            if buffer is None:
                return
            size = min(self._chunk_size, -(-(wanted - covered) // self._packet_size) * self._packet_size)
            request = _Read(buffer, size, self._wake)
            # Queued before it is submitted: an interrupt between the two must not leave a read unknown.
            self._queue.append(request)
            try:
                self._driver.submit(request)
            except TransportError as error:
                self._queue.remove(request)
                self._pool.give_back(buffer)
                if isinstance(error, NoRoom):
                    if self._shrink(in_flight):
                        continue
                elif not self._queue:
                    raise
                return  # what came before is handed out first
            in_flight += 1
            covered += size

    def _shrink(self, in_flight: int) -> bool:
        """Asks for less after a refusal. Returns whether to try again at once."""
        if self._chunk_size >= 2 * SMALLEST_CHUNK:
            self._chunk_size //= 2
            # 1,024 is the largest packet: halves of a size that divides by it may not.
            self._chunk_size -= self._chunk_size % self._packet_size
        elif self._depth > 1:
            self._depth = max(self._depth // 2, 1)
            if in_flight:
                return False
        elif in_flight:
            return False
        else:
            raise TransportError(f"no memory for a read of {self._chunk_size} bytes")
        _log.info("reads are now %d x %d bytes: no memory for more", self._depth, self._chunk_size)
        return True

    def _take(self) -> Chunk | None:
        """Hands out the oldest request, which has ended; None if it holds nothing to hand out."""
        request = self._queue[0]
        complete = request.outcome is Outcome.COMPLETE
        if not complete and request.outcome is not Outcome.WITHDRAWN:
            self._error = request.error()
        self._queue.popleft()
        if not request.filled:
            self._pool.give_back(request.buffer)
            return Chunk(request.view[:0], ended=True) if complete else None
        ended = complete and request.filled < request.size
        buffer, pool = request.buffer, self._pool
        return Chunk(request.view[: request.filled], ended, lambda: pool.give_back(buffer))

    def _raise_pending(self) -> None:
        """Raises the error that ended a read, once the bytes before it are handed out."""
        error = self._error
        self.discard()
        assert error is not None
        raise error

    def _bring_in(self) -> bool:
        """Withdraws all reads. True if any of them holds something after all: bytes, an end or an error."""
        withdraw_all(self._driver.withdraw, self._wake, self._queue)
        for request in [r for r in self._queue if r.outcome is Outcome.WITHDRAWN and not r.filled]:
            self._queue.remove(request)
            self._pool.give_back(request.buffer)
        return bool(self._queue)
