"""Reading an item: exactly its bytes, in few and safe steps, or an error that says why not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

import pytest

from mtpbackup.errors import (
    ItemUnreadable,
    ItemVanished,
    PhoneGone,
    StorageVanished,
)
from mtpbackup.phone import Item, Phone
from mtpbackup.phone.reading import FAST_PIECE, PIECE, WHOLE_LIMIT
from mtpbackup.transport.base import Speed, TransportOptions
from mtpbackup.virtual import PERSONAS, Effect, Fault, Generated, plug_in
from tests.phone.tiny import FOLDER, Refusal, Thing, TinyPhone, holding, without

MIB = 1024 * 1024
WHOLE, PART, PART_64, VALUE, IDS = 0x1009, 0x101B, 0x95C1, 0x9803, 0x1004
DATE = datetime(2024, 5, 6, 7, 8, 9)
Reason = ItemUnreadable.Reason


def take(chunks) -> bytes:
    got = bytearray()
    for chunk in chunks:
        got += chunk.data
        chunk.release()
    return bytes(got)


def length_of(chunks) -> int:
    total = 0
    for chunk in chunks:
        total += len(chunk.data)
        chunk.release()
    return total


def noise(size: int, seed: int = 1) -> bytes:
    return bytes(Generated(size, seed).read(0, size))


def one_file(content: bytes, **facts: object) -> TinyPhone:
    return TinyPhone({1: Thing("DCIM", format=FOLDER), 10: Thing("a.jpg", 1, content, **facts)})  # type: ignore[arg-type]


def the_item(phone: Phone) -> Item:
    return phone.find("Internal", ("DCIM", "a.jpg"))


# --- how it is asked for ----------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [1, 500, 512, 1012, 262_144, 5 * MIB + 3, WHOLE_LIMIT])
def test_small_items_come_whole(size: int) -> None:
    content = noise(size)
    with holding(one_file(content)) as (phone, tiny):
        item = the_item(phone)
        tiny.counts.clear()
        assert take(phone.read(item)) == content
        assert tiny.counts == {WHOLE: 1}


def reads(counts: Mapping[int, int]) -> dict[int, int]:
    """What was read, without what was asked to see that it did not change meanwhile."""
    return {code: number for code, number in counts.items() if code in (WHOLE, PART, PART_64)}


@pytest.mark.parametrize("size", [WHOLE_LIMIT + 1, PIECE, PIECE + 1, 2 * PIECE])
def test_large_items_come_in_pieces(size: int) -> None:
    with plug_in("pixel") as virtual:
        virtual.add_file("DCIM/a.mp4", Generated(size, 5), DATE)
        with Phone.open(virtual.transport()) as phone:
            item = phone.find("Internal shared storage", ("DCIM", "a.mp4"))
            virtual.log.clear()
            assert take(phone.read(item)) == noise(size, 5)
            assert reads(virtual.counts) == {PART_64: -(-size // PIECE)}
            for record in virtual.transactions:
                if record.operation != PART_64:
                    continue
                assert record.parameters[1] + record.parameters[3] <= size + 1, "a byte past the end at most"


@pytest.mark.parametrize("size", [WHOLE_LIMIT + 1, FAST_PIECE, FAST_PIECE + 1])
def test_pieces_are_larger_where_the_bus_is_faster(size: int) -> None:
    fast = replace(PERSONAS["pixel"], usb=replace(PERSONAS["pixel"].usb, speed=Speed.SUPER))
    with plug_in(fast, packet_size=1024) as virtual:
        virtual.add_file("DCIM/a.mp4", Generated(size, 5), DATE)
        with Phone.open(virtual.transport()) as phone:
            item = phone.find("Internal shared storage", ("DCIM", "a.mp4"))
            virtual.log.clear()
            assert take(phone.read(item)) == noise(size, 5)
            assert reads(virtual.counts) == {PART_64: -(-size // FAST_PIECE)}


@pytest.mark.parametrize("offset", [1, 511, MIB, 9 * MIB - 1])
@pytest.mark.parametrize(
    ("missing", "used"),
    [((), PART_64), ((PART_64,), PART), ((PART_64, PART), WHOLE)],
    ids=["64", "32", "whole"],
)
def test_from_the_middle(missing: tuple[int, ...], used: int, offset: int) -> None:
    content = noise(9 * MIB)
    tiny = one_file(content)
    tiny.operations = without(*missing)
    with holding(tiny) as (phone, _):
        item = the_item(phone)
        tiny.counts.clear()
        assert take(phone.read(item, offset)) == content[offset:]
        assert reads(tiny.counts) == {used: 1}


def test_from_the_end_there_is_nothing_to_ask() -> None:
    with holding(one_file(b"content")) as (phone, tiny):
        item = the_item(phone)
        tiny.counts.clear()
        assert take(phone.read(item, 7)) == b""
        assert tiny.counts == {}
        for offset in (-1, 8):
            with pytest.raises(ValueError, match="offset"):
                phone.read(item, offset)


def test_an_operation_that_is_listed_and_unknown_is_replaced_by_the_next() -> None:
    def unknown(*_parameters: int) -> bytes:
        raise Refusal(0x2005)

    content = noise(9 * MIB)
    tiny = one_file(content)
    tiny.overrides[PART_64] = unknown
    with holding(tiny) as (phone, _):
        item = the_item(phone)
        tiny.counts.clear()
        for _ in range(2):
            assert take(phone.read(item, 5)) == content[5:]
        assert reads(tiny.counts) == {PART_64: 1, PART: 2}


class Endless:
    """A content of any size, by arithmetic."""

    def __init__(self, size: int) -> None:
        self.size = size

    def part(self, offset: int, length: int) -> bytes:
        return bytes(Generated(self.size, 9).read(offset, min(length, self.size - offset)))


@pytest.mark.parametrize("before_4_gib", [17 * MIB, 1000, 0, -1, -(3 * MIB)])
def test_beyond_4_gib_by_32_bits_from_below(before_4_gib: int) -> None:
    size = (1 << 32) + 5 * MIB + 7
    content = Endless(size)
    tiny = one_file(b"", listed_size=size)
    tiny.operations = without(PART_64)
    tiny.overrides[PART] = lambda _handle, offset, length: content.part(offset, length)
    with holding(tiny) as (phone, _):
        item = the_item(phone)
        offset = (1 << 32) - before_4_gib
        assert take(phone.read(item, offset)) == content.part(offset, size)
        assert tiny.counts[WHOLE] == 0
        for _, _, start, length in (asked for asked in tiny.asked if asked[0] == PART):
            assert start + length <= size


def test_what_is_short_beyond_4_gib_is_not_asked_for_ever() -> None:
    size = (1 << 32) + 5 * MIB
    tiny = one_file(b"", listed_size=size)
    tiny.operations = without(PART_64)
    tiny.overrides[PART] = lambda _handle, _offset, length: bytes(min(length, 2 * MIB))
    with holding(tiny) as (phone, _):
        assert unreadable(phone, the_item(phone), (1 << 32) + MIB)[0] is Reason.WRONG_SIZE
        assert tiny.counts[PART] == 1


@pytest.mark.parametrize("missing", [(PART_64,), (PART, PART_64)])
def test_out_of_reach_of_32_bits_the_whole_is_read(missing: tuple[int, ...]) -> None:
    """Only by the operation chosen: the content itself need not come."""
    tiny = one_file(b"", listed_size=9 << 30)
    tiny.operations = without(*missing)

    def refuse(_handle: int) -> bytes:
        raise Refusal(0x200F)

    tiny.overrides[WHOLE] = refuse
    with holding(tiny) as (phone, _):
        item = the_item(phone)
        assert item.size == 9 << 30
        with pytest.raises(ItemUnreadable):
            take(phone.read(item, 5 << 30))
        assert tiny.counts[WHOLE] == 1
        assert tiny.counts[PART] == 0


def test_the_end_of_a_file_over_4_gib() -> None:
    size = (5 << 32) + 3
    with plug_in("pixel") as virtual:
        virtual.add_file("DCIM/long.mp4", Generated(size, 9), DATE)
        with Phone.open(virtual.transport()) as phone:
            item = phone.find("Internal shared storage", ("DCIM", "long.mp4"))
            assert item.size == size
            assert take(phone.read(item, size - 1000)) == bytes(Generated(size, 9).read(size - 1000, 1000))


def test_chunks_come_without_a_copy() -> None:
    with holding(one_file(noise(MIB))) as (phone, _):
        for chunk in phone.read(the_item(phone)):
            assert isinstance(chunk.data.obj, bytearray)
            assert len(chunk.data.obj) == TransportOptions().chunk_size
            chunk.release()


# --- stopping ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("persona", ["pixel", "basic"])
def test_stopping_at_any_chunk_leaves_the_phone_usable(persona: str) -> None:
    with plug_in(persona) as virtual:
        virtual.add_file("DCIM/a.mp4", Generated(20 * MIB, 5), DATE)
        virtual.add_file("DCIM/b.jpg", Generated(3 * MIB, 6), DATE)
        with Phone.open(virtual.transport()) as phone:
            label = phone.storages()[0].label
            for name, size, seed in (("a.mp4", 20 * MIB, 5), ("b.jpg", 3 * MIB, 6)):
                item = phone.find(label, ("DCIM", name))
                for stop_after in (0, 1, 10):
                    chunks = phone.read(item)
                    for number, chunk in enumerate(chunks):
                        chunk.release()
                        if number == stop_after:
                            break
                    chunks.close()
                assert take(phone.read(item)) == noise(size, seed)
            assert len(phone.storages()) == 1
        assert not virtual.dead


def test_stopping_between_pieces_asks_for_no_more() -> None:
    with plug_in("pixel") as virtual:
        virtual.add_file("DCIM/a.mp4", Generated(100 * MIB, 5), DATE)
        with Phone.open(virtual.transport()) as phone:
            item = phone.find("Internal shared storage", ("DCIM", "a.mp4"))
            virtual.log.clear()
            chunks = phone.read(item)
            next(chunks).release()
            chunks.close()
            assert reads(virtual.counts) == {PART_64: 1}


# --- sizes that disagree ----------------------------------------------------------------------------------


def unreadable(phone: Phone, item: Item, offset: int = 0) -> tuple[Reason, int | None, int | None]:
    with pytest.raises(ItemUnreadable) as caught:
        length_of(phone.read(item, offset))
    assert caught.value.path == "DCIM/a.jpg"
    return caught.value.reason, caught.value.expected, caught.value.received


@pytest.mark.parametrize("size", [100, 2 * MIB])
def test_a_whole_of_another_length_is_read_again_by_parts(size: int) -> None:
    """As with videos converted on the way (PHONES.md 1.10); nothing of the other length is handed on."""
    content = noise(size)
    tiny = one_file(content)
    tiny.overrides[WHOLE] = lambda _handle: b"y" * (size // 2)
    with holding(tiny) as (phone, _):
        item = the_item(phone)
        tiny.counts.clear()
        assert take(phone.read(item)) == content
        assert reads(tiny.counts) == {WHOLE: 1, PART_64: 1}


def test_a_longer_whole_is_read_by_parts_and_its_end_is_looked_at() -> None:
    content = noise(100)
    tiny = one_file(content)
    tiny.overrides[WHOLE] = lambda _handle: bytes(150)
    with holding(tiny) as (phone, _):
        item = the_item(phone)
        tiny.counts.clear()
        assert take(phone.read(item)) == content
        assert tiny.asked[-1] == (PART_64, 10, 100, 0, 1)


def test_an_item_that_is_longer_than_the_phone_says_is_not_saved_by_half() -> None:
    with holding(one_file(bytes(150), listed_size=100)) as (phone, _):
        assert unreadable(phone, the_item(phone)) == (Reason.WRONG_SIZE, 100, 150)


@pytest.mark.parametrize("length", [0, 50, 150])
def test_a_whole_of_another_length_where_there_are_no_parts(length: int) -> None:
    tiny = one_file(bytes(100))
    tiny.operations = without(PART, PART_64)
    tiny.overrides[WHOLE] = lambda _handle: bytes(length)
    with holding(tiny) as (phone, _):
        assert unreadable(phone, the_item(phone)) == (Reason.WRONG_SIZE, 100, length)


@pytest.mark.parametrize("size", [100, 9 * MIB])
@pytest.mark.parametrize("difference", [-10, -50])
def test_an_item_that_has_become_shorter_since_it_was_listed(size: int, difference: int) -> None:
    with holding(one_file(bytes(size))) as (phone, tiny):
        item = the_item(phone)
        tiny.things[10].content = bytes(size + difference)
        assert unreadable(phone, item) == (Reason.CHANGED, size, size + difference)


def test_an_item_that_has_grown_since_it_was_listed_is_not_saved_by_half() -> None:
    with holding(one_file(bytes(100))) as (phone, tiny):
        item = the_item(phone)
        tiny.things[10].content = bytes(150)
        assert unreadable(phone, item) == (Reason.CHANGED, 100, 150)


@pytest.mark.parametrize("size", [100, 9 * MIB])
def test_a_size_that_is_a_lie(size: int) -> None:
    with holding(one_file(bytes(size), listed_size=2 * size)) as (phone, tiny):
        item = the_item(phone)
        assert item.size == 2 * size
        tiny.counts.clear()
        assert unreadable(phone, item) == (Reason.WRONG_SIZE, 2 * size, size)
        assert sum(tiny.counts.values()) <= 6


def test_going_on_behind_the_end_of_a_file_that_has_become_shorter() -> None:
    with holding(one_file(bytes(9 * MIB))) as (phone, tiny):
        item = the_item(phone)
        tiny.things[10].content = bytes(MIB)
        assert unreadable(phone, item, 5 * MIB)[0] is Reason.CHANGED


def test_of_more_than_was_asked_for_nothing_is_taken() -> None:
    tiny = one_file(bytes(9 * MIB))
    tiny.overrides[PART_64] = lambda *_: bytes(9 * MIB + 1)
    with holding(tiny) as (phone, _):
        with pytest.raises(ItemUnreadable) as caught:
            next(phone.read(the_item(phone)))
        assert caught.value.reason is Reason.WRONG_SIZE
        assert len(phone.storages()) == 1


def test_a_phone_that_brings_less_than_asked_for_is_asked_for_the_rest() -> None:
    content = noise(9 * MIB)
    tiny = one_file(content)
    tiny.overrides[PART_64] = lambda handle, low, high, length: tiny.answer_95c1(
        handle, low, high, min(length, 3 * MIB)
    )
    with holding(tiny) as (phone, _):
        assert take(phone.read(the_item(phone))) == content


def test_an_empty_item_is_asked_for_and_believed_then() -> None:
    with holding(one_file(b"")) as (phone, tiny):
        item = the_item(phone)
        tiny.counts.clear()
        assert take(phone.read(item)) == b""
        assert tiny.counts == {WHOLE: 1}


def test_an_item_listed_as_empty_that_is_not() -> None:
    with holding(one_file(b"surprise", listed_size=0)) as (phone, _):
        assert unreadable(phone, the_item(phone)) == (Reason.WRONG_SIZE, 0, 8)


# --- refusals and losses ----------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [100, 9 * MIB])
@pytest.mark.parametrize("response", [0x2002, 0x200F, 0x2007])
def test_an_item_that_the_phone_will_not_give(size: int, response: int) -> None:
    def refuse(*_parameters: int) -> bytes:
        raise Refusal(response)

    tiny = one_file(bytes(size))
    tiny.overrides.update({WHOLE: refuse, PART_64: refuse})
    with holding(tiny) as (phone, _):
        assert unreadable(phone, the_item(phone))[:2] == (Reason.REFUSED, size)


@pytest.mark.parametrize("size", [100, 9 * MIB])
def test_an_item_that_is_gone(size: int) -> None:
    with holding(one_file(bytes(size))) as (phone, tiny):
        item = the_item(phone)
        del tiny.things[10]
        with pytest.raises(ItemVanished) as caught:
            take(phone.read(item))
        assert caught.value.path == "DCIM/a.jpg"


@pytest.mark.parametrize("response", [0x2009, 0x2008, 0x2013])
def test_a_storage_that_is_gone(response: int) -> None:
    def refuse(*_parameters: int) -> bytes:
        raise Refusal(response)

    with holding(one_file(bytes(100))) as (phone, tiny):
        item = the_item(phone)
        tiny.storages.clear()
        tiny.overrides[WHOLE] = refuse
        with pytest.raises(StorageVanished) as caught:
            take(phone.read(item))
        assert caught.value.storage == "Internal"


def test_a_phone_that_is_locked_between_two_pieces() -> None:
    with plug_in("pixel") as virtual:
        virtual.add_file("DCIM/a.mp4", Generated(40 * MIB, 5), DATE)
        with Phone.open(virtual.transport()) as phone:
            item = phone.find("Internal shared storage", ("DCIM", "a.mp4"))
            virtual.faults.add(Fault(effect=Effect.CALL, operation=PART_64, skip=1, call=virtual.lock))
            with pytest.raises(StorageVanished):
                length_of(phone.read(item))
            assert phone.storages() == []


@pytest.mark.parametrize("size", [3 * MIB, 20 * MIB])
def test_a_phone_that_stalls_in_mid_data_is_usable_afterwards(size: int) -> None:
    with plug_in("pixel") as virtual:
        virtual.add_file("DCIM/a.mp4", Generated(size, 5), DATE)
        with Phone.open(virtual.transport()) as phone:
            item = phone.find("Internal shared storage", ("DCIM", "a.mp4"))
            virtual.faults.add(Fault(effect=Effect.STALL, at_byte=2 * MIB))
            got = 0
            with pytest.raises(ItemUnreadable) as caught:
                for chunk in phone.read(item):
                    got += len(chunk.data)
                    chunk.release()
            assert caught.value.reason is Reason.STALLED
            assert caught.value.received == got
            assert take(phone.read(item, got)) == noise(size, 5)[got:]


def test_a_phone_that_is_unplugged_in_mid_data() -> None:
    with plug_in("pixel") as virtual:
        virtual.add_file("DCIM/a.mp4", Generated(20 * MIB, 5), DATE)
        with Phone.open(virtual.transport()) as phone:
            item = phone.find("Internal shared storage", ("DCIM", "a.mp4"))
            virtual.unplug(after_bytes=5 * MIB)
            got = bytearray()
            with pytest.raises(PhoneGone):
                for chunk in phone.read(item):
                    got += chunk.data
                    chunk.release()
            assert 4 * MIB < len(got) <= 5 * MIB - 12
            assert bytes(got) == noise(20 * MIB, 5)[: len(got)]
            with pytest.raises(PhoneGone):
                take(phone.read(item))
        virtual.plug()
        with Phone.open(virtual.transport()) as phone:
            item = phone.find("Internal shared storage", ("DCIM", "a.mp4"))
            got += take(phone.read(item, len(got)))
        assert bytes(got) == noise(20 * MIB, 5)
