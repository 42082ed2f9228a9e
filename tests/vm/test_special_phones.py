"""A locked phone, an empty one, a card, a huge file, a huge folder, and a phone one may not open."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from gadget import Storage
from tests.vm import content
from tests.vm.program import as_user, environment


def test_locked_at_the_start_and_unlocked_later(umtp_phone, destination, started):
    phone = umtp_phone(
        "locked", storages=[Storage(Path("/phones/locked"), "Internal", "rw,notmounted")], events=True
    )
    content.write_photos(phone.files / "DCIM", 8)
    phone.plug()
    run = started("backup", "--to", destination, "--json", "--wait", "60")
    run.wait_for(event="waiting", reason="locked")
    phone.command("mount:Internal")
    outcome = run.end(90)
    assert outcome.code == 0, outcome
    assert outcome.summary["saved"]["files"] == 8


def test_locked_and_nobody_unlocks_it(umtp_phone, destination, mtpbackup):
    phone = umtp_phone("shut", storages=[Storage(Path("/phones/shut"), "Internal", "rw,notmounted")])
    content.write_photos(phone.files / "DCIM", 3)
    phone.plug()
    outcome = mtpbackup("backup", "--to", destination, "--wait", "0")
    assert outcome.code == 21, outcome
    assert "nlock" in outcome.text


@pytest.mark.parametrize("kind", ["umtp", "qemu"])
def test_a_phone_with_nothing_on_it(umtp_phone, qemu_phone, destination, mtpbackup, kind):
    phone = (umtp_phone if kind == "umtp" else qemu_phone)()
    phone.plug()
    outcome = mtpbackup("backup", "--to", destination)
    assert outcome.code == 0, outcome
    assert "no photos" in outcome.text


def test_phone_and_card_are_kept_apart(umtp_phone, destination, mtpbackup):
    phone = umtp_phone(
        "card",
        storages=[
            Storage(Path("/phones/card/int"), "Internal"),
            Storage(Path("/phones/card/sd"), "SD card", "ro"),
        ],
    )
    content.write_photos(phone.files / "int/DCIM", 4)
    content.write_photos(phone.files / "sd/DCIM", 6)
    phone.plug()
    outcome = mtpbackup("backup", "--to", destination, "--json")
    assert outcome.code == 0, outcome
    (folder,) = (path for path in destination.iterdir() if path.is_dir() and path.name != ".mtpbackup")
    assert content.tree_hashes(folder / "Internal") == content.tree_hashes(phone.files / "int")
    assert content.tree_hashes(folder / "SD card") == content.tree_hashes(phone.files / "sd")


READ_THE_END = """
import json, sys
from mtpbackup.phone import Phone
from mtpbackup.transport.libusb import LibusbFinder

finder = LibusbFinder()
(found,) = finder.find()
with found.open() as transport:
    phone = Phone.open(transport)
    (storage,) = phone.storages()
    item = phone.find(storage.label, ("Movies", "long.mp4"))
    end = b""
    for chunk in phone.read(item, offset=item.size - 100_000):
        end += bytes(chunk.data)
        chunk.release()
    middle = b""
    for chunk in phone.read(item, offset=(1 << 32) - 5_000):
        middle += bytes(chunk.data)
        chunk.release()
        if len(middle) >= 10_000:
            break
    phone.close()
finder.close()
print(json.dumps({"size": item.size, "end": end.hex(), "middle": middle[:10_000].hex()}))
"""


def test_a_file_over_four_gigabytes_is_listed_with_its_size_and_its_end_is_read(umtp_phone, mtpbackup):
    phone = umtp_phone()
    path = phone.files / "Movies/long.mp4"
    path.parent.mkdir()
    size = (4 << 30) + 3_333_333
    # Sparse, but for the places that are looked at.
    end, middle = bytes(range(250)) * 400, b"over the edge " * 1_000
    with path.open("wb") as file:
        file.truncate(size)
        file.seek((1 << 32) - 5_000)
        file.write(middle)
        file.seek(size - len(end))
        file.write(end)
    phone.plug()
    answer = subprocess.run(
        [*as_user("user"), sys.executable, "-c", READ_THE_END],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env=environment("user"),
        cwd="/",
    )
    assert answer.returncode == 0, answer.stderr
    seen = json.loads(answer.stdout)
    assert seen["size"] == size
    assert bytes.fromhex(seen["end"]) == end
    assert bytes.fromhex(seen["middle"]) == middle[:10_000]
    listed = mtpbackup("ls", "Movies", "--json")
    assert listed.code == 0, listed
    assert str(size) in json.dumps(listed.facts)
