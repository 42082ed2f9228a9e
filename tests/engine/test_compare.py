"""Two looks at a phone, and what differs in them."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from mtpbackup.engine.compare import Aspect, Look, Place, Thing, differences, look_through
from mtpbackup.engine.link import PhoneLink
from mtpbackup.phone import PhoneIdentity
from mtpbackup.virtual import VirtualFinder, VirtualPhone
from mtpbackup.virtual.faults import Effect, Fault
from mtpbackup.wire import OperationCode

NOON = datetime(2024, 5, 4, 12, 0)
IDENTITY = PhoneIdentity("S1", "Google", "Pixel 8", "14", "")
PHOTO = Thing(False, 10, NOON, "aa")
FOLDER = Thing(True)


def look(**things: Thing) -> Look:
    return Look(IDENTITY, {Place("Internal", (name,)): thing for name, thing in things.items()})


def told(first: Thing | None, second: Thing | None) -> list[Aspect]:
    looks = [look(**({} if thing is None else {"a": thing})) for thing in (first, second)]
    return [difference.aspect for difference in differences(*looks)]


@pytest.mark.parametrize(
    ("first", "second", "aspects"),
    [
        (PHOTO, PHOTO, []),
        (PHOTO, None, [Aspect.MISSING]),
        (None, PHOTO, [Aspect.MISSING]),
        (PHOTO, FOLDER, [Aspect.KIND]),
        (PHOTO, replace(PHOTO, size=11, sha256="bb"), [Aspect.SIZE, Aspect.CONTENT]),
        (PHOTO, replace(PHOTO, sha256="bb"), [Aspect.CONTENT]),
        (PHOTO, replace(PHOTO, modified=NOON + timedelta(seconds=1)), []),
        (PHOTO, replace(PHOTO, modified=NOON + timedelta(hours=1)), [Aspect.DATE]),
        (PHOTO, replace(PHOTO, modified=None), [Aspect.DATE]),
        (replace(FOLDER, modified=datetime(1970, 1, 1)), FOLDER, []),
        (PHOTO, replace(PHOTO, sha256="", trouble="ItemUnreadable"), [Aspect.TROUBLE]),
        (FOLDER, replace(FOLDER, trouble="OperationFailed"), [Aspect.TROUBLE]),
    ],
)
def test_each_difference_is_told_once(first, second, aspects):
    assert told(first, second) == aspects


def test_another_identity_is_a_difference():
    other = Look(replace(IDENTITY, serial="S2"))
    (difference,) = differences(Look(IDENTITY), other)
    assert (difference.aspect, difference.first, difference.second) == (
        Aspect.IDENTITY,
        "serial 'S1'",
        "serial 'S2'",
    )


@pytest.fixture
def phone():
    with VirtualPhone("pixel") as phone:
        phone.add_file("DCIM/Camera/a.jpg", b"one")
        phone.add_file("DCIM/Camera/b.jpg", b"three")
        phone.add_file("Download/c.txt", b"")
        phone.plug()
        yield phone


def test_everything_is_seen_and_the_phone_let_go(phone):
    finder = VirtualFinder(phone)
    watched = []
    first = look_through(PhoneLink(finder), watch=watched.append)
    second = look_through(PhoneLink(finder))
    assert differences(first, second) == []
    assert (first.files, first.read) == (3, 8)
    assert {place.path for place in first.things} == {
        (),
        ("DCIM",),
        ("DCIM", "Camera"),
        ("DCIM", "Camera", "a.jpg"),
        ("DCIM", "Camera", "b.jpg"),
        ("Download",),
        ("Download", "c.txt"),
    }
    assert len(watched) == 3


def test_one_folder_alone(phone):
    look = look_through(PhoneLink(VirtualFinder(phone)), ("Download",))
    assert [place.path for place in look.things] == [(), ("Download", "c.txt")]


def test_a_file_that_is_not_given_is_trouble_and_the_rest_is_seen(phone):
    finder = VirtualFinder(phone)
    whole = look_through(PhoneLink(finder))
    phone.faults.add(Fault(operation=OperationCode.GET_OBJECT, effect=Effect.REFUSE, response=0x2002))
    broken = look_through(PhoneLink(finder))
    (difference,) = differences(whole, broken)
    assert difference.aspect is Aspect.TROUBLE
    assert difference.second == "ItemUnreadable"
    assert broken.files == whole.files - 1
