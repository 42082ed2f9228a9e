"""Events on their way to the host, in a thread of their own: each waits until the host reads it."""

from __future__ import annotations

import logging
import queue
import threading

from mtpbackup.errors import PhoneGone
from mtpbackup.transport.base import DevicePort
from mtpbackup.wire import Event

_log = logging.getLogger(__name__)


class EventSender:
    """Sends events one after the other; none is lost, and none holds up the responder.

    Android spends a thread on each until the host reads it (ANDROID.md, Events); here they queue.
    """

    def __init__(self, port: DevicePort) -> None:
        self._port = port
        self._queue: queue.SimpleQueue[Event | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="virtual phone events", daemon=True)
        self._thread.start()

    def put(self, event: Event) -> None:
        """Queues an event. Never blocks."""
        self._queue.put(event)

    @property
    def waiting(self) -> int:
        """Events that nobody has asked for yet."""
        return self._queue.qsize()

    def close(self) -> None:
        """Sends no more. An event under way ends when the host reads it or the cable is pulled."""
        self._queue.put(None)

    def join(self, timeout: float) -> bool:
        """Waits for the thread to end; whether it did."""
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while (event := self._queue.get()) is not None:
            try:
                self._port.send_event(event.encode())
            except PhoneGone:
                _log.debug("%s was not sent: the cable was pulled", event)
                return
