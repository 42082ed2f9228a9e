"""Which step may follow which in a transaction: the protocol as a table.

PIMA 15740:2000, section 9.3; USB still image capture device definition 1.0, section 7. Rules of this file:

- The table does not know which role we play. A step is named by who makes it; sending is a step of our own
  role, receiving one of the other's. One table serves both, so neither is treated more kindly.
- There is one transaction at a time. A command opens it, a response closes it, and the next may begin.
- Whether a data phase follows a command, and which way it goes, is not known beforehand: the type of the next
  container says it, never what the operation should do (ANDROID.md, GetObjectPropList: errors come with or
  without a data phase). A response may come at once, also while the initiator still sends its data.
- Cancel is possible in a data phase only: on an idle phone it breaks the next transfer (ANDROID.md, class
  requests). After a cancel, and after a stall of the responder, no response comes.
- Events travel beside all this on a pipe of their own and are not in the table.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from types import MappingProxyType

from mtpbackup.errors import LocalProtocolError, RemoteProtocolError
from mtpbackup.wire.codes import ContainerType


class Role(enum.Enum):
    """The two ends of the cable."""

    # By identity: enum hashes names in Python, and the table is looked into four times for each transaction.
    __hash__ = object.__hash__

    #: The computer: asks.
    INITIATOR = "initiator"
    #: The phone: answers.
    RESPONDER = "responder"

    @property
    def other(self) -> Role:
        """The other end."""
        return Role.RESPONDER if self is Role.INITIATOR else Role.INITIATOR


class Step(enum.Enum):
    """What an end can do."""

    __hash__ = object.__hash__

    COMMAND = "command"
    #: A data container begins.
    DATA = "data"
    #: A data container is complete.
    DATA_END = "data end"
    RESPONSE = "response"
    #: The class request Cancel.
    CANCEL = "cancel"
    #: The class request Device Reset, or a reset of the bus.
    RESET = "reset"
    #: Both bulk endpoints are halted.
    STALL = "stall"

    @classmethod
    def of(cls, container: ContainerType) -> Step:
        """The step that the header of such a container makes.

        Raises:
            RemoteProtocolError: an event, which has no place among bulk containers.
        """
        try:
            return _STEP_OF_CONTAINER[container]
        except KeyError:
            raise RemoteProtocolError(f"{container.name} container in a transaction") from None


_STEP_OF_CONTAINER = {
    ContainerType.COMMAND: Step.COMMAND,
    ContainerType.DATA: Step.DATA,
    ContainerType.RESPONSE: Step.RESPONSE,
}


class State(enum.Enum):
    """Where a transaction stands."""

    __hash__ = object.__hash__

    #: No transaction: a command may come.
    IDLE = "idle"
    #: A command was given, nothing else yet.
    COMMANDED = "commanded"
    DATA_TO_RESPONDER = "data to responder"
    DATA_TO_INITIATOR = "data to initiator"
    #: The data phase is over, the response is due.
    ANSWER_DUE = "answer due"


_I, _R = Role.INITIATOR, Role.RESPONDER

#: State -> who does what -> the state that follows. What is not here must not happen.
TRANSITIONS: Mapping[State, Mapping[tuple[Role, Step], State]] = MappingProxyType(
    {
        State.IDLE: {
            (_I, Step.COMMAND): State.COMMANDED,
            (_I, Step.RESET): State.IDLE,
        },
        State.COMMANDED: {
            (_I, Step.DATA): State.DATA_TO_RESPONDER,
            (_R, Step.DATA): State.DATA_TO_INITIATOR,
            (_R, Step.RESPONSE): State.IDLE,
            (_R, Step.STALL): State.IDLE,
            (_I, Step.RESET): State.IDLE,
        },
        State.DATA_TO_RESPONDER: {
            (_I, Step.DATA_END): State.ANSWER_DUE,
            # Refused half-way: the rest of the data must not be sent any more.
            (_R, Step.RESPONSE): State.IDLE,
            (_R, Step.STALL): State.IDLE,
            (_I, Step.CANCEL): State.IDLE,
            (_I, Step.RESET): State.IDLE,
        },
        State.DATA_TO_INITIATOR: {
            (_R, Step.DATA_END): State.ANSWER_DUE,
            (_R, Step.STALL): State.IDLE,
            (_I, Step.CANCEL): State.IDLE,
            (_I, Step.RESET): State.IDLE,
        },
        State.ANSWER_DUE: {
            (_R, Step.RESPONSE): State.IDLE,
            (_R, Step.STALL): State.IDLE,
            (_I, Step.RESET): State.IDLE,
        },
    }
)


class Transaction:
    """Follows one end's transactions through the table, one after the other.

    Attributes:
        role: which end we are.
        state: where things stand.
    """

    __slots__ = ("role", "state")

    def __init__(self, role: Role) -> None:
        self.role = role
        self.state = State.IDLE

    def may_send(self, step: Step) -> bool:
        """Whether we may do this now."""
        return (self.role, step) in TRANSITIONS[self.state]

    def send(self, step: Step) -> State:
        """We do something.

        Returns:
            The state that follows.

        Raises:
            LocalProtocolError: the table has no such step here; the state stays.
        """
        return self._move(self.role, step, LocalProtocolError)

    def receive(self, step: Step) -> State:
        """The other end did something.

        Returns:
            The state that follows.

        Raises:
            RemoteProtocolError: the table has no such step here; the state stays.
        """
        return self._move(self.role.other, step, RemoteProtocolError)

    def _move(
        self, who: Role, step: Step, refusal: type[LocalProtocolError] | type[RemoteProtocolError]
    ) -> State:
        following = TRANSITIONS[self.state].get((who, step))
        if following is None:
            raise refusal(f"{step.value} of the {who.value} while {self.state.value}")
        self.state = following
        return following
