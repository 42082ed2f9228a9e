"""The protocol of libumockdev-preload: how an unmodified program's ioctls reach us.

With `LD_PRELOAD=libumockdev-preload.so.0` and `UMOCKDEV_DIR=ROOT` a program sees ROOT/sys for /sys, and
ROOT/dev/X for /dev/X where that exists. Opening such a node also connects a stream socket to
`ROOT/ioctl//dev/X`. From then on each ioctl, read and write on the node is sent there as three native longs:
kind, first, second argument. Before the answer (DONE, result, errno) we may ask for memory of the program or
write to it, at any address it gave.

Found by experiment with umockdev 0.17.16 and by reading its sources; what has to be respected:

- A program waits for our answer with all signals blocked, and one ioctl at a time per open file.
- It calls abort() when the socket closes, so "unplugged" must be said by error numbers.
- It reads the three longs in one recv(): they must never be split over two buffers of the socket.
- Each open() that fails costs the program one of 50 places in a table; with the table full it aborts.
- Paths of sockets have 108 bytes, so ROOT must be short. Programs linked statically are out of reach.
"""

from __future__ import annotations

import ctypes
import enum
import os
import socket
import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mtpbackup.errors import LibraryMissing
from mtpbackup.transport.base import Buffer

#: The library to preload. Debian package umockdev.
LIBRARY = "libumockdev-preload.so.0"

_WORDS = struct.Struct("@LLL")
_ALL_BITS = (1 << 8 * struct.calcsize("@L")) - 1

#: An AF_UNIX stream socket puts at least so much of one sendmsg() into one buffer (32 KiB of pages).
_ONE_BUFFER = 32 * 1024
#: Writes larger than this travel by themselves, so that all that is small stays within `_ONE_BUFFER`.
_SMALL = 4 * 1024
#: sendmsg() takes 1,024 pieces (IOV_MAX).
_MOST_PIECES = 1000


class RequestKind(enum.IntEnum):
    """What the program did with its open file."""

    IOCTL = 1
    READ = 7
    WRITE = 8


class _Answer(enum.IntEnum):
    DONE = 3
    READ_MEMORY = 5
    WRITE_MEMORY = 6


@dataclass(frozen=True, slots=True)
class Request:
    """One call of the program.

    Attributes:
        kind: a `RequestKind`, or a number of a newer library.
        first: the ioctl's number; for read and write the buffer's address.
        second: the ioctl's argument; for read and write the number of bytes.
    """

    kind: int
    first: int
    second: int


class Client:
    """One open file of a program: its requests, its memory, our answers. Used by one thread."""

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection
        self._batch: list[Buffer] = []

    def next_request(self) -> Request | None:
        """Waits for the next call; None when the program has closed the file or ended."""
        try:
            words = self._receive(_WORDS.size)
        except OSError:
            return None
        return Request(*_WORDS.unpack(words)) if words else None

    def read_memory(self, address: int, size: int) -> bytes:
        """Bytes of the program's memory.

        Raises:
            OSError: the program ended meanwhile.
        """
        if size <= 0:
            return b""
        self._send([_WORDS.pack(_Answer.READ_MEMORY, address, size)])
        data = self._receive(size)
        if len(data) != size:
            raise ConnectionError("the program ended while its memory was read")
        return data

    def write_memory(self, address: int, *pieces: Buffer) -> None:
        """Puts bytes, joined, into the program's memory, at the latest with the next `answer`."""
        size = sum(len(piece) for piece in pieces)
        if not size:
            return
        self._batch.append(_WORDS.pack(_Answer.WRITE_MEMORY, address, size))
        self._batch.extend(pieces)
        if size > _SMALL or sum(len(piece) for piece in self._batch) > _ONE_BUFFER - _SMALL:
            batch, self._batch = self._batch, []
            self._send(batch)

    def answer(self, result: int, error: int = 0) -> None:
        """Lets the program go on, with the call's result and errno."""
        batch, self._batch = self._batch, []
        batch.append(_WORDS.pack(_Answer.DONE, result & _ALL_BITS, error))
        self._send(batch)

    def close(self) -> None:
        """Gives the socket back. Only after `next_request` returned None: otherwise the program aborts."""
        self._socket.close()

    def _receive(self, size: int) -> bytes:
        """Exactly `size` bytes, or none at the end; in one allocation and one system call as a rule."""
        data = self._socket.recv(size, socket.MSG_WAITALL)
        if len(data) in {0, size}:
            return data
        parts = [data]
        missing = size - len(data)
        while missing:
            data = self._socket.recv(missing, socket.MSG_WAITALL)
            if not data:
                return b""
            parts.append(data)
            missing -= len(data)
        return b"".join(parts)

    def _send(self, pieces: Sequence[Buffer]) -> None:
        for start in range(0, len(pieces), _MOST_PIECES):
            views = [memoryview(piece).cast("B") for piece in pieces[start : start + _MOST_PIECES]]
            while views:
                sent = self._socket.sendmsg(views)
                while views and sent >= len(views[0]):
                    sent -= len(views.pop(0))
                if views and sent:
                    views[0] = views[0][sent:]


def require_library() -> None:
    """Checks that the preload library is installed.

    Raises:
        LibraryMissing: it is not.
    """
    try:
        ctypes.CDLL(LIBRARY)
    except OSError as error:
        raise LibraryMissing(LIBRARY) from error


def is_active() -> bool:
    """Whether this very process was started with the library preloaded."""
    return any(Path(name).name.startswith("libumockdev-preload.so") for name in _preloaded(os.environ))


def environment(root: Path, base: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of a program that shall see the tree under `root`.

    Args:
        root: the folder that holds dev, sys and ioctl.
        base: what to build on; the environment of this process if None.
    """
    result = dict(os.environ if base is None else base)
    libraries = list(_preloaded(result))
    if not any(LIBRARY in library for library in libraries):
        libraries.append(LIBRARY)
    result["LD_PRELOAD"] = ":".join(libraries)
    result["UMOCKDEV_DIR"] = str(root)
    # libudev asks whether /sys really is a sysfs, in ways that the library does not catch.
    result["SYSTEMD_DEVICE_VERIFY_SYSFS"] = "0"
    return result


def _preloaded(variables: Mapping[str, str]) -> Iterable[str]:
    return variables.get("LD_PRELOAD", "").replace(":", " ").split()


def forget_failed_opens() -> None:
    """Frees the places that failed calls of open() took in this process's table: each is kept under file -1."""
    if is_active():
        close = ctypes.CDLL(None).close
        for _ in range(50):
            close(-1)
