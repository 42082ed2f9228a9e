"""ANDROID.md, Storages, Handles and listing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from mtpbackup.virtual import Generated, MemoryStore, plug_in
from mtpbackup.wire import StorageInfo
from tests.virtual.conftest import NOW
from tests.virtual.initiator import ALL, OK, Initiator


def test_storages(initiator):
    assert initiator.storages() == (0x00010001, 0x00020001)
    internal = StorageInfo.decode(initiator.ask(0x1005, 0x00010001).data)
    card = StorageInfo.decode(initiator.ask(0x1005, 0x00020001).data)

    assert (internal.storage_type, card.storage_type) == (3, 4), "3 fixed, 4 removable"
    assert internal.filesystem_type == 2
    assert internal.access_capability == 0
    assert internal.free_space_in_objects == 1 << 30
    assert internal.storage_description == "Internal shared storage"
    assert internal.volume_identifier == ""
    assert internal.max_capacity == 64_000_000_000
    assert internal.free_space_in_bytes == 64_000_000_000 - 3000 - 1500 - 5 - 4096


def test_storage_info_of_strange_ids(initiator):
    first = initiator.ask(0x1005, 0)
    assert StorageInfo.decode(first.data).storage_description == "Internal shared storage", "0 is the first"
    assert initiator.ask(0x1005, ALL).code == 0x2008
    assert initiator.ask(0x1005, 0x00070001).code == 0x2008
    assert initiator.ask(0x1005).code == 0x201D


def test_a_storage_that_comes_back_has_a_new_id(phone, initiator):
    card = phone.storages[1]
    phone.remove_storage(card)
    assert initiator.storages() == (0x00010001,)
    phone.add_storage(card)
    assert initiator.storages() == (0x00010001, 0x00030001)


def test_handles_are_given_in_turn_when_a_folder_is_first_listed(initiator):
    assert sorted(initiator.listing(storage=0x00010001)) == [1, 2]
    dcim = initiator.names()["DCIM"]  # lists the card's top too: handle 3
    assert sorted(initiator.listing(dcim)) == [4, 5]


def test_handles_stay_over_sessions_and_are_void_after_a_replug(phone):
    with phone.transport() as transport:
        initiator = Initiator(transport).open_session()
        handle = initiator.at("DCIM/Camera/IMG_1.jpg")
        initiator.ask(0x1003)
        initiator.open_session()
        assert initiator.at("DCIM/Camera/IMG_1.jpg") == handle
    phone.replug()
    with phone.transport() as transport:
        initiator = Initiator(transport).open_session()
        assert initiator.ask(0x1008, handle).code == 0x2009
        assert initiator.at("top.mp4") in (1, 2, 3)


def test_handles_are_never_used_again(phone, initiator):
    before = initiator.at("top.mp4")
    phone.remove("top.mp4")
    phone.add_file("top.mp4", b"another")
    assert initiator.at("top.mp4") > before


def test_handles_come_in_no_order(phone, initiator):
    for number in range(50):
        phone.add_file(f"Many/{number:02}.jpg", b"")
    handles = initiator.listing(initiator.at("Many"))
    assert list(handles) != sorted(handles)
    assert handles == initiator.listing(initiator.at("Many")), "yet the same each time"


def test_dot_files_are_listed_like_others(phone, initiator):
    phone.add_file(".thumbnails/.hidden.jpg", b"x")
    assert ".hidden.jpg" in initiator.names(initiator.at(".thumbnails"))


def test_get_object_handles_takes_storages_and_parents_as_android_does(initiator):
    internal, card = initiator.storages()
    dcim = initiator.at("DCIM")

    assert initiator.ask(0x1007, ALL, 0).code == 0x201D, "3 parameters needed"
    assert len(initiator.listing(ALL, ALL)) == 3, "FFFFFFFF is all storages, parent FFFFFFFF the top level"
    assert len(initiator.listing(ALL, card)) == 1
    assert len(initiator.listing(0, internal)) == 6, "parent 0 is everything"
    assert len(initiator.listing(0, ALL)) == 8
    assert len(initiator.listing(dcim, 0)) == 2, "storage 0 passes where a parent is given"
    assert initiator.ask(0x1007, 0, 0, ALL).code == 0x2009, "and only there"
    assert initiator.ask(0x1007, 0, 0, 0).code == 0x2009
    assert initiator.ask(0x1007, 0x00090001, 0, ALL).code == 0x2008
    assert initiator.listing(dcim, card) == initiator.listing(dcim, internal), "storage is not looked at then"
    assert initiator.ask(0x1007, ALL, 0, initiator.at("top.mp4")).code == 0x2009, "a file as parent"
    assert initiator.ask(0x1007, ALL, 0, 999).code == 0x2009


def test_formats_filter_exactly(initiator):
    everything = initiator.listing(0)
    folders = initiator.listing(0, object_format=0x3001)
    pictures = initiator.listing(0, object_format=0x3801)

    assert {initiator.info(handle).filename for handle in folders} == {"DCIM", "Camera", "Photos"}
    assert {initiator.info(handle).filename for handle in pictures} == {
        "IMG_1.jpg",
        "IMG_2.jpg",
        "card.jpg",
    }
    assert len(everything) == 8
    assert initiator.listing(0, object_format=0x3800) == ()
    assert initiator.ask(0x1006, ALL, 0x3801, 0).parameters == (3,)


def test_object_info_of_a_file(initiator):
    info = initiator.info(initiator.at("DCIM/notes.txt"))

    assert info.object_compressed_size == 5
    assert info.object_format == 0x3004
    assert info.date_modified == info.date_created == "20260102T030355", "no zone, no fraction"
    assert info.parent_object == initiator.at("DCIM")
    assert info.storage_id == 0x00010001


def test_object_info_of_a_folder(initiator):
    info = initiator.info(initiator.at("DCIM"))

    assert info.object_format == 0x3001
    assert info.association_type == 0, "a folder is known by its format alone"
    assert info.parent_object == 0, "0 at the top level"
    assert info.object_compressed_size == 0


def test_thumbnail_placeholders(initiator):
    info = initiator.info(initiator.at("DCIM/Camera/IMG_1.jpg"))
    assert (info.thumb_compressed_size, info.thumb_pix_width, info.thumb_pix_height) == (204800, 320, 240)
    assert initiator.info(initiator.at("DCIM/notes.txt")).thumb_compressed_size == 0


def test_sizes_beyond_32_bits(phone, initiator):
    phone.add_file("huge.mp4", Generated(5 * 2**30 + 7))
    handle = initiator.at("huge.mp4")

    assert initiator.info(handle).object_compressed_size == 0xFFFFFFFF
    size = initiator.ask(0x9803, handle, 0xDC04).data
    assert int.from_bytes(size, "little") == 5 * 2**30 + 7


def test_dates_follow_the_phones_time_zone(phone, initiator):
    handle = initiator.at("top.mp4")
    phone.zone = timezone(timedelta(hours=5, minutes=30))
    assert initiator.info(handle).date_modified == "20260102T083405"


def test_naive_dates_of_the_owner_are_local():
    zone = timezone(timedelta(hours=-8))
    with plug_in(zone=zone) as phone, phone.transport() as transport:
        phone.add_file("a.jpg", b"", datetime(2024, 5, 6, 7, 8, 9))
        phone.add_file("b.jpg", b"", datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC))
        initiator = Initiator(transport).open_session()
        assert initiator.info(initiator.at("a.jpg")).date_modified == "20240506T070809"
        assert initiator.info(initiator.at("b.jpg")).date_modified == "20240505T230809"


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Grüße 🎄.jpg", "Grüße 🎄.jpg"),
        ("x" * 300 + ".jpg", "x" * 254),
        ("🎄" * 128, "🎄" * 127),
        ("🎄" + "x" * 253, "🎄" + "x" * 252),
        ("bad\udcff.jpg", ""),
    ],
)
def test_names_on_the_wire(name, shown):
    store = MemoryStore()
    store.add_to(store.root, name, b"", NOW)
    with plug_in(storages=[store]) as phone, phone.transport() as transport:
        initiator = Initiator(transport).open_session()
        (handle,) = initiator.listing()
        assert initiator.info(handle).filename == shown


def test_a_recursive_listing_fails_as_a_whole(tmp_path):
    class OneBadFolder(MemoryStore):
        def children(self, folder):
            if folder.name == "bad":
                raise PermissionError(13, "no")
            return super().children(folder)

    store = OneBadFolder()
    store.add("good/a.jpg", b"")
    store.folder("bad")
    with plug_in(storages=[store]) as phone, phone.transport() as transport:
        initiator = Initiator(transport).open_session()
        assert initiator.ask(0x1007, ALL, 0, 0).code == 0x2009
        assert initiator.ask(0x1007, ALL, 0, initiator.names()["good"]).code == OK
        assert initiator.ask(0x1007, ALL, 0, initiator.names()["bad"]).code == 0x2009


def test_new_files_are_seen_at_the_next_listing(phone, initiator):
    camera = initiator.at("DCIM/Camera")
    phone.storages[0].add("DCIM/Camera/IMG_3.jpg", b"x")
    assert "IMG_3.jpg" in initiator.names(camera)
    phone.remove("DCIM/Camera/IMG_1.jpg")
    assert set(initiator.names(camera)) == {"IMG_2.jpg", "IMG_3.jpg"}
