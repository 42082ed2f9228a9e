"""A phone that does no more than it must: no property lists, no offsets beyond 32 bits."""

from __future__ import annotations

from typing import Final

from mtpbackup.transport.base import Speed, UsbIdentity
from mtpbackup.virtual.personas.persona import Persona
from mtpbackup.wire.codes import EventCode, ObjectFormat, ObjectProperty, OperationCode

BASIC: Final = Persona(
    name="basic",
    source="PHONES.md 2 and the lab's table of responders: no PropList, no 64-bit offsets, as QEMU's usb-mtp",
    usb=UsbIdentity(0x46F4, 0x0004, "Plain Phones", "Basic", "BASIC0001", speed=Speed.HIGH),
    manufacturer="Plain Phones",
    model="Basic",
    version="0.1",
    serial="BASIC0001",
    friendly_name="",
    extension="",
    operations=(
        *range(OperationCode.GET_DEVICE_INFO, OperationCode.GET_OBJECT + 1),
        OperationCode.DELETE_OBJECT,
        OperationCode.SEND_OBJECT_INFO,
        OperationCode.SEND_OBJECT,
        OperationCode.GET_PARTIAL_OBJECT,
        OperationCode.GET_OBJECT_PROPS_SUPPORTED,
        OperationCode.GET_OBJECT_PROP_DESC,
        OperationCode.GET_OBJECT_PROP_VALUE,
    ),
    events=(EventCode.OBJECT_ADDED, EventCode.OBJECT_REMOVED, EventCode.OBJECT_INFO_CHANGED),
    playback_formats=(ObjectFormat.UNDEFINED, ObjectFormat.ASSOCIATION),
    file_properties=(
        ObjectProperty.STORAGE_ID,
        ObjectProperty.OBJECT_FORMAT,
        ObjectProperty.OBJECT_SIZE,
        ObjectProperty.OBJECT_FILE_NAME,
        ObjectProperty.PERSISTENT_UNIQUE_OBJECT_IDENTIFIER,
        ObjectProperty.PARENT_OBJECT,
        ObjectProperty.NAME,
    ),
)
