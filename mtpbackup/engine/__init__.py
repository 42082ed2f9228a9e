"""Decides what to copy, copies it, and proves it: the only place that sees both the phone and the archive.

    reports       what is told while it works, and the summaries: what the front doors draw
    kinds         what is a photo, what is a video
    selection     which items are wanted, and why the others are not

May be imported by cli.
"""

from mtpbackup.engine.kinds import Kind, kind_of
from mtpbackup.engine.reports import Bucket, Count, Event, Report, SkipReason, Summary, VerifySummary
from mtpbackup.engine.selection import Only, Selection

__all__ = [
    "Bucket",
    "Count",
    "Event",
    "Kind",
    "Only",
    "Report",
    "Selection",
    "SkipReason",
    "Summary",
    "VerifySummary",
    "kind_of",
]
