"""ANDROID.md, Changing: rename, delete, move, copy."""

from __future__ import annotations

import pytest

from mtpbackup.virtual import FolderStore, MemoryStore, plug_in
from mtpbackup.wire import DataType, encode_value
from tests.virtual.initiator import ALL, OK, Initiator

INTERNAL, CARD = 0x00010001, 0x00020001


def rename(initiator, handle, name):
    return initiator.ask(0x9804, handle, 0xDC07, data=encode_value(DataType.STR, name)).code


def test_rename_keeps_the_handle(phone, initiator):
    file, folder = initiator.at("DCIM/Camera/IMG_1.jpg"), initiator.at("DCIM")

    assert rename(initiator, file, "Grüße 🎄.jpg") == OK
    assert rename(initiator, folder, "Pictures") == OK

    assert initiator.at("Pictures/Camera/Grüße 🎄.jpg") == file
    assert phone.storages[0].at("Pictures/Camera/Grüße 🎄.jpg").size == 3000


def test_rename_refusals(initiator):
    handle = initiator.at("DCIM/Camera/IMG_1.jpg")
    assert rename(initiator, handle, "IMG_2.jpg") == 0x2002, "existing name"
    assert rename(initiator, 9999, "x") == 0x2009
    for code in (0xDC09, 0xDC04, 0xDC44):
        data = encode_value(DataType.STR, "20200101T000000")
        assert initiator.ask(0x9804, handle, code, data=data).code == 0xA80A, "only the name; no mtime later"
    assert initiator.ask(0x9804, handle, 0xDC07, data=b"\x09a").code == 0xA802, "bad string"


def test_a_slash_in_a_new_name_is_not_checked(phone, initiator):
    handle = initiator.at("DCIM/Camera/IMG_1.jpg")
    assert rename(initiator, handle, "../x.jpg") == OK
    assert phone.storages[0].at("DCIM/x.jpg").size == 3000, "the file has left its folder"
    assert initiator.ask(0x1008, handle).code == 0x2009


def test_a_slash_never_leaves_the_folder_on_this_computers_disk(tmp_path):
    top = tmp_path / "phone"
    (top / "DCIM").mkdir(parents=True)
    (top / "DCIM" / "a.jpg").write_bytes(b"x")
    with plug_in(storages=[FolderStore(top)]) as phone, phone.transport() as transport:
        initiator = Initiator(transport).open_session()
        handle = initiator.at("DCIM/a.jpg")
        for name in ("../../out.jpg", "/tmp/out.jpg", "../../phone/../out.jpg"):
            rename(initiator, handle, name)
            assert not (tmp_path / "out.jpg").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["phone"]


def test_delete(phone, initiator):
    handle = initiator.at("DCIM/Camera/IMG_1.jpg")
    assert initiator.ask(0x100B, handle, 0x3004).code == OK, "format parameter ignored"
    assert initiator.ask(0x1008, handle).code == 0x2009
    assert set(initiator.names(initiator.at("DCIM/Camera"))) == {"IMG_2.jpg"}
    assert initiator.ask(0x100B, ALL).code == 0x2009, "FFFFFFFF is not all"


def test_delete_a_folder_with_all_in_it(phone, initiator):
    inner = initiator.at("DCIM/Camera/IMG_1.jpg")
    free = phone.storages[0].free
    assert initiator.ask(0x100B, initiator.at("DCIM")).code == OK
    assert set(initiator.names()) == {"top.mp4", "Photos"}
    assert initiator.ask(0x1008, inner).code == 0x2009
    assert phone.storages[0].free == free + 3000 + 1500 + 5


def test_what_could_not_be_deleted():
    class Stubborn(MemoryStore):
        def delete(self, node):
            if node.name == "keep.jpg":
                raise PermissionError(13, "no")
            super().delete(node)

    store = Stubborn()
    store.add("DCIM/keep.jpg", b"x")
    store.add("DCIM/a.jpg", b"x")
    with plug_in(storages=[store]) as phone, phone.transport() as transport:
        initiator = Initiator(transport).open_session()
        assert initiator.ask(0x100B, initiator.at("DCIM")).code == 0x2012
        assert set(initiator.names(initiator.at("DCIM"))) == {"keep.jpg"}


def test_move(initiator):
    handle, photos = initiator.at("top.mp4"), initiator.at("DCIM/Camera")
    assert initiator.ask(0x1019, handle, INTERNAL, photos).code == OK
    assert initiator.at("DCIM/Camera/top.mp4") == handle, "handle kept"
    assert initiator.ask(0x1019, handle, INTERNAL, ALL).code == 0x2009, "FFFFFFFF gives 2009"
    assert initiator.ask(0x1019, handle, INTERNAL, 0).code == OK, "0 is the top level here"
    assert initiator.at("top.mp4") == handle


def test_move_a_folder_across_storages(phone, initiator):
    inner, dcim = initiator.at("DCIM/Camera/IMG_1.jpg"), initiator.at("DCIM")
    assert initiator.ask(0x1019, dcim, CARD, 0).code == OK

    assert phone.storages[1].at("DCIM/Camera/IMG_1.jpg").size == 3000
    assert "DCIM" not in phone.storages[0].root.children
    assert initiator.at("DCIM/Camera/IMG_1.jpg") == inner, "handles are kept"
    assert initiator.info(inner).storage_id == CARD
    assert initiator.ask(0x1009, inner).data == b"one" * 1000


def test_move_onto_an_existing_name(phone, initiator):
    phone.add_file("DCIM/top.mp4", b"other")
    handle = initiator.at("top.mp4")
    assert initiator.ask(0x1019, handle, INTERNAL, initiator.at("DCIM")).code == 0x2002


def test_a_folder_is_not_moved_into_itself(initiator):
    dcim = initiator.at("DCIM")
    assert initiator.ask(0x1019, dcim, INTERNAL, initiator.at("DCIM/Camera")).code == 0x2002
    assert initiator.at("DCIM/Camera")


def test_copy(phone, initiator):
    handle = initiator.at("top.mp4")
    answer = initiator.ask(0x101A, handle, CARD, 0)
    assert answer.code == OK
    (copy,) = answer.parameters
    assert initiator.info(copy).storage_id == CARD
    assert initiator.ask(0x1009, copy).data == initiator.ask(0x1009, handle).data
    assert initiator.ask(0x101A, handle, CARD, ALL).code == 0x2009


def test_copy_onto_an_existing_name_overwrites_in_place(phone, initiator):
    phone.add_file("DCIM/top.mp4", b"z" * 5000)
    answer = initiator.ask(0x101A, initiator.at("top.mp4"), INTERNAL, initiator.at("DCIM"))
    assert (answer.code, answer.parameters) == (OK, (0xFFFF,)), "OK with handle FFFF"
    data = initiator.ask(0x1009, initiator.at("DCIM/top.mp4")).data
    assert data == bytes(range(256)) * 16 + b"z" * 904, "without truncation"


def test_handles_of_copies_are_cut_to_16_bits(phone, initiator):
    phone.responder.objects._next_handle = 0x12345
    phone.add_file("late.jpg", b"x")
    answer = initiator.ask(0x101A, initiator.at("late.jpg"), CARD, 0)
    assert answer.parameters[0] < 0x10000
    assert initiator.ask(0x1008, answer.parameters[0]).code == 0x2009


@pytest.mark.parametrize("operation", [0x1019, 0x101A])
def test_unknown_things(initiator, operation):
    handle = initiator.at("top.mp4")
    assert initiator.ask(operation, 9999, INTERNAL, 0).code == 0x2009
    assert initiator.ask(operation, handle, 0x00990001, 0).code == 0x2008
    assert initiator.ask(operation, handle, INTERNAL, 9999).code == 0x2009
    assert initiator.ask(operation, handle, INTERNAL).code == 0x201D
