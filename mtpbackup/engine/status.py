"""What a backup holds, for each phone: a question to the catalog, no phone needed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from mtpbackup.engine.reports import Count, FailedItem

if TYPE_CHECKING:
    from mtpbackup.archive import Archive


@dataclass(frozen=True, slots=True)
class PhoneStatus:
    """What is safe of one phone.

    Attributes:
        name, serial, manufacturer, model: the phone.
        folder: where its files are.
        safe: files that are safe.
        gone: those of them that are no longer on the phone.
        failing: items that the last runs could not save; the next run tries again.
        last_run: when the last run ended, aware, or None.
        last_run_complete: whether everything asked for was safe then.
    """

    name: str
    serial: str
    manufacturer: str
    model: str
    folder: Path
    safe: Count
    gone: Count
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
        last_verified: when `verify` last read everything, aware, or None.
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
    raise NotImplementedError
