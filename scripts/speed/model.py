"""A backup in virtual time: how much of it the cable carries content, and in how many transactions.

The program is the real one: finder, session, listing, plan, transfer, catalog. Its phone is the one made of
code on a modelled bus, and its archive writes no content, for 40 GB would have to go somewhere. What writing
costs is modelled (`computer`). No clock is read for any figure, so every computer gives the same.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from mtpbackup.archive import Archive, Layout, NotSaved, PhoneFolder, Saved
from mtpbackup.archive.records import ItemKey
from mtpbackup.engine import run_backup
from mtpbackup.engine.link import PhoneLink
from mtpbackup.transport.base import Chunk, Speed
from mtpbackup.virtual import Cost, MemoryStore, VirtualPhone
from mtpbackup.virtual.descriptors import bulk_packet_size
from mtpbackup.virtual.personas import PERSONAS
from mtpbackup.wire import OperationCode as Op
from speed.computer import BusWithComputer, Computer

#: Bytes a second that reach the program, and the seconds that a transaction takes before its first byte.
BUSES: Mapping[Speed, float] = {Speed.HIGH: 40e6, Speed.SUPER: 400e6}
LATENCY = 0.001
#: Android opens a picture to answer GetObjectInfo (PHONES.md 1.1).
OBJECT_INFO = Cost(call=0.010)


@dataclass(frozen=True, slots=True)
class Figures:
    """What a modelled run came to.

    Attributes:
        files: saved.
        size: bytes of content read.
        seconds: virtual, from the first command to the last byte on the medium.
        share: of them, in which content or lists were on the bus.
        held_up: seconds in which the bus waited for the computer.
        transactions: in all.
        by_operation: the same by operation.
    """

    files: int
    size: int
    seconds: float
    share: float
    held_up: float
    transactions: int
    by_operation: Mapping[str, int]


class Blank:
    """Content that costs nothing: the same mebibyte over and over, never copied on the phone's side."""

    _mebibyte = memoryview(bytes(range(256)) * 4096)

    def __init__(self, size: int) -> None:
        self.size = size

    def read(self, offset: int, length: int) -> memoryview:
        """Some bytes."""
        return self._mebibyte[: min(length, self.size - offset, len(self._mebibyte))]


class _Discarded:
    """Stands in for `archive.Incoming`: counts, and gives each chunk back at once."""

    offset = 0
    placed = False

    def __init__(self, writer: _Discarding, key: ItemKey) -> None:
        self._writer = writer
        self._key = key
        self._came = 0

    def write(self, chunk: Chunk) -> None:
        self._came += len(chunk.data)
        chunk.release()

    def commit(self, size: int | None = None) -> None:
        if self._came != (self._key.size if size is None else size):
            raise RuntimeError(f"{self._came} bytes of {self._key.size}")
        self._writer.finished.append(Saved(self._key, 1, self._key.shown_path, self._key.size, "0" * 64, None))

    def abandon(self, *, keep_part: bool) -> None:
        pass


class _Discarding:
    """Stands in for `archive.Writer`."""

    def __init__(self) -> None:
        self.finished: list[Saved | NotSaved] = []

    def begin(self, phone: PhoneFolder, key: ItemKey, layout: Layout) -> _Discarded:
        return _Discarded(self, key)

    def results(self) -> list[Saved | NotSaved]:
        finished, self.finished = self.finished, []
        return finished

    drain = close = results


class DiscardingArchive(Archive):
    """An archive with a real catalog, and room for everything because nothing is written."""

    def free_space(self) -> int:
        """Enough."""
        return 1 << 60

    def writer(self, limits: object = None) -> Any:
        """A writer that throws content away."""
        return _Discarding()


def run(sizes: Mapping[str, int], speed: Speed, computer: Computer | None = None) -> Figures:
    """Backs up a phone with files of these sizes, by their paths, in virtual time."""
    store = MemoryStore(capacity=1 << 50)
    for number, (path, size) in enumerate(sizes.items()):
        store.add(path, Blank(size), 1_714_979_289 + number)
    bus = BusWithComputer(LATENCY, BUSES[speed], {Op.GET_OBJECT_INFO: OBJECT_INFO}, computer=computer)
    pixel = PERSONAS["pixel"]
    persona = replace(pixel, usb=replace(pixel.usb, speed=speed))
    with (
        tempfile.TemporaryDirectory() as folder,
        VirtualPhone(persona, [store], bus=bus, packet_size=bulk_packet_size(speed)) as phone,
        DiscardingArchive.create_or_open(Path(folder, "backup")) as archive,
    ):
        phone.plug()
        link = PhoneLink(phone.finder)
        try:
            link.connect()
            summary = run_backup(link, archive)
        finally:
            link.close()
        bus.finish()
        counts = {operation.name: count for operation, count in sorted(phone.counts.items())}
    if not summary.complete or summary.saved.items != len(sizes):
        raise RuntimeError(f"not a whole backup: {summary}")
    return Figures(
        files=summary.saved.items,
        size=summary.saved.bytes,
        seconds=bus.elapsed,
        share=bus.carrying / bus.elapsed,
        held_up=bus.held_up,
        transactions=sum(counts.values()),
        by_operation=counts,
    )
