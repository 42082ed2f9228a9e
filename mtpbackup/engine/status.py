"""What a backup holds, for each phone: a question to the catalog, no phone needed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mtpbackup.engine.reports import Count, FailedItem, ItemRef

if TYPE_CHECKING:
    from mtpbackup.archive import Archive

_NEVER: Final = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class PhoneStatus:
    """What is safe of one phone.

    Attributes:
        name, serial: the phone.
        folder: where its files are.
        safe: files that are safe.
        gone: those of them that are no longer on the phone.
        damaged, missing: how many files a check found so; the next run copies them again.
        failing: items that the last runs could not save; the next run tries again.
        last_run: when the last run ended, in UTC, or None.
        last_run_complete: whether everything asked for was safe then.
    """

    name: str
    serial: str
    folder: Path
    safe: Count
    gone: Count
    damaged: int
    missing: int
    failing: tuple[FailedItem, ...]
    last_run: datetime | None
    last_run_complete: bool


@dataclass(frozen=True, slots=True)
class ArchiveStatus:
    """What a backup holds.

    Attributes:
        root: its folder.
        phones: one for each phone that was backed up here, the latest run first.
        free: bytes free on its disk.
        last_verified: when the file whose proof is the oldest was last proven, in UTC, or None. Being saved is
            a proof.
    """

    root: Path
    phones: tuple[PhoneStatus, ...]
    free: int
    last_verified: datetime | None


def archive_status(archive: Archive) -> ArchiveStatus:
    """What a backup holds, phone by phone.

    Raises:
        CatalogUnusable: the catalog cannot be read.
    """
    from mtpbackup.engine.run import COMPLETE  # noqa: PLC0415 - `--help` does without

    phones: list[PhoneStatus] = []
    checks: list[datetime] = []
    for phone in archive.catalog.phones():
        totals = archive.catalog.totals(phone)
        ended = [run for run in archive.catalog.runs(phone) if run.ended_at is not None]
        if totals.oldest_check is not None:
            checks.append(totals.oldest_check)
        failing = [
            FailedItem(ItemRef(row.key.storage, row.key.path, row.key.size), row.tries, row.failure)
            for row in archive.catalog.failures(phone)
        ]
        phones.append(
            PhoneStatus(
                name=phone.name,
                serial=phone.serial,
                folder=archive.root / phone.folder,
                safe=Count(totals.files, totals.size),
                gone=Count(totals.gone, totals.gone_size),
                damaged=totals.damaged,
                missing=totals.missing,
                failing=tuple(failing),
                last_run=ended[0].ended_at if ended else None,
                last_run_complete=bool(ended) and ended[0].outcome == COMPLETE,
            )
        )
    phones.sort(key=lambda one: one.last_run or _NEVER, reverse=True)
    return ArchiveStatus(archive.root, tuple(phones), archive.free_space(), min(checks, default=None))
