"""A restore into a folder of this computer: no phone, and the same account at the end."""

from __future__ import annotations

import logging
from contextlib import closing
from pathlib import Path

from mtpbackup.archive import Original, Originals, ReturnFolder, returned_name
from mtpbackup.engine.kinds import kind_of
from mtpbackup.engine.reports import (
    Count,
    Ending,
    FileSent,
    FileThere,
    ItemFailed,
    PutBucket,
    PutSkip,
    PutStep,
    Report,
    RestoreEnded,
    RestoreStarted,
    RestoreSummary,
)
from mtpbackup.engine.restore.ledger import PutLedger, count
from mtpbackup.engine.restore.meter import PutMeter
from mtpbackup.engine.restore.options import RestoreOptions
from mtpbackup.engine.restore.planning import choose
from mtpbackup.engine.restore.source import Source
from mtpbackup.engine.restore.tasks import PutTask
from mtpbackup.errors import (
    ArchiveError,
    DestinationGone,
    DestinationUnwritable,
    Failure,
    FileTooLarge,
    IntegrityError,
    MtpBackupError,
    OutOfSpace,
)

log = logging.getLogger(__name__)

_ENDS_THE_RUN = (OutOfSpace, DestinationGone, DestinationUnwritable)


class FolderRun:
    """A run of `restore_to_folder`. Used once."""

    def __init__(self, originals: Originals, target: Path, options: RestoreOptions, report: Report) -> None:
        self._originals = originals
        self._target = target
        self._options = options
        self._report = report
        self._meter = PutMeter(report, options.progress_step)
        self._source = Source(originals, even_if_damaged=options.even_if_damaged)

    def go(self, *, dry_run: bool) -> RestoreSummary:
        """Does it all. See `restore_to_folder`."""
        chosen = choose(self._originals, self._options)
        tasks = self._place(chosen.originals)
        total = sum((count(task) for task in tasks), Count())
        self._ledger = PutLedger(total, tasks)
        ending, error = Ending.DONE, None
        if not dry_run:
            ending, error = self._write_all()
        summary = self._ledger.summary(
            phone="",
            serial="",
            source=self._originals.root,
            target=self._target,
            mapped={},
            folders_made=0,
            missing=chosen.missing,
            ending=ending,
            error=error,
        )
        self._report(RestoreEnded(summary))
        return summary

    def _place(self, originals: list[Original]) -> list[PutTask]:
        """Every file with its place: the path on the phone, below the storage's label if there are several."""
        several = len({original.key.storage for original in originals}) > 1
        newest = {(one.key.storage, one.key.path): index for index, one in enumerate(originals)}
        into = tuple(name for name in self._options.into.split("/") if name)
        tasks = []
        for index, original in enumerate(originals):
            key = original.key
            above = (key.storage,) if several and key.storage else ()
            task = PutTask(
                original=original,
                kind=kind_of(key.name, 0),
                storage="",
                folder=(*into, *above, *key.path[:-1]),
                name=returned_name(key.name),
                size=key.size,
                sha256=original.sha256,
            )
            if newest[key.storage, key.path] != index:
                task.bucket, task.skip = PutBucket.SKIPPED, PutSkip.OLDER_VERSION
            tasks.append(task)
        return tasks

    def _write_all(self) -> tuple[Ending, MtpBackupError | None]:
        waiting = self._ledger.waiting()
        total = sum((count(task) for task in waiting), Count())
        with closing(ReturnFolder(self._target)) as target:
            self._target = target.path
            self._meter.begin(PutStep.SENDING, total)
            self._report(RestoreStarted(total))
            free = target.free_space()
            try:
                self._write(target, self._not_there(target, waiting), free)
            except KeyboardInterrupt:
                return Ending.INTERRUPTED, None
            except OutOfSpace as full:
                if full.needed is not None:
                    raise
                return Ending.OUT_OF_SPACE, full
            except _ENDS_THE_RUN as error:
                return Ending.DESTINATION_LOST, error
        return Ending.DONE, None

    def _not_there(self, target: ReturnFolder, tasks: list[PutTask]) -> list[PutTask]:
        """Settles what is there already, by content."""
        missing = []
        for task in tasks:
            try:
                place = target.place_for(task.folder)
                name = None
                if target.is_taken(place, task.name):
                    self._source.check(task)
                    name = target.find(place, task.name, task.size, task.sha256)
            except IntegrityError as error:
                self._unfit(task, error)
                continue
            except _ENDS_THE_RUN:
                raise
            except ArchiveError as error:
                self._fail(task, error)
                continue
            if name is None:
                missing.append(task)
                continue
            self._ledger.settle(task, PutBucket.THERE)
            self._meter.through(task.ref)
            self._report(FileThere(task.ref_as(name), task.original.path))
        return missing

    def _write(self, target: ReturnFolder, tasks: list[PutTask], free: int) -> None:
        needed = sum(task.size for task in tasks)
        if needed > free:
            raise OutOfSpace(target.path, needed, free)
        limit = target.largest_file()
        for task in tasks:
            try:
                if limit is not None and task.size > limit:
                    raise FileTooLarge(target.path / task.name, task.size, limit)
                self._source.check(task)
                self._put(target, task)
            except IntegrityError as error:
                self._unfit(task, error)
            except _ENDS_THE_RUN:
                raise
            except ArchiveError as error:
                self._fail(task, error)

    def _put(self, target: ReturnFolder, task: PutTask) -> None:
        place = target.place_for(task.folder)
        reading = self._source.read(task)
        reading.moved = self._meter.moved
        self._meter.start(task.ref)
        key = task.original.key
        name = target.put(place, task.name, key.modified, reading.parts(), task.sha256)
        if not name:
            raise ArchiveError(self._source.path(task), "changed while it was read")
        self._ledger.sent(task, name, None if key.modified is None else True, proven=False)
        self._meter.through(task.ref)
        self._report(FileSent(task.ref_as(name), task.original.path, name != key.name, True))

    def _unfit(self, task: PutTask, error: IntegrityError) -> None:
        if error.found is None:
            self._fail(task, error)
        else:
            self._ledger.skip(task, PutSkip.DAMAGED)
            self._meter.through(task.ref)

    def _fail(self, task: PutTask, error: MtpBackupError) -> None:
        task.tries += 1
        failure = Failure.of(error)
        self._ledger.failed(task, failure)
        self._meter.through(task.ref)
        self._report(ItemFailed(task.ref, task.tries, failure))
