"""What a phone has proven able or unable to do, so that the next session need not find it out again.

It is learnt in use, never from a name, and only ever makes a session more careful: a phone of which something
wrong is remembered is slower, not less safe. So only that is remembered which can be had in another way that is
as good. Not that single objects have no lists: what is asked instead tells wrong sizes on some phones
(umtp-responder, from 4 GiB). And videos are asked for by parts whatever is remembered: see `phone.reading`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Protocol

from mtpbackup.wire import DeviceInfo, OperationCode

#: Seconds between the beginnings of two transactions with a phone that closed a session because they came too
#: fast (PHONES.md 2, Huawei), and the most that is ever waited.
FIRST_PAUSE: Final = 0.01
LONGEST_PAUSE: Final = 0.08

#: Operations that may be remembered as refused.
DISPENSABLE: Final = frozenset({OperationCode.GET_PARTIAL_OBJECT, OperationCode.GET_PARTIAL_OBJECT_64})


@dataclass(frozen=True, slots=True)
class Model:
    """Phones of which one is like the other, as they call themselves.

    Attributes:
        manufacturer, model, firmware: of DeviceInfo.
    """

    manufacturer: str
    model: str
    firmware: str

    @classmethod
    def of(cls, info: DeviceInfo) -> Model:
        """The model of a phone."""
        return cls(*(" ".join(text.split()) for text in (info.manufacturer, info.model, info.device_version)))


@dataclass(frozen=True, slots=True)
class Learnt:
    """What is known of a model. A new phone is believed to be able to do everything that it lists.

    Attributes:
        property_lists: whether lists of properties name all objects of a folder.
        top_property_lists: whether they work for the top of a storage.
        pause: seconds that have to lie between the beginnings of two transactions.
        refused: operations that it lists and does not know.
    """

    property_lists: bool = True
    top_property_lists: bool = True
    pause: float = 0.0
    refused: frozenset[int] = frozenset()

    @property
    def slower(self) -> float:
        """The next longer pause."""
        return min(2 * self.pause or FIRST_PAUSE, LONGEST_PAUSE)


class Memory(Protocol):
    """Where it is kept from one session to the next."""

    def recall(self, model: Model) -> Learnt:
        """What is known of a model; all is believed of an unknown one."""
        ...

    def keep(self, model: Model, learnt: Learnt) -> None:
        """Notes what was learnt; raises nothing."""
        ...


class ShortMemory:
    """Keeps it for as long as it lives itself."""

    def __init__(self) -> None:
        self._known: dict[Model, Learnt] = {}

    def recall(self, model: Model) -> Learnt:
        """See `Memory`."""
        return self._known.get(model, Learnt())

    def keep(self, model: Model, learnt: Learnt) -> None:
        """See `Memory`."""
        self._known[model] = learnt
