"""One run of a backup: the steps in their order, from the open phone to the summary."""

from __future__ import annotations

import logging
from typing import Final

from mtpbackup.archive import Archive, RunCounts
from mtpbackup.engine.copying import Meter
from mtpbackup.engine.grip import LOSSES, Grip, RunStopped
from mtpbackup.engine.ledger import Ledger
from mtpbackup.engine.moves import is_same_content
from mtpbackup.engine.options import RunOptions
from mtpbackup.engine.plan import Move
from mtpbackup.engine.planning import make_plan, missing_folders, missing_names, phone_record, planned, room
from mtpbackup.engine.reports import Count, Ending, ItemMoved, Planned, Report, RunEnded, Summary
from mtpbackup.engine.selection import Selection
from mtpbackup.engine.tasks import key_of
from mtpbackup.engine.transfer import DESTINATION_ERRORS, ITEM_ERRORS, Transfer
from mtpbackup.errors import ArchiveError, MtpBackupError, OutOfSpace, StorageVanished

log = logging.getLogger(__name__)

#: The catalog's word for a run after which everything asked for was safe.
COMPLETE: Final = "complete"


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
            transfer = Transfer(
                self._grip, self._archive, self._folder, self._options, self._ledger, self._meter, self._report
            )
            if self._plan.tasks:
                transfer.copy(self._plan.tasks)
            else:
                self._archive.complete_sums()
        except RunStopped as stopped:
            ending, error = stopped.ending, stopped.error
        except _NoRoom as failed:
            raise failed.error from None
        except ArchiveError as failed:
            full = isinstance(failed, OutOfSpace)
            ending, error = Ending.OUT_OF_SPACE if full else Ending.DESTINATION_LOST, failed
        except KeyboardInterrupt:
            ending = Ending.INTERRUPTED
        return self._summary(ending, error)

    def _planned(self) -> Planned:
        needed, free = room(self._plan, self._archive)
        figures = (needed, free, self._archive.largest_file())
        return planned(self._plan, self._lister, self._options, self._who.name, self._path, *figures)

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
                self._plan.tasks.put_back(move.task)
        self._plan.tasks.sort()

    def _is_proven(self, move: Move) -> bool:
        for _ in range(self._options.tries):
            try:
                item = self._grip.current(move.task.item, anew=False)
                same, asked = is_same_content(self._grip.phone, item, self._archive, move)
            except LOSSES as error:
                self._grip.lost(error)
            except DESTINATION_ERRORS:
                raise
            except (*ITEM_ERRORS, StorageVanished, ArchiveError) as error:
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
            missing_names=missing_names(self._lister, self._options),
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
