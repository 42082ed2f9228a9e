r"""SHA256SUMS in the root: the proof that outlives this program. `sha256sum -c SHA256SUMS` accepts it.

Lines are added as files are saved. A crash can only lose lines at its end: the catalog remembers up to which
file and to which length it was complete, and when that does not fit any more it is written anew from the
catalog, beside the old one, and put in its place. Files known to be missing or replaced have no line.

Names with a backslash, newline or carriage return are written as GNU coreutils do: these characters escaped,
and a backslash at the beginning of the line.
"""

from __future__ import annotations

import logging
import os
import re
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path

from mtpbackup.archive import disk
from mtpbackup.archive.database import Database
from mtpbackup.archive.root import SUMS_FILE, Root
from mtpbackup.archive.rows import join_path
from mtpbackup.errors import ArchiveError

log = logging.getLogger(__name__)

_NEW_FILE = f"{SUMS_FILE}.new"
_META_KEY = "sums"
_ESCAPES = str.maketrans({"\\": "\\\\", "\n": "\\n", "\r": "\\r"})
_UNESCAPES = {"\\\\": "\\", "\\n": "\n", "\\r": "\r"}
_ESCAPED = re.compile(r"\\[\\nr]")
_LINE = re.compile(rb"(\\?)([0-9a-f]{64}) [ *](.+)", re.DOTALL)

#: Lines written at a time when the file is made anew.
_LINES = 2000


def sum_line(sha256: str, path: str) -> bytes:
    """One line of the file."""
    escaped = path.translate(_ESCAPES)
    mark = "\\" if escaped != path else ""
    return f"{mark}{sha256}  {escaped}\n".encode()


def read_sums(path: Path) -> dict[str, str]:
    """What a checksum file says: SHA-256 in hex, by path. Lines that make no sense are left out.

    Returns:
        Nothing where there is no such file.
    """
    found: dict[str, str] = {}
    try:
        with path.open("rb") as lines:
            for line in lines:
                match = _LINE.fullmatch(line.rstrip(b"\n"))
                if match is None:
                    continue
                name = os.fsdecode(match[3])
                if match[1]:
                    name = _ESCAPED.sub(lambda escape: _UNESCAPES[escape[0]], name)
                found[name] = match[2].decode()
    except FileNotFoundError:
        return {}
    except OSError as error:
        log.warning("%s cannot be read: %s", path, error)
    return found


def invalidate_sums(connection: sqlite3.Connection) -> None:
    """A file has lost its line: inside this transaction, notes that the checksum file is out of date."""
    connection.execute("DELETE FROM meta WHERE key = ?", (_META_KEY,))


class Sums:
    """The checksum file of one archive, while its lock is held."""

    def __init__(self, root: Root, database: Database) -> None:
        self._root = root
        self._database = database
        self._descriptor = -1
        self._broken = False

    def settle(self) -> None:
        """Makes the file complete if it is not, and remembers that it is."""
        self.close()
        length, last = self._length(), self._last_file()
        with self._database.reading() as connection:
            row = connection.execute("SELECT value FROM meta WHERE key = ?", (_META_KEY,)).fetchone()
        if last == 0 and length < 0:
            return
        if self._broken or row is None or row[0] != f"{last} {length}":
            with self._root.errors(self._root.path / SUMS_FILE):
                length = self._write_anew()
            self._remember(last, length)
            self._broken = False

    def add(self, lines: Iterable[bytes]) -> None:
        """Adds lines for files saved just now. A failure is noted, and mended by the next `settle`."""
        try:
            if self._descriptor < 0:
                flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
                self._descriptor = os.open(SUMS_FILE, flags, 0o666, dir_fd=self._root.folder)
            disk.write_all(self._descriptor, b"".join(lines))
        except OSError as error:
            self._broken = True
            log.warning("could not add to %s: %s", SUMS_FILE, error)

    def doubt(self) -> None:
        """Rows may be in the catalog that nobody was told of: the next `settle` writes the file anew."""
        self._broken = True

    def finish(self) -> None:
        """Flushes added lines, and remembers that the file is complete; else the next writer mends it."""
        try:
            if self._descriptor >= 0 and not self._broken and not self._is_invalid():
                with self._root.errors(self._root.path / SUMS_FILE):
                    os.fsync(self._descriptor)
                self._remember(self._last_file(), self._length())
            self.settle()
        except ArchiveError as error:
            log.warning("%s is not complete: %s", SUMS_FILE, error)
        finally:
            self.close()

    def close(self) -> None:
        """Closes the file."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _write_anew(self) -> int:
        disk.unlink(_NEW_FILE, self._root.state)
        with disk.closing(disk.create_file(_NEW_FILE, self._root.state)) as descriptor:
            for block in self._blocks():
                disk.write_all(descriptor, block)
            os.fsync(descriptor)
            length = os.fstat(descriptor).st_size
        os.rename(_NEW_FILE, SUMS_FILE, src_dir_fd=self._root.state, dst_dir_fd=self._root.folder)
        disk.sync_folder(self._root.folder)
        return length

    def _blocks(self) -> Iterator[bytes]:
        last = 0
        while True:
            with self._database.reading() as connection:
                rows = connection.execute(
                    "SELECT files.id, files.sha256, folders.path, files.name FROM files"
                    " JOIN folders ON folders.id = files.folder"
                    " WHERE files.id > ? AND files.state IN ('ok', 'damaged') ORDER BY files.id LIMIT ?",
                    (last, _LINES),
                ).fetchall()
            if not rows:
                return
            last = rows[-1][0]
            yield b"".join(sum_line(sha256, join_path(folder, name)) for _, sha256, folder, name in rows)

    def _last_file(self) -> int:
        with self._database.reading() as connection:
            return int(connection.execute("SELECT coalesce(max(id), 0) FROM files").fetchone()[0])

    def _length(self) -> int:
        """Length of the file, -1 when there is none (or a symbolic link, which is replaced)."""
        try:
            with disk.closing(disk.open_file(SUMS_FILE, self._root.folder)) as descriptor:
                return os.fstat(descriptor).st_size
        except FileNotFoundError:
            return -1

    def _is_invalid(self) -> bool:
        with self._database.reading() as connection:
            row = connection.execute("SELECT value FROM meta WHERE key = ?", (_META_KEY,)).fetchone()
        return row is None

    def _remember(self, last: int, length: int) -> None:
        with self._database.writing() as connection:
            connection.execute(
                "INSERT INTO meta (key, value) VALUES (?, ?)"
                " ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                (_META_KEY, f"{last} {length}"),
            )
