"""Android's own server, as on a Pixel."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from mtpbackup.transport.base import Speed, UsbIdentity
from mtpbackup.virtual.personas.persona import ALL, ParentZero, Persona, Trouble
from mtpbackup.wire.codes import (
    AssociationType,
    DeviceProperty,
    EventCode,
    ObjectFormat,
    ObjectProperty,
    OperationCode,
    ResponseCode,
)

_ANDROID_OPERATIONS: Final = (
    *range(OperationCode.GET_DEVICE_INFO, OperationCode.SEND_OBJECT + 1),
    OperationCode.RESET_DEVICE,
    *range(OperationCode.GET_DEVICE_PROP_DESC, OperationCode.RESET_DEVICE_PROP_VALUE + 1),
    OperationCode.MOVE_OBJECT,
    OperationCode.COPY_OBJECT,
    OperationCode.GET_PARTIAL_OBJECT,
    *range(OperationCode.GET_OBJECT_PROPS_SUPPORTED, OperationCode.GET_OBJECT_PROP_LIST + 1),
    *range(OperationCode.GET_PARTIAL_OBJECT_64, OperationCode.END_EDIT_OBJECT + 1),
)

_ANDROID_FILE_PROPERTIES: Final = (
    ObjectProperty.STORAGE_ID,
    ObjectProperty.OBJECT_FORMAT,
    ObjectProperty.PROTECTION_STATUS,
    ObjectProperty.OBJECT_SIZE,
    ObjectProperty.OBJECT_FILE_NAME,
    ObjectProperty.DATE_MODIFIED,
    ObjectProperty.PERSISTENT_UNIQUE_OBJECT_IDENTIFIER,
    ObjectProperty.PARENT_OBJECT,
    ObjectProperty.NAME,
    ObjectProperty.DISPLAY_NAME,
    ObjectProperty.DATE_ADDED,
)

_OP = OperationCode
_NONE = Trouble.NO_STORAGE
_HANDLE = ResponseCode.INVALID_OBJECT_HANDLE
_ERROR = ResponseCode.GENERAL_ERROR
_STORAGE = ResponseCode.INVALID_STORAGE_ID
_ANDROID_RESPONSES: Final[Mapping[Trouble | tuple[int, Trouble], int]] = MappingProxyType(
    {
        # ANDROID.md, Storages: what a locked phone answers.
        **dict.fromkeys(
            (
                (_OP.GET_OBJECT_INFO, _NONE),
                (_OP.GET_OBJECT, _NONE),
                (_OP.DELETE_OBJECT, _NONE),
                (_OP.GET_OBJECT_PROP_VALUE, _NONE),
                (_OP.SET_OBJECT_PROP_VALUE, _NONE),
                (_OP.GET_OBJECT_PROP_LIST, _NONE),
                (_OP.BEGIN_EDIT_OBJECT, _NONE),
                (_OP.GET_PARTIAL_OBJECT, _NONE),
                (_OP.GET_PARTIAL_OBJECT_64, _NONE),
                (_OP.GET_OBJECT_REFERENCES, _NONE),
                (_OP.SET_OBJECT_REFERENCES, _NONE),
            ),
            _HANDLE,
        ),
        **dict.fromkeys(
            (
                (_OP.GET_THUMB, _NONE),
                (_OP.SEND_OBJECT, _NONE),
                (_OP.MOVE_OBJECT, _NONE),
                (_OP.COPY_OBJECT, _NONE),
                (_OP.SEND_PARTIAL_OBJECT, _NONE),
                (_OP.TRUNCATE_OBJECT, _NONE),
                (_OP.END_EDIT_OBJECT, _NONE),
            ),
            _ERROR,
        ),
        **dict.fromkeys(
            (
                (_OP.GET_NUM_OBJECTS, _NONE),
                (_OP.GET_OBJECT_HANDLES, _NONE),
                (_OP.GET_STORAGE_INFO, _NONE),
                (_OP.SEND_OBJECT_INFO, _NONE),
            ),
            _STORAGE,
        ),
        # ANDROID.md, Reading, GetObjectPropList, Writing and Changing.
        Trouble.IS_FOLDER: _ERROR,
        Trouble.PAST_END: _ERROR,
        Trouble.NO_THUMBNAIL: _ERROR,
        Trouble.NAME_TAKEN: _ERROR,
        Trouble.WRONG_LENGTH: _ERROR,
        Trouble.READ_ONLY: _ERROR,
        Trouble.BAD_DATASET: ResponseCode.INVALID_PARAMETER,
        Trouble.UNKNOWN_PARENT: _HANDLE,
        (_OP.GET_OBJECT_PROP_VALUE, Trouble.UNKNOWN_HANDLE): _ERROR,
        (_OP.GET_THUMB, Trouble.UNKNOWN_HANDLE): _ERROR,
        (_OP.GET_NUM_OBJECTS, Trouble.PARENT_IS_FILE): _HANDLE,
        (_OP.GET_OBJECT_HANDLES, Trouble.PARENT_IS_FILE): _HANDLE,
        (_OP.GET_OBJECT_PROP_LIST, Trouble.PARENT_IS_FILE): _HANDLE,
        (_OP.GET_OBJECT_PROP_VALUE, Trouble.PROPERTY_UNKNOWN): ResponseCode.INVALID_OBJECT_PROP_FORMAT,
        (_OP.GET_OBJECT_PROP_DESC, Trouble.PROPERTY_UNKNOWN): ResponseCode.OBJECT_PROP_NOT_SUPPORTED,
        (_OP.SET_OBJECT_PROP_VALUE, Trouble.PROPERTY_UNKNOWN): ResponseCode.OBJECT_PROP_NOT_SUPPORTED,
        Trouble.PROPERTY_READ_ONLY: ResponseCode.OBJECT_PROP_NOT_SUPPORTED,
        Trouble.PROPERTY_VALUE: ResponseCode.INVALID_OBJECT_PROP_FORMAT,
        Trouble.DEVICE_PROPERTY_READ_ONLY: ResponseCode.DEVICE_PROP_NOT_SUPPORTED,
    }
)

PIXEL: Final = Persona(
    name="pixel",
    source="ANDROID.md: Android's own server, native part of Android 14, Java part of Android 11 to 13",
    usb=UsbIdentity(0x18D1, 0x4EE1, "Google", "Pixel 8", "39280DLJH000VP", speed=Speed.HIGH),
    manufacturer="Google",
    model="Pixel 8",
    version="1.0",
    serial="5f0c6c2d9ab84d3e",
    friendly_name="Pixel 8",
    extension="microsoft.com: 1.0; android.com: 1.0;",
    operations=_ANDROID_OPERATIONS,
    unlisted_operations=frozenset({_OP.GET_OBJECT_REFERENCES, _OP.SET_OBJECT_REFERENCES}),
    events=tuple(range(EventCode.OBJECT_ADDED, EventCode.OBJECT_INFO_CHANGED + 1)),
    device_properties=(
        DeviceProperty.SYNCHRONIZATION_PARTNER,
        DeviceProperty.DEVICE_FRIENDLY_NAME,
        DeviceProperty.IMAGE_SIZE,
        DeviceProperty.BATTERY_LEVEL,
        DeviceProperty.PERCEIVED_DEVICE_TYPE,
        DeviceProperty.SESSION_INITIATOR_VERSION_INFO,
    ),
    playback_formats=(
        ObjectFormat.UNDEFINED,
        ObjectFormat.ASSOCIATION,
        ObjectFormat.TEXT,
        ObjectFormat.HTML,
        ObjectFormat.WAV,
        ObjectFormat.MP3,
        ObjectFormat.MPEG,
        ObjectFormat.EXIF_JPEG,
        ObjectFormat.TIFF_EP,
        ObjectFormat.BMP,
        ObjectFormat.GIF,
        ObjectFormat.JFIF,
        ObjectFormat.PNG,
        ObjectFormat.TIFF,
        ObjectFormat.WMA,
        ObjectFormat.OGG,
        ObjectFormat.AAC,
        ObjectFormat.MP4_CONTAINER,
        ObjectFormat.MP2,
        ObjectFormat.THREE_GP_CONTAINER,
        ObjectFormat.ABSTRACT_AUDIO_VIDEO_PLAYLIST,
        ObjectFormat.WPL_PLAYLIST,
        ObjectFormat.M3U_PLAYLIST,
        ObjectFormat.PLS_PLAYLIST,
        ObjectFormat.XML_DOCUMENT,
        ObjectFormat.FLAC,
        ObjectFormat.DNG,
        ObjectFormat.HEIF,
    ),
    session_operations=frozenset(
        {
            _OP.CLOSE_SESSION,
            _OP.GET_STORAGE_IDS,
            _OP.GET_STORAGE_INFO,
            _OP.GET_NUM_OBJECTS,
            _OP.GET_OBJECT_HANDLES,
            _OP.GET_OBJECT_PROPS_SUPPORTED,
            _OP.GET_OBJECT_REFERENCES,
            _OP.SET_OBJECT_REFERENCES,
        }
    ),
    file_properties=_ANDROID_FILE_PROPERTIES,
    audio_properties=(
        ObjectProperty.ARTIST,
        ObjectProperty.ALBUM_NAME,
        ObjectProperty.ALBUM_ARTIST,
        ObjectProperty.TRACK,
        ObjectProperty.ORIGINAL_RELEASE_DATE,
        ObjectProperty.DURATION,
        ObjectProperty.GENRE,
        ObjectProperty.COMPOSER,
        ObjectProperty.AUDIO_WAVE_CODEC,
        ObjectProperty.BITRATE_TYPE,
        ObjectProperty.AUDIO_BITRATE,
        ObjectProperty.NUMBER_OF_CHANNELS,
        ObjectProperty.SAMPLE_RATE,
    ),
    video_properties=(
        ObjectProperty.ARTIST,
        ObjectProperty.ALBUM_NAME,
        ObjectProperty.DURATION,
        ObjectProperty.DESCRIPTION,
    ),
    image_properties=(ObjectProperty.DESCRIPTION,),
    responses=_ANDROID_RESPONSES,
    new_storage_ids=True,
    storage_zero_is_first=True,
    parent_zero=ParentZero.EVERYTHING,
    unsorted_handles=True,
    send_top=frozenset({ALL}),
    move_top=frozenset({0}),
    folder_association=AssociationType.UNDEFINED,
    objects_limit=1 << 30,
    prop_list_error_has_data=True,
    mixed_property_set=True,
    strict_transfers=True,
    copy_overwrites=True,
    ids_of_16_bits_from_copy=True,
    idle_cancel_breaks=True,
    status_needs=8,
    status_size=8,
    makes_thumbnails=True,
    thumbnail_placeholder=(204_800, 320, 240),
    rename_checks=False,
    reset_property_response=0xFFFF,
    leaves_on_reset=True,
    leaves_phantoms=True,
    forgets_first_piece=True,
    stalls_when_disk_fails=True,
)
