"""Events of a restore, and its summary.

Order of events:

    WaitingForPhone* PhoneConnected Listing* RestoreProgress* RestorePlanned RestoreStarted?
    (RestoreProgress | FileSent | FileThere | ItemRetried | ItemFailed
        | PhoneLost WaitingForPhone* PhoneConnected)*
    RestoreEnded

Each file that was asked for ends in exactly one bucket of `PutBucket`; `RestoreSummary.adds_up` compares the
buckets with what was counted when the files were chosen. Sizes are those in the backup.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from mtpbackup.engine.reports.counts import NOTHING, Count, FailedItem, ItemRef
from mtpbackup.engine.reports.summary import Ending
from mtpbackup.errors import MtpBackupError


class PutBucket(enum.Enum):
    """Where a file that was asked for ends. Exactly one for each."""

    #: Sent in this run, and seen to be there afterwards with the right size.
    SENT = "sent"
    #: Was there before: same content, proven by name, size and date, by our own record, or by reading it.
    THERE = "there"
    #: Not sent for a reason that trying again would not change; a `PutSkip`.
    SKIPPED = "skipped"
    #: Could not be sent after all tries; the reason is a `Failure`.
    FAILED = "failed"
    #: Not reached: the run ended before its turn.
    LEFT = "left"


class PutSkip(enum.Enum):
    """Why a file that was asked for is not sent."""

    #: Its content is not what was recorded when it was backed up.
    DAMAGED = "damaged"
    #: A newer version of the same picture is in the backup, and is sent.
    OLDER_VERSION = "older_version"
    #: The same content goes to the same name already.
    DUPLICATE = "duplicate"
    #: Larger than files on that storage can be.
    TOO_LARGE = "too_large"
    #: A file on the phone has the name of a folder that would be needed.
    IN_THE_WAY = "in_the_way"
    #: No name could be made of it that the phone would take.
    NAME = "name"


class PutStep(enum.Enum):
    """What a restore is doing."""

    COMPARING = "comparing"
    SENDING = "sending"
    CHECKING = "checking"


class Obstacle(enum.Enum):
    """What a file meets at the place where it goes."""

    #: It is there already; it is not sent.
    THERE = "there"
    #: Something of its name and size is there, and was not read yet: the same, or else it gets another name.
    UNSURE = "unsure"
    #: Something else has its name: it gets another one.
    RENAMED = "renamed"
    #: It is not sent; the reason is a `PutSkip`.
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Clash:
    """A file that does not simply go where it was.

    Attributes:
        source: its path in the backup.
        what: what it meets.
        name: the name that it gets (RENAMED, and UNSURE if it turns out to be something else).
        skip: why it is not sent (SKIPPED).
    """

    source: str
    what: Obstacle
    name: str = ""
    skip: PutSkip | None = None


@dataclass(frozen=True, slots=True)
class StorageRoom:
    """What a restore needs on one storage.

    Attributes:
        storage: its label.
        needed: bytes.
        free: bytes, or None where the phone does not tell.
    """

    storage: str
    needed: int
    free: int | None

    @property
    def fits(self) -> bool:
        """Whether there is room, as far as known."""
        return self.free is None or self.needed <= self.free


@dataclass(frozen=True, slots=True)
class RestorePlanned:
    """What is going to be done. Nothing on the phone was changed yet.

    Attributes:
        phone: the target's name; empty for a folder of the computer.
        source: the backup, or folder.
        selected: what was asked for.
        photos, videos: of what is to be sent.
        to_send, there, skipped, failed: see `PutBucket`; what was decided so far.
        unsure: of `to_send`: something of that name and size is there, and was not read yet (dry run).
        places: folders that files go to, as a person writes them, the fullest first.
        new_folders: how many of them have to be made.
        mapped: storages of the old phone that the target does not have, and where their files go instead.
        unplaced: files of which nobody knows where they lay on a phone.
        renamed: how many get another name, because theirs is taken by other content or would be refused.
        room: by storage.
        missing: names asked for that fit no file.
        clashes: files that do not simply go where they were.
    """

    phone: str
    source: Path
    selected: Count
    photos: int
    videos: int
    to_send: Count
    there: Count
    unsure: Count
    skipped: Mapping[PutSkip, Count]
    failed: Count
    places: tuple[str, ...]
    new_folders: int
    mapped: tuple[tuple[str, str], ...]
    unplaced: int
    renamed: int
    room: tuple[StorageRoom, ...]
    missing: tuple[str, ...]
    clashes: tuple[Clash, ...] = ()

    @property
    def fits(self) -> bool:
        """Whether there is room for all of it."""
        return all(room.fits for room in self.room)


@dataclass(frozen=True, slots=True)
class RestoreStarted:
    """Sending begins. Not told when there is nothing to send.

    Attributes:
        total: what will be sent.
    """

    total: Count


@dataclass(frozen=True, slots=True)
class RestoreProgress:
    """Bytes moved.

    Attributes:
        step: what is being done.
        done: files that are through; bytes of them and of the one in hand. May step back when one starts over.
        total: of this step.
        moved: bytes that crossed the cable in this step, for the rate. Never steps back.
        item: the file in hand, by its place on the target.
    """

    step: PutStep
    done: Count
    total: Count
    moved: int
    item: ItemRef


@dataclass(frozen=True, slots=True)
class FileSent:
    """A file is on the target, and was seen to be there.

    Attributes:
        item: its place there.
        source: its path in the backup.
        renamed: whether it has another name than it had.
        date_kept: whether it has its date; None where it had none.
    """

    item: ItemRef
    source: str
    renamed: bool
    date_kept: bool | None


@dataclass(frozen=True, slots=True)
class FileThere:
    """A file is on the target already.

    Attributes:
        item: its place there.
        source: its path in the backup.
    """

    item: ItemRef
    source: str


@dataclass(frozen=True, slots=True)
class SkippedFile:
    """A file of the bucket "skipped" that a person should know of.

    Attributes:
        item: where it would have gone.
        source: its path in the backup.
        reason: why.
    """

    item: ItemRef
    source: str
    reason: PutSkip


@dataclass(frozen=True, slots=True)
class RestoreSummary:
    """What became of every file that was asked for.

    Attributes:
        phone, serial: the target's name and serial number; empty for a folder of the computer.
        source: the backup, or folder.
        target: the folder of the computer; None for a phone.
        selected: what was asked for, counted when it was chosen.
        sent, there, failed, left: the buckets.
        skipped: the bucket "skipped", by reason.
        skips: those skipped that a person should know of one by one.
        failures: the files in `failed`, by their place on the target.
        photos, videos: of `sent`.
        places: folders that files were sent to, the fullest first.
        renamed: where a file was to go, and the name that it got instead.
        mapped: storages of the old phone, and where their files went instead.
        dates_kept, dates_lost: of `sent`: files that have their date on the target, and those with another.
        proven: of `sent`: files that were read back and compared.
        folders_made: how many.
        missing: names asked for that fit no file.
        ending: how the run ended.
        error: what ended it, where that was an error.
        settled_twice: files that were put in a second bucket: a bug, 0 otherwise.
    """

    phone: str
    serial: str
    source: Path
    selected: Count
    target: Path | None = None
    sent: Count = NOTHING
    there: Count = NOTHING
    failed: Count = NOTHING
    left: Count = NOTHING
    skipped: Mapping[PutSkip, Count] = field(default_factory=lambda: MappingProxyType({}))
    skips: tuple[SkippedFile, ...] = ()
    failures: tuple[FailedItem, ...] = ()
    photos: int = 0
    videos: int = 0
    places: tuple[str, ...] = ()
    renamed: tuple[tuple[ItemRef, str], ...] = ()
    mapped: tuple[tuple[str, str], ...] = ()
    dates_kept: int = 0
    dates_lost: int = 0
    proven: int = 0
    folders_made: int = 0
    missing: tuple[str, ...] = ()
    ending: Ending = Ending.DONE
    error: MtpBackupError | None = None
    settled_twice: int = 0

    @property
    def skipped_in_all(self) -> Count:
        """The bucket "skipped", all reasons together."""
        return sum(self.skipped.values(), NOTHING)

    @property
    def unaccounted(self) -> Count:
        """What was asked for, less all buckets: (0, 0) unless there is a bug."""
        return self.selected - (self.sent + self.there + self.skipped_in_all + self.failed + self.left)

    @property
    def adds_up(self) -> bool:
        """True when every file asked for is in exactly one bucket, by number and by bytes."""
        return (
            self.unaccounted == NOTHING and not self.settled_twice and len(self.failures) == self.failed.items
        )

    @property
    def complete(self) -> bool:
        """True when everything that was asked for is on the target now."""
        harmless = {PutSkip.OLDER_VERSION, PutSkip.DUPLICATE}
        return (
            self.ending is Ending.DONE
            and self.adds_up
            and not (self.failed.items or self.left.items or self.missing)
            and not any(count.items for reason, count in self.skipped.items() if reason not in harmless)
        )


@dataclass(frozen=True, slots=True)
class RestoreEnded:
    """The last event of a restore.

    Attributes:
        summary: what `run_restore` is going to return.
    """

    summary: RestoreSummary
