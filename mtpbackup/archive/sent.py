"""What was sent to phones: noted before it is sent, and again when it is proven to be there.

Without such a record a restore that was cut off could neither know its own half-sent files, nor, on phones that
keep no dates, which files it has sent already. Two places can hold it: the catalog, and a journal of lines for
sources that have no catalog, or one that cannot be written.
"""

from __future__ import annotations

import enum
import json
import logging
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Final, Protocol, TypeAlias

from mtpbackup.archive.database import Database
from mtpbackup.archive.paths import decode_name, decode_path, encode_name, encode_path
from mtpbackup.archive.rows import Row, moment, text_of
from mtpbackup.errors import ArchiveError

log = logging.getLogger(__name__)

#: Label of a storage and a path on it, the file's name included.
PhonePlace: TypeAlias = tuple[str, tuple[str, ...]]

_COLUMNS: Final = "storage, path, name, size, sha256, state, modified, began_at"


class SentState(enum.Enum):
    """How far a file got."""

    #: It was about to be sent. What has its name may be all of it, a part of it, or nothing.
    SENDING = "sending"
    #: It was there afterwards, with the right size.
    SENT = "sent"


@dataclass(frozen=True, slots=True)
class SentFile:
    """A file that was sent to a phone, or was about to be.

    Attributes:
        storage: label of the storage.
        path: names from the storage's top to the file.
        size: bytes.
        sha256: of the content, in hex.
        began_at: UTC.
        state: how far it got.
        modified: the date that the phone told when it was proven, in its local time, or None.
    """

    storage: str
    path: tuple[str, ...]
    size: int
    sha256: str
    began_at: datetime
    state: SentState = SentState.SENDING
    modified: datetime | None = None

    @property
    def place(self) -> PhonePlace:
        """Where it lies."""
        return self.storage, self.path

    def proven(self, modified: datetime | None) -> SentFile:
        """The same file, once it was seen to be there."""
        return replace(self, state=SentState.SENT, modified=modified)


class SentRecord(Protocol):
    """A memory of what was sent. Every method may raise ArchiveError."""

    def sent_to(self, serial: str) -> Mapping[PhonePlace, SentFile]:
        """What is known of a phone."""
        ...

    def note(self, serial: str, files: Iterable[SentFile]) -> None:
        """Notes files, in place of what was known of their places. Durable when it returns."""
        ...

    def forget(self, serial: str, places: Iterable[PhonePlace]) -> None:
        """Nothing of ours is at these places."""
        ...


class CatalogRecord:
    """The record in a backup's catalog. May be used from any thread."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    def sent_to(self, serial: str) -> Mapping[PhonePlace, SentFile]:
        """See `SentRecord`."""
        with self._database.reading() as connection:
            rows = connection.execute(f"SELECT {_COLUMNS} FROM sent WHERE serial = ?", (encode_name(serial),))
            return {file.place: file for file in map(_file, rows)}

    def note(self, serial: str, files: Iterable[SentFile]) -> None:
        """See `SentRecord`."""
        now = text_of(self._clock())
        with self._database.writing() as connection:
            connection.executemany(
                f"INSERT OR REPLACE INTO sent (serial, {_COLUMNS}, proven_at)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    (encode_name(serial), *_row(file), now if file.state is SentState.SENT else None)
                    for file in files
                ),
            )

    def forget(self, serial: str, places: Iterable[PhonePlace]) -> None:
        """See `SentRecord`."""
        with self._database.writing() as connection:
            connection.executemany(
                "DELETE FROM sent WHERE serial = ? AND storage = ? AND path = ? AND name = ?",
                ((encode_name(serial), *_place(place)) for place in places),
            )


class JournalRecord:
    """The record as a file of JSON lines, which are only ever added.

    A line that a crash cut off is the last one, and is left out; so is what cannot be read for another reason,
    because a lost note costs a comparison and nothing else.
    """

    def __init__(self, path: Path) -> None:
        """Prepares; the file is made when something is noted.

        Args:
            path: the file; folders above it are made.
        """
        self._path = path

    def sent_to(self, serial: str) -> Mapping[PhonePlace, SentFile]:
        """See `SentRecord`."""
        try:
            lines = self._path.read_text(encoding="utf-8", errors="replace").splitlines()
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise ArchiveError(self._path, str(error)) from error
        found: dict[PhonePlace, SentFile] = {}
        for line in lines:
            try:
                whose, *columns = json.loads(line)
                file = _file(columns) if len(columns) > len(_place(("", ("",)))) else None
                place = file.place if file is not None else _place_of(*columns)
            except (ValueError, TypeError) as error:
                log.info("a line of %s is left out: %s", self._path, error)
                continue
            if decode_name(whose) != serial:
                continue
            if file is None:
                found.pop(place, None)
            else:
                found[place] = file
        return found

    def note(self, serial: str, files: Iterable[SentFile]) -> None:
        """See `SentRecord`."""
        self._add([encode_name(serial), *_row(file)] for file in files)

    def forget(self, serial: str, places: Iterable[PhonePlace]) -> None:
        """See `SentRecord`."""
        self._add([encode_name(serial), *_place(place)] for place in places)

    def _add(self, rows: Iterable[list[object]]) -> None:
        text = "".join(json.dumps(row) + "\n" for row in rows)
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("a", encoding="utf-8") as file:
                if file.tell() and not self._ends_well():
                    file.write("\n")
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise ArchiveError(self._path, str(error)) from error

    def _ends_well(self) -> bool:
        with self._path.open("rb") as file:
            file.seek(-1, os.SEEK_END)
            return file.read(1) == b"\n"


def _place(place: PhonePlace) -> tuple[str, str, str]:
    storage, path = place
    return encode_name(storage), encode_path(path[:-1]), encode_name(path[-1])


def _place_of(storage: str, path: str, name: str) -> PhonePlace:
    return decode_name(storage), (*decode_path(path), decode_name(name))


def _row(file: SentFile) -> tuple[object, ...]:
    """The columns of `_COLUMNS`."""
    return (
        *(*_place(file.place), file.size, file.sha256, file.state.value),
        *(text_of(file.modified), text_of(file.began_at)),
    )


def _file(row: Row | list[object]) -> SentFile:
    """A row of `_COLUMNS`."""
    storage, path, name, size, sha256, state, modified, began_at = row
    label, whole = _place_of(str(storage), str(path), str(name))
    began = datetime.fromisoformat(str(began_at))
    told = moment(None if modified is None else str(modified))
    return SentFile(label, whole, int(str(size)), str(sha256), began, SentState(state), told)
