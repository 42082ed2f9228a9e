"""A file that is written anew while it is read: never a mixture of two contents."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest

from mtpbackup.errors import ItemUnreadable
from mtpbackup.phone import Phone
from mtpbackup.phone.reading import PIECE
from mtpbackup.virtual import PERSONAS, Effect, Fault, Generated, plug_in
from tests.phone.test_reading import PART_64, VALUE, noise, take

DATE = datetime(2024, 5, 6, 7, 8, 9)


@pytest.fixture(params=["asked by a property", "asked by ObjectInfo"])
def phone(request):
    persona = PERSONAS["pixel"]
    if request.param == "asked by ObjectInfo":
        persona = replace(persona, operations=tuple(code for code in persona.operations if code != VALUE))
    with plug_in(persona) as phone:
        phone.add_file("DCIM/a.mp4", Generated(2 * PIECE, 5), DATE)
        yield phone


def between_two_pieces(phone, call):
    phone.faults.add(Fault(effect=Effect.CALL, operation=PART_64, skip=1, call=call))


@pytest.mark.parametrize("size", [2 * PIECE, 3 * PIECE])
def test_written_anew_between_two_pieces(phone, size):
    between_two_pieces(
        phone, lambda: phone.add_file("DCIM/a.mp4", Generated(size, 6), DATE + timedelta(seconds=3))
    )
    with Phone.open(phone.transport()) as opened:
        item = opened.find("Internal shared storage", ("DCIM", "a.mp4"))
        with pytest.raises(ItemUnreadable) as caught:
            take(opened.read(item))
        assert caught.value.reason is ItemUnreadable.Reason.CHANGED


def test_gone_between_the_last_piece_and_the_look(phone):
    phone.faults.add(
        Fault(
            effect=Effect.CALL,
            operation=PART_64,
            skip=1,
            at_byte=PIECE,
            call=lambda: phone.remove("DCIM/a.mp4"),
        )
    )
    with Phone.open(phone.transport()) as opened:
        item = opened.find("Internal shared storage", ("DCIM", "a.mp4"))
        with pytest.raises(ItemUnreadable):
            take(opened.read(item))


def test_a_journey_to_another_zone_is_no_change(phone):
    def travel():
        phone.zone = timezone(timedelta(hours=5, minutes=45))

    between_two_pieces(phone, travel)
    with Phone.open(phone.transport()) as opened:
        item = opened.find("Internal shared storage", ("DCIM", "a.mp4"))
        assert take(opened.read(item)) == noise(2 * PIECE, 5)


@pytest.mark.parametrize("listed", [1, PIECE, 2 * PIECE - 1])
def test_one_that_is_longer_than_it_was_listed(phone, listed):
    phone.storages[0].at("DCIM/a.mp4").announced_size = listed
    with Phone.open(phone.transport()) as opened:
        item = opened.find("Internal shared storage", ("DCIM", "a.mp4"))
        assert item.size == listed
        with pytest.raises(ItemUnreadable) as caught:
            take(opened.read(item))
        assert caught.value.reason is ItemUnreadable.Reason.WRONG_SIZE
