"""The archive's nouns: what is handed in, what is kept, what comes out. Data only."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime, timedelta

from mtpbackup.errors import ArchiveError, Failure


class Layout(enum.Enum):
    """How files are arranged below the phone's folder."""

    #: `<Phone>/<Storage>/DCIM/Camera/IMG_0001.jpg`
    AS_ON_PHONE = "as-on-phone"
    #: `<Phone>/2024/2024-05/IMG_0001.jpg`, by the taken time
    BY_MONTH = "by-month"


class FileState(enum.Enum):
    """What is known of a file on disk."""

    #: Was complete and flushed when its row was written, and no check since has said otherwise.
    OK = "ok"
    #: Its content or length differs from the record.
    DAMAGED = "damaged"
    #: It is not where the record says.
    MISSING = "missing"
    #: It was damaged or missing, and its item has been saved again elsewhere. Not checked any more.
    REPLACED = "replaced"


class TakenSource(enum.Enum):
    """Where a taken time comes from, the most trusted first (PRODUCT.md, section 4)."""

    #: EXIF DateTimeOriginal with OffsetTimeOriginal.
    EXIF_OFFSET = "exif_offset"
    #: EXIF DateTimeOriginal, its zone found by comparing with GPS time.
    EXIF_GPS = "exif_gps"
    #: GPS time (UTC), without any other.
    GPS = "gps"
    #: EXIF DateTimeOriginal without a zone.
    EXIF = "exif"
    #: Creation time of an MP4 or QuickTime film (UTC).
    MP4 = "mp4"
    #: The file's name, as IMG_20240506_070812.
    NAME = "name"
    #: The date that the phone listed.
    MTP = "mtp"


@dataclass(frozen=True, slots=True)
class Taken:
    """When a picture was taken.

    Attributes:
        when: with an offset where one is known (UTC for GPS and MP4), else naive: the phone's local time.
        source: where it comes from.
    """

    when: datetime
    source: TakenSource

    @property
    def local(self) -> datetime:
        """The time without a zone as a person would tell it: where the picture was taken if that is known.

        Sources that know UTC alone are told in this computer's zone.
        """
        if self.when.tzinfo is None or self.source in (TakenSource.EXIF_OFFSET, TakenSource.EXIF_GPS):
            return self.when.replace(tzinfo=None)
        return self.when.astimezone().replace(tzinfo=None)


@dataclass(frozen=True, slots=True)
class PhoneRecord:
    """A phone, as the engine introduces it.

    Attributes:
        serial: what identifies it; never empty.
        manufacturer, model: as the phone says.
        name: what a person calls it; hostile like every name.
    """

    serial: str
    manufacturer: str
    model: str
    name: str


@dataclass(frozen=True, slots=True)
class PhoneFolder:
    """A phone's place in the archive.

    Attributes:
        id: its row in the catalog.
        serial: what identifies the phone; empty where that was lost with the catalog.
        name: what a person calls it, as of its last run.
        folder: name of its folder in the root; the same for ever, also when the phone is renamed.
    """

    id: int
    serial: str
    name: str
    folder: str


@dataclass(frozen=True, slots=True)
class ItemKey:
    """What identifies an item on one phone.

    Attributes:
        storage: the storage's label.
        path: names from the storage's top level to the file, exactly as on the phone; never empty.
        size: bytes.
        modified: the phone's local time without a zone, or None when the phone gave none.
    """

    storage: str
    path: tuple[str, ...]
    size: int
    modified: datetime | None

    @property
    def name(self) -> str:
        """The file's own name on the phone."""
        return self.path[-1]

    @property
    def shown_path(self) -> str:
        """The path for reports: names joined with "/". Not for finding anything."""
        return "/".join(self.path)


#: Steps in which time zones differ, and the farthest that two can be apart (UTC-12 to UTC+14).
ZONE_STEP = timedelta(minutes=15)
ZONE_SPAN = timedelta(hours=26)
#: FAT keeps dates in steps of two seconds.
DATE_SLACK = timedelta(seconds=2)


def same_moment(one: datetime | None, other: datetime | None) -> bool:
    """Whether two listed dates of an item mean "unchanged".

    A phone tells local time without a zone, so all its dates jump when it travels or when summer time begins:
    a difference of k x 15 min up to 26 h is none. Less than 2 s is rounding by FAT. An unknown date proves
    nothing.
    """
    if one is None or other is None:
        return True
    difference = abs(one - other)
    if difference >= ZONE_SPAN + DATE_SLACK:
        return False
    rest = difference % ZONE_STEP
    return min(rest, ZONE_STEP - rest) < DATE_SLACK


@dataclass(frozen=True, slots=True)
class FileRow:
    """A file of the archive as the catalog knows it.

    Attributes:
        id: its row.
        phone_id: the phone it came from.
        path: below the root, with "/" between the names.
        size: bytes.
        sha256: of the content, in hex.
        taken: when the picture was taken, or None when nothing tells.
        saved_at: when its row was written, UTC.
        verified_at: when it was last read back and found right, UTC, or None.
        state: what is known of it.
    """

    id: int
    phone_id: int
    path: str
    size: int
    sha256: str
    taken: Taken | None
    saved_at: datetime
    verified_at: datetime | None
    state: FileState


@dataclass(frozen=True, slots=True)
class ItemRow:
    """An item of the phone that was saved.

    Attributes:
        id: its row.
        key: its identity; the names are the phone's own.
        file: where its content is.
        gone_since: when it was first found to be no longer on the phone, UTC, or None.
    """

    id: int
    key: ItemKey
    file: FileRow
    gone_since: datetime | None


@dataclass(frozen=True, slots=True)
class KnownItem:
    """One line of the snapshot that a plan is made from (`Catalog.known`).

    Attributes:
        item_id: its row in the catalog; `Catalog.item(item_id)` tells the names.
        size: bytes.
        modified: as listed when it was saved.
        safe: whether its file is in the state OK; if not, it is to be saved again.
        gone: whether it was missing from the phone in the last run that looked.
    """

    item_id: int
    size: int
    modified: datetime | None
    safe: bool
    gone: bool


@dataclass(frozen=True, slots=True)
class FailureRow:
    """An item that could not be saved, kept until it is.

    Attributes:
        key: the item.
        failure: what went wrong the last time.
        tries: runs in which it failed.
        first_at, last_at: UTC.
    """

    key: ItemKey
    failure: Failure
    tries: int
    first_at: datetime
    last_at: datetime


@dataclass(frozen=True, slots=True)
class RunCounts:
    """How many items ended in which bucket. Bytes are those saved."""

    listed: int = 0
    saved: int = 0
    safe: int = 0
    moved: int = 0
    skipped: int = 0
    failed: int = 0
    saved_bytes: int = 0


@dataclass(frozen=True, slots=True)
class RunRow:
    """One run of a backup.

    Attributes:
        id: its row.
        phone_id: whose.
        started_at, ended_at: UTC; a run without an end was killed.
        outcome: a word of the engine's, as "complete" or "unplugged"; empty while running.
        counts: the buckets.
    """

    id: int
    phone_id: int
    started_at: datetime
    ended_at: datetime | None
    outcome: str
    counts: RunCounts


@dataclass(frozen=True, slots=True)
class PhoneTotals:
    """What the archive holds of one phone.

    Attributes:
        phone: which.
        files, size: how many are OK, and their bytes.
        gone, gone_size: those of them that are no longer on the phone, and their bytes.
        damaged, missing: files that a check found so.
        failing: items that could not be saved yet.
        oldest_check: when the file that was checked the longest ago was last proven, counting being saved as
            proof; None without files. UTC.
        last_run: the last run that began.
    """

    phone: PhoneFolder
    files: int
    size: int
    gone: int
    gone_size: int
    damaged: int
    missing: int
    failing: int
    oldest_check: datetime | None
    last_run: RunRow | None


@dataclass(frozen=True, slots=True)
class Saved:
    """A committed item is safe: flushed, in place, and in the catalog.

    Attributes:
        key: the item.
        item_id: its row in the catalog.
        path: the file below the root, with "/" between the names.
        size: bytes.
        sha256: in hex.
        taken: when the picture was taken.
    """

    key: ItemKey
    item_id: int
    path: str
    size: int
    sha256: str
    taken: Taken | None


@dataclass(frozen=True, slots=True)
class NotSaved:
    """A committed item did not become safe after all.

    Attributes:
        key: the item.
        error: why. `OutOfSpace`, `DestinationGone` and `DestinationUnwritable` concern the whole run (the next
            `Writer.begin` raises the same); others this item alone.
    """

    key: ItemKey
    error: ArchiveError
