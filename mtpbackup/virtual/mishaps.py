"""What happens to phones, by name: faults ready to be combined, and scripts of them drawn from a seed.

A mishap is drawn: which transaction it hits, and at which byte, comes from a random number generator, so a name
and a seed say exactly what goes wrong. `Script` is a list of such pairs that can be written down and read back.
Whoever sits before the phone (plugs it in again, unlocks it) is not part of this: see `mishaps.Script.arm`.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta, timezone
from types import MappingProxyType
from typing import Any, Final, Self

from mtpbackup.virtual.content import Generated, Joined
from mtpbackup.virtual.faults import Effect, Fault
from mtpbackup.virtual.memory_store import MemoryNode, MemoryStore
from mtpbackup.virtual.objects import AnyStore
from mtpbackup.virtual.phone import VirtualPhone
from mtpbackup.wire import OperationCode, ResponseCode

_READING: Final = (OperationCode.GET_OBJECT, OperationCode.GET_PARTIAL_OBJECT_64)
_LISTING: Final = (
    OperationCode.GET_OBJECT_HANDLES,
    OperationCode.GET_OBJECT_PROP_LIST,
    OperationCode.GET_STORAGE_IDS,
    OperationCode.GET_STORAGE_INFO,
)
#: Bytes of a data phase within which a mishap strikes: most at the beginning, where phones' files are small.
_REACH: Final = (1, 12, 500, 512, 4_000, 40_000, 400_000)
#: Events of a storm: more than a phone that spends a thread on each survives (ANDROID.md, Events).
STORM: Final = 3_000

Draw = random.Random


@dataclass(frozen=True, slots=True)
class Mishap:
    """One thing that happens to phones.

    Attributes:
        name: how it is asked for.
        source: where it is known from.
        faults: draws one: where it strikes comes from the random numbers.
    """

    name: str
    source: str
    faults: Callable[[VirtualPhone, Draw], Sequence[Fault]]


@dataclass(frozen=True, slots=True)
class _Moment:
    """When something strikes: in which transaction, and at which byte of its data phase."""

    operation: int | None
    skip: int
    at_byte: int | None

    def fault(self, effect: Effect, **settings: Any) -> Fault:
        """A fault at this moment."""
        return Fault(effect=effect, operation=self.operation, skip=self.skip, at_byte=self.at_byte, **settings)


def _command(draw: Draw, operations: Sequence[int] = (*_READING, *_READING, *_LISTING)) -> _Moment:
    """Before an operation is done."""
    return _Moment(draw.choice(operations), draw.randrange(draw.choice((1, 3, 12))), None)


def _byte(draw: Draw, operations: Sequence[int] = (*_READING, *_READING, *_LISTING)) -> _Moment:
    """In the middle of a data phase."""
    moment = _command(draw, operations)
    return _Moment(moment.operation, moment.skip, draw.randrange(draw.choice(_REACH)))


def _anywhere(draw: Draw) -> _Moment:
    return draw.choice((_command, _byte))(draw)


# --- the cable and the server -----------------------------------------------------------------------------


def _unplug(phone: VirtualPhone, draw: Draw) -> list[Fault]:
    return [_byte(draw).fault(Effect.UNPLUG)]


def _stall(phone: VirtualPhone, draw: Draw) -> list[Fault]:
    return [_anywhere(draw).fault(Effect.STALL, times=draw.choice((1, 1, 2)))]


def _silence(phone: VirtualPhone, draw: Draw) -> list[Fault]:
    return [_anywhere(draw).fault(Effect.SILENCE)]


def _death(phone: VirtualPhone, draw: Draw) -> list[Fault]:
    return [_anywhere(draw).fault(Effect.DIE)]


def _busy(phone: VirtualPhone, draw: Draw) -> list[Fault]:
    return [
        _command(draw).fault(Effect.REFUSE, response=ResponseCode.DEVICE_BUSY, times=draw.choice((1, 4, 15)))
    ]


def _latency(phone: VirtualPhone, draw: Draw) -> list[Fault]:
    return [_anywhere(draw).fault(Effect.WAIT, seconds=draw.uniform(0.001, 0.01), times=draw.choice((1, 3)))]


# --- how an answer is sent --------------------------------------------------------------------------------


def _no_zero_packet(phone: VirtualPhone, draw: Draw) -> list[Fault]:
    return [_command(draw).fault(Effect.NO_ZERO_PACKET, times=None)]


def _extra_zero_packet(phone: VirtualPhone, draw: Draw) -> list[Fault]:
    return [_command(draw).fault(Effect.EXTRA_ZERO_PACKET, times=draw.choice((1, 5, None)))]


def _split_header(phone: VirtualPhone, draw: Draw) -> list[Fault]:
    moment = _command(draw)
    return [moment.fault(Effect.SPLIT_HEADER, amount=draw.randint(1, 12), times=draw.choice((1, 5, None)))]


def _short_read(phone: VirtualPhone, draw: Draw) -> list[Fault]:
    return [_byte(draw).fault(Effect.END_EARLY, times=draw.choice((1, 2)))]


def _wrong_length(phone: VirtualPhone, draw: Draw) -> list[Fault]:
    return [_command(draw).fault(Effect.WRONG_LENGTH, amount=draw.choice((-512, -1, 1, 12, 500, 512, 1 << 20)))]


def _wrong_id(phone: VirtualPhone, draw: Draw) -> list[Fault]:
    return [_command(draw).fault(Effect.WRONG_ID, amount=draw.choice((-1, 1, 7)), times=draw.choice((1, 3)))]


def _respond_twice(phone: VirtualPhone, draw: Draw) -> list[Fault]:
    return [_command(draw).fault(Effect.RESPOND_TWICE)]


# --- the screen and the card ------------------------------------------------------------------------------


def _lock(phone: VirtualPhone, draw: Draw) -> list[Fault]:
    return [_anywhere(draw).fault(Effect.CALL, call=phone.lock)]


def _lock_and_unlock(phone: VirtualPhone, draw: Draw) -> list[Fault]:
    locking = _anywhere(draw)
    later = _Moment(None, locking.skip + draw.randrange(1, 6), None)
    return [
        locking.fault(Effect.CALL, call=phone.lock),
        later.fault(Effect.CALL, call=phone.unlock),
    ]


def _attach_again(phone: VirtualPhone, draw: Draw) -> list[Fault]:
    def allow() -> None:
        phone.unlock(reattach=True)

    return [_anywhere(draw).fault(Effect.CALL, call=allow)]


def _sleep(phone: VirtualPhone, draw: Draw) -> list[Fault]:
    moment = _anywhere(draw)
    return [moment.fault(Effect.CALL, call=phone.lock), moment.fault(Effect.SILENCE)]


def _new_handles(phone: VirtualPhone, draw: Draw) -> list[Fault]:
    return [_anywhere(draw).fault(Effect.CALL, call=phone.renew_handles)]


def _pull_card(phone: VirtualPhone, draw: Draw) -> list[Fault]:
    return _card(phone, draw, comes_back=False)


def _pull_card_and_back(phone: VirtualPhone, draw: Draw) -> list[Fault]:
    return _card(phone, draw, comes_back=True)


def _card(phone: VirtualPhone, draw: Draw, *, comes_back: bool) -> list[Fault]:
    pulled: list[AnyStore] = []

    def pull() -> None:
        for store in phone.storages[1:]:
            pulled.append(store)
            phone.remove_storage(store)

    def push() -> None:
        while pulled:
            phone.add_storage(pulled.pop())

    moment = _anywhere(draw)
    faults = [moment.fault(Effect.CALL, call=pull)]
    if comes_back:
        later = _Moment(None, moment.skip + draw.randrange(1, 30), None)
        faults.append(later.fault(Effect.CALL, call=push))
    return faults


# --- what lies on it --------------------------------------------------------------------------------------


def _vanish(phone: VirtualPhone, draw: Draw) -> list[Fault]:
    def vanish() -> None:
        if (place := phone.in_hand) is not None:
            phone.remove(place[0], place[1])

    return [draw.choice((_command, _byte))(draw, _READING).fault(Effect.CALL, call=vanish)]


def _grow(phone: VirtualPhone, draw: Draw) -> list[Fault]:
    more = draw.randrange(1, 100_000)
    seed = draw.randrange(1 << 30)

    def grow() -> None:
        node = _node_in_hand(phone)
        if node is None or node[0].content is None:
            return
        longer = Joined([node[0].content, Generated(more, seed)])
        phone.add_file(node[1], longer, node[0].modified + 61, node[2])

    return [draw.choice((_command, _byte))(draw, _READING).fault(Effect.CALL, call=grow)]


def _replace(phone: VirtualPhone, draw: Draw) -> list[Fault]:
    more = draw.randrange(1, 100_000)
    seed = draw.randrange(1 << 30)
    moment = draw.choice((_command, _byte))(draw, _READING)
    if moment.operation == OperationCode.GET_PARTIAL_OBJECT_64 and draw.random() < 0.5:
        more = 0  # then only its date tells

    def replace() -> None:
        node = _node_in_hand(phone)
        if node is not None and node[0].content is not None:
            size = node[0].content.size + more
            phone.add_file(node[1], Generated(size, seed), node[0].modified + 61, node[2])

    return [moment.fault(Effect.CALL, call=replace)]


def _double(phone: VirtualPhone, draw: Draw) -> list[Fault]:
    def double() -> None:
        nodes = [node for store in phone.storages if isinstance(store, MemoryStore) for node in _files(store)]
        if nodes:
            node = draw.choice(nodes)
            node.announced_size = 2 * node.size

    return [Fault(effect=Effect.CALL, operation=OperationCode.GET_STORAGE_IDS, call=double)]


def _travel(phone: VirtualPhone, draw: Draw) -> list[Fault]:
    zone = timezone(timedelta(minutes=15 * draw.randint(-48, 56)))

    def travel() -> None:
        phone.zone = zone

    return [_anywhere(draw).fault(Effect.CALL, call=travel)]


def _storm(phone: VirtualPhone, draw: Draw) -> list[Fault]:
    def storm() -> None:
        phone.storm(STORM)

    return [_anywhere(draw).fault(Effect.CALL, call=storm, times=draw.choice((1, 5)))]


def _node_in_hand(phone: VirtualPhone) -> tuple[MemoryNode, str, int] | None:
    if (place := phone.in_hand) is None:
        return None
    path, index = place
    store = phone.storages[index]
    return (store.at(path), path, index) if isinstance(store, MemoryStore) else None


def _files(store: MemoryStore) -> Iterable[MemoryNode]:
    waiting = [store.root]
    while waiting:
        for node in waiting.pop().children.values():
            if node.is_folder:
                waiting.append(node)
            else:
                yield node


_ALL: Final = (
    Mishap("unplug", "PHONES.md, section 4: transfers die mid-way", _unplug),
    Mishap("stall", "ANDROID.md, Reading: the phone's disk fails", _stall),
    Mishap("silent hang", "ANDROID.md, AVOID: the server waits for ever", _silence),
    Mishap("server dies", "ANDROID.md: the server leaves its loop", _death),
    Mishap("busy burst", "PHONES.md, section 2, Xiaomi: 2019 in bursts", _busy),
    Mishap("latency", "ANDROID.md, Device: nothing is answered while the disk works", _latency),
    Mishap("missing zero-length packet", "ANDROID.md, Reading: compat mode", _no_zero_packet),
    Mishap(
        "extra zero-length packet", "ANDROID.md, Reading: an empty transfer must be skipped", _extra_zero_packet
    ),
    Mishap("split header", "MTP 1.1, appendix D: header in a transfer of its own", _split_header),
    Mishap("short read", "a data phase that ends early with OK", _short_read),
    Mishap("wrong length", "PHONES.md 1.10: the container announces other bytes than come", _wrong_length),
    Mishap("wrong transaction id", "ANDROID.md, Device: ids are never checked", _wrong_id),
    Mishap("response twice", "a response that waits when the next command comes", _respond_twice),
    Mishap("lock", "ANDROID.md, Storages: a locked phone hides everything", _lock),
    Mishap("lock and unlock", "ANDROID.md, Storages: storages come back with new ids", _lock_and_unlock),
    Mishap("re-attachment", "PHONES.md 1.8: the bus is left and found again after 'Allow'", _attach_again),
    Mishap("sleep", "PHONES.md, section 4: the phone sleeps during a transfer", _sleep),
    Mishap("handles changing", "ANDROID.md, Handles: void after the server restarts", _new_handles),
    Mishap("card pulled", "ANDROID.md, Storages: StoreRemoved", _pull_card),
    Mishap("card pulled and back", "ANDROID.md, Storages: a new id when it comes back", _pull_card_and_back),
    Mishap("object vanishing", "deleted on the phone while it is read", _vanish),
    Mishap("object growing", "ANDROID.md, Reading: a recording goes on while it is read", _grow),
    Mishap("object replaced", "edited on the phone while it is read", _replace),
    Mishap("transcoding doubling", "PHONES.md 1.10: twice the size is listed", _double),
    Mishap("dates jumping a time zone", "ANDROID.md, Handles: local time without zone", _travel),
    Mishap("event storm", "ANDROID.md, Events", _storm),
)

#: Every mishap by its name.
MISHAPS: Final[Mapping[str, Mishap]] = MappingProxyType({mishap.name: mishap for mishap in _ALL})


@dataclass(frozen=True, slots=True)
class Script:
    """Some mishaps, each with the seed that says where it strikes.

    Attributes:
        steps: names and seeds.
    """

    steps: tuple[tuple[str, int], ...] = ()

    @classmethod
    def drawn(cls, draw: Draw, count: int, names: Sequence[str] = tuple(MISHAPS)) -> Self:
        """A script of so many mishaps."""
        return cls(tuple((draw.choice(names), draw.randrange(1 << 32)) for _ in range(count)))

    @classmethod
    def read(cls, text: str) -> Self:
        """What `str` wrote.

        Raises:
            KeyError: a name that no mishap has.
            ValueError: something else than names and numbers.
        """
        steps = []
        for step in filter(None, (part.strip() for part in text.split(","))):
            name, _, seed = step.rpartition(" ")
            MISHAPS[name]
            steps.append((name, int(seed, 16)))
        return cls(tuple(steps))

    def __str__(self) -> str:
        return ", ".join(f"{name} {seed:x}" for name, seed in self.steps)

    def arm(self, phone: VirtualPhone) -> None:
        """Lets all of it happen to a phone, whenever its turn comes."""
        for name, seed in self.steps:
            phone.faults.add(*MISHAPS[name].faults(phone, random.Random(seed)))
