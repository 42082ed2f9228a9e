"""One transaction: command, perhaps data one way, response.

What comes is taken by the type of its container, never by what the operation should bring: Android answers some
errors with a data phase and some without (ANDROID.md, GetObjectPropList).

Whose container is it? One that carries this transaction's id is ours. Another id means one of two things: the
rest of an earlier transaction that was given up (taking it would give one file the content of another), or a
phone that is careless about ids (refusing it would make that phone unusable). They are told apart by `Trust`:
as long as every transaction ended with its response nothing can be left over, and a strange id is taken, with a
warning; once one did not, only our own id counts, and the rest is dropped.
"""

from __future__ import annotations

import enum
import logging
from collections.abc import Sequence
from typing import Final

from mtpbackup.errors import EndpointStalled, RemoteProtocolError, TransportTimeout
from mtpbackup.session.outgoing import Outgoing
from mtpbackup.session.recovery import Recovery
from mtpbackup.transport.base import Chunk, Transport
from mtpbackup.wire.codes import ContainerType, OperationCode
from mtpbackup.wire.containers import (
    HEADER_SIZE,
    Command,
    ContainerEnd,
    ContainerParser,
    ContainerStart,
    Header,
    Payload,
    Response,
)
from mtpbackup.wire.transaction import Role, State, Step, Transaction

_log = logging.getLogger(__name__)

#: Bytes asked for while it is not known what comes: one read of a transport.
_FIRST_READ: Final = 256 * 1024
#: Bytes asked for ahead in a container of unknown length: enough to keep all reads of a transport in flight.
_FAR_AHEAD: Final = 64 * 1024 * 1024
#: Bytes of strange containers that are dropped before giving up.
_DROP_LIMIT: Final = 64 * 1024 * 1024
#: Containers, and empty transfers between them, that are dropped before giving up.
_DROP_COUNT: Final = 64
#: Seconds that a phone may leave a command lying before we look whether it is waiting for us.
_COMMAND_PATIENCE: Final = 2.0
#: Seconds without a byte that mean it is not.
_COMMAND_QUIET: Final = 0.1
#: Seconds to look for a response after the phone refused data.
_REFUSAL_QUIET: Final = 0.3


class StaleAnswer(RemoteProtocolError):
    """A container of another transaction, where only our own may be taken. Never leaves this package."""


class Trust(enum.Enum):
    """What to do with a container that carries another transaction's id."""

    #: Raise `StaleAnswer`: a session is being opened.
    EXACT = "exact"
    #: Drop it: an earlier transaction did not end with its response.
    WARY = "wary"
    #: Take it: nothing can be left over.
    EASY = "easy"


class Exchange:
    """One transaction under way.

    Attributes:
        operation: operation code.
        transaction_id: its id.
        announced: bytes that the data container's header announced; None before it came, or when it doesn't
            say.
        received: bytes of data handed out so far.
        missing: bytes announced that did not come, because the phone ended its data early.
        has_data: whether a data container came from the phone.
        response: how it ended; None while it has not.
        exact: whether every container carried our id.
        stall_cleared: whether the halts of a stall have been cleared already.
    """

    def __init__(
        self,
        transport: Transport,
        recovery: Recovery,
        operation: int,
        transaction_id: int,
        timeout: float,
        *,
        trust: Trust = Trust.EASY,
        honest: bool = False,
        expected: int | None = None,
    ) -> None:
        """Prepares; sends nothing.

        Args:
            transport: the pipe.
            recovery: for what is said beside transactions.
            operation: operation code.
            transaction_id: for this one.
            timeout: seconds without a byte.
            trust: see `Trust`.
            honest: whether this phone has shown that it repeats ids rightly.
            expected: bytes of data that the phone should send, if known. A hint that keeps reads in flight from
                the start; what the phone says counts.
        """
        self._transport = transport
        self._recovery = recovery
        self.operation = OperationCode(operation)
        self.transaction_id = transaction_id
        self._timeout = timeout
        self._trust = trust
        self._honest = honest
        self.expected = expected
        self.announced: int | None = None
        self.received = 0
        self.missing = 0
        self.has_data = False
        self.response: Response | None = None
        self.exact = True
        self.stall_cleared = False
        self.outgoing: Outgoing | None = None
        self._flow = Transaction(Role.INITIATOR)
        self._parser = ContainerParser()
        self._header: Header | None = None
        self._response_payload = bytearray()
        self._dropped = 0
        self._dropped_count = 0

    @property
    def state(self) -> State:
        """Where the transaction stands; `IDLE` before it and after it."""
        return self._flow.state

    def send(self, parameters: Sequence[int], data_out: Outgoing | None = None) -> None:
        """Sends the command, then the data if there is some.

        Raises:
            EndpointStalled: the phone refused it without an answer.
            TransportError: as `Transport.write`.
        """
        command = Command(self.operation, self.transaction_id, tuple(parameters))
        self._flow.send(Step.COMMAND)
        self._send_command(command.encode())
        if data_out is None:
            return
        self.outgoing = data_out
        self._flow.send(Step.DATA)
        packet_size = self._transport.packet_size
        try:
            for transfer in data_out.transfers(self.operation, self.transaction_id, packet_size):
                self._transport.write(transfer, self._timeout)
        except (EndpointStalled, TransportTimeout) as error:
            # A refusal may be said in words: a response that waits behind the stall, or instead of taking data.
            if isinstance(error, EndpointStalled):
                self._recovery.clear_stall()
                self.stall_cleared = True
            drained = self._recovery.drain(self.transaction_id, quiet=_REFUSAL_QUIET, seconds=2.0)
            if drained.response is None:
                raise
            self._end(drained.response)
        else:
            self._flow.send(Step.DATA_END)

    def next_chunk(self) -> Chunk | None:
        """The next bytes of the phone's data, lent by the transport; None once the response is there.

        Raises:
            WireError: bytes that make no sense, here or at this moment.
            TransportError: as `Transport.read`.
        """
        while self.response is None:
            payload = self._read_once()
            if payload is not None:
                return payload
        return None

    def begin(self) -> Chunk | None:
        """Reads until it is known whether data comes; returns data that came along with its header."""
        while self.response is None and not self.has_data:
            payload = self._read_once()
            if payload is not None:
                return payload
        return None

    @property
    def remaining(self) -> int | None:
        """Bytes of data still to come, or None when nobody said how many."""
        if self.state is not State.DATA_TO_INITIATOR:
            return 0
        if self.announced is not None:
            return max(self.announced - self.received, 0)
        return None if self.expected is None else max(self.expected - self.received, 0)

    def note_cancel(self) -> None:
        """The class request Cancel was taken by the phone: the transaction is over, without a response."""
        self._flow.send(Step.CANCEL)

    # --- inside -------------------------------------------------------------------------------------------

    def _send_command(self, packet: bytes) -> None:
        """Sends a command, in turns with reading away what may keep the phone from taking it.

        A phone that still has something to say - the late answer to a transaction that was given up, a response
        given twice - waits for us to read that before it reads a command: both sides would wait for ever.
        """
        left = self._timeout
        stalled = False
        while True:
            patience = min(left, _COMMAND_PATIENCE)
            left -= patience
            try:
                self._transport.write([packet], patience)
                return
            except TransportTimeout:
                if left <= 0:
                    raise
                self._recovery.drain(None, quiet=_COMMAND_QUIET, seconds=_COMMAND_PATIENCE)
            except EndpointStalled:
                # Left over from before: this command was not taken, so it can be sent again.
                if stalled:
                    raise
                stalled = True
                self._recovery.clear_stall()

    def _wanted(self) -> int:
        """Bytes to ask the transport for."""
        if self._parser.in_container and self._parser.remaining is not None:
            return max(self._parser.remaining, 1)
        if self.state is State.DATA_TO_INITIATOR:
            return max(self.remaining or _FAR_AHEAD, _FIRST_READ)
        if self.state is State.ANSWER_DUE:
            # Only a response is due: a short read keeps its hands off whatever a careless phone sends next.
            return self._transport.packet_size
        return _FIRST_READ if self.expected is None else HEADER_SIZE + self.expected

    def _read_once(self) -> Chunk | None:
        """Reads once. Returns the data in it, if any."""
        chunk = self._transport.read(self._wanted(), self._timeout)
        ours: Payload | None = None
        try:
            if not chunk.data and not self._parser.in_container:
                # One follows whatever fills its last packet; a phone could send them without end.
                self._dropped_count += 1
                self._drop(0)
            for part in self._parser.feed(chunk.data, chunk.ended):
                match part:
                    case ContainerStart(header):
                        self._container_starts(header)
                    case Payload(view):
                        if self._header is None:
                            self._drop(len(view))
                        elif self._header.type == ContainerType.DATA:
                            ours = part
                        else:
                            self._response_payload += view
                    case ContainerEnd():
                        self._container_ends(part)
        except BaseException:
            chunk.release()
            raise
        if ours is None:
            chunk.release()
            return None
        self.received += len(ours.view)
        return chunk.part(ours.offset, ours.offset + len(ours.view))

    def _container_starts(self, header: Header) -> None:
        if self.response is not None:
            _log.warning("after the response of %s: %s", self.operation.name, header)
            self._header = None
            self.exact = False
            return
        if not self._is_ours(header):
            _log.info("dropped while waiting for %s: %s", self.operation.name, header)
            self._header = None
            self._dropped_count += 1
            self._drop(0)
            return
        self._flow.receive(Step.of(header.type))
        self._header = header
        if header.type == ContainerType.DATA:
            self.has_data = True
            self.announced = header.payload_size

    def _container_ends(self, end: ContainerEnd) -> None:
        header, self._header = self._header, None
        if header is None:
            return
        if header.type == ContainerType.DATA:
            self.missing = end.missing
            self._flow.receive(Step.DATA_END)
            return
        self.response = Response.of(header, self._response_payload)

    def _is_ours(self, header: Header) -> bool:
        """Whether a container belongs to this transaction.

        Raises:
            StaleAnswer: it does not, and none but our own may come.
            RemoteProtocolError: it cannot belong to any.
        """
        if header.type == ContainerType.EVENT:
            return False
        if header.transaction_id == self.transaction_id:
            if header.type == ContainerType.DATA and header.code != self.operation:
                self.exact = False
                _log.warning("data of %s called %#06x", self.operation.name, header.code)
            return True
        if self._trust is Trust.EXACT:
            raise StaleAnswer(f"while opening the session: {header}")
        repeated = self._honest and header.transaction_id < self.transaction_id
        if self._trust is Trust.WARY or repeated:
            return False
        if header.type == ContainerType.DATA and header.code != self.operation:
            raise RemoteProtocolError(f"data of another operation in {self.operation.name}: {header}")
        self.exact = False
        _log.warning("taken for the answer to transaction %d: %s", self.transaction_id, header)
        return True

    def _drop(self, size: int) -> None:
        self._dropped += size
        if self._dropped > _DROP_LIMIT or self._dropped_count > _DROP_COUNT:
            raise RemoteProtocolError(f"no end of strange data while waiting for {self.operation.name}")

    def _end(self, response: Response) -> None:
        self._flow.receive(Step.RESPONSE)
        self.response = response
