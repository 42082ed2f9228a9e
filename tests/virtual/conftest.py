from __future__ import annotations

from collections.abc import Iterator

import pytest

from mtpbackup.virtual import MemoryStore, VirtualPhone, plug_in
from tests.virtual.initiator import Initiator

#: 2026-01-02 03:04:05 UTC: what the clock of a test's phone shows.
NOW = 1767323045.0


@pytest.fixture
def phone() -> Iterator[VirtualPhone]:
    """A Pixel with a few files on two storages, seconds-exact clock, no threads left over."""
    internal = MemoryStore("Internal shared storage", capacity=64_000_000_000)
    card = MemoryStore("SD card", removable=True, capacity=32_000_000_000, file_limit=0xFFFFFFFF)
    with plug_in("pixel", [internal, card], now=lambda: NOW) as phone:
        phone.add_file("DCIM/Camera/IMG_1.jpg", b"one" * 1000, NOW - 100)
        phone.add_file("DCIM/Camera/IMG_2.jpg", b"two" * 500, NOW - 50)
        phone.add_file("DCIM/notes.txt", b"hello", NOW - 10)
        phone.add_file("top.mp4", bytes(range(256)) * 16, NOW)
        phone.add_file("Photos/card.jpg", b"card", NOW, storage=1)
        yield phone


@pytest.fixture
def initiator(phone: VirtualPhone) -> Iterator[Initiator]:
    """A session with it. The time-out is short, so that "it hangs" is seen at once."""
    with phone.transport() as transport:
        yield Initiator(transport).open_session()
