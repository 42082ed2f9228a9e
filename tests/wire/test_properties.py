"""Property values, lists of them, and descriptions."""

import sys
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtpbackup.errors import LocalProtocolError, WireError
from mtpbackup.wire import (
    DataType,
    DevicePropDesc,
    DeviceProperty,
    FormFlag,
    GetSet,
    ObjectPropDesc,
    ObjectProperty,
    PropertyElement,
    decode_property_list,
    decode_value,
    encode_property_list,
    encode_value,
    value_type,
)
from tests.wire.strategies import data_types, elements, few_examples, forms_of, some_examples, values_of


@given(st.data(), data_types)
def test_values_there_and_back(data, data_type):
    value = data.draw(values_of(value_type(data_type)))
    assert decode_value(data_type, encode_value(data_type, value)) == value


def test_type_0_has_no_bytes():
    assert encode_value(DataType.UNDEFINED, None) == b""
    assert decode_value(DataType.UNDEFINED, b"anything") is None


@pytest.mark.parametrize("data_type", [0x000B, 0x4000, 0x400B, 0x8006, 0xFFFE])
def test_an_unknown_type_has_no_end(data_type):
    with pytest.raises(WireError):
        decode_value(data_type, bytes(100))


# --- lists ------------------------------------------------------------------------------------------------


@some_examples
@given(st.lists(elements, max_size=20))
def test_a_list_there_and_back(some):
    raw = encode_property_list(iter(some))
    assert list(decode_property_list(raw)) == some
    assert list(decode_property_list(raw + b"more")) == some


@few_examples
@given(st.lists(elements, min_size=1, max_size=5))
def test_a_list_cut_off_anywhere_is_a_wire_error(some):
    raw = encode_property_list(some)
    for length in range(len(raw)):
        with pytest.raises(WireError):
            list(decode_property_list(raw[:length]))


def test_a_property_that_the_phone_does_not_know_takes_no_bytes():
    # Android's answer for GENRE: an element of type 0, then the next (ANDROID.md, GetObjectPropList).
    raw = bytes.fromhex("02000000" + "07000000 8cdc 0000" + "07000000 04dc 0800 0d00000001000000")
    assert list(decode_property_list(raw)) == [
        PropertyElement(7, ObjectProperty.GENRE, DataType.UNDEFINED, None),
        PropertyElement(7, ObjectProperty.OBJECT_SIZE, DataType.UINT64, (1 << 32) + 13),
    ]


def test_elements_before_a_damaged_one_are_still_given():
    raw = encode_property_list(
        PropertyElement(handle, ObjectProperty.OBJECT_FORMAT, DataType.UINT16, 0x3801) for handle in (1, 2)
    )
    found = decode_property_list(raw[:-1])
    assert next(found).handle == 1
    with pytest.raises(WireError):
        next(found)


def test_a_list_of_four_billion_elements_is_refused_at_once():
    tracemalloc.start()
    try:
        with pytest.raises(WireError):
            decode_property_list(b"\xff\xff\xff\xff" + bytes(800))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 64 * 1024


@pytest.mark.parametrize(
    "element", [PropertyElement(1 << 32, 0, 0, None), PropertyElement(1, 1 << 16, 0, None)]
)
def test_an_element_that_does_not_fit_is_our_mistake(element):
    with pytest.raises(LocalProtocolError):
        encode_property_list([element])


def calls_made(work) -> int:
    """How many Python functions ran during `work`."""
    calls = 0

    def count(_frame, event, _argument):
        nonlocal calls
        calls += event == "call"

    previous = sys.getprofile()
    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(previous)
    return calls


@pytest.mark.parametrize("amount", [1_000, 10_000])
def test_a_list_is_decoded_in_a_few_steps_an_element(amount):
    # A listing of 10,000 photos is four such lists: work for each element is all that counts.
    raw = encode_property_list(
        PropertyElement(handle, ObjectProperty.OBJECT_FILE_NAME, DataType.STR, f"IMG_20240506_{handle:06}.jpg")
        for handle in range(amount)
    )
    assert calls_made(lambda: sum(1 for _ in decode_property_list(raw))) < 15 * amount


# --- descriptions -----------------------------------------------------------------------------------------


@st.composite
def descriptions(draw, kind, **more):
    data_type = draw(data_types)
    value = values_of(value_type(data_type))
    form_flag, form_values = draw(forms_of(data_type))
    return kind(
        data_type=data_type,
        get_set=draw(st.sampled_from([*GetSet, GetSet(9)])),
        default_value=draw(value),
        form_flag=form_flag,
        form_values=form_values,
        **{name: draw(strategy(value)) for name, strategy in more.items()},
    )


device_descriptions = descriptions(
    DevicePropDesc, property_code=lambda _: st.sampled_from(DeviceProperty), current_value=lambda value: value
)
object_descriptions = descriptions(
    ObjectPropDesc,
    property_code=lambda _: st.sampled_from(ObjectProperty),
    group_code=lambda _: st.integers(0, 0xFFFFFFFF),
)


@few_examples
@given(st.one_of(device_descriptions, object_descriptions))
def test_descriptions_there_and_back(description):
    raw = description.encode()
    assert type(description).decode(raw) == description
    for length in range(len(raw)):
        with pytest.raises(WireError):
            type(description).decode(raw[:length])


@pytest.mark.parametrize(
    ("raw", "flag", "values"),
    [
        ("00", FormFlag.NONE, ()),
        ("01 e803 0077 0100", FormFlag.RANGE, (1000, 0x7700, 1)),
        ("02 0200 0000 0280", FormFlag.ENUMERATION, (0, 0x8002)),
        ("02 0000", FormFlag.ENUMERATION, ()),
        ("03", FormFlag.DATE_TIME, ()),
        ("04 0a00", FormFlag.FIXED_LENGTH_ARRAY, (10,)),
        ("05 03 2e00 2a00 0000", FormFlag.REGULAR_EXPRESSION, (".*",)),
        ("06 00000200", FormFlag.BYTE_ARRAY, (0x20000,)),
        ("ff 00000200", FormFlag.LONG_STRING, (0x20000,)),
    ],
)
def test_forms_as_the_specification_lays_them_out(raw, flag, values):
    # MTP 1.1, section 5.3.2: code, type, get/set, default of two bytes, group, form.
    whole = bytes.fromhex("93de 0400 01 00aa 07000000" + raw)
    description = ObjectPropDesc(
        ObjectProperty.SAMPLE_RATE, DataType.UINT16, GetSet.GET_SET, 0xAA00, 7, flag, values
    )
    assert ObjectPropDesc.decode(whole) == description
    assert description.encode() == whole


@pytest.mark.parametrize(
    ("flag", "values"),
    [
        (FormFlag.NONE, (1,)),
        (FormFlag.RANGE, (1, 2)),
        (FormFlag.BYTE_ARRAY, ()),
        (FormFlag.ENUMERATION, (1,) * 0x10000),
    ],
)
def test_values_that_are_no_form_are_our_mistake(flag, values):
    description = ObjectPropDesc(
        ObjectProperty.RATING, DataType.UINT16, default_value=0, form_flag=flag, form_values=values
    )
    with pytest.raises(LocalProtocolError):
        description.encode()
