"""A backup from beginning to end, and a look at what it would do: the doors to the engine.

The work is done in `planning` (list, decide), `run` (the steps), `transfer` (all items), `copying` (one item),
`moves` (proof that an item was only moved), `ledger` (every item in one bucket), `grip` (the phone, lost and
found).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mtpbackup.engine.options import RunOptions
from mtpbackup.engine.reports import Planned, Report, Summary, silent

if TYPE_CHECKING:
    from mtpbackup.archive import Archive
    from mtpbackup.engine.link import PhoneLink


def run_backup(
    link: PhoneLink, archive: Archive, *, options: RunOptions | None = None, report: Report = silent
) -> Summary:
    """Backs a phone up into an archive, and says what became of every item.

    Takes the archive's lock for as long as it runs. The phone stays open afterwards: `link.close()` is the
    caller's. Items are copied newest first: should the run be cut short, the pictures that exist nowhere else
    are the ones that are safe.

    From the moment the plan is made this returns a summary whatever happens; `Summary.ending` says how it
    ended. Ctrl-C too: the summary then says INTERRUPTED, and `KeyboardInterrupt` is not raised again (a second
    one, while the first is being cleaned up after, is).

    Raises:
        ArchiveBusy: another run holds the lock.
        OutOfSpace: not enough room; nothing was copied.
        DestinationUnwritable, DestinationGone, CatalogUnusable: the archive cannot be used.
        NoPhone, SeveralPhones, PhoneLocked, AccessDenied, InterfaceBusy, TransportError, WireError,
            OperationFailed: before the plan was made; see `PhoneLink.connect`.
        KeyboardInterrupt: before the plan was made.
    """
    # The front doors import this module for its signatures and run `--help` without a phone.
    from mtpbackup.engine.grip import Grip  # noqa: PLC0415
    from mtpbackup.engine.run import Run  # noqa: PLC0415

    grip = Grip(link, report)
    with archive.lock():
        return Run(grip, archive, options or RunOptions(), report).go()


def preview_backup(
    link: PhoneLink,
    archive: Archive | None,
    *,
    root: Path | None = None,
    options: RunOptions | None = None,
    report: Report = silent,
) -> Planned:
    """What `run_backup` would do (`--dry-run`): lists the phone, reads the catalog, writes nothing.

    Args:
        link: the phone.
        archive: the backup, or None where there is none yet.
        root: where the backup is going to be; only where there is none yet.
        options: as for `run_backup`.
        report: is told what the listing finds, and at the end the value that is returned.

    Raises:
        As `run_backup`, without `ArchiveBusy` and `OutOfSpace`: see `Planned.fits`.
    """
    from mtpbackup.engine.grip import Grip  # noqa: PLC0415
    from mtpbackup.engine.planning import make_plan, phone_record, planned, room  # noqa: PLC0415

    options = options or RunOptions()
    grip = Grip(link, report)
    if archive is None and root is not None:
        from mtpbackup.archive import check_could_be_made  # noqa: PLC0415

        check_could_be_made(root)
    who = grip.phone.identity
    folder, place = None, (root or Path()) / who.name
    if archive is not None:
        serial = phone_record(who).serial
        folder = next((phone for phone in archive.catalog.phones() if phone.serial == serial), None)
        place = archive.root / (folder.folder if folder is not None else who.name)
    plan, lister = make_plan(grip, archive, folder, options, report)
    needed, free = room(plan, archive, root)
    largest = archive.largest_file() if archive is not None else None
    result = planned(plan, lister, options, who.name, place, needed, free, largest)
    report(result)
    return result
