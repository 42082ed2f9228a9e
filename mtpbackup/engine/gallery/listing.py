"""What is on the phone, and what of it is safe: a listing kept, and judged anew after each backup."""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64encode
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from mtpbackup.archive import Archive, ItemKey, KnownItems
from mtpbackup.engine.gallery.table import Shown
from mtpbackup.engine.kinds import Kind, kind_of
from mtpbackup.engine.listing import FolderListed, Found, Lister
from mtpbackup.engine.plan import plan_backup
from mtpbackup.engine.planning import phone_record
from mtpbackup.engine.reports import Count, Report
from mtpbackup.engine.reports.counts import NOTHING
from mtpbackup.engine.selection import Selection
from mtpbackup.engine.tasks import key_of
from mtpbackup.phone import Item, Phone, PhoneIdentity

_NEVER: Final = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Entry:
    """A file of the phone that a backup would take.

    Attributes:
        id: made of its place, size and date: the same in every listing.
        item: as it was listed.
        kind: what it is.
        safe: whether it is in the backup.
        saved_as: its row in the catalog, where it is safe; 0 otherwise.
    """

    id: str
    item: Item
    kind: Kind
    safe: bool
    saved_as: int

    @property
    def line(self) -> str:
        """How a list names it; see `engine.naming`."""
        return f"{self.item.storage.label}/{self.item.shown_path}"


@dataclass(frozen=True, slots=True)
class PhoneListing:
    """What a phone holds, as of one listing and one look into the backup.

    Attributes:
        version: grows with each; 0 for none.
        phone: the open phone whose handles these are.
        who: the phone.
        archive_phone: its row in the catalog; 0 where it has none.
        entries: by id.
        found: everything that was listed.
        at: when, in UTC.
        all: what a backup would take: photos, videos and what belongs to them.
        safe: those of them that are in the backup.
        gone: rows of the catalog that the phone has not any more, and that are not marked so yet.
        back: rows that are marked as gone, and were listed again.
    """

    version: int = 0
    phone: Phone | None = None
    who: PhoneIdentity | None = None
    archive_phone: int = 0
    entries: dict[str, Entry] | None = None
    found: Sequence[Found] = ()
    at: datetime = _NEVER
    all: Count = NOTHING
    safe: Count = NOTHING
    gone: frozenset[int] = frozenset()
    back: frozenset[int] = frozenset()

    def entry(self, entry_id: str) -> Entry | None:
        """The file of this id."""
        return None if self.entries is None else self.entries.get(entry_id)

    def has(self, item_id: int, gone_since: datetime | None) -> bool:
        """Whether a row of the catalog is on the phone.

        Args:
            item_id: the row.
            gone_since: since when the catalog has it marked as gone, or None. Marks that were made after this
                listing are right.
        """
        if gone_since is None:
            return item_id not in self.gone
        return item_id in self.back and gone_since <= self.at

    def shown(self) -> list[Shown]:
        """All of it as rows."""
        return [
            Shown(
                entry.id,
                entry.item.storage.label,
                entry.item.path,
                entry.item.size,
                entry.item.modified,
                entry.kind,
                int(entry.safe),
            )
            for entry in (self.entries or {}).values()
        ]


def list_phone(phone: Phone, report: Report) -> list[Found]:
    """Lists a phone as a backup does.

    Raises:
        PhoneLocked, StorageVanished, TransportError, WireError, OperationFailed: it could not be listed.
    """
    return list(Lister(phone, Selection(), report, Counter()).run())


def judged(
    found: Sequence[Found],
    phone: Phone | None,
    who: PhoneIdentity,
    archive: Archive | None,
    *,
    version: int,
    at: datetime,
) -> PhoneListing:
    """A listing with its files told apart: safe, or not.

    Not safe is what the plan of a backup would copy, prove or refuse: one judgement for both.

    Args:
        found: the listing.
        phone: whose handles these are.
        who: the phone.
        archive: the backup, or None.
        version: of the result.
        at: when it was listed, in UTC.

    Raises:
        ArchiveError: the catalog cannot be read.
    """
    selection = Selection()
    known, failures, limit, number = KnownItems({}, ()), [], None, 0
    if archive is not None:
        serial = phone_record(who).serial
        folder = next((each for each in archive.catalog.phones() if each.serial == serial), None)
        limit = archive.largest_file()
        if folder is not None:
            number = folder.id
            known = archive.catalog.known(folder)
            failures = [row.key for row in archive.catalog.failures(folder)]

    def place_of(item_id: int) -> ItemKey:
        assert archive is not None
        return archive.catalog.item(item_id).key

    plan = plan_backup(
        found, known, place_of=place_of, failures=failures, selection=selection, largest_file=limit
    )
    # Handles: a plan holds its items packed, and gives copies.
    unsafe = {task.item.handle for task in plan.tasks}
    unsafe |= {move.task.item.handle for move in plan.moves}
    unsafe |= {refusal.item.handle for refusal in plan.refused}
    moved = {move.item_id for move in plan.moves}
    entries: dict[str, Entry] = {}
    for piece in found:
        if not isinstance(piece, FolderListed):
            continue
        for item in piece.files:
            if selection.skip_file(piece.storage, item.path, item.format, item.modified) is not None:
                continue
            safe = item.handle not in unsafe
            saved = known.find(key_of(item)) if safe else None
            entry_id = _id_of(item, 0)
            copies = 0
            while entry_id in entries:  # two objects of one name: phones are not to be trusted
                copies += 1
                entry_id = _id_of(item, copies)
            kind = kind_of(item.name, item.format)
            entries[entry_id] = Entry(entry_id, item, kind, safe, saved.item_id if saved else 0)
    total = Count(len(entries), sum(entry.item.size for entry in entries.values()))
    saved_ones = [entry for entry in entries.values() if entry.safe]
    safe_count = Count(len(saved_ones), sum(entry.item.size for entry in saved_ones))
    return PhoneListing(
        version=version,
        phone=phone,
        who=who,
        archive_phone=number,
        entries=entries,
        found=found,
        at=at,
        all=total,
        safe=safe_count,
        gone=frozenset(plan.gone) - moved,
        back=frozenset(plan.back),
    )


def _id_of(item: Item, copies: int) -> str:
    """A short name for a file, the same whenever it is listed."""
    date = "" if item.modified is None else item.modified.isoformat()
    text = "\0".join((item.storage.label, *item.path, str(item.size), date, str(copies)))
    digest = hashlib.blake2b(text.encode(errors="surrogatepass"), digest_size=9).digest()
    return urlsafe_b64encode(digest).decode()
