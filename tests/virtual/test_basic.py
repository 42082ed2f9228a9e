"""The persona without PropList: PHONES.md 2, and the lab's table of responders."""

from __future__ import annotations

import pytest

from mtpbackup.virtual import Generated, plug_in
from mtpbackup.wire import DeviceInfo, ObjectInfo, data_header
from tests.virtual.initiator import ALL, OK, Initiator


@pytest.fixture
def basic():
    with plug_in("basic") as phone:
        phone.add_file("DCIM/a.jpg", Generated(10_000))
        with phone.transport() as transport:
            initiator = Initiator(transport).open_session()
            initiator.phone = phone
            yield initiator


def test_what_it_can_do(basic):
    info = DeviceInfo.decode(basic.ask(0x1001).data)
    assert 0x9805 not in info.operations_supported
    assert 0x95C1 not in info.operations_supported
    assert "android.com" not in info.vendor_extension_desc
    for operation in (0x9805, 0x95C1, 0x100A, 0x1019, 0x101A, 0x9804, 0x1015, 0x95C4):
        assert basic.ask(operation, 1, 0, 0, 0, 0).code == 0x2005, hex(operation)


def test_everything_needs_a_session(basic):
    assert basic.ask(0x1003).code == OK
    assert basic.ask(0x1008, 1).code == 0x2003
    assert basic.ask(0x1001).code == OK


def test_listing(basic):
    assert set(basic.names()) == {"DCIM"}
    assert basic.listing(0, storage=0x00010001) == basic.listing(), "parent 0: the root's children only"
    dcim = basic.at("DCIM")
    assert basic.info(dcim).association_type == 1
    assert basic.ask(0x1007, 0, 0, ALL).code == 0x2008


def test_reading(basic):
    handle = basic.at("DCIM/a.jpg")
    content = Generated(10_000).read(0, 10_000)
    assert basic.ask(0x1009, handle).data == content
    assert basic.ask(0x101B, handle, 5_000, 100_000).data == content[5_000:]
    assert basic.ask(0x9803, handle, 0xDC04).data == (10_000).to_bytes(8, "little")
    assert basic.ask(0x9803, handle, 0xDC09).code == 0xA801, "no date among its properties"
    assert basic.info(handle).date_modified, "but in ObjectInfo"


@pytest.mark.parametrize("parent", [0, ALL])
@pytest.mark.parametrize("size", [0, 3, 500, 1012, 16_372, 100_000])
@pytest.mark.parametrize("split", [False, True])
def test_sending_with_joined_or_split_headers(basic, parent, size, split):
    content = bytes(Generated(size, 2).read(0, size))
    info = ObjectInfo(object_format=0x3801, object_compressed_size=size, filename="new.jpg").encode()
    basic.command(0x100C, 0x00010001, parent)
    for part in _parts(0x100C, basic.transaction_id, info, split):
        basic.send(part)
    answer = basic.answer()
    assert answer.code == OK
    basic.command(0x100D)
    for part in _parts(0x100D, basic.transaction_id, content, split):
        basic.send(part)
    assert basic.answer().code == OK
    assert basic.ask(0x1009, answer.parameters[2]).data == content


def _parts(operation, transaction_id, payload, split):
    header = data_header(operation, transaction_id, len(payload))
    return [header, payload] if split and payload else [header + payload]


def test_an_announced_object_leaves_no_phantom(basic):
    info = ObjectInfo(object_format=0x3801, object_compressed_size=3, filename="a.jpg").encode()
    assert basic.ask(0x100C, 0x00010001, ALL, data=info).code == OK
    assert "a.jpg" not in basic.names()
    assert basic.ask(0x100C, 0x00010001, ALL, data=info).code == OK, "the name is free"


def test_wrong_lengths_and_full_disks_are_answered(basic):
    info = ObjectInfo(object_format=0x3801, object_compressed_size=300_000, filename="a.jpg").encode()
    basic.ask(0x100C, 0x00010001, ALL, data=info)
    assert basic.ask(0x100D, data=b"x" * 10).code == 0x2007
    basic.ask(0x100C, 0x00010001, ALL, data=info)
    basic.phone.storages[0].capacity = 20_000
    assert basic.ask(0x100D, data=b"x" * 300_000).code == 0x200C
    assert set(basic.names()) == {"DCIM"}


def test_locking_keeps_storage_ids(basic):
    basic.phone.lock()
    assert basic.storages() == ()
    assert basic.ask(0x1008, 1).code == 0x2013
    basic.phone.unlock()
    assert basic.storages() == (0x00010001,)
