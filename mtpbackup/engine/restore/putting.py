"""Sends files, folder by folder, proves that they are there, and knows what each error means.

A folder is listed before files are sent into it, and once afterwards: at most two transactions for each file,
and a few for each folder. An error concerns the file in hand (tried again, then reported), or the phone (waited
for; the folder is looked at anew, because what was half sent may lie there), or the source (the run ends).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from mtpbackup.engine.grip import LOSSES, Grip, RunStopped
from mtpbackup.engine.reports import (
    Ending,
    FileThere,
    ItemFailed,
    ItemRetried,
    PutBucket,
    PutSkip,
    Report,
)
from mtpbackup.engine.restore.decisions import FolderNames, IsThere, MayBeThere, decide
from mtpbackup.engine.restore.folders import PhoneFolders
from mtpbackup.engine.restore.ledger import PutLedger
from mtpbackup.engine.restore.meter import PutMeter
from mtpbackup.engine.restore.options import RestoreOptions
from mtpbackup.engine.restore.planning import by_place
from mtpbackup.engine.restore.proving import Prover
from mtpbackup.engine.restore.sending import Sender
from mtpbackup.engine.restore.tasks import FolderPlace, PutTask
from mtpbackup.errors import (
    ArchiveError,
    DestinationGone,
    Failure,
    IntegrityError,
    ItemUnreadable,
    ItemVanished,
    MtpBackupError,
    NameRefused,
    NameTaken,
    OperationFailed,
    OperationUnsupported,
    PhoneFull,
    SendFailed,
    StorageVanished,
    TopRefused,
)
from mtpbackup.phone import Item

log = logging.getLogger(__name__)

#: Errors of the file in hand, unless the phone was locked or its storage went away meanwhile.
_FILE_ERRORS: Final = (
    *(SendFailed, NameTaken, NameRefused, ItemVanished, ItemUnreadable),
    *(OperationFailed, OperationUnsupported, ArchiveError),
)
_HOPELESS: Final = (NameRefused, OperationUnsupported, TopRefused)
_NEVER: Final = (SendFailed.Reason.TOO_LARGE, SendFailed.Reason.READ_ONLY)


class Putter:
    """The sending part of a restore. Used once.

    Attributes:
        full: storages that ran out of room, and the error that told so.
    """

    def __init__(
        self,
        grip: Grip,
        folders: PhoneFolders,
        sender: Sender,
        prover: Prover,
        options: RestoreOptions,
        ledger: PutLedger,
        meter: PutMeter,
        report: Report,
        clock: Callable[[], float],
    ) -> None:
        self._grip = grip
        self._known_folders: PhoneFolders | None = folders
        self._made = 0
        self._sender = sender
        self._prover = prover
        self._options = options
        self._ledger = ledger
        self._meter = meter
        self._report = report
        self._clock = clock
        self._in_hand: PutTask | None = None
        self._chunk: list[PutTask] = []
        self._away: set[str] = set()
        self.full: dict[str, PhoneFull] = {}

    @property
    def folders_made(self) -> int:
        """How many folders were made."""
        return self._made + (self._known_folders.made if self._known_folders is not None else 0)

    def put(self, tasks: Sequence[PutTask]) -> None:
        """Sends everything that waits.

        Raises:
            RunStopped, KeyboardInterrupt: it ended early. What was seen to be on the phone is accounted for.
        """
        for place, group in by_place(tasks).items():
            while chunk := self._waiting(place, group):
                self._chunk = chunk
                self._in_hand = None
                try:
                    self._once(place, chunk)
                except StorageVanished as error:
                    self._vanished(error)
                except (*LOSSES, OperationFailed) as error:
                    self._lost(error)
                except (ItemVanished, ItemUnreadable) as error:
                    self._folder_trouble(place, chunk, error)

    def prove_now(self) -> None:
        """After Ctrl-C: lists the folder in hand once more, so that what is there counts."""
        for task in self._chunk:
            task.sampled = False
        if self._known_folders is not None and any(task.sent is not None for task in self._chunk):
            self._prover.prove(self._known_folders, self._chunk, self._try_again)

    def _waiting(self, place: FolderPlace, group: list[PutTask]) -> list[PutTask]:
        if place[0] in self.full or place[0] in self._away:
            return [task for task in group if task.bucket is None and task.sent is not None]
        return [task for task in group if task.bucket is None][: self._options.proof_every]

    # --- one folder ---------------------------------------------------------------------------------------

    def _once(self, place: FolderPlace, chunk: list[PutTask]) -> None:
        """One passage: everything that waits is sent, then it is looked whether it is there."""
        folders = self._folders()
        try:
            listed = folders.look(*place, younger_than=self._options.listing_age)
        except NameTaken:
            for task in chunk:
                self._skip(task, PutSkip.IN_THE_WAY)
            return
        names = FolderNames(listed.items if listed is not None else ())
        for task in chunk:
            if task.sent is None and place[0] not in self.full:
                self._attempt(folders, names, task)
        self._in_hand = None
        self._prover.prove(folders, chunk, self._try_again)

    def _attempt(self, folders: PhoneFolders, names: FolderNames, task: PutTask) -> None:
        """One try with one file."""
        self._in_hand = task
        try:
            self._put_one(folders, names, task)
        except (StorageVanished, *LOSSES):
            raise
        except PhoneFull as error:
            self.full[task.storage] = error
            log.info("no more room: %s", error)
        except DestinationGone as error:
            raise RunStopped(Ending.DESTINATION_LOST, error) from error
        except IntegrityError as error:
            if error.found is None:
                self._give_up(task, error)
            else:
                self._skip(task, PutSkip.DAMAGED)
        except _FILE_ERRORS as error:
            if not isinstance(error, ArchiveError) and not self._grip.shows(task.storage):
                raise StorageVanished(task.storage) from error
            if isinstance(error, NameTaken | ItemVanished):
                folders.forget(*task.place)
            self._try_again(task, error)
        else:
            self._grip.went_well()

    def _put_one(self, folders: PhoneFolders, names: FolderNames, task: PutTask) -> None:
        if isinstance(there := decide(task, names, self._sender.known), IsThere):
            self._there(task, there.item)
            return
        self._sender.source.check(task)
        while True:
            decision = decide(task, names, self._sender.known)  # its size may be another now
            if isinstance(decision, IsThere):
                self._there(task, decision.item)
                return
            if isinstance(decision, MayBeThere):
                for item in decision.items:
                    if self.is_same(task, item):
                        self._there(task, item)
                        return
            if decision.remains is None or self._sender.is_ours(task, decision.remains):
                break
            task.different.add(decision.remains.path)  # somebody else's
        self._sender.send(folders, names, task, decision.name, decision.remains)

    def is_same(self, task: PutTask, item: Item) -> bool:
        """Whether something on the phone is this file; what cannot be read is not."""
        try:
            self._meter.start(task.ref)
            same = self._sender.source.is_same(self._grip.phone, item, task, self._meter.aside)
        except (ItemUnreadable, ItemVanished, OperationFailed) as error:
            log.info("%r cannot be compared: %s", item.shown_path, error)
            same = False
        if not same:
            task.different.add(item.path)
        return same

    def _there(self, task: PutTask, item: Item) -> None:
        """It is there. If this run sent it and did not hear that it arrived, it is still to be proven."""
        if item.name in task.begun:
            task.sent = item
            return
        self._ledger.settle(task, PutBucket.THERE)
        self._meter.through(task.ref)
        self._report(FileThere(task.ref_as(item.name), task.original.path))

    # --- trouble ------------------------------------------------------------------------------------------

    def _folders(self) -> PhoneFolders:
        if self._known_folders is None:
            self._known_folders = PhoneFolders(self._grip.phone, self._clock)
        return self._known_folders

    def _forget_folders(self) -> None:
        """Handles are void: what was sent is found by its name from now on."""
        self._made = self.folders_made
        self._known_folders = None
        for task in self._chunk:
            if task.sent is not None:
                task.sent = replace(task.sent, handle=0)

    def _folder_trouble(self, place: FolderPlace, chunk: list[PutTask], error: MtpBackupError) -> None:
        """The folder vanished, or cannot be listed: all that goes there is tried again, at last given up."""
        self._folders().forget(*place)
        for task in chunk:
            if task.bucket is None:
                self._try_again(task, error)

    def _lost(self, error: MtpBackupError) -> None:
        """The phone was lost: waited for, and the folder is looked at anew."""
        task = self._in_hand
        self._forget_folders()
        if task is not None and task.bucket is None and not self._sender.got_on:
            task.tries += 1
        self._grip.lost(error)
        if task is not None and task.bucket is None and task.tries >= self._options.tries:
            self._give_up(task, error)

    def _vanished(self, error: StorageVanished) -> None:
        """A card was pulled, or the phone was locked: the phone tells which."""
        task = self._in_hand
        self._forget_folders()
        try:
            here = self._grip.shows(error.storage)
        except (*LOSSES, OperationFailed) as loss:
            self._grip.lost(loss)
            return
        if task is not None and task.bucket is None:
            task.tries += 1
            if task.tries >= self._options.tries:
                self._give_up(task, error)
        if not here:
            self._away.add(error.storage)
            for waiting in self._ledger.waiting():
                if waiting.storage == error.storage:
                    waiting.sent = None
                    self._give_up(waiting, error)

    def _try_again(self, task: PutTask, error: MtpBackupError) -> None:
        """The file could not be sent, or was not there afterwards."""
        task.sent = None
        task.tries += 1
        hopeless = isinstance(error, _HOPELESS) or (isinstance(error, SendFailed) and error.reason in _NEVER)
        if hopeless or task.tries >= self._options.tries:
            self._give_up(task, error)
        else:
            self._report(ItemRetried(task.ref, task.tries, Failure.of(error)))

    def _give_up(self, task: PutTask, error: MtpBackupError) -> None:
        failure = Failure.of(error)
        self._ledger.failed(task, failure)
        self._meter.through(task.ref)
        self._report(ItemFailed(task.ref, task.tries, failure))

    def _skip(self, task: PutTask, reason: PutSkip) -> None:
        self._ledger.skip(task, reason)
        self._meter.through(task.ref)
