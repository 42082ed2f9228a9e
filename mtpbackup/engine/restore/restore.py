"""The doors to restoring: to a phone, to a folder of this computer, and a look at what would be done.

The work is done in `planning` (choose, place, decide: `selection`, `placing`, `decisions`), `run` (the steps),
`putting` (folder by folder), `sending` (one file), `proving` (it is there), `ledger` (every file in one
bucket), `to_folder` (no phone).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from mtpbackup.engine.reports import Report, RestorePlanned, RestoreSummary, silent
from mtpbackup.engine.restore.options import RestoreOptions

if TYPE_CHECKING:
    from mtpbackup.archive import Originals
    from mtpbackup.engine.link import PhoneLink


def run_restore(
    link: PhoneLink,
    originals: Originals,
    *,
    confirm: Callable[[RestorePlanned], bool],
    options: RestoreOptions | None = None,
    report: Report = silent,
    clock: Callable[[], float] = time.monotonic,
) -> RestoreSummary:
    """Puts files back on a phone, and says what became of every one of them.

    Nothing on the phone is replaced or deleted; what a run that was cut off left half sent is cleaned up. The
    phone stays open afterwards: `link.close()` is the caller's. From the moment `confirm` has agreed this
    returns a summary whatever happens; `RestoreSummary.ending` says how it ended. Ctrl-C too.

    Args:
        link: the phone.
        originals: where the files are; locked for as long as this runs.
        confirm: is shown the plan, before anything on the phone is changed, and says whether to go on. Not
            asked when there is nothing to send.
        options: what is wanted, and where it goes.
        report: is told what happens.
        clock: seconds that never go back.

    Raises:
        ArchiveBusy: another run works on the backup.
        PhoneFull: not enough room; nothing was sent.
        SendFailed: (READ_ONLY) the phone takes no files.
        ArchiveError: the source cannot be read.
        NoPhone, SeveralPhones, PhoneLocked, AccessDenied, InterfaceBusy, TransportError, WireError,
            OperationFailed: before anything was sent; see `PhoneLink.connect`.
        KeyboardInterrupt: before anything was sent.
    """
    # The front doors import this module for its signatures and run `--help` without a phone.
    from mtpbackup.engine.grip import Grip  # noqa: PLC0415
    from mtpbackup.engine.restore.run import RestoreRun  # noqa: PLC0415

    grip = Grip(link, report)
    with originals.lock():
        return RestoreRun(grip, originals, options or RestoreOptions(), report, clock).go(confirm)


def preview_restore(
    link: PhoneLink,
    originals: Originals,
    *,
    options: RestoreOptions | None = None,
    report: Report = silent,
    clock: Callable[[], float] = time.monotonic,
) -> RestorePlanned:
    """What `run_restore` would do (`--dry-run`); changes nothing, and reads no content from the phone.

    Raises:
        As `run_restore`, without `ArchiveBusy` and `PhoneFull`: look at `room`.
    """
    from mtpbackup.engine.grip import Grip  # noqa: PLC0415
    from mtpbackup.engine.restore.run import RestoreRun  # noqa: PLC0415

    grip = Grip(link, report)
    return RestoreRun(grip, originals, options or RestoreOptions(), report, clock).plan(compare=False)


def restore_to_folder(
    originals: Originals,
    target: Path,
    *,
    options: RestoreOptions | None = None,
    dry_run: bool = False,
    report: Report = silent,
) -> RestoreSummary:
    """Puts files into a folder of this computer, with their own names and dates. No phone is needed.

    Nothing is replaced; what is there already is not written again. Ctrl-C ends it with a summary.

    Args:
        originals: where the files are.
        target: the folder; made if it is not there.
        options: what is wanted; `into` is a folder below the target.
        dry_run: only tell what would be done: everything is "left" in the summary, or there already.
        report: is told what happens.

    Raises:
        OutOfSpace: not enough room; nothing was written.
        DestinationUnwritable, ArchiveError: the target or the source cannot be used.
    """
    from mtpbackup.engine.restore.to_folder import FolderRun  # noqa: PLC0415

    return FolderRun(originals, target, options or RestoreOptions(), report).go(dry_run=dry_run)
