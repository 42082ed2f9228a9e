"""One function for each operation: arguments in, datasets out.

Names are the specification's (MTP 1.1, appendix D). Each may raise what `Session.run` raises:
`OperationUnsupported`, `OperationFailed`, `EndpointStalled`, `WireError`, `TransportError`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from mtpbackup.errors import RemoteProtocolError
from mtpbackup.session.incoming import Incoming
from mtpbackup.session.outgoing import Outgoing
from mtpbackup.session.session import Session
from mtpbackup.wire import (
    DataType,
    DeviceInfo,
    DevicePropDesc,
    ObjectInfo,
    ObjectProperty,
    PropertyElement,
    StorageInfo,
    Value,
    decode_array,
    decode_property_list,
    decode_value,
)
from mtpbackup.wire import OperationCode as Op
from mtpbackup.wire.codec import U16, Array

#: As a parent: the top of a storage. As a storage: all of them, which Debian's umtp-responder answers by never
#: answering again, so list per storage. As an object: all of them.
EVERYTHING: Final = 0xFFFFFFFF
#: The most objects of one folder that are taken: more than any phone has altogether, and still little memory.
MOST_OBJECTS: Final = 1_000_000
#: The most storages that are taken: phones have two or three, and each is asked to describe itself.
MOST_STORAGES: Final = 1000
#: As a parent: the top of a storage.
TOP: Final = 0xFFFFFFFF

_LOW = 0xFFFFFFFF


def _data(session: Session, operation: Op, *parameters: int) -> bytearray:
    """Runs an operation that is nothing without its data."""
    data = session.run(operation, parameters).data
    if data is None:
        raise RemoteProtocolError(f"{operation.name} was answered OK without data")
    return data


def get_device_info(session: Session) -> DeviceInfo:
    """What the phone is and offers, asked anew; `Session.device_info` has it from the opening."""
    return DeviceInfo.decode(_data(session, Op.GET_DEVICE_INFO))


def get_storage_ids(session: Session) -> tuple[int, ...]:
    """Ids of the storages; none while the phone is locked (ANDROID.md, Storages).

    Raises:
        RemoteProtocolError: more than `MOST_STORAGES`. Besides, as `Session.run`.
    """
    data = _data(session, Op.GET_STORAGE_IDS)
    if len(data) > 4 * (MOST_STORAGES + 1):
        raise RemoteProtocolError(f"{len(data) // 4 - 1} storages")
    return decode_array(data)


def get_storage_info(session: Session, storage: int) -> StorageInfo:
    """A storage's size, kind and description."""
    return StorageInfo.decode(_data(session, Op.GET_STORAGE_INFO, storage))


def get_num_objects(session: Session, storage: int, object_format: int = 0, parent: int = TOP) -> int:
    """How many objects a folder holds. Android has always three parameters or answers 201D."""
    parameters = session.run(Op.GET_NUM_OBJECTS, (storage, object_format, parent)).parameters
    if not parameters:
        raise RemoteProtocolError("GET_NUM_OBJECTS was answered OK without a number")
    return parameters[0]


def get_object_handles(
    session: Session, storage: int, object_format: int = 0, parent: int = TOP
) -> tuple[int, ...]:
    """Handles of the objects in a folder, in no order.

    Args:
        session: the session.
        storage: a storage's id.
        object_format: only this format; 0 for all.
        parent: a folder's handle, or `TOP`. Never 0: on Android that means everything, recursively.

    Raises:
        RemoteProtocolError: more than `MOST_OBJECTS`. Besides, as `Session.run`.
    """
    data = _data(session, Op.GET_OBJECT_HANDLES, storage, object_format, parent)
    if len(data) > 4 * (MOST_OBJECTS + 1):
        raise RemoteProtocolError(f"{len(data) // 4 - 1} objects in one folder")
    return decode_array(data)


def get_object_info(session: Session, handle: int) -> ObjectInfo:
    """An object's name, size, format and dates."""
    return ObjectInfo.decode_as_sent(_data(session, Op.GET_OBJECT_INFO, handle))


def get_object(session: Session, handle: int, *, expected: int | None = None) -> Incoming:
    """An object's whole content.

    Args:
        session: the session.
        handle: the object.
        expected: its size as listed.
    """
    return session.stream(Op.GET_OBJECT, (handle,), expected=expected)


def get_partial_object(session: Session, handle: int, offset: int, length: int) -> Incoming:
    """A part of an object's content, beginning in its first 4 GiB."""
    return session.stream(Op.GET_PARTIAL_OBJECT, (handle, offset, length), expected=length)


def get_partial_object_64(session: Session, handle: int, offset: int, length: int) -> Incoming:
    """A part of an object's content. Android's own operation; never ask past the end (ANDROID.md, Reading)."""
    parameters = (handle, offset & _LOW, offset >> 32, length)
    return session.stream(Op.GET_PARTIAL_OBJECT_64, parameters, expected=length)


def get_thumb(session: Session, handle: int) -> Incoming:
    """An object's small picture, a JPEG on Android; 2002 where there is none."""
    return session.stream(Op.GET_THUMB, (handle,))


def get_object_props_supported(session: Session, object_format: int) -> tuple[int, ...]:
    """Codes of the properties that objects of a format have."""
    return Array(U16).decode(_data(session, Op.GET_OBJECT_PROPS_SUPPORTED, object_format))


def get_object_prop_value(session: Session, handle: int, code: ObjectProperty, data_type: DataType) -> Value:
    """One property of one object.

    Args:
        session: the session.
        handle: the object. Android answers 2002, not 2009, to an unknown one.
        code: which property.
        data_type: of its value, which the answer does not tell.
    """
    return decode_value(data_type, _data(session, Op.GET_OBJECT_PROP_VALUE, handle, code))


def get_object_prop_list(
    session: Session, handle: int, code: int, *, object_format: int = 0, depth: int = 0
) -> Iterator[PropertyElement]:
    """Properties of several objects at once.

    Args:
        session: the session.
        handle: an object; 0 for the top of all storages.
        code: which property. All of them (`EVERYTHING`) is slow on Android and gives an uneven answer.
        object_format: only this format; 0 for all.
        depth: 0 for the object itself, 1 for what lies in it (and, on Android, the folder itself at the end).
    """
    return decode_property_list(_data(session, Op.GET_OBJECT_PROP_LIST, handle, object_format, code, 0, depth))


def get_device_prop_desc(session: Session, code: int) -> DevicePropDesc:
    """A property of the phone: its type, its value, and what values it may have."""
    return DevicePropDesc.decode(_data(session, Op.GET_DEVICE_PROP_DESC, code))


def get_device_prop_value(session: Session, code: int, data_type: DataType) -> Value:
    """The value of a property of the phone.

    Args:
        session: the session.
        code: which property.
        data_type: of its value, which the answer does not tell.
    """
    return decode_value(data_type, _data(session, Op.GET_DEVICE_PROP_VALUE, code))


# --- changing what is on the phone ------------------------------------------------------------------------


def send_object_info(session: Session, storage: int, parent: int, info: ObjectInfo) -> int:
    """Announces a file, or makes a folder.

    A file's content has to follow at once: on Android any other operation in between leaves an object without
    content, whose name is refused from then on and which nothing removes (ANDROID.md, Handles and listing).

    Args:
        session: the session.
        storage: a real storage's id.
        parent: a folder's handle, or `TOP`; never 0, which Android refuses.
        info: what it is to be.

    Returns:
        The new object's handle.

    Raises:
        RemoteProtocolError: the phone said OK and no handle. The object is announced all the same.
    """
    parameters = session.run(Op.SEND_OBJECT_INFO, (storage, parent), data_out=info.encode()).parameters
    if len(parameters) < 3:
        raise RemoteProtocolError("SEND_OBJECT_INFO was answered OK without a handle")
    return parameters[2]


def send_object(session: Session, content: Outgoing) -> None:
    """The content of the file announced just before. A busy phone is not asked again: it has forgotten it."""
    session.run(Op.SEND_OBJECT, data_out=content)


def delete_object(session: Session, handle: int) -> None:
    """Deletes one object; a folder with all that is in it.

    The format, which may be left out, is sent as 0, "any": QEMU's usb-mtp looks at it all the same and refuses.
    """
    session.run(Op.DELETE_OBJECT, (handle, 0))


def begin_edit_object(session: Session, handle: int) -> None:
    """Opens a file for changes in place. Android's own operation, as are the next three."""
    session.run(Op.BEGIN_EDIT_OBJECT, (handle,))


def truncate_object(session: Session, handle: int, size: int) -> None:
    """Shortens or extends a file that is open."""
    session.run(Op.TRUNCATE_OBJECT, (handle, size & _LOW, size >> 32))


def send_partial_object(session: Session, handle: int, offset: int, content: Outgoing) -> None:
    """Writes into a file that is open.

    Never into one that is not, and never beyond its end: Android answers that without reading the data, takes
    the data for a command, and its server ends (ANDROID.md, Writing). What its response says of the bytes that
    came is wrong, and not looked at.
    """
    parameters = (handle, offset & _LOW, offset >> 32, content.size)
    session.run(Op.SEND_PARTIAL_OBJECT, parameters, data_out=content)


def end_edit_object(session: Session, handle: int) -> None:
    """Closes a file that is open."""
    session.run(Op.END_EDIT_OBJECT, (handle,))
