"""Proves that an item was only renamed or moved on the phone, by comparing its ends with the file on disk."""

from __future__ import annotations

from contextlib import closing
from typing import Final

from mtpbackup.archive import Archive
from mtpbackup.engine.plan import Move
from mtpbackup.phone import Item, Phone

#: Bytes compared at the beginning and at the end. Size and date are equal already; the beginning of a photo
#: holds its EXIF with the moment and a thumbnail, the end of it and of a video is content.
WINDOW: Final = 64 * 1024


def is_same_content(phone: Phone, item: Item, archive: Archive, move: Move) -> tuple[bool, int]:
    """Whether an item begins and ends like the file that was saved under its old path.

    Returns:
        The answer, and how many bytes the phone was asked for.

    Raises:
        As `Phone.read`.
    """
    asked = 0
    for offset, length in _windows(item.size):
        saved = archive.read_window(move.item_id, offset, length)
        asked += length
        if read_window(phone, item, offset, length) != saved:
            return False, asked
    return True, asked


def read_window(phone: Phone, item: Item, offset: int, length: int) -> bytes:
    """Some bytes of an item; fewer where it ends before.

    Raises:
        As `Phone.read`.
    """
    window = bytearray()
    with closing(phone.read(item, offset, length)) as chunks:
        for chunk in chunks:
            window += chunk.data[: length - len(window)]
            chunk.release()
            if len(window) >= length:
                break
    return bytes(window)


def _windows(size: int) -> list[tuple[int, int]]:
    """Offsets and lengths of what is compared; the whole item where it is small."""
    if size <= 2 * WINDOW:
        return [(0, size)] if size else []
    return [(0, WINDOW), (size - WINDOW, WINDOW)]
