"""Storages and what lies on them: ids, counts, handles, ObjectInfo."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from mtpbackup.virtual.object_properties import shown_name, size_told
from mtpbackup.virtual.objects import Entry, Mounted
from mtpbackup.virtual.operations.operation import Operation
from mtpbackup.virtual.personas import ALL, ParentZero, Trouble
from mtpbackup.virtual.replies import Payload, Refused, Reply, Request
from mtpbackup.virtual.thumbnails import HAS_THUMBNAIL
from mtpbackup.wire import (
    SIZE_UNKNOWN,
    AccessCapability,
    AssociationType,
    FilesystemType,
    ObjectFormat,
    ObjectInfo,
    OperationCode,
    StorageInfo,
    StorageType,
    encode_array,
)

if TYPE_CHECKING:
    from mtpbackup.virtual.responder import Responder


def get_storage_ids(responder: Responder, request: Request) -> Reply:
    """MTP 1.1, D.2.4. A locked phone has none, and says so without an error (ANDROID.md, Storages)."""
    return Reply(payload=Payload.of(encode_array(responder.objects.mounted)))


def get_storage_info(responder: Responder, request: Request) -> Reply:
    """MTP 1.1, D.2.5."""
    storage_id = request.parameter(0)
    if storage_id == 0 and responder.persona.storage_zero_is_first:
        mounted = next(iter(responder.objects.mounted.values()))
    else:
        mounted = responder.storage(storage_id)
    store = mounted.store
    info = StorageInfo(
        storage_type=StorageType.REMOVABLE_RAM if store.removable else StorageType.FIXED_RAM,
        filesystem_type=FilesystemType.GENERIC_HIERARCHICAL,
        access_capability=(
            AccessCapability.READ_ONLY_WITHOUT_OBJECT_DELETION
            if store.read_only
            else AccessCapability.READ_WRITE
        ),
        max_capacity=store.capacity,
        free_space_in_bytes=store.free,
        free_space_in_objects=responder.persona.objects_limit,
        storage_description=store.description,
    )
    return Reply(payload=Payload.of(info.encode()))


def _tops(responder: Responder, storage_id: int) -> list[Mounted]:
    """The storages of an id; none for id 0 where a phone lets that pass."""
    if storage_id == ALL and responder.persona.takes_all_storages:
        return list(responder.objects.mounted.values())
    if storage_id == 0 and responder.persona.storage_zero_is_first:
        return []
    return [responder.storage(storage_id)]


def _selected(responder: Responder, request: Request) -> list[Entry]:
    storage_id, object_format, parent = request.parameters[:3]
    tops = _tops(responder, storage_id)
    entries: list[Entry] = []
    if parent in (0, ALL):
        if not tops:
            raise Refused(Trouble.UNKNOWN_HANDLE)
        if parent == 0 and responder.persona.parent_zero is ParentZero.EVERYTHING:
            entries = list(responder.descendants(mounted.top for mounted in tops))
        else:
            for mounted in tops:
                entries.extend(responder.children(mounted.top))
    else:
        folder = responder.entry(parent)
        if not folder.is_folder:
            raise Refused(Trouble.PARENT_IS_FILE)
        entries = responder.children(folder)
    if object_format:
        entries = [entry for entry in entries if entry.format == object_format]
    return entries


def get_num_objects(responder: Responder, request: Request) -> Reply:
    """MTP 1.1, D.2.6."""
    count = len(_selected(responder, request))
    return Reply(parameters=(count,), elements=count)


def get_object_handles(responder: Responder, request: Request) -> Reply:
    """MTP 1.1, D.2.7."""
    entries = _selected(responder, request)
    return Reply(payload=Payload.of(encode_array([entry.handle for entry in entries])), elements=len(entries))


def get_object_info(responder: Responder, request: Request) -> Reply:
    """MTP 1.1, D.2.8."""
    entry = responder.entry(request.parameter(0))
    persona = responder.persona
    date = responder.clock.text(entry.modified)
    told_size = size_told(persona, entry)
    has_thumbnail = entry.format in HAS_THUMBNAIL
    size, width, height = persona.thumbnail_placeholder if has_thumbnail else (0, 0, 0)
    info = ObjectInfo(
        storage_id=entry.mounted.id,
        object_format=ObjectFormat(entry.format),
        object_compressed_size=told_size if persona.wide_object_info else min(told_size, SIZE_UNKNOWN),
        thumb_format=ObjectFormat.EXIF_JPEG if size else ObjectFormat(0),
        thumb_compressed_size=size,
        thumb_pix_width=width,
        thumb_pix_height=height,
        parent_object=entry.parent_handle,
        association_type=AssociationType(persona.folder_association if entry.is_folder else 0),
        filename=shown_name(entry.name),
        date_created=date,
        date_modified=date if persona.tells_modified else "",
    )
    return Reply(payload=Payload.of(info.encode(wide_size=persona.wide_object_info)), elements=1)


OPERATIONS: Final[Mapping[int, Operation]] = {
    OperationCode.GET_STORAGE_IDS: Operation(get_storage_ids),
    OperationCode.GET_STORAGE_INFO: Operation(get_storage_info, 1, needs_storage=True),
    OperationCode.GET_NUM_OBJECTS: Operation(get_num_objects, 3, needs_storage=True),
    OperationCode.GET_OBJECT_HANDLES: Operation(get_object_handles, 3, needs_storage=True),
    OperationCode.GET_OBJECT_INFO: Operation(get_object_info, 1, needs_storage=True),
}
