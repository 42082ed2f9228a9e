"""Reads the files that are put back, and makes sure that they are what was backed up."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Generator
from contextlib import closing
from pathlib import Path

from mtpbackup.archive import Originals, content_of, hash_of
from mtpbackup.engine.restore.tasks import PutTask
from mtpbackup.errors import IntegrityError
from mtpbackup.phone import Item, Phone


class Source:
    """The files of a restore."""

    def __init__(self, originals: Originals, *, even_if_damaged: bool) -> None:
        self._originals = originals
        self._even_if_damaged = even_if_damaged

    def check(self, task: PutTask) -> None:
        """Reads a file to its end before anything of it is sent. Once for each file.

        What is read so soon before it is sent is still in the computer's memory when it is, unless it is large;
        a disk gives it many times faster than a phone takes it.

        Raises:
            IntegrityError: it is not there, or is not what was recorded and may not be sent.
            ArchiveError: the disk will not give it.
        """
        if task.checked:
            return
        size, sha256 = hash_of(self._originals, task.original)
        wanted = task.original
        if (wanted.sha256 and sha256 != wanted.sha256) or size != wanted.key.size:
            if not self._even_if_damaged:
                raise IntegrityError(self._originals.root / wanted.path, wanted.sha256, sha256)
            task.size = size
        task.sha256 = sha256
        task.checked = True

    def path(self, task: PutTask) -> Path:
        """Where a file lies on this computer."""
        return self._originals.root / task.original.path

    def read(self, task: PutTask, offset: int = 0) -> Reading:
        """A file's content from an offset, for sending."""
        return Reading(self._originals, task, offset)

    def is_same(self, phone: Phone, item: Item, task: PutTask, moved: Callable[[int], None]) -> bool:
        """Whether an item has the content of a file. Reads no more of it than up to the first difference.

        Raises:
            As `Phone.read` and `content_of`.
        """
        if item.size != task.size and not task.seems_twice(item.size):
            return False
        with closing(self.read(task).parts()) as pieces, closing(phone.read(item)) as chunks:
            here = memoryview(b"")
            for chunk in chunks:
                data = chunk.data
                try:
                    moved(len(data))
                    while len(data):
                        if not here:
                            here = memoryview(next(pieces, b""))
                            if not here:
                                return False
                        both = min(len(here), len(data))
                        if here[:both] != data[:both]:
                            return False
                        here, data = here[both:], data[both:]
                finally:
                    chunk.release()
            return not here and not next(pieces, b"")


class Reading:
    """One passage through a file's content.

    Attributes:
        moved: is told of every piece that was taken.
    """

    def __init__(self, originals: Originals, task: PutTask, offset: int) -> None:
        self._originals = originals
        self._task = task
        self._offset = offset
        self._hasher = hashlib.sha256()
        self.moved: Callable[[int], None] = _nobody

    def parts(self) -> Generator[bytes, None, None]:
        """The content, exactly as many bytes as the task has left.

        Raises:
            IntegrityError: the file has become shorter.
        """
        position, size = 0, self._task.size
        with closing(content_of(self._originals, self._task.original)) as pieces:
            for piece in pieces:
                part = piece[: size - position]
                self._hasher.update(part)
                start = max(0, self._offset - position)
                position += len(part)
                if start < len(part):
                    self.moved(len(part) - start)
                    yield part[start:] if start else part
                if position >= size:
                    break
        if position < size:
            raise IntegrityError(self._originals.root / self._task.original.path, self._task.sha256, None)

    @property
    def is_right(self) -> bool:
        """Whether what was read, up to now, is what was checked before."""
        return self._hasher.hexdigest() == self._task.sha256


def _nobody(_length: int) -> None:
    """Nobody is told."""
