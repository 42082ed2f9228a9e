"""Sending to a phone: folders in one transaction, files in two, and nothing left behind where that fails.

What ANDROID.md, Writing, asks for is all here or in what is called from here:

- The parent of what lies at the top is FFFFFFFF; the storage is a real one; names are checked before.
- SendObject follows SendObjectInfo with nothing in between, neither a question nor a second try: whoever is
  told "busy" begins with the announcement again.
- A source that fails, or Ctrl-C, ends the data with a short packet: the phone removes the file, answers 2002,
  and is ready for more. Cancel remains for what is interrupted otherwise.
- After any failure the phone is asked for the new object, and what is left of it is deleted, if it bears the
  name that was sent: handles are not to be trusted on every phone.

SendObjectPropList (9808) could stand in for the announcement; Android does not have it, nor any responder that
could be tried here, so it is not used.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import datetime
from typing import Final

from mtpbackup.errors import (
    EndpointStalled,
    ItemVanished,
    MtpBackupError,
    NameTaken,
    OperationFailed,
    OperationUnsupported,
    PhoneFull,
    PhoneGone,
    SendFailed,
    StorageVanished,
    TopRefused,
)
from mtpbackup.phone.acceptance import FAT_LIMIT, largest_file, name_trouble
from mtpbackup.phone.content import Content
from mtpbackup.phone.interrupts import interrupts_noted
from mtpbackup.phone.items import Item, Storage
from mtpbackup.phone.listing import FolderLister
from mtpbackup.phone.losses import loss_behind
from mtpbackup.phone.naming import format_for
from mtpbackup.phone.storages import is_shown
from mtpbackup.session import Session, operations
from mtpbackup.transport.base import Buffer
from mtpbackup.wire import SIZE_UNKNOWN, AssociationType, ObjectFormat, ObjectInfo, ResponseCode, format_date
from mtpbackup.wire import OperationCode as Op

_log = logging.getLogger(__name__)

_Reason = SendFailed.Reason

#: Refusals that say all by themselves.
_PLAIN: Final = {
    ResponseCode.OBJECT_TOO_LARGE: _Reason.TOO_LARGE,
    ResponseCode.STORE_READ_ONLY: _Reason.READ_ONLY,
}


class Sender:
    """Sends to one phone, and remembers what it refused."""

    def __init__(self, session: Session, lister: FolderLister) -> None:
        self._session = session
        self._lister = lister
        self._limits: dict[int, int] = {}
        self._listed: set[tuple[int, int]] = set()

    def largest_file(self, storage: Storage) -> int | None:
        """See `Phone.largest_file`."""
        return self._limits.get(storage.id, largest_file(storage))

    def make_folder(self, storage: Storage, parent: Item | None, name: str) -> Item:
        """See `Phone.make_folder`."""
        place = _Place(storage, parent, name)
        info = ObjectInfo(
            storage_id=storage.id,
            object_format=ObjectFormat.ASSOCIATION,
            parent_object=place.parent_parameter,
            association_type=AssociationType.GENERIC_FOLDER,
            filename=name,
        )
        with interrupts_noted():
            handle = self._announce(place, info, 0)
            return place.item(handle, ObjectFormat.ASSOCIATION, 0, None)

    def send_file(
        self,
        storage: Storage,
        folder: Item | None,
        name: str,
        size: int,
        modified: datetime | None,
        parts: Iterable[Buffer],
        object_format: int | None,
    ) -> Item:
        """See `Phone.send_file`."""
        place = _Place(storage, folder, name)
        date = "" if modified is None else format_date(modified)
        told_format = self._offered(format_for(name) if object_format is None else ObjectFormat(object_format))
        info = ObjectInfo(
            storage_id=storage.id,
            object_format=told_format,
            object_compressed_size=min(size, SIZE_UNKNOWN),
            parent_object=place.parent_parameter,
            filename=name,
            date_created=date,
            date_modified=date,
        )
        if not self._session.supports(Op.SEND_OBJECT):
            raise OperationUnsupported(Op.SEND_OBJECT)
        with interrupts_noted() as interrupts:
            handle = self._announce(place, info, size)
            self._fulfil(place, handle, Content(size, parts, interrupts=interrupts))
            return place.item(handle, told_format, size, modified)

    def delete(self, item: Item) -> None:
        """See `Phone.delete`."""
        try:
            operations.delete_object(self._session, item.handle)
        except OperationFailed as error:
            loss = loss_behind(self._session, item.storage, item.shown_path, error)
            raise error if loss is None else loss from error

    # --- the two transactions -----------------------------------------------------------------------------

    def _announce(self, place: _Place, info: ObjectInfo, size: int) -> int:
        """SendObjectInfo. Returns the new handle."""
        trouble = name_trouble(place.storage, place.name, self._session.quirks)
        if trouble is not None:
            raise trouble
        storage, parent = place.storage.id, place.parent_parameter
        try:
            if self._session.quirks.guesses_handles and (storage, parent) not in self._listed:
                operations.get_object_handles(self._session, storage, 0, parent)
                self._listed.add((storage, parent))
            return operations.send_object_info(self._session, storage, parent, info)
        except OperationFailed as error:
            raise self._refused(place, size, error) from error

    def _fulfil(self, place: _Place, handle: int, content: Content) -> None:
        """SendObject, and whatever has to be done when that fails."""
        try:
            operations.send_object(self._session, content)
        except PhoneGone:
            raise
        except (OperationFailed, EndpointStalled) as error:
            self._take_back(place, handle)
            raise content.failure or self._failed(place, content, error) from error
        except BaseException:
            self._take_back(place, handle)
            raise
        if content.failure is not None:
            # Of 4 GiB and more no length was announced: there the phone takes a part for the whole.
            self._take_back(place, handle)
            raise content.failure

    def _take_back(self, place: _Place, handle: int) -> None:
        """Deletes what is left of a file that did not come whole; raises nothing but an interrupt."""
        try:
            left = operations.get_object_info(self._session, handle)
            if left.filename != place.name or left.object_format == ObjectFormat.ASSOCIATION:
                _log.warning("%r is left alone: handle %#x is %r", place.shown_path, handle, left.filename)
                return
            operations.delete_object(self._session, handle)
        except OperationFailed as error:
            if error.response != ResponseCode.INVALID_OBJECT_HANDLE:
                _log.warning("a part of %r may be left: %s", place.shown_path, error)
        except MtpBackupError as error:
            _log.warning("a part of %r may be left: %s", place.shown_path, error)

    # --- what went wrong ----------------------------------------------------------------------------------

    def _refused(self, place: _Place, size: int, error: OperationFailed) -> MtpBackupError:
        """What a refused announcement means. Android says 2002 to a name that is taken, as to much else."""
        loss = loss_behind(self._session, place.storage, place.folder_path, error)
        if loss is not None:
            return loss
        if error.response not in _PLAIN and self._is_taken(place):
            return NameTaken(place.shown_path)
        return self._failure(place, size, 0, error)

    def _failed(
        self, place: _Place, content: Content, error: OperationFailed | EndpointStalled
    ) -> MtpBackupError:
        """What it means that content was not taken."""
        if isinstance(error, OperationFailed):
            loss = loss_behind(self._session, place.storage, place.folder_path, error)
            if loss is not None:
                return loss
        return self._failure(place, content.size, content.taken, error)

    def _failure(
        self, place: _Place, size: int, sent: int, error: OperationFailed | EndpointStalled
    ) -> MtpBackupError:
        """A failure that has nothing to do with the name or a loss that the phone tells of."""
        response = error.response if isinstance(error, OperationFailed) else None
        if response == ResponseCode.OBJECT_TOO_LARGE:
            self._limits[place.storage.id] = FAT_LIMIT
        if response in _PLAIN:
            return SendFailed(place.shown_path, _PLAIN[ResponseCode(response)], sent)
        if response == ResponseCode.INVALID_PARAMETER and place.folder is None:
            # As Xiaomi's phones (PHONES.md, section 2). Of the name, Android's other reason, nothing is wrong.
            return TopRefused(place.shown_path)
        try:
            if not is_shown(self._session, place.storage):
                return StorageVanished(place.storage.label)
            free: int | None = operations.get_storage_info(self._session, place.storage.id).free_space_in_bytes
        except (OperationFailed, OperationUnsupported, EndpointStalled) as trouble:
            _log.info("free space is not told: %s", trouble)
            free = None
        if response == ResponseCode.STORE_FULL or (free is not None and free < size):
            return PhoneFull(place.storage.label, size, free)
        return SendFailed(place.shown_path, _Reason.STALLED if response is None else _Reason.REFUSED, sent)

    def _is_taken(self, place: _Place) -> bool:
        """Whether the folder holds something of this name, or of one that differs in case only."""
        wanted = place.name.casefold()
        try:
            listed = self._lister.list_folder(place.storage, place.folder)
        except (OperationFailed, ItemVanished) as error:
            _log.info("not listed: %s", error)
            return False
        return any(item.name.casefold() == wanted for item in listed)

    def _offered(self, object_format: ObjectFormat) -> ObjectFormat:
        """A format as the phone knows it: one that it does not list may be refused, "undefined" is not."""
        known = self._session.device_info.playback_formats
        return object_format if object_format in known else ObjectFormat.UNDEFINED


class _Place:
    """Where something is to lie, and what it is to be called."""

    def __init__(self, storage: Storage, folder: Item | None, name: str) -> None:
        self.storage = storage
        self.folder = folder
        self.name = name

    @property
    def parent_parameter(self) -> int:
        """The parent as SendObjectInfo wants it."""
        return operations.TOP if self.folder is None else self.folder.handle

    @property
    def path(self) -> tuple[str, ...]:
        return (self.name,) if self.folder is None else (*self.folder.path, self.name)

    @property
    def shown_path(self) -> str:
        return "/".join(self.path)

    @property
    def folder_path(self) -> str:
        return "/".join(self.path[:-1])

    def item(self, handle: int, object_format: int, size: int, modified: datetime | None) -> Item:
        """The item that came into being."""
        parent = 0 if self.folder is None else self.folder.handle
        return Item(self.storage, handle, parent, self.path, size, modified, object_format)
