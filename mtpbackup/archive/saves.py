"""The rows of saved files: written a batch at a time, and only once the files are safe."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from mtpbackup.archive.database import Database
from mtpbackup.archive.folders import Place
from mtpbackup.archive.names import safe_name
from mtpbackup.archive.paths import encode_name
from mtpbackup.archive.records import ItemKey, PhoneFolder, Saved, Taken, same_moment
from mtpbackup.archive.rows import folder_id, join_path, place_id, text_of
from mtpbackup.archive.sums import invalidate_sums


@dataclass(frozen=True, slots=True)
class PlacedFile:
    """A file that is complete, flushed, and under its final name.

    Attributes:
        phone: whose.
        key: the item.
        folder: below the root.
        name: in that folder.
        size: bytes.
        sha256: in hex.
        taken: when it was taken.
    """

    phone: PhoneFolder
    key: ItemKey
    folder: str
    name: str
    size: int
    sha256: str
    taken: Taken | None


def record_saved(
    database: Database,
    clock: Callable[[], datetime],
    files: Sequence[PlacedFile],
    places: Mapping[Place, str],
) -> list[Saved]:
    """Writes all of it in one transaction.

    Args:
        database: the catalog's.
        clock: UTC.
        files: what was placed.
        places: folders of phones and the archive's folders for them.

    Returns:
        A result for each file, in order; they are true once this has returned.
    """
    with database.writing() as connection:
        for (phone, storage, path), folder in places.items():
            connection.execute(
                "UPDATE places SET folder = ? WHERE id = ?",
                (folder_id(connection, folder), place_id(connection, phone, storage, path)),
            )
        rows = _Rows(connection, text_of(clock()))
        return [rows.add(file) for file in files]


class _Rows:
    """One transaction; remembers the folders it has looked up."""

    def __init__(self, connection: sqlite3.Connection, now: str | None) -> None:
        self._connection = connection
        self._now = now
        self._places: dict[Place, int] = {}
        self._folders: dict[str, int] = {}

    def add(self, file: PlacedFile) -> Saved:
        key = file.key
        place = self._place(file)
        name = encode_name(key.name)
        folder = self._folders.get(file.folder)
        if folder is None:
            folder = self._folders[file.folder] = folder_id(self._connection, file.folder)
        try:
            added = self._connection.execute(
                "INSERT INTO files (phone, folder, name, size, sha256, taken, taken_source, saved_at)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    *(file.phone.id, folder, file.name, file.size, file.sha256),
                    *((text_of(file.taken.when), file.taken.source.value) if file.taken else (None, None)),
                    self._now,
                ),
            )
        except sqlite3.IntegrityError:
            known = self._committed_before(folder, file)
            if known is None:
                raise
            return Saved(key, known, join_path(file.folder, file.name), file.size, file.sha256, file.taken)
        assert added.lastrowid is not None
        item = self._replace_unsafe(place, name, key, added.lastrowid)
        self._replace_nameless(folder, safe_name(key.name))
        if item is None:
            item = self._connection.execute(
                "INSERT INTO items (place, name, size, modified, file) VALUES (?, ?, ?, ?, ?)",
                (place, name, key.size, text_of(key.modified), added.lastrowid),
            ).lastrowid
        assert item is not None
        self._connection.execute(
            "DELETE FROM failures WHERE place = ? AND name = ? AND size = ?", (place, name, key.size)
        )
        return Saved(key, item, join_path(file.folder, file.name), file.size, file.sha256, file.taken)

    def _committed_before(self, folder: int, file: PlacedFile) -> int | None:
        """The item, when an earlier commit of this very file has failed and had happened all the same."""
        row = self._connection.execute(
            "SELECT items.id FROM items JOIN files ON files.id = items.file"
            " WHERE files.folder = ? AND files.name = ? AND files.sha256 = ?"
            " AND files.state IN ('ok', 'damaged') AND files.state <> 'damaged'",
            (folder, file.name, file.sha256),
        ).fetchone()
        return None if row is None else int(row[0])

    def _place(self, file: PlacedFile) -> int:
        key = (file.phone.id, file.key.storage, file.key.path[:-1])
        place = self._places.get(key)
        if place is None:
            place = self._places[key] = place_id(self._connection, *key)
        return place

    def _replace_unsafe(self, place: int, name: str, key: ItemKey, file: int) -> int | None:
        """If this item was saved before but its file is damaged or missing, its row gets the new file."""
        for item, modified, old in self._connection.execute(
            "SELECT items.id, items.modified, items.file FROM items JOIN files ON files.id = items.file"
            " WHERE items.place = ? AND items.name = ? AND items.size = ?"
            " AND files.state IN ('damaged', 'missing')",
            (place, name, key.size),
        ).fetchall():
            if same_moment(datetime.fromisoformat(modified) if modified else None, key.modified):
                self._connection.execute(
                    "UPDATE items SET file = ?, modified = ?, gone_since = NULL WHERE id = ?",
                    (file, text_of(key.modified), item),
                )
                self._connection.execute("UPDATE files SET state = 'replaced' WHERE id = ?", (old,))
                invalidate_sums(self._connection)
                return int(item)
        return None

    def _replace_nameless(self, folder: int, name: str) -> None:
        """A damaged file of which a rebuilt catalog knows nothing but its name (`rebuilding`)."""
        replaced = self._connection.execute(
            # Spelled as in the index of names, which is otherwise not used.
            "UPDATE files SET state = 'replaced' WHERE folder = ? AND name = ?"
            " AND state IN ('ok', 'damaged') AND state <> 'ok'"
            " AND NOT EXISTS (SELECT 1 FROM items WHERE file = files.id)",
            (folder, name),
        )
        if replaced.rowcount:
            invalidate_sums(self._connection)
