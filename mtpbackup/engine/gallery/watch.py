"""Looks again and again at something that tells of no change by itself, such as a disk that is pulled."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

log = logging.getLogger(__name__)


class Watch:
    """A thread that looks, and tells when what it sees is not what it saw. Start it once; close it."""

    def __init__(self, look: Callable[[], object], changed: Callable[[], None], every: float) -> None:
        """Prepares.

        Args:
            look: gives what is seen: small, and made quickly. Called in the thread.
            changed: is told, in the thread, when that differs from the last time.
            every: seconds between two looks.
        """
        self._look = look
        self._changed = changed
        self._every = every
        self._over = threading.Event()
        # A disk that hangs must not keep the program from ending.
        self._thread = threading.Thread(target=self._main, name="watch", daemon=True)

    def start(self) -> None:
        """Begins; what is seen first is no change."""
        self._thread.start()

    def close(self) -> None:
        """Ends it. A look that hangs is left behind."""
        self._over.set()
        if self._thread.is_alive():
            self._thread.join(self._every + 1)

    def _main(self) -> None:
        seen = self._look()
        while not self._over.wait(self._every):
            now = self._look()
            if now == seen:
                continue
            log.info("it changed: %r, %r before", now, seen)
            seen = now
            try:
                self._changed()
            except Exception:
                log.exception("a change could not be told")  # the next one may be
