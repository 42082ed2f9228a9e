"""Threads that block in pyusb's calls, so that nobody else has to.

Every call is a short one: after the backend's `slice_ms` without its end it returns, what came so far is kept,
and the thread looks whether the request was withdrawn.
"""

from __future__ import annotations

import array
import errno
import logging
import queue
import threading
import time
from collections.abc import Callable
from typing import Any, Final

import usb.core

from mtpbackup.errors import TransportError
from mtpbackup.transport.base import Endpoint
from mtpbackup.transport.match import MtpInterface
from mtpbackup.transport.pyusb.library import ExactBackend, outcome_of, translated
from mtpbackup.transport.pyusb.old_library import OldBackend
from mtpbackup.transport.pyusb.reading import ReadBroke
from mtpbackup.transport.requests import SETTLE_SECONDS, BulkRequest, Outcome, Request

_log = logging.getLogger(__name__)

#: One call moves less than the backend could where memory is short, and on a bus that moves 1 MB a second.
_SMALLEST: Final = 16 * 1024
_SLOW_PACKETS: Final = 64

#: Failures of the interrupt endpoint in a row after which it is left alone.
_EVENT_TRIES: Final = 3


class _Withdrawn:
    """Takes the place of a request's carrier when its end was asked for."""


_WITHDRAWN: Final = _Withdrawn()


class Worker:
    """A thread that carries requests one after the other."""

    def __init__(self, name: str, carry: Callable[[Request], tuple[Outcome, int]]) -> None:
        self._carry = carry
        self._queue: queue.SimpleQueue[Request | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name=f"pyusb {name}", daemon=True)
        self._thread.start()

    def submit(self, request: Request) -> None:
        """Carries it when its turn comes."""
        request.carrier = self
        self._queue.put(request)

    def withdraw(self, request: Request) -> None:
        """Has it end soon."""
        request.carrier = _WITHDRAWN
        # Once more, as Ctrl-C may have come before it was put there the first time. One that ended is skipped.
        self._queue.put(request)

    def stop(self) -> bool:
        """Ends the thread once what it carries has ended. May be called again. Returns whether it has ended."""
        self._queue.put(None)
        self._thread.join(SETTLE_SECONDS)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while (request := self._queue.get()) is not None:
            if request.outcome is not None:
                continue
            if request.carrier is _WITHDRAWN:
                request.finish(Outcome.WITHDRAWN)
                continue
            try:
                outcome, filled = self._carry(request)
            except Exception:
                _log.exception("a transfer could not be made")
                outcome, filled = Outcome.FAILED, 0
            request.finish(outcome, filled)


class PyusbDriver:
    """Carries bulk requests. See `requests.Driver`."""

    def __init__(self, device: Any, interface: MtpInterface, backend: ExactBackend | OldBackend) -> None:
        self._device = device
        self._interface = interface
        self._slice_ms = backend.slice_ms
        self._largest = _SMALLEST if interface.packet_size <= _SLOW_PACKETS else backend.largest
        if backend.one_packet:
            self._largest = interface.packet_size
        self._workers = {
            Endpoint.IN: Worker("in", self._carry_in),
            Endpoint.OUT: Worker("out", self._carry_out),
        }

    def submit(self, request: BulkRequest) -> None:
        """See `Driver.submit`."""
        self._workers[request.endpoint].submit(request)

    def withdraw(self, request: BulkRequest) -> None:
        """See `Driver.withdraw`."""
        self._workers[request.endpoint].withdraw(request)

    def stop(self) -> bool:
        """Ends the threads; nothing may be in flight. Returns whether they have ended."""
        ended = [worker.stop() for worker in self._workers.values()]
        return all(ended)

    def _carry_in(self, request: Request) -> tuple[Outcome, int]:
        filled = 0
        buffer = array.array("B")
        while request.carrier is not _WITHDRAWN:
            wanted = min(request.size - filled, self._largest)
            if len(buffer) != wanted:
                buffer = array.array("B", bytes(wanted))
            trouble = None
            try:
                came = self._device.read(self._interface.bulk_in, buffer, self._slice_ms)
            except ReadBroke as error:
                came, trouble = error.came, error
            request.view[filled : filled + came] = memoryview(buffer)[:came]
            filled += came
            if filled == request.size or (trouble is None and came < wanted):
                return Outcome.COMPLETE, filled
            if trouble is not None and trouble.in_time and not self._shrunk(trouble):
                return outcome_of(trouble), filled
        return Outcome.WITHDRAWN, filled

    def _carry_out(self, request: Request) -> tuple[Outcome, int]:
        sent = 0
        while request.carrier is not _WITHDRAWN:
            # `array` takes a buffer at once by this method; from a memoryview it would be built byte by byte.
            data = array.array("B")
            data.frombytes(request.view[sent : sent + self._largest])
            try:
                sent += self._device.write(self._interface.bulk_out, data, self._slice_ms)
            except usb.core.USBTimeoutError:
                continue
            except usb.core.USBError as error:
                if self._shrunk(error):
                    continue
                return outcome_of(error), sent
            if sent == request.size:
                return Outcome.COMPLETE, sent
        return Outcome.WITHDRAWN, sent

    def _shrunk(self, error: usb.core.USBError) -> bool:
        """Makes calls smaller after a refusal for want of memory. Returns whether to try again."""
        if error.errno != errno.ENOMEM or self._largest <= _SMALLEST:
            return False
        self._largest //= 2
        _log.info("calls are of %d bytes now: no memory for more", self._largest)
        return True


class EventReader:
    """A thread that reads the interrupt endpoint all the time: unread events block the phone (ANDROID.md).

    Args:
        device: pyusb's.
        interface: its interface.
        backend: of the device.
        take: is handed each packet.
        lose: is told that the phone left.
    """

    def __init__(
        self,
        device: Any,
        interface: MtpInterface,
        backend: ExactBackend | OldBackend,
        take: Callable[[bytes], None],
        lose: Callable[[], None],
    ) -> None:
        self._device = device
        self._backend = backend
        self._address = interface.event
        # Whole packets, room for the longest event (24 bytes) wherever packets are small.
        size = max(interface.event_size, 1)
        self._buffer = array.array("B", bytes(-(-64 // size) * size))
        self._take = take
        self._lose = lose
        self._stopping = False
        #: Held during each call, so that a reset finds none in flight.
        self.turn = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="pyusb events", daemon=True)
        if self._address is not None:
            self._thread.start()

    @property
    def listens(self) -> bool:
        """Whether the endpoint is read: not without one, nor after it failed too often."""
        return self._thread.is_alive()

    def stop(self) -> bool:
        """Ends the thread. May be called again. Returns whether it has ended."""
        self._stopping = True
        if self._thread.is_alive():
            self._thread.join(SETTLE_SECONDS)
        return not self._thread.is_alive()

    def _run(self) -> None:
        failures = 0
        while not self._stopping and failures < _EVENT_TRIES:
            try:
                with self.turn:
                    came = self._device.read(self._address, self._buffer, self._backend.event_ms)
            except usb.core.USBTimeoutError:
                time.sleep(self._backend.event_pause)  # lets somebody have the turn who waits for it
            except usb.core.USBError as error:
                if outcome_of(error) is Outcome.GONE:
                    self._lose()
                    return
                failures += 1
                _log.info("interrupt read failed: %s", error)
                self._clear_halt()
            else:
                failures = 0
                if came:
                    self._take(bytes(self._buffer[:came]))

    def _clear_halt(self) -> None:
        try:
            with self.turn, translated():
                self._device.clear_halt(self._address)
        except TransportError as error:
            _log.info("interrupt endpoint stays halted: %s", error)
