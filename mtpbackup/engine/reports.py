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

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import TypeAlias

from mtpbackup.errors import Failure, MtpBackupError


class Bucket(enum.Enum):
    """Where an item of the phone ends. Exactly one for each."""

    #: Copied in this run: flushed, length right, hash recorded, final name given.
    SAVED = "saved"
    #: Was in the backup before this run, or is there under an older name and was proven to be the same.
    SAFE = "safe"
    #: Left out by a rule; the reason is a `SkipReason`.
    SKIPPED = "skipped"
    #: Wanted, and not saved after all tries; the reason is a `Failure`. The next run tries again.
    FAILED = "failed"
    #: Wanted, and not reached: the run ended before its turn. Empty when a run ends by itself.
    LEFT = "left"


class SkipReason(enum.Enum):
    """Which rule left an item out."""

    #: The folder `Android` at the top of a storage: programs' own data. Not looked into.
    APP_DATA = "app_data"
    #: A cache of thumbnails, as `.thumbnails`. Not looked into.
    THUMBNAILS = "thumbnails"
    #: `.trashed-*`: deleted by the person, kept by Android for some days.
    TRASHED = "trashed"
    #: `.pending-*`: still being written by a program on the phone.
    PENDING = "pending"
    #: Neither a photo nor a video (nor a sidecar of one).
    OTHER_KIND = "other_kind"
    #: A photo where only videos were asked for, or the reverse.
    NOT_ASKED_FOR = "not_asked_for"
    #: Outside the folders asked for.
    OTHER_FOLDER = "other_folder"
    #: Older than asked for.
    TOO_OLD = "too_old"


class WaitReason(enum.Enum):
    """Why no phone can be used right now."""

    NONE = "none"
    LOCKED = "locked"
    BUSY = "busy"
    NO_PERMISSION = "no_permission"
    #: A phone is there, and does not answer as one should.
    NO_ANSWER = "no_answer"
    #: Phones are there, but not the one asked for, or the one that the run began with.
    OTHER_PHONE = "other_phone"


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
    #: The destination went away or cannot be written to any more.
    DESTINATION_LOST = "destination_lost"


@dataclass(frozen=True, slots=True)
class Count:
    """Items and their bytes.

    Attributes:
        items: how many.
        bytes: their sizes as the phone listed them, added up.
    """

    items: int = 0
    bytes: int = 0

    def __add__(self, other: Count) -> Count:
        return Count(self.items + other.items, self.bytes + other.bytes)

    def __sub__(self, other: Count) -> Count:
        return Count(self.items - other.items, self.bytes - other.bytes)


@dataclass(frozen=True, slots=True)
class ItemRef:
    """Which item of the phone is meant.

    Attributes:
        storage: label of its storage.
        path: names from the top of the storage down, as the phone gave them (hostile input).
        size: bytes.
    """

    storage: str
    path: tuple[str, ...]
    size: int

    @property
    def shown_path(self) -> str:
        """The path with "/" between the names, as `DCIM/Camera/IMG_0042.jpg`. Not made safe for a terminal."""
        return "/".join(self.path)


# --- the phone --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class WaitingForPhone:
    """The engine waits for the person. Told once for each change of reason.

    Attributes:
        reason: what it waits for.
        name: the phone's name, where one is known.
        wanted: the name or serial number asked for, or empty.
        node: device node (NO_PERMISSION, BUSY), or empty.
        holders: programs that hold the phone (BUSY), as far as known.
        others: names of the phones that are there instead (OTHER_PHONE).
    """

    reason: WaitReason
    name: str = ""
    wanted: str = ""
    node: str = ""
    holders: tuple[str, ...] = ()
    others: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PhoneConnected:
    """A phone is open and shows its storages.

    Attributes:
        name: what a person calls it.
        serial, manufacturer, model: of its DeviceInfo.
        storages: labels.
        again: True after it was lost in this run.
    """

    name: str
    serial: str
    manufacturer: str
    model: str
    storages: tuple[str, ...]
    again: bool = False


@dataclass(frozen=True, slots=True)
class PhoneLost:
    """The phone went away, was locked, or stopped answering in mid-run; the engine tries to get it back.

    Attributes:
        name: the phone's name.
        failure: what was seen.
    """

    name: str
    failure: Failure


# --- a backup ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Listing:
    """The phone is being listed; told after each folder.

    Attributes:
        listed: items so far.
        folders: folders listed so far.
        storage, path: the folder just listed.
    """

    listed: Count
    folders: int
    storage: str
    path: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Planned:
    """What the run is going to do.

    Attributes:
        phone: the phone's name.
        folder: where its files go.
        listed: everything on the phone, as defined at the top of this module.
        wanted: what the selection takes of it; photos and videos counted apart in the next two.
        photos, videos: of `wanted`.
        new: to be copied because nothing is known of it.
        changed: to be copied because its size or date changed; the older content is kept.
        failing: to be copied because earlier runs failed.
        lost: to be copied because their files in the backup are damaged or missing.
        moved: probably in the backup under an older path; proven, or else copied.
        safe: already in the backup.
        skipped: what is left out, by reason.
        refused: wanted, and impossible: files that the destination's file system cannot hold.
        unlisted: folders that could not be listed.
        gone: files in the backup that are no longer on the phone; kept.
        to_copy: bytes that the copies take on the disk, less what is already there of unfinished files.
        free: bytes free on the destination.
        missing_folders: folders asked for that the phone does not have.
    """

    phone: str
    folder: Path
    listed: Count
    wanted: Count
    photos: int
    videos: int
    new: Count
    changed: Count
    failing: Count
    lost: Count
    moved: Count
    safe: Count
    skipped: Mapping[SkipReason, Count]
    refused: Count
    unlisted: Count
    gone: Count
    to_copy: int
    free: int
    missing_folders: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CopyStarted:
    """Copying begins: moves are proven, room is checked. Not told when there is nothing to copy.

    Attributes:
        total: what will be copied.
    """

    total: Count


@dataclass(frozen=True, slots=True)
class ItemStarted:
    """An item is being read.

    Attributes:
        item: which.
        offset: bytes that were there already from an earlier try or run.
    """

    item: ItemRef
    offset: int = 0


@dataclass(frozen=True, slots=True)
class Progress:
    """Bytes moved. Told about every `RunOptions.progress_step` bytes and at the end of each item.

    Attributes:
        done: items that are through; bytes of them and of the one in hand, those of earlier runs included.
            May step back when an item has to be started over.
        total: what will be copied in this run.
        read: bytes that came from the phone in this run, for the rate. Never steps back.
        item: the item in hand.
    """

    done: Count
    total: Count
    read: int
    item: ItemRef


@dataclass(frozen=True, slots=True)
class ItemSaved:
    """An item is safe: flushed, renamed, in the catalog.

    Attributes:
        item: which.
        path: where it is, relative to the backup's root.
    """

    item: ItemRef
    path: str


@dataclass(frozen=True, slots=True)
class ItemMoved:
    """An item was renamed or moved on the phone, proven to be the same, and not copied again.

    Attributes:
        item: which, with its new path.
        old_path: its path on the phone before.
    """

    item: ItemRef
    old_path: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ItemRetried:
    """A try failed; the item will be tried again in this run.

    Attributes:
        item: which.
        tries: how many failed so far.
        failure: why.
    """

    item: ItemRef
    tries: int
    failure: Failure


@dataclass(frozen=True, slots=True)
class ItemFailed:
    """An item was given up for this run.

    Attributes:
        item: which.
        tries: how many failed.
        failure: why the last one did.
    """

    item: ItemRef
    tries: int
    failure: Failure


@dataclass(frozen=True, slots=True)
class FailedItem:
    """An item of the bucket "failed".

    Attributes:
        item: which; a folder that could not be listed has size 0.
        tries: how many failed; 0 when it was refused before any.
        failure: why.
    """

    item: ItemRef
    tries: int
    failure: Failure


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
        ending: how the run ended.
        error: what ended it, where that was an error.
        settled_twice: items that were put in a second bucket: a bug, 0 otherwise.
        last_verified: when the file whose proof is the oldest was last proven (being saved is a proof), in UTC.
    """

    phone: str
    serial: str
    folder: Path
    listed: Count
    saved: Count = Count()
    safe: Count = Count()
    failed: Count = Count()
    left: Count = Count()
    skipped: Mapping[SkipReason, Count] = field(default_factory=lambda: MappingProxyType({}))
    moved: Count = Count()
    failures: tuple[FailedItem, ...] = ()
    gone: Count = Count()
    read: int = 0
    photos: int = 0
    videos: int = 0
    missing_folders: tuple[str, ...] = ()
    ending: Ending = Ending.DONE
    error: MtpBackupError | None = None
    settled_twice: int = 0
    last_verified: datetime | None = None

    @property
    def skipped_in_all(self) -> Count:
        """The bucket "skipped", all reasons together."""
        return sum(self.skipped.values(), Count())

    @property
    def unaccounted(self) -> Count:
        """What was listed, less all buckets: (0, 0) unless there is a bug."""
        return self.listed - (self.saved + self.safe + self.skipped_in_all + self.failed + self.left)

    @property
    def adds_up(self) -> bool:
        """True when every item that the phone listed is in exactly one bucket, by number and by bytes."""
        return (
            self.unaccounted == Count() and not self.settled_twice and len(self.failures) == self.failed.items
        )

    @property
    def complete(self) -> bool:
        """True when everything that was asked for is safe, and provably all of it was looked at."""
        return self.ending is Ending.DONE and not self.failed.items and not self.left.items and self.adds_up

    @property
    def nothing_new(self) -> bool:
        """True when the run had nothing to do."""
        return self.ending is Ending.DONE and not self.saved.items and not self.moved.items


@dataclass(frozen=True, slots=True)
class RunEnded:
    """The last event of a backup.

    Attributes:
        summary: what `run_backup` is going to return.
    """

    summary: Summary


# --- verification -----------------------------------------------------------------------------------------


class Damage(enum.Enum):
    """What is wrong with a file of the backup."""

    MISSING = "missing"
    #: Its length or content is not what was recorded.
    CHANGED = "changed"
    #: The disk would not give its content.
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class VerifyStarted:
    """Verification begins.

    Attributes:
        total: files that the catalog calls safe.
    """

    total: Count


@dataclass(frozen=True, slots=True)
class FileChecked:
    """One file was read from disk, or could not be.

    Attributes:
        path: relative to the backup's root.
        done, total: files and bytes so far, and in all.
        damage: None when the file is what the catalog says.
    """

    path: str
    done: Count
    total: Count
    damage: Damage | None = None


@dataclass(frozen=True, slots=True)
class VerifyProgress:
    """A large file is being read.

    Attributes:
        path: relative to the backup's root.
        done, total: files and bytes so far, and in all.
    """

    path: str
    done: Count
    total: Count


@dataclass(frozen=True, slots=True)
class DamagedFile:
    """A file that is not what the catalog says.

    Attributes:
        path: relative to the backup's root.
        damage: what is wrong.
        detail: facts for a developer.
    """

    path: str
    damage: Damage
    detail: str = ""


@dataclass(frozen=True, slots=True)
class VerifySummary:
    """What a verification found.

    Attributes:
        root: the backup.
        total: files that the catalog calls safe.
        good: files read from disk and found to be what the catalog says.
        damaged: the others that were looked at.
        leftovers: unfinished files of interrupted runs; no harm, the next run continues them.
        interrupted: True when Ctrl-C ended it.
    """

    root: Path
    total: Count
    good: Count
    damaged: tuple[DamagedFile, ...] = ()
    leftovers: int = 0
    interrupted: bool = False

    @property
    def adds_up(self) -> bool:
        """True when every file is either good or damaged (an interrupted check never adds up)."""
        return self.good.items + len(self.damaged) == self.total.items

    @property
    def sound(self) -> bool:
        """True when every file of the backup was read and is right."""
        return self.adds_up and not self.damaged and not self.interrupted


@dataclass(frozen=True, slots=True)
class VerifyEnded:
    """The last event of a verification.

    Attributes:
        summary: what `verify_archive` is going to return.
    """

    summary: VerifySummary


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
)

#: Where events go.
Report: TypeAlias = Callable[[Event], None]


def silent(event: Event) -> None:
    """A `Report` that listens to nothing."""
