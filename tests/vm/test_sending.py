"""Files sent to responders that were not written here, at the sizes where sending goes wrong."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from mtpbackup.errors import NameRefused, NameTaken
from mtpbackup.phone import Item, Phone
from mtpbackup.transport.libusb import LibusbFinder
from mtpbackup.virtual import Generated

MIB = 1024 * 1024
#: About the edges of packets, of requests, and of QEMU's buffer; 52, 500 and those like it once ended QEMU.
SIZES = (0, 1, 52, 499, 500, 501, 512, 1012, 16372, 16384, 256 * 1024 - 4, MIB - 12, MIB + 12, 3 * MIB - 12)


def noise(size: int) -> bytes:
    return bytes(Generated(size, size).read(0, size))


def cut(content: bytes, length: int = 100_000) -> Iterator[memoryview]:
    view = memoryview(content)
    for start in range(0, len(content), length):
        yield view[start : start + length]


@contextmanager
def opened(serial: str) -> Iterator[Phone]:
    deadline = time.monotonic() + 30
    while not (found := [each for each in LibusbFinder().find() if each.identity.serial == serial]):
        assert time.monotonic() < deadline, f"{serial} was not found"
    with Phone.open(found[0].open()) as phone:
        yield phone


def read_back(phone: Phone, item: Item) -> bytes:
    got = bytearray()
    for chunk in phone.read(item):
        got += chunk.data
        chunk.release()
    return bytes(got)


@pytest.fixture(params=["umtp", "qemu"])
def plugged(
    request: pytest.FixtureRequest, umtp_phone: Callable[..., Any], qemu_phone: Callable[..., Any]
) -> Any:
    phone = umtp_phone() if request.param == "umtp" else qemu_phone()
    phone.writable = True
    phone.plug()
    return phone


def test_all_sizes_arrive_and_come_back(plugged: Any) -> None:
    with opened(plugged.serial) as phone:
        storage = phone.storages()[0]
        folder = phone.make_folder(storage, phone.make_folder(storage, None, "Restored"), "Camera")
        phone.send_file(storage, folder, "first.jpg", 3, None, [b"abc"])
        before = phone.transactions
        sent = {
            size: phone.send_file(storage, folder, f"{size}.jpg", size, None, cut(noise(size)))
            for size in SIZES
        }
        assert phone.transactions - before == 2 * len(SIZES)
        for size, item in sent.items():
            assert (plugged.files / item.shown_path).read_bytes() == noise(size), size
            assert read_back(phone, item) == noise(size), size
        listed = {item.name: item.size for item in phone.list_folder(storage, folder)}
        assert listed == {"first.jpg": 3, **{f"{size}.jpg": size for size in SIZES}}


class DiskError(Exception):
    pass


def test_what_fails_leaves_nothing_and_the_phone_goes_on(plugged: Any) -> None:
    def failing(good: int) -> Iterator[bytes]:
        yield bytes(good)
        raise DiskError

    def interrupted() -> Iterator[bytes]:
        for number in range(8):
            if number == 5:
                os.kill(os.getpid(), signal.SIGINT)
            yield bytes(MIB)

    with opened(plugged.serial) as phone:
        storage = phone.storages()[0]
        folder = phone.make_folder(storage, None, "Restored")
        for good in (0, 1000, 3 * MIB):
            with pytest.raises(DiskError):
                phone.send_file(storage, folder, "a.mp4", 4 * MIB, None, failing(good))
        with pytest.raises(KeyboardInterrupt):
            phone.send_file(storage, folder, "a.mp4", 8 * MIB, None, interrupted())
        assert phone.list_folder(storage, folder) == []
        with pytest.raises(NameTaken):
            phone.make_folder(storage, None, "Restored")
        item = phone.send_file(storage, folder, "a.mp4", 3, None, [b"abc"])
        assert (plugged.files / "Restored" / "a.mp4").read_bytes() == b"abc"
        phone.delete(item)
        assert not (plugged.files / "Restored" / "a.mp4").exists()


def test_names_beyond_ascii(plugged: Any) -> None:
    """umtp-responder keeps them for as long as it runs; any one ends QEMU, so it is never told."""
    with opened(plugged.serial) as phone:
        storage = phone.storages()[0]
        for name in ("Füße.jpg", "x😀.jpg"):
            if phone.name_trouble(storage, name) is None:
                phone.send_file(storage, None, name, 3, None, [b"abc"])
                assert name in [item.name for item in phone.list_folder(storage)]
            else:
                assert plugged.serial.startswith("qemu")
                with pytest.raises(NameRefused):
                    phone.send_file(storage, None, name, 3, None, [b"abc"])


def test_going_on_with_a_file_in_part(umtp_phone: Callable[..., Any]) -> None:
    plugged = umtp_phone()
    plugged.plug()
    content = noise(9 * MIB + 3)
    with opened(plugged.serial) as phone:
        storage = phone.storages()[0]
        assert phone.can_continue
        item = phone.send_file(storage, None, "a.mp4", 3 * MIB, None, cut(content[: 3 * MIB]))
        phone.continue_file(item, 2 * MIB + 5, cut(content[2 * MIB + 5 :]), len(content))
        assert (plugged.files / "a.mp4").read_bytes() == content
