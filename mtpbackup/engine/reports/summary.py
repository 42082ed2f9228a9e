"""What became of every item of the phone, and whether that adds up."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import MappingProxyType

from mtpbackup.engine.reports.counts import NOTHING, Count, FailedItem, SkipReason
from mtpbackup.errors import MtpBackupError


class Ending(enum.Enum):
    """How a run ended."""

    #: By itself: everything was tried.
    DONE = "done"
    #: Ctrl-C.
    INTERRUPTED = "interrupted"
    #: The phone went away and did not come back in time.
    PHONE_LOST = "phone_lost"
    #: The phone was locked and was not unlocked in time.
    PHONE_LOCKED = "phone_locked"
    #: The destination filled up in mid-run.
    OUT_OF_SPACE = "out_of_space"
    #: The destination went away or cannot be written to any more; in a restore, the backup did.
    DESTINATION_LOST = "destination_lost"
    #: The person said no when asked (restore).
    DECLINED = "declined"


@dataclass(frozen=True, slots=True)
class Summary:
    """What became of every item of the phone. The sums are defined at the top of this module.

    Attributes:
        phone, serial: the phone's name and serial number.
        folder: where its files are.
        listed: what the phone listed, counted while it was listed.
        saved, safe, failed, left: the buckets, counted when items were settled.
        skipped: the bucket "skipped", by reason.
        moved: part of `safe`: proven in this run to be there under an older path.
        failures: the items in `failed`.
        gone: files in the backup that are no longer on the phone; kept. Not an item of the phone.
        read: bytes that came from the phone.
        photos, videos: of the items in `saved` and `safe` together.
        missing_folders: folders asked for that the phone does not have.
        missing_names: what was asked for by a list and is not on the phone.
        ending: how the run ended.
        error: what ended it, where that was an error.
        settled_twice: items that were put in a second bucket: a bug, 0 otherwise.
        last_verified: when the file whose proof is the oldest was last proven (being saved is a proof), in UTC.
    """

    phone: str
    serial: str
    folder: Path
    listed: Count
    saved: Count = NOTHING
    safe: Count = NOTHING
    failed: Count = NOTHING
    left: Count = NOTHING
    skipped: Mapping[SkipReason, Count] = field(default_factory=lambda: MappingProxyType({}))
    moved: Count = NOTHING
    failures: tuple[FailedItem, ...] = ()
    gone: Count = NOTHING
    read: int = 0
    photos: int = 0
    videos: int = 0
    missing_folders: tuple[str, ...] = ()
    missing_names: tuple[str, ...] = ()
    ending: Ending = Ending.DONE
    error: MtpBackupError | None = None
    settled_twice: int = 0
    last_verified: datetime | None = None

    @property
    def skipped_in_all(self) -> Count:
        """The bucket "skipped", all reasons together."""
        return sum(self.skipped.values(), NOTHING)

    @property
    def unaccounted(self) -> Count:
        """What was listed, less all buckets: (0, 0) unless there is a bug."""
        return self.listed - (self.saved + self.safe + self.skipped_in_all + self.failed + self.left)

    @property
    def adds_up(self) -> bool:
        """True when every item that the phone listed is in exactly one bucket, by number and by bytes."""
        return (
            self.unaccounted == NOTHING and not self.settled_twice and len(self.failures) == self.failed.items
        )

    @property
    def complete(self) -> bool:
        """True when everything that was asked for is safe, and provably all of it was looked at."""
        return (
            self.ending is Ending.DONE
            and self.adds_up
            and not (self.failed.items or self.left.items or self.missing_folders or self.missing_names)
        )

    @property
    def nothing_new(self) -> bool:
        """True when the run had nothing to do."""
        return self.ending is Ending.DONE and not self.saved.items and not self.moved.items
