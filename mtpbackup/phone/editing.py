"""Going on with a file that is on the phone in part, by Android's edit operations.

The rules are ANDROID.md's (Writing, AVOID 1): nothing is written into a file unless BeginEditObject succeeded,
and never beyond its present end, because such data would be read as a command and end the server. So the file
is first cut to the offset, which then is its length, and each piece goes exactly behind the one before.

A piece is gathered before it is announced: a source that fails does so between two pieces, with nothing under
way.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Final

from mtpbackup.errors import (
    EndpointStalled,
    LocalProtocolError,
    MtpBackupError,
    OperationFailed,
    OperationUnsupported,
    PhoneFull,
    PhoneGone,
    SendFailed,
    StorageVanished,
)
from mtpbackup.phone.interrupts import Interrupts, interrupts_noted
from mtpbackup.phone.items import Item
from mtpbackup.phone.losses import loss_behind
from mtpbackup.phone.storages import is_shown
from mtpbackup.session import Outgoing, Session, operations
from mtpbackup.transport.base import Buffer
from mtpbackup.wire import OperationCode as Op
from mtpbackup.wire import ResponseCode

_log = logging.getLogger(__name__)

#: Bytes written in one transaction, as far as the source's parts allow.
PIECE: Final = 4 * 1024 * 1024

_OPERATIONS: Final = (
    Op.BEGIN_EDIT_OBJECT,
    Op.SEND_PARTIAL_OBJECT,
    Op.TRUNCATE_OBJECT,
    Op.END_EDIT_OBJECT,
)


def can_continue(session: Session) -> bool:
    """See `Phone.can_continue`."""
    return all(map(session.supports, _OPERATIONS))


def continue_file(session: Session, item: Item, offset: int, parts: Iterable[Buffer], size: int) -> None:
    """See `Phone.continue_file`."""
    for operation in _OPERATIONS:
        if not session.supports(operation):
            raise OperationUnsupported(operation)
    if not 0 <= offset <= min(item.size, size):
        raise ValueError(f"offset {offset} of {item.size} bytes, {size} in the end")
    _Editing(session, item, offset, size).write(parts)


class _Editing:
    """One file that grows."""

    def __init__(self, session: Session, item: Item, offset: int, size: int) -> None:
        self._session = session
        self._item = item
        self._position = offset
        self._size = size

    def write(self, parts: Iterable[Buffer]) -> None:
        """Opens, cuts, writes, closes."""
        with interrupts_noted() as interrupts:
            try:
                with self._open():
                    operations.truncate_object(self._session, self._item.handle, self._position)
                    for piece, length in self._pieces(parts, interrupts):
                        content = Outgoing(length, piece)
                        operations.send_partial_object(
                            self._session, self._item.handle, self._position, content
                        )
                        self._position += length
            except (OperationFailed, EndpointStalled) as error:
                raise self._failure(error) from error
        if self._position != self._size:
            raise LocalProtocolError(f"the parts end at {self._position}, announced were {self._size}")

    @contextmanager
    def _open(self) -> Iterator[None]:
        """The file, open for changes; closed at the end, whatever happens."""
        handle = self._item.handle
        try:
            operations.begin_edit_object(self._session, handle)
        except OperationFailed as error:
            if error.response != ResponseCode.GENERAL_ERROR:
                raise
            # Open since another host, or we, got lost in the middle: edits outlive sessions.
            _log.info("%r: closed and opened anew: %s", self._item.shown_path, error)
            operations.end_edit_object(self._session, handle)
            operations.begin_edit_object(self._session, handle)
        try:
            yield
        except PhoneGone:
            raise
        except BaseException:
            try:
                operations.end_edit_object(self._session, handle)
            except MtpBackupError as error:
                _log.warning("%r stays open: %s", self._item.shown_path, error)
            raise
        operations.end_edit_object(self._session, handle)

    def _pieces(self, parts: Iterable[Buffer], interrupts: Interrupts) -> Iterator[tuple[list[Buffer], int]]:
        """Parts gathered to pieces, each with its length."""
        gathered: list[Buffer] = []
        length = 0
        left = self._size - self._position
        for part in parts:
            interrupts.raise_if_came()
            gathered.append(part)
            length += memoryview(part).nbytes
            if length > left:
                raise LocalProtocolError(f"more than the {self._size} bytes announced")
            if length >= PIECE:
                yield gathered, length
                left -= length
                gathered, length = [], 0
        if length:
            yield gathered, length

    def _failure(self, error: OperationFailed | EndpointStalled) -> MtpBackupError:
        """What a refusal or a stall means."""
        storage, path = self._item.storage, self._item.shown_path
        response = error.response if isinstance(error, OperationFailed) else None
        if isinstance(error, OperationFailed):
            loss = loss_behind(self._session, storage, path, error)
            if loss is not None:
                return loss
        if not is_shown(self._session, storage):
            return StorageVanished(storage.label)
        free = operations.get_storage_info(self._session, storage.id).free_space_in_bytes
        needed = self._size - self._position
        if response == ResponseCode.STORE_FULL or free < needed:
            return PhoneFull(storage.label, needed, free)
        reason = SendFailed.Reason.STALLED if response is None else SendFailed.Reason.REFUSED
        return SendFailed(path, reason, self._position)
