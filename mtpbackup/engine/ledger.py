"""Accounts for every item: what was listed on one side, the buckets on the other."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import MappingProxyType

from mtpbackup.engine.kinds import Kind
from mtpbackup.engine.plan import Plan
from mtpbackup.engine.reports import Bucket, Count, Ending, FailedItem, SkipReason, Summary
from mtpbackup.engine.tasks import Task, ref_of
from mtpbackup.errors import Failure, MtpBackupError

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Ledger:
    """The buckets of one run.

    Attributes:
        listed: what the phone listed, from the lister.
        plan: what was planned; its tasks and moves are settled one by one.
        buckets: what was settled so far, together with what the plan itself settled.
        failures: the items in the bucket "failed".
        moved: part of the bucket "safe".
        photos, videos: in "saved" and "safe".
        settled_twice: items that came up a second time: a bug.
    """

    listed: Count
    plan: Plan
    buckets: dict[Bucket, Count] = field(init=False)
    failures: list[FailedItem] = field(init=False)
    moved: Count = field(default_factory=Count)
    photos: int = field(init=False)
    videos: int = field(init=False)
    settled_twice: int = 0

    def __post_init__(self) -> None:
        self.buckets = dict.fromkeys(Bucket, Count())
        self.buckets[Bucket.SAFE] = self.plan.safe
        self.failures = [FailedItem(ref_of(refusal.item), 0, refusal.failure) for refusal in self.plan.refused]
        self.failures += self.plan.unlisted
        self.photos, self.videos = self.plan.safe_photos, self.plan.safe_videos

    def saved(self, task: Task) -> None:
        """The item was copied."""
        self._settle(task, Bucket.SAVED)

    def proven(self, task: Task) -> None:
        """The item is in the archive under an older path."""
        if self._settle(task, Bucket.SAFE):
            self.moved += Count(1, task.size)

    def failed(self, task: Task, failure: Failure) -> None:
        """The item was given up."""
        if self._settle(task, Bucket.FAILED):
            self.failures.append(FailedItem(task.ref, task.tries, failure))

    def _settle(self, task: Task, bucket: Bucket) -> bool:
        if task.bucket is not None:
            log.error("%s is %s and was to be %s as well", task.ref, task.bucket, bucket)
            self.settled_twice += 1
            return False
        task.bucket = bucket
        self.buckets[bucket] += Count(1, task.size)
        if bucket in (Bucket.SAVED, Bucket.SAFE):
            self.photos += task.kind is Kind.PHOTO
            self.videos += task.kind is Kind.VIDEO
        return True

    def summary(
        self,
        *,
        phone: str,
        serial: str,
        folder: Path,
        read: int,
        gone: Count,
        missing_folders: tuple[str, ...],
        missing_names: tuple[str, ...] = (),
        ending: Ending,
        error: MtpBackupError | None,
        last_verified: datetime | None,
    ) -> Summary:
        """The final account. What was never settled is "left"."""
        refused = sum((Count(1, refusal.item.size) for refusal in self.plan.refused), Count())
        refused += Count(len(self.plan.unlisted))
        skipped: Mapping[SkipReason, Count] = MappingProxyType(dict(self.plan.skipped))
        summary = Summary(
            phone=phone,
            serial=serial,
            folder=folder,
            listed=self.listed,
            saved=self.buckets[Bucket.SAVED],
            safe=self.buckets[Bucket.SAFE],
            failed=self.buckets[Bucket.FAILED] + refused,
            left=self.plan.tasks.left(),
            skipped=skipped,
            moved=self.moved,
            failures=tuple(self.failures),
            gone=gone,
            read=read,
            photos=self.photos,
            videos=self.videos,
            missing_folders=missing_folders,
            missing_names=missing_names,
            ending=ending,
            error=error,
            settled_twice=self.settled_twice,
            last_verified=last_verified,
        )
        if not summary.adds_up:
            log.error("the sums do not add up: %s unaccounted for", summary.unaccounted)
        return summary
