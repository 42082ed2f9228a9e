"""The storages of a phone, each with a label that a person and a folder name can stand on."""

from __future__ import annotations

import logging
import unicodedata
from collections import Counter
from typing import Final

from mtpbackup.errors import EndpointStalled, OperationFailed, OperationUnsupported, WireError
from mtpbackup.phone.items import Storage
from mtpbackup.session import Session, operations
from mtpbackup.wire import AccessCapability, ResponseCode, StorageInfo, StorageType

_log = logging.getLogger(__name__)

#: What a storage without a description is called.
_NAMELESS: Final = "Storage"
#: How often a storage is asked to describe itself.
_TRIES: Final = 3
_REMOVABLE: Final = (StorageType.REMOVABLE_RAM, StorageType.REMOVABLE_ROM)


def read_storages(session: Session) -> list[Storage]:
    """The storages that the phone shows now, in its own order; none while it is locked.

    Raises:
        OperationFailed, WireError, TransportError: the phone does not say which there are, or what they are.
    """
    described = []
    for storage_id in dict.fromkeys(operations.get_storage_ids(session)):
        if not _has_medium(storage_id):
            _log.info("no medium in storage %#x", storage_id)
            continue
        info = _describe(session, storage_id)
        if info is not None:
            described.append((storage_id, info))
    return storages_of(described)


def storages_of(described: list[tuple[int, StorageInfo]]) -> list[Storage]:
    """Storages with labels that tell them apart, from ids and what was told of each."""
    labels = _labels(described)
    return [
        Storage(
            id=storage_id,
            label=labels[storage_id],
            description=info.storage_description,
            capacity=info.max_capacity,
            free=info.free_space_in_bytes,
            removable=info.storage_type in _REMOVABLE,
            writable=info.access_capability == AccessCapability.READ_WRITE,
        )
        for storage_id, info in described
    ]


def is_shown(session: Session, storage: Storage) -> bool:
    """Whether a storage is still there."""
    return storage.id in operations.get_storage_ids(session)


def _has_medium(storage_id: int) -> bool:
    """Whether an id can be one of a storage with something in it.

    The lower half is 0 for a slot without a card (MTP 1.1, section 5.2.1), and 0 and FFFFFFFF stand for other
    things than a storage.
    """
    return storage_id & 0xFFFF != 0 and storage_id != operations.EVERYTHING


def _describe(session: Session, storage_id: int) -> StorageInfo | None:
    """What a storage says of itself; None when it is gone; a blank when it does not say, each time it is asked.

    Asked more than once, because the label is half of every item's identity: one answer lost on the way must
    not make another storage of it, and all that lies there new.

    Raises:
        WireError, EndpointStalled: what it says makes no sense, each time.
    """
    tries = 0
    while True:
        tries += 1
        try:
            return operations.get_storage_info(session, storage_id)
        except OperationFailed as error:
            if error.response in (ResponseCode.INVALID_STORAGE_ID, ResponseCode.STORE_NOT_AVAILABLE):
                _log.info("storage %#x is gone: %s", storage_id, error)
                return None
            trouble: Exception = error
        except OperationUnsupported as error:
            trouble, tries = error, _TRIES
        except (WireError, EndpointStalled) as error:
            if tries >= _TRIES:
                raise
            trouble = error
        _log.warning("storage %#x does not describe itself: %s", storage_id, trouble)
        if tries >= _TRIES:
            return StorageInfo()  # what lies on it may be readable all the same


def _labels(described: list[tuple[int, StorageInfo]]) -> dict[int, str]:
    """A label for each id: the description, then told apart by what stays the same: the volume, else the order.

    Labels become names of folders, so they also differ for file systems that ignore case.
    """
    labels = {storage_id: _text(info.storage_description) or _NAMELESS for storage_id, info in described}
    times = Counter(_folded(label) for label in labels.values())
    for storage_id, info in described:
        volume = _text(info.volume_identifier)
        if times[_folded(labels[storage_id])] > 1 and volume:
            labels[storage_id] = f"{labels[storage_id]} ({volume})"
    taken: set[str] = set()
    # Ids count up in the order in which storages appeared; the built-in one is always the first.
    for storage_id in sorted(labels):
        label, number = labels[storage_id], 2
        while _folded(labels[storage_id]) in taken:
            labels[storage_id] = f"{label} ({number})"
            number += 1
        taken.add(_folded(labels[storage_id]))
    return labels


def _text(value: str) -> str:
    """A description on one line."""
    return " ".join(value.split())


def _folded(label: str) -> str:
    return unicodedata.normalize("NFC", label).casefold()
