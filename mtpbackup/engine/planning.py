"""Makes a plan from a phone and an archive: lists, again if need be, and says what it takes in figures."""

from __future__ import annotations

import logging
import shutil
from collections import Counter
from itertools import chain
from pathlib import Path
from typing import Final

from mtpbackup.archive import Archive, ItemKey, KnownItems, PhoneFolder, PhoneRecord, nearest_existing
from mtpbackup.engine.grip import Grip, RunStopped
from mtpbackup.engine.kinds import Kind
from mtpbackup.engine.listing import Lister, Strikes
from mtpbackup.engine.options import RunOptions
from mtpbackup.engine.plan import Plan, plan_backup
from mtpbackup.engine.reports import Count, Planned, Report
from mtpbackup.engine.tasks import Why
from mtpbackup.errors import (
    FileTooLarge,
    OperationFailed,
    PhoneLocked,
    StorageVanished,
    TransportError,
    WireError,
)
from mtpbackup.phone import PhoneIdentity

log = logging.getLogger(__name__)

#: A listing is begun anew so often at most when storages come and go.
_RESTARTS: Final = 10

#: Room that a file takes is rounded up to this; ext4, APFS and NTFS have 4 KiB, exFAT more on large disks.
_BLOCK: Final = 4096


def phone_record(who: PhoneIdentity) -> PhoneRecord:
    """A phone as the archive knows it. Those without a serial number are told apart by what they are."""
    serial = who.serial or f"{who.manufacturer} {who.model}".strip() or "unknown"
    return PhoneRecord(serial, who.manufacturer, who.model, who.name)


def make_plan(
    grip: Grip, archive: Archive | None, folder: PhoneFolder | None, options: RunOptions, report: Report
) -> tuple[Plan, Lister]:
    """Lists the phone and decides what becomes of each item; begins anew when the phone is lost meanwhile.

    Args:
        grip: holds the phone.
        archive: the backup, or None where there is none yet.
        folder: the phone's place in it, or None where the phone is new.
        options: what is wanted.
        report: is told what the listing finds.

    Returns:
        The plan, and the lister with its counts.

    Raises:
        NoPhone, PhoneLocked, AccessDenied, InterfaceBusy, TransportError, WireError, OperationFailed: the phone
            was lost and did not come back.
    """
    strikes = Strikes()
    restarts = 0
    if archive is not None and folder is not None:
        known, failures = archive.catalog.known(folder), archive.catalog.failures(folder)
    else:
        known, failures = KnownItems({}, ()), []
    while True:
        lister = Lister(grip.phone, options.selection, report, strikes)
        try:
            plan = plan_backup(
                lister.run(),
                known,
                place_of=lambda item_id: _place_of(archive, item_id),
                failures=[row.key for row in failures],
                selection=options.selection,
                largest_file=archive.largest_file() if archive is not None else None,
            )
        except StorageVanished as error:
            restarts += 1
            log.info("listing anew: %s", error)
            if restarts >= _RESTARTS:
                raise
        except (TransportError, WireError, PhoneLocked, OperationFailed) as error:
            try:
                grip.lost(error)
            except RunStopped as stopped:
                raise stopped.error from error
        else:
            grip.listed()
            return plan, lister


def _place_of(archive: Archive | None, item_id: int) -> ItemKey:
    if archive is None:
        raise KeyError(item_id)
    return archive.catalog.item(item_id).key


def missing_folders(lister: Lister, options: RunOptions) -> tuple[str, ...]:
    """The folders asked for that the phone does not have, as a person writes them."""
    return tuple("/".join(options.selection.folders[index]) for index in sorted(lister.missing))


def missing_names(lister: Lister, options: RunOptions) -> tuple[str, ...]:
    """What was asked for by a list and is not on the phone."""
    return tuple(options.selection.picks[index] for index in sorted(lister.unpicked))


def room(plan: Plan, archive: Archive | None, root: Path | None = None) -> tuple[int, int]:
    """Bytes that the plan needs on the destination, and bytes free there.

    Unfinished files of earlier runs take room already: they are continued, or overwritten.

    Args:
        plan: what is to be copied; moves not counted, as they hardly ever come to nothing.
        archive: the backup, or None where there is none yet.
        root: where it is going to be.
    """
    needed = sum(-(-task.size // _BLOCK) * _BLOCK for task in plan.tasks)
    if archive is not None:
        return max(0, needed - sum(map(_size, archive.leftover_parts()))), archive.free_space()
    return needed, shutil.disk_usage(nearest_existing(root or Path.home())).free


def _size(part: Path) -> int:
    """Bytes of an unfinished file; a run that is going on elsewhere may just have finished it."""
    try:
        return part.stat().st_size
    except FileNotFoundError:
        return 0


def planned(
    plan: Plan,
    lister: Lister,
    options: RunOptions,
    phone: str,
    folder: Path,
    needed: int,
    free: int,
    largest_file: int | None,
) -> Planned:
    """The plan in figures."""
    too_large = [one.item.size for one in plan.refused if one.failure.kind == FileTooLarge.__name__]
    refused = Count(len(plan.refused), sum(refusal.item.size for refusal in plan.refused))
    kinds = Counter(task.kind for task in chain(plan.tasks, (move.task for move in plan.moves)))
    return Planned(
        phone=phone,
        folder=folder,
        listed=lister.listed,
        wanted=plan.safe + plan.count() + plan.moved + refused,
        photos=plan.safe_photos + kinds[Kind.PHOTO],
        videos=plan.safe_videos + kinds[Kind.VIDEO],
        new=plan.count(Why.NEW),
        changed=plan.count(Why.CHANGED),
        failing=plan.count(Why.FAILING),
        lost=plan.count(Why.LOST),
        moved=plan.moved,
        safe=plan.safe,
        skipped=dict(plan.skipped),
        refused=refused,
        unlisted=Count(len(plan.unlisted)),
        gone=plan.gone_in_all,
        to_copy=needed,
        free=free,
        missing_folders=missing_folders(lister, options),
        missing_names=missing_names(lister, options),
        reserve=options.reserve,
        too_large=Count(len(too_large), sum(too_large)),
        largest_file=largest_file,
    )
