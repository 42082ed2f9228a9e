"""What two backups of the same phone must have in common."""

from __future__ import annotations

import hashlib
import sqlite3
from pathlib import Path


def tree(root: Path) -> dict[str, tuple[str, int]]:
    """Contents and dates of a backup's files."""
    return {
        str(path.relative_to(root)): (
            hashlib.sha256(path.read_bytes()).hexdigest(),
            int(path.stat().st_mtime) if path.name != "SHA256SUMS" else 0,
        )
        for path in sorted(root.rglob("*"))
        if path.is_file() and ".mtpbackup" not in path.parts
    }


def catalog(root: Path) -> list[tuple]:
    """Where each item was on which phone, and what its file is."""
    database = sqlite3.connect(root / ".mtpbackup/catalog.sqlite")
    try:
        return database.execute(
            "SELECT phones.serial, phones.manufacturer, phones.model, phones.name, storage, places.path,"
            " items.name, items.size, items.modified, files.name, sha256"
            " FROM items JOIN places ON places.id = place JOIN phones ON phones.id = places.phone"
            " JOIN files ON files.id = file ORDER BY storage, places.path, items.name"
        ).fetchall()
    finally:
        database.close()
