"""ANDROID.md, GetObjectPropList (9805) and the other property operations."""

from __future__ import annotations

import struct

import pytest

from mtpbackup.virtual import Generated
from mtpbackup.wire import ObjectPropDesc, decode_property_list
from tests.virtual.initiator import ALL, OK

NAME, SIZE = 0xDC07, 0xDC04
FILE_PROPERTIES = [
    0xDC01, 0xDC02, 0xDC03, 0xDC04, 0xDC07, 0xDC09, 0xDC0B, 0xDC41, 0xDC44, 0xDC4E, 0xDCE0,
]  # fmt: skip
EMPTY = bytes(4)


def values(answer):
    assert answer.code == OK, hex(answer.code)
    return {(each.handle, each.property): each.value for each in decode_property_list(answer.data)}


def names(answer):
    return [each.value for each in decode_property_list(answer.data)]


def test_one_object_or_a_folder_with_itself_last(initiator):
    camera = initiator.at("DCIM/Camera")

    assert names(initiator.ask(0x9805, camera, 0, NAME, 0, 0)) == ["Camera"]
    listed = names(initiator.ask(0x9805, camera, 0, NAME, 0, 1))
    assert sorted(listed[:-1]) == ["IMG_1.jpg", "IMG_2.jpg"]
    assert listed[-1] == "Camera", "its children AND itself, last"


def test_the_top_level_and_everything(initiator):
    for handle, depth in ((0, 0), (0, 1), (ALL, 1)):
        assert sorted(names(initiator.ask(0x9805, handle, 0, NAME, 0, depth))) == [
            "DCIM", "Photos", "top.mp4",
        ]  # fmt: skip
    for handle, depth in ((ALL, 0), (0, ALL), (ALL, ALL)):
        assert len(names(initiator.ask(0x9805, handle, 0, NAME, 0, depth))) == 8


@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        ((0, 0, 0, 0, 0), 0x2006),  # property 0, group 0
        ((0, 0, 0, 4, 0), 0xA807),  # groups not supported
        ((0, 0, NAME, 0, 2), 0xA808),  # depth other than 0 and 1
        ((1, 0, NAME, 0, ALL), 0xA808),
        ((9999, 0, NAME, 0, 0), 0x2009),  # unknown handle
        ((9999, 0, NAME, 0, 1), 0x2009),
    ],
)
def test_errors_come_with_an_empty_data_phase(initiator, parameters, code):
    answer = initiator.ask(0x9805, *parameters)

    assert answer.code == code
    assert answer.data == EMPTY


def test_depth_1_on_a_file(initiator):
    answer = initiator.ask(0x9805, initiator.at("top.mp4"), 0, NAME, 0, 1)
    assert (answer.code, answer.data) == (0x2009, EMPTY)


def test_too_few_parameters_come_without_data(initiator):
    answer = initiator.ask(0x9805, 0, 0, NAME, 0)
    assert (answer.code, answer.data) == (0x201D, None)


def test_formats_filter_exactly(initiator):
    camera = initiator.at("DCIM/Camera")
    assert sorted(names(initiator.ask(0x9805, camera, 0x3801, NAME, 0, 1))) == ["IMG_1.jpg", "IMG_2.jpg"]
    assert names(initiator.ask(0x9805, camera, 0x3001, NAME, 0, 1)) == ["Camera"]
    assert names(initiator.ask(0x9805, camera, 0x3800, NAME, 0, 1)) == []


def test_all_properties_are_those_of_the_first_objects_format(phone, initiator):
    phone.add_file("Mixed/a.mp3", b"sound")
    phone.add_file("Mixed/b.txt", b"text")
    mixed = initiator.at("Mixed")
    first = initiator.info(initiator.listing(mixed)[0]).filename

    answer = values(initiator.ask(0x9805, mixed, 0, ALL, 0, 1))

    sets = {handle: sorted(code for each, code in answer if each == handle) for handle, _ in answer}
    assert len(set(map(tuple, sets.values()))) == 1, "one set for all objects"
    expected = len(FILE_PROPERTIES) + (13 if first == "a.mp3" else 0)
    assert {len(codes) for codes in sets.values()} == {expected}


def test_all_properties_of_the_top_level_are_the_11_of_files(initiator):
    answer = values(initiator.ask(0x9805, 0, 0, ALL, 0, 0))
    handle = initiator.names()["top.mp4"]
    assert sorted(code for each, code in answer if each == handle) == FILE_PROPERTIES


def test_an_unknown_property_is_an_element_without_value(initiator):
    handle = initiator.at("top.mp4")
    for code in (0xDCD5, 0xDC8C):
        answer = initiator.ask(0x9805, handle, 0, code, 0, 0)
        assert answer.code == OK
        assert answer.data == struct.pack("<IIHH", 1, handle, code, 0), "type 0, and not a byte of value"
        assert initiator.ask(0x9803, handle, code).code == 0xA802


def test_values_of_the_file_properties(phone, initiator):
    phone.add_file("DCIM/🎄.jpg", Generated(2**33 + 1), 1_700_000_000.0)
    handle = initiator.at("DCIM/🎄.jpg")

    answer = values(initiator.ask(0x9805, handle, 0, ALL, 0, 0))

    assert answer[handle, 0xDC01] == 0x00010001
    assert answer[handle, 0xDC02] == 0x3801
    assert answer[handle, 0xDC04] == 2**33 + 1
    assert answer[handle, 0xDC07] == answer[handle, 0xDC44] == answer[handle, 0xDCE0] == "🎄.jpg"
    assert answer[handle, 0xDC09] == answer[handle, 0xDC4E] == "20231114T221320"
    assert answer[handle, 0xDC0B] == initiator.at("DCIM")
    assert answer[handle, 0xDC48] == "", "pictures have a description"


def test_top_level_objects_have_parent_0(initiator):
    assert initiator.ask(0x9803, initiator.at("top.mp4"), 0xDC0B).data == bytes(4)


def test_the_persistent_id_is_no_identity(phone, initiator):
    handle = initiator.at("top.mp4")
    before = initiator.ask(0x9803, handle, 0xDC41).data
    assert initiator.ask(0x9803, handle, 0xDC41).data == before
    phone.touch("top.mp4", 1_600_000_000.0)
    assert initiator.ask(0x9803, handle, 0xDC41).data != before


def test_get_object_prop_value_of_an_unknown_handle(initiator):
    answer = initiator.ask(0x9803, 9999, NAME)
    assert (answer.code, answer.data) == (0x2002, None), "2002, not 2009, and no data"


def test_which_properties_there_are(initiator):
    def supported(object_format):
        data = initiator.ask(0x9801, object_format).data
        return sorted(struct.unpack(f"<{len(data) // 2 - 2}H", data[4:]))

    assert supported(0x3000) == FILE_PROPERTIES
    assert set(supported(0x3009)) > set(FILE_PROPERTIES), "more for audio"
    assert set(supported(0xB982)) > set(FILE_PROPERTIES), "for video"
    assert set(supported(0x3801)) > set(FILE_PROPERTIES), "and for images"


def test_only_the_name_is_settable_and_groups_are_0(initiator):
    for code in FILE_PROPERTIES:
        desc = ObjectPropDesc.decode(initiator.ask(0x9802, code, 0x3801).data)
        assert desc.get_set == (1 if code == NAME else 0)
        assert desc.group_code == 0
    assert initiator.ask(0x9802, 0xDCD5, 0x3801).code == 0xA80A


def test_four_transactions_list_a_folder_of_any_size(phone, initiator):
    for number in range(500):
        phone.storages[0].add(f"Many/{number}.jpg", b"x" * number)
    many = initiator.at("Many")
    phone.log.clear()

    found = [initiator.ask(0x9805, many, 0, code, 0, 1) for code in (NAME, 0xDC02, SIZE, 0xDC09)]

    assert sum(phone.counts.values()) == len(phone.transactions) == 4
    assert {len(values(answer)) for answer in found} == {501}
