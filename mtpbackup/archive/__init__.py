"""The backup on disk: plain files and a catalog, kept true to each other. Knows nothing of phones.

May be imported by engine and cli.
"""

from mtpbackup.archive.archive import Archive
from mtpbackup.archive.catalog import Catalog
from mtpbackup.archive.incoming import Incoming
from mtpbackup.archive.known import KnownItems
from mtpbackup.archive.pipeline import Chunk, WriterLimits
from mtpbackup.archive.records import (
    FailureRow,
    FileRow,
    FileState,
    ItemKey,
    ItemRow,
    KnownItem,
    Layout,
    NotSaved,
    PhoneFolder,
    PhoneRecord,
    PhoneTotals,
    RunCounts,
    RunRow,
    Saved,
    Taken,
    TakenSource,
    same_moment,
)
from mtpbackup.archive.verify import FileVerified, LeftoverPart, VerifyEvent, VerifyReading, VerifyStarted
from mtpbackup.archive.writer import Writer

__all__ = [
    "Archive",
    "Catalog",
    "Chunk",
    "FailureRow",
    "FileRow",
    "FileState",
    "FileVerified",
    "Incoming",
    "ItemKey",
    "ItemRow",
    "KnownItem",
    "KnownItems",
    "Layout",
    "LeftoverPart",
    "NotSaved",
    "PhoneFolder",
    "PhoneRecord",
    "PhoneTotals",
    "RunCounts",
    "RunRow",
    "Saved",
    "Taken",
    "TakenSource",
    "VerifyEvent",
    "VerifyReading",
    "VerifyStarted",
    "Writer",
    "WriterLimits",
    "same_moment",
]
