"""The time that a real bus and a real phone would have taken, without taking it.

A modelled bus adds up virtual seconds while everything runs as fast as this computer can. It answers the
questions that speed work asks: how long would this take, and for which part of that time did the cable carry
content?
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field

from mtpbackup.transport.base import Endpoint


@dataclass(frozen=True, slots=True)
class Cost:
    """What one operation costs the phone itself, in seconds.

    Attributes:
        call: each time.
        element: for each object or list element in its answer.
        byte: for each byte of its data phase, beside the time that the bytes take on the bus.
    """

    call: float = 0.0
    element: float = 0.0
    byte: float = 0.0


@dataclass(slots=True, eq=False)
class ModelledBus:
    """A bus with a latency and a bandwidth. Pass it to `plug_in`.

    Attributes:
        latency_per_transaction: seconds from a command to the first byte of its answer.
        bytes_per_second: of the data phase, in both directions.
        costs: what operations cost beside that, by code.
        elapsed: virtual seconds so far.
        carrying: of these, seconds in which payload was on the bus.
        bytes_in, bytes_out: bytes that crossed to and from the computer, headers included.
        requests: transfers that the computer asked for.
    """

    latency_per_transaction: float = 0.001
    bytes_per_second: float = 40_000_000.0
    costs: Mapping[int, Cost] = field(default_factory=dict)
    elapsed: float = 0.0
    carrying: float = 0.0
    bytes_in: int = 0
    bytes_out: int = 0
    requests: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def transacted(self, operation: int, payload: int, elements: int) -> None:
        """Charges one transaction. The responder calls this once for each, when it is over.

        Args:
            operation: its code.
            payload: bytes of its data phase that crossed, headers not counted.
            elements: objects or list elements in it.
        """
        cost = self.costs.get(operation, Cost())
        carrying = payload / self.bytes_per_second
        with self._lock:
            self.carrying += carrying
            self.elapsed += (
                self.latency_per_transaction
                + cost.call
                + cost.element * elements
                + cost.byte * payload
                + carrying
            )

    def moved(self, endpoint: Endpoint, size: int, ended: bool) -> None:
        """Counts one request of the host's; called by the link in memory."""
        with self._lock:
            self.requests += 1
            if endpoint is Endpoint.IN:
                self.bytes_in += size
            else:
                self.bytes_out += size

    def controlled(self, request: int, size: int) -> None:
        """A class request costs one latency; called by the link in memory."""
        with self._lock:
            self.elapsed += self.latency_per_transaction

    def pass_time(self, seconds: float) -> None:
        """Adds time in which nothing happened, as when the program waits."""
        with self._lock:
            self.elapsed += seconds
