"""A small phone for tests of listing and reading: answers from a table, and lies where a test tells it to.

Independent of `mtpbackup.virtual`, and of `mtpbackup.wire`: it stands on the scripted `Peer`.
"""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from mtpbackup.errors import TransferCancelled
from mtpbackup.phone import Phone
from tests.session.peer import OK, OPERATIONS, Peer, array, device_info, playing, text

FOLDER, JPEG = 0x3001, 0x3801
STORAGE = 0x10001


@dataclass
class Thing:
    """An object: a file, or a folder where the format says so. `listed_size` is a lie about its size."""

    name: str
    parent: int = 0
    content: bytes = b""
    format: int = JPEG
    date: str = "20240506T070809"
    storage: int = STORAGE
    listed_size: int | None = None

    @property
    def size(self) -> int:
        return len(self.content) if self.listed_size is None else self.listed_size


class Refusal(Exception):
    """Raised by an answer: the response code, without a data phase."""


class TinyPhone:
    """Answers like a plain MTP device.

    Attributes:
        things: objects by handle.
        storages: storage id -> description.
        operations: what it lists.
        counts: commands that came, by code.
        asked: commands that came, with their parameters.
        overrides: answers by operation code, in place of its own: a function of the parameters that gives the
            data, or raises `Refusal`.
    """

    def __init__(self, things: dict[int, Thing] | None = None) -> None:
        self.things = things or {}
        self.storages = {STORAGE: "Internal"}
        self.operations: tuple[int, ...] = OPERATIONS
        self.properties: tuple[int, ...] = ()
        self.serial = "0123456789"
        self.counts: Counter[int] = Counter()
        self.asked: list[tuple[int, ...]] = []
        self.overrides: dict[int, Callable[..., bytes | None]] = {}

    def serve(self, peer: Peer) -> None:
        """Answers until the session is closed."""
        while True:
            try:
                code = peer.command()
                self.counts[code] += 1
                self.asked.append((code, *peer.parameters))
                if code == 0x1003:
                    peer.respond()
                    return
                self._answer(peer, code)
            except TransferCancelled:
                continue

    def _answer(self, peer: Peer, code: int) -> None:
        answer = self.overrides.get(code) or getattr(self, f"answer_{code:04x}", None)
        try:
            if answer is None:
                raise Refusal(0x2005)
            data = answer(*peer.parameters)
        except Refusal as refusal:
            peer.respond(refusal.args[0])
            return
        if data is not None:
            peer.data(data)
        peer.respond(OK)

    def thing(self, handle: int) -> Thing:
        if handle not in self.things:
            raise Refusal(0x2009)
        return self.things[handle]

    def children(self, parent: int) -> list[int]:
        parent = 0 if parent == 0xFFFFFFFF else parent
        return [handle for handle, thing in self.things.items() if thing.parent == parent]

    # --- its own answers ----------------------------------------------------------------------------------

    def answer_1001(self) -> bytes:
        return device_info(self.operations, self.properties, serial=self.serial)

    def answer_1002(self, _session: int) -> None:
        return None

    def answer_1004(self) -> bytes:
        return array("I", list(self.storages))

    def answer_1005(self, storage: int) -> bytes:
        if storage not in self.storages:
            raise Refusal(0x2008)
        return (
            struct.pack("<HHHQQI", 3, 2, 0, 1 << 37, 1 << 36, 1 << 30) + text(self.storages[storage]) + text("")
        )

    def answer_1007(self, storage: int, _format: int, parent: int) -> bytes:
        if storage not in self.storages:
            raise Refusal(0x2008)
        if parent != 0xFFFFFFFF:
            self.thing(parent)
        return array("I", [h for h in self.children(parent) if self.things[h].storage == storage])

    def answer_1008(self, handle: int) -> bytes:
        thing = self.thing(handle)
        numbers = (
            thing.storage,
            thing.format,
            0,
            min(thing.size, 0xFFFFFFFF),
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            thing.parent,
            0,
            0,
            0,
        )
        return struct.pack("<IHHIHIIIIIIIHII", *numbers) + text(thing.name) + text(thing.date) * 2 + text("")

    def answer_1009(self, handle: int) -> bytes:
        return self.thing(handle).content

    def answer_101b(self, handle: int, offset: int, length: int) -> bytes:
        content = self.thing(handle).content
        if offset > len(content):
            raise Refusal(0x2002)
        return content[offset : offset + length]

    def answer_95c1(self, handle: int, low: int, high: int, length: int) -> bytes:
        return self.answer_101b(handle, low | high << 32, length)

    def answer_9803(self, handle: int, code: int) -> bytes:
        return self.value(handle, code)[1]

    def answer_9805(self, handle: int, _format: int, code: int, _group: int, depth: int) -> bytes:
        if handle not in (0, 0xFFFFFFFF):
            self.thing(handle)
        found = [handle] if depth == 0 else [*self.children(handle), *([handle] if handle else [])]
        return self.elements(found, code)

    def elements(self, handles: list[int], code: int) -> bytes:
        """A property list."""
        packed = []
        codes = (0xDC02, 0xDC04, 0xDC07, 0xDC09) if code == 0xFFFFFFFF else (code,)
        for handle in handles:
            for each in codes:
                kind, value = self.value(handle, each)
                packed.append(struct.pack("<IHH", handle, each, kind) + value)
        return struct.pack("<I", len(packed)) + b"".join(packed)

    def value(self, handle: int, code: int) -> tuple[int, bytes]:
        thing = self.thing(handle)
        return {
            0xDC07: (0xFFFF, text(thing.name)),
            0xDC02: (0x0004, struct.pack("<H", thing.format)),
            0xDC04: (0x0008, struct.pack("<Q", thing.size)),
            0xDC09: (0xFFFF, text(thing.date)),
        }[code]


@contextmanager
def holding(tiny: TinyPhone, longest: float = 10.0) -> Iterator[tuple[Phone, TinyPhone]]:
    """The program's `Phone` of a tiny phone, counted from after its opening."""
    with playing(tiny.serve, longest=longest) as (transport, _), Phone.open(transport) as phone:
        tiny.counts.clear()
        tiny.asked.clear()
        yield phone, tiny


def without(*codes: int) -> tuple[int, ...]:
    """What the tiny phone offers, less some operations."""
    return tuple(code for code in OPERATIONS if code not in codes)
