"""ANDROID.md, Storages: a locked phone, or one that only charges."""

from __future__ import annotations

import pytest

from mtpbackup.virtual import MemoryStore, plug_in
from mtpbackup.wire import ObjectInfo
from tests.virtual.initiator import ALL, OK, Initiator


@pytest.fixture
def locked(phone):
    phone.lock()
    with phone.transport() as transport:
        yield Initiator(transport).open_session()


def test_storage_ids_are_an_empty_array(locked):
    answer = locked.ask(0x1004)
    assert (answer.code, answer.handles) == (OK, ())


@pytest.mark.parametrize(
    ("operation", "parameters", "code"),
    [
        (0x1005, (0x00010001,), 0x2008),
        (0x1006, (ALL, 0, ALL), 0x2008),
        (0x1007, (ALL, 0, ALL), 0x2008),
        (0x1008, (1,), 0x2009),
        (0x1009, (1,), 0x2009),
        (0x100B, (1,), 0x2009),
        (0x9803, (1, 0xDC07), 0x2009),
        (0x9805, (1, 0, 0xDC07, 0, 1), 0x2009),
        (0x95C4, (1,), 0x2009),
        (0x101B, (1, 0, 10), 0x2009),
        (0x100A, (1,), 0x2002),
        (0x100D, (), 0x2002),
        (0x1019, (1, 0x00010001, 0), 0x2002),
        (0x101A, (1, 0x00010001, 0), 0x2002),
    ],
)
def test_what_is_refused(locked, operation, parameters, code):
    answer = locked.ask(operation, *parameters)
    assert (answer.code, answer.data) == (code, None), "no storage: without a data phase"


def test_what_is_refused_after_its_dataset(locked):
    info = ObjectInfo(object_format=0x3801, filename="a.jpg").encode()
    assert locked.ask(0x100C, 0x00010001, ALL, data=info).code == 0x2008
    assert locked.ask(0x9804, 1, 0xDC07, data=b"\x02a\0\0\0").code == 0x2009
    assert locked.ask(0x1004).code == OK, "the data was read"


def test_unlocking_adds_each_storage_with_a_new_id_and_says_so(phone, locked):
    phone.unlock()
    events = [locked.event() for _ in range(2)]
    assert [(event.code, event.parameters) for event in events] == [
        (0x4004, (0x00030001,)),
        (0x4004, (0x00040001,)),
    ]
    assert locked.storages() == (0x00030001, 0x00040001)
    assert set(locked.names()) == {"DCIM", "top.mp4", "Photos"}


def test_locking_removes_storages_and_voids_handles(phone, initiator):
    handle = initiator.at("DCIM/Camera/IMG_1.jpg")
    phone.lock()
    assert [initiator.event().code for _ in range(2)] == [0x4005, 0x4005]
    assert initiator.ask(0x1008, handle).code == 0x2009
    phone.unlock()
    assert initiator.ask(0x1008, handle).code == 0x2009, "the storage is a new one"
    assert initiator.at("DCIM/Camera/IMG_1.jpg") > handle


def test_file_transfer_chosen_by_the_person_is_a_new_attachment(phone):
    phone.lock()
    before = phone.identity
    phone.unlock(reattach=True)
    assert phone.identity.address != before.address
    assert phone.identity.ports == before.ports
    with phone.transport() as transport:
        assert Initiator(transport).open_session().storages() == (0x00010001, 0x00020001)


def test_locked_from_the_start_and_over_a_replug():
    with plug_in(storages=[MemoryStore()], locked=True) as phone:
        phone.replug()
        with phone.transport() as transport:
            assert Initiator(transport).open_session().storages() == ()


def test_no_events_without_a_session(phone):
    with phone.transport() as transport:
        initiator = Initiator(transport)
        phone.lock()
        phone.unlock()
        initiator.open_session()
        phone.lock()
        assert initiator.event().parameters == (0x00030001,), "the first events were lost"
