"""What speaks PTP and no MTP: cameras, and iPhones, which play one."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from mtpbackup.transport.base import Speed, UsbIdentity
from mtpbackup.virtual.personas.persona import ALL, Persona, StorageModel
from mtpbackup.wire.codes import DeviceProperty, EventCode, ObjectFormat, OperationCode

_READING: Final = tuple(range(OperationCode.GET_DEVICE_INFO, OperationCode.DELETE_OBJECT + 1))

CAMERA: Final = Persona(
    name="camera",
    source="PHONES.md 2: no PropList, ObjectInfo for each object, dates in camera time; gphoto/gphoto2 issue "
    "437 and gphoto/libgphoto2 issue 92 for what DeviceInfo of cameras says",
    usb=UsbIdentity(0x04A9, 0x32B4, "Canon Inc.", "Canon Digital Camera", "", speed=Speed.HIGH),
    manufacturer="Canon Inc.",
    model="Canon PowerShot G7 X Mark II",
    version="1-10.0.1.0",
    serial="ABAEF5B71140D804CB09C2A9F28C4844",
    friendly_name="",
    extension_id=0x0B,
    extension="",
    operations=(*_READING, OperationCode.GET_DEVICE_PROP_DESC, OperationCode.GET_DEVICE_PROP_VALUE),
    events=(EventCode.OBJECT_ADDED, EventCode.OBJECT_REMOVED, EventCode.STORE_ADDED, EventCode.STORE_REMOVED),
    device_properties=(DeviceProperty.BATTERY_LEVEL,),
    playback_formats=(
        ObjectFormat.ASSOCIATION,
        ObjectFormat.EXIF_JPEG,
        ObjectFormat.AVI,
        ObjectFormat.UNDEFINED,
    ),
    move_top=frozenset({0, ALL}),
    tells_modified=False,
    makes_thumbnails=True,
    interface_name="",
    storages=(StorageModel(description="SD", capacity=31_900_000_000, removable=True, fat=True),),
)

IPHONE: Final[Persona] = replace(
    CAMERA,
    name="iphone",
    source="PHONES.md 2: PTP, DCIM only, storage appears after Trust and unlock, Live Photos are HEIC + MOV, "
    ".AAE sidecars",
    usb=UsbIdentity(0x05AC, 0x12A8, "Apple Inc.", "iPhone", "00008030001A2B3C4D5E", speed=Speed.HIGH),
    manufacturer="Apple Inc.",
    model="iPhone",
    version="17.5.1",
    serial="00008030001A2B3C4D5E",
    extension_id=0,
    operations=(*CAMERA.operations, OperationCode.GET_PARTIAL_OBJECT),
    playback_formats=(
        ObjectFormat.ASSOCIATION,
        ObjectFormat.EXIF_JPEG,
        ObjectFormat.PNG,
        ObjectFormat.UNDEFINED,
    ),
    tells_modified=True,
    interface_name="PTP",
    storages=(StorageModel(description="Internal Storage", capacity=128_000_000_000, read_only=True),),
)
