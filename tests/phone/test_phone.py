"""Who a phone is, its storages, walking it, finding items by path, waiting for it."""

from __future__ import annotations

import time
from datetime import datetime

import pytest

from mtpbackup.errors import ItemVanished, PhoneGone, PhoneLocked, StorageVanished, WireError
from mtpbackup.phone import Item, Phone, PhoneIdentity
from mtpbackup.transport.base import UsbIdentity
from mtpbackup.virtual import MemoryStore, plug_in
from mtpbackup.wire import Event, EventCode
from tests.phone.tiny import FOLDER, STORAGE, Refusal, Thing, TinyPhone, holding, without
from tests.session.peer import array, text

IDS, STORAGE_INFO, HANDLES, DEVICE_PROPERTY = 0x1004, 0x1005, 0x1007, 0x1015
DATE = datetime(2024, 5, 6, 7, 8, 9)


# --- identity ---------------------------------------------------------------------------------------------


def test_who_it_is() -> None:
    tiny = TinyPhone()
    tiny.properties = (0xD402,)
    tiny.overrides[DEVICE_PROPERTY] = lambda code: text("Anna's\n phone ")
    with holding(tiny) as (phone, _):
        assert phone.identity == PhoneIdentity("0123456789", "Google", "Pixel 8", "1.0", "Anna's phone")
        assert phone.identity.name == "Anna's phone"


@pytest.mark.parametrize("properties", [(), (0xD402,)])
def test_a_phone_without_a_friendly_name_is_called_by_its_model(properties: tuple[int, ...]) -> None:
    tiny = TinyPhone()
    tiny.properties = properties
    with holding(tiny) as (phone, _):
        assert phone.identity.name == "Pixel 8"


def test_a_phone_is_never_nameless() -> None:
    assert PhoneIdentity("", "", "", "", "").name == "Phone"
    assert PhoneIdentity("", "LG", "", "", "").name == "LG"


def test_a_serial_number_of_usb_will_do() -> None:
    tiny = TinyPhone()
    tiny.serial = ""
    from mtpbackup.transport.memory import MemoryTransport

    identity = UsbIdentity(1, 2, serial="usb-serial")
    original = MemoryTransport.identity
    try:
        MemoryTransport.identity = property(lambda self: identity)  # type: ignore[method-assign,assignment]
        with holding(tiny) as (phone, _):
            assert phone.identity.serial == "usb-serial"
    finally:
        MemoryTransport.identity = original  # type: ignore[method-assign]


# --- storages ---------------------------------------------------------------------------------------------


def labels_of(storages: dict[int, str], **kinds: object) -> list[str]:
    tiny = TinyPhone()
    tiny.storages = storages
    with holding(tiny) as (phone, _):
        return [storage.label for storage in phone.storages()]


def test_labels_are_unique_and_never_empty() -> None:
    assert labels_of({0x10001: "Internal", 0x20001: "SD card"}) == ["Internal", "SD card"]
    assert labels_of({0x10001: "", 0x20001: " \n"}) == ["Storage", "Storage (2)"]
    assert labels_of({0x10001: "SD card", 0x20001: "sd CARD", 0x30001: "SD card"}) == [
        "SD card",
        "sd CARD (2)",
        "SD card (3)",
    ]
    assert labels_of({0x10001: "a", 0x20001: "a", 0x30001: "a (2)"}) == ["a", "a (2)", "a (2) (2)"]


def test_labels_do_not_depend_on_the_order_in_which_a_phone_tells_its_storages() -> None:
    assert labels_of({0x20001: "card", 0x10001: "card"}) == ["card (2)", "card"]


def test_storages_with_one_description_are_told_apart_by_their_volumes() -> None:
    import struct

    tiny = TinyPhone()
    tiny.storages = {0x10001: "SD card", 0x20001: "SD card"}
    tiny.overrides[STORAGE_INFO] = lambda storage: (
        struct.pack("<HHHQQI", 4, 2, 1, 100, 50, 0)
        + text("SD card")
        + text({0x10001: "A1", 0x20001: "B2"}[storage])
    )
    with holding(tiny) as (phone, _):
        storages = phone.storages()
        assert [storage.label for storage in storages] == ["SD card (A1)", "SD card (B2)"]
        assert [(s.capacity, s.free, s.removable, s.writable) for s in storages] == [(100, 50, True, False)] * 2


def test_ids_that_are_none_and_storages_that_are_gone_are_left_out() -> None:
    tiny = TinyPhone()
    tiny.storages |= {0: "zero", 0x20000: "a slot without a card", 0xFFFFFFFF: "all"}
    tiny.overrides[IDS] = lambda: array("I", (0, 0x10001, 0x10001, 0x20000, 0xFFFFFFFF, 0x30001))
    with holding(tiny) as (phone, _):
        assert [storage.id for storage in phone.storages()] == [0x10001]


def test_a_storage_that_does_not_describe_itself_is_shown_all_the_same() -> None:
    def refuse(_storage: int) -> bytes:
        raise Refusal(0x200F)

    tiny = TinyPhone({1: Thing("a.jpg", content=b"x")})
    tiny.overrides[STORAGE_INFO] = refuse
    with holding(tiny) as (phone, _):
        (storage,) = phone.storages()
        assert (storage.label, storage.capacity) == ("Storage", 0)
        assert len(phone.list_folder(storage)) == 1


@pytest.mark.parametrize("times", [1, 2])
def test_an_answer_lost_on_the_way_does_not_give_a_storage_another_name(times: int) -> None:
    answers = iter([b""] * times)
    tiny = TinyPhone()
    whole = tiny.answer_1005
    tiny.overrides[STORAGE_INFO] = lambda storage: next(answers, whole(storage))
    with holding(tiny) as (phone, _):
        assert [storage.label for storage in phone.storages()] == list(tiny.storages.values())


def test_a_storage_that_talks_nonsense_is_no_storage_of_another_name() -> None:
    tiny = TinyPhone()
    tiny.overrides[STORAGE_INFO] = lambda storage: b""
    with holding(tiny) as (phone, _), pytest.raises(WireError):
        phone.storages()


@pytest.mark.parametrize("persona", ["pixel", "basic"])
def test_a_locked_phone_opens_and_shows_nothing(persona: str) -> None:
    with plug_in(persona, locked=True) as virtual, Phone.open(virtual.transport()) as phone:
        assert phone.storages() == []
        with pytest.raises(PhoneLocked) as caught:
            phone.require_storages()
        assert caught.value.name == phone.identity.name
        with pytest.raises(PhoneLocked):
            phone.find("Internal shared storage", ("DCIM",))
        virtual.unlock()
        assert len(phone.require_storages()) == 1


# --- waiting ----------------------------------------------------------------------------------------------


def test_waiting_ends_with_the_event_of_an_unlocked_phone() -> None:
    with plug_in("pixel", locked=True) as virtual, Phone.open(virtual.transport()) as phone:
        assert phone.storages() == []
        virtual.unlock()
        assert phone.wait_for_change(30)
        assert len(phone.storages()) == 1


def test_waiting_ends_when_a_phone_that_tells_no_event_is_asked() -> None:
    tiny = TinyPhone()
    storages, tiny.storages = tiny.storages, {}
    with holding(tiny) as (phone, _):
        assert phone.storages() == []
        assert not phone.wait_for_change(0)
        tiny.storages = storages
        assert phone.wait_for_change(0)


def test_waiting_ends_with_time() -> None:
    now = 0.0

    def clock() -> float:
        return now

    tiny = TinyPhone()
    with holding(tiny) as (phone, _):
        phone._clock = clock
        waits = []

        def wait(timeout: float) -> None:
            nonlocal now
            waits.append(timeout)
            now += timeout

        phone._session.wait_for_event = wait  # type: ignore[method-assign,assignment]
        assert not phone.wait_for_change(5.0)
        assert waits == [2.0, 2.0, 1.0]
        assert tiny.counts[IDS] == 1 + 3


def test_a_phone_that_tells_of_its_files_all_the_time_is_looked_at_all_the_same() -> None:
    now = 0.0
    tiny = TinyPhone()
    with holding(tiny) as (phone, _):
        phone.storages()

        def chatter(timeout: float) -> Event:
            nonlocal now
            now += 0.3
            assert now < 100, "it waits for ever"
            return Event(EventCode.OBJECT_INFO_CHANGED, 0, (7,))

        phone._clock = lambda: now
        phone._session.wait_for_event = chatter  # type: ignore[method-assign,assignment]
        assert not phone.wait_for_change(5.0)
        assert 5.0 <= now < 6.0
        tiny.storages = {}
        assert phone.wait_for_change(30.0)
        assert now < 9.0


def test_more_storages_than_any_phone_has_are_not_asked_one_by_one() -> None:
    tiny = TinyPhone()
    tiny.overrides[IDS] = lambda: array("I", range(1, 5000))
    with holding(tiny) as (phone, _):
        with pytest.raises(WireError):
            phone.storages()
        assert tiny.counts[STORAGE_INFO] == 0


def test_waiting_for_a_phone_that_leaves_the_bus() -> None:
    with plug_in("pixel", locked=True) as virtual, Phone.open(virtual.transport()) as phone:
        virtual.unlock(reattach=True)
        with pytest.raises(PhoneGone):
            phone.wait_for_change(30)


def test_an_event_that_came_while_something_else_was_asked_is_not_forgotten() -> None:
    with plug_in("pixel") as virtual, Phone.open(virtual.transport()) as phone:
        storage = phone.storages()[0]
        card = MemoryStore(description="SD card")
        virtual.add_storage(card)
        phone._session.wait_for_event = lambda timeout: pytest.fail("it has come already")  # type: ignore[method-assign]
        deadline = time.monotonic() + 5
        while not phone._storages_moved and time.monotonic() < deadline:
            phone.list_folder(storage)
        virtual.remove_storage(card)
        assert phone.wait_for_change(30)
        phone.storages()
        assert not phone._storages_moved


def test_other_events_end_nothing() -> None:
    with plug_in("pixel") as virtual, Phone.open(virtual.transport()) as phone:
        phone.list_folder(phone.storages()[0])
        virtual.add_file("new.jpg", b"x", DATE)
        assert not phone.wait_for_change(0.05)


# --- walking ----------------------------------------------------------------------------------------------


def test_folder_by_folder_and_only_where_asked() -> None:
    with plug_in("pixel") as virtual:
        for path in ("DCIM/Camera/a.jpg", "DCIM/b.jpg", "Android/data/c.jpg", "Pictures/d.jpg", "e.txt"):
            virtual.add_file(path, b"x", DATE)
        with Phone.open(virtual.transport()) as phone:
            storage = phone.storages()[0]
            virtual.log.clear()
            walked = [
                (folder.shown_path if folder else "", [item.name for item in items])
                for folder, items in phone.walk(storage, lambda folder: folder.name != "Android")
            ]
            assert walked == [
                ("", ["Android", "DCIM", "Pictures", "e.txt"]),
                ("DCIM", ["Camera", "b.jpg"]),
                ("DCIM/Camera", ["a.jpg"]),
                ("Pictures", ["d.jpg"]),
            ]
            assert virtual.counts[HANDLES] == 4


def test_a_folder_inside_itself_is_walked_once() -> None:
    tiny = TinyPhone(
        {1: Thing("a", format=FOLDER), 2: Thing("b", 1, format=FOLDER), 3: Thing("c.jpg", 2, b"x")}
    )
    children = tiny.children
    tiny.children = lambda parent: [*children(parent), 1] if parent in (1, 2) else children(parent)  # type: ignore[method-assign]
    with holding(tiny) as (phone, _):
        walked = [folder.shown_path if folder else "" for folder, _ in phone.walk(phone.storages()[0])]
        assert walked == ["", "a", "a/b"]


def test_folders_without_end_end() -> None:
    tiny = TinyPhone()
    tiny.operations = without(0x9805)
    tiny.overrides[HANDLES] = lambda _s, _f, parent: array("I", [1 if parent == 0xFFFFFFFF else parent + 1])
    tiny.overrides[0x1008] = lambda handle: TinyPhone({handle: Thing("x", format=FOLDER)}).answer_1008(handle)
    with holding(tiny) as (phone, _):
        assert sum(1 for _ in phone.walk(phone.storages()[0])) == 1001


def test_a_folder_that_is_gone_when_its_turn_comes_is_left_out() -> None:
    tiny = TinyPhone({n: Thing(f"f{n}", format=FOLDER) for n in range(1, 4)})
    with holding(tiny) as (phone, _):
        walked = []
        for folder, _items in phone.walk(phone.storages()[0]):
            walked.append(folder.name if folder else "")
            tiny.things.pop(2, None)
        assert walked == ["", "f1", "f3"]


def test_a_storage_that_is_gone_ends_the_walk() -> None:
    tiny = TinyPhone({n: Thing(f"f{n}", format=FOLDER) for n in range(1, 4)})
    with holding(tiny) as (phone, _), pytest.raises(StorageVanished):
        for _ in phone.walk(phone.storages()[0]):
            tiny.storages.clear()


# --- finding ----------------------------------------------------------------------------------------------


def test_by_path_with_each_folder_listed_once() -> None:
    with plug_in("pixel", [MemoryStore(), MemoryStore(description="SD card")]) as virtual:
        for number in range(20):
            virtual.add_file(f"DCIM/Camera/IMG_{number:02}.jpg", bytes(number), DATE, storage=1)
        with Phone.open(virtual.transport()) as phone:
            virtual.log.clear()
            for number in range(20):
                item = phone.find("SD card", ("DCIM", "Camera", f"IMG_{number:02}.jpg"))
                assert (item.size, item.storage.label) == (number, "SD card")
            assert virtual.counts[HANDLES] == 3
            folder = phone.find("SD card", ("DCIM",))
            assert folder.is_folder
            assert virtual.counts[HANDLES] == 3


def test_what_is_not_there() -> None:
    tiny = TinyPhone({1: Thing("DCIM", format=FOLDER), 2: Thing("a.jpg", 1, b"x")})
    with holding(tiny) as (phone, _):
        for path in (("a.jpg",), ("DCIM", "b.jpg"), ("DCIM", "a.jpg", "deeper"), ("dcim",), ()):
            with pytest.raises(ItemVanished) as caught:
                phone.find("Internal", path)
            assert caught.value.path == "/".join(path)
        with pytest.raises(StorageVanished) as gone:
            phone.find("SD card", ("DCIM",))
        assert gone.value.storage == "SD card"


def test_of_two_objects_with_one_name_the_same_is_found_each_time() -> None:
    tiny = TinyPhone({n: Thing("a.jpg", content=bytes(n)) for n in (3, 1, 2)})
    with holding(tiny) as (phone, _):
        assert phone.find("Internal", ("a.jpg",)).handle == 1


def test_an_item_tells_its_name_and_place() -> None:
    tiny = TinyPhone({1: Thing("DCIM", format=FOLDER), 2: Thing("ä 🙂.jpg", 1, b"x")})
    with holding(tiny) as (phone, _):
        item = phone.find("Internal", ("DCIM", "ä 🙂.jpg"))
        assert isinstance(item, Item)
        assert (item.name, item.shown_path, item.is_folder) == ("ä 🙂.jpg", "DCIM/ä 🙂.jpg", False)
        assert item.storage.id == STORAGE


# --- the end ----------------------------------------------------------------------------------------------


def test_closing_gives_the_interface_back_for_the_next() -> None:
    with plug_in("pixel") as virtual:
        virtual.add_file("a.jpg", b"x", DATE)
        for _ in range(3):
            phone = Phone.open(virtual.transport())
            assert len(phone.list_folder(phone.storages()[0])) == 1
            phone.close()
            phone.close()


def test_a_phone_that_cannot_be_opened_gives_the_interface_back() -> None:
    from mtpbackup.virtual import Effect, Fault

    with plug_in("pixel") as virtual:
        virtual.faults.add(Fault(effect=Effect.REFUSE, operation=0x1002, response=0x200F))
        with pytest.raises(Exception, match="0x1002"):
            Phone.open(virtual.transport())
        Phone.open(virtual.transport()).close()
