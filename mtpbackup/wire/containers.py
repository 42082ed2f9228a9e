"""Containers: the envelopes in which commands, data, responses and events cross USB.

USB still image capture device definition 1.0, section 7.1. Each begins with a header of 12 bytes: length (of
all, header included), type, code, transaction id. Commands, responses and events carry parameters of 32 bits
after it; a data container carries a dataset or the content of an object.

`ContainerParser` takes what a transport reads and says where containers begin and end. It belongs to either
side: a responder parses commands and incoming data with it as an initiator parses responses and data.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import ClassVar, NamedTuple, Self, TypeAlias

from mtpbackup.errors import LocalProtocolError, WireError
from mtpbackup.wire.codec import Buffer
from mtpbackup.wire.codes import ContainerType, EventCode, OpenIntEnum, OperationCode, ResponseCode

#: Named out here, as `type` means the container's inside the classes.
_CodeTable: TypeAlias = type[OpenIntEnum]

_HEADER = struct.Struct("<IHHI")

#: Bytes of a header.
HEADER_SIZE = _HEADER.size
#: A length of this means "until the transfer ends": the container has 4 GiB or more.
UNKNOWN_LENGTH = 0xFFFFFFFF
#: The most parameters of a command or response. An event has at most 3, but more are tolerated.
MAX_PARAMETERS = 5


class Header(NamedTuple):
    """The first 12 bytes of a container.

    Attributes:
        length: bytes of the container, these 12 included; `UNKNOWN_LENGTH` for "until the transfer ends".
        type: what it is.
        code: operation, response or event code; in a data container the operation that it belongs to.
        transaction_id: given by the command; 0xFFFFFFFF in events of no transaction.
    """

    length: int
    type: ContainerType
    code: int
    transaction_id: int

    @property
    def payload_size(self) -> int | None:
        """Bytes that follow the header; None for "until the transfer ends"."""
        return None if self.length == UNKNOWN_LENGTH else self.length - HEADER_SIZE

    @classmethod
    def decode(cls, buffer: Buffer) -> Self:
        """The header at the start of a buffer.

        Raises:
            WireError: cut off, a type that is none, a length below 12, or more than parameters can take where
                the container can hold nothing else.
        """
        if len(buffer) < HEADER_SIZE:
            raise WireError(f"header cut off: {len(buffer)} of {HEADER_SIZE} bytes")
        length, kind, code, transaction_id = _HEADER.unpack_from(buffer)
        header = cls(length, ContainerType(kind), code, transaction_id)
        if not header.type.is_known:
            raise WireError(f"container of type {kind:#06x}: {header}")
        if length < HEADER_SIZE:
            raise WireError(f"container shorter than its header: {header}")
        if header.type != ContainerType.DATA and length > HEADER_SIZE + 4 * MAX_PARAMETERS:
            # Whoever gathers the parameters of a response needs no limit of its own, thanks to this.
            raise WireError(f"length does not fit parameters: {header}")
        return header

    def encode(self) -> bytes:
        """The 12 bytes."""
        try:
            return _HEADER.pack(*self)
        except struct.error as error:
            raise LocalProtocolError(f"{self}: {error}") from None


def data_header(code: int, transaction_id: int, payload_size: int) -> bytes:
    """The header of a data container with so many bytes to follow.

    From 4 GiB of container on the length says `UNKNOWN_LENGTH`, and the receiver goes by the transfer's end.
    """
    length = min(HEADER_SIZE + payload_size, UNKNOWN_LENGTH)
    return Header(length, ContainerType.DATA, code, transaction_id).encode()


@dataclass(frozen=True, slots=True)
class _WithParameters:
    """What commands, responses and events have in common: a header and up to five numbers.

    Attributes:
        code: operation, response or event code.
        transaction_id: counts up from 1 in a session; 0 for what needs no session.
        parameters: 32-bit numbers.
    """

    code: int
    transaction_id: int
    parameters: tuple[int, ...] = ()

    type: ClassVar[ContainerType]
    #: The table that `code` is looked up in.
    _codes: ClassVar[_CodeTable]
    #: Whether a last parameter of fewer than 4 bytes is tolerated, and dropped. umtp-responder 1.3.10 answers
    #: SessionAlreadyOpen with one of 1 byte; of a command Android takes none (ANDROID.md, AVOID 2).
    _ragged: ClassVar[bool] = True

    @classmethod
    def of(cls, header: Header, payload: Buffer) -> Self:
        """Made of a header and the bytes that followed it (which may be fewer than it announced).

        Raises:
            WireError: another type of container, or bytes that are no parameters.
        """
        if header.type != cls.type:
            raise WireError(f"{cls.__name__} expected: {header}")
        count, rest = divmod(len(payload), 4)
        if count > MAX_PARAMETERS or (rest and not cls._ragged):
            raise WireError(f"{len(payload)} bytes of parameters: {header}")
        parameters = struct.unpack_from(f"<{count}I", payload)
        return cls(cls._codes(header.code), header.transaction_id, parameters)

    @classmethod
    def decode(cls, buffer: Buffer) -> Self:
        """The container at the start of a buffer; what follows is not looked at.

        Raises:
            WireError: cut off, or as `of`.
        """
        header = Header.decode(buffer)
        if len(buffer) < header.length:
            raise WireError(f"container cut off, {len(buffer)} bytes are there: {header}")
        return cls.of(header, memoryview(buffer)[HEADER_SIZE : header.length])

    def encode(self) -> bytes:
        """The bytes of the whole container.

        Raises:
            LocalProtocolError: more than five parameters, or a number of more than 32 bits.
        """
        count = len(self.parameters)
        if count > MAX_PARAMETERS:
            raise LocalProtocolError(f"{count} parameters, {MAX_PARAMETERS} is the most: {self}")
        header = Header(HEADER_SIZE + 4 * count, self.type, self.code, self.transaction_id)
        try:
            return header.encode() + struct.pack(f"<{count}I", *self.parameters)
        except struct.error as error:
            raise LocalProtocolError(f"{self}: {error}") from None


@dataclass(frozen=True, slots=True)
class Command(_WithParameters):
    """The initiator asks for an operation."""

    type: ClassVar[ContainerType] = ContainerType.COMMAND
    _codes: ClassVar[_CodeTable] = OperationCode
    _ragged: ClassVar[bool] = False


@dataclass(frozen=True, slots=True)
class Response(_WithParameters):
    """The responder says how an operation ended."""

    type: ClassVar[ContainerType] = ContainerType.RESPONSE
    _codes: ClassVar[_CodeTable] = ResponseCode


@dataclass(frozen=True, slots=True)
class Event(_WithParameters):
    """The responder tells something of its own accord, on the interrupt endpoint."""

    type: ClassVar[ContainerType] = ContainerType.EVENT
    _codes: ClassVar[_CodeTable] = EventCode


# --- finding containers in what a transport reads ---------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ContainerStart:
    """A header is complete.

    Attributes:
        header: what it says.
    """

    header: Header


@dataclass(frozen=True, slots=True)
class Payload:
    """Some bytes of the container in hand: a dataset's, an object's, or those of parameters.

    Attributes:
        view: the bytes, a slice of the buffer that was fed, valid as long as that is.
        offset: where in that buffer they begin.
    """

    view: memoryview
    offset: int


@dataclass(frozen=True, slots=True)
class ContainerEnd:
    """The container is over.

    Attributes:
        total_payload: bytes of payload that came.
        missing: bytes announced that did not come, because the transfer ended early; 0 in a sound container.
    """

    total_payload: int
    missing: int = 0

    @property
    def short(self) -> bool:
        """Whether the transfer ended before the announced length."""
        return self.missing > 0


Part: TypeAlias = ContainerStart | Payload | ContainerEnd


class ContainerParser:
    """Finds containers in bytes that come in pieces of any size.

    Payloads are slices of the buffers fed, never copies. Bytes are told apart by two facts: the length in the
    header, and where the transport saw a transfer end (a short or zero-length packet). What is understood:

    - A header and its payload in one transfer, or each in its own ("split headers").
    - A zero-length packet after a container whose length is a multiple of the packet size, and its absence:
      then the next container follows at once, perhaps in the same buffer (ANDROID.md, Reading).
    - `UNKNOWN_LENGTH`: everything belongs to the container until a transfer ends.
    - A transfer that ends before the announced length is over ends the container, with `ContainerEnd.missing`
      saying how much did not come. That is a fact and no error here: a phone that could not read its file on
      goes on with a response, so the next bytes are a header again, and the session, which takes that
      response, is in step with the phone and can ask once more. One exception: a transfer that holds a header
      and nothing else, where more is announced, is a split header.

    After a `WireError` it is no longer known where a container begins; every further `feed` raises it again.
    Drop the parser, and bring the phone back in step by other means.
    """

    def __init__(self) -> None:
        self._partial_header = bytearray()
        self._header: Header | None = None
        self._received = 0
        #: Whether the header's last byte came in the transfer under way, and no payload yet.
        self._header_only = False
        self._failure: WireError | None = None

    @property
    def in_container(self) -> bool:
        """Whether a container has begun (its header may be incomplete) and not ended."""
        return self._header is not None or bool(self._partial_header)

    @property
    def remaining(self) -> int | None:
        """Payload bytes still announced for the container in hand; None when not known.

        Not known is also the length of a container whose header is not complete.
        """
        if self._header is None or self._header.length == UNKNOWN_LENGTH:
            return None
        return self._header.length - HEADER_SIZE - self._received

    def feed(self, buffer: Buffer, transfer_ended: bool) -> Iterator[Part]:
        """Takes what a transport read next.

        All of the buffer is worked through at the call, whether or not the parts are then taken.

        Args:
            buffer: the bytes; empty for a zero-length packet.
            transfer_ended: whether the transfer ended with them.

        Yields:
            The parts of containers in it, in order; none for an empty transfer between containers.

        Raises:
            WireError: bytes that are no header, where one has to be; after the parts before them.
        """
        parts: list[Part] = []
        if self._failure is None:
            try:
                self._work_through(memoryview(buffer), transfer_ended, parts.append)
            except WireError as error:
                self._failure = error
        return self._hand_out(parts, self._failure)

    @staticmethod
    def _hand_out(parts: list[Part], failure: WireError | None) -> Iterator[Part]:
        yield from parts
        if failure is not None:
            raise failure

    def _work_through(self, view: memoryview, transfer_ended: bool, emit: Callable[[Part], None]) -> None:
        position = 0
        while position < len(view):
            if self._header is None:
                position = self._take_header(view, position, emit)
            else:
                position = self._take_payload(view, position, emit)
            if self.remaining == 0:
                self._end(emit)
        if transfer_ended:
            self._take_transfer_end(emit)

    def _take_header(self, view: memoryview, position: int, emit: Callable[[Part], None]) -> int:
        end = min(position + HEADER_SIZE - len(self._partial_header), len(view))
        self._partial_header += view[position:end]
        if len(self._partial_header) == HEADER_SIZE:
            self._header = Header.decode(self._partial_header)
            self._header_only = True
            self._partial_header.clear()
            emit(ContainerStart(self._header))
        return end

    def _take_payload(self, view: memoryview, position: int, emit: Callable[[Part], None]) -> int:
        remaining = self.remaining
        end = len(view) if remaining is None else min(position + remaining, len(view))
        self._header_only = False
        self._received += end - position
        emit(Payload(view[position:end], position))
        return end

    def _take_transfer_end(self, emit: Callable[[Part], None]) -> None:
        if self._partial_header:
            raise WireError(f"transfer ended inside a header, after {bytes(self._partial_header).hex()}")
        if self._header_only:
            self._header_only = False
        elif self._header is not None:
            self._end(emit)

    def _end(self, emit: Callable[[Part], None]) -> None:
        emit(ContainerEnd(self._received, self.remaining or 0))
        self._header = None
        self._header_only = False
        self._received = 0
