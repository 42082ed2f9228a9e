"""The host's end of a USB interface in memory. How faithful it is: see `memory_link`."""

from __future__ import annotations

import queue
from collections.abc import Iterable
from types import TracebackType
from typing import Self

from mtpbackup.errors import PhoneGone, TransportError
from mtpbackup.transport.base import Buffer, Chunk, Endpoint, TransportOptions, UsbIdentity
from mtpbackup.transport.memory_link import Bus, MemoryLink, MemoryPort
from mtpbackup.transport.reading import ReadRing
from mtpbackup.transport.requests import Wake
from mtpbackup.transport.writing import WriteQueue


class MemoryTransport:
    """A `Transport` over a `MemoryLink`.

    Args:
        link: the cable; nobody else may have it open.
        options: how to move bytes.
        unplug_on_close: True when nobody can open the link again, so that the phone's thread ends.

    Raises:
        InterfaceBusy: somebody has it open.
        PhoneGone: unplugged.
    """

    def __init__(
        self, link: MemoryLink, options: TransportOptions | None = None, *, unplug_on_close: bool = False
    ) -> None:
        options = options or TransportOptions()
        self._link = link
        self._wake = Wake()
        self._ring = ReadRing(link, self._wake, options, link.packet_size)
        self._out = WriteQueue(link, self._wake, options, link.packet_size)
        self._events: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._unplug_on_close = unplug_on_close
        self._open = True
        link.attach(self)

    @property
    def identity(self) -> UsbIdentity:
        """See `Transport`."""
        return self._link.identity

    @property
    def packet_size(self) -> int:
        """See `Transport`."""
        return self._link.packet_size

    def write(self, parts: Iterable[Buffer], timeout: float) -> int:
        """See `Transport`."""
        self._check_open()
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

    def control_in(self, request: int, length: int, timeout: float, value: int = 0) -> bytes:
        """See `Transport`. The phone's handler runs in this thread, so `timeout` has no use."""
        self._check_open()
        return self._link.control(request, value, b"", length)

    def control_out(self, request: int, data: Buffer, timeout: float, value: int = 0) -> None:
        """See `Transport` and `control_in`."""
        self._check_open()
        self._link.control(request, value, bytes(data), 0)

    def clear_halt(self, endpoint: Endpoint) -> None:
        """See `Transport`."""
        self._check_open()
        self._link.clear_halt(endpoint)

    def reset(self) -> None:
        """See `Transport`."""
        self._check_open()
        self._ring.discard()
        self._link.reset()

    def next_event(self, timeout: float = 0.0) -> bytes | None:
        """See `Transport`."""
        try:
            packet = self._events.get(timeout=timeout) if timeout > 0 else self._events.get_nowait()
        except queue.Empty:
            return None
        if packet is None:
            self._events.put(None)  # for whoever asks next
            self._check_open()
            raise PhoneGone("the phone left the bus")
        return packet

    def close(self) -> None:
        """See `Transport`."""
        if not self._open:
            return
        self._open = False
        self._ring.discard()
        self._events.put(None)
        self._link.detach()
        if self._unplug_on_close:
            self._link.unplug()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    # --- the link calls these -----------------------------------------------------------------------------

    def take_event(self, packet: bytes) -> None:
        """See `memory_link.Host`."""
        self._events.put(packet)

    def lose_phone(self) -> None:
        """See `memory_link.Host`."""
        self._events.put(None)

    def _check_open(self) -> None:
        if not self._open:
            raise TransportError("this transport is closed")


def memory_pair(
    packet_size: int = 512,
    options: TransportOptions | None = None,
    *,
    identity: UsbIdentity | None = None,
    bus: Bus | None = None,
) -> tuple[MemoryTransport, MemoryPort]:
    """Both ends of a new USB interface in memory. Closing the transport pulls the cable.

    For a phone that is opened several times keep a `MemoryLink` and make a `MemoryTransport` of it each time.

    Args:
        packet_size: wMaxPacketSize of the bulk endpoints.
        options: how the transport moves bytes.
        identity: what the phone says of itself.
        bus: watches what crosses, as for virtual time.
    """
    link = MemoryLink(identity, packet_size=packet_size, bus=bus)
    return MemoryTransport(link, options, unplug_on_close=True), link.port
