"""Endpoint 0: control requests, one after the other, in a thread of their own.

A phone that is busy or dead leaves them unanswered; the host then gives up by itself (DISCARDURB), which must
work while the phone's code is still at it.
"""

from __future__ import annotations

import errno
import threading
from collections import deque
from collections.abc import Callable, Iterable

from mtpbackup.errors import TransportTimeout
from mtpbackup.virtual.usbfs.abi import SETUP
from mtpbackup.virtual.usbfs.pipes import Urb


class ControlPipe:
    """Queue and thread of endpoint 0. Callers hold the device's lock, except for `settle`."""

    def __init__(self, lock: threading.RLock, answer: Callable[[bytes, bytes], bytes | None]) -> None:
        """Makes a pipe without a thread.

        Args:
            lock: the device's.
            answer: `(setup packet, data) -> answer`, None to stall; `TransportTimeout` to leave the host
                without
                an answer. Called without the lock.
        """
        self._answer = answer
        self._arrived = threading.Condition(lock)
        self._waiting: deque[Urb] = deque()
        self._thread: threading.Thread | None = None
        self._last_thread: threading.Thread | None = None

    def start(self) -> None:
        """Starts answering."""
        self._thread = threading.Thread(target=self._run, name="virtual phone, endpoint 0", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Ends the thread, as soon as the phone's code returns to it."""
        self._last_thread, self._thread = self._thread, None
        self._arrived.notify_all()

    def settle(self) -> None:
        """Waits for the thread to end, unless the phone's code hangs in it or it is the caller itself."""
        thread = self._last_thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(timeout=1.0)

    def submit(self, urb: Urb) -> None:
        """Queues a control request: `urb.data` is the setup packet and what the host sends with it."""
        self._waiting.append(urb)
        self._arrived.notify_all()

    def withdraw(self, urb: Urb, status: int) -> bool:
        """Ends a request, also while it is being answered; False when it has ended already."""
        if urb not in self._waiting:
            return False
        self._waiting.remove(urb)
        urb.complete(status)
        self._arrived.notify_all()
        return True

    def withdraw_all(self, status: int) -> None:
        """Ends all requests."""
        while self._waiting:
            self._waiting.popleft().complete(status)
        self._arrived.notify_all()

    def forget(self, urbs: Iterable[Urb]) -> None:
        """Takes URBs out; their program is gone, so nobody hears of it."""
        for urb in urbs:
            self.withdraw(urb, -errno.ENOENT)

    def _run(self) -> None:
        while True:
            with self._arrived:
                while not self._waiting and not self._stopped():
                    self._arrived.wait()
                if self._stopped():
                    return
                urb = self._waiting[0]  # it stays in the queue, so that it can be withdrawn meanwhile
            setup, data = urb.data[: SETUP.size], urb.data[SETUP.size :]
            try:
                answer = self._answer(setup, data)
            except TransportTimeout:
                self._wait_for_end(urb)
                continue
            with self._arrived:
                if urb not in self._waiting:
                    continue
                self._waiting.remove(urb)
                self._finish(urb, setup, data, answer)

    def _wait_for_end(self, urb: Urb) -> None:
        """The phone does not answer: waits until the host gives up."""
        with self._arrived:
            while urb.status is None and not self._stopped():
                self._arrived.wait()

    def _stopped(self) -> bool:
        return self._thread is not threading.current_thread()

    @staticmethod
    def _finish(urb: Urb, setup: bytes, data: bytes, answer: bytes | None) -> None:
        if answer is None:
            urb.complete(-errno.EPIPE)
            return
        kind, _, _, _, length = SETUP.unpack(setup)
        if kind & 0x80:
            urb.pieces = [memoryview(answer)[:length]]
            urb.actual = min(len(answer), length)
        else:
            urb.actual = len(data)
        urb.complete()
