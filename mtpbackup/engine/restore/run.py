"""One restore to a phone: the steps in their order, from the open phone to the summary."""

from __future__ import annotations

import logging
from collections.abc import Callable

from mtpbackup.archive import Originals
from mtpbackup.engine.grip import LOSSES, Grip, RunStopped
from mtpbackup.engine.planning import phone_record
from mtpbackup.engine.reports import (
    Count,
    Ending,
    FileThere,
    PutBucket,
    PutSkip,
    PutStep,
    Report,
    RestoreEnded,
    RestorePlanned,
    RestoreStarted,
    RestoreSummary,
)
from mtpbackup.engine.restore.ledger import PutLedger, count
from mtpbackup.engine.restore.meter import PutMeter
from mtpbackup.engine.restore.options import RestoreOptions
from mtpbackup.engine.restore.planning import choose, choose_sample, make_plan, planned
from mtpbackup.engine.restore.proving import Prover
from mtpbackup.engine.restore.putting import Putter
from mtpbackup.engine.restore.sending import Sender
from mtpbackup.engine.restore.source import Source
from mtpbackup.engine.restore.tasks import PutTask
from mtpbackup.errors import (
    ArchiveError,
    DestinationGone,
    Failure,
    IntegrityError,
    ItemUnreadable,
    ItemVanished,
    MtpBackupError,
    OperationFailed,
    PhoneFull,
    StorageVanished,
)
from mtpbackup.phone import Item, Storage

log = logging.getLogger(__name__)


class RestoreRun:
    """A run of `run_restore`. Used once."""

    def __init__(
        self,
        grip: Grip,
        originals: Originals,
        options: RestoreOptions,
        report: Report,
        clock: Callable[[], float],
    ) -> None:
        self._grip = grip
        self._originals = originals
        self._options = options
        self._report = report
        self._clock = clock
        self._who = grip.phone.identity
        self._meter = PutMeter(report, options.progress_step)
        source = Source(originals, even_if_damaged=options.even_if_damaged)
        serial = phone_record(self._who).serial
        self._sender = Sender(grip, source, originals.record, serial, options, self._meter)
        self._putter: Putter | None = None

    def plan(self, *, compare: bool) -> RestorePlanned:
        """Everything up to the first change.

        Args:
            compare: whether what may be there is read and compared.

        Raises:
            As `run_restore`.
        """
        self._chosen = choose(self._originals, self._options)
        self._plan = make_plan(
            self._grip, self._chosen, self._sender.known, self._options, self._report, self._clock
        )
        tasks = self._plan.placed.tasks
        sizes = (original.key.size for original in self._chosen.originals)
        self._ledger = PutLedger(Count(len(self._chosen.originals), sum(sizes)), tasks)
        if compare:
            self._compare()
        choose_sample(self._ledger.waiting(), everything=self._options.verify)
        storages = self._storages()
        said = planned(self._plan, self._ledger, self._chosen, self._originals, self._who.name, storages)
        self._report(said)
        return said

    def go(self, confirm: Callable[[RestorePlanned], bool]) -> RestoreSummary:
        """Does it all. See `run_restore`."""
        said = self.plan(compare=True)
        for room in said.room:
            if not room.fits:
                raise PhoneFull(room.storage, room.needed, room.free)
        if said.to_send.items and not confirm(said):
            return self._end(Ending.DECLINED, None)
        ending, error = Ending.DONE, None
        try:
            for task in self._ledger.tasks:
                if task.bucket is PutBucket.THERE:
                    self._report(FileThere(task.ref, task.original.path))
            self._send()
        except RunStopped as stopped:
            ending, error = stopped.ending, stopped.error
        except DestinationGone as gone:
            ending, error = Ending.DESTINATION_LOST, gone
        except KeyboardInterrupt:
            ending = Ending.INTERRUPTED
            self._look_once_more()
        full = self._full
        if ending is Ending.DONE and full is not None:
            ending, error = Ending.OUT_OF_SPACE, full
        return self._end(ending, error)

    def _storages(self) -> list[Storage]:
        """What the phone has room on now, also when it is lost in this moment."""
        while True:
            try:
                return self._grip.phone.require_storages()
            except (*LOSSES, OperationFailed) as error:
                try:
                    self._grip.lost(error)
                except RunStopped as stopped:
                    raise stopped.error from error

    def _send(self) -> None:
        waiting = self._ledger.waiting()
        if not waiting:
            return
        total = sum((count(task) for task in waiting), Count())
        self._meter.begin(PutStep.SENDING, total)
        self._report(RestoreStarted(total))
        prover = Prover(self._grip, self._sender, self._ledger, self._meter, self._report)
        self._putter = Putter(
            self._grip,
            self._plan.folders,
            self._sender,
            prover,
            self._options,
            self._ledger,
            self._meter,
            self._report,
            self._clock,
        )
        self._putter.put(waiting)

    @property
    def _full(self) -> PhoneFull | None:
        """Why something was left although the run went on to its end."""
        return next(iter(self._putter.full.values()), None) if self._putter is not None else None

    def _look_once_more(self) -> None:
        """After Ctrl-C: what has arrived in the folder in hand is to count."""
        if self._putter is None:
            return
        try:
            self._putter.prove_now()
        except (MtpBackupError, RunStopped) as error:
            log.info("what was sent last is not proven: %s", error)

    # --- what may be there --------------------------------------------------------------------------------

    def _compare(self) -> None:
        """Reads what has the name and size of a file, and settles what is that file."""
        unsure = self._plan.unsure
        total = sum((count(task) for task, _ in unsure), Count())
        self._meter.begin(PutStep.COMPARING, total)
        for task, items in unsure:
            try:
                self._sender.source.check(task)
            except DestinationGone:
                raise
            except IntegrityError as error:
                self._unfit(task, error)
                continue
            except ArchiveError as error:
                self._ledger.failed(task, Failure.of(error))
                continue
            if any(self._is_it(task, item) for item in items):
                self._ledger.settle(task, PutBucket.THERE)
            self._meter.through(task.ref)

    def _unfit(self, task: PutTask, error: IntegrityError) -> None:
        if error.found is None:
            self._ledger.failed(task, Failure.of(error))
        else:
            self._ledger.skip(task, PutSkip.DAMAGED)

    def _is_it(self, task: PutTask, item: Item) -> bool:
        """Whether an item is this file; what cannot be read is not."""
        for _ in range(self._options.tries):
            try:
                current = self._grip.current(item, anew=False)
                self._meter.start(task.ref)
                same = self._sender.source.is_same(self._grip.phone, current, task, self._meter.moved)
            except LOSSES as error:
                try:
                    self._grip.lost(error)
                except RunStopped as stopped:
                    raise stopped.error from error
            except (ItemUnreadable, ItemVanished, StorageVanished, OperationFailed) as error:
                log.info("%r cannot be compared: %s", item.shown_path, error)
                break
            else:
                self._grip.went_well()
                if same:
                    return True
                break
        task.different.add(item.path)
        return False

    # --- the end ------------------------------------------------------------------------------------------

    def _end(self, ending: Ending, error: MtpBackupError | None) -> RestoreSummary:
        summary = self._ledger.summary(
            phone=self._who.name,
            serial=self._who.serial,
            source=self._originals.root,
            mapped=self._plan.placed.mapped,
            folders_made=self._putter.folders_made if self._putter is not None else 0,
            missing=self._chosen.missing,
            ending=ending,
            error=error,
        )
        self._report(RestoreEnded(summary))
        return summary
