"""Disks that are full, fill up, are write-protected, belong to somebody else, or are pulled out."""

from __future__ import annotations

import subprocess
from contextlib import suppress

import pytest

from tests.vm import content
from tests.vm.program import arrived, copies

VIDEO = 80_000_000


@pytest.fixture(scope="module")
def phone(shared):
    phone = shared.umtp()
    content.write_photos(phone.files / "DCIM/Camera", 5)
    content.write_file(phone.files / "DCIM/Camera/VID_1.mp4", VIDEO)
    return phone


@pytest.fixture(autouse=True)
def _plugged(phone, _cables):
    phone.plug()


def test_too_small_is_found_before_the_first_byte(destination, mounted, mtpbackup):
    small = mounted("tmpfs", "tmpfs", "size=20m")
    outcome = mtpbackup("backup", "--to", small / "backup", "--json")
    assert outcome.code == 24, outcome
    assert outcome.events("file_started") == []
    assert arrived(small) == 0
    assert not list(small.rglob("*.jpg"))
    spoken = mtpbackup("backup", "--to", small / "backup")
    assert spoken.code == 24
    assert "Nothing was copied" in spoken.text


def test_filled_by_somebody_else_in_mid_run(mounted, started, phone, mtpbackup):
    disk = mounted("tmpfs", "tmpfs", "size=120m")
    run = started("backup", "--to", disk / "backup", "--json")
    run.wait_until(lambda: arrived(disk / "backup") > 10_000_000, "the video was on its way")
    filler = disk / "somebody else's"
    # All that is left, to the last block.
    with filler.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(1 << 16))
    outcome = run.end(60)
    assert outcome.code == 24, outcome
    assert outcome.summary["ending"] == "out_of_space"
    assert outcome.summary["adds_up"]
    filler.unlink()

    again = mtpbackup("backup", "--to", disk / "backup", "--json")
    assert again.code == 0, again
    assert content.tree_hashes(copies(disk / "backup")) == content.tree_hashes(phone.files)


def test_write_protected(mounted, mtpbackup):
    disk = mounted("tmpfs", "tmpfs", "ro")
    outcome = mtpbackup("backup", "--to", disk / "backup")
    assert outcome.code == 1, outcome
    assert "its disk is write-protected" in outcome.text


def test_somebody_elses_folder(mtpbackup):
    outcome = mtpbackup("backup", "--to", "/root/backup")
    assert outcome.code == 1, outcome
    assert "You are not allowed to use" in outcome.text


@pytest.mark.parametrize("kind", ["vfat", "ext4"])
def test_a_stick_pulled_out_in_mid_run_and_put_back(stick, mounted, started, mtpbackup, phone, kind):
    make = {"vfat": ["/sbin/mkfs.vfat"], "ext4": ["/sbin/mkfs.ext4", "-q"]}
    subprocess.run([*make[kind], stick.node], check=True, stdout=subprocess.DEVNULL)
    disk = mounted(kind, stick.node)
    if kind == "ext4":
        subprocess.run(["chown", "user:user", disk], check=True)
    run = started("backup", "--to", disk / "backup", "--json")
    run.wait_until(lambda: arrived(disk / "backup") > 10_000_000, "the video was on its way")
    stick.unplug()
    outcome = run.end(60)
    assert outcome.code == 1, outcome
    subprocess.run(["umount", "-l", disk], check=True)

    # An unplugged disk leaves its empty folder behind: that is no place for a new backup.
    gone = mtpbackup("backup", "--to", disk / "backup", "--json", "--wait", "0")
    assert gone.code != 0, gone
    assert list(disk.iterdir()) == []

    stick.plug()
    check = {"vfat": ["/sbin/fsck.vfat", "-a"], "ext4": ["/sbin/e2fsck", "-p"]}
    subprocess.run([*check[kind], stick.node], check=False, stdout=subprocess.DEVNULL)
    back = mounted(kind, stick.node)
    again = mtpbackup("backup", "--to", back / "backup", "--json")
    assert again.code == 0, again
    assert content.tree_hashes(copies(back / "backup")) == content.tree_hashes(phone.files)
