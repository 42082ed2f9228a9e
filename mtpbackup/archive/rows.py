"""Rows of the catalog and the records they become; what several parts of the archive ask of the tables."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypeAlias

from mtpbackup.archive.paths import decode_name, decode_path, encode_name, encode_path
from mtpbackup.archive.records import (
    FailureRow,
    FileRow,
    FileState,
    ItemKey,
    ItemRow,
    RunCounts,
    RunRow,
    Taken,
    TakenSource,
)
from mtpbackup.errors import Failure

#: What SQLite gives back.
Row: TypeAlias = tuple[Any, ...]

#: Columns for `file_row`, of files joined with folders.
FILE_COLUMNS = (
    "files.id, files.phone, folders.path, files.name, files.size, files.sha256, files.taken,"
    " files.taken_source, files.saved_at, files.verified_at, files.state"
)
FILE_TABLES = "files JOIN folders ON folders.id = files.folder"
_FILE_COUNT = 11

#: Columns for `item_row`.
ITEM_COLUMNS = (
    f"{FILE_COLUMNS}, items.id, places.storage, places.path, items.name, items.size, items.modified,"
    " items.gone_since"
)
ITEM_TABLES = (
    "items JOIN places ON places.id = items.place JOIN files ON files.id = items.file"
    " JOIN folders ON folders.id = files.folder"
)

#: Columns for `failure_row`, of failures joined with places.
FAILURE_COLUMNS = (
    "places.storage, places.path, failures.name, failures.size, failures.modified, failures.kind,"
    " failures.detail, failures.tries, failures.first_at, failures.last_at"
)

#: Columns for `run_row`.
RUN_COLUMNS = (
    "id, phone, started_at, ended_at, outcome, listed, saved, safe, moved, skipped, failed, saved_bytes"
)


def moment(text: str | None) -> datetime | None:
    """A time column."""
    return None if text is None else datetime.fromisoformat(text)


def text_of(when: datetime | None) -> str | None:
    """A time for a column; lossless."""
    return None if when is None else when.isoformat()


def join_path(folder: str, name: str) -> str:
    """A path below the root."""
    return f"{folder}/{name}" if folder else name


def file_row(row: Row) -> FileRow:
    """A row of `FILE_COLUMNS`."""
    number, phone, folder, name, size, sha256, taken, source, saved_at, verified_at, state = row
    return FileRow(
        id=number,
        phone_id=phone,
        path=join_path(folder, name),
        size=size,
        sha256=sha256,
        taken=None if taken is None else Taken(datetime.fromisoformat(taken), TakenSource(source)),
        saved_at=datetime.fromisoformat(saved_at),
        verified_at=None if verified_at is None else datetime.fromisoformat(verified_at),
        state=FileState(state),
    )


def item_row(row: Row) -> ItemRow:
    """A row of `ITEM_COLUMNS`."""
    number, storage, path, name, size, modified, gone_since = row[_FILE_COUNT:]
    return ItemRow(
        id=number,
        key=_key(storage, path, name, size, modified),
        file=file_row(row[:_FILE_COUNT]),
        gone_since=None if gone_since is None else datetime.fromisoformat(gone_since),
    )


def failure_row(row: Row) -> FailureRow:
    """A row of `FAILURE_COLUMNS`."""
    storage, path, name, size, modified, kind, detail, tries, first_at, last_at = row
    return FailureRow(
        key=_key(storage, path, name, size, modified),
        failure=Failure(kind, detail),
        tries=tries,
        first_at=datetime.fromisoformat(first_at),
        last_at=datetime.fromisoformat(last_at),
    )


def run_row(row: Row) -> RunRow:
    """A row of `RUN_COLUMNS`."""
    number, phone, started_at, ended_at, outcome, *counts = row
    return RunRow(
        id=number,
        phone_id=phone,
        started_at=datetime.fromisoformat(started_at),
        ended_at=None if ended_at is None else datetime.fromisoformat(ended_at),
        outcome=outcome,
        counts=RunCounts(*counts),
    )


def place_id(connection: sqlite3.Connection, phone_id: int, storage: str, path: Sequence[str]) -> int:
    """The row of a phone's folder, made if need be."""
    values = (phone_id, encode_name(storage), encode_path(path))
    found = connection.execute("SELECT id FROM places WHERE phone = ? AND storage = ? AND path = ?", values)
    if (row := found.fetchone()) is not None:
        return row[0]  # type: ignore[no-any-return]
    added = connection.execute("INSERT INTO places (phone, storage, path) VALUES (?, ?, ?)", values)
    return _new(added)


def folder_id(connection: sqlite3.Connection, path: str) -> int:
    """The row of a folder of the archive, made if need be."""
    found = connection.execute("SELECT id FROM folders WHERE path = ?", (path,))
    if (row := found.fetchone()) is not None:
        return row[0]  # type: ignore[no-any-return]
    return _new(connection.execute("INSERT INTO folders (path) VALUES (?)", (path,)))


def _new(cursor: sqlite3.Cursor) -> int:
    assert cursor.lastrowid is not None
    return cursor.lastrowid


def _key(storage: str, path: str, name: str, size: int, modified: str | None) -> ItemKey:
    return ItemKey(
        storage=decode_name(storage),
        path=(*decode_path(path), decode_name(name)),
        size=size,
        modified=None if modified is None else datetime.fromisoformat(modified),
    )
