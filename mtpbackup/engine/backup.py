"""A backup from beginning to end: connect, list, plan, copy, account for every item."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from mtpbackup.engine.reports import Planned, Report, Summary, silent
from mtpbackup.engine.selection import Selection

if TYPE_CHECKING:
    from mtpbackup.archive import Archive
    from mtpbackup.engine.link import PhoneLink

MIB: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class RunOptions:
    """How a backup is made.

    Attributes:
        selection: what is wanted of the phone.
        layout: where files go, a name of the archive's layouts: "as-on-phone", "by-month".
        tries: how often an item is tried before it is reported as failed.
        window: bytes at the end of an unfinished file that are read again from the phone and compared before
            the rest is fetched.
        progress_step: bytes between two `Progress` events.
        reserve: bytes that must stay free on the destination.
    """

    selection: Selection = field(default_factory=Selection)
    layout: str = "as-on-phone"
    tries: int = 3
    window: int = MIB
    progress_step: int = MIB
    reserve: int = 32 * MIB


def run_backup(
    link: PhoneLink,
    archive: Archive,
    *,
    options: RunOptions | None = None,
    report: Report = silent,
    sleep: Callable[[float], None] = time.sleep,
) -> Summary:
    """Backs a phone up into an archive, and says what became of every item.

    Takes the archive's lock for as long as it runs. The phone stays open afterwards: `link.close()` is the
    caller's. Items are copied newest first: should the run be cut short, the pictures that exist nowhere else
    are the ones that are safe.

    From the moment the plan is made this returns a summary whatever happens; `Summary.ending` says how it
    ended. Ctrl-C too: the summary then says INTERRUPTED, and `KeyboardInterrupt` is not raised again.

    Raises:
        ArchiveBusy: another run holds the lock.
        OutOfSpace: not enough room; nothing was copied.
        DestinationUnwritable, DestinationGone, CatalogUnusable: the archive cannot be used.
        NoPhone, SeveralPhones, PhoneLocked, AccessDenied, InterfaceBusy, TransportError, WireError,
            OperationFailed: before the plan was made; see `PhoneLink.connect`.
        KeyboardInterrupt: before the plan was made.
    """
    raise NotImplementedError


def preview_backup(
    link: PhoneLink,
    archive: Archive | None,
    *,
    options: RunOptions | None = None,
    report: Report = silent,
) -> Planned:
    """What `run_backup` would do (`--dry-run`): lists the phone, reads the catalog, writes nothing.

    Args:
        link: the phone.
        archive: the backup, or None where there is none yet.
        options: as for `run_backup`.
        report: is told what the listing finds, and at the end the value that is returned.

    Raises:
        As `run_backup`, without `ArchiveBusy` and `OutOfSpace`: compare `to_copy` with `free`.
    """
    raise NotImplementedError
