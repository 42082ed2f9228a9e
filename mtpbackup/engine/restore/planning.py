"""Makes the plan of a restore: chooses, places, lists the folders that files go to, decides.

Nothing on the phone is changed here.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from mtpbackup.archive import Original, Originals, PhonePlace, SentFile, folded, same_moment
from mtpbackup.engine.grip import LOSSES, Grip, RunStopped
from mtpbackup.engine.kinds import Kind
from mtpbackup.engine.listing import FolderListed, Lister
from mtpbackup.engine.reports import (
    Clash,
    Count,
    Obstacle,
    PutBucket,
    PutSkip,
    Report,
    RestorePlanned,
    StorageRoom,
)
from mtpbackup.engine.restore.decisions import FolderNames, IsThere, MayBeThere, ToSend, decide
from mtpbackup.engine.restore.folders import PhoneFolders
from mtpbackup.engine.restore.ledger import PutLedger, count, places_of
from mtpbackup.engine.restore.options import RestoreOptions
from mtpbackup.engine.restore.placing import Placed, place_all, room_of
from mtpbackup.engine.restore.tasks import FolderPlace, PutTask
from mtpbackup.engine.selection import Only, Selection
from mtpbackup.errors import ItemUnreadable, ItemVanished, NameTaken, OperationFailed, StorageVanished
from mtpbackup.phone import Item, Phone, Storage

log = logging.getLogger(__name__)

#: A plan is begun anew so often at most when storages come and go.
_RESTARTS: Final = 10

#: Which files are read back, unless all are: one in so many, but at least so many, and at most so many.
_SAMPLE_SHARE: Final = 42
_SAMPLE_LEAST: Final = 3
_SAMPLE_MOST: Final = 50
#: Larger files are not read back for a sample.
_SAMPLE_SIZE: Final = 256 * 1024 * 1024


@dataclass(slots=True)
class Chosen:
    """What a person asked for.

    Attributes:
        originals: the files.
        missing: names asked for that fit none.
    """

    originals: list[Original] = field(default_factory=list)
    missing: tuple[str, ...] = ()


def choose(source: Originals, options: RestoreOptions) -> Chosen:
    """Reads the source and keeps what is wanted. Needs no phone."""
    selection = options.selection
    chosen = Chosen()
    found: set[int] = set()
    for original in source.all():
        fitting = selection.matches(original)
        if fitting is not None:
            found |= fitting
            chosen.originals.append(original)
    chosen.missing = tuple(name for index, name in enumerate(selection.asked) if index not in found)
    return chosen


@dataclass(slots=True)
class PutPlan:
    """What is to be done on a phone.

    Attributes:
        placed: every file with its place.
        folders: the folders as they were listed.
        unsure: what may be there, in the order of the tasks, with what it may be.
        renamed: how many get another name.
        new_folders: how many folders are missing.
        clashes: see `RestorePlanned`; without those skipped.
    """

    placed: Placed
    folders: PhoneFolders
    unsure: list[tuple[PutTask, tuple[Item, ...]]] = field(default_factory=list)
    renamed: int = 0
    new_folders: int = 0
    clashes: list[Clash] = field(default_factory=list)


def make_plan(
    grip: Grip,
    chosen: Chosen,
    known: Mapping[PhonePlace, SentFile],
    options: RestoreOptions,
    report: Report,
    clock: Callable[[], float],
) -> PutPlan:
    """Lists the phone's folders and decides what becomes of each file; begins anew when the phone is lost.

    Raises:
        NoPhone, PhoneLocked, AccessDenied, InterfaceBusy, TransportError, WireError, OperationFailed: the phone
            was lost and did not come back.
        SendFailed: (READ_ONLY) the phone takes no files.
    """
    restarts = 0
    while True:
        try:
            plan = _plan(grip.phone, chosen, known, options, report, clock)
        except (StorageVanished, ItemVanished, ItemUnreadable) as error:
            restarts += 1
            log.info("planning anew: %s", error)
            if restarts >= _RESTARTS:
                raise
        except (*LOSSES, OperationFailed) as error:
            try:
                grip.lost(error)
            except RunStopped as stopped:
                raise stopped.error from error
        else:
            grip.listed()
            return plan


def _plan(
    phone: Phone,
    chosen: Chosen,
    known: Mapping[PhonePlace, SentFile],
    options: RestoreOptions,
    report: Report,
    clock: Callable[[], float],
) -> PutPlan:
    folders = PhoneFolders(phone, clock)
    placed = place_all(
        chosen.originals,
        phone.require_storages(),
        into=options.into,
        name_trouble=phone.name_trouble,
        largest_file=phone.largest_file,
    )
    plan = PutPlan(placed, folders)
    elsewhere = _everything(phone, report) if options.missing_only else None
    for place, tasks in by_place(placed.tasks).items():
        try:
            listed = folders.look(*place)
        except NameTaken:
            for task in tasks:
                task.bucket, task.skip = PutBucket.SKIPPED, PutSkip.IN_THE_WAY
            continue
        plan.new_folders += listed is None
        names = FolderNames(listed.items if listed is not None else ())
        for task in tasks:
            _decide(plan, task, names, known, elsewhere)
    return plan


def _decide(
    plan: PutPlan,
    task: PutTask,
    names: FolderNames,
    known: Mapping[PhonePlace, SentFile],
    elsewhere: PhoneIndex | None,
) -> None:
    candidates: tuple[Item, ...] = ()
    if elsewhere is not None:
        there, candidates = elsewhere.find(task)
        if there is not None:
            _there(plan, task)
            return
    match decide(task, names, known):
        case IsThere():
            _there(plan, task)
            return
        case MayBeThere(items, name, _):
            candidates = (*items, *(item for item in candidates if item not in items))
        case ToSend(name, _):
            pass
    names.reserve(name)
    plan.renamed += name != task.original.key.name
    if candidates:
        plan.unsure.append((task, candidates))
        plan.clashes.append(Clash(task.original.path, Obstacle.UNSURE, name))
    elif name != task.name:
        plan.clashes.append(Clash(task.original.path, Obstacle.RENAMED, name))


def _there(plan: PutPlan, task: PutTask) -> None:
    task.bucket = PutBucket.THERE
    plan.clashes.append(Clash(task.original.path, Obstacle.THERE))


def by_place(tasks: Iterable[PutTask]) -> dict[FolderPlace, list[PutTask]]:
    """Tasks that wait, by the folder that they go to; folders above come before those below."""
    found: dict[FolderPlace, list[PutTask]] = {}
    for task in tasks:
        if task.bucket is None:
            found.setdefault(task.place, []).append(task)
    return dict(sorted(found.items()))


class PhoneIndex:
    """Everything on the phone, to find a file by what it is and not by where it is."""

    def __init__(self) -> None:
        self._by_name: dict[tuple[str, int], list[Item]] = {}
        self._by_date: dict[tuple[int, datetime], list[Item]] = {}

    def add(self, item: Item) -> None:
        """Something lies on the phone."""
        self._by_name.setdefault((folded(item.name), item.size), []).append(item)
        if item.modified is not None:
            self._by_date.setdefault((item.size, item.modified), []).append(item)

    def find(self, task: PutTask) -> tuple[Item | None, tuple[Item, ...]]:
        """What a file is on the phone for certain, and what it may be."""
        key = task.original.key
        named = self._by_name.get((folded(key.name), key.size), [])
        if key.modified is None:
            return None, tuple(named)
        for item in named:
            if item.modified is not None and same_moment(item.modified, key.modified):
                return item, ()
        dated = self._by_date.get((key.size, key.modified), [])
        if task.seems_twice(2 * key.size):
            dated = dated + self._by_date.get((2 * key.size, key.modified), [])
        return None, (*named, *(item for item in dated if item not in named))


def _everything(phone: Phone, report: Report) -> PhoneIndex:
    """Lists the whole phone, but for what a backup never takes (programs' own data, thumbnails, the bin)."""
    index = PhoneIndex()
    for found in Lister(phone, Selection(Only.ALL), report, Counter()).run():
        if isinstance(found, FolderListed):
            for item in found.files:
                index.add(item)
    return index


def choose_sample(tasks: list[PutTask], *, everything: bool) -> None:
    """Marks the files that are read back after they were sent: all, or some spread evenly over them."""
    fitting = tasks if everything else [task for task in tasks if task.size <= _SAMPLE_SIZE]
    share = min(max(len(tasks) // _SAMPLE_SHARE + 1, _SAMPLE_LEAST), _SAMPLE_MOST)
    wanted = len(tasks) if everything else min(share, len(fitting))
    for number in range(wanted):
        fitting[number * len(fitting) // wanted].sampled = True


def room_for(tasks: Iterable[PutTask], storages: Iterable[Storage]) -> tuple[StorageRoom, ...]:
    """What files need on each storage, and what is free there."""
    needed: Counter[str] = Counter()
    for task in tasks:
        needed[task.storage] += room_of(task.size)
    free = {one.label: one.free if one.capacity or one.free else None for one in storages}
    return tuple(StorageRoom(label, size, free.get(label)) for label, size in sorted(needed.items()))


def planned(
    plan: PutPlan, ledger: PutLedger, chosen: Chosen, source: Originals, phone: str, storages: Iterable[Storage]
) -> RestorePlanned:
    """The plan in figures."""
    waiting = ledger.waiting()
    skipped = [
        Clash(task.original.path, Obstacle.SKIPPED, skip=task.skip)
        for task in ledger.tasks
        if task.skip is not None
    ]
    return RestorePlanned(
        phone=phone,
        source=source.root,
        selected=ledger.selected,
        photos=sum(task.kind is Kind.PHOTO for task in waiting),
        videos=sum(task.kind is Kind.VIDEO for task in waiting),
        to_send=sum((count(task) for task in waiting), Count()),
        there=ledger.total(PutBucket.THERE),
        unsure=sum((count(task) for task, _ in plan.unsure if task.bucket is None), Count()),
        skipped=ledger.skipped(),
        failed=ledger.total(PutBucket.FAILED),
        places=places_of(waiting),
        new_folders=plan.new_folders,
        mapped=tuple(plan.placed.mapped.items()),
        unplaced=plan.placed.unplaced,
        renamed=plan.renamed,
        room=room_for(waiting, storages),
        missing=chosen.missing,
        clashes=(*plan.clashes, *skipped),
    )
