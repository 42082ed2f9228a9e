"""What the archive knows, in SQLite: phones, items, files, failures, runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from mtpbackup.archive.records import (
    FailureRow,
    FileRow,
    ItemKey,
    ItemRow,
    KnownItem,
    PhoneFolder,
    PhoneTotals,
    RunCounts,
    RunRow,
)
from mtpbackup.errors import Failure


class KnownItems:
    """A snapshot of everything saved from one phone: about 40 bytes an item. Immutable, no I/O."""

    def __len__(self) -> int:
        raise NotImplementedError

    def find(self, key: ItemKey) -> KnownItem | None:
        """The saved item with this storage, path and size, and date (see `same_moment`); a safe one first."""
        raise NotImplementedError

    def at(self, storage: str, path: Sequence[str]) -> list[KnownItem]:
        """Everything ever saved from this place, whatever its size and date."""
        raise NotImplementedError

    def alike(self, size: int, modified: datetime | None) -> list[KnownItem]:
        """Safe items of this size and date, wherever they were: an item that was moved may be one of them."""
        raise NotImplementedError

    def __iter__(self) -> Iterator[KnownItem]:
        """All of them, gone ones included; for finding those that were not listed."""
        raise NotImplementedError


class Catalog:
    """The archive's memory. May be used from any thread."""

    def known(self, phone: PhoneFolder) -> KnownItems:
        """A snapshot for the plan."""
        raise NotImplementedError

    def item(self, item_id: int) -> ItemRow:
        """One item with its names and file. Raises KeyError."""
        raise NotImplementedError

    def items(self, phone: PhoneFolder) -> Iterator[ItemRow]:
        """All saved items of a phone, by path."""
        raise NotImplementedError

    def files(self, phone: PhoneFolder | None = None) -> Iterator[FileRow]:
        """All files, by path; not those replaced."""
        raise NotImplementedError

    def record_moved(self, item_id: int, key: ItemKey) -> None:
        """An item was renamed or moved on the phone: its row points to the new place, its file stays."""
        raise NotImplementedError

    def record_gone(self, item_ids: Iterable[int]) -> None:
        """Items were not on the phone any more. Their files stay."""
        raise NotImplementedError

    def record_present(self, item_ids: Iterable[int]) -> None:
        """Items that were gone are on the phone again."""
        raise NotImplementedError

    def record_failure(self, phone: PhoneFolder, key: ItemKey, failure: Failure) -> None:
        """An item could not be saved: counted, kept until it is saved or forgotten."""
        raise NotImplementedError

    def forget_failures(self, phone: PhoneFolder, keys: Iterable[ItemKey]) -> None:
        """Failures of items that are not wanted or not there any more."""
        raise NotImplementedError

    def failures(self, phone: PhoneFolder) -> list[FailureRow]:
        """Items that could not be saved yet; by path."""
        raise NotImplementedError

    def start_run(self, phone: PhoneFolder) -> int:
        """Notes that a run begins; gives its row."""
        raise NotImplementedError

    def end_run(self, run_id: int, outcome: str, counts: RunCounts) -> None:
        """Notes how a run ended."""
        raise NotImplementedError

    def runs(self, phone: PhoneFolder, limit: int = 20) -> list[RunRow]:
        """The last runs, the newest first."""
        raise NotImplementedError

    def phones(self) -> list[PhoneFolder]:
        """All phones ever backed up here, by name."""
        raise NotImplementedError

    def totals(self, phone: PhoneFolder) -> PhoneTotals:
        """Counts for a status page."""
        raise NotImplementedError
