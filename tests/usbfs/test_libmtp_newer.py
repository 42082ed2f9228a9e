"""The libmtp of a later Debian, in place of the installed one: the same backups, and files sent."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mtpbackup.phone.libmtp import LibmtpPhone
from mtpbackup.virtual import VirtualPhone
from mtpbackup.virtual.usbfs import PhoneOnBus
from tests.usbfs.backups import catalog, tree
from tests.usbfs.conftest import NEEDS_LIBMTP

#: `scripts/test --all` has it fetched.
FOLDER = os.environ.get("MTPBACKUP_NEWER_LIBMTP", "")

pytestmark = [
    pytest.mark.usbfs,
    NEEDS_LIBMTP,
    pytest.mark.skipif(not FOLDER, reason="no newer libmtp (MTPBACKUP_NEWER_LIBMTP=$(scripts/newer-libmtp))"),
]

MTPBACKUP = (sys.executable, "-m", "mtpbackup")
FILES = {
    "DCIM/Camera/IMG_1.jpg": b"\xff\xd8" + bytes(1_000_000),
    "DCIM/Camera/Füße 😀.jpg": b"\xff\xd8" * 250,
    "DCIM/empty.jpg": b"",
}


@pytest.fixture(autouse=True)
def newer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LD_LIBRARY_PATH", FOLDER)


@pytest.fixture
def virtual(program_bus) -> Iterator[VirtualPhone]:
    with VirtualPhone("pixel") as virtual:
        for path, data in FILES.items():
            virtual.add_file(path, data)
        device = PhoneOnBus(program_bus, virtual)
        program_bus.plug(device)
        yield virtual
        program_bus.unplug(device)
        assert device.failure is None
        assert not virtual.dead


def test_it_is_the_newer_one(virtual, libmtp_finder):
    opened = libmtp_finder.find()[0].open()
    assert opened.facts["version"] == "1.1.22"
    phone = LibmtpPhone.open(opened)
    (storage,) = phone.storages()
    item = phone.find(storage.label, ("DCIM", "Camera", "Füße 😀.jpg"))
    assert b"".join(bytes(chunk.data) for chunk in phone.read(item)) == FILES[item.shown_path]
    phone.close()


def test_a_backup_by_it_is_the_same_as_ours(virtual, run_with_bus, tmp_path: Path):
    for name, words in (("ours", ()), ("libmtp", ("--via", "libmtp"))):
        run = run_with_bus(*MTPBACKUP, "backup", "--to", tmp_path / name, *words, "--json")
        assert run.returncode == 0, run.stdout
        assert all(json.loads(line) for line in run.stdout.splitlines())
    assert tree(tmp_path / "libmtp") == tree(tmp_path / "ours")
    assert catalog(tmp_path / "libmtp") == catalog(tmp_path / "ours") != []


def test_a_restore_by_it(virtual, run_with_bus, tmp_path: Path):
    assert run_with_bus(*MTPBACKUP, "backup", "--to", tmp_path).returncode == 0
    virtual.remove("DCIM")
    restore = (*MTPBACKUP, "restore", "--from", tmp_path, "--via", "libmtp", "--yes", "--verify", "--json")
    run = run_with_bus(*restore)
    summary = json.loads(run.stdout.splitlines()[-1])
    assert run.returncode == 0, run.stdout
    assert summary["sent"]["files"] == summary["read_back"] == len(FILES)
    for path, data in FILES.items():
        content = virtual.storages[0].at(path).content
        assert bytes(content.read(0, content.size)) == data
