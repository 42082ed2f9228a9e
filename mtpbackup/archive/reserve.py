"""A little room kept for the catalog: on a disk that is full, what was saved can still be written down.

Without it, the last files before the disk filled up would lie there complete and not be called saved; no harm,
the next run takes them over, but not what somebody expects who then looks at the report.
"""

from __future__ import annotations

import logging
import os

from mtpbackup.archive import disk
from mtpbackup.archive.root import Root

log = logging.getLogger(__name__)

_FILE = "reserve"

#: Rows of a full batch, their index pages and SQLite's journal of them take less than half of this.
_SIZE = 1024 * 1024


class Reserve:
    """A file of no meaning that can be given up."""

    def __init__(self, root: Root) -> None:
        """Makes it, if there is room; a disk that is full already is found by the first write."""
        self._root = root
        try:
            if self._is_there():
                self._there = True
                return
            disk.unlink(_FILE, root.state)
            with disk.closing(disk.create_file(_FILE, root.state)) as descriptor:
                # Written, not allocated: some file systems cannot allocate, others would give holes.
                disk.write_all(descriptor, os.urandom(_SIZE))
                os.fsync(descriptor)
            self._there = True
        except OSError as error:
            log.debug("no reserve: %s", error)
            self._there = False
            self.give_up()

    def _is_there(self) -> bool:
        try:
            with disk.closing(disk.open_file(_FILE, self._root.state)) as descriptor:
                return os.fstat(descriptor).st_size == _SIZE
        except FileNotFoundError:
            return False

    def give_up(self) -> bool:
        """Frees the room. Says whether there was any to free."""
        there, self._there = self._there, False
        try:
            disk.unlink(_FILE, self._root.state)
        except OSError as error:
            log.debug("reserve not freed: %s", error)
            return False
        return there
