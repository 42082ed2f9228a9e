"""Open enums: known numbers have names, unknown ones survive."""

import copy
import enum
import inspect
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtpbackup.wire import DataType, EventCode, ObjectFormat, ObjectProperty, OperationCode, ResponseCode, codes
from tests.wire.strategies import some_examples

TABLES = [
    table
    for _, table in inspect.getmembers(codes, inspect.isclass)
    if issubclass(table, codes.OpenIntEnum) and table is not codes.OpenIntEnum
]


@pytest.mark.parametrize("table", TABLES)
def test_a_number_stands_in_a_table_once(table):
    enum.unique(table)


@pytest.mark.parametrize("table", TABLES)
@some_examples
@given(st.integers(0, 0xFFFFFFFF))
def test_every_number_is_taken_and_stays_that_number(table, number):
    member = table(number)
    assert isinstance(member, table)
    assert member == number
    assert hash(member) == hash(number)
    assert {member: 1}[number] == 1
    assert pickle.loads(pickle.dumps(member)) == member
    assert copy.deepcopy(member).name == member.name
    assert member.is_known == (member.name in table.__members__)


def test_an_unknown_number_is_named_after_itself():
    member = OperationCode(0x9201)
    assert member.name == "UNKNOWN_0x9201"
    assert not member.is_known
    assert repr(member) == "<OperationCode.UNKNOWN_0x9201: 37377>"
    assert member == OperationCode(0x9201)
    assert member != OperationCode.GET_OBJECT


def test_unknown_numbers_are_not_kept():
    before = len(list(OperationCode))
    for number in range(0x4000):
        OperationCode(number)
    assert len(list(OperationCode)) == before
    assert 0x3FFF not in OperationCode._value2member_map_


@pytest.mark.parametrize("wrong", [-1, 1.5, "GET_OBJECT", None])
def test_what_is_no_code_at_all_is_refused(wrong):
    with pytest.raises(ValueError):
        OperationCode(wrong)


@pytest.mark.parametrize(
    ("member", "number"),
    [
        # ANDROID.md lists these by number.
        (OperationCode.GET_DEVICE_INFO, 0x1001),
        (OperationCode.GET_PARTIAL_OBJECT, 0x101B),
        (OperationCode.GET_OBJECT_PROP_LIST, 0x9805),
        (OperationCode.GET_PARTIAL_OBJECT_64, 0x95C1),
        (OperationCode.END_EDIT_OBJECT, 0x95C5),
        (ResponseCode.OK, 0x2001),
        (ResponseCode.DEVICE_BUSY, 0x2019),
        (ResponseCode.OBJECT_TOO_LARGE, 0xA809),
        (EventCode.STORE_ADDED, 0x4004),
        (ObjectFormat.ASSOCIATION, 0x3001),
        (ObjectFormat.MP4_CONTAINER, 0xB982),
        (ObjectProperty.OBJECT_SIZE, 0xDC04),
        (ObjectProperty.OBJECT_FILE_NAME, 0xDC07),
        (ObjectProperty.DATE_MODIFIED, 0xDC09),
        (DataType.STR, 0xFFFF),
    ],
)
def test_codes_that_a_backup_lives_by(member, number):
    assert member == number


def test_array_types_are_the_element_type_with_a_bit_set():
    for single in DataType:
        if 0 < single < 0x4000:
            assert DataType(single | 0x4000).name == f"A{single.name}"
