"""Each fault by itself: what becomes of every item, what a person reads, and that the next run mends it."""

from __future__ import annotations

import io
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta, timezone
from typing import Any

import pytest

from mtpbackup.cli.narrator import BackupNarrator
from mtpbackup.cli.voice import Voice
from mtpbackup.engine.reports import Ending
from mtpbackup.transport.queued import MOST_EVENTS, EventQueue
from mtpbackup.virtual import Effect, Fault, Generated
from mtpbackup.virtual.mishaps import MISHAPS, STORM, Script
from tests.campaign.checks import check_covered, check_tidy, check_truth, read_backup
from tests.campaign.hurry import clock
from tests.campaign.runs import Outcome, back_up
from tests.campaign.world import BASE, CARD, World

GET, PART, LIST, HANDLES = 0x1009, 0x95C1, 0x9805, 0x1007
#: Files on the phone: six on its own storage, the largest of which is read in pieces, and two on its card.
FILES, ON_CARD = 8, 2


@dataclass(frozen=True)
class Case:
    """One fault.

    Attributes:
        faults: of a phone.
        failed: how many items end as failed.
        words: what a person reads, in part.
        prepare: done before the run.
        ending: of the run.
    """

    faults: Callable[[World], Sequence[Fault]]
    failed: int = 0
    words: tuple[str, ...] = ()
    prepare: Callable[[World], object] = lambda world: None
    ending: Ending = Ending.DONE


def one(effect: Effect, operation: int | None = GET, **settings: Any) -> Callable[[World], list[Fault]]:
    return lambda world: [Fault(effect=effect, operation=operation, **{"skip": 2, **settings})]


def calls(name: str, operation: int | None = GET, **settings: Any) -> Callable[[World], list[Fault]]:
    return lambda world: [
        Fault(effect=Effect.CALL, operation=operation, call=getattr(world, name), **{"skip": 2, **settings})
    ]


def in_hand(what: Callable[[World, str, int], object], **settings: Any) -> Callable[[World], list[Fault]]:
    def faults(world: World) -> list[Fault]:
        def strike() -> None:
            place = world.in_hand
            assert place is not None
            what(world, *place)

        return [Fault(effect=Effect.CALL, call=strike, **{"operation": GET, "skip": 2, **settings})]

    return faults


def asleep(world: World) -> list[Fault]:
    moment = {"operation": GET, "skip": 2, "at_byte": 100}
    return [
        Fault(effect=Effect.CALL, call=world.lock, **moment),  # type: ignore[arg-type]
        Fault(effect=Effect.SILENCE, **moment),  # type: ignore[arg-type]
    ]


def locked_for_a_moment(world: World) -> list[Fault]:
    return [
        *calls("lock", skip=1)(world),
        Fault(effect=Effect.CALL, operation=None, skip=40, call=world.unlock),
    ]


def card(world: World, *, back: int | None) -> list[Fault]:
    def pull() -> None:
        world.remove_storage(world.card)

    def push() -> None:
        world.add_storage(world.card)

    faults = [Fault(effect=Effect.CALL, operation=GET, skip=0, call=pull)]
    if back is not None:
        faults.append(Fault(effect=Effect.CALL, operation=GET, skip=back, call=push))
    return faults


def travel(world: World) -> None:
    world.zone = timezone(timedelta(hours=-9, minutes=-30))


def doubled(world: World, name: str) -> None:
    node = next(node for _, path, node in world.files() if path.endswith(name))
    node.announced_size = 2 * node.size


def grown(world: World, path: str, storage: int) -> None:
    world.add_file(path, Generated(90_000, 77), BASE + 12_345, storage)


#: Faults after which nothing comes any more; with all others no time-out may strike by chance.
HANGING = ("silent hang", "server dies", "sleep", "response twice")
BACK = "is back. Going on"
LOST = "The phone stopped answering."

CASES = {
    "unplug": Case(one(Effect.UNPLUG, at_byte=100), words=("The phone was unplugged.", BACK)),
    "stall": Case(one(Effect.STALL, at_byte=100)),
    "silent hang": Case(one(Effect.SILENCE, at_byte=100), words=(LOST, BACK)),
    "server dies": Case(one(Effect.DIE), words=(LOST, BACK)),
    "busy burst": Case(one(Effect.REFUSE, operation=None, response=0x2019, times=9)),
    "latency": Case(one(Effect.WAIT, operation=None, seconds=0.005, times=20)),
    "missing zero-length packet": Case(one(Effect.NO_ZERO_PACKET, operation=None, skip=0, times=None)),
    "extra zero-length packet": Case(one(Effect.EXTRA_ZERO_PACKET, operation=None, skip=0, times=None)),
    "split header": Case(one(Effect.SPLIT_HEADER, amount=12, skip=0, times=None)),
    "short read": Case(one(Effect.END_EARLY, at_byte=1_000)),
    "wrong length": Case(one(Effect.WRONG_LENGTH, amount=500), words=()),
    "wrong transaction id": Case(one(Effect.WRONG_ID, amount=1)),
    "response twice": Case(one(Effect.RESPOND_TWICE, operation=None, times=3)),
    "lock": Case(calls("lock"), words=("screen is locked",)),
    "lock and unlock": Case(locked_for_a_moment),
    "re-attachment": Case(calls("replug", at_byte=100), words=(BACK,)),
    "sleep": Case(asleep, words=("screen is locked", BACK)),
    "handles changing": Case(calls("renew_handles")),
    "card pulled": Case(
        lambda world: card(world, back=None),
        failed=ON_CARD,
        words=(f"{ON_CARD} could not be saved", "DCIM/card_0.jpg"),
    ),
    "card pulled and back": Case(lambda world: card(world, back=3)),
    "object vanishing": Case(
        in_hand(lambda world, path, storage: world.remove(path, storage)),
        failed=1,
        words=("1 could not be saved",),
    ),
    "object growing": Case(in_hand(grown), failed=1, words=("1 could not be saved",)),
    "object replaced": Case(
        in_hand(grown, operation=PART, skip=2), failed=1, words=("1 could not be saved: DCIM/large.mp4",)
    ),
    "transcoding doubling": Case(lambda world: [], prepare=lambda world: doubled(world, "clip.mp4")),
    "dates jumping a time zone": Case(in_hand(lambda world, path, storage: travel(world))),
    "event storm": Case(
        lambda world: [Fault(effect=Effect.CALL, operation=None, times=5, call=lambda: world.storm(STORM))]
    ),
}

SEES = {
    "unplug": "the phone was unplugged; plugged in again it goes on where it stopped",
    "stall": "nothing: the file is read again",
    "silent hang": "the phone stopped answering; it is opened anew and goes on",
    "server dies": "the phone stopped answering; it goes on once it is back",
    "busy burst": "nothing: it is asked again",
    "latency": "nothing",
    "missing zero-length packet": "nothing",
    "extra zero-length packet": "nothing",
    "split header": "nothing",
    "short read": "nothing: the file is read again",
    "wrong length": "nothing: the file is read again",
    "wrong transaction id": "nothing",
    "response twice": "nothing",
    "lock": "its screen is locked; unlocked it goes on by itself",
    "lock and unlock": "nothing, or that it was locked for a moment; it goes on by itself",
    "re-attachment": "it is back, going on",
    "sleep": "its screen is locked; woken up it goes on by itself",
    "handles changing": "nothing: what is left is looked up anew",
    "card pulled": "everything else is saved, the card's pictures are named",
    "card pulled and back": "nothing: the card's pictures come after the others",
    "object vanishing": "the picture is named; the others are saved",
    "object growing": "the picture is named; the next run saves what it has become",
    "object replaced": "the video is named, never half of each; the next run saves the new one",
    "transcoding doubling": "nothing: the video is saved in its true length",
    "dates jumping a time zone": "nothing, and nothing is copied again afterwards",
    "event storm": "nothing",
}


@pytest.fixture
def world():
    with World() as world:
        sizes = {"zero": 0, "packet": 512 - 12, "packets": 4096 - 12, "IMG_1": 20_000, "clip": 3_000}
        for number, (name, size) in enumerate(sizes.items()):
            ending = "mp4" if name == "clip" else "jpg"
            world.add_file(f"DCIM/Camera/{name}.{ending}", Generated(size, number), BASE - 3_601 * number)
        world.add_file("DCIM/large.mp4", Generated(100_000, 50), BASE + 7)
        for number in range(ON_CARD):
            world.add_file(f"DCIM/card_{number}.jpg", Generated(5_000 + number, 60 + number), BASE - number, 1)
        world.plug()
        yield world


def told(world: World, root: Any) -> tuple[Outcome, str]:
    """A run, and what a person reads of it."""
    out = io.StringIO()
    narrator = BackupNarrator(Voice(out, out), clock)
    outcome = back_up(world, root, random.Random(1), told=narrator)  # type: ignore[arg-type]
    if outcome.summary is not None:
        narrator.conclude(outcome.summary)
    narrator.end()
    return outcome, out.getvalue()


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=pytest.mark.shows(name, sees=sees, kind="fault")) for name, sees in SEES.items()],
)
def test_a_fault_by_itself(world, tmp_path, name):
    case = CASES[name]
    case.prepare(world)
    world.patient = name not in HANGING
    world.faults.add(*case.faults(world))
    outcome, said = told(world, tmp_path)
    summary = outcome.summary
    assert summary is not None, outcome
    assert summary.ending is case.ending, said
    assert summary.listed.items == FILES
    assert (summary.saved.items, summary.failed.items) == (FILES - case.failed, case.failed), said
    assert [words for words in case.words if words not in said] == [], said
    assert not case.faults(world) or world.faults.struck, "it never happened"
    check_truth(read_backup(tmp_path), world.history)

    world.calm()
    world.patient = True
    again, _ = told(world, tmp_path)
    assert again.summary is not None and again.summary.complete
    items = read_backup(tmp_path)
    check_covered(items, world.present())
    check_tidy(tmp_path, items, world.history)
    last, said = told(world, tmp_path)
    assert last.summary is not None and last.summary.nothing_new
    assert "nothing new" in said


def test_every_fault_is_shown():
    assert list(CASES) == list(SEES)
    assert set(CASES) == set(MISHAPS)


def test_a_script_can_be_written_down_and_read_back():
    script = Script.drawn(random.Random(5), 6)
    assert Script.read(str(script)) == script
    assert str(Script.drawn(random.Random(5), 6)) == str(script)
    with pytest.raises(KeyError):
        Script.read("no such fault 1f")


@pytest.mark.shows("events unread", sees="nothing: they are taken from the phone all the time", kind="fault")
def test_no_event_is_left_unread_on_the_phone(world, tmp_path):
    """Each costs Android a thread until it is read (ANDROID.md, Events)."""
    left = []

    def storm():
        world.storm(100)

    def look():
        sender = world.responder._events
        left.append(0 if sender is None else sender.waiting)

    world.patient = True
    world.faults.add(
        Fault(effect=Effect.CALL, times=5, call=storm), Fault(effect=Effect.CALL, operation=0x1003, call=look)
    )
    outcome, _ = told(world, tmp_path)
    assert outcome.summary is not None and outcome.summary.complete
    assert left and max(left) <= 1
    assert CARD in {store.description for store in world.stores()}


def test_events_that_nobody_asks_for_are_not_kept_without_end():
    queue = EventQueue()
    for number in range(MOST_EVENTS + 100):
        queue.put(number.to_bytes(4, "little"))
    taken = []
    while (packet := queue.take(0.0)) is not None:
        taken.append(packet)
    assert len(taken) == MOST_EVENTS
    assert taken[0] == bytes(4)
