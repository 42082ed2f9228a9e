"""The cable of a USB interface in memory, and the phone's end of it. The host's end is in `memory`.

Modelled as USB does it, so that mistakes show here and not on the first real phone:

- Nothing moves before both sides ask for it; `send` returns when the host took the last byte.
- A read of the host ends when it is full or with a short packet. A phone that leaves out its zero-length
  packet so has the next transfer continue in the same read; a host that leaves out its own keeps the phone
  waiting.
- A transfer is a run of packets up to a short one; where parts and requests were cut is not visible.
- A stall ends what is in flight on both bulk pipes, and whatever follows, until the halt is cleared.
- Bytes moved before the cable is pulled arrive, then both sides get `PhoneGone`.
- The phone does not notice when the host closes its transport and another one opens.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable
from typing import Protocol, TypeAlias

from mtpbackup.errors import EndpointStalled, InterfaceBusy, PhoneGone, TransferCancelled
from mtpbackup.transport.base import Buffer, Endpoint, Speed, UsbIdentity
from mtpbackup.transport.requests import BulkRequest, Outcome
from mtpbackup.transport.writing import pieces

ControlHandler: TypeAlias = Callable[[int, int, bytes, int], bytes | None]

#: Class requests that end a running data phase. PIMA 15740 USB still image class, section 5.2.
CANCEL, DEVICE_RESET = 0x64, 0x66

#: Bytes that the phone's side hands over at once.
_PIECE = 256 * 1024


class Bus(Protocol):
    """Watches a link, to count it or to charge virtual time for it.

    Called with the link locked: it must return at once and not touch the link.
    """

    def moved(self, endpoint: Endpoint, size: int, ended: bool) -> None:
        """`size` bytes crossed in one request of the host; `ended` when the transfer ended with them."""
        ...

    def controlled(self, request: int, size: int) -> None:
        """A class request crossed, with `size` bytes of data, either way."""
        ...


class Host(Protocol):
    """What a link tells the transport that is plugged into it. Called with the link locked."""

    def take_event(self, packet: bytes) -> None:
        """A packet came on the interrupt endpoint."""
        ...

    def lose_phone(self) -> None:
        """The cable was pulled."""
        ...


class MemoryLink:
    """The cable between one `MemoryPort` and the transports that use it one after the other.

    It is the `Driver` of the host's requests.

    Attributes:
        port: the phone's end.
        identity: what the phone says of itself.
        packet_size: wMaxPacketSize of the bulk endpoints.
    """

    def __init__(
        self, identity: UsbIdentity | None = None, *, packet_size: int = 512, bus: Bus | None = None
    ) -> None:
        self.identity = identity or UsbIdentity(0x18D1, 0x4EE1, "Virtual", "Phone", speed=Speed.HIGH)
        self.packet_size = packet_size
        self.port = MemoryPort(self)
        self._bus = bus
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        self._host: Host | None = None
        self._gone = False
        self._in_flight: dict[Endpoint, deque[BulkRequest]] = {Endpoint.IN: deque(), Endpoint.OUT: deque()}
        self._halted: set[Endpoint] = set()
        self._fuse: dict[Endpoint, int] = {}
        self._handler: ControlHandler | None = None
        self._reset_handler: Callable[[], bool] | None = None
        self._busy = False
        self._cancelled = False

    @property
    def gone(self) -> bool:
        """Whether the cable was pulled."""
        return self._gone

    def unplug(self) -> None:
        """Pulls the cable, for ever: a phone that is plugged in again is another link."""
        with self._lock:
            self._pull()

    def unplug_after(self, size: int, endpoint: Endpoint = Endpoint.IN) -> None:
        """Pulls the cable by itself once `size` more bytes have crossed a bulk endpoint."""
        with self._lock:
            self._fuse[endpoint] = size
            if size <= 0:
                self._pull()

    # --- for the host's end -------------------------------------------------------------------------------

    def attach(self, host: Host) -> None:
        """Claims the interface.

        Raises:
            InterfaceBusy: claimed already.
            PhoneGone: unplugged.
        """
        with self._lock:
            self._check_plugged()
            if self._host is not None:
                raise InterfaceBusy(self.identity.node)
            self._host = host
            self._changed.notify_all()

    def detach(self) -> None:
        """Gives the interface back."""
        with self._lock:
            self._host = None

    def submit(self, request: BulkRequest) -> None:
        """See `Driver.submit`."""
        with self._lock:
            self._check_plugged()
            if request.endpoint in self._halted:
                request.finish(Outcome.STALLED)
            else:
                self._in_flight[request.endpoint].append(request)
                self._changed.notify_all()

    def withdraw(self, request: BulkRequest) -> None:
        """See `Driver.withdraw`."""
        with self._lock:
            if request in self._in_flight[request.endpoint]:
                self._end(request, Outcome.WITHDRAWN)

    def control(self, request: int, value: int, data: bytes, length: int) -> bytes:
        """A class request.

        Raises:
            EndpointStalled: the phone refuses it.
        """
        with self._lock:
            self._check_plugged()
            handler = self._handler
        answer = handler(request, value, data, length) if handler is not None else None
        if handler is None and request in (CANCEL, DEVICE_RESET):
            answer = b""
        with self._lock:
            self._check_plugged()
            if answer is None:
                raise EndpointStalled("control")
            answer = answer[:length]
            if self._bus is not None:
                self._bus.controlled(request, len(data) + len(answer))
            if request in (CANCEL, DEVICE_RESET):
                self._cancel_call()
        return answer

    def clear_halt(self, endpoint: Endpoint) -> None:
        """Ends a stall."""
        with self._lock:
            self._check_plugged()
            self._halted.discard(endpoint)
            self._changed.notify_all()

    def reset(self) -> None:
        """A USB reset: what is in flight ends; the phone may leave (`MemoryPort.on_reset`).

        Raises:
            PhoneGone: it left.
        """
        with self._lock:
            self._check_plugged()
            handler = self._reset_handler
        stays = handler() if handler is not None else True
        with self._lock:
            self._halted.clear()
            self._cancel_call()
            if not stays:
                self._pull()
            self._check_plugged()

    # --- for the phone's end ------------------------------------------------------------------------------

    def receive(self, limit: int) -> tuple[bytes, bool]:
        """See `DevicePort.receive`."""
        data = bytearray()
        with self._lock:
            self._begin_call()
            try:
                while len(data) < limit:
                    request = self._await_request(Endpoint.OUT)
                    take = min(limit - len(data), request.size - request.filled)
                    take = self._spend_fuse(Endpoint.OUT, take)
                    data += request.view[request.filled : request.filled + take]
                    request.filled += take
                    if request.filled == request.size:
                        short = request.size % self.packet_size != 0 or request.size == 0
                        self._end(request, Outcome.COMPLETE, ended=short)
                    else:
                        short = False
                    self._blow_fuse(Endpoint.OUT)
                    if short:
                        return bytes(data), True
                return bytes(data), False
            finally:
                self._busy = False

    def send(self, parts: Iterable[Buffer], *, zero_length_end: bool) -> None:
        """See `DevicePort.send`."""
        with self._lock:
            self._begin_call()
        try:
            for piece in pieces(parts, self.packet_size, _PIECE, zero_length_end=zero_length_end):
                with self._lock:
                    self._send_piece(piece)
        finally:
            self._busy = False

    def send_event(self, packet: bytes) -> None:
        """See `DevicePort.send_event`."""
        with self._lock:
            while self._host is None:
                self._check_plugged()
                self._changed.wait()
            self._check_plugged()
            self._host.take_event(packet)

    def stall(self) -> None:
        """See `DevicePort.stall`."""
        with self._lock:
            self._halted = {Endpoint.IN, Endpoint.OUT}
            self._end_all(Outcome.STALLED)

    def set_handler(self, handler: ControlHandler) -> None:
        """See `DevicePort.on_control`."""
        with self._lock:
            self._handler = handler

    def set_reset_handler(self, handler: Callable[[], bool]) -> None:
        """See `MemoryPort.on_reset`."""
        with self._lock:
            self._reset_handler = handler

    # --- with the lock held -------------------------------------------------------------------------------

    def _check_plugged(self) -> None:
        if self._gone:
            raise PhoneGone("unplugged")

    def _end(self, request: BulkRequest, outcome: Outcome, *, ended: bool = False) -> None:
        self._in_flight[request.endpoint].remove(request)
        if self._bus is not None and (request.filled or outcome is Outcome.COMPLETE):
            self._bus.moved(request.endpoint, request.filled, ended)
        request.finish(outcome)

    def _end_all(self, outcome: Outcome) -> None:
        for requests in self._in_flight.values():
            while requests:
                self._end(requests[0], outcome)

    def _pull(self) -> None:
        if self._gone:
            return
        self._gone = True
        self._end_all(Outcome.GONE)
        if self._host is not None:
            self._host.lose_phone()
        self._changed.notify_all()

    def _begin_call(self) -> None:
        if self._busy:
            raise RuntimeError("a port is for one thread: another call is running")
        self._busy = True
        self._cancelled = False

    def _cancel_call(self) -> None:
        if self._busy:
            self._cancelled = True
            self._changed.notify_all()

    def _await_request(self, endpoint: Endpoint) -> BulkRequest:
        """Waits, as the phone, until the host asks."""
        requests = self._in_flight[endpoint]
        while True:
            self._check_plugged()
            if self._cancelled:
                raise TransferCancelled("the host sent a class request")
            if requests and endpoint not in self._halted:
                return requests[0]
            self._changed.wait()

    def _send_piece(self, piece: memoryview) -> None:
        """Moves one piece into the host's reads. Only the last of a transfer is no whole number of packets."""
        ends = len(piece) % self.packet_size != 0 or not piece
        if not piece:
            self._end(self._await_request(Endpoint.IN), Outcome.COMPLETE, ended=True)
        while piece:
            request = self._await_request(Endpoint.IN)
            take = min(len(piece), request.size - request.filled)
            take = self._spend_fuse(Endpoint.IN, take)
            request.view[request.filled : request.filled + take] = piece[:take]
            request.filled += take
            piece = piece[take:]
            last = ends and not piece
            if last or request.filled == request.size:
                self._end(request, Outcome.COMPLETE, ended=last)
            self._blow_fuse(Endpoint.IN)

    def _spend_fuse(self, endpoint: Endpoint, size: int) -> int:
        """How many of `size` bytes cross before the cable is pulled."""
        if endpoint not in self._fuse:
            return size
        size = min(size, self._fuse[endpoint])
        self._fuse[endpoint] -= size
        return size

    def _blow_fuse(self, endpoint: Endpoint) -> None:
        if self._fuse.get(endpoint) == 0:
            self._pull()


class MemoryPort:
    """The phone's end: a `DevicePort`, and a hand on the cable."""

    def __init__(self, link: MemoryLink) -> None:
        self.link = link

    @property
    def packet_size(self) -> int:
        """See `DevicePort`."""
        return self.link.packet_size

    def receive(self, limit: int) -> tuple[bytes, bool]:
        """See `DevicePort`. Returns when `limit` is reached or the transfer has ended, not before.

        A host's `write` returns when its zero-length packet was taken too: receive until the transfer ended.
        """
        if limit < 1:
            raise ValueError("receive at least one byte")
        return self.link.receive(limit)

    def send(self, parts: Iterable[Buffer], *, zero_length_end: bool = True) -> None:
        """See `DevicePort`. Returns when the host took the last byte."""
        self.link.send(parts, zero_length_end=zero_length_end)

    def send_event(self, packet: Buffer) -> None:
        """See `DevicePort`. Blocks while no host has the interface open."""
        self.link.send_event(bytes(packet))

    def stall(self) -> None:
        """See `DevicePort`."""
        self.link.stall()

    def on_control(self, handler: ControlHandler) -> None:
        """See `DevicePort`. Without a handler Cancel and Device Reset are accepted, all else is stalled.

        What a handler raises, its caller on the host's side gets: `TransportTimeout("control", seconds)` makes
        a phone that never answers. One that refuses Cancel is not cancelled.
        """
        self.link.set_handler(handler)

    def on_reset(self, handler: Callable[[], bool]) -> None:
        """Sets who hears of a USB reset.

        Its answer: True to stay, as without a handler; False to leave the bus, as Android does.
        """
        self.link.set_reset_handler(handler)

    def unplug(self) -> None:
        """Pulls the cable."""
        self.link.unplug()

    def unplug_after(self, size: int, endpoint: Endpoint = Endpoint.IN) -> None:
        """Pulls the cable by itself once `size` more bytes have crossed a bulk endpoint."""
        self.link.unplug_after(size, endpoint)
