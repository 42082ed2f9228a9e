"""Keeps thumbnails between runs: a folder of small files, up to a size. Losing any of it costs nothing."""

from __future__ import annotations

import hashlib
import logging
import os
import threading
import time
from pathlib import Path
from typing import Final

log = logging.getLogger(__name__)

#: Bytes: about 20,000 thumbnails.
LARGEST: Final = 256 * 1024 * 1024
#: The share that stays when it is full, so that it is not tidied at each new one.
_KEPT: Final = 0.8
#: Seconds after which a thumbnail that is used is marked as used.
_STALE: Final = 24 * 3600
#: Keys for which there is no thumbnail, kept for this run.
_MOST_WITHOUT: Final = 50_000


class Cache:
    """Thumbnails by any text as key. For any thread. A disk that does not take them is no reason to stop."""

    def __init__(self, folder: Path, largest: int = LARGEST) -> None:
        """Prepares; makes nothing yet.

        Args:
            folder: where they lie.
            largest: bytes of all of them together.
        """
        self._folder = folder
        self._largest = largest
        self._lock = threading.Lock()
        self._size: int | None = None
        self._without: dict[str, None] = {}

    def get(self, key: str) -> bytes | None:
        """A thumbnail, or None; empty bytes when it is known that there is none."""
        if key in self._without:
            return b""
        path = self._path(key)
        try:
            content = path.read_bytes()
            if time.time() - path.stat().st_mtime > _STALE:
                os.utime(path)
        except OSError:
            return None
        return content if content.startswith(b"\xff\xd8\xff") else None

    def put(self, key: str, content: bytes | None) -> None:
        """Keeps a thumbnail; None: that there is none, for this run."""
        if content is None:
            with self._lock:
                if len(self._without) >= _MOST_WITHOUT:
                    self._without.clear()
                self._without[key] = None
            return
        path = self._path(key)
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            part = path.with_suffix(f".{threading.get_ident()}.part")
            part.write_bytes(content)
            part.replace(path)
            with self._lock:
                if self._size is None:
                    self._size = sum(size for _, size, _ in self._all())
                else:
                    self._size += len(content)
                if self._size > self._largest:
                    self._tidy()
        except OSError as error:
            log.debug("a thumbnail is not kept: %s", error)

    def _path(self, key: str) -> Path:
        name = hashlib.sha256(key.encode(errors="surrogatepass")).hexdigest()[:40]
        return self._folder / name[:2] / f"{name[2:]}.jpg"

    def _all(self) -> list[tuple[float, int, Path]]:
        """Every file with its age and size, the oldest first."""
        found = []
        for folder in os.scandir(self._folder):
            if folder.is_dir(follow_symlinks=False):
                for entry in os.scandir(folder):
                    status = entry.stat(follow_symlinks=False)
                    found.append((status.st_mtime, status.st_size, Path(entry.path)))
        return sorted(found)

    def _tidy(self) -> None:
        """Deletes the oldest."""
        found = self._all()
        self._size = sum(size for _, size, _ in found)
        for _, size, path in found:
            if self._size <= self._largest * _KEPT:
                return
            path.unlink(missing_ok=True)
            self._size -= size
