"""What is in the backup, for the pages: figures, tables, files."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from mtpbackup.archive import Archive, ItemRow, PhoneFolder, RunRow
from mtpbackup.engine.gallery.listing import PhoneListing
from mtpbackup.engine.gallery.shelf import Shelf
from mtpbackup.engine.gallery.table import Shown, packed
from mtpbackup.engine.gallery.trouble import PictureUnknown
from mtpbackup.engine.kinds import kind_of
from mtpbackup.engine.reports import Count
from mtpbackup.errors import MtpBackupError


@dataclass(frozen=True, slots=True)
class ArchiveFacts:
    """The backup, for the first page.

    Attributes:
        root: its folder.
        there: whether there is one.
        free: bytes free on its disk, or None where it is not there.
        phones: what is in it, phone by phone: the phone, its files, their bytes.
        runs: the last runs of all phones, the newest first, each with its phone's name.
        trouble: why it cannot be read.
    """

    root: Path
    there: bool = False
    free: int | None = None
    phones: tuple[tuple[PhoneFolder, Count], ...] = ()
    runs: tuple[tuple[str, RunRow], ...] = ()
    trouble: MtpBackupError | None = None


class Holdings:
    """Reads the backup. For any thread."""

    def __init__(self, shelf: Shelf, listing: Callable[[], PhoneListing]) -> None:
        """Prepares.

        Args:
            shelf: the backup.
            listing: gives what is on the phone, as far as that is known.
        """
        self._shelf = shelf
        self._listing = listing
        self._lock = threading.Lock()
        self._tables: dict[int | None, tuple[object, bytes]] = {}

    def facts(self) -> ArchiveFacts:
        """The backup in figures."""
        try:
            archive = self._shelf.get()
            if archive is None:
                return ArchiveFacts(self._shelf.root)
            phones, runs = [], []
            for phone in archive.catalog.phones():
                totals = archive.catalog.totals(phone)
                phones.append((phone, Count(totals.files, totals.size)))
                runs += [(phone.name, run) for run in archive.catalog.runs(phone, limit=5)]
            runs.sort(key=lambda run: run[1].started_at, reverse=True)
            return ArchiveFacts(archive.root, True, archive.free_space(), tuple(phones), tuple(runs[:5]))
        except MtpBackupError as error:
            return ArchiveFacts(self._shelf.root, trouble=error)

    def table(self, phone_id: int | None = None, limit: int | None = None) -> bytes:
        """The backup's pictures as JSON.

        Args:
            phone_id: only those of this phone.
            limit: only the newest so many.

        Raises:
            ArchiveError: the catalog cannot be read.
            PictureUnknown: there is no such phone.
        """
        archive = self._shelf.get()
        if archive is None:
            return packed(0, [])
        phones = archive.catalog.phones()
        if phone_id is not None:
            phones = [phone for phone in phones if phone.id == phone_id]
            if not phones:
                raise PictureUnknown(str(phone_id))
        if limit is not None:
            return packed(0, _newest(self._rows(archive, phones), limit))
        stamp = (
            archive.id,
            [(archive.catalog.count_files(phone), archive.catalog.runs(phone, limit=1)) for phone in phones],
            self._listing().version,
        )
        with self._lock:
            known = self._tables.get(phone_id)
            if known is None or known[0] != stamp:
                version = 1 if known is None else int.from_bytes(os.urandom(4))
                known = (stamp, packed(version, self._rows(archive, phones)))
                self._tables[phone_id] = known
            return known[1]

    def _rows(self, archive: Archive, phones: Sequence[PhoneFolder]) -> list[Shown]:
        return [
            _shown(item, self.is_on_phone(item)) for phone in phones for item in archive.catalog.items(phone)
        ]

    def is_on_phone(self, item: ItemRow) -> bool:
        """Whether a file of the backup is still on its phone: by the last listing, or else by the last run."""
        listing = self._listing()
        if listing.archive_phone != item.file.phone_id:
            return item.gone_since is None
        return listing.has(item.id, item.gone_since)

    def item(self, item_id: int) -> tuple[ItemRow, str]:
        """A file of the backup, and the name of the phone that it is from.

        Raises:
            PictureUnknown: there is none of this number.
            ArchiveError: the catalog cannot be read.
        """
        archive = self._shelf.get()
        if archive is None:
            raise PictureUnknown(str(item_id))
        try:
            item = archive.catalog.item(item_id)
        except KeyError:
            raise PictureUnknown(str(item_id)) from None
        phones = {phone.id: phone.name for phone in archive.catalog.phones()}
        return item, phones.get(item.file.phone_id, "")

    def open(self, item: ItemRow) -> int:
        """A descriptor of a file of the backup, the caller's to close.

        Raises:
            PictureUnknown: it is not there any more.
            ArchiveError: it cannot be opened.
        """
        archive = self._shelf.get()
        if archive is None:
            raise PictureUnknown(str(item.id))
        try:
            return archive.open_content(item.file.path)
        except FileNotFoundError:
            raise PictureUnknown(str(item.id)) from None


def _shown(item: ItemRow, on_phone: bool) -> Shown:
    date = item.file.taken.local if item.file.taken is not None else item.key.modified
    kind = kind_of(item.key.name, 0)
    return Shown(str(item.id), item.key.storage, item.key.path, item.key.size, date, kind, int(on_phone))


def _newest(rows: list[Shown], limit: int) -> list[Shown]:
    dated = sorted(rows, key=lambda row: "" if row.date is None else row.date.isoformat(), reverse=True)
    return dated[:limit]
