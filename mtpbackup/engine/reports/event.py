"""All events together, and where they go."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

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
from mtpbackup.engine.reports.phone import PhoneConnected, PhoneLost, WaitingForPhone
from mtpbackup.engine.reports.restoring import (
    FileSent,
    FileThere,
    RestoreEnded,
    RestorePlanned,
    RestoreProgress,
    RestoreStarted,
)
from mtpbackup.engine.reports.verification import FileChecked, VerifyEnded, VerifyProgress, VerifyStarted

Event: TypeAlias = (
    WaitingForPhone
    | PhoneConnected
    | PhoneLost
    | Listing
    | Planned
    | CopyStarted
    | ItemStarted
    | Progress
    | ItemSaved
    | ItemMoved
    | ItemRetried
    | ItemFailed
    | RunEnded
    | VerifyStarted
    | VerifyProgress
    | FileChecked
    | VerifyEnded
    | RestorePlanned
    | RestoreStarted
    | RestoreProgress
    | FileSent
    | FileThere
    | RestoreEnded
)

#: Where events go.
Report: TypeAlias = Callable[[Event], None]


def silent(event: Event) -> None:
    """A `Report` that listens to nothing."""
