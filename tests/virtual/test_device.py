"""ANDROID.md, Device: who the Pixel says it is, and how it takes sessions."""

from __future__ import annotations

from mtpbackup.virtual import plug_in
from mtpbackup.wire import DataType, DeviceInfo, DevicePropDesc, decode_value, encode_value
from tests.virtual.initiator import OK, Initiator


def test_device_info_is_androids(initiator):
    info = DeviceInfo.decode(initiator.ask(0x1001).data)

    assert info.standard_version == 100
    assert info.vendor_extension_id == 6
    assert info.vendor_extension_desc == "microsoft.com: 1.0; android.com: 1.0;"
    listed = [*range(0x1001, 0x100E), 0x1010, *range(0x1014, 0x1018), 0x1019, 0x101A, 0x101B]
    listed += [*range(0x9801, 0x9806), *range(0x95C1, 0x95C6)]
    assert sorted(info.operations_supported) == sorted(listed)
    assert info.events_supported == (0x4002, 0x4003, 0x4004, 0x4005, 0x4006, 0x4007)
    assert sorted(info.device_properties_supported) == [0x5001, 0x5003, 0xD401, 0xD402, 0xD406, 0xD407]
    assert len(info.playback_formats) == 28
    assert info.capture_formats == ()


def test_the_serial_in_device_info_is_not_the_usb_one(phone, initiator):
    info = DeviceInfo.decode(initiator.ask(0x1001).data)

    assert info.serial_number
    assert info.serial_number != phone.identity.serial


def test_operations_that_are_not_listed(initiator):
    handle = initiator.at("top.mp4")

    assert initiator.ask(0x9810, handle).handles == (), "references are answered though not listed"
    assert initiator.ask(0x9811, handle, data=bytes(4)).code == 0x2005, "data is taken, then refused"
    for operation in (0x100F, 0x1012, 0x9806, 0x9807, 0x9808, 0x1234):
        assert initiator.ask(operation).code == 0x2005


def test_only_a_few_operations_need_a_session(phone):
    with phone.transport() as transport:
        initiator = Initiator(transport).open_session()
        handle = initiator.at("top.mp4")
        storage = initiator.storages()[0]
        assert initiator.ask(0x1003).code == OK

        needing = {0x1004: (), 0x1005: (storage,), 0x1006: (storage, 0, 0), 0x1007: (storage, 0, 0)}
        needing |= {0x9801: (0x3801,), 0x9810: (handle,)}
        for operation, parameters in needing.items():
            assert initiator.ask(operation, *parameters).code == 0x2003, hex(operation)
        for operation, parameters in {0x1001: (), 0x1008: (handle,), 0x1009: (handle,)}.items():
            assert initiator.ask(operation, *parameters).code == OK, hex(operation)
        assert initiator.ask(0x9803, handle, 0xDC07).code == OK
        assert initiator.ask(0x9805, handle, 0, 0xDC07, 0, 0).code == OK
        assert initiator.ask(0x95C1, handle, 0, 0, 10).code == OK


def test_an_open_session_goes_on(initiator):
    answer = initiator.ask(0x1002, 7)

    assert (answer.code, answer.parameters) == (0x201E, (1,)), "201E with the id of the open one"
    assert initiator.storages(), "everything goes on working"


def test_session_and_transaction_ids_are_never_checked(initiator):
    initiator.transaction_id = 4711
    assert initiator.storages()
    initiator.transaction_id = 3
    assert initiator.storages()


def test_closing_keeps_handles_and_edits_and_reset_is_closing(initiator):
    handle = initiator.at("top.mp4")
    assert initiator.ask(0x95C4, handle).code == OK
    for close in (0x1003, 0x1010):
        assert initiator.ask(close).code == OK
        assert initiator.ask(0x1004).code == 0x2003
        initiator.open_session()
        assert initiator.info(handle).filename == "top.mp4"
        assert initiator.ask(0x95C4, handle).code == 0x2002, "still open for editing"


def test_a_session_of_a_lost_host_is_still_open(phone):
    with phone.transport() as transport:
        Initiator(transport).open_session()
    with phone.transport() as transport:
        initiator = Initiator(transport)
        assert initiator.ask(0x1002, 9).code == 0x201E
        assert initiator.storages()


def test_device_properties(phone, initiator):
    phone.battery = 42
    battery = DevicePropDesc.decode(initiator.ask(0x1014, 0x5001).data)
    assert (battery.current_value, battery.form_values) == (42, (0, 100, 1))
    assert decode_value(DataType.STR, initiator.ask(0x1015, 0xD402).data) == "Pixel 8"
    assert DevicePropDesc.decode(initiator.ask(0x1014, 0xD402).data).get_set == 1
    assert decode_value(DataType.UINT32, initiator.ask(0x1015, 0xD407).data) == 3

    name = encode_value(DataType.STR, "Anna's phone")
    assert initiator.ask(0x1016, 0xD402, data=name).code == OK
    assert decode_value(DataType.STR, initiator.ask(0x1015, 0xD402).data) == "Anna's phone"
    assert initiator.ask(0x1016, 0x5001, data=b"\x10").code == 0x200A, "read-only ones: 200A"
    assert initiator.ask(0x1015, 0x5011).code == 0x200A, "not one of its properties"
    assert initiator.ask(0x1017, 0xD402).code == 0xFFFF, "ResetDevicePropValue gives FFFF"


def test_a_name_given_by_a_person_outlives_a_replug(phone):
    with phone.transport() as transport:
        Initiator(transport).ask(0x1016, 0xD402, data=encode_value(DataType.STR, "Mine"))
    phone.replug()
    with phone.transport() as transport:
        data = Initiator(transport).ask(0x1015, 0xD402).data
        assert decode_value(DataType.STR, data) == "Mine"


def test_another_serial_number():
    with plug_in(serial="ABC") as phone, phone.transport() as transport:
        assert transport.identity.serial == "ABC"
        assert DeviceInfo.decode(Initiator(transport).ask(0x1001).data).serial_number == "ABC"
