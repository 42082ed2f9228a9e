"""Misbehaviour on request: what goes wrong, in which transaction, and at which byte.

A fault is frozen data; `Faults` counts what was used up. A new way to misbehave is a new `Effect`, and its
few lines in `Faults.strike` or in `Conversation`. Faults with names, and scripts of them, are in `mishaps`.
"""

from __future__ import annotations

import enum
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

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
    #: `Fault.seconds` pass before it goes on.
    WAIT = enum.auto()
    #: The data phase ends here, and the response says that all went well. Only at a byte.
    END_EARLY = enum.auto()
    #: The data phase ends without the zero-length packet that is due where it is a whole number of packets.
    NO_ZERO_PACKET = enum.auto()
    #: A zero-length packet too many comes after the data phase, and `Fault.amount` more of them.
    EXTRA_ZERO_PACKET = enum.auto()
    #: `Fault.amount` bytes of the data phase's header come in a transfer of their own; all 12 at most.
    SPLIT_HEADER = enum.auto()
    #: The header announces `Fault.amount` bytes more than come.
    WRONG_LENGTH = enum.auto()
    #: Data phase and response carry a transaction id that is `Fault.amount` too high.
    WRONG_ID = enum.auto()
    #: The response comes twice.
    RESPOND_TWICE = enum.auto()


#: What is wrong with how a data phase or response is sent, rather than something that happens. Not at a byte.
SHAPES: Final = frozenset(
    (
        Effect.NO_ZERO_PACKET,
        Effect.EXTRA_ZERO_PACKET,
        Effect.SPLIT_HEADER,
        Effect.WRONG_LENGTH,
        Effect.WRONG_ID,
        Effect.RESPOND_TWICE,
    )
)


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
        seconds: how long WAIT waits.
        amount: by how much something is wrong; see `Effect`.
    """

    effect: Effect
    operation: int | None = None
    at_byte: int | None = None
    across: bool = False
    skip: int = 0
    times: int | None = 1
    response: int = ResponseCode.DEVICE_BUSY
    call: Callable[[], object] | None = None
    seconds: float = 0.0
    amount: int = 0


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
        sleep: lets the seconds of WAIT pass.
    """

    def __init__(self, unplug: Callable[[], object], sleep: Callable[[float], object] = time.sleep) -> None:
        self.unplug = unplug
        self.sleep = sleep
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

    @property
    def struck(self) -> list[Fault]:
        """The faults that have hit a transaction so far."""
        with self._lock:
            return [armed.fault for armed in self._armed if armed.hits]

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
            case Effect.WAIT:
                self.sleep(fault.seconds)
            case _:
                return  # for whoever sends the answer


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
        self._shapes = {fault.effect: fault for fault in self._at_command if fault.effect in SHAPES}
        self._crossed = 0
        self._over = False

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

    def shape(self, effect: Effect) -> Fault | None:
        """The fault in how the answer of this transaction is sent, if it has this one."""
        return self._shapes.get(effect)

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
                if self._over:
                    return
        self.crossed(0)

    def crossed(self, size: int) -> None:
        """Counts payload, and lets happen what is due at this byte."""
        self._crossed += size
        for armed in self._counting:
            armed.passed += size
        for due in [each for each in self._to_come if each[0] <= self._crossed]:
            self._to_come.remove(due)
            due[1].hits += 1
            self._over = self._over or due[1].fault.effect is Effect.END_EARLY
            self._faults.strike(due[1].fault)
