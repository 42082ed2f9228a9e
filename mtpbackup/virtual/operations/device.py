"""The phone as a whole: DeviceInfo, sessions, device properties."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from mtpbackup.errors import WireError
from mtpbackup.virtual.operations.operation import Operation
from mtpbackup.virtual.personas import Trouble
from mtpbackup.virtual.replies import Payload, Refused, Reply, Request
from mtpbackup.wire import (
    DeviceInfo,
    DeviceProperty,
    EventCode,
    ObjectFormat,
    OperationCode,
    ResponseCode,
    decode_value,
    encode_value,
)

if TYPE_CHECKING:
    from mtpbackup.virtual.responder import Responder


def get_device_info(responder: Responder, request: Request) -> Reply:
    """MTP 1.1, D.2.1."""
    persona = responder.persona
    info = DeviceInfo(
        standard_version=persona.standard_version,
        vendor_extension_id=persona.extension_id,
        vendor_extension_version=persona.extension_version,
        vendor_extension_desc=persona.extension,
        operations_supported=tuple(map(OperationCode, persona.operations)),
        events_supported=tuple(map(EventCode, persona.events)),
        device_properties_supported=tuple(map(DeviceProperty, persona.device_properties)),
        playback_formats=tuple(map(ObjectFormat, persona.playback_formats)),
        manufacturer=persona.manufacturer,
        model=persona.model,
        device_version=persona.version,
        serial_number=persona.serial,
    )
    return Reply(payload=Payload.of(info.encode()))


def open_session(responder: Responder, request: Request) -> Reply:
    """MTP 1.1, D.2.2. An open session goes on; ids are never checked (ANDROID.md, Device)."""
    if responder.session is not None:
        return Reply(ResponseCode.SESSION_ALREADY_OPEN, (responder.session,))
    responder.session = request.parameter(0)
    return Reply()


def close_session(responder: Responder, request: Request) -> Reply:
    """MTP 1.1, D.2.3. Handles and open edits stay (ANDROID.md, Device)."""
    if responder.session is None:
        raise Refused(Trouble.SESSION_NOT_OPEN)
    responder.session = None
    return Reply()


def _property(responder: Responder, request: Request) -> int:
    code = request.parameter(0)
    if not responder.state.knows(code):
        raise Refused(Trouble.DEVICE_PROPERTY_UNKNOWN)
    return code


def get_device_prop_desc(responder: Responder, request: Request) -> Reply:
    """MTP 1.1, D.2.18."""
    return Reply(payload=Payload.of(responder.state.description(_property(responder, request)).encode()))


def get_device_prop_value(responder: Responder, request: Request) -> Reply:
    """MTP 1.1, D.2.19."""
    code = _property(responder, request)
    state = responder.state
    return Reply(payload=Payload.of(encode_value(state.data_type(code), state.value(code))))


def set_device_prop_value(responder: Responder, request: Request) -> Reply:
    """MTP 1.1, D.2.20."""
    code = _property(responder, request)
    state = responder.state
    if not state.writable(code):
        raise Refused(Trouble.DEVICE_PROPERTY_READ_ONLY)
    try:
        state.values[code] = decode_value(state.data_type(code), request.dataset)
    except WireError as error:
        raise Refused(Trouble.BAD_DATASET) from error
    return Reply()


def reset_device_prop_value(responder: Responder, request: Request) -> Reply:
    """MTP 1.1, D.2.21. Android answers FFFF (ANDROID.md, Changing)."""
    code = _property(responder, request)
    if responder.persona.reset_property_response is not None:
        return Reply(responder.persona.reset_property_response)
    responder.state.values.pop(code, None)
    return Reply()


OPERATIONS: Final[Mapping[int, Operation]] = {
    OperationCode.GET_DEVICE_INFO: Operation(get_device_info),
    OperationCode.OPEN_SESSION: Operation(open_session, 1),
    OperationCode.CLOSE_SESSION: Operation(close_session),
    OperationCode.RESET_DEVICE: Operation(close_session),
    OperationCode.GET_DEVICE_PROP_DESC: Operation(get_device_prop_desc, 1),
    OperationCode.GET_DEVICE_PROP_VALUE: Operation(get_device_prop_value, 1),
    OperationCode.SET_DEVICE_PROP_VALUE: Operation(set_device_prop_value, 1, takes_dataset=True),
    OperationCode.RESET_DEVICE_PROP_VALUE: Operation(reset_device_prop_value, 1),
}
