"""Proves again that every file of a backup is still what the catalog says."""

from __future__ import annotations

import logging
from contextlib import nullcontext
from typing import TYPE_CHECKING

from mtpbackup.engine.reports import (
    Count,
    Damage,
    DamagedFile,
    FileChecked,
    Report,
    VerifyEnded,
    VerifyProgress,
    VerifyStarted,
    VerifySummary,
    silent,
)

if TYPE_CHECKING:
    from mtpbackup.archive import Archive, FileVerified

log = logging.getLogger(__name__)


def verify_archive(archive: Archive, *, report: Report = silent) -> VerifySummary:
    """Reads every file that the catalog calls safe, and compares length and SHA-256.

    Files found damaged or missing are no longer called safe, so that the next backup copies them again. Ctrl-C
    ends it with `VerifySummary.interrupted`. A backup that can only be read is checked too; then nothing is
    recorded.

    Raises:
        ArchiveBusy: a backup is running.
        DestinationGone, CatalogUnusable: the archive cannot be used.
    """
    with archive.lock() if archive.writable else nullcontext():
        check = _Check(archive, report)
        try:
            check.run()
        except KeyboardInterrupt:
            check.interrupted = True
        summary = check.summary()
    report(VerifyEnded(summary))
    return summary


class _Check:
    """One verification."""

    def __init__(self, archive: Archive, report: Report) -> None:
        self._archive = archive
        self._report = report
        self._total = Count()
        self._done = Count()
        self._good = Count()
        self._damaged: list[DamagedFile] = []
        self._leftovers = 0
        self.interrupted = False

    def run(self) -> None:
        """Checks all files."""
        from mtpbackup import archive as kept  # noqa: PLC0415 - `--help` does without

        for event in self._archive.verify():
            match event:
                case kept.VerifyStarted():
                    self._total = Count(event.files, event.size)
                    self._report(VerifyStarted(self._total))
                case kept.VerifyReading():
                    done = self._done + Count(0, event.done)
                    self._report(VerifyProgress(event.file.path, done, self._total))
                case kept.FileVerified():
                    self._file(event)
                case kept.LeftoverPart():
                    log.info("unfinished: %s, %d bytes", event.path, event.size)
                    self._leftovers += 1

    def _file(self, event: FileVerified) -> None:
        from mtpbackup.archive import FileState  # noqa: PLC0415 - `--help` does without

        this = Count(1, event.file.size)
        self._done += this
        damage = None
        if event.state is FileState.OK:
            self._good += this
        else:
            damage, detail = Damage.MISSING, ""
            if event.state is not FileState.MISSING:
                damage = (
                    Damage.CHANGED
                    if event.sha256_found or event.size_found != event.file.size
                    else Damage.UNREADABLE
                )
                detail = f"{event.size_found} of {event.file.size} bytes, SHA-256 {event.sha256_found}"
            self._damaged.append(DamagedFile(event.file.path, damage, detail))
        self._report(FileChecked(event.file.path, self._done, self._total, damage))

    def summary(self) -> VerifySummary:
        """What was found so far."""
        return VerifySummary(
            root=self._archive.root,
            total=self._total,
            good=self._good,
            damaged=tuple(self._damaged),
            leftovers=self._leftovers,
            interrupted=self.interrupted,
        )
