"""Phones that lie on purpose: names, sizes, counts, shapes and lengths that no honest phone has.

Each is made by a function, named in `HOSTILE`. Where telling a lie takes more than a name or a size, the
answers to an operation are replaced. Bytes are packed here by hand: `wire` refuses to say most of this.
"""

from __future__ import annotations

import itertools
import struct
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any, Final, TypeAlias

from mtpbackup.virtual.content import Generated, Literal
from mtpbackup.virtual.faults import Effect, Fault
from mtpbackup.virtual.memory_store import MemoryNode, MemoryStore
from mtpbackup.virtual.operations import OPERATIONS
from mtpbackup.virtual.personas import PERSONAS
from mtpbackup.virtual.phone import VirtualPhone
from mtpbackup.virtual.replies import Payload, Reply, Request
from mtpbackup.virtual.responder import Responder
from mtpbackup.wire import ObjectFormat, OperationCode, ResponseCode

#: Makes a phone, or a kind of it.
Maker: TypeAlias = Callable[..., VirtualPhone]

_MAY = 1_714_979_289
_MANY: Final = 0xFFFFFFFF
#: More than any memory: the length that endless data phases announce, which no header has room for.
_ENDLESS: Final = 1 << 40
_ESCAPES: Final = "\x1b[2J\x1b]0;taken over\x07"
#: What a terminal, or a person's eyes, would obey: escapes, C1 controls, line breaks, marks of direction.
CONTROLS: Final = (
    _ESCAPES,
    "\x9b31m",
    "\u202egnp",
    "\u2066",
    "\u200f",
    "\r",
    "\n",
    "\x08" * 9,
    "\u2028",
    "\ufeff",
    "\x7f",
)
#: Names that lead elsewhere, where they are taken for paths.
ELSEWHERE: Final = (
    "../outside.jpg",
    "../../../../../../tmp/outside.jpg",
    "/outside.jpg",
    "..",
    ".",
    "",
    "a/../../outside.jpg",
    "..\\outside.jpg",
    "C:\\outside.jpg",
    "~",
    "-rf.jpg",
    "nul .jpg",
    ".mtpbackup",
    "SHA256SUMS",
)


def _phone(make: Maker, persona: str = "pixel", **facts: Any) -> tuple[VirtualPhone, MemoryStore]:
    """A phone with one good picture, so that something can be saved; `facts` are those of its persona."""
    store = MemoryStore()
    phone = make(replace(PERSONAS[persona], **facts), [store])
    store.add("DCIM/Camera/good.jpg", Generated(5_000, 1), _MAY)
    return phone, store


def _answering(phone: VirtualPhone, operation: int, handler: Callable[[Responder, Request], Reply]) -> None:
    """Replaces the answers to an operation."""
    phone.operations = {**phone.operations, operation: replace(OPERATIONS[operation], handler=handler)}


def _endless(*_: object) -> Reply:
    piece = bytes(256 * 1024)
    return Reply(payload=Payload(_ENDLESS, itertools.repeat(piece)))


# --- names ------------------------------------------------------------------------------------------------


def path_traversal(make: Maker = VirtualPhone) -> VirtualPhone:
    """Names of files, folders, storages and of the phone itself that lead out of the backup."""
    phone, store = _phone(make, model="../..", manufacturer="/", friendly_name="../../outside")
    for number, name in enumerate(ELSEWHERE):
        folder = MemoryNode(name)
        store.add_to(store.root, name, Generated(100 + number, number), _MAY + number)
        _insert(store.folder("DCIM"), f"#{number}", folder)
        store.add_to(folder, name, Generated(300 + number, number), _MAY + number)
        store.add_to(folder, "picture.jpg", Generated(600 + number, number), _MAY + number)
    store.description = "../../outside"
    card = MemoryStore("..", removable=True)
    card.add("x.jpg", Generated(77, 7), _MAY)
    phone.storages.append(card)
    return phone


def controls(make: Maker = VirtualPhone) -> VirtualPhone:
    """Escape sequences, control and bidi characters in every text that a phone has."""
    evil = "".join(CONTROLS)
    name = f"Phone{evil}"
    texts = {"model": name, "manufacturer": name, "version": name, "friendly_name": name, "serial": f"1{evil}"}
    phone, store = _phone(make, **texts)
    for number, text in enumerate(CONTROLS):
        store.add_to(store.root, f"{text}{number}.jpg", Generated(100 + number, number), _MAY + number)
        folder = store.folder(f"{text}folder{number}")
        store.add_to(folder, f"in{text}side.jpg", Generated(300 + number, number), _MAY + number)
        bad = store.add_to(folder, f"lies{text}.jpg", Generated(500 + number, number), _MAY + number)
        bad.announced_size = 1_000_000  # fails, so its name is told
    store.description = f"Storage{evil}"
    return phone


def no_utf16(make: Maker = VirtualPhone) -> VirtualPhone:
    """Names of half surrogate pairs, without an end, and longer than they say."""
    phone, _ = _phone(make, "basic")
    names = (
        b"\x05\x3d\xd8.\0j\0p\0g\0",  # half a pair, no end
        b"\x06\x00\xdc\x00\xdc.\0j\0p\0\0\0",  # other halves
        b"\x06a\0\0\0b\0.\0j\0\0\0",  # NUL in the middle
        b"\xffa\0b\0",  # cut off
        b"\x01\0\0",
        b"\x03\xff\xff\xfe\xff\0\0",
    )

    def handles(responder: Responder, request: Request) -> Reply:
        return Reply(payload=Payload.of(_array(range(1, len(names) + 1))))

    def info(responder: Responder, request: Request) -> Reply:
        number = request.parameter(0)
        name = names[(number - 1) % len(names)]
        return Reply(payload=Payload.of(_info(name, 0x3801, size=10)))

    def content(responder: Responder, request: Request) -> Reply:
        return Reply(payload=Payload.of(bytes([request.parameter(0) & 0xFF]) * 10))

    _answering(phone, OperationCode.GET_OBJECT_HANDLES, handles)
    _answering(phone, OperationCode.GET_OBJECT_INFO, info)
    _answering(phone, OperationCode.GET_OBJECT, content)
    return phone


def one_name(make: Maker = VirtualPhone) -> VirtualPhone:
    """Several objects of one name in a folder, and of names that differ in case or spelling only."""
    phone, store = _phone(make)
    folder = store.folder("DCIM/Camera")
    for number in range(3):
        twin = MemoryNode("twin.jpg", _MAY + number, content=Generated(1_000 + number, number))
        _insert(folder, f"#{number}", twin)
    for number in range(2):
        same = MemoryNode("same.jpg", _MAY, content=Generated(2_000, 10 + number))
        _insert(folder, f"##{number}", same)
    for number, name in enumerate(("TWIN.jpg", "Twin.JPG", "\u00e9.jpg", "e\u0301.jpg", "twin.jpg ")):
        _insert(folder, f"###{number}", MemoryNode(name, _MAY, content=Generated(3_000 + number, 20 + number)))
    for number in range(2):
        inner = MemoryNode("folder")
        _insert(folder, f"####{number}", inner)
        store.add_to(inner, "x.jpg", Generated(4_000 + number, 30 + number), _MAY)
    _insert(folder, "#####", MemoryNode("folder", _MAY, content=Generated(5_001, 40)))
    return phone


# --- shapes -----------------------------------------------------------------------------------------------


def ten_thousand_levels(make: Maker = VirtualPhone) -> VirtualPhone:
    """A folder in a folder, 10,000 times, with a picture in each hundredth."""
    phone, store = _phone(make)
    node = store.folder("DCIM")
    for level in range(10_000):
        inner = MemoryNode(f"{level}")
        _insert(node, inner.name, inner)
        node = inner
        if level % 100 == 0:
            store.add_to(node, "deep.jpg", Generated(100 + level, level), _MAY + level)
    return phone


def parent_cycle(make: Maker = VirtualPhone) -> VirtualPhone:
    """Three folders that lie in each other, the top among them, by handle."""
    return _graph(make, {0: (1, 10), 1: (2, 11), 2: (3, 12), 3: (1, 2, 3, 13)})


def own_parent(make: Maker = VirtualPhone) -> VirtualPhone:
    """A folder that lies in itself, and says so."""
    return _graph(make, {0: (1, 10), 1: (1, 11)})


def _graph(make: Maker, inside: Mapping[int, tuple[int, ...]]) -> VirtualPhone:
    """A phone whose folders hold what a table says; from 10 on there are pictures of ten bytes."""
    phone, _ = _phone(make)

    def parent_of(handle: int) -> int:
        return next((parent for parent, children in inside.items() if handle in children), 0)

    def handles(responder: Responder, request: Request) -> Reply:
        parent = request.parameter(2)
        return Reply(payload=Payload.of(_array(inside.get(0 if parent == _MANY else parent, ()))))

    def info(responder: Responder, request: Request) -> Reply:
        handle = request.parameter(0)
        if handle >= 10:
            return Reply(payload=Payload.of(_info(_text(f"{handle}.jpg"), 0x3801, 10, parent_of(handle))))
        name = _text(f"folder {handle}")
        return Reply(payload=Payload.of(_info(name, ObjectFormat.ASSOCIATION, 0, parent_of(handle))))

    def content(responder: Responder, request: Request) -> Reply:
        return Reply(payload=Payload.of(bytes([request.parameter(0) & 0xFF]) * 10))

    no_lists = (OperationCode.GET_OBJECT_PROP_LIST, OperationCode.GET_OBJECT_PROP_VALUE)
    offered = tuple(code for code in phone.persona.operations if code not in no_lists)
    phone.persona = replace(phone.persona, operations=offered)
    _answering(phone, OperationCode.GET_OBJECT_HANDLES, handles)
    _answering(phone, OperationCode.GET_OBJECT_INFO, info)
    _answering(phone, OperationCode.GET_OBJECT, content)
    return phone


class _EndlessFolder(MemoryNode):
    """A folder with three more of its kind in it, made when somebody looks."""


class _EndlessStore(MemoryStore):
    """A storage whose folders never end."""

    def children(self, folder: MemoryNode) -> list[MemoryNode]:
        """What lies in a folder, made on the spot."""
        if isinstance(folder, _EndlessFolder) and not folder.children:
            for number in range(3):
                inner = _EndlessFolder(f"{number}")
                _insert(folder, inner.name, inner)
            self.add_to(folder, "x.jpg", Literal(b"\xff\xd8" + bytes(40)), _MAY)
        return list(super().children(folder))


def endless_folders(make: Maker = VirtualPhone) -> VirtualPhone:
    """Each folder holds three others: there are more than anybody could list."""
    store = _EndlessStore()
    phone = make("pixel", [store])
    store.add("DCIM/Camera/good.jpg", Generated(5_000, 1), _MAY)
    _insert(store.root, "without end", _EndlessFolder("without end"))
    return phone


# --- numbers ----------------------------------------------------------------------------------------------


def lying_sizes(make: Maker = VirtualPhone) -> VirtualPhone:
    """Sizes that are too large, too small, nothing, or more than there is in the world."""
    phone, store = _phone(make)
    true = 50_000
    for number, size in enumerate((0, 1, true - 1, true + 1, 2 * true, _MANY, 1 << 62, (1 << 64) - 1)):
        node = store.add(f"DCIM/Camera/lies_{number}.jpg", Generated(true, number), _MAY + number)
        node.announced_size = size
        node = store.add(f"DCIM/Camera/lies_{number}.mp4", Generated(true, number), _MAY + number)
        node.announced_size = size
    return phone


def large_counts(make: Maker = VirtualPhone) -> VirtualPhone:
    """Lists that announce 4,294,967,295 elements and have a few."""
    phone, _ = _phone(make)

    def handles(responder: Responder, request: Request) -> Reply:
        if request.parameter(2) == _MANY:
            return OPERATIONS[OperationCode.GET_OBJECT_HANDLES].handler(responder, request)
        return Reply(payload=Payload.of(struct.pack("<IIII", _MANY, 1, 2, 3)))

    def properties(responder: Responder, request: Request) -> Reply:
        return Reply(payload=Payload.of(struct.pack("<IIHHI", _MANY, 1, 0xDC04, 0x4004, _MANY)))

    _answering(phone, OperationCode.GET_OBJECT_HANDLES, handles)
    _answering(phone, OperationCode.GET_OBJECT_PROP_LIST, properties)
    return phone


def many_handles(make: Maker = VirtualPhone) -> VirtualPhone:
    """A folder that really lists three million objects, none of which is there."""
    phone, _ = _phone(make)

    def handles(responder: Responder, request: Request) -> Reply:
        count = 3_000_000
        first = struct.pack("<I", count)

        def parts() -> Iterator[bytes]:
            yield first
            for start in range(0, count, 10_000):
                yield struct.pack("<10000I", *range(start + 1, start + 10_001))

        return Reply(payload=Payload(4 + 4 * count, parts()))

    _answering(phone, OperationCode.GET_OBJECT_HANDLES, handles)
    return phone


def strange_dates(make: Maker = VirtualPhone) -> VirtualPhone:
    """Dates of the years 0 and 9999, of no calendar, and of no shape."""
    phone, store = _phone(make)
    texts = (
        "00000000T000000",
        "00010101T000000",
        "99991231T235959",
        "99991231T235959Z",
        "20240230T250061",
        "20240506",
        "T",
        "\x1b[31m",
        "2024-05-06T07:08:09",
        "20240506T070809+9999",
        "1" * 250,
    )
    told = {float(_MAY + 10 * number): text for number, text in enumerate(texts)}
    really = phone.time.text
    phone.time.text = lambda when: told.get(when) or really(when)  # type: ignore[method-assign]
    for number, when in enumerate(told):
        store.add(f"DCIM/Camera/date_{number}.jpg", Generated(100 + number, number), when)
    return phone


# --- lengths ----------------------------------------------------------------------------------------------


def endless_content(make: Maker = VirtualPhone) -> VirtualPhone:
    """Pictures that never end, whichever way they are asked for."""
    phone, _ = _phone(make)
    for operation in (OperationCode.GET_OBJECT, OperationCode.GET_PARTIAL_OBJECT_64):
        _answering(phone, operation, _endless)
    return phone


def endless_lists(make: Maker = VirtualPhone) -> VirtualPhone:
    """Lists that never end."""
    phone, _ = _phone(make)
    for operation in (OperationCode.GET_OBJECT_HANDLES, OperationCode.GET_OBJECT_PROP_LIST):
        _answering(phone, operation, _endless)
    return phone


def empty_packets(make: Maker = VirtualPhone) -> VirtualPhone:
    """After a picture a thousand packets with nothing in them, before the answer."""
    phone, _ = _phone(make)
    phone.faults.add(
        Fault(effect=Effect.EXTRA_ZERO_PACKET, operation=OperationCode.GET_OBJECT, amount=1_000, times=None)
    )
    return phone


def many_storages(make: Maker = VirtualPhone) -> VirtualPhone:
    """A million storages."""
    phone, _ = _phone(make)

    def ids(responder: Responder, request: Request) -> Reply:
        return Reply(payload=Payload.of(_array(range(0x10001, 0x10001 + 1_000_000))))

    _answering(phone, OperationCode.GET_STORAGE_IDS, ids)
    return phone


def huge_device_info(make: Maker = VirtualPhone) -> VirtualPhone:
    """A DeviceInfo of 4 GiB."""
    phone, _ = _phone(make)

    def info(responder: Responder, request: Request) -> Reply:
        return Reply(payload=Payload((1 << 32) - 13, itertools.repeat(bytes(256 * 1024), 1 << 14)))

    _answering(phone, OperationCode.GET_DEVICE_INFO, info)
    return phone


def busy_for_ever(make: Maker = VirtualPhone) -> VirtualPhone:
    """Content is always "busy just now"."""
    phone, store = _phone(make)
    for number in range(200):
        store.add(f"DCIM/Camera/busy_{number}.jpg", Generated(1_000, number), _MAY + number)
    for operation in (OperationCode.GET_OBJECT, OperationCode.GET_PARTIAL_OBJECT_64):
        phone.faults.add(
            Fault(effect=Effect.REFUSE, operation=operation, response=ResponseCode.DEVICE_BUSY, times=None)
        )
    return phone


def always_busy(make: Maker = VirtualPhone) -> VirtualPhone:
    """Everything is always "busy just now"."""
    phone, _ = _phone(make)
    phone.faults.add(Fault(effect=Effect.REFUSE, response=ResponseCode.DEVICE_BUSY, times=None))
    return phone


def events_without_end(make: Maker = VirtualPhone) -> VirtualPhone:
    """A thousand events with every command."""
    phone, store = _phone(make)
    for number in range(100):
        store.add(f"DCIM/Camera/{number}.jpg", Generated(1_000, number), _MAY + number)

    def storm() -> None:
        phone.storm(1_000)

    phone.faults.add(Fault(effect=Effect.CALL, call=storm, times=None))
    return phone


# --- packing by hand --------------------------------------------------------------------------------------


def _insert(folder: MemoryNode, key: str, node: MemoryNode) -> None:
    """Puts a node into a folder under a key that need not be its name."""
    folder.children[key] = node
    node.parent = folder


def _array(handles: Iterable[int]) -> bytes:
    numbers = tuple(handles)
    return struct.pack(f"<I{len(numbers)}I", len(numbers), *numbers)


def _text(text: str) -> bytes:
    units = f"{text}\0".encode("utf-16-le")
    return bytes([len(units) // 2]) + units


def _info(name: bytes, object_format: int, size: int, parent: int = 0) -> bytes:
    """ObjectInfo around a name as it lies on the wire. MTP 1.1, section 5.3.1."""
    head = struct.pack("<IHHIHIIIIIIIHII", 0x10001, object_format, 0, size, *(0,) * 7, parent, 0, 0, 0)
    return head + name + _text("20240506T070809") * 2 + b"\0"


#: Every hostile phone by what is hostile about it.
HOSTILE: Final[Mapping[str, Callable[..., VirtualPhone]]] = MappingProxyType(
    {
        "path traversal": path_traversal,
        "control and bidi characters": controls,
        "strings that are no UTF-16": no_utf16,
        "two objects with one name": one_name,
        "10,000 levels": ten_thousand_levels,
        "cycle of folders": parent_cycle,
        "its own parent": own_parent,
        "folders without end": endless_folders,
        "sizes that lie": lying_sizes,
        "counts of 2^32-1": large_counts,
        "three million handles": many_handles,
        "dates of the years 0 and 9999": strange_dates,
        "endless content": endless_content,
        "endless lists": endless_lists,
        "a thousand empty packets": empty_packets,
        "a million storages": many_storages,
        "DeviceInfo of 4 GiB": huge_device_info,
        "busy for ever": busy_for_ever,
        "always busy": always_busy,
        "events without end": events_without_end,
    }
)
