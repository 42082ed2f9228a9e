"""The same phone by libusb1, by pyusb and by libmtp: the same backup each time, on a kernel's USB stack."""

from __future__ import annotations

import os
import shutil
import sqlite3
import time
from pathlib import Path

import pytest

from tests.vm import content
from tests.vm.program import copies

#: A folder for PYTHONPATH that leaves nothing but libusb 0.1.
OLD_USB = Path(__file__).parents[1] / "old_usb"

#: How the program is started, by the name of its backup.
WAYS = {
    "libusb1": (("--transport", "libusb1"), (), {}),
    "pyusb": (("--transport", "pyusb"), (), {}),
    "libusb 0.1": (("--transport", "pyusb"), (), {"PYTHONPATH": f"{OLD_USB}:{os.environ['PYTHONPATH']}"}),
    "libmtp": ((), ("--via", "libmtp"), {}),
}

#: Where each item was on which phone, and what its file is; ids, and the times of the run itself, left out.
CATALOG = """
    SELECT phones.serial, phones.manufacturer, phones.model, phones.name, phones.folder,
           places.storage, places.path,
           items.name, items.size, items.modified, items.gone_since,
           folders.path, files.name, files.size, files.sha256,
           files.taken, files.taken_source, files.state
    FROM items JOIN places ON places.id = items.place JOIN phones ON phones.id = places.phone
    JOIN files ON files.id = items.file JOIN folders ON folders.id = files.folder
    ORDER BY places.storage, places.path, items.name
"""


def catalog(root: Path) -> list[tuple]:
    database = sqlite3.connect(f"file:{root}/.mtpbackup/catalog.sqlite?mode=ro", uri=True)
    try:
        return database.execute(CATALOG).fetchall()
    finally:
        database.close()


@pytest.fixture(params=["umtp", "qemu"])
def phone(request, umtp_phone, qemu_phone):
    phone = (umtp_phone if request.param == "umtp" else qemu_phone)()
    content.write_photos(phone.files / "DCIM/Camera", 40)
    for size in (0, 1, 500, 511, 512, 513, 1012, 16384, 262144, 1048576, 1048577):
        content.write_file(phone.files / f"Pictures/Edges/edge_{size}.jpg", size)
    content.write_file(phone.files / "Movies/holiday.mp4", 5_000_000)
    content.write_file(phone.files / "Download/notes.txt", 777)
    if request.param == "umtp":
        content.write_file(phone.files / "Pictures/Ünlü/Grüße aus Århus 東京.jpg", 5_000)
    return phone


def test_each_way_makes_the_same_backup(phone, destination, mtpbackup):
    source = content.tree_hashes(phone.files)
    for name, (before, after, extra) in WAYS.items():
        phone.plug()  # each time a phone that nobody has spoken to
        root = destination / name
        started = time.monotonic()
        words = (*before, "backup", "--to", root, "--only", "all", *after, "--json")
        outcome = mtpbackup(*words, seconds=300, **extra)
        print(f"{phone.name} by {name}: {time.monotonic() - started:.1f} s")
        assert outcome.code == 0, outcome
        assert not outcome.text, outcome  # nothing of libmtp's own words
        assert outcome.summary["saved"]["files"] == len(source)
        phone.unplug()
    assert content.tree_hashes(copies(destination / "libusb1")) == source
    first = catalog(destination / "libusb1")
    assert len(first) == len(source)
    for name in list(WAYS)[1:]:
        root = destination / name
        left_out = {".mtpbackup"}
        assert content.tree_hashes(root, left_out) == content.tree_hashes(destination / "libusb1", left_out)
        assert content.tree_dates(copies(root)) == content.tree_dates(copies(destination / "libusb1"))
        assert catalog(root) == first
        shutil.rmtree(root)


def test_the_witness_finds_no_difference(phone, mtpbackup):
    phone.plug()
    outcome = mtpbackup("doctor", "--compare", "--json", seconds=300)
    assert outcome.code == 0, outcome
    assert outcome.summary["files"] == len(content.tree_hashes(phone.files))
    assert outcome.summary["differences"] == 0


def test_libmtp_puts_all_back(umtp_phone, destination, mtpbackup):
    """On umtp-responder only: QEMU's phone takes some sizes for broken off, when libmtp sends them."""
    phone = umtp_phone()
    content.write_photos(phone.files / "DCIM/Camera", 10)
    for size in (0, 1, 500, 501, 1012, 16384, 262132, 1048577):
        content.write_file(phone.files / f"Pictures/Edges/edge_{size}.jpg", size)
    content.write_file(phone.files / "Pictures/Ünlü/Grüße aus Århus 東京.jpg", 5_000)
    source = content.tree_hashes(phone.files)
    phone.plug()
    assert mtpbackup("backup", "--to", destination, "--only", "all", "--json").code == 0
    phone.unplug()
    for folder in list(phone.files.iterdir()):
        shutil.rmtree(folder)
    phone.plug()
    words = ("restore", "--from", destination, "--via", "libmtp", "--yes", "--verify", "--json")
    outcome = mtpbackup(*words, seconds=300)
    assert outcome.code == 0, outcome.summary["failures"] + outcome.summary["not_sent"]
    assert not outcome.text, outcome
    assert outcome.summary["sent"]["files"] == outcome.summary["read_back"] == len(source)
    assert content.tree_hashes(phone.files) == source
