from __future__ import annotations

import hashlib
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtpbackup.virtual.content import Broken, Generated, Joined, Literal, Made, Written, pieces

SIZES = st.integers(0, 300_000)


@given(SIZES, st.integers(0, 2**32), st.integers(0, 300_000), SIZES)
def test_any_slice_of_generated_content_is_that_of_the_whole(size, seed, offset, length):
    content = Generated(size, seed)
    assert content.read(offset, length) == content.read(0, size)[offset : offset + length]


def test_blocks_and_seeds_differ():
    content = Generated(100 * 65_536, 1)
    blocks = {content.read(number * 65_536, 65_536) for number in range(100)}
    assert len(blocks) == 100
    assert len({Generated(1000, seed).read(0, 1000) for seed in range(1000)}) == 1000


def test_generated_content_stays_the_same_for_ever():
    """What a test saw yesterday, or another version: seeds of past failures depend on it."""
    digest = hashlib.sha256(Generated(1_000_000, 42).read(0, 1_000_000)).hexdigest()
    assert digest == "fdd15f7e2a8f9dee80a4a52e780d25aa185c0247f40ed30971272c4925933b2d"


def test_slices_far_out_are_made_on_the_spot():
    content = Generated(5 * 2**40, 7)
    started = time.perf_counter()
    for offset in range(0, 5 * 2**40, 2**33):
        assert len(content.read(offset + 12_345, 70_000)) == 70_000
    assert time.perf_counter() - started < 2.0


def test_broken_content_gives_what_lies_before():
    content = Broken(Generated(1000), 600)
    assert content.size == 1000
    assert len(content.read(500, 500)) == 100
    with pytest.raises(OSError):
        content.read(600, 1)


def test_made_content_is_made_once():
    calls = []
    content = Made(lambda: calls.append(1) or b"abc")
    assert calls == []
    assert (content.size, bytes(content.read(1, 5))) == (3, b"bc")
    assert calls == [1]


@given(st.lists(st.binary(max_size=50)), st.integers(0, 200), st.integers(0, 200))
def test_joined_content(parts, offset, length):
    content = Joined(map(Literal, parts))
    assert content.size == sum(map(len, parts))
    assert content.read(offset, length) == b"".join(parts)[offset : offset + length]


@given(st.integers(0, 100), st.integers(0, 1_000), st.integers(0, 1_000), st.integers(1, 300))
def test_pieces(size, offset, length, piece):
    content = Generated(size)
    found = list(pieces(content, offset, length, piece))
    assert b"".join(found) == content.read(0, size)[offset : offset + length]
    assert all(0 < len(each) <= piece for each in found)


WRITES = st.lists(
    st.one_of(
        st.tuples(st.just("write"), st.integers(0, 200_000), st.integers(0, 70_000), st.integers(0, 3)),
        st.tuples(st.just("truncate"), st.integers(0, 200_000), st.just(0), st.just(0)),
    ),
    max_size=8,
)


@given(st.integers(0, 150_000), WRITES, st.integers(0, 250_000), st.integers(0, 250_000))
def test_written_content_is_what_a_bytearray_would_be(size, writes, offset, length):
    base = Generated(size, 3)
    content = Written(base)
    model = bytearray(base.read(0, size))
    for kind, place, amount, fill in writes:
        if kind == "truncate":
            content.truncate(place)
            del model[place:]
            model += bytes(place - len(model))
            continue
        data = bytes([fill]) * amount
        content.write(place, data)
        if data:
            model += bytes(max(0, place - len(model)))
            model[place : place + amount] = data
    assert content.size == len(model)
    assert content.read(0, content.size) == model
    assert content.read(offset, length) == model[offset : offset + length]
