"""Content to the initiator: whole objects, parts, thumbnails."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

from mtpbackup.transport.base import Buffer
from mtpbackup.virtual.content import Generated
from mtpbackup.virtual.formats import is_video
from mtpbackup.virtual.objects import Entry
from mtpbackup.virtual.operations.operation import Operation
from mtpbackup.virtual.personas import Trouble
from mtpbackup.virtual.replies import Payload, Refused, Reply, Request, Silent
from mtpbackup.virtual.store import Reader
from mtpbackup.virtual.thumbnails import thumbnail
from mtpbackup.wire import HEADER_SIZE, OperationCode

if TYPE_CHECKING:
    from mtpbackup.virtual.responder import Responder

#: Bytes taken from a store at once; more would be held in memory for nothing.
_PIECE = 256 * 1024


def _opened(entry: Entry) -> Reader:
    if entry.node is None:
        raise Refused(Trouble.DISK_FAILED)  # a phantom
    try:
        return entry.store.open(entry.node)
    except OSError as error:
        raise Refused(Trouble.DISK_FAILED) from error


def _pieces(reader: Reader, offset: int, length: int) -> Iterator[Buffer]:
    """The bytes of a range.

    Raises:
        OSError: the disk fails, or the file has become shorter.
    """
    end = offset + length
    while offset < end:
        data = reader.read(offset, min(_PIECE, end - offset))
        if not len(data):
            raise OSError("the file is shorter than it was")
        yield data
        offset += len(data)


def get_object(responder: Responder, request: Request) -> Reply:
    """MTP 1.1, D.2.9."""
    entry = responder.file(request.parameter(0))
    reader = _opened(entry)
    if responder.persona.transcodes and is_video(entry.format):
        reader = _Converted(reader)
    size = reader.size
    return Reply(payload=Payload(size, _pieces(reader, 0, size), reader.close))


class _Converted:
    """A video in another format than on the disk: other bytes, here of the very length that is told of it.

    How long it really is depends on the video (PHONES.md 1.10); this is the length that is easiest to fall for.
    """

    def __init__(self, original: Reader) -> None:
        self._original = original
        self.size = 2 * original.size
        self._content = Generated(self.size, seed=original.size)

    def read(self, offset: int, length: int) -> Buffer:
        """At most `length` bytes."""
        return self._content.read(offset, length)

    def close(self) -> None:
        """Ends reading."""
        self._original.close()


#: wMaxPacketSize of USB 2 at high speed.
_FULL_PACKET: Final = 512


def _part(responder: Responder, handle: int, offset: int, length: int) -> Reply:
    reader = _opened(responder.file(handle))
    if offset > reader.size:
        reader.close()
        raise Refused(Trouble.PAST_END)
    length = min(length, reader.size - offset)
    # With the header in front of the data, or in a packet of its own.
    is_full = 0 in (length % _FULL_PACKET, (length + HEADER_SIZE) % _FULL_PACKET)
    if responder.persona.hangs_on_full_packet and length and is_full:
        reader.close()
        raise Silent
    payload = Payload(length, _pieces(reader, offset, length), reader.close)
    return Reply(parameters=(length,), payload=payload)


def get_partial_object(responder: Responder, request: Request) -> Reply:
    """MTP 1.1, D.2.17: an offset of 32 bits."""
    handle, offset, length = request.parameters[:3]
    return _part(responder, handle, offset, length)


def get_partial_object_64(responder: Responder, request: Request) -> Reply:
    """android.com 1.0: the offset in two halves, the low one first."""
    handle, low, high, length = request.parameters[:4]
    return _part(responder, handle, high << 32 | low, length)


def get_thumb(responder: Responder, request: Request) -> Reply:
    """MTP 1.1, D.2.10."""
    entry = responder.entry(request.parameter(0))
    made = thumbnail(entry, make=responder.persona.makes_thumbnails)
    if made is None:
        raise Refused(Trouble.NO_THUMBNAIL)
    return Reply(payload=Payload.of(made))


OPERATIONS: Final[Mapping[int, Operation]] = {
    OperationCode.GET_OBJECT: Operation(get_object, 1, needs_storage=True),
    OperationCode.GET_PARTIAL_OBJECT: Operation(get_partial_object, 3, needs_storage=True),
    OperationCode.GET_PARTIAL_OBJECT_64: Operation(get_partial_object_64, 4, needs_storage=True),
    OperationCode.GET_THUMB: Operation(get_thumb, 1, needs_storage=True),
}
