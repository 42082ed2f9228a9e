"""Requests as libusb transfers. Callbacks run in the thread of an `EventLoop`."""

from __future__ import annotations

import contextlib
import logging
import time
from collections import deque
from collections.abc import Callable
from typing import Any

import usb1

from mtpbackup.transport.base import Endpoint
from mtpbackup.transport.libusb.library import meaning_of
from mtpbackup.transport.match import MtpInterface
from mtpbackup.transport.requests import SETTLE_SECONDS, BulkRequest, Outcome, Request, Wake

_log = logging.getLogger(__name__)

#: Failures of the interrupt endpoint in a row after which it is left alone.
_EVENT_TRIES = 3

_OUTCOMES = {
    usb1.TRANSFER_COMPLETED: Outcome.COMPLETE,
    usb1.TRANSFER_CANCELLED: Outcome.WITHDRAWN,
    usb1.TRANSFER_STALL: Outcome.STALLED,
    usb1.TRANSFER_OVERFLOW: Outcome.OVERFLOW,
    usb1.TRANSFER_NO_DEVICE: Outcome.GONE,
    usb1.TRANSFER_ERROR: Outcome.FAILED,
}


class UsbDriver:
    """Carries requests by libusb transfers, which are re-used. See `requests.Driver`."""

    def __init__(self, handle: Any, interface: MtpInterface) -> None:
        self._handle = handle
        self._interface = interface
        self._idle: deque[Any] = deque()
        self._addresses = {Endpoint.IN: interface.bulk_in, Endpoint.OUT: interface.bulk_out}

    def submit(self, request: BulkRequest) -> None:
        """See `Driver.submit`."""
        transfer = self._transfer()
        transfer.setBulk(self._addresses[request.endpoint], request.view, self._finished, request)
        self._submit(request, transfer)

    def submit_control(
        self, request: Request, kind: int, number: int, value: int, index: int, data: bytes | int
    ) -> None:
        """Puts a control request in flight; what it brings is copied into the request's memory.

        Args:
            request: whose memory takes the answer.
            kind: bmRequestType.
            number: bRequest.
            value: wValue.
            index: wIndex.
            data: what to send, or how much to ask for.
        """
        transfer = self._transfer()
        transfer.setControl(kind, number, value, index, data, self._finished, request)
        self._submit(request, transfer)

    def _transfer(self) -> Any:
        return self._idle.pop() if self._idle else self._handle.getTransfer()

    def _submit(self, request: Request, transfer: Any) -> None:
        request.carrier = transfer
        try:
            transfer.submit()
        except usb1.USBError as error:
            request.carrier = None
            self._idle.append(transfer)
            raise meaning_of(error, request.pipe) from error

    def withdraw(self, request: Request) -> None:
        """See `Driver.withdraw`."""
        transfer: Any = request.carrier
        if transfer is None:
            request.finish(Outcome.WITHDRAWN)
            return
        if not transfer.isSubmitted() and not self._just_ended(request):
            # Ctrl-C came between our bookkeeping and libusb's. Sent now, it ends like any other.
            try:
                transfer.submit()
            except usb1.USBError:
                request.finish(Outcome.WITHDRAWN)
                return
        # Not found: it has ended, and its callback is on the way. No device: its callback comes too.
        with contextlib.suppress(usb1.USBErrorNotFound, usb1.USBErrorNoDevice):
            transfer.cancel()

    @staticmethod
    def _just_ended(request: Request) -> bool:
        """Whether a transfer that libusb does not know any more calls back soon."""
        deadline = time.monotonic() + 1.0
        while request.outcome is None and time.monotonic() < deadline:
            time.sleep(0.001)
        return request.outcome is not None

    def _finished(self, transfer: Any) -> None:
        """In the event thread: a transfer has ended."""
        request: Request = transfer.getUserData()
        outcome = _OUTCOMES.get(transfer.getStatus(), Outcome.FAILED)
        filled = transfer.getActualLength() if outcome is not Outcome.OVERFLOW else 0
        if transfer.getType() == usb1.TRANSFER_TYPE_CONTROL and request.size:
            request.view[:filled] = transfer.getBuffer()[:filled]
        self._idle.append(transfer)
        request.finish(outcome, filled)


class EventReader:
    """Keeps a read pending on the interrupt endpoint (ANDROID.md, Events: unread ones block the phone)."""

    def __init__(
        self, handle: Any, interface: MtpInterface, take: Callable[[bytes], None], lose: Callable[[], None]
    ) -> None:
        self._handle = handle
        self._address = interface.event
        self._take = take
        self._lose = lose
        self._failures = 0
        self._wake = Wake()
        self._pending = False
        self._paused = False
        if self._address is None:
            return
        # Whole packets, room for the longest event (24 bytes) wherever packets are small.
        size = max(interface.event_size, 1)
        self._buffer = bytearray(-(-64 // size) * size)
        self._transfer: Any = handle.getTransfer()
        self._transfer.setInterrupt(self._address, self._buffer, self._finished)
        self.resume()

    @property
    def pending(self) -> bool:
        """Whether a read is in flight: not without an endpoint, nor after it failed."""
        return self._pending

    def restart(self) -> None:
        """Asks again after a USB reset: what failed before it says nothing. For the transport's thread."""
        self._failures = 0
        self.resume()

    def resume(self) -> None:
        """Asks again after a failure; does nothing while a read is pending. For the transport's thread."""
        if self._address is None or self._pending:
            return
        if self._failures >= _EVENT_TRIES:
            return
        try:
            if self._failures:
                self._handle.clearHalt(self._address)
            self._paused = False
            self._pending = True
            self._transfer.submit()
        except usb1.USBErrorNoDevice:
            self._pending = False
            self._lose()
        except usb1.USBError as error:
            self._pending = False
            self._failures += 1
            _log.info("no events: %s", error)

    def pause(self) -> bool:
        """Withdraws the read. Returns whether it has ended."""
        deadline = time.monotonic() + SETTLE_SECONDS
        self._paused = True
        while self._pending and time.monotonic() < deadline:
            # Again and again: its callback may just have put it in flight once more.
            with contextlib.suppress(usb1.USBErrorNotFound, usb1.USBErrorNoDevice):
                self._transfer.cancel()
            self._wake.wait(0.05)
        return not self._pending

    def stop(self) -> bool:
        """Withdraws the read for good. Returns whether it has ended."""
        self._address = None
        return self.pause()

    def _finished(self, transfer: Any) -> None:
        """In the event thread."""
        status = transfer.getStatus()
        if status == usb1.TRANSFER_COMPLETED:
            self._failures = 0
            if transfer.getActualLength():
                self._take(bytes(self._buffer[: transfer.getActualLength()]))
            if not self._paused:
                try:
                    transfer.submit()
                    return
                except usb1.USBErrorNoDevice:
                    self._lose()
                except usb1.USBError as error:
                    self._failures += 1
                    _log.info("no more events: %s", error)
        elif status == usb1.TRANSFER_NO_DEVICE:
            self._lose()
        elif status != usb1.TRANSFER_CANCELLED:
            self._failures += 1
            _log.info("interrupt read ended with status %d", status)
        self._pending = False
        self._wake.set()
