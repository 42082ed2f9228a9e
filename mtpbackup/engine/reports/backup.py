"""Events of a backup, in their order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mtpbackup.engine.reports.counts import NOTHING, Count, ItemRef, SkipReason
from mtpbackup.engine.reports.summary import Summary
from mtpbackup.errors import Failure


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
        missing_names: what was asked for by a list and is not on the phone.
        reserve: bytes that have to stay free besides.
        too_large: of `refused`: files larger than the destination's file system takes.
        largest_file: how large they may be, in bytes; None: any size.
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
    missing_names: tuple[str, ...] = ()
    reserve: int = 0
    too_large: Count = NOTHING
    largest_file: int | None = None

    @property
    def fits(self) -> bool:
        """Whether there is room for all that is to be copied."""
        return not self.to_copy or self.to_copy + self.reserve <= self.free


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
class RunEnded:
    """The last event of a backup.

    Attributes:
        summary: what `run_backup` is going to return.
    """

    summary: Summary
