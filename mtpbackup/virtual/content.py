"""Bytes that need not exist: what files on a phone made of code are filled with.

A `Content` has a size and gives any slice of itself when asked. Generated content costs no memory however large
it is, and every block of it differs from the others, so that a transfer which skips, doubles or misplaces a
piece cannot go unnoticed.
"""

from __future__ import annotations

import bisect
import functools
import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Protocol

from mtpbackup.transport.base import Buffer

_BLOCK = 64 * 1024
_POOL = 1024 * 1024
_STAMP = 16
#: Odd, so that the blocks of one content start at places of the pool that do not repeat soon.
_STRIDE = 0x9E3779B97F4A7C15


class Content(Protocol):
    """The bytes of one file."""

    @property
    def size(self) -> int:
        """Length in bytes."""
        ...

    def read(self, offset: int, length: int) -> Buffer:
        """The bytes from `offset`, `length` of them or as many as there are.

        Raises:
            OSError: the phone's disk cannot read them.
        """
        ...


def pieces(content: Content, offset: int, length: int, piece: int = 256 * 1024) -> Iterator[Buffer]:
    """A range of a content in pieces of at most `piece` bytes; ends early where the content does."""
    end = offset + length
    while offset < end:
        data = content.read(offset, min(piece, end - offset))
        if not len(data):
            return
        yield data
        offset += len(data)


class Literal:
    """Bytes that are held in memory."""

    def __init__(self, data: Buffer) -> None:
        self._view = memoryview(data).toreadonly()

    @property
    def size(self) -> int:
        """Length in bytes."""
        return self._view.nbytes

    def read(self, offset: int, length: int) -> memoryview:
        """A view of the bytes."""
        return self._view[offset : offset + length]


class Made:
    """Bytes made when they are first asked for (their size included), and kept from then on."""

    def __init__(self, make: Callable[[], Buffer]) -> None:
        self._make = make
        self._made: Literal | None = None

    def _literal(self) -> Literal:
        if self._made is None:
            self._made = Literal(self._make())
        return self._made

    @property
    def size(self) -> int:
        """Length in bytes."""
        return self._literal().size

    def read(self, offset: int, length: int) -> memoryview:
        """A view of the bytes."""
        return self._literal().read(offset, length)


@functools.cache
def _pool() -> bytes:
    return random.Random("mtpbackup").randbytes(_POOL + _BLOCK)


class Generated:
    """Pseudo-random bytes that follow from a seed and the offset alone.

    Each block of 64 KiB starts with a stamp made of seed and block number; the rest of it is a slice of one
    random pool, taken at a place that depends on both. Any slice is made at the speed of copying memory.
    """

    def __init__(self, size: int, seed: int = 0) -> None:
        self._size = size
        self._seed = seed

    @property
    def size(self) -> int:
        """Length in bytes."""
        return self._size

    def read(self, offset: int, length: int) -> bytes:
        """The bytes, made on the spot."""
        end = min(offset + length, self._size)
        if offset >= end:
            return b""
        parts: list[Buffer] = []
        while offset < end:
            block, start = divmod(offset, _BLOCK)
            stop = min(_BLOCK, start + end - offset)
            mixed = ((block + 1) * _STRIDE + self._seed * 0xD1B54A32D192ED03) & 0xFFFFFFFFFFFFFFFF
            if start < _STAMP:
                stamp = mixed.to_bytes(8, "little") + (self._seed & 0xFFFFFFFF ^ block).to_bytes(8, "little")
                parts.append(stamp[start : min(stop, _STAMP)])
            place = (mixed >> 24) % _POOL
            if stop > _STAMP:
                parts.append(memoryview(_pool())[place + max(start, _STAMP) : place + stop])
            offset += stop - start
        return b"".join(parts)


class Joined:
    """Several contents, one after the other."""

    def __init__(self, parts: Iterable[Content]) -> None:
        self._parts: Sequence[Content] = [part for part in parts if part.size]
        self._ends: list[int] = []
        for part in self._parts:
            self._ends.append((self._ends[-1] if self._ends else 0) + part.size)

    @property
    def size(self) -> int:
        """Length in bytes."""
        return self._ends[-1] if self._ends else 0

    def read(self, offset: int, length: int) -> bytes:
        """The bytes, gathered of every part that they lie in."""
        end = min(offset + length, self.size)
        found: list[Buffer] = []
        index = bisect.bisect_right(self._ends, offset)
        while offset < end:
            part = self._parts[index]
            within = offset - (self._ends[index] - part.size)
            data = part.read(within, min(part.size - within, end - offset))
            if not len(data):
                break
            found.append(data)
            offset += len(data)
            index += 1
        return b"".join(found)


class Broken:
    """A content whose disk fails from a byte on, for files that cannot be read to their end."""

    def __init__(self, content: Content, at: int) -> None:
        self._content = content
        self._at = at

    @property
    def size(self) -> int:
        """Length in bytes, as the phone believes."""
        return self._content.size

    def read(self, offset: int, length: int) -> Buffer:
        """The bytes up to the bad place.

        Raises:
            OSError: the first byte asked for lies beyond it.
        """
        if offset >= self._at:
            raise OSError(5, "the phone's disk cannot read this")
        return self._content.read(offset, min(length, self._at - offset))


class Written:
    """Content that can be written to: what an initiator sends, or an edit of what was there.

    Kept in pages; pages that hold nothing but zeros, and pages not written since, are not kept. So a sparse
    file of 5 GiB costs what is in it.
    """

    def __init__(self, base: Content | None = None) -> None:
        self._base: Content = Literal(b"") if base is None else base
        self._from_base = self._base.size
        self._size = self._base.size
        self._pages: dict[int, bytearray | None] = {}

    @property
    def size(self) -> int:
        """Length in bytes."""
        return self._size

    def _page(self, number: int) -> Buffer:
        """The page as it is now, at most a block long; what is missing up to the block's end is zero."""
        if number in self._pages:
            return self._pages[number] or b""
        start = number * _BLOCK
        return self._base.read(start, max(0, min(_BLOCK, self._from_base - start)))

    def read(self, offset: int, length: int) -> bytes:
        """The bytes, gathered of their pages."""
        end = min(offset + length, self._size)
        parts: list[Buffer] = []
        while offset < end:
            number, start = divmod(offset, _BLOCK)
            stop = min(_BLOCK, start + end - offset)
            data = self._page(number)[start:stop]
            parts.append(data)
            if len(data) < stop - start:
                parts.append(bytes(stop - start - len(data)))
            offset += stop - start
        return b"".join(parts)

    def write(self, offset: int, data: Buffer) -> None:
        """Puts bytes in place; a gap between the end so far and `offset` reads as zeros."""
        view = memoryview(data)
        if not view.nbytes:
            return
        end = offset + view.nbytes
        while offset < end:
            number, start = divmod(offset, _BLOCK)
            stop = min(_BLOCK, start + end - offset)
            part, view = view[: stop - start], view[stop - start :]
            page = self._pages.get(number)
            if page is None:
                page = bytearray(self._page(number))
            if len(page) < start:
                page.extend(bytes(start - len(page)))
            page[start:stop] = part
            self._pages[number] = None if page.count(0) == len(page) else page
            offset += stop - start
        self._size = max(self._size, end)

    def truncate(self, size: int) -> None:
        """Shortens, or extends with zeros."""
        if size < self._size:
            number, start = divmod(size, _BLOCK)
            if start:
                self._pages[number] = bytearray(self._page(number)[:start])
            for later in [page for page in self._pages if page >= number + (start > 0)]:
                del self._pages[later]
            self._from_base = min(self._from_base, size)
        self._size = size
