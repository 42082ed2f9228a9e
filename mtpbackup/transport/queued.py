"""The part of a transport that is the same whatever carries its requests."""

from __future__ import annotations

import queue
from collections.abc import Iterable
from types import TracebackType
from typing import Final, Self

from mtpbackup.errors import PhoneGone, TransportError
from mtpbackup.transport.base import Buffer, Chunk, TransportOptions
from mtpbackup.transport.reading import ReadRing
from mtpbackup.transport.requests import Driver, Wake
from mtpbackup.transport.writing import WriteQueue

#: Events that are kept until somebody takes them. What they tell is asked for besides (ANDROID.md, Storages),
#: so those of a phone that sends more in the middle of one file can be dropped.
MOST_EVENTS: Final = 10_000


class EventQueue:
    """Packets of the interrupt endpoint that nobody took yet. For any thread."""

    def __init__(self) -> None:
        self._packets: queue.SimpleQueue[bytes | TransportError] = queue.SimpleQueue()

    def put(self, packet: bytes) -> None:
        """Adds a packet, unless too many wait already."""
        if self._packets.qsize() < MOST_EVENTS:
            self._packets.put(packet)

    def end(self, error: TransportError) -> None:
        """Says that no more will come; `take` raises `error` once it has handed out what came before."""
        self._packets.put(error)

    def take(self, timeout: float) -> bytes | None:
        """The oldest packet, or None when none came within `timeout` seconds."""
        try:
            packet = self._packets.get(timeout=timeout) if timeout > 0 else self._packets.get_nowait()
        except queue.Empty:
            return None
        if isinstance(packet, TransportError):
            self._packets.put(packet)  # for whoever asks next
            raise packet.with_traceback(None)
        return packet


class QueuedTransport:
    """Bulk pipes and events over a `Driver`. Control requests and opening are a subclass's."""

    def __init__(self, driver: Driver, packet_size: int, options: TransportOptions) -> None:
        self._wake = Wake()
        self._ring = ReadRing(driver, self._wake, options, packet_size)
        self._out = WriteQueue(driver, self._wake, options, packet_size)
        self._events = EventQueue()
        self._packet_size = packet_size
        self._open = True
        self._lost = False

    @property
    def packet_size(self) -> int:
        """See `Transport`."""
        return self._packet_size

    def write(self, parts: Iterable[Buffer], timeout: float) -> int:
        """See `Transport`."""
        self._check_open()
        # While it takes a command a phone does not expect to be asked for bytes: QEMU's usb-mtp stalls then.
        self._ring.withdraw()
        return self._out.write(parts, timeout)

    def read(self, wanted: int, timeout: float) -> Chunk:
        """See `Transport`."""
        self._check_open()
        return self._ring.read(wanted, timeout)

    def stop_reading(self) -> int:
        """See `Transport`."""
        self._check_open()
        return self._ring.discard()

    def cancel(self) -> None:
        """See `Transport`."""
        self._wake.cancel()

    def next_event(self, timeout: float = 0.0) -> bytes | None:
        """See `Transport`."""
        return self._events.take(timeout)

    def close(self) -> None:
        """See `Transport`. For a subclass to extend; what it does must bear being done twice."""
        if self._open:
            self._open = False
            self._events.end(TransportError("this transport is closed"))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _check_open(self) -> None:
        if not self._open:
            raise TransportError("this transport is closed")

    # --- for whoever hears the phone ----------------------------------------------------------------------

    def take_event(self, packet: bytes) -> None:
        """A packet came on the interrupt endpoint."""
        self._events.put(packet)

    def lose_phone(self) -> None:
        """The phone left the bus. May be said more than once."""
        if not self._lost:
            self._lost = True
            self._events.end(PhoneGone("the phone left the bus"))
