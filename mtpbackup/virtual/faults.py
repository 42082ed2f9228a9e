"""Misbehaviour on request: what goes wrong, in which transaction, and at which byte.

A fault is frozen data; `Faults` counts what was used up. A new way to misbehave is a new `Effect`, and its
few lines in `Faults.strike` or in the responder's loop.
"""

from __future__ import annotations

import enum
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from mtpbackup.transport.base import Buffer
from mtpbackup.virtual.replies import Died, Silent, Stalled
from mtpbackup.wire import ResponseCode


class Effect(enum.Enum):
    """What goes wrong."""

    #: The cable is pulled.
    UNPLUG = enum.auto()
    #: Both bulk endpoints are halted and no response comes, as when the phone's disk fails (ANDROID.md,
    #: Reading).
    STALL = enum.auto()
    #: Nothing more comes; the transfer hangs.
    SILENCE = enum.auto()
    #: The server leaves its loop and does not come back.
    DIE = enum.auto()
    #: The command is answered with `Fault.response` and nothing is done. Not at a byte.
    REFUSE = enum.auto()
    #: `Fault.call` is called, and everything goes on: a file vanishes, the screen locks, a folder grows.
    CALL = enum.auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that goes wrong.

    Attributes:
        effect: what.
        operation: only in transactions of this operation; None for any.
        at_byte: when so many bytes of payload have crossed in a data phase, in either direction; None when the
            command has come, before anything is done.
        across: True when `at_byte` counts over all data phases that match, from the adding of the fault on.
        skip: how many matching transactions pass unharmed first. Not with `across`.
        times: how many transactions it hits; None for all.
        response: what REFUSE answers.
        call: what CALL calls.
    """

    effect: Effect
    operation: int | None = None
    at_byte: int | None = None
    across: bool = False
    skip: int = 0
    times: int | None = 1
    response: int = ResponseCode.DEVICE_BUSY
    call: Callable[[], object] | None = None


@dataclass(slots=True, eq=False)
class _Armed:
    """A fault, how many transactions it has seen and hit, and the bytes that count towards it."""

    fault: Fault
    seen: int = 0
    hits: int = 0
    passed: int = 0

    @property
    def spent(self) -> bool:
        return self.fault.times is not None and self.hits >= self.fault.times


class Faults:
    """The faults of one phone, and how far each has got. Any thread may add some.

    Attributes:
        unplug: pulls the cable.
    """

    def __init__(self, unplug: Callable[[], object]) -> None:
        self.unplug = unplug
        self._armed: list[_Armed] = []
        self._lock = threading.Lock()

    def add(self, *faults: Fault) -> None:
        """Arms faults."""
        with self._lock:
            self._armed.extend(_Armed(fault) for fault in faults)

    def clear(self) -> None:
        """Disarms all."""
        with self._lock:
            self._armed.clear()

    def take(self, operation: int) -> TransactionFaults:
        """What goes wrong in a transaction that begins now."""
        due: list[_Armed] = []
        with self._lock:
            for armed in self._armed:
                fault = armed.fault
                if armed.spent or fault.operation not in (None, operation):
                    continue
                armed.seen += 1
                if armed.seen <= fault.skip:
                    continue
                if fault.at_byte is None:
                    armed.hits += 1
                due.append(armed)
        return TransactionFaults(self, due)

    def strike(self, fault: Fault) -> None:
        """Lets a fault happen. `REFUSE` is for the caller.

        Raises:
            Stalled, Silent, Died: the effect.
        """
        match fault.effect:
            case Effect.UNPLUG:
                # Whoever moves bytes is told by the transport from here on.
                self.unplug()
            case Effect.STALL:
                raise Stalled
            case Effect.SILENCE:
                raise Silent
            case Effect.DIE:
                raise Died("as asked for by a fault")
            case Effect.CALL if fault.call is not None:
                fault.call()
            case Effect.CALL | Effect.REFUSE:
                return


class TransactionFaults:
    """What goes wrong in one transaction."""

    def __init__(self, faults: Faults, due: Sequence[_Armed]) -> None:
        self._faults = faults
        self._at_command = [armed.fault for armed in due if armed.fault.at_byte is None]
        #: Faults to come in the data phase, each with the byte of this phase at which it strikes.
        self._to_come = [
            (armed.fault.at_byte - (armed.passed if armed.fault.across else 0), armed)
            for armed in due
            if armed.fault.at_byte is not None
        ]
        self._counting = [armed for armed in due if armed.fault.across]
        self._crossed = 0

    def at_command(self) -> int | None:
        """Lets happen what happens before an operation is done.

        Returns:
            A response code, when the operation is to be refused with it.
        """
        response = None
        for fault in self._at_command:
            if fault.effect is Effect.REFUSE:
                response = fault.response
            self._faults.strike(fault)
        return response

    def guard(self, parts: Iterable[Buffer]) -> Iterator[Buffer]:
        """The parts of a data phase, cut where a fault strikes."""
        for part in parts:
            view = memoryview(part).cast("B")
            while view.nbytes:
                size = min([view.nbytes, *(byte - self._crossed for byte, _ in self._to_come)])
                if size > 0:
                    yield view[:size]
                    view = view[size:]
                self.crossed(max(size, 0))
        self.crossed(0)

    def crossed(self, size: int) -> None:
        """Counts payload, and lets happen what is due at this byte."""
        self._crossed += size
        for armed in self._counting:
            armed.passed += size
        for due in [each for each in self._to_come if each[0] <= self._crossed]:
            self._to_come.remove(due)
            due[1].hits += 1
            self._faults.strike(due[1].fault)
