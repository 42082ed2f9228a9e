"""Accounts for every file: what was asked for on one side, the buckets on the other."""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from mtpbackup.engine.kinds import Kind
from mtpbackup.engine.reports import (
    Count,
    Ending,
    FailedItem,
    ItemRef,
    PutBucket,
    PutSkip,
    RestoreSummary,
    SkippedFile,
)
from mtpbackup.engine.restore.tasks import PutTask
from mtpbackup.errors import Failure, MtpBackupError

log = logging.getLogger(__name__)

#: Reasons to skip a file that a person need not hear of one by one.
_SILENT = (PutSkip.OLDER_VERSION, PutSkip.DUPLICATE)


def count(task: PutTask) -> Count:
    """A file as it is counted: with its size in the backup."""
    return Count(1, task.original.key.size)


@dataclass(slots=True)
class PutLedger:
    """The buckets of one restore.

    Attributes:
        selected: what was asked for, counted when it was chosen.
        tasks: a task for each file; those skipped by the plan are settled.
        failures, skips: one by one.
        dates_kept, dates_lost, proven: of the bucket "sent".
        renamed: where a file was to go, and the name that it got instead.
    """

    selected: Count
    tasks: list[PutTask]
    failures: list[FailedItem] = field(default_factory=list)
    dates_kept: int = 0
    dates_lost: int = 0
    proven: int = 0
    renamed: list[tuple[ItemRef, str]] = field(default_factory=list)
    settled_twice: int = 0

    def settle(self, task: PutTask, bucket: PutBucket) -> bool:
        """Puts a file into its bucket."""
        if task.bucket is not None:
            log.error("%s is %s and was to be %s as well", task.ref, task.bucket, bucket)
            self.settled_twice += 1
            return False
        task.bucket = bucket
        return True

    def sent(self, task: PutTask, name: str, date_kept: bool | None, *, proven: bool) -> None:
        """It was sent, and seen to be there."""
        if self.settle(task, PutBucket.SENT):
            self.dates_kept += date_kept is True
            self.dates_lost += date_kept is False
            self.proven += proven
            if name != task.original.key.name:
                wanted = ItemRef(task.storage, (*task.folder, task.original.key.name), task.original.key.size)
                self.renamed.append((wanted, name))

    def skip(self, task: PutTask, reason: PutSkip) -> None:
        """It is not sent, for good."""
        if self.settle(task, PutBucket.SKIPPED):
            task.skip = reason

    def failed(self, task: PutTask, failure: Failure) -> None:
        """It was given up."""
        if self.settle(task, PutBucket.FAILED):
            self.failures.append(FailedItem(task.ref, task.tries, failure))

    def total(self, bucket: PutBucket) -> Count:
        """What is in a bucket so far."""
        return sum((count(task) for task in self.tasks if task.bucket is bucket), Count())

    def skipped(self) -> dict[PutSkip, Count]:
        """The bucket "skipped", by reason."""
        found: dict[PutSkip, Count] = {}
        for task in self.tasks:
            if task.skip is not None:
                found[task.skip] = found.get(task.skip, Count()) + count(task)
        return found

    def waiting(self) -> list[PutTask]:
        """What is not settled."""
        return [task for task in self.tasks if task.bucket is None]

    def summary(
        self,
        *,
        phone: str,
        serial: str,
        source: Path,
        target: Path | None = None,
        mapped: dict[str, str],
        folders_made: int,
        missing: tuple[str, ...],
        ending: Ending,
        error: MtpBackupError | None,
    ) -> RestoreSummary:
        """The final account. What was never settled is "left"."""
        sent = [task for task in self.tasks if task.bucket is PutBucket.SENT]
        skips = [task for task in self.tasks if task.skip is not None and task.skip not in _SILENT]
        summary = RestoreSummary(
            phone=phone,
            serial=serial,
            source=source,
            selected=self.selected,
            target=target,
            sent=self.total(PutBucket.SENT),
            there=self.total(PutBucket.THERE),
            failed=self.total(PutBucket.FAILED),
            left=sum((count(task) for task in self.waiting()), Count()),
            skipped=MappingProxyType(self.skipped()),
            skips=tuple(
                SkippedFile(task.ref, task.original.path, task.skip) for task in skips if task.skip is not None
            ),
            failures=tuple(self.failures),
            photos=sum(task.kind is Kind.PHOTO for task in sent),
            videos=sum(task.kind is Kind.VIDEO for task in sent),
            places=places_of(sent),
            renamed=tuple(self.renamed),
            mapped=tuple(mapped.items()),
            dates_kept=self.dates_kept,
            dates_lost=self.dates_lost,
            proven=self.proven,
            folders_made=folders_made,
            missing=missing,
            ending=ending,
            error=error,
            settled_twice=self.settled_twice,
        )
        if not summary.adds_up:
            log.error("the sums do not add up: %s unaccounted for", summary.unaccounted)
        return summary


def places_of(tasks: list[PutTask]) -> tuple[str, ...]:
    """The folders that files go to, the fullest first; with the storage where there is more than one."""
    several = len({task.storage for task in tasks}) > 1
    found = Counter("/".join((*((task.storage,) if several else ()), *task.folder)) for task in tasks)
    return tuple(place for place, _ in found.most_common())
