"""android.com 1.0: changing an object in place, between BeginEditObject and EndEditObject."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from mtpbackup.virtual.conversation import FIRST_PIECE
from mtpbackup.virtual.objects import Entry
from mtpbackup.virtual.operations.operation import Operation
from mtpbackup.virtual.operations.writing import disk_trouble, write_pieces
from mtpbackup.virtual.personas import Trouble
from mtpbackup.virtual.replies import Refused, Reply, Request
from mtpbackup.wire import HEADER_SIZE, EventCode, OperationCode

if TYPE_CHECKING:
    from mtpbackup.virtual.responder import Responder


def begin_edit_object(responder: Responder, request: Request) -> Reply:
    """Opens a file for editing. Edits outlive the session (ANDROID.md, Writing)."""
    entry = responder.file(request.parameter(0))
    if entry.handle in responder.edits:
        raise Refused(Trouble.OPEN_FOR_EDIT)
    if entry.store.read_only:
        raise Refused(Trouble.READ_ONLY)
    responder.edits.add(entry.handle)
    return Reply()


def _edited(responder: Responder, handle: int) -> Entry:
    entry = responder.objects.get(handle)
    if handle not in responder.edits or entry is None or entry.node is None:
        raise Refused(Trouble.NOT_OPEN_FOR_EDIT)
    return entry


def send_partial_object(responder: Responder, request: Request) -> Reply:
    """Writes into an open file. Refused without reading the data: ANDROID.md, Writing and AVOID 1."""
    handle, low, high, length = request.parameters[:4]
    offset = high << 32 | low
    with responder.lock:
        entry = _edited(responder, handle)
        if offset > entry.size:
            raise Refused(Trouble.PAST_END)
    assert entry.node is not None
    content = request.conversation.content(length)
    received = write_pieces(responder, entry, entry.node, offset, content)
    with responder.lock:
        entry.store.set_modified(entry.node, responder.clock.now())
    told = received
    if responder.persona.forgets_first_piece:
        told = max(0, length - (FIRST_PIECE - HEADER_SIZE))
    return Reply(parameters=(told,), received=received)


def truncate_object(responder: Responder, request: Request) -> Reply:
    """Shortens or extends an open file."""
    handle, low, high = request.parameters[:3]
    entry = _edited(responder, handle)
    try:
        entry.store.truncate(entry.node, high << 32 | low)
        entry.store.set_modified(entry.node, responder.clock.now())
    except OSError as error:
        raise Refused(disk_trouble(error)) from error
    return Reply()


def end_edit_object(responder: Responder, request: Request) -> Reply:
    """Closes it."""
    entry = _edited(responder, request.parameter(0))
    responder.edits.discard(entry.handle)
    if entry.size:
        responder.tell(EventCode.OBJECT_INFO_CHANGED, entry.handle)
    return Reply()


OPERATIONS: Final[Mapping[int, Operation]] = {
    OperationCode.BEGIN_EDIT_OBJECT: Operation(begin_edit_object, 1, needs_storage=True),
    OperationCode.SEND_PARTIAL_OBJECT: Operation(
        send_partial_object, 4, needs_storage=True, moves_content=True
    ),
    OperationCode.TRUNCATE_OBJECT: Operation(truncate_object, 3, needs_storage=True),
    OperationCode.END_EDIT_OBJECT: Operation(end_edit_object, 1, needs_storage=True),
}
