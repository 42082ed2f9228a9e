"""What a refusal means for a person: the item is gone, its storage is, or the phone just won't."""

from __future__ import annotations

import logging
from typing import Final

from mtpbackup.errors import ItemVanished, OperationFailed, PhoneError, StorageVanished, TransportTimeout
from mtpbackup.phone.items import Storage
from mtpbackup.phone.storages import is_shown
from mtpbackup.session import Session
from mtpbackup.session.session import BUSY_PAUSES
from mtpbackup.wire import ResponseCode

_log = logging.getLogger(__name__)

_STORAGE_GONE: Final = (ResponseCode.INVALID_STORAGE_ID, ResponseCode.STORE_NOT_AVAILABLE)
_OBJECT_GONE: Final = (ResponseCode.INVALID_OBJECT_HANDLE, ResponseCode.INVALID_PARENT_OBJECT)


def raise_if_busy(error: OperationFailed) -> None:
    """Tells a phone that is busy for good from one that refuses something.

    It was asked again for seconds already: it is the phone that does not answer, whatever it was asked for.

    Raises:
        TransportTimeout: it is busy.
    """
    if error.response == ResponseCode.DEVICE_BUSY:
        raise TransportTimeout("in", sum(BUSY_PAUSES)) from error


def loss_behind(
    session: Session, storage: Storage, shown_path: str, error: OperationFailed
) -> PhoneError | None:
    """The loss that a refusal tells of, or None when it tells of none.

    A phone that is locked hides everything: it answers 2009 for each object and 2008 or 2013 for each storage
    (ANDROID.md, Storages). So an object counts as vanished only while its storage is still shown.

    Args:
        session: the session, free for another transaction.
        storage: where the object lies.
        shown_path: of the object.
        error: the refusal.

    Returns:
        `ItemVanished`, `StorageVanished` or None.

    Raises:
        OperationFailed, WireError, TransportError: the phone does not even say which storages it has.
    """
    if error.response in _STORAGE_GONE:
        return StorageVanished(storage.label)
    if error.response not in _OBJECT_GONE:
        return None
    return ItemVanished(shown_path) if is_shown(session, storage) else StorageVanished(storage.label)
