"""Reading bits of a picture or film without trust: bounded, and every short read is one kind of error."""

from __future__ import annotations

from collections.abc import Callable

#: Enough for the directories of nearly every JPEG in a single read (its EXIF is 64 KiB at most).
_FIRST_BLOCK = 16 * 1024

#: A file that makes us read more than this only to learn its date is garbage.
_BUDGET = 1024 * 1024


class NoContent(ValueError):
    """The file does not go on where it says it does, or says nonsense. Nothing is wrong with the archive."""


class Content:
    """A file's bytes, fetched as needed. The first block is kept, so that most formats cost a single read.

    Attributes:
        size: of the file, in bytes.
    """

    def __init__(self, read: Callable[[int, int], bytes], size: int) -> None:
        """Wraps `read(offset, length)`, which gives fewer bytes only at the end."""
        self.size = size
        self._read = read
        self._first = read(0, _FIRST_BLOCK)
        self._budget = _BUDGET

    def at(self, offset: int, length: int) -> bytes:
        """Exactly these bytes. Raises NoContent when the file has not got them, or too much was asked for."""
        if offset < 0 or length < 0 or offset + length > self.size:
            raise NoContent(f"{length} bytes at {offset} of {self.size}")
        if offset + length <= len(self._first):
            return self._first[offset : offset + length]
        self._budget -= max(length, 512)
        if self._budget < 0:
            raise NoContent("too much to read")
        data = self._read(offset, length)
        if len(data) != length:
            raise NoContent(f"{len(data)} bytes instead of {length} at {offset}")
        return data

    def number(self, offset: int, length: int) -> int:
        """An unsigned big-endian number."""
        return int.from_bytes(self.at(offset, length))
