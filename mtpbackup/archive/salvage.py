"""What a damaged catalog still tells: its rows are copied into a new one as far as they can be read.

SQLite stops at a broken page. Rows are therefore read from the front until it stops, then on the far side of
the break, found by trying numbers ever farther away. What comes out is only believed where it makes sense by
itself (`_SENSIBLE`) and leads to rows that exist; whether it is true of the files is for `rebuilding` to find
out.
"""

from __future__ import annotations

import logging
import os
import re
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from urllib.parse import quote

from mtpbackup.archive.records import FileState, TakenSource
from mtpbackup.archive.rows import Row

log = logging.getLogger(__name__)

#: Tables, those first that others point to. Their rows are numbered by the column "id".
_TABLES = ("phones", "folders", "places", "files", "items", "failures", "runs", "sent")

#: The farthest row that is looked for behind a break.
_FARTHEST = 2**40
_SHA256 = re.compile("[0-9a-f]{64}")


def _is_number(value: object) -> bool:
    return isinstance(value, int) and 0 <= value < 2**62


def _is_moment(value: object) -> bool:
    try:
        datetime.fromisoformat(str(value))
    except ValueError:
        return False
    return True


def _one_of(values: Sequence[str]) -> Callable[[object], bool]:
    return lambda value: value in values


#: What a column must hold, where it is not NULL. Others must be text or whole numbers, see `_makes_sense`.
_SENSIBLE: Mapping[str, Callable[[object], bool]] = MappingProxyType(
    {
        **dict.fromkeys(("id", "phone", "folder_id", "place", "file", "size", "tries"), _is_number),
        **dict.fromkeys(
            (
                *("first_seen_at", "last_seen_at", "taken", "saved_at", "verified_at", "modified"),
                *("gone_since", "first_at", "last_at", "started_at", "ended_at", "began_at", "proven_at"),
            ),
            _is_moment,
        ),
        "sha256": lambda value: isinstance(value, str) and _SHA256.fullmatch(value) is not None,
        "taken_source": _one_of([source.value for source in TakenSource]),
    }
)
#: The same for one table's column.
_SENSIBLE_IN: Mapping[tuple[str, str], Callable[[object], bool]] = MappingProxyType(
    {
        ("files", "state"): _one_of([state.value for state in FileState]),
        ("files", "folder"): _is_number,
        ("places", "folder"): _is_number,
        ("sent", "state"): _one_of(["sending", "sent"]),
    }
)


def salvage(old: Path, new: sqlite3.Connection) -> int:
    """Copies all rows that can be read and make sense; gives how many.

    Args:
        old: the damaged catalog. A journal beside it is honoured, as after any crash.
        new: an empty catalog, inside a transaction.
    """
    if not old.exists() or old.is_symlink():
        return 0
    try:
        source = sqlite3.connect(
            f"file:{quote(os.fsencode(old))}?mode=rw", uri=True, timeout=0.0, isolation_level=None
        )
    except sqlite3.DatabaseError as error:
        log.info("%s cannot be opened: %s", old, error)
        return 0
    try:
        return sum(_copy(source, new, table) for table in _TABLES)
    finally:
        source.close()


def _copy(source: sqlite3.Connection, new: sqlite3.Connection, table: str) -> int:
    wanted = [name for _, name, *_ in new.execute(f"PRAGMA table_info({table})")]
    try:
        there = {name for _, name, *_ in source.execute(f"PRAGMA table_info({table})")}
    except sqlite3.DatabaseError as error:
        log.info("nothing of %s: %s", table, error)
        return 0
    columns = [name for name in wanted if name in there]
    if "id" not in columns:
        return 0
    statement = f"INSERT OR IGNORE INTO {table} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"
    count = 0
    for row in _rows(source, table, columns):
        if all(_makes_sense(table, name, value) for name, value in zip(columns, row, strict=True)):
            try:
                count += new.execute(statement, row).rowcount
            except sqlite3.IntegrityError as error:  # it leads to a row that could not be read
                log.info("a row of %s is not taken over: %s", table, error)
    return count


def _rows(source: sqlite3.Connection, table: str, columns: Sequence[str]) -> Iterator[Row]:
    """Rows in the order of their numbers, leaping over what cannot be read."""
    number = columns.index("id")
    query = f"SELECT {', '.join(columns)} FROM {table} WHERE id > ? ORDER BY id"
    last, leap = 0, 1
    while last < _FARTHEST:
        try:
            for row in source.execute(query, (last,)):
                if not isinstance(row[number], int) or row[number] <= last:
                    raise sqlite3.DatabaseError(f"row {row[number]!r} follows {last}")
                last, leap = row[number], 1
                yield row
        except sqlite3.DatabaseError as error:
            log.info("%s is broken after row %d: %s", table, last, error)
            last, leap = last + leap, leap * 2
        else:
            return


def _makes_sense(table: str, column: str, value: object) -> bool:
    if value is None:
        return column != "id"
    rule = _SENSIBLE_IN.get((table, column)) or _SENSIBLE.get(column)
    return rule(value) if rule is not None else isinstance(value, str | int)
