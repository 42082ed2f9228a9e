"""A disk whose cache is lost with the power: QEMU writes to it over NBD, in this process.

What was written and not flushed since is held in memory, sector by sector. `cut` decides for each such sector
whether it still reached the medium or not, as a drive does that writes in whatever order suits it. QEMU alone
could not do that: what it has written survives it in the host's own cache, flushed or not.

Protocol: https://github.com/NetworkBlockDevice/nbd/blob/master/doc/proto.md, newstyle, simple replies.
"""

from __future__ import annotations

import contextlib
import os
import random
import socket
import struct
import threading
from pathlib import Path
from types import TracebackType
from typing import Self

_SECTOR = 512

_OPTION = struct.Struct(">8sII")
_OPTION_REPLY = struct.Struct(">QIII")
_REQUEST = struct.Struct(">IHHQQI")
_REPLY = struct.Struct(">IIQ")
_OPTION_REPLY_MAGIC, _REQUEST_MAGIC, _REPLY_MAGIC = 0x3E889045565A9, 0x25609513, 0x67446698

_FIXED_NEWSTYLE, _NO_ZEROES = 1, 2
_HAS_FLAGS, _SEND_FLUSH, _SEND_FUA = 1, 4, 8
_FLAGS = _HAS_FLAGS | _SEND_FLUSH | _SEND_FUA
_EXPORT_NAME, _ABORT, _GO = 1, 2, 7
_ACKNOWLEDGED, _INFO, _UNSUPPORTED = 1, 3, 0x80000001
_READ, _WRITE, _DISCONNECT, _FLUSH = 0, 1, 2, 3
_FUA = 1
_INVALID = 22


class VolatileDisk:
    """A disk in a file, served on a socket to one machine after the other.

    Attributes:
        path: of the medium.
        address: of the socket.
        flushes, written: how often the machine flushed, and how many bytes it wrote, since the last cut.
        stuck: whether it has come to the flush of `stick_at`.
    """

    def __init__(self, path: Path, size: int, address: Path) -> None:
        """Makes the medium, of holes, where it is missing; its size is a multiple of 512 bytes."""
        self.path, self.address = path, address
        self.flushes = self.written = 0
        self.stuck = False
        self._stick_at = 0
        self._cut = threading.Event()
        self._size = size
        self._medium = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        os.ftruncate(self._medium, size)
        self._cache: dict[int, bytes] = {}
        self._lock = threading.Lock()
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(address))
        self._listener.listen(1)
        self._thread = threading.Thread(target=self._serve, name="volatile-disk", daemon=True)
        self._thread.start()

    def stick_at(self, flushes: int) -> None:
        """From the flush with this number on, the first that finds something in the cache gets no answer.

        That is the moment at which the most would be lost.
        """
        self._stick_at = flushes

    def cut(self, chance: random.Random) -> tuple[int, int]:
        """The power goes. Gives how many sectors were in the cache, and how many of them are lost."""
        with self._lock:
            held = len(self._cache)
            survive = chance.choice((0.0, 0.1, 0.5, 0.9))
            for sector in list(self._cache):
                if chance.random() >= survive:
                    del self._cache[sector]
            lost = held - len(self._cache)
            self._flush()
            self.flushes = self.written = self._stick_at = 0
            self.stuck = False
        self._cut.set()
        return held, lost

    def close(self) -> None:
        """Ends the service."""
        self._cut.set()
        self._listener.close()
        os.close(self._medium)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # --- the medium -----------------------------------------------------------------------------------------

    def _flush(self) -> None:
        for sector, data in sorted(self._cache.items()):
            os.pwrite(self._medium, data, sector * _SECTOR)
        self._cache.clear()

    def _read(self, offset: int, length: int) -> bytes:
        first, last = offset // _SECTOR, -(-(offset + length) // _SECTOR)
        data = bytearray(os.pread(self._medium, (last - first) * _SECTOR, first * _SECTOR))
        for sector in range(first, last):
            if (cached := self._cache.get(sector)) is not None:
                data[(sector - first) * _SECTOR : (sector - first + 1) * _SECTOR] = cached
        start = offset - first * _SECTOR
        return bytes(data[start : start + length])

    def _write(self, offset: int, data: bytes, *, through: bool) -> None:
        self.written += len(data)
        for start in range(0, len(data), _SECTOR):
            sector = (offset + start) // _SECTOR
            piece = data[start : start + _SECTOR]
            if through:
                self._cache.pop(sector, None)
                os.pwrite(self._medium, piece, sector * _SECTOR)
            else:
                self._cache[sector] = piece

    # --- the protocol ---------------------------------------------------------------------------------------

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:  # closed
                return
            # A machine that is switched off hangs up in the middle of anything.
            with connection, contextlib.suppress(ConnectionError):
                if self._negotiate(connection):
                    while self._answer(connection):
                        pass

    def _negotiate(self, connection: socket.socket) -> bool:
        connection.sendall(b"NBDMAGICIHAVEOPT" + struct.pack(">H", _FIXED_NEWSTYLE | _NO_ZEROES))
        _receive(connection, 4)
        while True:
            _, option, length = _OPTION.unpack(_receive(connection, _OPTION.size))
            _receive(connection, length)
            if option == _EXPORT_NAME:
                connection.sendall(struct.pack(">QH", self._size, _FLAGS))
                return True
            if option == _GO:
                about = struct.pack(">HQH", 0, self._size, _FLAGS)
                connection.sendall(_OPTION_REPLY.pack(_OPTION_REPLY_MAGIC, option, _INFO, len(about)) + about)
                connection.sendall(_OPTION_REPLY.pack(_OPTION_REPLY_MAGIC, option, _ACKNOWLEDGED, 0))
                return True
            reply = _ACKNOWLEDGED if option == _ABORT else _UNSUPPORTED
            connection.sendall(_OPTION_REPLY.pack(_OPTION_REPLY_MAGIC, option, reply, 0))
            if option == _ABORT:
                return False

    def _answer(self, connection: socket.socket) -> bool:
        magic, flags, kind, handle, offset, length = _REQUEST.unpack(_receive(connection, _REQUEST.size))
        if magic != _REQUEST_MAGIC or kind == _DISCONNECT:
            return False
        error, answer = 0, b""
        if kind == _WRITE:
            data = _receive(connection, length)
            if offset % _SECTOR or length % _SECTOR:
                error = _INVALID
            else:
                with self._lock:
                    self._write(offset, data, through=bool(flags & _FUA))
        elif kind == _READ:
            with self._lock:
                answer = self._read(offset, length)
        elif kind == _FLUSH:
            if self._stick_at and self.flushes + 1 >= self._stick_at and self._cache:
                self._cut.clear()
                self.stuck = True
                self._cut.wait()
                return False
            with self._lock:
                self._flush()
                self.flushes += 1
        else:
            error = _INVALID
        connection.sendall(_REPLY.pack(_REPLY_MAGIC, error, handle) + answer)
        return True


def _receive(connection: socket.socket, length: int) -> bytes:
    data = bytearray()
    while len(data) < length:
        piece = connection.recv(min(length - len(data), 1 << 20))
        if not piece:
            raise ConnectionError("hung up")
        data += piece
    return bytes(data)
