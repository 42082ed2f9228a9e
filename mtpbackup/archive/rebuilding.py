"""Makes the catalog anew from the files, the checksum file, and what the old catalog still tells.

    old catalog   `salvage`: names on the phone, dates, what failed, earlier runs
    phones.json   `identities`: whose folder it is
    SHA256SUMS    what each file's content was when it was saved
    the files     what there is, and what is in it: all of them are read

A file is called OK when its content has a hash that was recorded, in either place. One with another content is
damaged. One of which nothing was recorded is left out where the checksum file knows others of its phone: a run
that was cut off left it, or a person put it there; the next run compares it with the phone and takes it over.
Where there is no checksum file such files are taken as they are, and counted.

The new catalog is made beside the old one. That one is put aside at the very end, and never deleted.
"""

from __future__ import annotations

import hashlib
import logging
import os
import re
import sqlite3
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeAlias

from mtpbackup.archive import disk
from mtpbackup.archive.catalog import Catalog
from mtpbackup.archive.database import SCHEMA_VERSION, Database, version_of
from mtpbackup.archive.dates import date_of
from mtpbackup.archive.identities import UNKNOWN, keep_identities, read_identities
from mtpbackup.archive.lock import exclusive
from mtpbackup.archive.names import folded
from mtpbackup.archive.originals import TOP_FOLDERS
from mtpbackup.archive.paths import encode_name, encode_path
from mtpbackup.archive.records import FileState
from mtpbackup.archive.root import CATALOG_FILE, STATE_FOLDER, SUMS_FILE, Root
from mtpbackup.archive.rows import folder_id, join_path, text_of
from mtpbackup.archive.salvage import salvage
from mtpbackup.archive.sums import read_sums
from mtpbackup.archive.taken import taken_time
from mtpbackup.archive.verify import VerifyStarted
from mtpbackup.errors import CatalogUnusable, NoArchive

log = logging.getLogger(__name__)

_READ = 1024 * 1024
_NEW_FILE = "catalog-rebuilt.sqlite"
_ASIDE = "catalog-set-aside-{}.sqlite"
_JOURNAL = "-journal"

#: Folders of the layout by month.
_YEAR, _MONTH, _UNDATED = re.compile(r"\d{4}"), re.compile(r"\d{4}-\d{2}"), "undated"


@dataclass(frozen=True, slots=True)
class FileFound:
    """A file was read.

    Attributes:
        path: below the root.
        size: bytes on disk.
        state: OK or DAMAGED; None: it was left out, because nothing was recorded of it.
        recorded: whether its hash was recorded anywhere; if not, it was taken as it is.
    """

    path: str
    size: int
    state: FileState | None
    recorded: bool


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """The new catalog is in use.

    Attributes:
        missing: files that were recorded and are not there, below the root.
        set_aside: where the old catalog is now, below the root; empty where there was none.
        salvaged: rows that the old catalog still told.
        id: of the archive.
    """

    missing: tuple[str, ...]
    set_aside: str
    salvaged: int
    id: str


RebuildEvent: TypeAlias = VerifyStarted | FileFound | Rebuilt


def rebuild(path: Path, clock: Callable[[], datetime] | None = None) -> Generator[RebuildEvent, None, None]:
    """Rebuilds the catalog of the backup in `path`. Closing the iterator before its end changes nothing.

    Args:
        path: the root.
        clock: UTC.

    Raises:
        NoArchive: there is neither a catalog's folder nor a checksum file.
        CatalogUnusable: the catalog was made by a newer version, and is left alone.
        ArchiveBusy: a run is active.
        DestinationUnwritable, DestinationGone, OutOfSpace, ArchiveError.
    """
    if not ((path / STATE_FOLDER).is_dir() or (path / SUMS_FILE).is_file()):
        raise NoArchive(path)
    root = Root.create_or_open(path, mending=True)
    try:
        with exclusive(root):
            old = root.path / STATE_FOLDER / CATALOG_FILE
            version = version_of(old)
            if version is not None and version > SCHEMA_VERSION:
                raise CatalogUnusable(old, version)
            try:
                with root.errors(old):
                    _remove_new(root)
                database = Database(root, create=True, name=_NEW_FILE)
                try:
                    work = _Rebuilding(root, database, clock or _utc_now)
                    yield from work.read_all(old)
                    identities = Catalog(database, work.clock).identities()
                finally:
                    database.close()
                with root.errors(old):
                    # Its journal is empty by now.
                    disk.unlink(_NEW_FILE + _JOURNAL, root.state)
                    set_aside = _put_in_place(root)
            except BaseException:
                _tidy_up(root)
                raise
            if not root.id:
                root.write_marker()
            keep_identities(root, identities)
            yield Rebuilt(tuple(work.missing), set_aside, work.salvaged, root.id)
    finally:
        root.close()


def _utc_now() -> datetime:
    return datetime.now(UTC)


def _remove_new(root: Root) -> None:
    """What an earlier rebuilding that was cut off has left."""
    for name in (_NEW_FILE + _JOURNAL, _NEW_FILE):
        disk.unlink(name, root.state)


def _tidy_up(root: Root) -> None:
    """After an error or Ctrl-C. What the disk will not let go of is removed by the next rebuilding."""
    try:
        _remove_new(root)
    except OSError as error:
        log.debug("not removed: %s", error)


def _put_in_place(root: Root) -> str:
    """Puts the old catalog aside and the new one in its place. A crash between leaves none: rebuilt again."""
    root.check_present()
    there = set(disk.list_names(root.state))
    number = 1
    while {_ASIDE.format(number), _ASIDE.format(number) + _JOURNAL} & there:
        number += 1
    aside = _ASIDE.format(number)
    # The journal first: left behind alone, SQLite would play it into the new catalog.
    for name, new_name in ((CATALOG_FILE + _JOURNAL, aside + _JOURNAL), (CATALOG_FILE, aside)):
        if name in there:
            disk.rename_new(name, root.state, new_name, root.state)
    disk.sync_folder(root.state)
    disk.rename_new(_NEW_FILE, root.state, CATALOG_FILE, root.state)
    disk.sync_folder(root.state)
    return f"{STATE_FOLDER}/{aside}" if CATALOG_FILE in there else ""


class _Rebuilding:
    """One rebuilding, while the new catalog is being filled."""

    def __init__(self, root: Root, database: Database, clock: Callable[[], datetime]) -> None:
        self.clock = clock
        self.missing: list[str] = []
        self.salvaged = 0
        self._root = root
        self._database = database
        self._sums = read_sums(root.path / SUMS_FILE)
        self._seen: set[int] = set()

    def read_all(self, old: Path) -> Iterator[RebuildEvent]:
        """Fills the catalog, in one transaction."""
        with self._database.writing() as connection:
            self.salvaged = salvage(old, connection)
            log.info("%d rows of the old catalog could be read", self.salvaged)
            phones = self._phones(connection)
            sizes = [size for _, folder in phones for _, size in self._files(folder)]
            yield VerifyStarted(len(sizes), sum(sizes))
            summed = {path.partition("/")[0] for path in self._sums}
            for phone, folder in phones:
                for path, _ in self._files(folder):
                    yield self._file(connection, phone, path, known=folder in summed)
            self._find_missing(connection)

    # --- whose folders --------------------------------------------------------------------------------------

    def _phones(self, connection: sqlite3.Connection) -> list[tuple[int, str]]:
        """Rows and folders of phones, made where only the folder is known."""
        for identity in read_identities(self._root):
            self._add_phone(connection, identity.serial, identity.name, identity.folder)
            connection.execute(
                "UPDATE phones SET manufacturer = ?, model = ? WHERE serial = ? AND manufacturer = ''",
                (identity.manufacturer, identity.model, identity.serial),
            )
        known = {folder for (folder,) in connection.execute("SELECT folder FROM phones")}
        others = {path.partition("/")[0] for path in self._sums if "/" in path} - known - {STATE_FOLDER}
        if not known and not others:
            others = set(filter(self._looks_like_a_phone, disk.list_names(self._root.folder)))
        for folder in sorted(others):
            self._add_phone(connection, UNKNOWN + folder, folder, folder)
        return connection.execute("SELECT id, folder FROM phones ORDER BY folder").fetchall()

    def _add_phone(self, connection: sqlite3.Connection, serial: str, name: str, folder: str) -> None:
        now = text_of(self.clock())
        connection.execute(
            "INSERT OR IGNORE INTO phones"
            " (serial, manufacturer, model, name, folder, first_seen_at, last_seen_at)"
            " VALUES (?, '', '', ?, ?, ?, ?)",
            (serial, name, folder, now, now),
        )

    def _looks_like_a_phone(self, name: str) -> bool:
        """Whether a folder of the root holds what every phone has, or years; the root may hold other things."""
        if name == STATE_FOLDER:
            return False
        for folder, below in self._folders(name):
            if folded(below) in TOP_FOLDERS or (folder == name and _YEAR.fullmatch(below)):
                return True
            if folder == name and any(
                folded(deeper) in TOP_FOLDERS for _, deeper in self._folders(join_path(name, below))
            ):
                return True
        return False

    def _folders(self, path: str) -> list[tuple[str, str]]:
        return [(path, name) for name, is_folder, _ in self._entries(path) if is_folder]

    # --- files ----------------------------------------------------------------------------------------------

    def _entries(self, path: str) -> list[tuple[str, bool, int]]:
        """Names in a folder, whether each is a folder, and sizes. Only folders and regular files."""
        found = []
        with self._root.errors(self._root.path / path):
            try:
                descriptor = self._root.open_below(path)
            except (FileNotFoundError, NotADirectoryError):
                return []
            with disk.closing(descriptor), os.scandir(descriptor) as entries:
                for entry in entries:
                    is_folder = entry.is_dir(follow_symlinks=False)
                    if not is_folder and not entry.is_file(follow_symlinks=False):
                        continue
                    if any("\ud800" <= character <= "\udfff" for character in entry.name):
                        log.info("not one of ours: %r", entry.name)
                        continue
                    size = 0 if is_folder else entry.stat(follow_symlinks=False).st_size
                    found.append((entry.name, is_folder, size))
        return sorted(found)

    def _files(self, top: str) -> Iterator[tuple[str, int]]:
        """All files below a folder, with their sizes."""
        waiting = [top]
        while waiting:
            folder = waiting.pop()
            folders = []
            for name, is_folder, size in self._entries(folder):
                path = join_path(folder, name)
                if is_folder:
                    folders.append(path)
                else:
                    yield path, size
            waiting.extend(reversed(folders))

    def _file(self, connection: sqlite3.Connection, phone: int, path: str, *, known: bool) -> FileFound:
        """Reads a file, and gives it its row.

        Args:
            connection: in the transaction.
            phone: the phone's row.
            path: of the file.
            known: whether the checksum file has lines for this phone.
        """
        folder, _, name = path.rpartition("/")
        row = connection.execute(
            "SELECT files.id, files.sha256 FROM files JOIN folders ON folders.id = files.folder"
            " WHERE folders.path = ? AND files.name = ? AND files.state <> 'replaced'"
            " ORDER BY files.state = 'missing', files.id DESC LIMIT 1",
            (folder, name),
        ).fetchone()
        listed = self._sums.get(path)
        if row is None and listed is None and known:
            return FileFound(path, self._size(path), None, recorded=False)
        found, size, content = self._read(path)
        recorded = {value for value in (row[1] if row else None, listed) if value is not None}
        state = FileState.OK if not recorded or found in recorded else FileState.DAMAGED
        now = text_of(self.clock()) if state is FileState.OK else None
        if row is not None:
            self._seen.add(row[0])
            if state is FileState.OK:
                connection.execute("UPDATE files SET sha256 = ?, size = ? WHERE id = ?", (found, size, row[0]))
            connection.execute(
                "UPDATE OR IGNORE files SET state = ?, verified_at = ? WHERE id = ?", (state.value, now, row[0])
            )
            if connection.execute("SELECT 1 FROM items WHERE file = ?", (row[0],)).fetchone() is None:
                self._add_item(connection, phone, path, row[0], content)
        else:
            added = connection.execute(
                "INSERT INTO files (phone, folder, name, size, sha256, taken, taken_source, saved_at,"
                " verified_at, state) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    *(phone, folder_id(connection, folder), name, size, listed or found),
                    *(content.taken, content.source, text_of(self.clock()), now, state.value),
                ),
            ).lastrowid
            assert added is not None
            self._seen.add(added)
            # How large a damaged one was is not known: no item. What is saved under its name replaces it.
            if state is FileState.OK:
                self._add_item(connection, phone, path, added, content)
        return FileFound(path, size, state, recorded=bool(recorded))

    def _size(self, path: str) -> int:
        return (self._root.path / path).lstat().st_size

    def _read(self, path: str) -> tuple[str, int, _Content]:
        """Hash (empty where it cannot be read), length, and dates of a file."""
        name = path.rpartition("/")[2]
        try:
            descriptor = self._root.open_file(path)
        except OSError as error:
            self._root.check_present()
            log.warning("%s cannot be opened: %s", path, error)
            return "", 0, _Content(0, None, None, None)
        with disk.closing(descriptor):
            status = os.fstat(descriptor)
            modified = date_of(status)
            hasher = hashlib.sha256()
            try:
                while block := os.read(descriptor, _READ):
                    hasher.update(block)
                taken = taken_time(
                    lambda offset, length: disk.read_at(descriptor, offset, length),
                    *(status.st_size, name, modified),
                )
            except OSError as error:
                self._root.check_present()
                log.warning("%s cannot be read: %s", path, error)
                return "", status.st_size, _Content(status.st_size, text_of(modified), None, None)
        times = (text_of(taken.when), taken.source.value) if taken else (None, None)
        return hasher.hexdigest(), status.st_size, _Content(status.st_size, text_of(modified), *times)

    def _add_item(
        self, connection: sqlite3.Connection, phone: int, path: str, file: int, content: _Content
    ) -> None:
        """An item for a file: where it was on the phone, as far as its place on disk tells."""
        connection.execute(
            "INSERT INTO items (place, name, size, modified, file) VALUES (?, ?, ?, ?, ?)",
            (
                self._place(connection, phone, path.rpartition("/")[0]),
                *(encode_name(path.rpartition("/")[2]), content.size, content.modified, file),
            ),
        )

    def _place(self, connection: sqlite3.Connection, phone: int, folder: str) -> int:
        number = folder_id(connection, folder)
        found = connection.execute("SELECT id FROM places WHERE phone = ? AND folder = ?", (phone, number))
        if (row := found.fetchone()) is not None:
            return int(row[0])
        storage, *path = folder.split("/")[1:] or [""]
        own: int | None = number
        if storage in ("", _UNDATED) or (_YEAR.fullmatch(storage) and _MONTH.fullmatch("".join(path))):
            # By month, or loose in the phone's folder: nobody knows where on the phone it was.
            storage, path, own = "", [], None
        values = (phone, encode_name(storage), encode_path(path))
        connection.execute("INSERT OR IGNORE INTO places (phone, storage, path) VALUES (?, ?, ?)", values)
        connection.execute(
            "UPDATE places SET folder = coalesce(folder, ?) WHERE phone = ? AND storage = ? AND path = ?",
            (own, *values),
        )
        found = connection.execute("SELECT id FROM places WHERE phone = ? AND storage = ? AND path = ?", values)
        return int(found.fetchone()[0])

    # --- what is not there ----------------------------------------------------------------------------------

    def _find_missing(self, connection: sqlite3.Connection) -> None:
        paths = set()
        gone = []
        for number, folder, name in connection.execute(
            "SELECT files.id, folders.path, files.name FROM files JOIN folders ON folders.id = files.folder"
            " WHERE files.state <> 'replaced'"
        ):
            if number not in self._seen:
                gone.append((number,))
                paths.add(join_path(folder, name))
        connection.executemany("UPDATE files SET state = 'missing' WHERE id = ?", gone)
        self._root.check_present()
        for path in self._sums:
            if not (self._root.path / path).is_file():
                paths.add(path)
        self.missing = sorted(path for path in paths if not (self._root.path / path).is_file())


@dataclass(frozen=True, slots=True)
class _Content:
    """What a new row says of a file's content."""

    size: int
    modified: str | None
    taken: str | None
    source: str | None
