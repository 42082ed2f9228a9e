"""One request for bytes, on its way between the caller's thread and a bus.

The logic of keeping requests in flight (`reading`, `writing`) is the same over libusb and in memory; a `Driver`
is the part that differs. Rules that make Ctrl-C harmless at any bytecode:

- All bookkeeping belongs to the caller's thread. A driver's own thread touches a request only to `finish` it.
- Facts are kept in the requests; `Wake` carries none. A wake-up that gets lost with an interrupted call costs
  nothing, as the facts are looked at again before anybody waits.
"""

from __future__ import annotations

import enum
import queue
import time
from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

from mtpbackup.errors import (
    EndpointStalled,
    PhoneGone,
    TransferCancelled,
    TransferOverflow,
    TransportError,
)
from mtpbackup.transport.base import Endpoint


class Outcome(enum.Enum):
    """How a request ended."""

    COMPLETE = "complete"
    WITHDRAWN = "withdrawn"
    STALLED = "stalled"
    OVERFLOW = "overflow"
    GONE = "gone"
    FAILED = "failed"


class NoRoom(TransportError):
    """The operating system has no memory for a request of this size now."""


class TransferFailed(TransportError):
    """A transfer broke off without a reason: a pulled cable, noticed before the kernel knows, or a bad one."""


class Wake:
    """Wakes the thread that waits for requests; also how other threads make it give up.

    A `SimpleQueue` is waited on, not a `Condition`: its `get` is one call into C that Ctrl-C interrupts without
    leaving a lock in the wrong state.
    """

    def __init__(self) -> None:
        self._tokens: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._cancelled = False

    def set(self) -> None:
        """Ends a running `wait`, or the next one."""
        self._tokens.put(None)

    def clear(self) -> None:
        """Forgets what happened so far. To be followed by a look at the facts, then by `wait`."""
        while not self._tokens.empty():  # one thread takes tokens, so there is one to get
            self._tokens.get_nowait()

    def wait(self, seconds: float | None) -> None:
        """Waits until `set`, at most so long; None is without limit."""
        try:
            self._tokens.get(timeout=None if seconds is None else max(seconds, 0.0))
        except queue.Empty:
            return

    def cancel(self) -> None:
        """Makes the running call, or the next one, raise `TransferCancelled`."""
        self._cancelled = True
        self.set()

    def raise_if_cancelled(self) -> None:
        """Raises `TransferCancelled` once for each `cancel`."""
        if self._cancelled:
            self._cancelled = False
            raise TransferCancelled("cancelled by another thread")


class Request:
    """Bytes asked of a pipe, or given to it.

    Attributes:
        pipe: where, as errors name it: "in", "out" or "control".
        view: the memory; its length is the size asked for.
        filled: bytes moved so far. Only final with `outcome`.
        outcome: how it ended; None while in flight.
        carrier: the driver's own object for it.
    """

    __slots__ = ("carrier", "filled", "outcome", "pipe", "view", "wake")

    def __init__(self, pipe: str, view: memoryview, wake: Wake) -> None:
        self.pipe = pipe
        self.view = view
        self.wake = wake
        self.filled = 0
        self.outcome: Outcome | None = None
        self.carrier: object = None

    @property
    def size(self) -> int:
        """Bytes asked for."""
        return len(self.view)

    def finish(self, outcome: Outcome, filled: int | None = None) -> None:
        """Says how it ended and wakes who waits. For the driver, once."""
        if filled is not None:
            self.filled = filled
        self.outcome = outcome
        self.wake.set()

    def error(self) -> TransportError:
        """The exception for a bad outcome."""
        match self.outcome:
            case Outcome.STALLED:
                return EndpointStalled(self.pipe)
            case Outcome.GONE:
                return PhoneGone("the phone left the bus")
            case Outcome.OVERFLOW:
                return TransferOverflow(f"more than {self.size} bytes came")
            case _:
                return TransferFailed(f"transfer on {self.pipe} ended as {self.outcome}")


class BulkRequest(Request):
    """A request of a bulk endpoint.

    Attributes:
        endpoint: IN or OUT.
    """

    __slots__ = ("endpoint",)

    def __init__(self, endpoint: Endpoint, view: memoryview, wake: Wake) -> None:
        super().__init__(endpoint.value, view, wake)
        self.endpoint = endpoint


class Driver(Protocol):
    """What carries requests: libusb, or a queue in memory."""

    def submit(self, request: BulkRequest) -> None:
        """Puts it in flight; `request.finish` follows from any thread.

        Raises:
            NoRoom: not now, and not of this size.
            PhoneGone: the phone is not there any more.
        """
        ...

    def withdraw(self, request: BulkRequest) -> None:
        """Asks for its end; `request.finish` follows soon, also when it had ended already."""
        ...


R = TypeVar("R", bound=Request)

#: Seconds in which a withdrawn request must have ended. Kernels do it in well under one.
SETTLE_SECONDS = 5.0


def withdraw_all(withdraw: Callable[[R], None], wake: Wake, requests: Sequence[R]) -> None:
    """Withdraws requests and waits until each has ended.

    Args:
        withdraw: withdraws one.
        wake: that of the requests.
        requests: some of them may have ended already.

    Raises:
        TransportError: one of them did not end; the device's driver is stuck.
    """
    pending = [request for request in requests if request.outcome is None]
    if not pending:
        return
    for request in reversed(pending):  # the last first, so that no later one moves bytes meanwhile
        withdraw(request)
    deadline = time.monotonic() + SETTLE_SECONDS
    while True:
        wake.clear()
        if all(request.outcome is not None for request in pending):
            return
        left = deadline - time.monotonic()
        if left <= 0:
            raise TransportError("withdrawn transfers did not end")
        wake.wait(left)
