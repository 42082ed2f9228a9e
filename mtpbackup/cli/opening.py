"""Opens a backup that is to be looked at, and tells a disk that is not there from a folder without a backup."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mtpbackup.cli import remembered
from mtpbackup.errors import DestinationGone, NoArchive

if TYPE_CHECKING:
    from mtpbackup.archive import Archive


def open_backup(root: Path) -> Archive:
    """The backup in a folder; the caller's to close.

    Raises:
        NoArchive: there never was one, as far as is known.
        DestinationGone: there was one before: its disk is not there, or somebody deleted it.
        CatalogUnusable: its catalog is damaged, missing or newer than this program.
    """
    from mtpbackup.archive import Archive  # noqa: PLC0415 - `--help` does without

    try:
        return Archive.open(root)
    except NoArchive:
        if remembered.backup_in(root) is not None:
            raise DestinationGone(root, "the backup that was here is not mounted") from None
        raise
