"""Sending: two transactions a file, nothing that ends Android's server, nothing left behind where it fails."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from datetime import datetime

import pytest

from mtpbackup.errors import (
    ItemVanished,
    LocalProtocolError,
    NameRefused,
    NameTaken,
    OperationFailed,
    PhoneFull,
    PhoneGone,
    SendFailed,
    StorageVanished,
)
from mtpbackup.phone import Item, Phone, Storage
from mtpbackup.session import Outgoing, Quirks, operations
from mtpbackup.virtual import Effect, Fault, Generated, MemoryStore, VirtualPhone, plug_in
from mtpbackup.wire import ObjectFormat, ObjectInfo, ResponseCode
from mtpbackup.wire import OperationCode as Op

KIB, MIB = 1024, 1024 * 1024
DATE = datetime(2024, 5, 6, 7, 8, 9)
INTERNAL, CARD = "Internal shared storage", "SD card"
#: About the edges of packets, of Android's first piece of 16 KiB, and of requests.
SIZES = (0, 1, 499, 500, 501, 512, 1012, 16371, 16372, 16373, 16384, 256 * KIB - 12, MIB - 12, MIB, MIB + 12)
Reason = SendFailed.Reason


def noise(size: int, seed: int = 1) -> bytes:
    return bytes(Generated(size, seed).read(0, size))


def cut(content: bytes, length: int) -> Iterator[memoryview]:
    view = memoryview(content)
    for start in range(0, len(content), length):
        yield view[start : start + length]


@pytest.fixture
def virtual() -> Iterator[VirtualPhone]:
    internal = MemoryStore(INTERNAL, capacity=64_000_000_000)
    card = MemoryStore(CARD, removable=True, capacity=30_000_000_000, file_limit=0xFFFFFFFF)
    with plug_in("pixel", [internal, card]) as phone:
        phone.add_file("DCIM/old.jpg", b"old", DATE)
        phone.add_folder("DCIM/Camera")
        yield phone
        assert not phone.dead


@pytest.fixture
def phone(virtual: VirtualPhone) -> Iterator[Phone]:
    with Phone.open(virtual.transport()) as phone:
        yield phone


@pytest.fixture
def storage(phone: Phone) -> Storage:
    return phone.storages()[0]


@pytest.fixture
def camera(phone: Phone, storage: Storage) -> Item:
    return phone.find(INTERNAL, ("DCIM", "Camera"))


def names(virtual: VirtualPhone, path: str = "DCIM/Camera") -> list[str]:
    return sorted(virtual.storages[0].folder(path).children)  # type: ignore[union-attr]


def stored(virtual: VirtualPhone, path: str) -> bytes:
    content = virtual.storages[0].at(path).content  # type: ignore[union-attr]
    return bytes(content.read(0, content.size))


def listed(phone: Phone, folder: Item) -> list[str]:
    return [item.name for item in phone.list_folder(folder.storage, folder)]


# --- what arrives -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("packet_size", [64, 512, 1024])
def test_files_of_all_sizes_in_two_transactions_each(packet_size: int) -> None:
    with (
        plug_in("pixel", [MemoryStore(INTERNAL)], packet_size=packet_size) as virtual,
        Phone.open(virtual.transport()) as phone,
    ):
        storage = phone.storages()[0]
        virtual.log.clear()
        sent = {}
        for size in SIZES:
            content = noise(size, size)
            item = phone.send_file(storage, None, f"{size}.jpg", size, DATE, cut(content, 100_000))
            assert (item.path, item.size, item.modified, item.parent) == ((f"{size}.jpg",), size, DATE, 0)
            sent[item.handle] = content
        assert virtual.counts == {Op.SEND_OBJECT_INFO: len(SIZES), Op.SEND_OBJECT: len(SIZES)}
        for item in phone.list_folder(storage):
            assert sent.pop(item.handle) == stored(virtual, item.name)
            assert item.modified == DATE
        assert not sent
        assert not virtual.dead


@pytest.mark.parametrize("length", [1, 511, 512, 513, 16 * KIB, 256 * KIB, 10 * MIB])
def test_however_the_parts_are_cut(
    virtual: VirtualPhone, phone: Phone, storage: Storage, camera: Item, length: int
) -> None:
    content = noise(3 * MIB + 5 if length > 1 else 5000)
    phone.send_file(storage, camera, "a.mp4", len(content), DATE, cut(content, length))
    assert stored(virtual, "DCIM/Camera/a.mp4") == content


def test_names_in_all_tongues(virtual: VirtualPhone, phone: Phone, storage: Storage, camera: Item) -> None:
    for name in ("Füße.jpg", "年賀状.jpg", "👨‍👩‍👧 family.jpg", ".hidden", "a b.jpg", "x" * 254, "ü" * 127):
        phone.send_file(storage, camera, name, 1, DATE, [b"x"])
        assert name in listed(phone, camera)


def test_folders(virtual: VirtualPhone, phone: Phone, storage: Storage) -> None:
    virtual.log.clear()
    top = phone.make_folder(storage, None, "Restored")
    inside = phone.make_folder(storage, top, "2024 😀")
    assert virtual.counts == {Op.SEND_OBJECT_INFO: 2}
    item = phone.send_file(storage, inside, "a.jpg", 3, DATE, [b"abc"])
    assert item.shown_path == "Restored/2024 😀/a.jpg"
    assert stored(virtual, item.shown_path) == b"abc"
    assert top.is_folder and inside.parent == top.handle


def test_what_was_sent_is_found_without_asking(
    virtual: VirtualPhone, phone: Phone, storage: Storage, camera: Item
) -> None:
    with pytest.raises(ItemVanished):
        phone.find(INTERNAL, ("DCIM", "Camera", "a.jpg"))
    item = phone.send_file(storage, camera, "a.jpg", 3, DATE, [b"abc"])
    virtual.log.clear()
    assert phone.find(INTERNAL, ("DCIM", "Camera", "a.jpg")) == item
    assert not virtual.transactions
    phone.delete(item)
    with pytest.raises(ItemVanished):
        phone.find(INTERNAL, ("DCIM", "Camera", "a.jpg"))
    assert names(virtual) == []


def test_a_file_without_a_date_gets_that_of_now(phone: Phone, storage: Storage, camera: Item) -> None:
    item = phone.send_file(storage, camera, "a.jpg", 3, None, [b"abc"])
    assert item.modified is None
    (back,) = phone.list_folder(storage, camera)
    assert back.modified is not None and back.modified.year >= 2025


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("a.JPG", 0x3801),
        ("a.jpeg", 0x3801),
        ("a.png", 0x380B),
        ("a.mp4", 0xB982),
        ("a.xyz", 0x3000),
        ("jpg", 0x3000),
    ],
)
def test_the_format_follows_the_ending(
    phone: Phone, storage: Storage, camera: Item, name: str, code: int
) -> None:
    assert phone.send_file(storage, camera, name, 0, None, []).format == code


def test_a_format_that_the_phone_does_not_list_is_not_told() -> None:
    with plug_in("basic", [MemoryStore(INTERNAL)]) as virtual, Phone.open(virtual.transport()) as phone:
        storage = phone.storages()[0]
        assert phone.send_file(storage, None, "a.jpg", 3, None, [b"abc"]).format == 0x3000


# --- names ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("", NameRefused.Reason.EMPTY),
        (".", NameRefused.Reason.DOTS),
        ("..", NameRefused.Reason.DOTS),
        ("a/b.jpg", NameRefused.Reason.SLASH),
        *((f"a{character}b.jpg", NameRefused.Reason.CHARACTER) for character in ':*?"<>|\\'),
        ("caf\udce9.jpg", NameRefused.Reason.CHARACTER),
        ("a\nb.jpg", NameRefused.Reason.CONTROL),
        ("a\0b.jpg", NameRefused.Reason.CONTROL),
        ("a\x7fb.jpg", NameRefused.Reason.CONTROL),
        ("x" * 255, NameRefused.Reason.TOO_LONG),
        ("ü" * 128, NameRefused.Reason.TOO_LONG),
        ("😀" * 64, NameRefused.Reason.TOO_LONG),
    ],
)
def test_names_that_end_the_server_are_never_said(
    virtual: VirtualPhone, phone: Phone, storage: Storage, name: str, reason: NameRefused.Reason
) -> None:
    trouble = phone.name_trouble(storage, name)
    assert trouble is not None and trouble.reason is reason
    virtual.log.clear()
    with pytest.raises(NameRefused):
        phone.send_file(storage, None, name, 100_000, DATE, [bytes(100_000)])
    with pytest.raises(NameRefused):
        phone.make_folder(storage, None, name)
    assert not virtual.transactions


@pytest.mark.parametrize("name", [" a.jpg", "a.jpg ", "a.", "a. "])
def test_names_that_a_card_would_change(phone: Phone, name: str) -> None:
    internal, card = phone.storages()
    assert phone.name_trouble(internal, name) is None
    trouble = phone.name_trouble(card, name)
    assert trouble is not None and trouble.reason is NameRefused.Reason.ENDING


@pytest.mark.parametrize("name", ["old.jpg", "Camera"])
def test_a_name_that_is_taken(virtual: VirtualPhone, phone: Phone, storage: Storage, name: str) -> None:
    dcim = phone.find(INTERNAL, ("DCIM",))
    with pytest.raises(NameTaken) as caught:
        phone.send_file(storage, dcim, name, 3, DATE, [b"new"])
    assert caught.value.path == f"DCIM/{name}"
    with pytest.raises(NameTaken):
        phone.make_folder(storage, dcim, name)
    assert stored(virtual, "DCIM/old.jpg") == b"old"
    assert names(virtual, "DCIM") == ["Camera", "old.jpg"]


# --- room -------------------------------------------------------------------------------------------------


def test_no_room_is_told_at_once(virtual: VirtualPhone, phone: Phone, storage: Storage, camera: Item) -> None:
    virtual.storages[0].capacity = 1_000_000  # type: ignore[misc]
    with pytest.raises(PhoneFull) as caught:
        phone.send_file(storage, camera, "a.mp4", 2_000_000, DATE, [])
    assert (caught.value.storage, caught.value.needed) == (INTERNAL, 2_000_000)
    assert caught.value.free == 1_000_000 - 3
    assert listed(phone, camera) == []


@pytest.mark.parametrize("at", [0, 1, 16 * KIB, MIB, 4 * MIB])
def test_a_storage_that_fills_up_in_the_middle(
    virtual: VirtualPhone, phone: Phone, storage: Storage, camera: Item, at: int
) -> None:
    def fill() -> None:
        virtual.storages[0].capacity = 3 + at + 100  # type: ignore[misc]

    virtual.faults.add(Fault(effect=Effect.CALL, operation=Op.SEND_OBJECT, at_byte=at, call=fill))
    with pytest.raises(PhoneFull) as caught:
        phone.send_file(storage, camera, "a.mp4", 8 * MIB, DATE, cut(noise(8 * MIB), 256 * KIB))
    assert (caught.value.needed, caught.value.free) == (8 * MIB, at + 100)
    assert listed(phone, camera) == []
    virtual.storages[0].capacity = 1 << 40  # type: ignore[misc]
    phone.send_file(storage, camera, "a.mp4", 3, DATE, [b"abc"])
    assert stored(virtual, "DCIM/Camera/a.mp4") == b"abc"


def test_files_too_large_for_a_card(virtual: VirtualPhone, phone: Phone) -> None:
    internal, card = phone.storages()
    assert phone.largest_file(internal) is None
    assert phone.largest_file(card) == (1 << 32) - 1
    with pytest.raises(SendFailed) as caught:
        phone.send_file(card, None, "a.mp4", 5 << 30, DATE, [])
    assert caught.value.reason is Reason.TOO_LARGE
    virtual.storages[0].file_limit = 0xFFFFFFFF  # type: ignore[union-attr]
    with pytest.raises(SendFailed):
        phone.send_file(internal, None, "a.mp4", 5 << 30, DATE, [])
    assert phone.largest_file(internal) == (1 << 32) - 1, "learned"


def test_a_storage_that_takes_nothing(virtual: VirtualPhone, phone: Phone, storage: Storage) -> None:
    virtual.storages[0].read_only = True  # type: ignore[misc]
    with pytest.raises(SendFailed):
        phone.send_file(storage, None, "a.mp4", 3, DATE, [b"abc"])


# --- sources that fail ------------------------------------------------------------------------------------


class DiskError(Exception):
    pass


@pytest.mark.parametrize("good", [0, 1, 100, 16 * KIB - 12, 16 * KIB, 256 * KIB, 5 * MIB])
@pytest.mark.parametrize("failure", [DiskError, KeyboardInterrupt, None])
def test_a_source_that_fails(
    virtual: VirtualPhone,
    phone: Phone,
    storage: Storage,
    camera: Item,
    good: int,
    failure: type[BaseException] | None,
) -> None:
    def parts() -> Iterator[bytes]:
        yield bytes(good)
        if failure is not None:
            raise failure

    with pytest.raises(failure or LocalProtocolError):
        phone.send_file(storage, camera, "a.mp4", 6 * MIB, DATE, parts())
    assert listed(phone, camera) == [] == names(virtual)
    phone.send_file(storage, camera, "a.mp4", 3, DATE, [b"abc"])
    assert stored(virtual, "DCIM/Camera/a.mp4") == b"abc"


def test_a_source_of_4_gib_that_fails(
    virtual: VirtualPhone, phone: Phone, storage: Storage, camera: Item
) -> None:
    """Its length is not announced, so the phone takes the part for the whole."""

    def parts() -> Iterator[bytes]:
        yield bytes(100_000)
        raise DiskError

    with pytest.raises(DiskError):
        phone.send_file(storage, camera, "a.mp4", 5 << 30, DATE, parts())
    assert listed(phone, camera) == [] == names(virtual)


def test_a_source_with_too_much(virtual: VirtualPhone, phone: Phone, storage: Storage, camera: Item) -> None:
    with pytest.raises(LocalProtocolError):
        phone.send_file(storage, camera, "a.mp4", MIB, DATE, [bytes(MIB), b"x"])
    assert listed(phone, camera) == [] == names(virtual)


# --- Ctrl-C, and phones that fail -------------------------------------------------------------------------


@pytest.mark.parametrize("moment", ["announcing", "first", "middle", "last", "answer"])
def test_ctrl_c_at_any_moment_leaves_nothing(
    virtual: VirtualPhone, phone: Phone, storage: Storage, camera: Item, moment: str
) -> None:
    def press() -> None:
        os.kill(os.getpid(), signal.SIGINT)

    def parts() -> Iterator[bytes]:
        for number in range(16):
            if (moment, number) in (("first", 0), ("middle", 8), ("last", 15)):
                press()
            yield bytes(MIB)

    if moment == "announcing":
        virtual.faults.add(Fault(effect=Effect.CALL, operation=Op.SEND_OBJECT_INFO, call=press))
    if moment == "answer":
        at_end = Fault(effect=Effect.CALL, operation=Op.SEND_OBJECT, at_byte=16 * MIB, call=press)
        virtual.faults.add(at_end)
    with pytest.raises(KeyboardInterrupt):
        phone.send_file(storage, camera, "a.mp4", 16 * MIB, DATE, parts())
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    # When all was there already, all is there: either is right, a part is not.
    assert names(virtual) == ([] if moment != "answer" else ["a.mp4"])
    assert listed(phone, camera) == names(virtual)
    phone.send_file(storage, camera, "b.mp4", 3, DATE, [b"abc"])
    assert stored(virtual, "DCIM/Camera/b.mp4") == b"abc"


def test_a_second_ctrl_c_is_obeyed_at_once(
    virtual: VirtualPhone, phone: Phone, storage: Storage, camera: Item
) -> None:
    def parts() -> Iterator[bytes]:
        for number in range(16):
            if number == 8:
                os.kill(os.getpid(), signal.SIGINT)
                os.kill(os.getpid(), signal.SIGINT)
            yield bytes(MIB)

    with pytest.raises(KeyboardInterrupt):
        phone.send_file(storage, camera, "a.mp4", 16 * MIB, DATE, parts())
    assert listed(phone, camera) == [] == names(virtual)


def faults(effect: Effect) -> list[Fault]:
    return [
        Fault(effect=effect, operation=Op.SEND_OBJECT_INFO),
        Fault(effect=effect, operation=Op.SEND_OBJECT),
        *(
            Fault(effect=effect, operation=Op.SEND_OBJECT, at_byte=at)
            for at in (0, 1, 16 * KIB, 3 * MIB, 8 * MIB)
        ),
    ]


@pytest.mark.parametrize(
    "fault", faults(Effect.UNPLUG), ids=lambda fault: f"{fault.operation:#x}-{fault.at_byte}"
)
def test_unplugged_at_any_moment(
    virtual: VirtualPhone, phone: Phone, storage: Storage, camera: Item, fault: Fault
) -> None:
    virtual.faults.add(fault)
    with pytest.raises(PhoneGone):
        phone.send_file(storage, camera, "a.mp4", 8 * MIB, DATE, cut(noise(8 * MIB), 256 * KIB))


@pytest.mark.parametrize("fault", faults(Effect.STALL)[1:], ids=lambda fault: f"{fault.at_byte}")
def test_stalls_with_room_left(
    virtual: VirtualPhone, phone: Phone, storage: Storage, camera: Item, fault: Fault
) -> None:
    virtual.faults.add(fault)
    with pytest.raises(SendFailed) as caught:
        phone.send_file(storage, camera, "a.mp4", 8 * MIB, DATE, cut(noise(8 * MIB), 256 * KIB))
    assert caught.value.reason is Reason.STALLED
    assert caught.value.path == "DCIM/Camera/a.mp4"
    phone.send_file(storage, camera, "b.mp4", 3, DATE, [b"abc"])
    assert stored(virtual, "DCIM/Camera/b.mp4") == b"abc"


def test_a_busy_phone_is_not_sent_content_twice(
    virtual: VirtualPhone, phone: Phone, storage: Storage, camera: Item
) -> None:
    """It has forgotten the announcement: the data of a second try would end its server."""
    busy = Fault(
        effect=Effect.REFUSE, operation=Op.SEND_OBJECT_INFO, response=ResponseCode.DEVICE_BUSY, times=2
    )
    virtual.faults.add(busy)
    virtual.log.clear()
    phone.send_file(storage, camera, "a.mp4", 3, DATE, [b"abc"])
    assert virtual.counts == {Op.SEND_OBJECT_INFO: 3, Op.SEND_OBJECT: 1}


def test_refused_in_words(virtual: VirtualPhone, phone: Phone, storage: Storage, camera: Item) -> None:
    virtual.faults.add(
        Fault(effect=Effect.REFUSE, operation=Op.SEND_OBJECT_INFO, response=ResponseCode.ACCESS_DENIED)
    )
    with pytest.raises(SendFailed) as caught:
        phone.send_file(storage, camera, "a.mp4", 3, DATE, [b"abc"])
    assert (caught.value.reason, caught.value.sent) == (Reason.REFUSED, 0)
    assert isinstance(caught.value.__cause__, OperationFailed)


@pytest.mark.parametrize("make", [True, False])
def test_a_phone_that_is_locked_meanwhile(
    virtual: VirtualPhone, phone: Phone, storage: Storage, camera: Item, make: bool
) -> None:
    virtual.lock()
    with pytest.raises(StorageVanished):
        if make:
            phone.make_folder(storage, camera, "a")
        else:
            phone.send_file(storage, camera, "a.mp4", 3, DATE, [b"abc"])


def test_a_folder_that_vanished(virtual: VirtualPhone, phone: Phone, storage: Storage, camera: Item) -> None:
    virtual.remove("DCIM/Camera")
    with pytest.raises(ItemVanished) as caught:
        phone.send_file(storage, camera, "a.mp4", 3, DATE, [b"abc"])
    assert caught.value.path == "DCIM/Camera"


def test_what_is_not_ours_is_never_deleted(
    virtual: VirtualPhone, phone: Phone, storage: Storage, camera: Item
) -> None:
    """A phone that gives the handle of something else."""
    old = phone.find(INTERNAL, ("DCIM", "old.jpg"))
    sender = phone._sender
    virtual.log.clear()
    from mtpbackup.phone.sending import _Place

    sender._take_back(_Place(storage, camera, "a.mp4"), old.handle)
    assert stored(virtual, "DCIM/old.jpg") == b"old"
    assert virtual.counts == {Op.GET_OBJECT_INFO: 1}


# --- QEMU's phone -----------------------------------------------------------------------------------------

#: The last packet, or the last request, is one that it does not take for the end.
MISJUDGED = (52, 500, 501, 510, 1012, 16372, 256 * KIB - 12, 256 * KIB - 7, MIB - 12, 3 * MIB - 12)


@pytest.mark.parametrize("part", [100, 100_000, 4 * MIB])
def test_files_whose_end_qemu_misjudges(part: int) -> None:
    with plug_in("qemu", [MemoryStore(INTERNAL)]) as virtual, Phone.open(virtual.transport()) as phone:
        storage = phone.storages()[0]
        for size in {*SIZES, *MISJUDGED}:
            phone.send_file(storage, None, f"a{size}.jpg", size, DATE, cut(noise(size), part))
            content = virtual.storages[0].at(f"a{size}.jpg").content  # type: ignore[union-attr]
            assert bytes(content.read(0, content.size)) == noise(size)
        assert not virtual.dead


def test_folders_in_folders_on_qemu() -> None:
    with plug_in("qemu", [MemoryStore(INTERNAL)]) as virtual, Phone.open(virtual.transport()) as phone:
        storage = phone.storages()[0]
        folder = phone.make_folder(storage, phone.make_folder(storage, None, "a"), "b")
        items = [phone.send_file(storage, folder, f"{n}.jpg", 3, DATE, [b"abc"]) for n in range(3)]
        assert [item.handle for item in phone.list_folder(storage, folder)] == [item.handle for item in items]
        assert virtual.counts[Op.SEND_OBJECT_INFO] == 5


@pytest.mark.parametrize("good", [0, 1, 100_000, 3 * MIB])
def test_a_source_that_fails_on_qemu(good: int) -> None:
    def parts() -> Iterator[bytes]:
        yield bytes(good)
        raise DiskError

    with plug_in("qemu", [MemoryStore(INTERNAL)]) as virtual, Phone.open(virtual.transport()) as phone:
        storage = phone.storages()[0]
        with pytest.raises(DiskError):
            phone.send_file(storage, None, "a.jpg", 4 * MIB, DATE, parts())
        assert phone.list_folder(storage) == []
        phone.send_file(storage, None, "a.jpg", 3, DATE, [b"abc"])
        assert not virtual.dead


def test_names_that_end_qemu() -> None:
    with plug_in("qemu", [MemoryStore(INTERNAL)]) as virtual, Phone.open(virtual.transport()) as phone:
        storage = phone.storages()[0]
        for name in ("Füße.jpg", "😀.jpg"):
            with pytest.raises(NameRefused):
                phone.send_file(storage, None, name, 3, DATE, [b"abc"])
        assert not virtual.dead


@pytest.mark.parametrize("size", [500, 510, 512 * KIB - 12])
def test_without_the_quirk_qemu_ends(size: int) -> None:
    with plug_in("qemu", [MemoryStore(INTERNAL)]) as virtual, Phone.open(virtual.transport()) as phone:
        storage = phone.storages()[0]
        info = ObjectInfo(object_format=ObjectFormat.UNDEFINED, object_compressed_size=size, filename="a")
        operations.send_object_info(phone._session, storage.id, operations.TOP, info)
        phone._session.quirks = Quirks()
        reader = threading.Timer(0.3, virtual.unplug)
        reader.start()
        with pytest.raises(PhoneGone):
            operations.send_object(phone._session, Outgoing(size, [bytes(size)]))
        reader.join()


# --- size -------------------------------------------------------------------------------------------------


class Abyss(MemoryStore):
    """Keeps no content, only its length."""

    def __init__(self) -> None:
        super().__init__(INTERNAL)
        self.length = 0
        self.tail = b""

    def write(self, node: object, offset: int, data: bytes) -> None:  # type: ignore[override]
        assert offset == self.length
        self.length += len(data)
        self.tail = data[-1:]


def send_to_abyss(size: int, part: bytes) -> Callable[[], Abyss]:
    store = Abyss()
    with plug_in("pixel", [store]) as virtual, Phone.open(virtual.transport()) as phone:
        storage = phone.storages()[0]
        whole, rest = divmod(size, len(part))

        def parts() -> Iterator[bytes]:
            for _ in range(whole):
                yield part
            if rest:
                yield bytes(rest - 1) + b"!"

        virtual.log.clear()
        phone.send_file(storage, None, "a.mp4", size, DATE, parts())
        assert virtual.counts == {Op.SEND_OBJECT_INFO: 1, Op.SEND_OBJECT: 1}
        assert not virtual.dead
    return lambda: store


@pytest.mark.long
def test_4_gib_and_one_byte_in_flat_memory() -> None:
    import tracemalloc

    size = (4 << 30) + 1
    part = bytes(MIB)
    tracemalloc.start()
    try:
        store = send_to_abyss(size, part)()
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (store.length, store.tail) == (size, b"!")
    assert peak < 16 * MIB
