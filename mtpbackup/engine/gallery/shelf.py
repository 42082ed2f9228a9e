"""The backup of the gallery: there or not there yet, opened once and found again when its disk comes back."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from pathlib import Path

from mtpbackup.archive import Archive
from mtpbackup.archive.root import STATE_FOLDER
from mtpbackup.errors import DestinationGone, NoArchive

log = logging.getLogger(__name__)


class Shelf:
    """Opens the backup when it is needed. For any thread."""

    def __init__(self, root: Path, open_archive: Callable[[bool], Archive]) -> None:
        """Prepares.

        Args:
            root: the folder of the backup.
            open_archive: opens it, and makes it first where that is asked for (True). Raises as
                `Archive.open` and `Archive.create_or_open`.
        """
        self.root = root
        self._open = open_archive
        self._lock = threading.Lock()
        self._archive: Archive | None = None
        self._left: list[Archive] = []

    def get(self) -> Archive | None:
        """The backup, or None where there is none yet.

        Raises:
            DestinationGone, CatalogUnusable, ArchiveError: it cannot be opened now.
        """
        return self._get(create=False)

    def make(self) -> Archive:
        """The backup, made if there is none yet.

        Raises:
            DestinationUnwritable, DestinationGone, CatalogUnusable, OutOfSpace, ArchiveError.
        """
        archive = self._get(create=True)
        assert archive is not None
        return archive

    def glance(self) -> tuple[tuple[int, int] | None, bool | None]:
        """What is seen of the backup without opening it; differs when it came, went, or is another one.

        Returns:
            Which folder it is kept in, None where there is none; and whether the one that is open is still
            there, None where none is open.
        """
        try:
            status = (self.root / STATE_FOLDER).stat()
            folder = (status.st_dev, status.st_ino)
        except OSError:
            folder = None
        with self._lock:
            archive = self._archive
        if archive is None:
            return folder, None
        try:
            archive.check_present()  # without the lock: a disk may hang
        except DestinationGone:
            return folder, False
        return folder, True

    def close(self) -> None:
        """Closes it."""
        with self._lock:
            for archive in (*self._left, *((self._archive,) if self._archive else ())):
                archive.close()
            self._left, self._archive = [], None

    def _get(self, *, create: bool) -> Archive | None:
        with self._lock:
            if self._archive is not None:
                try:
                    self._archive.check_present()
                    if not create or self._archive.writable:
                        return self._archive
                except DestinationGone as error:
                    log.info("the backup is opened anew: %s", error)
                # Another thread may still be reading from it: closed at the end only.
                self._left.append(self._archive)
                self._archive = None
            try:
                self._archive = self._open(create)
            except NoArchive:
                return None
            return self._archive
