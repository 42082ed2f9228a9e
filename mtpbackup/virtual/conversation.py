"""The responder's end of the bulk pipes: commands and content in, data phases and responses out.

Two ways of taking what comes, chosen by `Persona.strict_transfers`. Android's server does not parse
containers: a command is what one transfer brings, a dataset is what one transfer brings, and the rest of a
transfer that was cut off is taken for the next command, which ends the server (ANDROID.md, Writing and
AVOID). Other responders go by the container's header.
"""

from __future__ import annotations

import itertools
import logging
import struct
from collections.abc import Iterable, Iterator
from dataclasses import replace

from mtpbackup.errors import WireError
from mtpbackup.transport.base import Buffer, DevicePort
from mtpbackup.virtual.faults import Effect, Fault, TransactionFaults
from mtpbackup.virtual.personas import Persona, Trouble
from mtpbackup.virtual.replies import Died, Payload, Refused
from mtpbackup.wire import (
    HEADER_SIZE,
    SIZE_UNKNOWN,
    Command,
    ContainerEnd,
    ContainerParser,
    Header,
    Response,
    Role,
    Step,
    Transaction,
    data_header,
)
from mtpbackup.wire import Payload as PayloadPart
from mtpbackup.wire.codes import ContainerType

_log = logging.getLogger(__name__)

#: What Android's server reads at first of a dataset or of content (ANDROID.md, Writing).
FIRST_PIECE = 16 * 1024
#: What it reads of a command.
COMMAND_SIZE = 512
#: Bytes asked for at once while content comes in.
PIECE = 256 * 1024


class Conversation:
    """One transaction after the other with whoever is at the other end of a port."""

    def __init__(self, port: DevicePort, persona: Persona) -> None:
        self._port = port
        self._persona = persona
        self._transaction = Transaction(Role.RESPONDER)
        self._faults: TransactionFaults | None = None
        #: A read was left behind, and will swallow the next data phase (ANDROID.md, class requests).
        self._stale_read = False
        #: Payload of a data phase that is still to come, for responders that read it to its end.
        self._parser: ContainerParser | None = None

    # --- what comes in ------------------------------------------------------------------------------------

    def next_command(self) -> Command:
        """Waits for a command.

        Raises:
            Died: what came is none, and this server does not survive that.
            TransferCancelled: the host sent a class request while there was nothing to cancel.
            PhoneGone: the cable was pulled.
        """
        self._transaction = Transaction(Role.RESPONDER)
        self._faults = None
        self._parser = None
        while True:
            data, ended = self._transfer(COMMAND_SIZE)
            if not data:
                continue  # the zero-length packet of a transfer that came before
            if self._persona.strict_transfers:
                command = _read_as_command(data)
            else:
                if not ended:
                    self._drain()
                try:
                    command = Command.decode(data)
                except WireError as error:
                    _log.debug("not a command: %s", error)
                    continue
            self._transaction.receive(Step.COMMAND)
            return command

    def watch(self, faults: TransactionFaults) -> None:
        """Sets the faults of the transaction in hand."""
        self._faults = faults

    def cancelled_while_idle(self) -> None:
        """The host cancelled where there was nothing to cancel."""
        self._stale_read = self._persona.idle_cancel_breaks

    def dataset(self) -> bytes:
        """The payload of a small data phase to us.

        Raises:
            TransferCancelled, PhoneGone: as the port.
        """
        self._lose_to_stale_read()
        self._transaction.receive(Step.DATA)
        if self._persona.strict_transfers:
            data, _ = self._transfer(FIRST_PIECE)
            payload = data[HEADER_SIZE:]
        else:
            payload = b"".join(self._container())
        self._transaction.receive(Step.DATA_END)
        self._crossed(len(payload))
        return payload

    def content(self, announced: int) -> Iterator[bytes]:
        """The payload of a large data phase to us, in pieces; the first one may be empty.

        Whoever stops early leaves the rest unread. Android's server takes that for a command, and dies of it.

        Args:
            announced: bytes that should come; `SIZE_UNKNOWN` for "until the transfer ends".

        Raises:
            Refused: more or fewer bytes came.
            TransferCancelled, PhoneGone: as the port.
        """
        self._lose_to_stale_read()
        self._transaction.receive(Step.DATA)
        received = 0
        if self._persona.strict_transfers:
            pieces = self._strict_content(announced)
        elif self._persona.misjudges_ends:
            pieces = self._misjudged_content(announced)
        else:
            pieces = self._container()
        for piece in pieces:
            received += len(piece)
            self._crossed(len(piece))
            yield piece
        self._transaction.receive(Step.DATA_END)
        if announced not in (SIZE_UNKNOWN, received):
            raise Refused(Trouble.WRONG_LENGTH)

    def skip_content(self) -> None:
        """Reads what is left of a data phase, where this phone does so before it answers."""
        if self._parser is not None:
            for _ in self._container():
                pass

    def _crossed(self, size: int) -> None:
        if self._faults is not None:
            self._faults.crossed(size)

    def _transfer(self, limit: int) -> tuple[bytes, bool]:
        """One transfer, or its first `limit` bytes; and whether it ended with them."""
        parts: list[bytes] = []
        size = 0
        while size < limit:
            data, ended = self._port.receive(limit - size)
            parts.append(data)
            size += len(data)
            if ended:
                return b"".join(parts), True
        return b"".join(parts), False

    def _drain(self) -> int:
        """Reads up to the end of the transfer. Bytes thrown away."""
        size = 0
        while True:
            data, ended = self._port.receive(PIECE)
            size += len(data)
            if ended:
                return size

    def _lose_to_stale_read(self) -> None:
        if self._stale_read:
            self._stale_read = False
            self._transfer(FIRST_PIECE)

    def _strict_content(self, announced: int) -> Iterator[bytes]:
        """Content as Android takes it: by the size announced before, never by the container's length."""
        data, ended = self._transfer(FIRST_PIECE)
        if len(data) < HEADER_SIZE:
            raise Refused(Trouble.WRONG_LENGTH)
        received = len(data) - HEADER_SIZE
        wanted = announced if announced != SIZE_UNKNOWN else 1 << 63
        if ended and not received and announced:
            ended = False  # a header sent by itself: the content is the next transfer
        if not ended and received >= wanted:
            # Whole packets so far: this waits for ever where the host leaves out its zero-length packet.
            received += self._drain()
            ended = True
        yield data[HEADER_SIZE:]
        while received < wanted and not ended:
            data, ended = self._port.receive(min(PIECE, wanted - received))
            received += len(data)
            yield data
        if not ended and self._drain():
            raise Refused(Trouble.WRONG_LENGTH)

    def _misjudged_content(self, announced: int) -> Iterator[bytes]:
        """Content as QEMU's usb-mtp takes it, which looks for the end at each request by itself.

        Seen here are transfers, not requests; with the program's, whose requests are whole packets up to the
        last one, that comes to the same.
        """
        packet_size = self._port.packet_size
        header: Header | None = None
        received = length = 0
        while True:
            data, ended = self._port.receive(PIECE)
            length += len(data)
            if header is None:
                header, data = Header.decode(data), data[HEADER_SIZE:]
                if header.payload_size is not None:
                    data = data[: header.payload_size]  # what a first transfer has beyond that is dropped
            received += len(data)
            yield data
            if not ended:
                continue
            last = length % packet_size
            if last < HEADER_SIZE:
                raise Died(f"a last request of {last} bytes is refused, and what follows taken for content")
            if last % 64:
                break
            length = 0
        if announced not in (SIZE_UNKNOWN, received):
            raise Died(f"{received} bytes of {announced}")

    def _container(self) -> Iterator[bytes]:
        """The payload of a container, by its own header, to the end of the transfer."""
        parser = self._parser = self._parser or ContainerParser()
        while True:
            size = FIRST_PIECE if not parser.in_container else parser.remaining or PIECE
            data, ended = self._port.receive(min(PIECE, size))
            payload = bytearray()
            over = False
            try:
                for part in parser.feed(data, ended):
                    if isinstance(part, PayloadPart):
                        payload += part.view
                    over = over or isinstance(part, ContainerEnd)
            except WireError as error:
                _log.debug("bad container: %s", error)
                over = True
            if over:
                self._parser = None
                if not ended:
                    self._drain()
            yield bytes(payload)
            if over:
                return

    # --- what goes out ------------------------------------------------------------------------------------

    def send_payload(self, operation: int, transaction_id: int, payload: Payload) -> None:
        """Sends a data phase, header and first bytes in one packet.

        Raises:
            TransferCancelled, PhoneGone: as the port. Besides, whatever the payload's parts raise.
        """
        self._transaction.send(Step.DATA)
        longer = self._shape(Effect.WRONG_LENGTH)
        size = max(0, payload.size + longer.amount) if longer is not None else payload.size
        header = data_header(operation, self._shown_id(transaction_id), size)
        parts: Iterable[Buffer] = payload.parts
        if self._faults is not None:
            parts = self._faults.guard(parts)
        split = self._shape(Effect.SPLIT_HEADER)
        if split is not None:
            self._port.send((header[: split.amount],))
            header = header[split.amount :]
        ends_well = self._shape(Effect.NO_ZERO_PACKET) is None and (
            self._persona.ends_datasets or not payload.is_dataset
        )
        self._port.send(itertools.chain((header,) if header else (), parts), zero_length_end=ends_well)
        extra = self._shape(Effect.EXTRA_ZERO_PACKET)
        if extra is not None:
            for _ in range(1 + extra.amount):
                self._port.send((b"",))
        self._transaction.send(Step.DATA_END)

    def send_response(self, response: Response) -> None:
        """Ends the transaction.

        Raises:
            TransferCancelled, PhoneGone: as the port.
        """
        self._transaction.send(Step.RESPONSE)
        packet = replace(response, transaction_id=self._shown_id(response.transaction_id)).encode()
        self._port.send((packet,), zero_length_end=self._persona.ends_datasets)
        if self._shape(Effect.RESPOND_TWICE) is not None:
            self._port.send((packet,))

    def _shape(self, effect: Effect) -> Fault | None:
        return None if self._faults is None else self._faults.shape(effect)

    def _shown_id(self, transaction_id: int) -> int:
        """The id that the answer carries."""
        strange = self._shape(Effect.WRONG_ID)
        return transaction_id if strange is None else (transaction_id + strange.amount) & 0xFFFFFFFF

    def stall(self) -> None:
        """Halts both endpoints in place of an answer."""
        self._transaction.send(Step.STALL)
        self._port.stall()

    def hang(self) -> None:
        """Takes what comes and answers nothing, until the host cancels or leaves.

        Raises:
            TransferCancelled, PhoneGone: as the port.
        """
        while True:
            self._port.receive(PIECE)


def _read_as_command(data: bytes) -> Command:
    """A transfer as Android's server reads it: type and length in the header are not looked at.

    Raises:
        Died: not 12 bytes and up to five parameters.
    """
    count, rest = divmod(len(data) - HEADER_SIZE, 4)
    if not 0 <= count <= 5 or rest:
        raise Died(f"a transfer of {len(data)} bytes is no command")
    _, _, code, transaction_id = struct.unpack_from("<IHHI", data)
    whole = Header(len(data), ContainerType.COMMAND, code, transaction_id).encode() + data[HEADER_SIZE:]
    return Command.decode(whole)
