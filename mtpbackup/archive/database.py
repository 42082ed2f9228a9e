"""The catalog's file: opening it, its schema and the versions of that, and what SQLite's errors mean.

Decided, and why:

- A rollback journal that is truncated, with synchronous=FULL; not WAL. WAL keeps an index in shared memory,
  which network disks do not have, and leaves a second file without which the catalog is out of date: bad on a
  USB disk that is pulled. It also cannot be opened on a read-only disk. Truncating, rather than deleting, saves
  changes to the folder on FAT. After a power cut SQLite rolls back to the last transaction.
- Few, large transactions: one for each batch of saved files, so that three or four flushes serve many rows.
- Nothing newer than SQLite 3.24 is asked for (no STRICT, no RETURNING): older systems must be able to read it.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType, TracebackType
from urllib.parse import quote

from mtpbackup.archive.root import CATALOG_FILE, STATE_FOLDER, Root
from mtpbackup.errors import (
    ArchiveBusy,
    ArchiveError,
    CatalogUnusable,
    DestinationUnwritable,
    NoLocks,
    OutOfSpace,
)

#: The version this program writes. Each has its file `schema/vN.sql`, which makes a new catalog.
SCHEMA_VERSION = 2

#: "mtpb", so that `file` and a rescuer can tell what this is.
_APPLICATION_ID = 0x6D747062

_BUSY_SECONDS = 10.0
#: The disk takes no locks. https://sqlite.org/rescode.html
_NO_LOCKS = frozenset(
    {sqlite3.SQLITE_IOERR_LOCK, sqlite3.SQLITE_IOERR_RDLOCK, sqlite3.SQLITE_IOERR_CHECKRESERVEDLOCK}
)


def _migrate_to_v2(connection: sqlite3.Connection) -> None:
    """Notes what is sent to phones."""
    connection.execute(
        "CREATE TABLE sent (id INTEGER PRIMARY KEY, serial TEXT NOT NULL, storage TEXT NOT NULL,"
        " path TEXT NOT NULL, name TEXT NOT NULL, size INTEGER NOT NULL, sha256 TEXT NOT NULL,"
        " state TEXT NOT NULL, modified TEXT, began_at TEXT NOT NULL, proven_at TEXT,"
        " UNIQUE (serial, storage, path, name))"
    )


#: Steps from an older version, by the version they lead to. They run inside one transaction.
_MIGRATIONS: Mapping[int, Callable[[sqlite3.Connection], None]] = MappingProxyType({2: _migrate_to_v2})

#: The oldest version whose tables answer all that is asked of a catalog that can only be read.
_OLDEST_READABLE = 1


class Block:
    """A `with` block that holds the connection.

    A class and not a generator: one that a Ctrl-C leaves half entered must not be finished later, by the
    garbage collector, in the middle of another thread's transaction.
    """

    def __init__(
        self, database: Database, connection: sqlite3.Connection, lock: threading.RLock, *, transaction: bool
    ) -> None:
        self._database = database
        self._connection = connection
        self._lock = lock
        self._transaction = transaction

    def __enter__(self) -> sqlite3.Connection:
        self._lock.acquire()
        try:
            if self._transaction:
                with self._database.errors():
                    if self._connection.in_transaction:
                        self._connection.execute("ROLLBACK")  # left open by a Ctrl-C
                    self._connection.execute("BEGIN IMMEDIATE")
        except BaseException:
            self._lock.release()
            raise
        return self._connection

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            with self._database.errors():
                if self._transaction and error is None:
                    self._connection.execute("COMMIT")
                if isinstance(error, sqlite3.DatabaseError):
                    raise error
        finally:
            try:
                if self._transaction and self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
            finally:
                self._lock.release()


class Database:
    """One connection, shared by threads under a lock."""

    def __init__(self, root: Root, *, create: bool, name: str = CATALOG_FILE) -> None:
        """Opens the catalog; makes it when `create` and it is not there, else that is CatalogUnusable.

        Args:
            root: of the archive.
            create: whether it may be made.
            name: of its file in the state folder, where it is not the catalog in use.
        """
        self.path = root.path / STATE_FOLDER / name
        self._root = root
        self._lock = threading.RLock()
        self._open = False
        self._refuse_links()
        self._refuse_denied()
        mode = "rwc" if create else "rw" if root.writable else "ro"
        with self.errors():
            self._connection = sqlite3.connect(
                f"file:{quote(os.fsencode(self.path))}?mode={mode}",
                uri=True,
                timeout=_BUSY_SECONDS,
                isolation_level=None,
                check_same_thread=False,
            )
            self._open = True
        try:
            with self.errors():
                self._prepare(create)
        except BaseException:
            self.close()
            raise

    def reading(self) -> Block:
        """The connection for one or more queries, in a `with` block."""
        return Block(self, self._connection, self._lock, transaction=False)

    def writing(self) -> Block:
        """The connection inside a transaction, which is durable when the block has ended without an error."""
        return Block(self, self._connection, self._lock, transaction=True)

    def check(self) -> None:
        """Looks through all pages for damage that a query might not meet. Half a second for 100,000 items.

        Raises:
            CatalogUnusable: there is some.
        """
        with self.reading() as connection:
            answer = connection.execute("PRAGMA quick_check(1)").fetchone()
        if answer is None or answer[0] != "ok":
            raise CatalogUnusable(self.path)

    def recover(self) -> None:
        """Frees the lock if a Ctrl-C left it with this thread, on the edge of a `with` block.

        For a thread that knows itself to be outside of all blocks, before it waits for another one.
        """
        try:
            while True:
                self._lock.release()
        except RuntimeError:  # it is not this thread's (any more)
            return

    @contextmanager
    def errors(self) -> Iterator[None]:
        """Turns SQLite's errors into ArchiveErrors, with the cause kept."""
        try:
            yield
        except sqlite3.DatabaseError as error:
            raise self._explained(error) from error

    def close(self) -> None:
        """Closes the connection. Further calls do nothing."""
        with self._lock:
            if self._open:
                self._open = False
                self._connection.close()

    def _refuse_links(self) -> None:
        """SQLite opens by path and would follow a link planted in the archive's own folder."""
        if self.path.is_symlink():
            raise CatalogUnusable(self.path)

    def _refuse_denied(self) -> None:
        """SQLite would open a file that cannot be written to for reading, and fail in mid-run."""
        needed = os.R_OK | (os.W_OK if self._root.writable else 0)
        if self.path.exists() and not os.access(self.path, needed):
            raise CatalogUnusable(self.path, reason=CatalogUnusable.Reason.DENIED)

    def _prepare(self, create: bool) -> None:
        execute = self._connection.execute
        version = int(execute("PRAGMA user_version").fetchone()[0])
        if version > SCHEMA_VERSION:
            raise CatalogUnusable(self.path, version)
        if not self._root.writable:
            if version < _OLDEST_READABLE:
                raise CatalogUnusable(self.path)
            return
        execute("PRAGMA journal_mode = TRUNCATE")
        execute("PRAGMA synchronous = FULL")
        execute("PRAGMA foreign_keys = ON")
        execute("PRAGMA temp_store = MEMORY")
        if version == 0:
            if not create or execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
                raise CatalogUnusable(self.path)
            self._create()
        elif version < SCHEMA_VERSION:
            self._migrate(version)

    def _create(self) -> None:
        # Not by importlib.resources, which loads readers of archives, too: a twentieth of the time to start.
        schema = Path(__file__).with_name("schema") / f"v{SCHEMA_VERSION}.sql"
        self._connection.executescript(
            f"BEGIN IMMEDIATE;\n{schema.read_text(encoding='utf-8')}\n"
            f"PRAGMA application_id = {_APPLICATION_ID};\nPRAGMA user_version = {SCHEMA_VERSION};\nCOMMIT;"
        )

    def _migrate(self, version: int) -> None:
        with self.writing() as connection:
            for target in range(version + 1, SCHEMA_VERSION + 1):
                _MIGRATIONS[target](connection)
            connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")

    def _explained(self, error: sqlite3.DatabaseError) -> ArchiveError:
        extended = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
        code = extended & 0xFF
        if code == sqlite3.SQLITE_FULL:
            return OutOfSpace(self.path, None, self._root.free_space())
        try:
            self._root.check_present()
        except ArchiveError as gone:
            return gone
        if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM):
            reason = DestinationUnwritable.Reason.READ_ONLY
            return DestinationUnwritable(self.path, str(error), reason)
        if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            return ArchiveBusy(self._root.path)
        if extended in _NO_LOCKS:
            return NoLocks(self._root.path, str(error))
        if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CANTOPEN):
            reasons = CatalogUnusable.Reason
            return CatalogUnusable(self.path, reason=reasons.DAMAGED if self.path.exists() else reasons.MISSING)
        return ArchiveError(self.path, str(error))


def version_of(path: Path) -> int | None:
    """The schema version of a catalog of ours; None where that cannot be told."""
    try:
        with path.open("rb") as file:
            header = file.read(100)
    except OSError:
        return None
    if len(header) < 100 or int.from_bytes(header[68:72]) != _APPLICATION_ID:
        return None
    return int.from_bytes(header[60:64])


def catalog_exists(path: Path) -> bool:
    """Whether the backup at `path` has a catalog file."""
    return (path / STATE_FOLDER / CATALOG_FILE).exists()
