"""ANDROID.md, Events."""

from __future__ import annotations

from tests.virtual.initiator import OK, Initiator
from tests.virtual.test_writing import upload

ADDED, REMOVED, CHANGED = 0x4002, 0x4003, 0x4007


def no_event(initiator):
    """Whether none is under way: the battery's event would come after it."""
    event = initiator.event()
    assert event is not None
    return event.code == 0x4006


def test_a_file_made_on_the_phone(phone, initiator):
    initiator.at("DCIM/Camera/IMG_1.jpg")  # folders listed
    phone.add_file("DCIM/Camera/IMG_3.jpg", b"new")
    first, second = initiator.event(), initiator.event()
    assert [first.code, second.code] == [ADDED, CHANGED], "4002 then 4007"
    assert first.parameters == second.parameters == (initiator.at("DCIM/Camera/IMG_3.jpg"),)


def test_only_for_folders_already_listed(phone, initiator):
    initiator.listing()
    phone.add_file("DCIM/Camera/IMG_3.jpg", b"new")
    phone.battery = 50
    assert no_event(initiator)


def test_removal_and_change(phone, initiator):
    removed, changed = initiator.at("DCIM/Camera/IMG_1.jpg"), initiator.at("DCIM/Camera/IMG_2.jpg")
    phone.remove("DCIM/Camera/IMG_1.jpg")
    phone.add_file("DCIM/Camera/IMG_2.jpg", b"longer than before")
    events = [initiator.event() for _ in range(2)]
    assert [(event.code, event.parameters) for event in events] == [
        (REMOVED, (removed,)),
        (CHANGED, (changed,)),
    ]


def test_a_rename_on_the_phone_is_another_object(phone, initiator):
    handle = initiator.at("DCIM/Camera/IMG_1.jpg")
    phone.rename("DCIM/Camera/IMG_1.jpg", "Sunset.jpg")
    events = [initiator.event() for _ in range(3)]
    assert [event.code for event in events] == [REMOVED, ADDED, CHANGED]
    assert initiator.at("DCIM/Camera/Sunset.jpg") == events[1].parameters[0] != handle


def test_the_hosts_own_changes(phone, initiator):
    initiator.listing()
    handle = upload(initiator, "a.jpg", b"abc")
    event = initiator.event()
    assert (event.code, event.parameters) == (CHANGED, (handle,)), "ObjectInfoChanged, and no ObjectAdded"
    upload(initiator, "empty.jpg", b"")
    assert initiator.ask(0x100B, handle).code == OK
    phone.battery = 50
    assert no_event(initiator), "nothing for empty files, nothing for own deletions"


def test_edits_and_copies(phone, initiator):
    handle = initiator.at("top.mp4")
    initiator.ask(0x95C4, handle)
    initiator.ask(0x95C5, handle)
    assert initiator.event().parameters == (handle,)
    copy = initiator.ask(0x101A, handle, 0x00020001, 0).parameters[0]
    event = initiator.event()
    assert (event.code, event.parameters) == (CHANGED, (copy,))


def test_the_battery(phone, initiator):
    phone.battery = 41
    event = initiator.event()
    assert (event.code, event.parameters) == (0x4006, (0x5001,))


def test_unread_events_queue_and_hold_up_nothing(phone):
    with phone.transport() as transport:
        initiator = Initiator(transport).open_session()
        camera = initiator.at("DCIM/Camera")
        initiator.listing(camera)
        for number in range(300):
            phone.add_file(f"DCIM/Camera/burst_{number}.jpg", b"x")
        assert len(initiator.listing(camera)) == 302
        events = [initiator.event() for _ in range(600)]
        assert {event.code for event in events} == {ADDED, CHANGED}


def test_files_put_into_a_folder_of_this_computer(tmp_path):
    from mtpbackup.virtual import FolderStore, plug_in

    (tmp_path / "DCIM").mkdir()
    with plug_in(storages=[FolderStore(tmp_path)]) as phone, phone.transport() as transport:
        initiator = Initiator(transport).open_session()
        initiator.listing(initiator.at("DCIM"))
        (tmp_path / "DCIM" / "a.jpg").write_bytes(b"abc")
        phone.look_again()
        event = initiator.event()
        assert event.code == ADDED
        assert initiator.ask(0x1009, event.parameters[0]).data == b"abc"
