"""Copies everything that a plan wants copied, and knows what each error means for the item and for the run.

An error concerns either the item in hand (it is tried again later, then reported), or the phone (it is waited
for, and the item goes on where it stopped), or the destination (the run ends). Which of them is decided here
and nowhere else. Whether "not there" is the item's fault or that of a phone that was locked in mid-run cannot
be told from the response code (ANDROID.md, Storages): the phone is asked for its storages first.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Final

from mtpbackup.archive import Archive, ItemKey, Layout, NotSaved, PhoneFolder, Saved, Writer
from mtpbackup.engine.copying import Copier, Meter
from mtpbackup.engine.grip import LOSSES, Grip
from mtpbackup.engine.ledger import Ledger
from mtpbackup.engine.options import RunOptions
from mtpbackup.engine.reports import CopyStarted, Count, ItemFailed, ItemRetried, ItemSaved, Report
from mtpbackup.engine.tasks import Queue, Task, Tasks
from mtpbackup.errors import (
    ArchiveError,
    CatalogUnusable,
    DestinationGone,
    DestinationUnwritable,
    Failure,
    FileTooLarge,
    ItemUnreadable,
    ItemVanished,
    MtpBackupError,
    OperationFailed,
    OperationUnsupported,
    OutOfSpace,
    StorageVanished,
)

#: Errors of the destination that end the run.
DESTINATION_ERRORS: Final = (OutOfSpace, DestinationGone, DestinationUnwritable, CatalogUnusable)

#: Errors of the item in hand, unless the phone was locked or its storage went away meanwhile.
ITEM_ERRORS: Final = (ItemUnreadable, ItemVanished, OperationFailed, OperationUnsupported)


class Transfer:
    """The copying part of a run. Used once."""

    def __init__(
        self,
        grip: Grip,
        archive: Archive,
        folder: PhoneFolder,
        options: RunOptions,
        ledger: Ledger,
        meter: Meter,
        report: Report,
    ) -> None:
        """Prepares.

        Args:
            grip: holds the phone.
            archive: where files go, locked for this run.
            folder: the phone's place in it.
            options: tries, windows, layout.
            ledger: is told what became of each item.
            meter: counts bytes.
            report: is told what happens.
        """
        self._grip = grip
        self._archive = archive
        self._folder = folder
        self._options = options
        self._ledger = ledger
        self._meter = meter
        self._report = report
        self._queue = Queue()
        self._away: dict[str, list[Task]] = {}
        #: Handed to the writer, their results to come. Two may have one key: see `plan`.
        self._committed: defaultdict[ItemKey, list[Task]] = defaultdict(list)
        self._in_hand: Task | None = None
        self._writer: Writer

    def copy(self, tasks: Tasks) -> None:
        """Copies items, in the order given.

        Raises:
            RunStopped, KeyboardInterrupt, ArchiveError: it ended early. What has reached the disk has its rows,
                and is accounted for; the rest is still unsettled.
        """
        if not tasks:
            return
        self._queue.take(tasks)
        self._meter.total = tasks.count()
        self._report(CopyStarted(self._meter.total))
        writer = self._writer = self._archive.writer()
        layout = Layout(self._options.layout)
        try:
            copier = Copier(writer, self._folder, layout, self._options.window, self._meter)
            while self._queue or self._away:
                while self._queue:
                    self._attempt(self._queue.popleft(), copier)
                    self._take(writer.results())
                self._take(writer.drain())
                if not self._queue:
                    self._look_for_the_away()
        finally:
            self._take(writer.close(), last=True)

    def _attempt(self, task: Task, copier: Copier) -> None:
        """One try to copy one item."""
        if task.item.storage.label in self._away:
            self._away[task.item.storage.label].append(task)
            return
        reached = task.reached
        try:
            self._in_hand = task
            item = self._grip.current(task.item, anew=task.tries > 0)
            copier.copy(self._grip.phone, task, item)
        except DESTINATION_ERRORS:
            raise
        except StorageVanished:
            self._put_away(task)
        except LOSSES as error:
            self._lost(task, error, task.reached - reached)
        except (*ITEM_ERRORS, ArchiveError) as error:
            self._blame(task, error, task.reached - reached)
        else:
            self._grip.went_well()
            self._committed[task.key].append(task)
            self._meter.through(task.ref)

    def _lost(self, task: Task, error: MtpBackupError, progress: int) -> None:
        """The phone was lost while it gave this item.

        A pulled cable is not the item's fault, but an item may be what the phone dies of: a loss counts as one
        of the item's tries unless the item got on.
        """
        self._meter.dropped()
        self._queue.appendleft(task)
        if progress >= self._options.window:
            self._grip.went_well()
        else:
            task.tries += 1
        self._take(self._writer.drain())  # the wait may be long: tell what is safe before it
        self._grip.lost(error)
        if task.tries >= self._options.tries:
            self._queue.popleft()
            self._give_up(task, error)

    def _blame(self, task: Task, error: MtpBackupError, progress: int) -> None:
        """The item could not be copied: tried again after the others, at last given up."""
        try:
            if not self._grip.shows(task.item.storage.label):
                self._put_away(task)
                return
        except (*LOSSES, OperationFailed) as loss:
            self._lost(task, loss, progress)
            return
        self._meter.dropped()
        looked_anew = task.tries > 0
        task.tries += 1
        hopeless = (
            isinstance(error, FileTooLarge | OperationUnsupported)
            or (isinstance(error, ItemVanished) and looked_anew)
            or (isinstance(error, ItemUnreadable) and error.reason is ItemUnreadable.Reason.CHANGED)
        )
        self._try_again_or_give_up(task, error, hopeless)

    def _try_again_or_give_up(self, task: Task, error: MtpBackupError, hopeless: bool) -> None:
        if hopeless or task.tries >= self._options.tries:
            self._give_up(task, error)
        else:
            self._queue.append(task)
            self._report(ItemRetried(task.ref, task.tries, Failure.of(error)))

    def _give_up(self, task: Task, error: MtpBackupError) -> None:
        failure = Failure.of(error)
        self._ledger.failed(task, failure)
        self._archive.catalog.record_failure(self._folder, task.key, failure)
        self._meter.through(task.ref)
        self._report(ItemFailed(task.ref, task.tries, failure))

    def _put_away(self, task: Task) -> None:
        """The item's storage is not there now: it waits until the others are through."""
        self._meter.dropped()
        task.tries += 1
        self._away.setdefault(task.item.storage.label, []).append(task)

    def _look_for_the_away(self) -> None:
        """Takes up the items of storages that have come back, and gives up those of the others."""
        for label in list(self._away):
            try:
                here = self._grip.shows(label)
            except (*LOSSES, OperationFailed) as error:
                self._grip.lost(error)
                return  # and look again
            for task in self._away.pop(label):
                if here and task.tries < self._options.tries:
                    task.tries = max(task.tries, 1)  # its handle is void
                    self._queue.append(task)
                else:
                    self._give_up(task, StorageVanished(label))

    def _take(self, results: Iterable[Saved | NotSaved], *, last: bool = False) -> None:
        """Accounts for what the writer has finished.

        Args:
            results: from the writer.
            last: nothing can be tried again any more.

        Raises:
            OutOfSpace, DestinationGone, DestinationUnwritable: the run cannot go on; not when it is the last.
        """
        settled = [(self._task_of(result), result) for result in results]
        stopped = None
        for task, result in settled:
            if isinstance(result, Saved):
                self._ledger.saved(task)
        for task, result in settled:
            if isinstance(result, Saved):
                self._report(ItemSaved(task.ref, result.path))
            elif isinstance(result.error, DESTINATION_ERRORS):
                stopped = result.error
            else:
                task.tries = self._options.tries if last else task.tries + 1
                self._meter.done -= Count(1, task.size)
                self._try_again_or_give_up(task, result.error, isinstance(result.error, FileTooLarge))
        if stopped is not None and not last:
            raise stopped

    def _task_of(self, result: Saved | NotSaved) -> Task:
        """The task that a result belongs to."""
        waiting = self._committed.get(result.key)
        if waiting:
            task = waiting.pop(0)
            if not waiting:
                del self._committed[result.key]
            return task
        # Ctrl-C came between the commit and the note that there was one.
        assert self._in_hand is not None and self._in_hand.key == result.key
        return self._in_hand
