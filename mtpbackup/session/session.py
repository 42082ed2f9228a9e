"""One conversation with a phone: transactions one at a time, and both sides in step after each."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Final, Self

from mtpbackup.errors import (
    EndpointStalled,
    LocalProtocolError,
    MtpBackupError,
    OperationFailed,
    OperationUnsupported,
    PhoneGone,
    RemoteProtocolError,
    SessionDropped,
    TransportError,
    TransportTimeout,
    WireError,
)
from mtpbackup.session.abandon import REST_QUIET, Ending, abandon
from mtpbackup.session.exchange import Exchange, Trust
from mtpbackup.session.incoming import Incoming
from mtpbackup.session.learnt import DISPENSABLE, Learnt, Memory, Model, ShortMemory
from mtpbackup.session.opening import open_session
from mtpbackup.session.outgoing import Outgoing
from mtpbackup.session.pace import pace_of
from mtpbackup.session.quirks import KNOWN_QUIRKS, KnownQuirk, Quirks, quirks_for
from mtpbackup.session.recovery import SURELY_MORE, Recovery
from mtpbackup.transport.base import Transport, UsbIdentity
from mtpbackup.wire import DeviceInfo, Event, OperationCode, Response, ResponseCode

_log = logging.getLogger(__name__)

#: Operations that every phone has, listed or not.
_ALWAYS: Final = frozenset(
    (OperationCode.GET_DEVICE_INFO, OperationCode.OPEN_SESSION, OperationCode.CLOSE_SESSION)
)
#: Pauses before a busy phone is asked again, seconds (PHONES.md, section 2: bursts of 2019, back off 20-500
#: ms). Altogether 8 s.
BUSY_PAUSES: Final = (0.02, 0.04, 0.08, 0.16, 0.32, *(0.5,) * 15)
#: The most bytes of a dataset: a list of one property of half a million objects.
DATASET_LIMIT: Final = 64 * 1024 * 1024
#: Seconds to look for the answer to a transaction that was given up, before the next one.
_OWED_QUIET: Final = 0.1
#: Events taken in one go, so that a phone which sends them without end does not hold up everything else.
_EVENTS_AT_ONCE: Final = 1000
#: The last id before they begin again; 0 and FFFFFFFF are none. PIMA 15740:2000, section 9.3.1.
_LAST_ID: Final = 0xFFFFFFFE


@dataclass(frozen=True, slots=True)
class Answer:
    """What a transaction brought.

    Attributes:
        parameters: of the response.
        data: the data phase, if there was one.
    """

    parameters: tuple[int, ...]
    data: bytearray | None = None


class Session:
    """An open session with one phone.

    Attributes:
        device_info: what the phone is and what it offers.
        quirks: what else is known of it.
        learnt: what it, or another like it, has shown in use.
        transactions: how many there were so far.
    """

    def __init__(
        self, transport: Transport, sleep: Callable[[float], None], clock: Callable[[], float]
    ) -> None:
        """For `open` only."""
        self._transport = transport
        self._sleep = sleep
        self._clock = clock
        self._recovery = Recovery(transport, sleep, clock)
        self._next_id = 1
        self._under_way: Exchange | None = None
        self._began = 0.0
        self._trust = Trust.EASY
        self._honest = False
        self._owed: set[int] = set()
        self._lost_step = False
        self._gone = False
        self._closed = False
        self._refused: set[int] = set()
        self._memory: Memory = ShortMemory()
        self.learnt = Learnt()
        self.device_info = DeviceInfo()
        self.quirks = Quirks()
        self.transactions = 0

    @classmethod
    def open(
        cls,
        transport: Transport,
        *,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
        known_quirks: Iterable[KnownQuirk] = KNOWN_QUIRKS,
        memory: Memory | None = None,
    ) -> Session:
        """Opens a session. The transport becomes the session's to close, also when this fails.

        Brings a phone back into step that another host left in the middle of something. OpenSession comes first
        of all: Samsung's phones want it within 3 s of being plugged in (PHONES.md, section 2), and some devices
        do not answer GetDeviceInfo before it.

        Args:
            transport: a claimed interface.
            sleep: waits; for tests.
            clock: seconds that never go back; for tests.
            known_quirks: the registry.
            memory: where it is kept what phones have shown in use; None to keep nothing.

        Raises:
            TransportError, WireError, OperationFailed: the phone does not answer as it should.
            PhoneGone: it left, perhaps because a USB reset was needed to wake it; it comes back within seconds.
        """
        session = cls(transport, sleep, clock)
        try:
            session._trust = open_session(transport, session._recovery, sleep, BUSY_PAUSES)
            info = session.run(OperationCode.GET_DEVICE_INFO)
            if info.data is None:
                raise RemoteProtocolError("no DeviceInfo")
            session.device_info = DeviceInfo.decode(info.data)
            session.quirks = quirks_for(transport.identity, session.device_info, known_quirks)
            session._remember(memory or ShortMemory())
        except BaseException:
            transport.close()
            raise
        return session

    # --- what the phone is --------------------------------------------------------------------------------

    @property
    def usb(self) -> UsbIdentity:
        """What USB says of the phone."""
        return self._transport.identity

    def supports(self, operation: int, *, remembered: bool = True) -> bool:
        """Whether the phone offers an operation, as far as it says and has shown.

        Args:
            operation: operation code.
            remembered: whether what an earlier session has learnt counts.
        """
        return operation in _ALWAYS or (
            operation in self.device_info.operations_supported
            and operation not in self.quirks.broken_operations
            and operation not in self._refused
            and not (remembered and operation in self.learnt.refused)
        )

    def learn(self, learnt: Learnt) -> None:
        """Takes note of what the phone has shown; `learnt` is what is known from now on."""
        if learnt != self.learnt:
            _log.info("learnt of %s: %s", self.device_info.model, learnt)
            self.learnt = learnt
            self._memory.keep(Model.of(self.device_info), learnt)

    # --- transactions -------------------------------------------------------------------------------------

    def run(
        self, operation: int, parameters: Sequence[int] = (), *, data_out: bytes | Outgoing | None = None
    ) -> Answer:
        """A transaction whose data is small: a dataset either way, or content to the phone.

        A busy phone is asked again for some seconds, except where `data_out` is an `Outgoing`, which can be
        sent once only.

        Args:
            operation: operation code.
            parameters: at most five numbers of 32 bits.
            data_out: data to the phone.

        Returns:
            The answer, if it was OK. Whether there is data in it is the phone's decision.

        Raises:
            OperationUnsupported: the phone does not list it, or says now that it does not know it.
            OperationFailed: the phone said no.
            EndpointStalled: the phone broke off. The next transaction works.
            SessionDropped: the phone has closed the session by itself: open another.
            WireError: the answer makes no sense, or is larger than any dataset.
            TransportError: no answer, or no phone.
            LocalProtocolError: another transaction is under way, or `data_out` is not of its size.
        """
        for pause in (*BUSY_PAUSES, None):
            outgoing = Outgoing(len(data_out), [data_out]) if isinstance(data_out, bytes) else data_out
            if outgoing is not None:
                outgoing.misjudged = self.quirks.misjudges_ends and operation == OperationCode.SEND_OBJECT
            exchange = self._prepare(operation)
            with self._conducting(exchange):
                exchange.send(parameters, outgoing)
                data = self._gather(exchange)
            response = self.complete(exchange)
            if not self._is_busy(response, pause, once=isinstance(data_out, Outgoing)):
                break
        self.raise_unless_ok(operation, response)
        if data is not None and exchange.missing:
            raise RemoteProtocolError(f"data of {exchange.operation.name} ends {exchange.missing} bytes early")
        return Answer(response.parameters, data)

    def stream(
        self, operation: int, parameters: Sequence[int] = (), *, expected: int | None = None
    ) -> Incoming:
        """A transaction that brings content, chunk by chunk.

        Args:
            operation: operation code.
            parameters: at most five numbers of 32 bits.
            expected: bytes that should come, if known. A hint: what comes is told by `Incoming`.

        Returns:
            The data under way. To be closed, best by `with`; until then no other transaction can be run.

        Raises:
            OperationUnsupported, OperationFailed, EndpointStalled, WireError, TransportError: as `run`; an
                error that is told after the data is raised by `Incoming` when its last chunk has been taken.
        """
        for pause in (*BUSY_PAUSES, None):
            exchange = self._prepare(operation, expected)
            with self._conducting(exchange, until_data=True):
                exchange.send(parameters)
                first = exchange.begin()
            if exchange.response is None:
                return Incoming(self, exchange, first)
            response = self.complete(exchange)
            if not self._is_busy(response, pause) or exchange.has_data:
                break
        # All there is came at once: an empty object, a short one, or an error.
        if not exchange.has_data:
            self.raise_unless_ok(operation, response)
        return Incoming(self, exchange, first)

    # --- events -------------------------------------------------------------------------------------------

    def events(self) -> list[Event]:
        """The events that have come since the last call; never waits. Of very many the rest comes next time."""
        found: list[Event] = []
        for _ in range(_EVENTS_AT_ONCE):
            packet = self._transport.next_event(0.0)
            if packet is None:
                break
            found.extend(_decoded(packet))
        return found

    def wait_for_event(self, timeout: float) -> Event | None:
        """The next event, or None after `timeout` seconds; junk counts as none."""
        packet = self._transport.next_event(timeout)
        return None if packet is None else next(_decoded(packet), None)

    # --- the end ------------------------------------------------------------------------------------------

    def close(self) -> None:
        """Ends the session and gives the interface back. May be called again; raises nothing."""
        if self._closed:
            return
        self._closed = True
        try:
            if self._under_way is not None:
                self.give_up(self._under_way, None)
            if not self._gone:
                self.run(OperationCode.CLOSE_SESSION)
        except MtpBackupError as error:
            _log.info("session not closed: %s", error)
        finally:
            self._transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    # --- for this package: the end of a transaction --------------------------------------------------------

    def give_up(self, exchange: Exchange, error: BaseException | None) -> None:
        """Brings the phone back into step after a transaction that did not end with its response.

        Args:
            exchange: the transaction.
            error: why; None when the caller has seen enough.
        """
        self._under_way = None
        # To a phone that is careless about ids this would mean never taking an answer again.
        self._trust = Trust.WARY if self._honest else self._trust
        try:
            match error:
                case PhoneGone():
                    self._gone = True
                case EndpointStalled():
                    if not exchange.stall_cleared:
                        self._recovery.clear_stall()
                case WireError():
                    self._lost_step = True
                    self._lost_step = not self._recovery.clear_pipe(exchange.transaction_id)
                    if self._lost_step:
                        self._reset()
                case _:
                    self._owed.add(exchange.transaction_id)
                    quiet = 0.5 if isinstance(error, TransportTimeout) else REST_QUIET
                    seconds = self._clock() - self._began
                    ending = abandon(exchange, self._transport, self._recovery, seconds, quiet=quiet)
                    _log.info("%s given up: %s", exchange.operation.name, ending.value)
                    if ending is Ending.ENDLESS:
                        self._reset()
                    elif ending is not Ending.OWED:
                        self._owed.discard(exchange.transaction_id)
        except PhoneGone:
            self._gone = True
        except TransportError as trouble:
            # The reason for giving up is what the caller hears of; what follows shows in the next transaction.
            _log.warning("while giving up %s: %s", exchange.operation.name, trouble)
            self._lost_step = True

    def complete(self, exchange: Exchange) -> Response:
        """Takes note of a transaction that came to its end, whatever its response."""
        self._under_way = None
        response = exchange.response
        if response is None:
            raise LocalProtocolError(f"{exchange.operation.name} has not ended")
        if exchange.exact:
            self._honest = self._honest or exchange.transaction_id > 0
            self._trust = Trust.EASY
            self._owed.clear()
        return response

    def raise_unless_ok(self, operation: int, response: Response) -> None:
        """Raises what a response other than OK means."""
        if response.code == ResponseCode.OK:
            return
        if response.code == ResponseCode.OPERATION_NOT_SUPPORTED:
            # It will not learn it while we talk: not asked again.
            self._refused.add(operation)
            if operation in DISPENSABLE:
                self.learn(replace(self.learnt, refused=self.learnt.refused | {operation}))
            raise OperationUnsupported(operation)
        if response.code == ResponseCode.SESSION_NOT_OPEN and operation != OperationCode.CLOSE_SESSION:
            # As Huawei's phones when small requests come too fast (PHONES.md, section 2). Handles may be void.
            self._gone = True
            self.learn(replace(self.learnt, pause=self.learnt.slower))
            raise SessionDropped("the phone has closed the session")
        raise OperationFailed(operation, response.code, response.parameters)

    # --- inside -------------------------------------------------------------------------------------------

    def _remember(self, memory: Memory) -> None:
        """Begins with what is known of the phone's model."""
        self._memory = memory
        self.learnt = memory.recall(Model.of(self.device_info))

    def _prepare(self, operation: int, expected: int | None = None) -> Exchange:
        """The next transaction, with the phone in step for it."""
        if self._under_way is not None:
            raise LocalProtocolError(f"{self._under_way.operation.name} is still under way")
        if self._gone:
            raise PhoneGone("it left, or was reset, before")
        if not self.supports(operation, remembered=False):
            raise OperationUnsupported(operation)
        if self._lost_step:
            self._lost_step = not self._recovery.clear_pipe()
        if self._owed:
            self._collect_owed()
        if self.learnt.pause:
            self._sleep(max(0.0, self._began + self.learnt.pause - self._clock()))
        transaction_id = self._next_id
        self._next_id = 1 if self._next_id == _LAST_ID else self._next_id + 1
        self.transactions += 1
        self._began = self._clock()
        return Exchange(
            self._transport,
            self._recovery,
            operation,
            transaction_id,
            pace_of(operation).value,
            trust=self._trust,
            honest=self._honest,
            expected=expected,
        )

    def _collect_owed(self) -> None:
        """Looks whether the answer to a transaction that was given up is there by now."""
        latest = max(self._owed)
        drained = self._recovery.drain(latest, quiet=_OWED_QUIET, seconds=REST_QUIET, size_limit=SURELY_MORE)
        if drained.response is not None:
            self._owed.clear()
        elif not drained.quiet:
            self._lost_step = not self._recovery.clear_pipe(latest)

    @contextmanager
    def _conducting(self, exchange: Exchange, *, until_data: bool = False) -> Iterator[None]:
        """Makes sure that the phone is in step again, whatever interrupts the body."""
        self._under_way = exchange
        try:
            yield
        except BaseException as error:
            self.give_up(exchange, error)
            raise
        if not (until_data and exchange.response is None):
            self._under_way = None

    def _gather(self, exchange: Exchange) -> bytearray | None:
        """The data phase as a whole."""
        data = bytearray()
        while (chunk := exchange.next_chunk()) is not None:
            try:
                data += chunk.data
            finally:
                chunk.release()
            if max(len(data), exchange.announced or 0) > DATASET_LIMIT:
                # The phone's memory is its own affair, ours is not.
                raise RemoteProtocolError(f"{exchange.operation.name} brings more than {DATASET_LIMIT} bytes")
        return data if exchange.has_data else None

    def _is_busy(self, response: Response, pause: float | None, *, once: bool = False) -> bool:
        """Whether to ask again; waits before that."""
        if response.code != ResponseCode.DEVICE_BUSY or pause is None or once:
            return False
        self._sleep(pause)
        return True

    def _reset(self) -> None:
        """The last resort: the phone's server starts anew, and every handle is void (ANDROID.md, AVOID 3)."""
        _log.warning("USB reset: the phone does not stop sending")
        self._gone = True
        self._transport.reset()


def _decoded(packet: bytes) -> Iterator[Event]:
    """The event in a packet of the interrupt endpoint, if it is one."""
    try:
        yield Event.decode(packet)
    except WireError as error:
        _log.info("no event: %s", error)
