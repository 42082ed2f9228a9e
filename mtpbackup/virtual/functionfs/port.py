"""The phone's end of a FunctionFS interface: a `DevicePort` for a responder."""

from __future__ import annotations

import contextlib
import errno
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from mtpbackup.errors import PhoneGone, TransferCancelled
from mtpbackup.transport.base import Buffer
from mtpbackup.transport.writing import pieces
from mtpbackup.virtual.functionfs.endpoints import Endpoint

#: Bytes of one read or write. FunctionFS needs so much memory in one piece.
_PIECE: Final = 64 * 1024

#: The function was switched off, or its gadget is gone.
_GONE: Final = frozenset({errno.ESHUTDOWN, errno.ENODEV, errno.EBADF, errno.ECONNRESET})


@dataclass(frozen=True, slots=True)
class Endpoints:
    """The interface's endpoint files."""

    bulk_in: Endpoint
    bulk_out: Endpoint
    interrupt: Endpoint

    def all(self) -> tuple[Endpoint, Endpoint, Endpoint]:
        """All of them."""
        return self.bulk_in, self.bulk_out, self.interrupt


class FunctionFsPort:
    """One life of a phone's server, from being configured to reset or unplugging. A `DevicePort`.

    Attributes:
        packet_size: wMaxPacketSize of the bulk endpoints.
        handler: who answers class requests; None stalls them.
    """

    def __init__(self, endpoints: Endpoints, packet_size: int) -> None:
        self.packet_size = packet_size
        self.handler: Callable[[int, int, bytes, int], bytes | None] | None = None
        self._endpoints = endpoints
        self._lock = threading.Lock()
        self._closed = False
        self._busy = False
        self._cancelled = False
        #: Bytes of a packet that were more than was asked for, and whether the transfer ended with them.
        self._rest: tuple[bytes, bool] = (b"", False)

    # --- DevicePort

    def receive(self, limit: int) -> tuple[bytes, bool]:
        """Bytes of bulk OUT; see `DevicePort.receive`."""
        if limit < 1:
            raise ValueError("receive at least one byte")
        parts: list[bytes] = []
        missing, ended = limit, False
        with self._call():
            while missing and not ended:
                data, ended = self._next(missing)
                parts.append(data)
                missing -= len(data)
        return parts[0] if len(parts) == 1 else b"".join(parts), ended

    def send(self, parts: Iterable[Buffer], *, zero_length_end: bool = True) -> None:
        """Sends one transfer on bulk IN and waits until the host has taken it; see `DevicePort.send`."""
        with self._call():
            for piece in pieces(parts, self.packet_size, _PIECE, zero_length_end=zero_length_end):
                self._endpoints.bulk_in.write(bytes(piece), self._check)

    def send_event(self, packet: Buffer) -> None:
        """Sends a packet on the interrupt endpoint and waits until the host has read it.

        Raises:
            PhoneGone: the host is gone.
        """
        try:
            self._endpoints.interrupt.write(bytes(packet), self._check_open)
        except OSError as error:
            raise PhoneGone("the host reset or unplugged the phone") from error

    def stall(self) -> None:
        """Halts both bulk endpoints until the host clears them."""
        self._rest = (b"", False)
        with self._call():
            self._endpoints.bulk_in.halt(to_host=True, check=self._check)
            self._endpoints.bulk_out.halt(to_host=False, check=self._check)

    def on_control(self, handler: Callable[[int, int, bytes, int], bytes | None]) -> None:
        """Sets who answers class requests; see `DevicePort.on_control`."""
        self.handler = handler

    # --- for whoever watches ep0

    def cancel(self) -> None:
        """Ends the running `receive` or `send`, if there is one."""
        with self._lock:
            self._cancelled = self._busy
        for endpoint in (self._endpoints.bulk_in, self._endpoints.bulk_out):
            endpoint.wake(lambda: self._cancelled)

    def close(self) -> None:
        """The life is over: all calls, now and later, raise `PhoneGone`."""
        self._closed = True
        for endpoint in self._endpoints.all():
            endpoint.wake(lambda: True)

    # --- inside

    def _next(self, missing: int) -> tuple[bytes, bool]:
        """What is left of an earlier packet, or else the next read."""
        (data, ended), self._rest = self._rest, (b"", False)
        if not data:
            # Whole packets only: the host's packet must fit.
            size = min(-(-missing // self.packet_size) * self.packet_size, _PIECE)
            data = self._endpoints.bulk_out.read(size, self._check)
            ended = len(data) < size
        if len(data) > missing:
            self._rest = (data[missing:], ended)
            return data[:missing], False
        return data, ended

    @contextlib.contextmanager
    def _call(self) -> Iterator[None]:
        with self._lock:
            if self._busy:
                raise RuntimeError("a port is for one thread: another call is running")
            self._busy, self._cancelled = True, False
        try:
            self._check()
            yield
        except OSError as error:
            if error.errno in _GONE:
                raise PhoneGone("the host reset or unplugged the phone") from error
            raise
        finally:
            with self._lock:
                self._busy = False

    def _check_open(self) -> None:
        if self._closed:
            raise PhoneGone("the host reset or unplugged the phone")

    def _check(self) -> None:
        self._check_open()
        if self._cancelled:
            self._rest = (b"", False)
            raise TransferCancelled("the host sent a class request")
