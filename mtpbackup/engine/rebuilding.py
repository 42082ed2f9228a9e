"""Makes the catalog of a backup anew from its files, and proves them on the way."""

from __future__ import annotations

from pathlib import Path

from mtpbackup.engine.reports import (
    Count,
    Damage,
    DamagedFile,
    FileChecked,
    RebuildSummary,
    Report,
    VerifyStarted,
    silent,
)


def rebuild_archive(root: Path, *, report: Report = silent) -> RebuildSummary:
    """Reads every file of a backup and makes a new catalog; the old one is put aside.

    Tells `VerifyStarted` and a `FileChecked` for each file. Ctrl-C (`KeyboardInterrupt`) leaves everything as
    it was.

    Raises:
        NoArchive: there is no backup in `root`.
        CatalogUnusable: the catalog was made by a newer version; nothing was changed.
        ArchiveBusy: a run is active.
        DestinationUnwritable, DestinationGone, OutOfSpace, ArchiveError: the disk will not.
    """
    from mtpbackup import archive as kept  # noqa: PLC0415 - `--help` does without

    total = done = good = unrecorded = left_out = Count()
    damaged: list[DamagedFile] = []
    for event in kept.rebuild(root):
        match event:
            case kept.VerifyStarted():
                total = Count(event.files, event.size)
                report(VerifyStarted(total))
            case kept.FileFound():
                this = Count(1, event.size)
                done += this
                damage = None
                if event.state is None:
                    left_out += this
                elif event.state is not kept.FileState.OK:
                    damage = Damage.CHANGED
                    damaged.append(DamagedFile(event.path, damage))
                elif event.recorded:
                    good += this
                else:
                    unrecorded += this
                report(FileChecked(event.path, done, total, damage))
            case kept.Rebuilt():
                damaged += [DamagedFile(path, Damage.MISSING) for path in event.missing]
                return RebuildSummary(
                    root=root,
                    archive_id=event.id,
                    good=good,
                    unrecorded=unrecorded,
                    left_out=left_out,
                    damaged=tuple(damaged),
                    set_aside=event.set_aside,
                )
    raise AssertionError("a rebuilding ends with an event or an error")
