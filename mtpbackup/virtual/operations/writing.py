"""Content from the initiator: an object announced, then sent."""

from __future__ import annotations

import errno
import itertools
import logging
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Final

from mtpbackup.errors import WireError
from mtpbackup.virtual.objects import Entry, Mounted
from mtpbackup.virtual.operations.operation import Operation
from mtpbackup.virtual.personas import Trouble
from mtpbackup.virtual.replies import Announced, Died, Refused, Reply, Request, Stalled
from mtpbackup.virtual.store import Node
from mtpbackup.wire import SIZE_UNKNOWN, EventCode, ObjectFormat, ObjectInfo, OperationCode

if TYPE_CHECKING:
    from mtpbackup.virtual.responder import Responder

_log = logging.getLogger(__name__)

#: How far the handle that is told lies from the true one.
_RIGHT, _WRONG = 0, 0x1000


def disk_trouble(error: OSError) -> Trouble:
    """What a failure of the disk is to the initiator."""
    return Trouble.NO_ROOM if error.errno == errno.ENOSPC else Trouble.DISK_FAILED


def refuse_taken(folder: Entry, name: str, but: Node | None = None) -> None:
    """Refuses a name that stands in a folder already, phantoms included: exactly, letter by letter.

    A name that differs in case only passes, also where the file system will take it for the same (ANDROID.md,
    Writing).

    Raises:
        Refused: it is taken.
    """
    node = folder.store.child(folder.node, name)
    if (node is not None and node is not but and node.name == name) or any(
        phantom.name == name for phantom in folder.phantoms
    ):
        raise Refused(Trouble.NAME_TAKEN)


def _destination(responder: Responder, storage_id: int, parent: int) -> tuple[Mounted, Entry]:
    persona = responder.persona
    if storage_id == 0:
        mounted = next(iter(responder.objects.mounted.values()))
    else:
        mounted = responder.storage(storage_id)
    if parent not in persona.send_top:
        return mounted, responder.folder(parent)
    if storage_id == 0 and persona.storage_zero_is_first:
        # Taken for the first storage at first, and for none at last (ANDROID.md, Writing).
        raise Refused(Trouble.DISK_FAILED)
    return mounted, mounted.top


def send_object_info(responder: Responder, request: Request) -> Reply:
    """MTP 1.1, D.2.12. Folders are made by it alone."""
    storage_id, parent = request.parameters[:2]
    mounted, folder = _destination(responder, storage_id, parent)
    store = mounted.store
    try:
        info = ObjectInfo.decode(request.dataset)
    except WireError as error:
        raise Refused(Trouble.BAD_DATASET) from error
    name, size = info.filename, info.object_compressed_size
    is_folder = info.object_format == ObjectFormat.ASSOCIATION
    if responder.persona.ascii_names_only and not name.isascii():
        raise Died(f"the name {name!r}")
    if name in {"", ".", ".."} or "/" in name:
        raise Refused(Trouble.NAME_REFUSED)
    if folder.parent is None and not responder.persona.root_writes:
        raise Refused(Trouble.TOP_REFUSED)
    if store.read_only:
        raise Refused(Trouble.READ_ONLY)
    if size > store.free:
        raise Refused(Trouble.NO_ROOM)
    if store.file_limit is not None and (size > store.file_limit or size == SIZE_UNKNOWN):
        raise Refused(Trouble.TOO_LARGE)
    told = _RIGHT
    if folder.children is None:
        told = _WRONG if responder.persona.guesses_handles else _RIGHT
        responder.children(folder)
    refuse_taken(folder, name)
    entry = responder.objects.enter(folder, None, (name, is_folder))
    if responder.persona.leaves_phantoms:
        responder.objects.attach(entry)
    if is_folder:
        _make_folder(responder, entry)
    else:
        responder.announced = Announced(entry, size, responder.clock.moment(info.date_modified))
    return Reply(parameters=(storage_id, folder.handle, entry.handle + told))


def _make_folder(responder: Responder, entry: Entry) -> None:
    assert entry.parent is not None
    try:
        node = entry.store.make_folder(entry.parent.node, entry.name)
        entry.store.set_modified(node, responder.clock.now())
    except OSError as error:
        raise Refused(disk_trouble(error)) from error
    responder.objects.fulfil(entry, node)


def send_object(responder: Responder, request: Request) -> Reply:
    """MTP 1.1, D.2.13. The size announced rules, not the container's length (ANDROID.md, Writing)."""
    announced, responder.announced = responder.announced, None
    if announced is None:
        raise Refused(Trouble.NO_OBJECT_INFO)
    entry = announced.entry
    node: Node | None = None
    try:
        content = request.conversation.content(announced.size)
        # Android opens the file only when the first piece is there: what follows a refusal then kills it.
        first = next(content, b"")
        node = _create(responder, entry)
        received = write_pieces(responder, entry, node, 0, itertools.chain((first,), content))
    except BaseException:
        _take_back(responder, entry, node)
        raise
    with responder.lock:
        moment = responder.clock.now() if announced.modified is None else announced.modified
        entry.store.set_modified(node, moment)
        responder.objects.fulfil(entry, node)
        if received:
            responder.tell(EventCode.OBJECT_INFO_CHANGED, entry.handle)
    return Reply(received=received, elements=1)


def _create(responder: Responder, entry: Entry) -> Node:
    assert entry.parent is not None
    try:
        with responder.lock:
            node: Node = entry.store.create(entry.parent.node, entry.name)
            return node
    except OSError as error:
        raise Refused(Trouble.DISK_FAILED) from error


def _take_back(responder: Responder, entry: Entry, node: Node | None) -> None:
    """Removes a file that did not come whole, and its handle."""
    with responder.lock:
        try:
            if node is not None:
                entry.store.delete(node)
        except OSError as error:
            _log.debug("a partial file stays: %s", error)
        responder.objects.drop(entry)


def write_pieces(responder: Responder, entry: Entry, node: Node, offset: int, pieces: Iterable[bytes]) -> int:
    """Writes pieces into a file as they come.

    Returns:
        Bytes written.

    Raises:
        Stalled: the disk failed, on a phone that halts its endpoints then (ANDROID.md, Writing).
        Refused: the disk failed, on another.
    """
    size = 0
    for piece in pieces:
        if piece:
            try:
                with responder.lock:
                    entry.store.write(node, offset + size, piece)
            except OSError as error:
                if responder.persona.stalls_when_disk_fails:
                    raise Stalled from error
                raise Refused(disk_trouble(error)) from error
        size += len(piece)
    return size


OPERATIONS: Final[Mapping[int, Operation]] = {
    OperationCode.SEND_OBJECT_INFO: Operation(send_object_info, 2, needs_storage=True, takes_dataset=True),
    OperationCode.SEND_OBJECT: Operation(send_object, needs_storage=True, moves_content=True),
}
