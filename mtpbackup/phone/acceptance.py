"""What a phone takes: names and sizes that are checked before anything is sent."""

from __future__ import annotations

from mtpbackup.errors import NameRefused
from mtpbackup.phone.items import Storage


def name_trouble(storage: Storage, name: str) -> NameRefused | None:
    """Why a storage would not take a name."""
    raise NotImplementedError


def largest_file(storage: Storage) -> int | None:
    """The largest file that a storage takes."""
    raise NotImplementedError
