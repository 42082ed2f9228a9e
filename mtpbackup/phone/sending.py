"""Sending to a phone: folders, and files in two transactions each."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from mtpbackup.phone.items import Item, Storage
from mtpbackup.session import Session
from mtpbackup.transport.base import Buffer


def make_folder(session: Session, storage: Storage, parent: Item | None, name: str) -> Item:
    """Makes a folder."""
    raise NotImplementedError


def send_file(
    session: Session,
    storage: Storage,
    folder: Item | None,
    name: str,
    size: int,
    modified: datetime | None,
    parts: Iterable[Buffer],
    *,
    object_format: int | None = None,
) -> Item:
    """Sends a file."""
    raise NotImplementedError


def delete_item(session: Session, item: Item) -> None:
    """Deletes what this program made."""
    raise NotImplementedError
