"""Content to the initiator: whole objects, parts, thumbnails."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

from mtpbackup.transport.base import Buffer
from mtpbackup.virtual.objects import Entry
from mtpbackup.virtual.operations.operation import Operation
from mtpbackup.virtual.personas import Trouble
from mtpbackup.virtual.replies import Payload, Refused, Reply, Request
from mtpbackup.virtual.store import Reader
from mtpbackup.virtual.thumbnails import thumbnail
from mtpbackup.wire import OperationCode

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
    reader = _opened(responder.file(request.parameter(0)))
    size = reader.size
    return Reply(payload=Payload(size, _pieces(reader, 0, size), reader.close))


def _part(responder: Responder, handle: int, offset: int, length: int) -> Reply:
    reader = _opened(responder.file(handle))
    if offset > reader.size:
        reader.close()
        raise Refused(Trouble.PAST_END)
    length = min(length, reader.size - offset)
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
