"""Proves that files are on the phone: their folder is listed, sizes and dates compared, a sample read back."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable
from contextlib import closing
from datetime import datetime, timedelta
from typing import Final

from mtpbackup.archive import SentFile
from mtpbackup.engine.grip import Grip
from mtpbackup.engine.reports import FileSent, Report
from mtpbackup.engine.restore.folders import PhoneFolders
from mtpbackup.engine.restore.ledger import PutLedger
from mtpbackup.engine.restore.meter import PutMeter
from mtpbackup.engine.restore.sending import Sender
from mtpbackup.engine.restore.tasks import PutTask
from mtpbackup.errors import ItemUnreadable, ItemVanished, MtpBackupError, OperationFailed, SendFailed
from mtpbackup.phone import Item

log = logging.getLogger(__name__)

#: FAT keeps dates in steps of two seconds.
_SLACK: Final = timedelta(seconds=2)


class Prover:
    """Looks whether what was sent is there."""

    def __init__(self, grip: Grip, sender: Sender, ledger: PutLedger, meter: PutMeter, report: Report) -> None:
        self._grip = grip
        self._sender = sender
        self._ledger = ledger
        self._meter = meter
        self._report = report

    def prove(
        self,
        folders: PhoneFolders,
        tasks: list[PutTask],
        try_again: Callable[[PutTask, MtpBackupError], None],
    ) -> None:
        """Lists the folder of these files once, and settles those that are there.

        Args:
            folders: of the phone as it is open now.
            tasks: all of one folder; those without `sent` are left alone.
            try_again: is called for those that are not there as they should be.

        Raises:
            As `PhoneFolders.look`, `Phone.read`; RunStopped: nothing can be noted any more.
        """
        waiting = [task for task in tasks if task.sent is not None and task.bucket is None]
        if not waiting:
            return
        items = folders.again(*waiting[0].place).items
        names = {item.name: item for item in items if not item.is_folder}
        # Some phones show another name than they were given; handles of new objects may be wrong, too.
        others = {(item.handle, item.size): item for item in items if not item.is_folder}
        there: list[tuple[PutTask, Item, bool]] = []
        wrong: list[tuple[PutTask, MtpBackupError]] = []
        for task in waiting:
            assert task.sent is not None
            item = names.get(task.sent.name) or others.get((task.sent.handle, task.size))
            if item is None:
                wrong.append((task, ItemVanished(task.sent.shown_path)))
                continue
            task.sampled |= task.seems_twice(item.size)
            good = (item.size == task.size or task.seems_twice(item.size)) and (
                not task.sampled or self._reads_back(task, item)
            )
            if good:
                there.append((task, item, task.sampled))
            else:
                if item.name == task.sent.name:
                    self._sender.delete_sent(task, item)
                folders.forget(*task.place)
                wrong.append((task, SendFailed(item.shown_path, SendFailed.Reason.REFUSED, item.size)))
        self._settle(there)
        for task, error in wrong:
            try_again(task, error)

    def _settle(self, there: list[tuple[PutTask, Item, bool]]) -> None:
        noted = []
        for task, item, _ in there:
            assert task.sent is not None
            place = (task.storage, (*task.folder, task.sent.name))
            before = self._sender.known.get(place)
            began = before.began_at if before is not None else None
            if began is not None:
                noted.append(SentFile(*place, task.size, task.sha256, began).proven(item.modified))
        self._sender.proven(noted)
        told = []
        for task, item, read_back in there:
            assert task.sent is not None
            name = task.sent.name
            kept = date_kept(task.original.key.modified, item.modified)
            self._ledger.sent(task, name, kept, proven=read_back)
            told.append(FileSent(task.ref_as(name), task.original.path, name != task.original.key.name, kept))
        for event in told:
            self._meter.through(event.item)
            self._report(event)

    def _reads_back(self, task: PutTask, item: Item) -> bool:
        """Whether the phone gives back what was sent."""
        hasher = hashlib.sha256()
        self._meter.start(task.ref)
        try:
            with closing(self._grip.phone.read(item)) as chunks:
                for chunk in chunks:
                    hasher.update(chunk.data)
                    self._meter.aside(len(chunk.data))
                    chunk.release()
        except (ItemUnreadable, ItemVanished, OperationFailed) as error:
            log.warning("%r cannot be read back: %s", item.shown_path, error)
            return False
        return hasher.hexdigest() == task.sha256


def date_kept(wanted: datetime | None, found: datetime | None) -> bool | None:
    """Whether a file has its date; None where it never had one."""
    if wanted is None:
        return None
    return found is not None and abs(found - wanted) < _SLACK
