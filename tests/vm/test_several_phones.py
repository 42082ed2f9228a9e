"""Two phones: one after the other, both at once, and the wrong one."""

from __future__ import annotations

import pytest

from gadget import Strings
from tests.vm import content


@pytest.fixture(scope="module")
def pair(shared):
    one = shared.umtp(strings=Strings(product="Pixel 8", serial="PIXEL8"))
    two = shared.umtp(
        strings=Strings(0x04E8, 0x6860, manufacturer="SAMSUNG", product="Galaxy S23", serial="GALAXY23")
    )
    content.write_photos(one.files / "DCIM/Camera", 10, prefix="PXL")
    content.write_photos(two.files / "DCIM/Camera", 12, prefix="SAM")
    return one, two


def names(destination):
    return {path.name for path in destination.iterdir() if path.is_dir() and path.name != ".mtpbackup"}


def test_one_after_the_other(pair, destination, mtpbackup):
    for phone in pair:
        phone.plug()
        outcome = mtpbackup("backup", "--to", destination, "--json")
        assert outcome.code == 0, outcome
        phone.unplug()
    assert names(destination) == {"Pixel 8", "Galaxy S23"}
    for name, phone in zip(("Pixel 8", "Galaxy S23"), pair, strict=True):
        (copies,) = (destination / name).glob("*/")
        assert content.tree_hashes(copies) == content.tree_hashes(phone.files)


def test_both_at_once_need_to_be_told_apart(pair, destination, mtpbackup):
    for phone in pair:
        phone.plug()
    listed = mtpbackup("devices")
    assert "Pixel 8" in listed.text
    assert "Galaxy S23" in listed.text
    undecided = mtpbackup("backup", "--to", destination)
    assert undecided.code == 2, undecided
    assert "--device" in undecided.text
    assert names(destination) == set()


@pytest.mark.parametrize(("wanted", "saved", "count"), [("Galaxy S23", "SAM", 12), ("PIXEL8", "PXL", 10)])
def test_by_name_or_serial_number(pair, destination, mtpbackup, wanted, saved, count):
    for phone in pair:
        phone.plug()
    outcome = mtpbackup("backup", "--to", destination, "--json", "--device", wanted)
    assert outcome.code == 0, outcome
    files = content.tree_hashes(destination, leave_out=[".mtpbackup"])
    assert sum(saved in name for name in files) == count
    assert outcome.summary["saved"]["files"] == count


def test_a_phone_that_is_not_there(pair, destination, mtpbackup):
    pair[0].plug()
    outcome = mtpbackup("backup", "--to", destination, "--json", "--device", "GALAXY23", "--wait", "0")
    assert outcome.code == 20, outcome


def test_the_right_phone_comes_back_to_another_port(pair, destination, started):
    """The run belongs to a serial number: another phone that turns up meanwhile is not taken for it."""
    one, two = pair
    content.write_file(one.files / "DCIM/Camera/long.mp4", 100_000_000)
    one.plug()
    run = started("backup", "--to", destination, "--json", "--wait", "60")
    run.wait_for(event="file_started", path="DCIM/Camera/long.mp4")
    one.unplug()
    run.wait_for(event="lost")
    two.plug()
    one.plug()
    outcome = run.end()
    (one.files / "DCIM/Camera/long.mp4").unlink()
    assert outcome.code == 0, outcome
    assert names(destination) == {"Pixel 8"}
