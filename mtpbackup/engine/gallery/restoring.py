"""Choosing what goes back: files of the backup by their rows, and what stands in their way."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from mtpbackup.archive import Archive, Original, SentRecord, nearest_existing, returned_name
from mtpbackup.engine.gallery.trouble import FolderUnusable
from mtpbackup.engine.reports import Clash, Count, Obstacle
from mtpbackup.engine.restore import RestoreOptions
from mtpbackup.errors import IntegrityError
from mtpbackup.phone import PhoneIdentity


@dataclass(frozen=True, slots=True)
class RestorePreview:
    """What putting some files back would do.

    Attributes:
        plan: its number; `Gallery.start_restore` takes it.
        ids: rows of the items in the catalog.
        target: folder of this computer; None for the phone.
        into: folder on the target; empty: where they were.
        total: what would be sent.
        clashes: files that do not simply go where they were.
        fits: whether there is room.
        free: bytes, where that is known.
        who: the phone that it was made for.
    """

    plan: int
    ids: tuple[int, ...]
    target: Path | None
    into: str
    total: Count
    clashes: tuple[Clash, ...] = ()
    fits: bool = True
    free: int | None = None
    who: PhoneIdentity | None = None

    @property
    def options(self) -> RestoreOptions:
        """How it is done."""
        return RestoreOptions(into=self.into)


class ChosenOriginals:
    """Some files of a backup. See `archive.Originals`."""

    def __init__(self, archive: Archive, ids: Sequence[int]) -> None:
        """Prepares; `ids` are rows of items. The archive stays the caller's to close."""
        self._archive = archive
        self._ids = ids
        self.root = archive.root
        self.name = ""
        self.record: SentRecord | None = archive.sent

    def all(self) -> Iterator[Original]:
        """See `Originals`. Rows that are not there (any more) are left out."""
        for item_id in self._ids:
            try:
                item = self._archive.catalog.item(item_id)
            except KeyError:
                continue
            yield Original(item.key, item.file.path, item.file.sha256)

    def lock(self) -> AbstractContextManager[None]:
        """See `Originals`."""
        return self._archive.lock() if self._archive.writable else nullcontext()

    def open(self, original: Original) -> int:
        """See `Originals`."""
        try:
            return self._archive.open_content(original.path)
        except FileNotFoundError as error:
            raise IntegrityError(self.root / original.path, original.sha256, None) from error


def preview_to_folder(
    number: int, originals: ChosenOriginals, ids: tuple[int, ...], target: Path, options: RestoreOptions
) -> RestorePreview:
    """What is in the way in a folder of the computer. Nothing is read, nothing is made.

    Raises:
        FolderUnusable: it is none, or nothing may be written there.
    """
    chosen = list(originals.all())
    several = len({original.key.storage for original in chosen}) > 1
    into = tuple(name for name in options.into.split("/") if name)
    clashes = []
    for original in chosen:
        above = (original.key.storage,) if several and original.key.storage else ()
        names = (*into, *above, *original.key.path[:-1])
        place = target.joinpath(*map(returned_name, names), returned_name(original.key.name))
        if os.path.lexists(place):
            clashes.append(Clash(original.path, Obstacle.UNSURE))
    total = Count(len(chosen), sum(original.key.size for original in chosen))
    free = _room(target)
    fits = total.bytes <= free
    return RestorePreview(number, ids, target, options.into, total, tuple(clashes), fits, free)


def _room(target: Path) -> int:
    """Bytes free where a folder is, or is going to be."""
    try:
        nearest = nearest_existing(target)
        if nearest.is_dir() and os.access(nearest, os.W_OK | os.X_OK):
            return shutil.disk_usage(nearest).free
    except OSError as error:
        raise FolderUnusable(str(target), whole=True) from error
    raise FolderUnusable(str(target), whole=True)
