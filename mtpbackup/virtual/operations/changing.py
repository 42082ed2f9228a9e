"""Objects deleted, renamed, moved and copied."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from mtpbackup.errors import WireError
from mtpbackup.virtual.object_properties import knows
from mtpbackup.virtual.objects import AnyStore, Entry
from mtpbackup.virtual.operations.operation import Operation
from mtpbackup.virtual.operations.writing import disk_trouble, refuse_taken
from mtpbackup.virtual.personas import Trouble
from mtpbackup.virtual.replies import Refused, Reply, Request
from mtpbackup.virtual.store import Node
from mtpbackup.wire import STR, EventCode, ObjectProperty, OperationCode

if TYPE_CHECKING:
    from mtpbackup.virtual.responder import Responder

_log = logging.getLogger(__name__)

_PIECE = 256 * 1024


def set_object_prop_value(responder: Responder, request: Request) -> Reply:
    """MTP 1.1, D.2.25. Renames; nothing else can be set (ANDROID.md, Changing)."""
    entry = responder.entry(request.parameter(0))
    code = request.parameter(1)
    if not knows(responder.persona, code):
        raise Refused(Trouble.PROPERTY_UNKNOWN)
    if not request.dataset:
        raise Refused(Trouble.BAD_DATASET)
    if code != ObjectProperty.OBJECT_FILE_NAME:
        raise Refused(Trouble.PROPERTY_READ_ONLY)
    try:
        name = STR.decode(request.dataset)
    except WireError as error:
        raise Refused(Trouble.PROPERTY_VALUE) from error
    _rename(responder, entry, name)
    return Reply()


def _rename(responder: Responder, entry: Entry, name: str) -> None:
    if responder.persona.rename_checks and (name in {"", ".", ".."} or "/" in name):
        raise Refused(Trouble.NAME_REFUSED)
    if entry.parent is None or entry.node is None:
        raise Refused(Trouble.DISK_FAILED)
    refuse_taken(entry.parent, name, entry.node)
    try:
        entry.store.rename(entry.node, name)
    except OSError as error:
        raise Refused(Trouble.DISK_FAILED) from error
    if "/" in name:
        # It may have left its folder; the server finds it again as another object (ANDROID.md, Changing).
        responder.objects.drop(entry)
        responder.look_again()


def delete_object(responder: Responder, request: Request) -> Reply:
    """MTP 1.1, D.2.11. A folder goes with all that is in it; the format is ignored (ANDROID.md, Changing)."""
    entry = responder.entry(request.parameter(0))
    if entry.store.read_only:
        raise Refused(Trouble.READ_ONLY)
    doomed = [entry, *(responder.descendants([entry]) if entry.is_folder else ())]
    failed = False
    for each in reversed(doomed):
        try:
            if each.node is not None:
                each.store.delete(each.node)
        except OSError as error:
            _log.debug("%r stays: %s", each.name, error)
            failed = True
        else:
            responder.objects.drop(each)
    if failed:
        raise Refused(Trouble.PARTLY_DELETED)
    return Reply(elements=len(doomed))


def _target(responder: Responder, request: Request) -> tuple[Entry, Entry]:
    """What is to be moved or copied, and the folder that it goes to."""
    handle, storage_id, parent = request.parameters[:3]
    entry = responder.entry(handle)
    mounted = responder.storage(storage_id)
    folder = mounted.top if parent in responder.persona.move_top else responder.folder(parent)
    if folder.store.read_only:
        raise Refused(Trouble.READ_ONLY)
    above: Entry | None = folder
    while above is not None and above is not entry:
        above = above.parent
    if above is entry or entry.node is None:
        raise Refused(Trouble.DISK_FAILED)
    return entry, folder


def move_object(responder: Responder, request: Request) -> Reply:
    """MTP 1.1, D.2.15. Handles are kept, across storages too."""
    entry, folder = _target(responder, request)
    if folder.children is None:
        responder.children(folder)
    refuse_taken(folder, entry.name)
    assert entry.node is not None
    assert folder.node is not None
    source = entry.store
    try:
        if source is folder.store:
            source.move(entry.node, folder.node)
            replaced: dict[Node, Node] = {}
        else:
            replaced = _copy(source, entry.node, folder.store, folder.node)
    except OSError as error:
        raise Refused(disk_trouble(error)) from error
    old = entry.node
    responder.objects.transplant(entry, folder, replaced)
    if replaced:
        _delete_tree(source, old)
    return Reply(elements=1)


def copy_object(responder: Responder, request: Request) -> Reply:
    """MTP 1.1, D.2.16. What Android makes of it: ANDROID.md, Changing."""
    entry, folder = _target(responder, request)
    assert entry.node is not None
    assert folder.node is not None
    there = folder.store.child(folder.node, entry.name)
    if there is not None and not responder.persona.copy_overwrites:
        raise Refused(Trouble.NAME_TAKEN)
    try:
        copies = _copy(entry.store, entry.node, folder.store, folder.node)
    except OSError as error:
        raise Refused(disk_trouble(error)) from error
    if there is not None:
        return Reply(parameters=(0xFFFF,))
    if folder.children is None:
        responder.children(folder)
    copy = copies[entry.node]
    new = responder.objects.known(copy)
    if new is None:
        new = responder.objects.enter(folder, copy)
        responder.objects.attach(new)
    if new.size:
        responder.tell(EventCode.OBJECT_INFO_CHANGED, new.handle)
    handle = new.handle & 0xFFFF if responder.persona.ids_of_16_bits_from_copy else new.handle
    return Reply(parameters=(handle,), elements=1)


def _copy(source: AnyStore, node: Node, target: AnyStore, folder: Node) -> dict[Node, Node]:
    """Copies a file, or a folder with all that is in it; an existing file is written into, not emptied first.

    Returns:
        For each node its copy.

    Raises:
        OSError: the disk would not.
    """
    copies: dict[Node, Node] = {}
    waiting = [(node, folder)]
    while waiting:
        old, above = waiting.pop()
        there = target.child(above, old.name)
        if old.is_folder:
            new = there if there is not None else target.make_folder(above, old.name)
            waiting.extend((child, new) for child in source.children(old))
        else:
            new = there if there is not None else target.create(above, old.name)
            _copy_content(source, old, target, new)
        target.set_modified(new, old.modified)
        copies[old] = new
    return copies


def _copy_content(source: AnyStore, old: Node, target: AnyStore, new: Node) -> None:
    reader = source.open(old)
    try:
        offset = 0
        while offset < reader.size:
            data = reader.read(offset, _PIECE)
            if not len(data):
                return
            target.write(new, offset, data)
            offset += len(data)
    finally:
        reader.close()


def _delete_tree(store: AnyStore, node: Node) -> None:
    doomed = [node]
    for each in doomed:
        if each.is_folder:
            doomed.extend(store.children(each))
    for each in reversed(doomed):
        try:
            store.delete(each)
        except OSError as error:
            _log.debug("%r stays where it was moved from: %s", each.name, error)


OPERATIONS: Final[Mapping[int, Operation]] = {
    OperationCode.SET_OBJECT_PROP_VALUE: Operation(
        set_object_prop_value, 2, needs_storage=True, takes_dataset=True
    ),
    OperationCode.DELETE_OBJECT: Operation(delete_object, 1, needs_storage=True),
    OperationCode.MOVE_OBJECT: Operation(move_object, 3, needs_storage=True),
    OperationCode.COPY_OBJECT: Operation(copy_object, 3, needs_storage=True),
}
