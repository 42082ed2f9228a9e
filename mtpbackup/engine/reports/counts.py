"""What is counted, and which items are meant."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Final

from mtpbackup.errors import Failure


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
    #: Not on the list of what was asked for.
    NOT_PICKED = "not_picked"
    #: Older than asked for.
    TOO_OLD = "too_old"


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


#: No item.
NOTHING: Final = Count()


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
        """The path with "/" between the names, as `DCIM/Camera/IMG_0042.jpg`. Not made safe for a terminal.

        Of the top of a storage the storage's label.
        """
        return "/".join(self.path) or self.storage


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
