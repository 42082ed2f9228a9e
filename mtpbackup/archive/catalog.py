"""What the archive knows, in SQLite: phones, items, files, failures, runs.

The rows of saved files are written by `saves`, those of checks by `verify`; everything else is here.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime

from mtpbackup.archive.database import Database
from mtpbackup.archive.identities import UNKNOWN, Identity
from mtpbackup.archive.known import KnownItems
from mtpbackup.archive.paths import decode_name, encode_name, plain_text
from mtpbackup.archive.records import (
    FailureRow,
    FileRow,
    FileState,
    ItemKey,
    ItemRow,
    PhoneFolder,
    PhoneRecord,
    PhoneTotals,
    RunCounts,
    RunRow,
)
from mtpbackup.archive.rows import (
    FAILURE_COLUMNS,
    FILE_COLUMNS,
    FILE_TABLES,
    ITEM_COLUMNS,
    ITEM_TABLES,
    RUN_COLUMNS,
    Row,
    failure_row,
    file_row,
    item_row,
    moment,
    place_id,
    run_row,
    text_of,
)
from mtpbackup.errors import Failure

#: Rows fetched at a time by iterators, which do not hold the database between.
_PAGE = 500

_PHONE_COLUMNS = "id, serial, name, folder"


class Catalog:
    """The archive's memory. May be used from any thread.

    Every method may raise CatalogUnusable (damaged), OutOfSpace, DestinationUnwritable, DestinationGone.
    """

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self.database = database
        self._clock = clock

    def known(self, phone: PhoneFolder) -> KnownItems:
        """A snapshot for the plan."""
        with self.database.reading() as connection:
            places = connection.execute("SELECT storage, path, id FROM places WHERE phone = ?", (phone.id,))
            numbers = {(storage, path): number for storage, path, number in places}
            return KnownItems(
                numbers,
                connection.execute(
                    "SELECT items.id, items.place, items.name, items.size, items.modified,"
                    " files.state = 'ok', items.gone_since IS NOT NULL"
                    " FROM items JOIN files ON files.id = items.file JOIN places ON places.id = items.place"
                    " WHERE places.phone = ?",
                    (phone.id,),
                ),
            )

    def item(self, item_id: int) -> ItemRow:
        """One item with its names and file. Raises KeyError."""
        with self.database.reading() as connection:
            row = connection.execute(
                f"SELECT {ITEM_COLUMNS} FROM {ITEM_TABLES} WHERE items.id = ?", (item_id,)
            ).fetchone()
        if row is None:
            raise KeyError(item_id)
        return item_row(row)

    def items(self, phone: PhoneFolder) -> Iterator[ItemRow]:
        """All saved items of a phone, by path."""
        ids = self._ids(
            f"SELECT items.id FROM {ITEM_TABLES} WHERE places.phone = ?"
            " ORDER BY places.storage, places.path, items.name, items.id",
            (phone.id,),
        )
        return map(item_row, self._pages("items.id", ITEM_COLUMNS, ITEM_TABLES, ids))

    def files(self, phone: PhoneFolder | None = None) -> Iterator[FileRow]:
        """All files, by path; not those replaced."""
        where, values = ("AND files.phone = ?", (phone.id,)) if phone else ("", ())
        ids = self._ids(
            f"SELECT files.id FROM {FILE_TABLES} WHERE files.state <> 'replaced' {where}"
            " ORDER BY folders.path, files.name",
            values,
        )
        return map(file_row, self._pages("files.id", FILE_COLUMNS, FILE_TABLES, ids))

    def count_files(self, phone: PhoneFolder | None = None) -> tuple[int, int]:
        """How many files there are, and their bytes; not those replaced."""
        where, values = ("AND phone = ?", (phone.id,)) if phone else ("", ())
        with self.database.reading() as connection:
            count, size = connection.execute(
                f"SELECT count(*), coalesce(sum(size), 0) FROM files WHERE state <> 'replaced' {where}", values
            ).fetchone()
        return count, size

    def record_moved(self, item_id: int, key: ItemKey) -> None:
        """An item was renamed or moved on the phone: its row points to the new place, its file stays."""
        with self.database.writing() as connection:
            phone_id = connection.execute(
                "SELECT places.phone FROM items JOIN places ON places.id = items.place WHERE items.id = ?",
                (item_id,),
            ).fetchone()[0]
            place = place_id(connection, phone_id, key.storage, key.path[:-1])
            connection.execute(
                "UPDATE items SET place = ?, name = ?, modified = ?, gone_since = NULL WHERE id = ?",
                (place, encode_name(key.name), text_of(key.modified), item_id),
            )

    def record_gone(self, item_ids: Iterable[int]) -> None:
        """Items were not on the phone any more. Their files stay."""
        now = text_of(self._clock())
        self._update_many(
            "UPDATE items SET gone_since = ? WHERE id = ? AND gone_since IS NULL", ((now, n) for n in item_ids)
        )

    def record_present(self, item_ids: Iterable[int]) -> None:
        """Items that were gone are on the phone again."""
        self._update_many("UPDATE items SET gone_since = NULL WHERE id = ?", ((n,) for n in item_ids))

    def record_failure(self, phone: PhoneFolder, key: ItemKey, failure: Failure) -> None:
        """An item could not be saved: counted, kept until it is saved or forgotten."""
        now = text_of(self._clock())
        with self.database.writing() as connection:
            place = place_id(connection, phone.id, key.storage, key.path[:-1])
            connection.execute(
                "INSERT INTO failures (place, name, size, modified, kind, detail, tries, first_at, last_at)"
                " VALUES (?, ?, ?, ?, ?, ?, 1, ?, ?)"
                " ON CONFLICT (place, name, size) DO UPDATE SET modified = excluded.modified,"
                " kind = excluded.kind, detail = excluded.detail, last_at = excluded.last_at,"
                " tries = tries + 1",
                (
                    *(place, encode_name(key.name), key.size, text_of(key.modified)),
                    *(failure.kind, plain_text(failure.detail), now, now),
                ),
            )

    def forget_failures(self, phone: PhoneFolder, keys: Iterable[ItemKey]) -> None:
        """Failures of items that are not wanted or not there any more."""
        with self.database.writing() as connection:
            for key in keys:
                connection.execute(
                    "DELETE FROM failures WHERE place = ? AND name = ? AND size = ?",
                    (
                        place_id(connection, phone.id, key.storage, key.path[:-1]),
                        encode_name(key.name),
                        key.size,
                    ),
                )

    def failures(self, phone: PhoneFolder) -> list[FailureRow]:
        """Items that could not be saved yet; by path."""
        with self.database.reading() as connection:
            rows = connection.execute(
                f"SELECT {FAILURE_COLUMNS} FROM failures JOIN places ON places.id = failures.place"
                " WHERE places.phone = ? ORDER BY places.storage, places.path, failures.name, failures.id",
                (phone.id,),
            ).fetchall()
        return list(map(failure_row, rows))

    def start_run(self, phone: PhoneFolder) -> int:
        """Notes that a run begins; gives its row."""
        with self.database.writing() as connection:
            added = connection.execute(
                "INSERT INTO runs (phone, started_at) VALUES (?, ?)", (phone.id, text_of(self._clock()))
            )
        assert added.lastrowid is not None
        return added.lastrowid

    def end_run(self, run_id: int, outcome: str, counts: RunCounts) -> None:
        """Notes how a run ended."""
        with self.database.writing() as connection:
            connection.execute(
                "UPDATE runs SET ended_at = ?, outcome = ?, listed = ?, saved = ?, safe = ?, moved = ?,"
                " skipped = ?, failed = ?, saved_bytes = ? WHERE id = ?",
                (
                    *(text_of(self._clock()), outcome, counts.listed, counts.saved, counts.safe),
                    *(counts.moved, counts.skipped, counts.failed, counts.saved_bytes, run_id),
                ),
            )

    def runs(self, phone: PhoneFolder, limit: int = 20) -> list[RunRow]:
        """The last runs, the newest first."""
        with self.database.reading() as connection:
            rows = connection.execute(
                f"SELECT {RUN_COLUMNS} FROM runs WHERE phone = ? ORDER BY id DESC LIMIT ?", (phone.id, limit)
            ).fetchall()
        return list(map(run_row, rows))

    def phones(self) -> list[PhoneFolder]:
        """All phones ever backed up here, by name."""
        with self.database.reading() as connection:
            rows = connection.execute(f"SELECT {_PHONE_COLUMNS} FROM phones ORDER BY name, id").fetchall()
        return list(map(_phone, rows))

    def find_phone(self, record: PhoneRecord) -> PhoneFolder | None:
        """The phone with this serial; its name is brought up to date."""
        with self.database.writing() as connection:
            connection.execute(
                "UPDATE phones SET name = ?, manufacturer = ?, model = ?, last_seen_at = ? WHERE serial = ?",
                (
                    *map(plain_text, (record.name, record.manufacturer, record.model)),
                    text_of(self._clock()),
                    encode_name(record.serial),
                ),
            )
            row = connection.execute(
                f"SELECT {_PHONE_COLUMNS} FROM phones WHERE serial = ?", (encode_name(record.serial),)
            ).fetchone()
        return None if row is None else _phone(row)

    def adopt_phone(self, record: PhoneRecord, folder: str) -> PhoneFolder | None:
        """Takes this phone for one whose serial was lost (`rebuilding`), if there is one with this folder."""
        with self.database.writing() as connection:
            adopted = connection.execute(
                "UPDATE phones SET serial = ? WHERE serial = ?", (encode_name(record.serial), UNKNOWN + folder)
            ).rowcount
        return self.find_phone(record) if adopted else None

    def identities(self) -> list[Identity]:
        """What `identities` keeps of every phone; not of those whose serial was lost."""
        with self.database.reading() as connection:
            rows = connection.execute("SELECT serial, manufacturer, model, name, folder FROM phones").fetchall()
        return [Identity(*row) for row in rows if not row[0].startswith(UNKNOWN)]

    def add_phone(self, record: PhoneRecord, folder: str) -> PhoneFolder:
        """A phone that was not known, with the name of its folder."""
        now = text_of(self._clock())
        texts = tuple(map(plain_text, (record.manufacturer, record.model, record.name)))
        with self.database.writing() as connection:
            added = connection.execute(
                "INSERT INTO phones (serial, manufacturer, model, name, folder, first_seen_at, last_seen_at)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                (encode_name(record.serial), *texts, folder, now, now),
            )
        assert added.lastrowid is not None
        return PhoneFolder(added.lastrowid, record.serial, texts[2], folder)

    def totals(self, phone: PhoneFolder) -> PhoneTotals:
        """Counts for a status page."""
        with self.database.reading() as connection:
            states = {
                FileState(state): (count, size, oldest)
                for state, count, size, oldest in connection.execute(
                    "SELECT state, count(*), sum(size), min(coalesce(verified_at, saved_at)) FROM files"
                    " WHERE phone = ? GROUP BY state",
                    (phone.id,),
                )
            }
            gone, gone_size = connection.execute(
                "SELECT count(*), coalesce(sum(files.size), 0) FROM items JOIN files ON files.id = items.file"
                " WHERE files.phone = ? AND files.state = 'ok' AND items.gone_since IS NOT NULL",
                (phone.id,),
            ).fetchone()
            failing = connection.execute(
                "SELECT count(*) FROM failures JOIN places ON places.id = failures.place"
                " WHERE places.phone = ?",
                (phone.id,),
            ).fetchone()[0]
        nothing = (0, 0, None)
        files, size, oldest = states.get(FileState.OK, nothing)
        last_run = self.runs(phone, limit=1)
        return PhoneTotals(
            phone=phone,
            files=files,
            size=size,
            gone=gone,
            gone_size=gone_size,
            damaged=states.get(FileState.DAMAGED, nothing)[0],
            missing=states.get(FileState.MISSING, nothing)[0],
            failing=failing,
            oldest_check=moment(oldest),
            last_run=last_run[0] if last_run else None,
        )

    def _update_many(self, statement: str, values: Iterable[tuple[object, ...]]) -> None:
        with self.database.writing() as connection:
            connection.executemany(statement, values)

    def _ids(self, query: str, values: tuple[int, ...]) -> array[int]:
        with self.database.reading() as connection:
            return array("q", (row[0] for row in connection.execute(query, values)))

    def _pages(self, number: str, columns: str, tables: str, ids: array[int]) -> Iterator[Row]:
        """Rows by id, in the order of the ids. Rows deleted meanwhile are left out."""
        for start in range(0, len(ids), _PAGE):
            page = ids[start : start + _PAGE]
            marks = ", ".join("?" * len(page))
            with self.database.reading() as connection:
                found = connection.execute(
                    f"SELECT {number}, {columns} FROM {tables} WHERE {number} IN ({marks})", page.tolist()
                )
                rows = {row[0]: row[1:] for row in found}
            yield from (rows[each] for each in page if each in rows)


def _phone(row: Row) -> PhoneFolder:
    number, serial, name, folder = row
    return PhoneFolder(number, "" if serial.startswith(UNKNOWN) else decode_name(serial), name, folder)
