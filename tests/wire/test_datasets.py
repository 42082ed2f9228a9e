"""Datasets of devices and objects: round trips, damage, and what single phones do."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtpbackup.errors import LocalProtocolError, WireError
from mtpbackup.wire import (
    SIZE_UNKNOWN,
    CancelRequest,
    DeviceInfo,
    DeviceStatus,
    ObjectFormat,
    ObjectInfo,
    OperationCode,
    ResponseCode,
    StorageInfo,
    StorageType,
    decode_array,
    encode_array,
)
from tests.wire.strategies import few_examples, instances_of, some_examples, u32

DATASETS = [DeviceInfo, StorageInfo, ObjectInfo, CancelRequest]


@pytest.mark.parametrize("dataset", DATASETS)
@some_examples
@given(data=st.data())
def test_what_is_encoded_is_decoded(dataset, data):
    instance = data.draw(instances_of(dataset))
    raw = instance.encode()
    assert dataset.decode(raw) == instance
    # A newer version of the specification adds fields at the end.
    assert dataset.decode(raw + b"more") == instance
    assert dataset.decode(bytearray(raw)) == dataset.decode(memoryview(raw)) == instance


@pytest.mark.parametrize("dataset", DATASETS)
@few_examples
@given(data=st.data())
def test_cut_off_anywhere_is_a_wire_error(dataset, data):
    raw = data.draw(instances_of(dataset)).encode()
    for length in range(len(raw)):
        with pytest.raises(WireError, match=dataset.__name__):
            dataset.decode(raw[:length])


@pytest.mark.parametrize("dataset", DATASETS)
def test_every_field_has_a_default(dataset):
    assert dataset.decode(dataset().encode()) == dataset()


def test_an_error_names_the_field():
    raw = StorageInfo(storage_description="Internal").encode()
    with pytest.raises(WireError, match=r"^StorageInfo\.storage_description: cut off"):
        StorageInfo.decode(raw[:30])


def test_what_the_wire_cannot_carry_names_the_field():
    with pytest.raises(LocalProtocolError, match=r"^ObjectInfo\.filename: 300 UTF-16 units"):
        ObjectInfo(filename="x" * 300).encode()
    with pytest.raises(LocalProtocolError, match=r"^ObjectInfo\.object_compressed_size: "):
        ObjectInfo(object_compressed_size=SIZE_UNKNOWN + 1).encode()


def test_unknown_codes_survive():
    raw = DeviceInfo(operations_supported=(OperationCode.GET_OBJECT, OperationCode(0x9201))).encode()
    assert [code.name for code in DeviceInfo.decode(raw).operations_supported] == [
        "GET_OBJECT",
        "UNKNOWN_0x9201",
    ]
    assert StorageInfo.decode(StorageInfo(storage_type=StorageType(77)).encode()).storage_type == 77


def test_the_size_of_some_samsung_phones_has_64_bits():
    info = ObjectInfo(
        storage_id=0x10001,
        object_format=ObjectFormat.MP4_CONTAINER,
        object_compressed_size=5 << 30,
        parent_object=7,
        filename="long.mp4",
        date_modified="20240506T070809",
    )
    raw = info.encode(wide_size=True)
    assert len(raw) == len(ObjectInfo(filename="long.mp4", date_modified="20240506T070809").encode()) + 4
    assert ObjectInfo.decode(raw, wide_size=True) == info


@some_examples
@given(instances_of(ObjectInfo))
def test_wide_and_normal_differ_by_four_bytes_after_the_size(info):
    normal, wide = info.encode(), info.encode(wide_size=True)
    assert wide[:12] == normal[:12]
    assert wide[12:16] == bytes(4)
    assert wide[16:] == normal[12:]


@given(st.lists(u32))
def test_arrays_of_handles(handles):
    raw = encode_array(iter(handles))
    assert decode_array(raw) == tuple(handles)
    with pytest.raises(WireError):
        decode_array(raw[:-1])


def test_a_cancel_request_is_six_bytes():
    # ANDROID.md, Writing: "6 bytes: 4001, transaction id".
    assert CancelRequest(transaction_id=0x01020304).encode() == bytes.fromhex("014004030201")


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        # ANDROID.md, Class requests: a 64-bit phone, one that cancelled, a 32-bit phone.
        ("0800012000000000", ResponseCode.OK),
        ("0c001f20ff00ff0000000000", ResponseCode.TRANSACTION_CANCELLED),
        ("04000120", ResponseCode.OK),
        ("ffff1920", ResponseCode.DEVICE_BUSY),
        ("00000120", ResponseCode.OK),
    ],
)
def test_device_status(raw, code):
    assert DeviceStatus.decode(bytes.fromhex(raw)).code == code


@given(st.binary(max_size=32))
def test_device_status_there_and_back(parameters):
    status = DeviceStatus(ResponseCode.TRANSACTION_CANCELLED, parameters)
    assert DeviceStatus.decode(status.encode() + b"beyond its length") == status


def test_device_status_cut_off():
    with pytest.raises(WireError):
        DeviceStatus.decode(b"\x08\x00\x01")
