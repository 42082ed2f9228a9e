"""The phone's end of the emulated bus: a `DevicePort` for a responder."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from mtpbackup.errors import PhoneGone, TransferCancelled
from mtpbackup.transport.base import Buffer
from mtpbackup.virtual.usbfs.pipes import Transfer

if TYPE_CHECKING:
    from mtpbackup.virtual.usbfs.device import UsbDevice

#: Class requests after which the transfer at hand is over. PIMA 15740 over USB, section 5.2.
_CANCEL, _DEVICE_RESET = 0x64, 0x66


class EmulatedPort:
    """One life of a phone's server, from being configured to reset or unplugging. A `DevicePort`.

    Attributes:
        closed: the life is over; set by the device.
        server_ended: nobody answers any more; set by the device.
        handler: who answers class requests. Without one Cancel and Device Reset are accepted, all else stalls.
    """

    def __init__(self, device: UsbDevice) -> None:
        self._device = device
        self._busy = False
        self._cancelled = False
        self.closed = False
        self.server_ended = False
        self.handler: Callable[[int, int, bytes, int], bytes | None] | None = None

    @property
    def packet_size(self) -> int:
        """wMaxPacketSize of the bulk endpoints."""
        return self._device.profile.packet_size

    @property
    def halted(self) -> bool:
        """Whether the host has still to clear an endpoint after `stall`."""
        with self._device.lock:
            return self._device.halted

    @property
    def busy(self) -> bool:
        """Whether `receive` or `send` is under way."""
        return self._busy

    def receive(self, limit: int) -> tuple[bytes, bool]:
        """Bytes of bulk OUT; see `DevicePort.receive`."""
        if limit < 1:
            raise ValueError("receive at least one byte")
        parts: list[bytes] = []
        missing, ended = limit, False
        with self._call():
            while missing and not ended:
                self._check()  # first: what the host sent after a reset or Cancel is for the next call
                taken = self._device.bulk_out.take(missing)
                if taken is None:
                    self._device.changed.wait()
                    continue
                data, ended = taken
                parts.append(data)
                missing -= len(data)
        return parts[0] if len(parts) == 1 else b"".join(parts), ended

    def send(self, parts: Iterable[Buffer], *, zero_length_end: bool = True) -> None:
        """Sends one transfer on bulk IN and waits until the host has taken it; see `DevicePort.send`.

        A part is asked for when the whole packets of those before have crossed, so what goes wrong while it is
        made goes wrong at just this byte.
        """
        pipe = self._device.bulk_in
        with self._call():
            transfer = pipe.begin(zero_length_end)
            try:
                for part in self._unlocked(self._device.paced(parts)):
                    pipe.feed(transfer, part)
                    self._move_packets(transfer)
                pipe.finish(transfer)
                while not transfer.done:
                    self._wait_for(transfer)
            finally:
                if not transfer.done:
                    pipe.drop_all()

    def send_event(self, packet: Buffer) -> None:
        """Sends a packet on the interrupt endpoint and waits until the host has read it.

        Raises:
            PhoneGone: the host is gone.
        """
        pipe = self._device.interrupt
        with self._device.lock:
            if self.closed:
                raise PhoneGone("the host reset or unplugged the phone")
            transfer = pipe.begin(zero_length_end=False)
            pipe.feed(transfer, packet)
            pipe.finish(transfer)
            while not transfer.done:
                if transfer.dropped:
                    raise PhoneGone("the host reset or unplugged the phone")
                self._device.changed.wait()

    def stall(self) -> None:
        """Halts both bulk endpoints until the host clears them."""
        with self._device.lock:
            if not self.closed:
                self._device.halt()

    def on_control(self, handler: Callable[[int, int, bytes, int], bytes | None]) -> None:
        """Sets who answers class requests; see `DevicePort.on_control`."""
        self.handler = handler

    def wait_until_closed(self) -> None:
        """Blocks until the host reset or unplugged the phone; for a `serve` that leaves the port to others."""
        with self._device.lock:
            while not self.closed:
                self._device.changed.wait()

    def answer(self, request: int, value: int, data: bytes, length: int) -> bytes | None:
        """Passes a class request on; called by the device, in the thread of endpoint 0."""
        handler = self.handler
        answer = handler(request, value, data, length) if handler is not None else None
        ends_transfer = request in {_CANCEL, _DEVICE_RESET}
        if handler is None and ends_transfer and not self.server_ended:
            answer = b""
        if answer is not None and ends_transfer:
            with self._device.lock:
                self._cancelled = self._busy
                # At once: what the host reads next must not be a piece of what it has cancelled.
                self._device.bulk_in.drop_all()
        return answer

    @contextlib.contextmanager
    def _call(self) -> Iterator[None]:
        """A call of the responder, with the device locked."""
        with self._device.lock:
            if self._busy:
                raise RuntimeError("a port is for one thread: another call is running")
            self._busy = True
            self._cancelled = False
            try:
                self._check()
                yield
            finally:
                self._busy = False

    def _unlocked(self, parts: Iterable[Buffer]) -> Iterator[Buffer]:
        """The responder's parts, made while others may use the device."""
        iterator = iter(parts)
        while True:
            self._device.lock.release()
            try:
                part = next(iterator, None)
            finally:
                self._device.lock.acquire()
            self._check()
            if part is None:
                return
            yield part

    def _move_packets(self, transfer: Transfer) -> None:
        while transfer.waiting >= self.packet_size:
            self._wait_for(transfer)

    def _wait_for(self, transfer: Transfer) -> None:
        self._check()
        if transfer.dropped:
            raise TransferCancelled("the endpoint was halted")
        self._device.changed.wait()

    def _check(self) -> None:
        if self.closed:
            raise PhoneGone("the host reset or unplugged the phone")
        if self._cancelled:
            raise TransferCancelled("the host sent a class request")
