"""Going on with a file that is on the phone in part, by Android's edit operations."""

from __future__ import annotations

from collections.abc import Iterable

from mtpbackup.phone.items import Item
from mtpbackup.session import Session
from mtpbackup.transport.base import Buffer


def can_continue(session: Session) -> bool:
    """Whether the phone has all four operations."""
    raise NotImplementedError


def continue_file(session: Session, item: Item, offset: int, parts: Iterable[Buffer], size: int) -> None:
    """Writes the rest of a file."""
    raise NotImplementedError
