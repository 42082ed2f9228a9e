"""Integers, arrays, strings: both directions, and what phones should not send."""

import sqlite3
import tracemalloc
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtpbackup.errors import LocalProtocolError, WireError
from mtpbackup.wire import (
    I8,
    I16,
    I32,
    I64,
    I128,
    MAX_STRING_UNITS,
    STR,
    U8,
    U16,
    U32,
    U64,
    U128,
    Array,
    Int,
    OperationCode,
    Reader,
)
from tests.wire.strategies import few_examples, some_examples, texts, values_of

OPERATIONS = Array(Int("<H", OperationCode))
ALL_TYPES = [
    U8,
    U16,
    U32,
    U64,
    U128,
    I8,
    I16,
    I32,
    I64,
    I128,
    STR,
    OPERATIONS,
    Array(U8),
    Array(I64),
    Array(U128),
]


@pytest.mark.parametrize("kind", ALL_TYPES)
@some_examples
@given(data=st.data())
def test_what_is_encoded_is_decoded(kind, data):
    value = data.draw(values_of(kind))
    raw = kind.encode(value)
    assert kind.decode(raw) == value
    assert kind.decode(raw + b"more") == value
    reader = Reader(raw)
    kind.read(reader)
    assert reader.remaining == 0


@pytest.mark.parametrize("kind", ALL_TYPES)
@few_examples
@given(data=st.data())
def test_cut_off_anywhere_is_a_wire_error(kind, data):
    raw = kind.encode(data.draw(values_of(kind)))
    for length in range(len(raw)):
        with pytest.raises(WireError):
            kind.decode(raw[:length])


@pytest.mark.parametrize(
    ("kind", "value", "raw"),
    [
        (U8, 0xFE, "fe"),
        (U16, 0x1234, "3412"),
        (U32, 0x12345678, "78563412"),
        (U64, 0x0123456789ABCDEF, "efcdab8967452301"),
        (U128, 1 << 120, "00000000000000000000000000000001"),
        (I8, -2, "fe"),
        (I16, -2, "feff"),
        (I32, -2, "feffffff"),
        (I64, -2, "feffffffffffffff"),
        (I128, -2, "feffffffffffffffffffffffffffffff"),
        (Array(U16), (1, 0x1234), "0200000001003412"),
        (STR, "", "00"),
        (STR, "Ab", "034100620000 00"),
        (STR, "ß😀", "04df003dd800de0000"),
    ],
)
def test_bytes_as_the_specification_orders_them(kind, value, raw):
    assert kind.encode(value) == bytes.fromhex(raw)
    assert kind.decode(bytes.fromhex(raw)) == value


@pytest.mark.parametrize(
    ("kind", "value"),
    [(U8, 256), (U16, -1), (U32, 1 << 32), (U64, 1 << 64), (U128, 1 << 128), (I8, 128), (I128, 1 << 127)],
)
def test_a_number_too_large_for_its_field_is_our_mistake(kind, value):
    with pytest.raises(LocalProtocolError):
        kind.encode(value)


def test_an_unknown_code_in_an_array_survives():
    raw = Array(U16).encode((0x1001, 0x9201))
    assert OPERATIONS.decode(raw) == (OperationCode.GET_DEVICE_INFO, 0x9201)
    assert OPERATIONS.encode(OPERATIONS.decode(raw)) == raw


@pytest.mark.parametrize("kind", [Array(U8), Array(U32), Array(U128), OPERATIONS])
def test_a_count_of_four_billion_is_refused_without_making_room(kind):
    raw = b"\xff\xff\xff\xff" + bytes(64)
    tracemalloc.start()
    try:
        with pytest.raises(WireError, match="array of 4294967295 elements"):
            kind.decode(raw)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 64 * 1024


def test_unknown_codes_by_the_million_stay_small():
    raw = Array(U16).encode((0x9201, 0x9202) * 50_000)
    tracemalloc.start()
    try:
        assert len(OPERATIONS.decode(raw)) == 100_000
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 40 * len(raw)


def test_reading_does_not_copy():
    buffer = bytearray(b"abcdef")
    reader = Reader(buffer)
    reader.take(2)
    assert reader.take(3).obj is buffer
    assert (reader.position, reader.remaining) == (5, 1)


# --- strings ----------------------------------------------------------------------------------------------


def units_of(raw: bytes) -> list[int]:
    return [int.from_bytes(raw[at : at + 2], "little") for at in range(0, len(raw), 2)]


def string_of(units: list[int]) -> bytes:
    """A wire string of these UTF-16 units, whatever they are."""
    return bytes([len(units)]) + b"".join(unit.to_bytes(2, "little") for unit in units)


def test_the_longest_string():
    longest = "x" * (MAX_STRING_UNITS - 2) + "😀"
    raw = STR.encode(longest)
    assert (raw[0], len(raw)) == (255, 1 + 2 * 255)
    assert STR.decode(raw) == longest
    with pytest.raises(LocalProtocolError):
        STR.encode(longest + "x")


def test_a_string_with_a_nul_inside_cannot_be_sent():
    with pytest.raises(LocalProtocolError):
        STR.encode("IMG\0.jpg")


def test_text_ends_at_the_first_nul_and_the_field_where_the_count_says():
    reader = Reader(string_of([*b"a.jpg", 0, *b"junk", 0]) + b"next")
    assert STR.read(reader) == "a.jpg"
    assert bytes(reader.take(4)) == b"next"


def test_padding_after_the_nul_is_no_text():
    assert STR.decode(string_of([*b"Phone", 0, 0, 0])) == "Phone"


def test_a_missing_nul_is_tolerated():
    assert STR.decode(string_of([*b"a.jpg"])) == "a.jpg"


def test_255_units_without_nul_become_what_can_be_sent_back():
    text = STR.decode(string_of([ord("x")] * 255))
    assert text == "x" * 254
    assert STR.decode(STR.encode(text)) == text


def test_half_an_emoji_survives_the_way_there_and_back():
    cut_off = string_of([*b"IMG", 0xD83D, 0])
    text = STR.decode(cut_off)
    assert text == "IMG\U0010f83d"
    assert STR.encode(text) == cut_off


def test_half_an_emoji_is_text_that_everything_else_takes():
    text = STR.decode(string_of([0xDE00, *b".jpg", 0]))
    assert text.encode("utf-8").decode("utf-8") == text
    with closing(sqlite3.connect(":memory:")) as database:
        assert database.execute("SELECT ?", (text,)).fetchone() == (text,)


@given(st.lists(st.integers(1, 0xFFFF), max_size=MAX_STRING_UNITS))
def test_any_units_survive_the_way_there_and_back(units):
    text = STR.decode(string_of([*units, 0]))
    text.encode("utf-8")
    assert units_of(STR.encode(text)[1:])[:-1] == units


@given(st.lists(st.integers(0xD800, 0xDFFF), max_size=40))
def test_surrogates_in_any_order_survive(units):
    assert units_of(STR.encode(STR.decode(string_of([*units, 0])))[1:])[: len(units)] == units


@given(st.lists(st.integers(0, 0xFFFF), max_size=255))
def test_whatever_was_decoded_can_be_encoded(units):
    text = STR.decode(string_of(units))
    assert STR.decode(STR.encode(text)) == text


@pytest.mark.parametrize("stand_in", [0x10F800, 0x10FC00, 0x10FFFF])
def test_real_characters_of_the_range_that_stands_for_surrogates(stand_in):
    raw = string_of([*units_of(chr(stand_in).encode("utf-16-le")), 0])
    text = STR.decode(raw)
    assert len(text) == 2  # one stand-in for each unit
    assert STR.encode(text) == raw


@given(texts)
def test_real_text_needs_no_escape(text):
    assert STR.encode(text)[1:] == (text + "\0").encode("utf-16-le") or text == ""


def test_names_of_a_folder_with_undecodable_bytes_can_be_sent():
    # What os.listdir gives for a name that is not UTF-8 on this computer's disk.
    name = b"caf\xe9.jpg".decode("utf-8", "surrogateescape")
    assert units_of(STR.encode(name)[1:]) == [*b"caf", 0xDCE9, *b".jpg", 0]
