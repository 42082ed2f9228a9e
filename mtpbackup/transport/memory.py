"""The host's end of a USB interface in memory. How faithful it is: see `memory_link`."""

from __future__ import annotations

from mtpbackup.transport.base import Buffer, Endpoint, TransportOptions, UsbIdentity
from mtpbackup.transport.memory_link import Bus, MemoryLink, MemoryPort
from mtpbackup.transport.queued import QueuedTransport


class MemoryTransport(QueuedTransport):
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
        super().__init__(link, link.packet_size, options or TransportOptions())
        self._link = link
        self._unplug_on_close = unplug_on_close
        link.attach(self)

    @property
    def identity(self) -> UsbIdentity:
        """See `Transport`."""
        return self._link.identity

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

    def close(self) -> None:
        """See `Transport`."""
        if not self._open:
            return
        self._ring.discard()
        super().close()
        self._link.detach()
        if self._unplug_on_close:
            self._link.unplug()


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
