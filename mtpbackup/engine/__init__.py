"""Decides what to copy, copies it, and proves it: the only place that sees both the phone and the archive.

    reports       what is told while it works, and the summaries: what the front doors draw
    kinds         what is a photo, what is a video
    selection     which items are wanted, and why the others are not
    link          gets hold of a phone, and of the same phone again (`PhoneLink`)
    backup        a backup from beginning to end
    verification  proves a backup again
    rebuilding    makes a lost catalog anew, proving the files on the way
    status        what a backup holds

`PhoneLink` is imported from `mtpbackup.engine.link`: the rest works with no phone and no USB.

May be imported by cli.
"""

from mtpbackup.engine.backup import preview_backup, run_backup
from mtpbackup.engine.kinds import Kind, kind_of
from mtpbackup.engine.options import RunOptions
from mtpbackup.engine.rebuilding import rebuild_archive
from mtpbackup.engine.reports import (
    Bucket,
    Count,
    Event,
    RebuildSummary,
    Report,
    SkipReason,
    Summary,
    VerifySummary,
)
from mtpbackup.engine.selection import Only, Selection
from mtpbackup.engine.status import ArchiveStatus, PhoneStatus, archive_status
from mtpbackup.engine.verification import verify_archive

__all__ = [
    "ArchiveStatus",
    "Bucket",
    "Count",
    "Event",
    "Kind",
    "Only",
    "PhoneStatus",
    "RebuildSummary",
    "Report",
    "RunOptions",
    "Selection",
    "SkipReason",
    "Summary",
    "VerifySummary",
    "archive_status",
    "kind_of",
    "preview_backup",
    "rebuild_archive",
    "run_backup",
    "verify_archive",
]
