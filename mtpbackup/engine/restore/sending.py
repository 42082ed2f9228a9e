"""Sends one file under one name, with a note before it, and deals with what an earlier try left there."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from mtpbackup.archive import PhonePlace, SentFile, SentRecord
from mtpbackup.engine.grip import Grip, RunStopped
from mtpbackup.engine.reports import Ending
from mtpbackup.engine.restore.decisions import FolderNames
from mtpbackup.engine.restore.folders import Listed, PhoneFolders
from mtpbackup.engine.restore.meter import PutMeter
from mtpbackup.engine.restore.options import RestoreOptions
from mtpbackup.engine.restore.source import Reading, Source
from mtpbackup.engine.restore.tasks import PutTask
from mtpbackup.errors import (
    ArchiveError,
    ItemVanished,
    MtpBackupError,
    TransportError,
    WireError,
)
from mtpbackup.phone import Item

log = logging.getLogger(__name__)

#: Bytes at either end of a half-sent file that are compared before it is continued or deleted.
_WINDOW: Final = 1024 * 1024


def utc_now() -> datetime:
    """The present moment, in UTC."""
    return datetime.now(UTC)


class Sender:
    """Sends files to one phone.

    Attributes:
        source: the files.
        known: what was sent to this phone, by place; kept up to date.
        got_on: whether the last file got on inside itself, so that losing the phone was not its fault.
    """

    def __init__(
        self,
        grip: Grip,
        source: Source,
        record: SentRecord | None,
        serial: str,
        options: RestoreOptions,
        meter: PutMeter,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._grip = grip
        self.source = source
        self._record = record
        self._serial = serial
        self._options = options
        self._meter = meter
        self._now = now
        self.got_on = False
        self.known: dict[PhonePlace, SentFile] = {}
        if record is not None:
            self.known.update(record.sent_to(serial))

    def send(
        self, folders: PhoneFolders, names: FolderNames, task: PutTask, name: str, remains: Item | None
    ) -> None:
        """Sends a file; `task.sent` tells that it arrived as far as the phone says.

        Args:
            folders: of the phone as it is open now.
            names: of the folder; what is sent is added.
            task: the file, checked.
            name: a name that is free, but for `remains`.
            remains: what an earlier try left under this name, as `is_ours` has found.

        Raises:
            As `Phone.send_file`; RunStopped: no note can be made.
        """
        self.got_on = False
        listed = folders.make(*task.place)
        place = (task.storage, (*task.folder, name))
        if remains is not None and self._continue(folders, task, remains):
            names.add(replace(remains, size=task.size))
            return
        if remains is not None:
            self._delete(remains)
            names.remove(remains)
            listed.items.remove(remains)
        self._note(SentFile(*place, task.size, task.sha256, self._now()))
        task.begun.add(name)
        self._meter.start(task.ref_as(name))
        try:
            item = self._transmit(folders, listed, task, name)
        except (TransportError, WireError):
            raise  # it may lie there: the note stays
        except MtpBackupError:
            self._forget(place)
            raise
        listed.items.append(item)
        names.add(item)
        task.sent = item

    def _transmit(self, folders: PhoneFolders, listed: Listed, task: PutTask, name: str) -> Item:
        phone, storage = self._grip.phone, folders.storage(task.storage)
        modified = task.original.key.modified
        if self._in_pieces(task):
            log.info("%r is sent in pieces, so that it can be continued", name)
            item = phone.send_file(storage, listed.folder, name, 0, modified, ())
            reading = self._reading(task, 0, lasting=True)
            try:
                phone.continue_file(item, 0, reading.parts(), task.size)
            except (TransportError, WireError):
                raise
            except MtpBackupError:
                self._take_back(folders, task, name)
                raise
            item = replace(item, size=task.size)
        else:
            reading = self._reading(task, 0)
            item = phone.send_file(storage, listed.folder, name, task.size, modified, reading.parts())
        if not reading.is_right:
            task.checked = False
            self._take_back(folders, task, name)
            raise ArchiveError(self.source.path(task), "changed while it was sent")
        return item

    def _in_pieces(self, task: PutTask) -> bool:
        """Whether a large file is sent in a way that can be continued, at the price of its date.

        A phone removes a file that comes in one go and is cut off (ANDROID.md, Writing). It keeps one that it
        takes as an edit, which makes its date that of the edit. So this is the last resort, for a cable that
        does not hold for as long as the file takes.
        """
        last = task.tries + 1 >= self._options.tries
        return last and task.size >= self._options.continue_from and self._grip.phone.can_continue

    def _continue(self, folders: PhoneFolders, task: PutTask, remains: Item) -> bool:
        """Goes on with a half-sent file of ours if that is worth while."""
        phone = self._grip.phone
        if (
            not phone.can_continue
            or remains.size < min(self._options.continue_from, task.size // 2)
            or not remains.size
            or task.size < self._options.continue_from
        ):
            return False
        log.info("%r goes on at byte %d", remains.shown_path, remains.size)
        task.begun.add(remains.name)
        self._meter.start(task.ref_as(remains.name), remains.size)
        reading = self._reading(task, remains.size, lasting=True)
        phone.continue_file(remains, remains.size, reading.parts(), task.size)
        if not reading.is_right:
            task.checked = False
            self._take_back(folders, task, remains.name)
            self._forget((task.storage, (*task.folder, remains.name)))
            raise ArchiveError(self.source.path(task), "changed while it was sent")
        task.sent = replace(remains, size=task.size)
        return True

    def _reading(self, task: PutTask, offset: int, *, lasting: bool = False) -> Reading:
        """The file's content. `lasting`: what has arrived stays there when the phone is lost."""
        reading = self.source.read(task, offset)
        arrived = 0

        def moved(length: int) -> None:
            nonlocal arrived
            arrived += length
            self.got_on = lasting and arrived >= _WINDOW
            self._meter.moved(length)

        reading.moved = moved
        return reading

    def is_ours(self, task: PutTask, remains: Item) -> bool:
        """Whether what lies under a name that we noted is the beginning of what we were sending.

        The note alone is not enough to change or delete anything: since then somebody may have put another file
        there. Its first and its last part are read and compared.
        """
        head = min(_WINDOW, remains.size)
        return self._is_alike(task, remains, 0, head) and (
            remains.size == head or self._is_alike(task, remains, remains.size - head, head)
        )

    def _is_alike(self, task: PutTask, item: Item, start: int, length: int) -> bool:
        """Whether a part of something on the phone is the same part of a file."""
        there = bytearray()
        with closing(self._grip.phone.read(item, start, length)) as chunks:
            for chunk in chunks:
                there += chunk.data[: length - len(there)]
                chunk.release()
                if len(there) >= length:
                    break
        here = bytearray()
        with closing(self.source.read(task, start).parts()) as parts:
            for part in parts:
                here += part
                if len(here) >= length:
                    break
        return len(there) == length and here[:length] == there

    def delete_sent(self, task: PutTask, item: Item) -> None:
        """Takes away what this run has sent and is not what it should be.

        Args:
            task: the file.
            item: as it was listed now, under the name that it was sent as.
        """
        self._delete(item)
        self._forget((task.storage, (*task.folder, item.name)))

    def _take_back(self, folders: PhoneFolders, task: PutTask, name: str) -> None:
        """Deletes what was sent just now.

        It is looked up by its name: the handle that a phone gives a new object may be wrong (QEMU's may be).
        """
        for item in folders.again(*task.place).items:
            if item.name == name and not item.is_folder:
                self._delete(item)
        folders.forget(*task.place)

    def _delete(self, item: Item) -> None:
        """Deletes what this program made, if it is there."""
        try:
            self._grip.phone.delete(item)
        except ItemVanished as error:
            log.debug("gone already: %s", error)

    # --- notes --------------------------------------------------------------------------------------------

    def proven(self, files: list[SentFile]) -> None:
        """Files were seen to be there."""
        for file in files:
            self.known[file.place] = file
        if self._record is not None and files:
            try:
                self._record.note(self._serial, files)
            except ArchiveError as error:
                raise RunStopped(Ending.DESTINATION_LOST, error) from error

    def _note(self, file: SentFile) -> None:
        """A file is about to be sent: noted before, so that a crash does not leave half a file unknown."""
        self.known[file.place] = file
        if self._record is not None:
            try:
                self._record.note(self._serial, [file])
            except ArchiveError as error:
                raise RunStopped(Ending.DESTINATION_LOST, error) from error

    def _forget(self, place: PhonePlace) -> None:
        """Nothing of ours is there."""
        self.known.pop(place, None)
        if self._record is not None:
            try:
                self._record.forget(self._serial, [place])
            except ArchiveError as error:
                raise RunStopped(Ending.DESTINATION_LOST, error) from error
