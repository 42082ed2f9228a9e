"""What passes between the loop and the operations: a request in, a reply out, or a way of not replying."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mtpbackup.transport.base import Buffer
from mtpbackup.virtual.personas import Trouble
from mtpbackup.wire import ResponseCode

if TYPE_CHECKING:
    from mtpbackup.virtual.conversation import Conversation
    from mtpbackup.virtual.objects import Entry


@dataclass(frozen=True, slots=True)
class Request:
    """One command, with the dataset of its data phase where the operation takes one.

    Attributes:
        operation: its code.
        parameters: as many as were sent.
        transaction_id: as sent; phones do not check it.
        dataset: payload of the data phase.
        conversation: for operations that take content themselves.
    """

    operation: int
    parameters: tuple[int, ...]
    transaction_id: int
    dataset: bytes
    conversation: Conversation

    def parameter(self, index: int) -> int:
        """A parameter, 0 where it was not sent."""
        return self.parameters[index] if index < len(self.parameters) else 0


def _nothing() -> None:
    """Does nothing."""


@dataclass(frozen=True, slots=True)
class Payload:
    """A data phase to the initiator.

    Attributes:
        size: bytes that `parts` give, as announced.
        parts: the bytes; taken one after the other while they are sent.
        close: called when no more parts are wanted, however it ended.
        is_dataset: True for a dataset, False for content of a file.
    """

    size: int
    parts: Iterable[Buffer]
    close: Callable[[], None] = _nothing
    is_dataset: bool = False

    @classmethod
    def of(cls, data: bytes | bytearray) -> Payload:
        """A payload held in memory."""
        return cls(len(data), (data,), is_dataset=True)


@dataclass(frozen=True, slots=True)
class Reply:
    """How an operation is answered.

    Attributes:
        response: response code.
        parameters: of the response.
        payload: the data phase; None for none.
        elements: objects or list elements in it, for the modelled bus.
        received: bytes of content that the operation took.
    """

    response: int = ResponseCode.OK
    parameters: tuple[int, ...] = ()
    payload: Payload | None = None
    elements: int = 0
    received: int = 0


@dataclass(frozen=True, slots=True)
class Announced:
    """What SendObjectInfo announced, for the SendObject that has to follow.

    Attributes:
        entry: the phantom that stands for it.
        size: bytes, `SIZE_UNKNOWN` for 4 GiB or more.
        modified: the date that it is to have, or None.
    """

    entry: Entry
    size: int
    modified: float | None


@dataclass(eq=False)
class Refused(Exception):
    """An operation is answered with another response than OK; which, says the persona.

    Attributes:
        trouble: why.
        payload: a data phase before the response, for phones that send one all the same.
    """

    trouble: Trouble
    payload: Payload | None = field(default=None)


class Stalled(Exception):
    """Both bulk endpoints are to be halted in place of an answer."""


class Silent(Exception):
    """Nothing more is sent or taken until the initiator gives up."""


class Died(Exception):
    """The phone's server left its loop: nothing answers any more until it is plugged in anew."""
