"""Listing a folder: complete, by few transactions, whatever the phone's lists are good for."""

from __future__ import annotations

from datetime import datetime

import pytest

from mtpbackup.errors import (
    ItemUnreadable,
    ItemVanished,
    OperationFailed,
    PhoneGone,
    StorageVanished,
    WireError,
)
from mtpbackup.phone import Item, Phone
from mtpbackup.virtual import Effect, Fault, Generated, plug_in
from tests.phone.tiny import FOLDER, JPEG, STORAGE, Refusal, Thing, TinyPhone, holding, without
from tests.session.peer import array

IDS, HANDLES, INFO, VALUE, LIST = 0x1004, 0x1007, 0x1008, 0x9803, 0x9805
DATE = datetime(2024, 5, 6, 7, 8, 9)


def camera(count: int) -> TinyPhone:
    """A phone with one folder of so many photos."""
    things = {1: Thing("DCIM", format=FOLDER)}
    for number in range(count):
        things[10 + number] = Thing(f"IMG_{number:05}.jpg", 1, bytes(number % 1000))
    return TinyPhone(things)


def top(phone: Phone) -> list[Item]:
    return phone.list_folder(phone.storages()[0])


def in_dcim(phone: Phone) -> list[Item]:
    storage = phone.storages()[0]
    return phone.list_folder(storage, phone.list_folder(storage)[0])


# --- on Android -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def android():
    with plug_in("pixel") as virtual:
        for number in range(10_000):
            virtual.add_file(f"DCIM/Camera/IMG_{number:05}.jpg", Generated(1000 + number, number), DATE)
        yield virtual


def test_10_000_photos_take_at_most_8_transactions(android) -> None:
    with Phone.open(android.transport()) as phone:
        storage = phone.storages()[0]
        folder = phone.find(storage.label, ("DCIM", "Camera"))
        before = phone.transactions
        android.log.clear()
        items = phone.list_folder(storage, folder)
        assert phone.transactions - before == sum(android.counts.values()) == 5
        assert len(items) == 10_000
        assert [item.name for item in items] == [f"IMG_{number:05}.jpg" for number in range(10_000)]
        for number, item in enumerate(items):
            assert (item.size, item.modified, item.format) == (1000 + number, DATE, JPEG)
            assert item.path == ("DCIM", "Camera", item.name)
            assert item.parent == folder.handle
        assert len({item.handle for item in items}) == 10_000


def test_nothing_is_asked_recursively_nor_for_all_storages(android) -> None:
    with Phone.open(android.transport()) as phone:
        android.log.clear()
        for _ in phone.walk(phone.storages()[0]):
            pass
        for record in android.transactions:
            if record.operation == HANDLES:
                assert record.parameters[0] not in (0, 0xFFFFFFFF)
                assert record.parameters[2] != 0
            if record.operation == LIST:
                handle, _, code, _, depth = record.parameters
                assert handle != 0xFFFFFFFF
                # All properties of one object, or one property of all objects in a folder.
                assert (depth, code == 0xFFFFFFFF) in ((0, True), (1, False))


def test_a_phone_without_lists_is_asked_object_by_object() -> None:
    with plug_in("basic") as virtual:
        for number in range(50):
            virtual.add_file(f"DCIM/IMG_{number:05}.jpg", Generated(1000 + number, number), DATE)
        with Phone.open(virtual.transport()) as phone:
            storage = phone.storages()[0]
            folder = phone.find(storage.label, ("DCIM",))
            virtual.log.clear()
            items = phone.list_folder(storage, folder)
            assert virtual.counts == {HANDLES: 1, INFO: 50}
            assert [(item.name, item.size, item.modified) for item in items] == [
                (f"IMG_{number:05}.jpg", 1000 + number, DATE) for number in range(50)
            ]


def test_hidden_trashed_and_strange_names_are_listed_as_they_are() -> None:
    names = ["🙂.jpg", ".trashed-1-a.jpg", ".nomedia", "ü.jpg", "u\u0308.jpg", "a\\b?.jpg", "x" * 254]
    with plug_in("pixel") as virtual:
        for name in names:
            virtual.add_file(f"DCIM/{name}", b"1", DATE)
        with Phone.open(virtual.transport()) as phone:
            assert {item.name for item in in_dcim(phone)} == set(names)


# --- counting ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("files", "counts"),
    [
        (0, {HANDLES: 1, IDS: 1}),
        (1, {HANDLES: 1, LIST: 1}),
        (3, {HANDLES: 1, LIST: 3}),
        (4, {HANDLES: 1, LIST: 4}),
        (500, {HANDLES: 1, LIST: 4}),
    ],
)
def test_each_folder_by_whatever_takes_fewer_transactions(files: int, counts: dict[int, int]) -> None:
    with holding(camera(files)) as (phone, tiny):
        storage = phone.storages()[0]
        folder = phone.list_folder(storage)[0]
        tiny.counts.clear()
        items = phone.list_folder(storage, folder)
        assert len(items) == files
        assert tiny.counts == counts


def test_the_top_of_one_storage_among_two() -> None:
    tiny = TinyPhone(
        {n: Thing(f"{n}", format=FOLDER, storage=STORAGE if n % 2 else 0x20001) for n in range(1, 21)}
    )
    tiny.storages[0x20001] = "SD card"
    with holding(tiny) as (phone, _):
        storages = phone.storages()
        tiny.counts.clear()
        names = [{item.name for item in phone.list_folder(storage)} for storage in storages]
        assert names == [{str(n) for n in range(1, 21, 2)}, {str(n) for n in range(2, 21, 2)}]
        assert tiny.counts == {HANDLES: 2, LIST: 8}


# --- lists that are no good -------------------------------------------------------------------------------


def test_a_list_that_answers_for_one_object_whatever_the_depth_is_asked_for_once() -> None:
    """As umtp-responder does."""
    tiny = camera(30)
    tiny.things[2] = Thing("Pictures", format=FOLDER)
    tiny.things.update({100 + n: Thing(f"{n}.png", 2) for n in range(20)})
    tiny.overrides[LIST] = lambda handle, _f, code, _g, _d: tiny.elements([handle], code)
    with holding(tiny) as (phone, _):
        storage = phone.storages()[0]
        folders = phone.list_folder(storage)
        tiny.counts.clear()
        assert [len(phone.list_folder(storage, folder)) for folder in folders] == [30, 20]
        # One property of a folder's objects, in vain; then all properties of each object.
        assert tiny.counts == {HANDLES: 2, LIST: 1 + 50}


@pytest.mark.parametrize("response", [0x2005, 0x2006, 0xA807, 0xA808, 0x201D, 0x2002])
def test_a_list_that_is_refused_is_asked_for_once(response: int) -> None:
    def refuse(*_parameters: int) -> bytes:
        raise Refusal(response)

    tiny = camera(30)
    tiny.overrides[LIST] = refuse
    with holding(tiny) as (phone, _):
        storage = phone.storages()[0]
        folder = phone.list_folder(storage)[0]
        tiny.counts.clear()
        for _ in range(2):
            assert len(phone.list_folder(storage, folder)) == 30
        # The list of a single object was refused before.
        assert tiny.counts == {HANDLES: 2, INFO: 60} | ({} if response == 0x2005 else {LIST: 1})


def test_a_phone_that_does_not_offer_lists_is_never_asked_for_one() -> None:
    tiny = camera(30)
    tiny.operations = without(LIST)
    with holding(tiny) as (phone, _):
        assert len(in_dcim(phone)) == 30
        assert tiny.counts[LIST] == 0


@pytest.mark.parametrize("code", [0xDC07, 0xDC02, 0xDC04, 0xDC09])
def test_one_of_the_lists_makes_no_sense(code: int) -> None:
    tiny = camera(30)

    def broken(handle: int, object_format: int, asked: int, group: int, depth: int) -> bytes:
        whole = tiny.answer_9805(handle, object_format, asked, group, depth)
        return whole[:50] if asked == code else whole

    tiny.overrides[LIST] = broken
    with holding(tiny) as (phone, _):
        storage = phone.storages()[0]
        folder = phone.list_folder(storage)[0]
        for _ in range(3):
            items = phone.list_folder(storage, folder)
            assert [item.size for item in items] == list(range(30))
            assert all(item.modified == DATE for item in items)
        # Twice may be chance; then the lists of folders are not believed any more.
        assert (
            len([parameters for parameters in tiny.asked if parameters[0] == LIST and parameters[5] == 1]) <= 8
        )


def test_objects_missing_in_the_lists_are_asked_for_singly() -> None:
    tiny = camera(500)
    forgotten = {0xDC07: {10, 11}, 0xDC04: {11, 12}, 0xDC02: {13}, 0xDC09: {14}}

    def forgetful(handle: int, object_format: int, code: int, group: int, depth: int) -> bytes:
        if depth == 0:
            return tiny.answer_9805(handle, object_format, code, group, depth)
        return tiny.elements([h for h in (*tiny.children(handle), handle) if h not in forgotten[code]], code)

    tiny.overrides[LIST] = forgetful
    with holding(tiny) as (phone, _):
        storage = phone.storages()[0]
        folder = phone.list_folder(storage)[0]
        tiny.counts.clear()
        for _ in range(2):
            items = phone.list_folder(storage, folder)
            assert [(item.name, item.size) for item in items] == [(f"IMG_{n:05}.jpg", n) for n in range(500)]
        assert tiny.counts == {HANDLES: 2, LIST: 8 + 10}


def test_a_property_that_the_phone_does_not_know_is_asked_for_singly() -> None:
    """Android answers with an element of type 0 (ANDROID.md, GetObjectPropList)."""
    tiny = camera(500)
    value = tiny.value
    tiny.value = lambda handle, code: (0, b"") if (handle, code) == (17, 0xDC04) else value(handle, code)  # type: ignore[method-assign]
    with holding(tiny) as (phone, _):
        assert [item.size for item in in_dcim(phone)] == list(range(500))
        assert tiny.counts[INFO] == 1


def test_objects_that_only_the_lists_have_are_taken_if_they_lie_here() -> None:
    """Huawei's lists of handles can miss objects (PHONES.md, section 2)."""
    tiny = camera(50)
    tiny.things[7] = Thing("other", format=FOLDER)
    tiny.things[8] = Thing("elsewhere.jpg", 7)
    whole = tiny.answer_1007

    def missing(storage: int, object_format: int, parent: int) -> bytes:
        if parent != 1:
            return whole(storage, object_format, parent)
        return array("I", [h for h in tiny.children(1) if h != 20])

    tiny.overrides[HANDLES] = missing
    tiny.overrides[LIST] = lambda h, _f, code, _g, _d: tiny.elements([*tiny.children(h), 8, h], code)
    with holding(tiny) as (phone, _):
        names = [item.name for item in in_dcim(phone)]
        assert len(names) == 50
        assert "elsewhere.jpg" not in names


def test_a_list_that_stalls_is_not_asked_for_for_ever() -> None:
    with plug_in("pixel") as virtual:
        for number in range(20):
            virtual.add_file(f"DCIM/IMG_{number:05}.jpg", b"x", DATE)
        virtual.faults.add(Fault(effect=Effect.STALL, operation=LIST, times=None))
        with Phone.open(virtual.transport()) as phone:
            storage = phone.storages()[0]
            folder = phone.list_folder(storage)[0]
            virtual.log.clear()
            for _ in range(4):
                assert len(phone.list_folder(storage, folder)) == 20
            assert virtual.counts == {HANDLES: 4, LIST: 2, INFO: 80}


# --- what an object tells ---------------------------------------------------------------------------------


@pytest.mark.parametrize("lists", [True, False])
def test_sizes_over_4_gib(lists: bool) -> None:
    tiny = camera(5)
    tiny.things[10].listed_size = (5 << 32) + 1
    tiny.things[11].listed_size = 0xFFFFFFFF
    tiny.things[12].listed_size = 0xFFFFFFFE
    if not lists:
        tiny.operations = without(LIST)
    with holding(tiny) as (phone, _):
        assert [item.size for item in in_dcim(phone)][:3] == [(5 << 32) + 1, 0xFFFFFFFF, 0xFFFFFFFE]
        assert tiny.counts[VALUE] == (0 if lists else 2)


def test_the_true_size_by_a_list_of_one_where_there_is_no_other_way() -> None:
    tiny = camera(1)
    tiny.things[10].listed_size = (5 << 32) + 1
    tiny.operations = without(VALUE)
    with holding(tiny) as (phone, _):
        assert in_dcim(phone)[0].size == (5 << 32) + 1


@pytest.mark.parametrize("files", [1, 10])
def test_dates(files: int) -> None:
    dates = {
        "20240506T070809": DATE,
        "20240506T070809.5": DATE.replace(microsecond=500_000),
        "20240506T070809Z": DATE,
        "20240506T070809+0200": DATE,
        "": None,
        "00000000T000000": None,
        "yesterday": None,
    }
    for text, expected in dates.items():
        tiny = camera(files)
        tiny.things[10].date = text
        with holding(tiny) as (phone, _):
            assert in_dcim(phone)[0].modified == expected


def test_objects_without_a_name_get_one_that_stays_the_same() -> None:
    tiny = camera(10)
    tiny.things[12].name = tiny.things[13].name = ""
    tiny.things[13].format = 0x3000
    with holding(tiny) as (phone, _):
        names = {item.handle: item.name for item in in_dcim(phone)}
        assert names[12] == "unnamed-20240506T070809-2.jpg"
        assert names[13] == "unnamed-20240506T070809-3"


def test_a_folder_has_no_size() -> None:
    tiny = camera(5)
    tiny.things[12] = Thing("sub", 1, format=FOLDER, listed_size=4096)
    with holding(tiny) as (phone, _):
        (folder,) = [item for item in in_dcim(phone) if item.is_folder]
        assert folder.size == 0


def test_an_object_that_tells_nothing_of_itself_is_listed_all_the_same() -> None:
    tiny = camera(3)
    tiny.operations = without(LIST)

    def secretive(handle: int) -> bytes:
        if handle == 11:
            raise Refusal(0x200F)
        return tiny.answer_1008(handle)[:20] if handle == 12 else tiny.answer_1008(handle)

    tiny.overrides[INFO] = secretive
    with holding(tiny) as (phone, _):
        items = in_dcim(phone)
        assert [item.name for item in items] == ["IMG_00000.jpg", "unnamed-0000000b", "unnamed-0000000c"]
        assert not any(item.is_folder for item in items)


def test_handles_that_are_none_or_come_twice() -> None:
    tiny = camera(3)
    whole = tiny.answer_1007
    tiny.overrides[HANDLES] = lambda s, f, parent: (
        whole(s, f, parent) if parent != 1 else array("I", (10, 0, 11, 11, 0xFFFFFFFF, 1, 12, 10))
    )
    with holding(tiny) as (phone, _):
        assert [item.handle for item in in_dcim(phone)] == [10, 11, 12]


# --- what is gone -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("operation", [LIST, INFO])
def test_an_object_that_vanishes_while_its_folder_is_listed_is_left_out(operation: int) -> None:
    tiny = camera(2)
    tiny.things[99] = Thing("gone.jpg", 1)
    if operation == INFO:
        tiny.operations = without(LIST)
    answer = tiny.answer_9805 if operation == LIST else tiny.answer_1008

    def vanishing(handle: int, *rest: int) -> bytes:
        if handle != 1:
            tiny.things.pop(99, None)
        return answer(handle, *rest)

    tiny.overrides[operation] = vanishing
    with holding(tiny) as (phone, _):
        assert [item.name for item in in_dcim(phone)] == ["IMG_00000.jpg", "IMG_00001.jpg"]
        assert tiny.asked[-2][:2] == (INFO, 99)


def test_a_folder_that_is_gone() -> None:
    with holding(camera(3)) as (phone, tiny):
        storage = phone.storages()[0]
        folder = phone.list_folder(storage)[0]
        del tiny.things[1]
        with pytest.raises(ItemVanished) as caught:
            phone.list_folder(storage, folder)
        assert caught.value.path == "DCIM"


def test_a_storage_that_is_gone() -> None:
    with holding(camera(3)) as (phone, tiny):
        storage = phone.storages()[0]
        folder = phone.list_folder(storage)[0]
        tiny.storages.clear()
        for place in (None, folder):
            with pytest.raises(StorageVanished) as caught:
                phone.list_folder(storage, place)
            assert caught.value.storage == "Internal"


def test_a_storage_that_is_gone_is_not_taken_for_an_empty_one() -> None:
    tiny = camera(3)
    with holding(tiny) as (phone, _):
        storage = phone.storages()[0]
        folder = phone.list_folder(storage)[0]
        tiny.overrides[HANDLES] = lambda *_: array("I", ())
        for place in (None, folder):
            assert phone.list_folder(storage, place) == []
        tiny.storages.clear()
        for place in (None, folder):
            with pytest.raises(StorageVanished):
                phone.list_folder(storage, place)


@pytest.mark.parametrize("persona", ["pixel", "basic"])
def test_a_phone_that_is_locked_while_it_is_listed(persona: str) -> None:
    with plug_in(persona) as virtual:
        for number in range(30):
            virtual.add_file(f"DCIM/IMG_{number:05}.jpg", b"x", DATE)
        with Phone.open(virtual.transport()) as phone:
            storage = phone.storages()[0]
            folder = phone.list_folder(storage)[0]
            operation = LIST if persona == "pixel" else INFO
            virtual.faults.add(Fault(effect=Effect.CALL, operation=operation, skip=1, call=virtual.lock))
            with pytest.raises(StorageVanished):
                phone.list_folder(storage, folder)
            assert phone.storages() == []


def test_a_phone_that_is_unplugged_while_it_is_listed() -> None:
    with plug_in("pixel") as virtual:
        for number in range(30):
            virtual.add_file(f"DCIM/IMG_{number:05}.jpg", b"x", DATE)
        with Phone.open(virtual.transport()) as phone:
            storage = phone.storages()[0]
            folder = phone.list_folder(storage)[0]
            virtual.faults.add(Fault(effect=Effect.UNPLUG, operation=LIST, skip=1))
            with pytest.raises(PhoneGone):
                phone.list_folder(storage, folder)
            with pytest.raises(PhoneGone):
                phone.storages()


def test_handles_that_stall_or_make_no_sense_or_are_refused() -> None:
    with plug_in("pixel") as virtual:
        virtual.add_file("DCIM/a.jpg", b"x", DATE)
        with Phone.open(virtual.transport()) as phone:
            storage = phone.storages()[0]
            virtual.faults.add(Fault(effect=Effect.STALL, operation=HANDLES))
            with pytest.raises(ItemUnreadable) as caught:
                phone.list_folder(storage)
            assert caught.value.reason is ItemUnreadable.Reason.STALLED
            virtual.faults.add(Fault(effect=Effect.REFUSE, operation=HANDLES, response=0x200F))
            with pytest.raises(OperationFailed):
                phone.list_folder(storage)
            assert len(phone.list_folder(storage)) == 1
    tiny = camera(3)
    tiny.overrides[HANDLES] = lambda *_: b"\xff\xff\xff\xff"
    with holding(tiny) as (phone, _), pytest.raises(WireError):
        top(phone)
