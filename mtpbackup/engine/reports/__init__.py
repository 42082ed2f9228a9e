"""What the engine tells while it works, and what it says at the end: plain frozen data, no sentences.

Everything goes to one callback, `Report`. It is called in the thread that called the engine, never from
another, and must return soon: while it draws, nothing is read. It may raise `KeyboardInterrupt`; the engine
treats that like Ctrl-C at any other moment. Rates and time left are for the receiver to compute: no event has a
clock.

Order of a backup's events:

    WaitingForPhone* PhoneConnected Listing* Planned ItemMoved* CopyStarted?
    (ItemStarted | Progress | ItemSaved | ItemRetried | ItemFailed | PhoneLost WaitingForPhone* PhoneConnected)*
    RunEnded

(A phone may be lost and found again at any earlier moment too; then it is listed anew.)

How the sums are defined (PRODUCT.md, promise 4). What the phone "listed" is every file that a listing of a
folder brought, and every folder that was not looked into or could not be listed, as one item each, without
bytes: its content was never listed, and nobody can count it without listing it. Folders that were entered are
not items. Each item ends in exactly one bucket of `Bucket`; `Summary.adds_up` compares the buckets with what
was counted while the phone was listed.
"""

from mtpbackup.engine.reports.backup import (
    CopyStarted,
    ItemFailed,
    ItemMoved,
    ItemRetried,
    ItemSaved,
    ItemStarted,
    Listing,
    Planned,
    Progress,
    RunEnded,
)
from mtpbackup.engine.reports.counts import Bucket, Count, FailedItem, ItemRef, SkipReason
from mtpbackup.engine.reports.event import Event, Report, silent
from mtpbackup.engine.reports.phone import PhoneConnected, PhoneLost, WaitingForPhone, WaitReason
from mtpbackup.engine.reports.restoring import (
    Clash,
    FileSent,
    FileThere,
    Obstacle,
    PutBucket,
    PutSkip,
    PutStep,
    RestoreEnded,
    RestorePlanned,
    RestoreProgress,
    RestoreStarted,
    RestoreSummary,
    SkippedFile,
    StorageRoom,
)
from mtpbackup.engine.reports.summary import Ending, Summary
from mtpbackup.engine.reports.verification import (
    Damage,
    DamagedFile,
    FileChecked,
    RebuildSummary,
    VerifyEnded,
    VerifyProgress,
    VerifyStarted,
    VerifySummary,
)

__all__ = [
    "Bucket",
    "Clash",
    "CopyStarted",
    "Count",
    "Damage",
    "DamagedFile",
    "Ending",
    "Event",
    "FailedItem",
    "FileChecked",
    "FileSent",
    "FileThere",
    "ItemFailed",
    "ItemMoved",
    "ItemRef",
    "ItemRetried",
    "ItemSaved",
    "ItemStarted",
    "Listing",
    "Obstacle",
    "PhoneConnected",
    "PhoneLost",
    "Planned",
    "Progress",
    "PutBucket",
    "PutSkip",
    "PutStep",
    "RebuildSummary",
    "Report",
    "RestoreEnded",
    "RestorePlanned",
    "RestoreProgress",
    "RestoreStarted",
    "RestoreSummary",
    "RunEnded",
    "SkipReason",
    "SkippedFile",
    "StorageRoom",
    "Summary",
    "VerifyEnded",
    "VerifyProgress",
    "VerifyStarted",
    "VerifySummary",
    "WaitReason",
    "WaitingForPhone",
    "silent",
]
