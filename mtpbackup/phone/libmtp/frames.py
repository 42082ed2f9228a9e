"""What goes through the pipes to the child and back: frames of a kind, a length and a body."""

from __future__ import annotations

import enum
import json
import os
import struct
from collections.abc import Callable
from typing import Any, Final

_HEADER: Final = struct.Struct(">cI")

#: No body is longer; a header that says so is none.
LONGEST: Final = 64 * 1024 * 1024


class FrameKind(enum.Enum):
    """What a body is."""

    #: JSON: what is asked.
    REQUEST = b"Q"
    #: JSON: what was asked for. The last frame of an answer.
    RESULT = b"R"
    #: JSON: why it was not done. The last frame of an answer.
    ERROR = b"E"
    #: Bytes of content, either way. Without any, on the way to the child: no more will come.
    DATA = b"D"
    #: JSON: how many bytes of content the child takes next. Answered by one frame of `DATA`.
    WANT = b"W"


class BrokenPipes(Exception):
    """The other end is gone, or sends what is no frame. Never leaves this package."""


def send(fd: int, kind: FrameKind, body: bytes | memoryview) -> None:
    """Writes a frame.

    Raises:
        BrokenPipes: nobody reads any more.
    """
    for part in (_HEADER.pack(kind.value, len(body)), body):
        view = memoryview(part)
        while view:
            try:
                view = view[os.write(fd, view) :]
            except BrokenPipeError as error:
                raise BrokenPipes("nobody reads") from error


def send_json(fd: int, kind: FrameKind, value: object) -> None:
    """Writes a frame of JSON."""
    send(fd, kind, json.dumps(value).encode("ascii"))


def receive(fd: int, ready: Callable[[], None] = lambda: None) -> tuple[FrameKind, bytes]:
    """Reads a frame.

    Args:
        fd: where from.
        ready: called before each read; may wait until there is something, or raise.

    Raises:
        BrokenPipes: the pipe has ended, or brings what is no frame.
    """
    kind, length = _HEADER.unpack(_exactly(fd, _HEADER.size, ready))
    try:
        known = FrameKind(kind)
    except ValueError:
        raise BrokenPipes(f"no frame: {kind!r}") from None
    if length > LONGEST:
        raise BrokenPipes(f"a frame of {length} bytes")
    return known, _exactly(fd, length, ready)


def receive_json(body: bytes) -> Any:
    """A body of JSON.

    Raises:
        BrokenPipes: it is none.
    """
    try:
        return json.loads(body)
    except ValueError as error:
        raise BrokenPipes("no JSON") from error


def _exactly(fd: int, size: int, ready: Callable[[], None]) -> bytes:
    data = bytearray()
    while len(data) < size:
        ready()
        part = os.read(fd, size - len(data))
        if not part:
            raise BrokenPipes("the pipe has ended")
        data += part
    return bytes(data)
