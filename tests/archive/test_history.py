"""A catalog of decades: no question to it reads the whole of a table that only grows."""

from __future__ import annotations

import re
import sqlite3

import pytest

from mtpbackup.engine.status import archive_status
from tests.archive.conftest import PIXEL, key

#: Tables that grow with every run, or with every file.
_GROW = ("runs", "failures", "items", "files")
#: Questions that are about all files of a phone.
_ALL_FILES = re.compile(r"count\(\*\)|ORDER BY folders\.path|ORDER BY places|FROM items JOIN files|max\(id\)")


@pytest.fixture
def old_backup(backup):
    for number in range(30):
        assert backup.saved(f"DCIM/{number}.jpg")
    moment = "2020-01-01T00:00:00+00:00"
    with backup.archive.catalog.database.writing() as connection:
        connection.executemany(
            "INSERT INTO runs (phone, started_at, ended_at, outcome) VALUES (?, ?, ?, 'complete')",
            ((backup.phone.id, moment, moment) for _ in range(10_000)),
        )
    return backup


def test_ten_thousand_runs_are_not_read_for_the_last_ones(old_backup):
    asked: list[str] = []
    database = old_backup.archive.catalog.database
    with database.reading() as connection:
        connection.set_trace_callback(asked.append)
    archive_status(old_backup.archive)
    old_backup.archive.phone(PIXEL)
    old_backup.archive.catalog.known(old_backup.phone)
    old_backup.archive.find_missing(old_backup.phone)
    run = old_backup.archive.catalog.start_run(old_backup.phone)
    assert old_backup.saved("DCIM/new.jpg")
    old_backup.archive.catalog.forget_failures(old_backup.phone, [key("DCIM/none.jpg", 1)])
    assert run == 10_001
    with database.reading() as connection:
        connection.set_trace_callback(None)
        scans = [
            (statement, row[3])
            for statement in dict.fromkeys(asked)
            if statement.startswith(("SELECT", "UPDATE", "DELETE"))
            for row in _plan(connection, statement)
            if row[3].startswith("SCAN") and row[3].split()[1] in _GROW and not _ALL_FILES.search(statement)
        ]
    assert len(asked) > 20
    assert scans == []


def _plan(connection: sqlite3.Connection, statement: str) -> list[tuple[int, int, int, str]]:
    return connection.execute(f"EXPLAIN QUERY PLAN {statement}").fetchall()
