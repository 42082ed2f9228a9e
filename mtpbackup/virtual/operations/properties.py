"""Object properties: which there are, one of one object, and lists of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from mtpbackup.virtual.object_properties import (
    KINDS,
    knows,
    properties_of,
    property_list,
    write_value,
)
from mtpbackup.virtual.objects import Entry
from mtpbackup.virtual.operations.operation import Operation
from mtpbackup.virtual.personas import ALL, AllObjects, Persona, Trouble
from mtpbackup.virtual.replies import Payload, Refused, Reply, Request, Silent
from mtpbackup.wire import (
    U16,
    Array,
    DataType,
    FormFlag,
    GetSet,
    ObjectPropDesc,
    ObjectProperty,
    OperationCode,
    encode_array,
)

if TYPE_CHECKING:
    from mtpbackup.virtual.responder import Responder

#: Properties whose values are dates.
_DATES = (ObjectProperty.DATE_MODIFIED, ObjectProperty.DATE_ADDED)


def get_object_props_supported(responder: Responder, request: Request) -> Reply:
    """MTP 1.1, D.2.22."""
    codes = properties_of(responder.persona, request.parameter(0))
    return Reply(payload=Payload.of(Array(U16).encode(codes)))


def get_object_prop_desc(responder: Responder, request: Request) -> Reply:
    """MTP 1.1, D.2.23. All group codes are 0 (ANDROID.md, GetObjectPropList)."""
    code = request.parameter(0)
    if not knows(responder.persona, code):
        raise Refused(Trouble.PROPERTY_UNKNOWN)
    data_type = KINDS[code].data_type
    settable = code == ObjectProperty.OBJECT_FILE_NAME and responder.persona.handles(
        OperationCode.SET_OBJECT_PROP_VALUE
    )
    desc = ObjectPropDesc(
        property_code=ObjectProperty(code),
        data_type=data_type,
        get_set=GetSet.GET_SET if settable else GetSet.GET,
        default_value="" if data_type == DataType.STR else 0,
        form_flag=FormFlag.DATE_TIME if code in _DATES else FormFlag.NONE,
    )
    return Reply(payload=Payload.of(desc.encode()))


def get_object_prop_value(responder: Responder, request: Request) -> Reply:
    """MTP 1.1, D.2.24."""
    entry = responder.entry(request.parameter(0))
    code = request.parameter(1)
    if not knows(responder.persona, code):
        raise Refused(Trouble.PROPERTY_UNKNOWN)
    value = bytearray()
    write_value(responder.persona, code, entry, responder.clock, value)
    return Reply(payload=Payload.of(value), elements=1)


def _listed(responder: Responder, handle: int, depth: int) -> list[Entry]:
    """The objects of a property list: ANDROID.md, GetObjectPropList."""
    persona = responder.persona
    if handle == ALL and persona.prop_list_of_all is AllObjects.SILENCE:
        raise Silent
    if handle == ALL and persona.prop_list_of_all is AllObjects.REFUSED:
        raise Refused(Trouble.UNKNOWN_HANDLE)
    if handle == 0 and not persona.prop_list_of_top:
        raise Refused(Trouble.DISK_FAILED)
    tops = [mounted.top for mounted in responder.objects.mounted.values()]
    everything = (handle == ALL and depth == 0) or (handle in (0, ALL) and depth == ALL)
    if everything:
        return list(responder.descendants(tops))
    if depth not in (0, 1):
        raise Refused(Trouble.BY_DEPTH)
    if handle in (0, ALL):
        return [entry for top in tops for entry in responder.children(top)]
    entry = responder.entry(handle)
    if depth == 0:
        return [entry]
    if not entry.is_folder:
        raise Refused(Trouble.PARENT_IS_FILE)
    children = responder.children(entry)
    if persona.prop_list_misses:
        children = [each for number, each in enumerate(children, 1) if number % persona.prop_list_misses]
    return [*children, entry]


def _wanted(
    persona: Persona, entries: list[Entry], code: int, object_format: int, handle: int
) -> list[tuple[Entry, tuple[int, ...]]]:
    """Which properties of which objects."""
    if code != ALL:
        return [(entry, (code,)) for entry in entries]
    if not persona.mixed_property_set:
        return [(entry, properties_of(persona, entry.format)) for entry in entries]
    if object_format == 0 and handle not in (0, ALL) and entries:
        # The property set of the first object's format is used for all (ANDROID.md, GetObjectPropList).
        object_format = entries[0].format
    codes = properties_of(persona, object_format)
    return [(entry, codes) for entry in entries]


def get_object_prop_list(responder: Responder, request: Request) -> Reply:
    """MTP 1.1, D.2.26. Errors come with a data phase on Android (ANDROID.md, GetObjectPropList)."""
    handle, object_format, code, group, depth = request.parameters[:5]
    persona = responder.persona
    try:
        if code == 0:
            raise Refused(Trouble.BY_GROUP if group else Trouble.NO_PROPERTY_NAMED)
        entries = _listed(responder, handle, depth)
    except Refused as refused:
        if persona.prop_list_error_has_data:
            refused.payload = Payload.of(bytes(4))
        raise
    if object_format:
        entries = [entry for entry in entries if entry.format == object_format]
    data, count = property_list(
        persona, responder.clock, _wanted(persona, entries, code, object_format, handle)
    )
    return Reply(payload=Payload.of(data), elements=count)


def get_object_references(responder: Responder, request: Request) -> Reply:
    """MTP 1.1, D.2.27: answered with none, though not listed (ANDROID.md, Device)."""
    responder.entry(request.parameter(0))
    return Reply(payload=Payload.of(encode_array(())))


def set_object_references(responder: Responder, request: Request) -> Reply:
    """MTP 1.1, D.2.28: the data is taken, then refused (ANDROID.md, Device)."""
    raise Refused(Trouble.NOT_SUPPORTED)


OPERATIONS: Final[Mapping[int, Operation]] = {
    OperationCode.GET_OBJECT_PROPS_SUPPORTED: Operation(get_object_props_supported, 1),
    OperationCode.GET_OBJECT_PROP_DESC: Operation(get_object_prop_desc, 1),
    OperationCode.GET_OBJECT_PROP_VALUE: Operation(get_object_prop_value, 2, needs_storage=True),
    OperationCode.GET_OBJECT_PROP_LIST: Operation(get_object_prop_list, 5, needs_storage=True),
    OperationCode.GET_OBJECT_REFERENCES: Operation(get_object_references, 1, needs_storage=True),
    OperationCode.SET_OBJECT_REFERENCES: Operation(
        set_object_references, 1, needs_storage=True, takes_dataset=True
    ),
}
