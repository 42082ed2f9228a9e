"""Traffic that other people's software made: we read it as meant, and would have written the same bytes.

The recordings and where they are from: `tests/golden/README.md`.
"""

from datetime import datetime

import pytest

from mtpbackup.errors import WireError
from mtpbackup.wire import (
    SIZE_UNKNOWN,
    U64,
    Array,
    AssociationType,
    Command,
    ContainerType,
    DataType,
    DeviceInfo,
    DevicePropDesc,
    DeviceProperty,
    Event,
    EventCode,
    FilesystemType,
    GetSet,
    Header,
    Int,
    ObjectFormat,
    ObjectInfo,
    ObjectPropDesc,
    ObjectProperty,
    PhoneDate,
    PropertyElement,
    Response,
    ResponseCode,
    Role,
    StorageInfo,
    StorageType,
    data_header,
    decode_array,
    decode_property_list,
    decode_value,
    encode_array,
    encode_property_list,
    encode_value,
    parse_date,
)
from mtpbackup.wire import OperationCode as Op
from tests.wire.transcripts import GOLDEN, RECORDINGS, exchanges, find, transfers

UMTP = GOLDEN / "umtp-responder.txt"
QEMU = GOLDEN / "qemu-usb-mtp.txt"

PROPERTIES = Array(Int("<H", ObjectProperty))

#: How the data of an operation is decoded and encoded again.
CODECS = {
    Op.GET_DEVICE_INFO: (DeviceInfo.decode, DeviceInfo.encode),
    Op.GET_STORAGE_IDS: (decode_array, encode_array),
    Op.GET_STORAGE_INFO: (StorageInfo.decode, StorageInfo.encode),
    Op.GET_OBJECT_HANDLES: (decode_array, encode_array),
    Op.GET_OBJECT_INFO: (ObjectInfo.decode, ObjectInfo.encode),
    Op.SEND_OBJECT_INFO: (ObjectInfo.decode, ObjectInfo.encode),
    Op.GET_DEVICE_PROP_DESC: (DevicePropDesc.decode, DevicePropDesc.encode),
    Op.GET_OBJECT_PROPS_SUPPORTED: (PROPERTIES.decode, PROPERTIES.encode),
    Op.GET_OBJECT_PROP_DESC: (ObjectPropDesc.decode, ObjectPropDesc.encode),
    Op.GET_OBJECT_PROP_LIST: (lambda raw: list(decode_property_list(raw)), encode_property_list),
}
#: umtp-responder describes device properties with four bytes to spare: allowed, not kept.
SPARE = {(UMTP, Op.GET_DEVICE_PROP_DESC): bytes(4)}
#: Its name is counted wrong: see below.
DAMAGED = GOLDEN / "aft-mtp-cli-put-emoji.txt"


@pytest.mark.parametrize("path", RECORDINGS, ids=lambda path: path.stem)
def test_every_container_is_read_and_would_be_written_so(path):
    kinds = {ContainerType.COMMAND: Command, ContainerType.RESPONSE: Response, ContainerType.EVENT: Event}
    again = []
    for exchange in exchanges(path):
        for raw in exchange.containers:
            header = Header.decode(raw)
            if header.type == ContainerType.DATA:
                ours = data_header(header.code, header.transaction_id, len(raw) - 12) + exchange.data
            else:
                ours = kinds[header.type].decode(raw).encode()
            again.append((raw, ours))
    different = [pair for pair in again if pair[0] != pair[1]]
    if path == UMTP:
        # The answer to a second OpenSession has a parameter of one byte. It is dropped.
        assert different == [
            (bytes.fromhex("0d000000 0300 1e20 03000000 01"), bytes.fromhex("0c000000 0300 1e20 03000000"))
        ]
    else:
        assert different == []
    assert again


@pytest.mark.parametrize("path", [path for path in RECORDINGS if path != DAMAGED], ids=lambda path: path.stem)
def test_every_dataset_is_read_and_would_be_written_so(path):
    for exchange in exchanges(path):
        operation = exchange.command and exchange.command.code
        if operation not in CODECS or not exchange.data:
            continue
        decode, encode = CODECS[operation]
        assert encode(decode(exchange.data)) + SPARE.get((path, operation), b"") == exchange.data


def test_which_way_data_goes():
    assert find(UMTP, Op.GET_OBJECT).data_sender is Role.RESPONDER
    assert find(GOLDEN / "mtp-newfolder.txt", Op.SEND_OBJECT_INFO).data_sender is Role.INITIATOR
    assert find(UMTP, Op.OPEN_SESSION).data_sender is None


# --- the phone and its storages ---------------------------------------------------------------------------


def test_device_info_of_umtp_responder():
    info = DeviceInfo.decode(find(UMTP, Op.GET_DEVICE_INFO).data)
    assert info.operations_supported == (
        *(Op.GET_DEVICE_INFO, Op.OPEN_SESSION, Op.CLOSE_SESSION, Op.GET_STORAGE_IDS, Op.GET_STORAGE_INFO),
        *(Op.GET_OBJECT_HANDLES, Op.GET_OBJECT_INFO, Op.GET_OBJECT, Op.DELETE_OBJECT),
        *(Op.SEND_OBJECT_INFO, Op.SEND_OBJECT),
        *(Op.GET_DEVICE_PROP_DESC, Op.GET_DEVICE_PROP_VALUE, Op.SET_DEVICE_PROP_VALUE, Op.GET_PARTIAL_OBJECT),
        *(Op.GET_OBJECT_PROPS_SUPPORTED, Op.GET_OBJECT_PROP_DESC),
        *(Op.GET_OBJECT_PROP_VALUE, Op.SET_OBJECT_PROP_VALUE, Op.GET_OBJECT_PROP_LIST),
        *(Op.GET_PARTIAL_OBJECT_64, Op.SEND_PARTIAL_OBJECT, Op.TRUNCATE_OBJECT),
        *(Op.BEGIN_EDIT_OBJECT, Op.END_EDIT_OBJECT),
    )
    assert all(code.is_known for code in info.operations_supported + info.events_supported)
    assert EventCode.STORE_ADDED in info.events_supported
    assert info.device_properties_supported == (
        DeviceProperty.BATTERY_LEVEL,
        DeviceProperty.DEVICE_FRIENDLY_NAME,
    )
    assert (info.standard_version, info.vendor_extension_id, info.vendor_extension_version) == (100, 6, 100)
    assert info.vendor_extension_desc == "microsoft.com: 1.0; android.com: 1.0;"
    assert (info.functional_mode, info.capture_formats) == (0, ())
    assert info.playback_formats == (ObjectFormat.UNDEFINED, ObjectFormat.ASSOCIATION)
    assert (info.manufacturer, info.model, info.device_version) == ("Google", "Pixel", "1.0")
    assert info.serial_number == "pixel-0001"


def test_device_info_of_qemu():
    info = DeviceInfo.decode(find(QEMU, Op.GET_DEVICE_INFO).data)
    assert (info.manufacturer, info.model, info.device_version) == ("QEMU", "QEMU filesharing", "0.1")
    assert info.vendor_extension_desc == ""
    assert Op.GET_OBJECT_PROP_LIST not in info.operations_supported
    assert (info.events_supported, info.device_properties_supported, info.capture_formats) == ((), (), ())


def test_storages_of_umtp_responder():
    assert decode_array(find(UMTP, Op.GET_STORAGE_IDS).data) == (0xFFFF0001,)
    assert StorageInfo.decode(find(UMTP, Op.GET_STORAGE_INFO, 0xFFFF0001).data) == StorageInfo(
        storage_type=StorageType.FIXED_RAM,
        filesystem_type=FilesystemType.GENERIC_HIERARCHICAL,
        max_capacity=3_161_235_456,
        free_space_in_bytes=2_500_239_360,
        free_space_in_objects=1 << 30,
        storage_description="Internal shared storage",
        volume_identifier="UMTPRD_FFFF0001",
    )
    assert find(UMTP, Op.GET_STORAGE_INFO, 0x77777).response.code == ResponseCode.INVALID_STORAGE_ID


# --- objects ----------------------------------------------------------------------------------------------

PHOTO = ObjectInfo(
    storage_id=0xFFFF0001,
    object_format=ObjectFormat.UNDEFINED,
    object_compressed_size=500,
    parent_object=3,
    filename="IMG_20240506_070809.jpg",
    date_created="20240506T070809",
    date_modified="20240506T070809",
)


def test_a_photo():
    info = ObjectInfo.decode(find(UMTP, Op.GET_OBJECT_INFO, 6).data)
    assert info == PHOTO
    assert parse_date(info.date_modified) == PhoneDate(datetime(2024, 5, 6, 7, 8, 9))


def test_a_folder():
    info = ObjectInfo.decode(find(QEMU, Op.GET_OBJECT_INFO, 1).data)
    assert (info.filename, info.object_format) == ("DCIM", ObjectFormat.ASSOCIATION)
    assert (info.association_type, info.association_desc) == (AssociationType.GENERIC_FOLDER, 1)
    assert (info.storage_id, info.parent_object) == (0x10001, 0)


def test_an_empty_file():
    assert ObjectInfo.decode(find(UMTP, Op.GET_OBJECT_INFO, 7).data).object_compressed_size == 0
    assert find(UMTP, Op.GET_OBJECT, 7).data == b""


def test_a_file_over_4_gib():
    # One says "too large for this field", the other the size modulo 2**32; the property is right with both.
    qemu, umtp = find(QEMU, Op.GET_OBJECT_INFO, 9), find(UMTP, Op.GET_OBJECT_INFO, 4)
    assert ObjectInfo.decode(qemu.data).object_compressed_size == SIZE_UNKNOWN
    assert ObjectInfo.decode(umtp.data).object_compressed_size == 13
    for path, handle in ((QEMU, 9), (UMTP, 4)):
        raw = find(path, Op.GET_OBJECT_PROP_VALUE, handle, ObjectProperty.OBJECT_SIZE).data
        assert decode_value(DataType.UINT64, raw) == U64.decode(raw) == (1 << 32) + 13
        assert encode_value(DataType.UINT64, (1 << 32) + 13) == raw


def test_a_name_with_an_emoji_as_libmtp_sends_it():
    info = ObjectInfo.decode(find(GOLDEN / "mtp-sendfile-emoji.txt", Op.SEND_OBJECT_INFO).data)
    assert info.filename == "Grüße 😀.jpg"
    assert info.object_format == ObjectFormat.EXIF_JPEG
    assert (info.object_compressed_size, info.date_modified) == (3, "")


def test_a_folder_as_libmtp_makes_it():
    exchange = find(GOLDEN / "mtp-newfolder.txt", Op.SEND_OBJECT_INFO)
    assert exchange.command.parameters == (0xFFFF0001, 0)
    assert ObjectInfo.decode(exchange.data) == ObjectInfo(
        storage_id=0xFFFF0001,
        object_format=ObjectFormat.ASSOCIATION,
        association_type=AssociationType.GENERIC_FOLDER,
        filename="Urlaub",
    )
    assert exchange.response == Response(ResponseCode.OK, 0x1E, (0xFFFF0001, 0, 10))


def test_fields_that_aft_never_fills_in():
    info = ObjectInfo.decode(find(GOLDEN / "aft-mtp-cli-put.txt", Op.SEND_OBJECT_INFO).data)
    assert info.storage_id == info.parent_object == 0xAAAAAAAA
    assert info.filename == "three.jpg"


def test_a_dataset_that_ends_too_early():
    # The count of the name covers two of the three bytes that should have been the last three fields.
    with pytest.raises(WireError, match=r"ObjectInfo\.date_modified: cut off at byte 78"):
        ObjectInfo.decode(find(DAMAGED, Op.SEND_OBJECT_INFO).data)


# --- properties -------------------------------------------------------------------------------------------


def test_a_property_list():
    elements = list(decode_property_list(find(UMTP, Op.GET_OBJECT_PROP_LIST, 5).data))
    assert {element.handle for element in elements} == {5}
    assert [(element.property, element.data_type, element.value) for element in elements] == [
        (ObjectProperty.STORAGE_ID, DataType.UINT32, 0xFFFF0001),
        (ObjectProperty.OBJECT_FORMAT, DataType.UINT16, ObjectFormat.UNDEFINED),
        (ObjectProperty.PARENT_OBJECT, DataType.UINT32, 3),
        (ObjectProperty.OBJECT_SIZE, DataType.UINT64, 5),
        (ObjectProperty.PROTECTION_STATUS, DataType.UINT16, 0),
        (ObjectProperty.OBJECT_FILE_NAME, DataType.STR, "Füße "),  # the emoji was left out by the responder
        (ObjectProperty.NAME, DataType.STR, "Füße "),
        (ObjectProperty.DISPLAY_NAME, DataType.STR, ""),
        (ObjectProperty.DATE_CREATED, DataType.STR, "20240229T120000"),
        (ObjectProperty.DATE_MODIFIED, DataType.STR, "20240229T120000"),
        (
            ObjectProperty.PERSISTENT_UNIQUE_OBJECT_IDENTIFIER,
            DataType.UINT128,
            0x00000008_00000007_00000006_00000005,
        ),
    ]


def test_a_property_list_of_one_property():
    raw = find(UMTP, Op.GET_OBJECT_PROP_LIST, 1, 0, ObjectProperty.OBJECT_FILE_NAME).data
    expected = PropertyElement(1, ObjectProperty.OBJECT_FILE_NAME, DataType.STR, "DCIM")
    assert list(decode_property_list(raw)) == [expected]
    assert encode_property_list([expected]) == raw


def test_an_error_comes_without_a_data_phase_here():
    exchange = find(UMTP, Op.GET_OBJECT_PROP_LIST, 0x7777777)
    assert (exchange.data_header, exchange.response.code) == (None, ResponseCode.INVALID_OBJECT_HANDLE)


def test_a_value_of_no_bytes():
    # umtp-responder has no genre for this object and says OK all the same.
    exchange = find(UMTP, Op.GET_OBJECT_PROP_VALUE, 6, ObjectProperty.GENRE)
    assert (exchange.data_header.payload_size, exchange.response.code) == (0, ResponseCode.OK)
    # Nor has it properties for this format: an array without even its count.
    exchange = find(UMTP, Op.GET_OBJECT_PROPS_SUPPORTED, ObjectFormat.EXIF_JPEG)
    assert (exchange.data_header.payload_size, exchange.response.code) == (0, ResponseCode.OK)
    with pytest.raises(WireError):
        PROPERTIES.decode(exchange.data)


def test_which_properties_qemu_has():
    raw = find(GOLDEN / "mtp-sendfile-qemu.txt", Op.GET_OBJECT_PROPS_SUPPORTED, ObjectFormat.UNDEFINED).data
    assert PROPERTIES.decode(raw) == (
        ObjectProperty.STORAGE_ID,
        ObjectProperty.OBJECT_FORMAT,
        ObjectProperty.OBJECT_SIZE,
        ObjectProperty.PARENT_OBJECT,
        ObjectProperty.PERSISTENT_UNIQUE_OBJECT_IDENTIFIER,
        ObjectProperty.NAME,
    )


def test_descriptions_of_object_properties():
    description = ObjectPropDesc.decode(find(UMTP, Op.GET_OBJECT_PROP_DESC, ObjectProperty.OBJECT_FORMAT).data)
    assert description == ObjectPropDesc(
        ObjectProperty.OBJECT_FORMAT, DataType.UINT16, default_value=ObjectFormat.EXIF_JPEG
    )
    lumia = find(GOLDEN / "nokia-lumia-800.txt", Op.GET_OBJECT_PROP_DESC)
    assert ObjectPropDesc.decode(lumia.data) == ObjectPropDesc(
        ObjectProperty.OBJECT_SIZE, DataType.UINT64, default_value=0, group_code=2
    )


def test_descriptions_of_device_properties():
    battery = DevicePropDesc.decode(find(UMTP, Op.GET_DEVICE_PROP_DESC, DeviceProperty.BATTERY_LEVEL).data)
    assert battery == DevicePropDesc(
        DeviceProperty.BATTERY_LEVEL, DataType.UINT16, default_value=0, current_value=0
    )
    (nikon,) = exchanges(GOLDEN / "nikon-coolpix-p510.txt")
    assert DevicePropDesc.decode(nikon.data) == DevicePropDesc(
        DeviceProperty.DATE_TIME,
        DataType.STR,
        GetSet.GET_SET,
        default_value="20120101T000000",
        current_value="20210430T174421",
    )
    assert DevicePropDesc.decode(nikon.data).encode() == nikon.data
    assert parse_date("20210430T174421") == PhoneDate(datetime(2021, 4, 30, 17, 44, 21))


# --- responses and events ---------------------------------------------------------------------------------


def test_a_session_that_is_already_open():
    # By the specification the parameter is the id of the open session.
    assert find(QEMU, Op.OPEN_SESSION).response == Response(ResponseCode.SESSION_ALREADY_OPEN, 3, (1,))
    assert find(UMTP, Op.OPEN_SESSION).response == Response(ResponseCode.SESSION_ALREADY_OPEN, 3)


def test_partial_reads():
    part = find(UMTP, Op.GET_PARTIAL_OBJECT, 6, 10, 20)
    assert (part.data, part.response.parameters) == (b"x" * 20, (20,))
    # Handle, offset low, offset high, length: 8 bytes from 4 GiB on.
    part = find(UMTP, Op.GET_PARTIAL_OBJECT_64, 4, 0, 1, 8)
    assert (part.data, part.response.parameters) == (bytes(8), (8,))


def test_events():
    *_, last = exchanges(GOLDEN / "umtp-responder-events.txt")
    assert last.events == [
        Event(EventCode.OBJECT_ADDED, 1, (1,)),
        Event(EventCode.OBJECT_INFO_CHANGED, 1, (1,)),
        Event(EventCode.OBJECT_REMOVED, 1, (1,)),
    ]


# --- transfers --------------------------------------------------------------------------------------------


def shape(path, sender):
    """Length of each transfer of one side, and whether it ended with those bytes."""
    return [(len(each.data), each.ended) for each in transfers(path) if each.sender is sender]


def test_a_header_in_a_transfer_of_its_own():
    path = GOLDEN / "nokia-lumia-800.txt"
    assert shape(path, Role.RESPONDER) == [(12, True), (18, True), (12, True)]
    assert len(find(path, Op.GET_OBJECT_PROP_DESC).data) == 18


def test_a_data_phase_of_one_packet_with_and_without_a_zero_length_packet():
    umtp, qemu = GOLDEN / "mtp-getfile-umtp.txt", GOLDEN / "mtp-getfile-qemu.txt"
    assert shape(umtp, Role.RESPONDER)[:3] == [(512, False), (0, True), (12, True)]
    assert shape(qemu, Role.RESPONDER)[:2] == [(512, False), (12, True)]
    assert find(umtp, Op.GET_OBJECT).data == find(qemu, Op.GET_OBJECT).data == b"x" * 500


def test_a_zero_length_packet_from_the_host():
    path = GOLDEN / "mtp-sendfile-whole-packet.txt"
    assert (512, False) in shape(path, Role.INITIATOR)
    assert (0, True) in shape(path, Role.INITIATOR)
    assert find(path, Op.SEND_OBJECT).data == b"y" * 500
