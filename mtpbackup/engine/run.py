"""One run of a backup: the steps in their order, and what each error means for the item and for the run.

An error concerns either the item in hand (it is tried again later, then reported), or the phone (it is waited
for, and the item goes on where it stopped), or the destination (the run ends). Which of them is decided here
and nowhere else. Whether "not there" is the item's fault or that of a phone that was locked in mid-run cannot
be told from the response code (ANDROID.md, Storages): the phone is asked for its storages first.
"""

from __future__ import annotations

import logging
from collections import defaultdict, deque
from collections.abc import Iterable
from typing import Final

from mtpbackup.archive import (
    Archive,
    ItemKey,
    Layout,
    NotSaved,
    RunCounts,
    Saved,
)
from mtpbackup.engine.copying import Copier, Meter
from mtpbackup.engine.grip import Grip, RunStopped
from mtpbackup.engine.ledger import Ledger
from mtpbackup.engine.moves import is_same_content
from mtpbackup.engine.options import RunOptions
from mtpbackup.engine.plan import Move, Task, key_of
from mtpbackup.engine.planning import make_plan, missing_folders, phone_record, planned, room
from mtpbackup.engine.reports import (
    CopyStarted,
    Count,
    Ending,
    ItemFailed,
    ItemMoved,
    ItemRetried,
    ItemSaved,
    Planned,
    Report,
    RunEnded,
    Summary,
)
from mtpbackup.engine.selection import Selection
from mtpbackup.errors import (
    ArchiveError,
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
    PhoneLocked,
    StorageVanished,
    TransportError,
    WireError,
)

log = logging.getLogger(__name__)

#: The catalog's word for a run after which everything asked for was safe.
COMPLETE: Final = "complete"

#: Errors of the destination that end the run.
_ENDINGS: Final = {
    OutOfSpace: Ending.OUT_OF_SPACE,
    DestinationGone: Ending.DESTINATION_LOST,
    DestinationUnwritable: Ending.DESTINATION_LOST,
}

#: Errors of the phone as a whole.
_LOSSES: Final = (TransportError, WireError, PhoneLocked)

#: Errors of the item in hand, unless the phone was locked or its storage went away meanwhile.
_ITEM_ERRORS: Final = (ItemUnreadable, ItemVanished, OperationFailed, OperationUnsupported)


class _NoRoom(Exception):
    """There is no room for all of it: the one error of the destination after which nothing was begun."""

    def __init__(self, error: OutOfSpace) -> None:
        super().__init__(str(error))
        self.error = error


class Run:
    """A run of `run_backup`, from the open phone to the summary. Used once."""

    def __init__(self, grip: Grip, archive: Archive, options: RunOptions, report: Report) -> None:
        self._grip = grip
        self._archive = archive
        self._catalog = archive.catalog
        self._options = options
        self._report = report
        self._meter = Meter(report, options.progress_step)
        self._who = grip.phone.identity
        self._folder = archive.phone(phone_record(self._who))
        self._path = archive.root / self._folder.folder
        self._moved: set[int] = set()
        self._queue: deque[Task] = deque()
        self._away: dict[str, list[Task]] = {}
        #: Handed to the writer, their results to come. Two may have one key (`plan._saved`).
        self._committed: defaultdict[ItemKey, deque[Task]] = defaultdict(deque)
        self._in_hand: Task | None = None

    def go(self) -> Summary:
        """Does it all. See `run_backup`."""
        self._archive.find_missing(self._folder)
        self._plan, self._lister = make_plan(
            self._grip, self._archive, self._folder, self._options, self._report
        )
        self._ledger = Ledger(self._lister.listed, self._plan)
        run_id = self._catalog.start_run(self._folder)
        summary = None
        try:
            summary = self._work()
        finally:
            self._note_end(run_id, summary)
        self._report(RunEnded(summary))
        return summary

    def _work(self) -> Summary:
        """Everything after the plan.

        Raises:
            OutOfSpace: there is not enough room, and nothing was copied.
        """
        ending, error = Ending.DONE, None
        try:
            self._report(self._planned())
            self._prove_moves()
            self._tidy_catalog()
            self._check_room()
            self._copy()
        except RunStopped as stopped:
            ending, error = stopped.ending, stopped.error
        except _NoRoom as failed:
            raise failed.error from None
        except ArchiveError as failed:
            ending, error = _ENDINGS.get(type(failed), Ending.DESTINATION_LOST), failed
        except KeyboardInterrupt:
            ending = Ending.INTERRUPTED
        return self._summary(ending, error)

    def _planned(self) -> Planned:
        needed, free = room(self._plan, self._archive)
        return planned(self._plan, self._lister, self._options, self._who.name, self._path, needed, free)

    # --- before the first byte ----------------------------------------------------------------------------

    def _prove_moves(self) -> None:
        """Re-points what was only moved on the phone; the rest of the candidates will be copied."""
        for move in self._plan.moves:
            if self._is_proven(move):
                self._catalog.record_moved(move.item_id, move.task.key)
                self._moved.add(move.item_id)
                self._ledger.proven(move.task)
                self._report(ItemMoved(move.task.ref, move.old.path))
            else:
                self._plan.tasks.append(move.task)
        self._plan.sort()

    def _is_proven(self, move: Move) -> bool:
        for _ in range(self._options.tries):
            try:
                item = self._grip.current(move.task.item, anew=False)
                same, asked = is_same_content(self._grip.phone, item, self._archive, move)
            except _LOSSES as error:
                self._grip.lost(error)
            except (OutOfSpace, DestinationGone, DestinationUnwritable):
                raise
            except (*_ITEM_ERRORS, StorageVanished, ArchiveError) as error:
                log.info("%r cannot be compared: %s", move.task.ref.shown_path, error)
                return False
            else:
                self._grip.went_well()
                self._meter.read += asked
                return same
        return False

    def _tidy_catalog(self) -> None:
        """Records what the listing showed of items that were saved, or failed, in earlier runs."""
        self._catalog.record_gone(item_id for item_id in self._plan.gone if item_id not in self._moved)
        self._catalog.record_present(self._plan.back)
        self._catalog.forget_failures(self._folder, self._plan.settled_failures)
        for refusal in self._plan.refused:
            self._catalog.record_failure(self._folder, key_of(refusal.item), refusal.failure)

    def _check_room(self) -> None:
        """Raises `_NoRoom` when not all of it will fit."""
        needed, free = room(self._plan, self._archive)
        if needed and needed + self._options.reserve > free:
            raise _NoRoom(OutOfSpace(self._archive.root, needed, free))

    # --- copying ------------------------------------------------------------------------------------------

    def _copy(self) -> None:
        """Copies all tasks.

        Raises:
            RunStopped, KeyboardInterrupt: what has reached the disk has its rows, and is accounted for.
        """
        if not self._plan.tasks:
            return
        self._meter.total = self._plan.count()
        self._report(CopyStarted(self._meter.total))
        self._queue.extend(self._plan.tasks)
        writer = self._archive.writer()
        try:
            copier = Copier(
                writer, self._folder, Layout(self._options.layout), self._options.window, self._meter
            )
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
        except (OutOfSpace, DestinationGone, DestinationUnwritable) as error:
            raise RunStopped(_ENDINGS[type(error)], error) from error
        except StorageVanished:
            self._put_away(task)
        except _LOSSES as error:
            self._lost(task, error, task.reached - reached)
        except (*_ITEM_ERRORS, ArchiveError) as error:
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
        except (*_LOSSES, OperationFailed) as loss:
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
        self._catalog.record_failure(self._folder, task.key, failure)
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
            except (*_LOSSES, OperationFailed) as error:
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
        """
        settled = [(self._task_of(result), result) for result in results]
        stopped = None
        for task, result in settled:
            if isinstance(result, Saved):
                self._ledger.saved(task)
        for task, result in settled:
            if isinstance(result, Saved):
                self._report(ItemSaved(task.ref, result.path))
            elif type(result.error) in _ENDINGS:
                stopped = RunStopped(_ENDINGS[type(result.error)], result.error)
            else:
                task.tries = self._options.tries if last else task.tries + 1
                self._meter.done -= Count(1, task.item.size)
                self._try_again_or_give_up(task, result.error, isinstance(result.error, FileTooLarge))
        if stopped is not None and not last:
            raise stopped

    def _task_of(self, result: Saved | NotSaved) -> Task:
        """The task that a result belongs to."""
        waiting = self._committed[result.key]
        if waiting:
            return waiting.popleft()
        # Ctrl-C came between the commit and the note that there was one.
        assert self._in_hand is not None and self._in_hand.key == result.key
        return self._in_hand

    # --- the end ------------------------------------------------------------------------------------------

    def _summary(self, ending: Ending, error: MtpBackupError | None) -> Summary:
        """The account. Also takes away what no later run will continue."""
        totals = None
        try:
            totals = self._catalog.totals(self._folder)
        except ArchiveError as gone:
            log.warning("the catalog cannot be read any more: %s", gone)
        summary = self._ledger.summary(
            phone=self._who.name,
            serial=self._who.serial,
            folder=self._path,
            read=self._meter.read,
            gone=self._plan.gone_in_all - self._moved_from(),
            missing_folders=missing_folders(self._lister, self._options),
            ending=ending,
            error=error,
            last_verified=totals.oldest_check if totals is not None else None,
        )
        if summary.complete and self._options.selection == Selection():
            self._archive.discard_parts(self._folder)
        return summary

    def _moved_from(self) -> Count:
        """Items that the plan took for gone and that are only moved."""
        moves = [move for move in self._plan.moves if move.item_id in self._moved]
        return Count(len(moves), sum(move.old.size for move in moves))

    def _note_end(self, run_id: int, summary: Summary | None) -> None:
        """Puts the run's end into the catalog; one without a summary had no room, or died of a bug."""
        if summary is None:
            outcome, counts = "failed", RunCounts(listed=self._lister.listed.items)
        else:
            outcome = COMPLETE if summary.complete else summary.ending.value
            counts = RunCounts(
                listed=summary.listed.items,
                saved=summary.saved.items,
                safe=summary.safe.items,
                moved=summary.moved.items,
                skipped=summary.skipped_in_all.items,
                failed=summary.failed.items,
                saved_bytes=summary.saved.bytes,
            )
        try:
            self._catalog.end_run(run_id, outcome, counts)
        except ArchiveError as gone:
            log.warning("the run's end cannot be recorded: %s", gone)
