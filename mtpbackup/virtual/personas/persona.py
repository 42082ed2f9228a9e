"""What a persona is made of: troubles, response codes, and every way in which phones differ."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from mtpbackup.transport.base import UsbIdentity
from mtpbackup.wire.codes import AssociationType, OperationCode, ResponseCode

#: Handle or storage meaning "all", or the top of a storage. MTP 1.1, section 5.3 and appendix D.
ALL: Final = 0xFFFFFFFF


class Trouble(enum.Enum):
    """Why an operation is refused, before a phone gives it a response code."""

    SESSION_NOT_OPEN = enum.auto()
    NOT_SUPPORTED = enum.auto()
    TOO_FEW_PARAMETERS = enum.auto()
    #: The phone shows no storage at all: locked, or charging only.
    NO_STORAGE = enum.auto()
    UNKNOWN_STORAGE = enum.auto()
    UNKNOWN_HANDLE = enum.auto()
    UNKNOWN_PARENT = enum.auto()
    #: A file stands where a folder is needed.
    PARENT_IS_FILE = enum.auto()
    #: A folder stands where a file is needed.
    IS_FOLDER = enum.auto()
    #: Reading begins behind the end, or writing would leave a gap.
    PAST_END = enum.auto()
    NAME_TAKEN = enum.auto()
    NAME_REFUSED = enum.auto()
    #: Nothing may lie at the top of the storage.
    TOP_REFUSED = enum.auto()
    BAD_DATASET = enum.auto()
    NO_ROOM = enum.auto()
    TOO_LARGE = enum.auto()
    READ_ONLY = enum.auto()
    NO_OBJECT_INFO = enum.auto()
    #: More or fewer bytes than announced.
    WRONG_LENGTH = enum.auto()
    #: The disk would not do it.
    DISK_FAILED = enum.auto()
    PARTLY_DELETED = enum.auto()
    NO_THUMBNAIL = enum.auto()
    NOT_OPEN_FOR_EDIT = enum.auto()
    OPEN_FOR_EDIT = enum.auto()
    PROPERTY_UNKNOWN = enum.auto()
    PROPERTY_READ_ONLY = enum.auto()
    PROPERTY_VALUE = enum.auto()
    DEVICE_PROPERTY_UNKNOWN = enum.auto()
    DEVICE_PROPERTY_READ_ONLY = enum.auto()
    NO_PROPERTY_NAMED = enum.auto()
    BY_GROUP = enum.auto()
    BY_DEPTH = enum.auto()


class AllObjects(enum.Enum):
    """What becomes of a property list that is asked for all objects at once, by handle FFFFFFFF."""

    LISTED = enum.auto()
    REFUSED = enum.auto()
    #: No answer comes, ever.
    SILENCE = enum.auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class StorageModel:
    """A storage as a phone has it when it is new.

    Attributes:
        description: what the phone calls it.
        capacity: bytes.
        removable: True for a card.
        fat: True for a FAT file system: dates of two seconds, files below 4 GiB, names as FAT has them.
        read_only: True when the phone takes nothing from a computer.
    """

    description: str = "Internal shared storage"
    capacity: int = 128_000_000_000
    removable: bool = False
    fat: bool = False
    read_only: bool = False


class ParentZero(enum.Enum):
    """What a listing of parent 0 means: the specification says all objects, some phones give the top level."""

    EVERYTHING = enum.auto()
    TOP_LEVEL = enum.auto()


#: What the specification would have, where a persona says nothing else.
STANDARD_RESPONSES: Final[Mapping[Trouble, ResponseCode]] = MappingProxyType(
    {
        Trouble.SESSION_NOT_OPEN: ResponseCode.SESSION_NOT_OPEN,
        Trouble.NOT_SUPPORTED: ResponseCode.OPERATION_NOT_SUPPORTED,
        Trouble.TOO_FEW_PARAMETERS: ResponseCode.INVALID_PARAMETER,
        Trouble.NO_STORAGE: ResponseCode.STORE_NOT_AVAILABLE,
        Trouble.UNKNOWN_STORAGE: ResponseCode.INVALID_STORAGE_ID,
        Trouble.UNKNOWN_HANDLE: ResponseCode.INVALID_OBJECT_HANDLE,
        Trouble.UNKNOWN_PARENT: ResponseCode.INVALID_PARENT_OBJECT,
        Trouble.PARENT_IS_FILE: ResponseCode.INVALID_PARENT_OBJECT,
        Trouble.IS_FOLDER: ResponseCode.INVALID_OBJECT_HANDLE,
        Trouble.PAST_END: ResponseCode.INVALID_PARAMETER,
        Trouble.NAME_TAKEN: ResponseCode.ACCESS_DENIED,
        Trouble.NAME_REFUSED: ResponseCode.INVALID_PARAMETER,
        Trouble.TOP_REFUSED: ResponseCode.INVALID_PARAMETER,
        Trouble.BAD_DATASET: ResponseCode.INVALID_DATASET,
        Trouble.NO_ROOM: ResponseCode.STORE_FULL,
        Trouble.TOO_LARGE: ResponseCode.OBJECT_TOO_LARGE,
        Trouble.READ_ONLY: ResponseCode.STORE_READ_ONLY,
        Trouble.NO_OBJECT_INFO: ResponseCode.NO_VALID_OBJECT_INFO,
        Trouble.WRONG_LENGTH: ResponseCode.INCOMPLETE_TRANSFER,
        Trouble.DISK_FAILED: ResponseCode.GENERAL_ERROR,
        Trouble.PARTLY_DELETED: ResponseCode.PARTIAL_DELETION,
        Trouble.NO_THUMBNAIL: ResponseCode.NO_THUMBNAIL_PRESENT,
        Trouble.NOT_OPEN_FOR_EDIT: ResponseCode.GENERAL_ERROR,
        Trouble.OPEN_FOR_EDIT: ResponseCode.GENERAL_ERROR,
        Trouble.PROPERTY_UNKNOWN: ResponseCode.INVALID_OBJECT_PROP_CODE,
        Trouble.PROPERTY_READ_ONLY: ResponseCode.ACCESS_DENIED,
        Trouble.PROPERTY_VALUE: ResponseCode.INVALID_OBJECT_PROP_VALUE,
        Trouble.DEVICE_PROPERTY_UNKNOWN: ResponseCode.DEVICE_PROP_NOT_SUPPORTED,
        Trouble.DEVICE_PROPERTY_READ_ONLY: ResponseCode.ACCESS_DENIED,
        Trouble.NO_PROPERTY_NAMED: ResponseCode.PARAMETER_NOT_SUPPORTED,
        Trouble.BY_GROUP: ResponseCode.SPECIFICATION_BY_GROUP_UNSUPPORTED,
        Trouble.BY_DEPTH: ResponseCode.SPECIFICATION_BY_DEPTH_UNSUPPORTED,
    }
)


@dataclass(frozen=True, kw_only=True)
class Persona:
    """One kind of phone.

    Attributes:
        name: how it is asked for.
        source: where the facts are from.
        usb: what USB says of it.
        manufacturer, model, version, serial: as in DeviceInfo.
        friendly_name: the initial device property D402.
        extension_id, extension, extension_version, standard_version: as in DeviceInfo.
        operations: those listed.
        unlisted_operations: those answered though not listed.
        events, device_properties, playback_formats: as listed.
        session_operations: those that need an open session; None for all but those of the specification.
        file_properties, audio_properties, video_properties, image_properties: object properties known.
        responses: a code for a trouble with one operation (key: both) or any (key: the trouble alone).
        new_storage_ids: True when a storage that comes back gets a new id.
        takes_all_storages: False when listing by storage FFFFFFFF is refused.
        storage_zero_is_first: True when id 0 names the first storage in GetStorageInfo.
        parent_zero: what a listing of parent 0 gives.
        unsorted_handles: True when handles come in no order.
        send_top: parent handles that mean the top of a storage when sending.
        move_top: the same for moving and copying.
        folder_association: association type of folders.
        objects_limit: free objects in StorageInfo.
        prop_list_error_has_data: True when a refused GetObjectPropList sends an empty list before its response.
        mixed_property_set: True when "all properties" of a folder means those of the first object's format.
        strict_transfers: True when a command, a dataset or the first piece of content is whatever one transfer
            brings, whoever sent what in it, and the server ends when that cannot be a command.
        copy_overwrites: True when CopyObject onto an existing name writes into it and answers with handle FFFF.
        ids_of_16_bits_from_copy: True when CopyObject cuts the new handle.
        idle_cancel_breaks: True when a Cancel with nothing to cancel costs the next incoming data phase.
        status_needs: least wLength of GetDeviceStatus that the server survives.
        status_size: bytes of the status when all is well.
        makes_thumbnails: True when GetThumb makes a thumbnail where the picture has none.
        thumbnail_placeholder: size, width and height of thumbnails as ObjectInfo has them.
        rename_checks: False when a new name may hold "/" and "..".
        reset_property_response: what ResetDevicePropValue answers where it does nothing; None where it works.
        leaves_on_reset: True when a USB reset ends the server, and the phone comes back as a new device.
        leaves_phantoms: True when an object announced and never sent stays in the list.
        forgets_first_piece: True when SendPartialObject tells the bytes received without the first 16 KiB.
        stalls_when_disk_fails: True when a failing disk halts the endpoints while content comes in, instead
            of an answer.
        misjudges_ends: True when content ends with a transfer whose last packet is no multiple of 64 bytes and
            not under 12, and anything else ends the server.
        ascii_names_only: True when a new name with any other character ends the server.
        guesses_handles: True when the handle that a new object is announced with is wrong, where its folder was
            not listed before.
        storages: those of a phone that is made without others.
        interface_name: the string of its USB interface.
        wide_object_info: True when ObjectInfo has its size in 64 bits, and all that follows 4 bytes later.
        tells_modified: False when ObjectInfo has the date of creation only.
        hangs_on_full_packet: True when a partial read is never answered whose last packet would be a full one
            of 512 bytes, whether the header travels with the data or by itself.
        session_window: seconds after being plugged in within which the session must be opened; after that
            nothing is answered any more. 0 for no limit.
        busy_after, busy_burst: after so many answers the next so many commands are answered "busy"; 0 for
            never.
        root_writes: False when nothing may be sent to the top of a storage.
        prop_list_misses: every so many-th object is missing in the property list of a folder. 0 for none.
        prop_list_of_all: what becomes of a property list of all objects.
        prop_list_of_top: False when the property list of the top of all storages is refused.
        drops_session: the session is closed when so many requests come within so many seconds; None for never.
        answers_class_requests: False when they are never answered.
        ends_datasets: False when the zero-length packet after datasets and responses is left out.
        transcodes: True when videos are said to be twice as long as they are, and come converted when asked for
            whole.
    """

    name: str
    source: str
    usb: UsbIdentity
    manufacturer: str
    model: str
    version: str
    serial: str
    friendly_name: str
    operations: tuple[int, ...]

    extension_id: int = 6
    extension: str = "microsoft.com: 1.0;"
    extension_version: int = 100
    standard_version: int = 100
    unlisted_operations: frozenset[int] = frozenset()
    events: tuple[int, ...] = ()
    device_properties: tuple[int, ...] = ()
    playback_formats: tuple[int, ...] = ()

    session_operations: frozenset[int] | None = None
    file_properties: tuple[int, ...] = ()
    audio_properties: tuple[int, ...] = ()
    video_properties: tuple[int, ...] = ()
    image_properties: tuple[int, ...] = ()
    responses: Mapping[Trouble | tuple[int, Trouble], int] = field(default_factory=dict)

    new_storage_ids: bool = False
    takes_all_storages: bool = True
    storage_zero_is_first: bool = False
    parent_zero: ParentZero = ParentZero.TOP_LEVEL
    unsorted_handles: bool = False
    send_top: frozenset[int] = frozenset({0, ALL})
    move_top: frozenset[int] = frozenset({0, ALL})
    folder_association: int = AssociationType.GENERIC_FOLDER
    objects_limit: int = ALL
    prop_list_error_has_data: bool = False
    mixed_property_set: bool = False
    strict_transfers: bool = False
    copy_overwrites: bool = False
    ids_of_16_bits_from_copy: bool = False
    idle_cancel_breaks: bool = False
    status_needs: int = 0
    status_size: int = 4
    makes_thumbnails: bool = False
    thumbnail_placeholder: tuple[int, int, int] = (0, 0, 0)
    rename_checks: bool = True
    reset_property_response: int | None = None
    leaves_on_reset: bool = False
    leaves_phantoms: bool = False
    forgets_first_piece: bool = False
    stalls_when_disk_fails: bool = False
    misjudges_ends: bool = False
    ascii_names_only: bool = False
    guesses_handles: bool = False

    storages: tuple[StorageModel, ...] = (StorageModel(),)
    interface_name: str = "MTP"
    wide_object_info: bool = False
    tells_modified: bool = True
    hangs_on_full_packet: bool = False
    session_window: float = 0.0
    busy_after: int = 0
    busy_burst: int = 0
    root_writes: bool = True
    prop_list_misses: int = 0
    prop_list_of_all: AllObjects = AllObjects.LISTED
    prop_list_of_top: bool = True
    drops_session: tuple[int, float] | None = None
    answers_class_requests: bool = True
    ends_datasets: bool = True
    transcodes: bool = False

    def response(self, operation: int, trouble: Trouble) -> int:
        """The code that this phone answers a trouble with."""
        for key in ((operation, trouble), trouble):
            if key in self.responses:
                return self.responses[key]
        return STANDARD_RESPONSES[trouble]

    def handles(self, operation: int) -> bool:
        """Whether it answers an operation at all."""
        return operation in self.operations or operation in self.unlisted_operations

    def needs_session(self, operation: int) -> bool:
        """Whether it refuses an operation while no session is open."""
        if self.session_operations is not None:
            return operation in self.session_operations
        return operation not in {OperationCode.GET_DEVICE_INFO, OperationCode.OPEN_SESSION}
