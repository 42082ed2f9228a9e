"""Dates, and clocks that change."""

from __future__ import annotations

import pytest

from tests.vm import content
from tests.vm.program import copies


@pytest.fixture
def phone(umtp_phone):
    phone = umtp_phone()
    content.write_photos(phone.files / "DCIM/Camera", 20)
    # Winter and summer, odd and even seconds, before and after 2000.
    for when in (1705300001, 1720000000, 946684799, 946684801, 1709168399):
        content.write_file(phone.files / f"DCIM/Camera/at_{when}.jpg", 3_000, when)
    return phone


def test_dates_are_right_to_the_second(phone, destination, mtpbackup):
    phone.plug()
    assert mtpbackup("backup", "--to", destination, "--json").code == 0
    assert content.tree_dates(copies(destination)) == content.tree_dates(phone.files)


@pytest.mark.parametrize("hours", [1.0, -9.5, 5.75])
def test_after_a_time_zone_change_on_the_phone_nothing_is_copied_again(phone, destination, mtpbackup, hours):
    phone.plug()
    assert mtpbackup("backup", "--to", destination, "--json").code == 0
    phone.unplug()
    content.shift_dates(phone.files, int(hours * 3600))
    phone.plug()
    outcome = mtpbackup("backup", "--to", destination, "--json")
    assert outcome.code == 0, outcome
    assert outcome.summary["saved"]["files"] == 0
    assert outcome.summary["safe"]["files"] == 25


def test_a_picture_changed_meanwhile_is_copied_beside_the_old_one(phone, destination, mtpbackup):
    phone.plug()
    assert mtpbackup("backup", "--to", destination, "--json").code == 0
    phone.unplug()
    old = (phone.files / "DCIM/Camera/IMG_00003.jpg").read_bytes()
    content.write_file(phone.files / "DCIM/Camera/IMG_00003.jpg", 7_777, content.A_DAY + 400_000)
    phone.plug()
    outcome = mtpbackup("backup", "--to", destination, "--json")
    assert outcome.code == 0, outcome
    assert outcome.summary["saved"]["files"] == 1
    kept = {path.read_bytes() for path in copies(destination).rglob("IMG_00003*")}
    assert kept == {old, (phone.files / "DCIM/Camera/IMG_00003.jpg").read_bytes()}
