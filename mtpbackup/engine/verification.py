"""Proves again that every file of a backup is still what the catalog says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mtpbackup.engine.reports import Report, VerifySummary, silent

if TYPE_CHECKING:
    from mtpbackup.archive import Archive


def verify_archive(archive: Archive, *, report: Report = silent) -> VerifySummary:
    """Reads every file that the catalog calls safe, and compares length and SHA-256.

    Files found damaged or missing are no longer called safe, so that the next backup copies them again. Ctrl-C
    ends it with `VerifySummary.interrupted`.

    Raises:
        ArchiveBusy: a backup is running.
        DestinationGone, CatalogUnusable: the archive cannot be used.
    """
    raise NotImplementedError
