"""What was saved from a phone goes back on an empty one of its kind: the same tree, bytes and dates."""

from __future__ import annotations

from functools import partial

import pytest

from mtpbackup.errors import SendFailed
from mtpbackup.messages import explain
from mtpbackup.phone import Phone
from tests.personas.album import what_is_on

#: What may be written to, and keeps dates. (QEMU's phone keeps none, and wants names in ASCII.)
WRITABLE = ("pixel", "transcoding", "sdcard", "older", "compat", "samsung", "huawei", "lg", "sony")


@pytest.mark.parametrize("persona", WRITABLE)
def test_everything_goes_back(bench, persona):
    old = bench.phone(persona)
    truth = what_is_on(old)
    assert bench.back_up(old).complete
    old.unplug()
    new = bench.empty_phone(persona, serial="NEW")
    summary = bench.put_back(new)
    assert (summary.sent.items, summary.failed.items) == (len(truth), 0), summary
    assert what_is_on(new) == truth
    assert summary.dates_lost == 0
    again = bench.put_back(new)
    assert (again.sent.items, again.there.items) == (0, len(truth)), again
    assert what_is_on(new) == truth


def test_a_camera_takes_nothing(bench):
    phone = bench.phone("camera")
    assert bench.back_up(phone).complete
    phone.unplug()
    new = bench.empty_phone("camera", serial="NEW")
    summary = bench.put_back(new)
    assert summary.sent.items == 0
    assert summary.failed == summary.selected
    assert what_is_on(new) == {}


def test_an_iphone_takes_nothing_and_says_so_at_once(bench):
    phone = bench.phone("iphone")
    assert bench.back_up(phone).complete
    phone.unplug()
    with pytest.raises(SendFailed) as caught:
        bench.put_back(bench.empty_phone("iphone", serial="NEW"))
    assert explain(caught.value).headline == "This phone takes no files from a computer."


def test_xiaomi_takes_files_in_folders_only(bench):
    old = bench.phone("xiaomi")
    truth = what_is_on(old)
    hurried = partial(Phone.open, sleep=lambda seconds: None)
    assert bench.back_up(old, open_phone=hurried).complete
    old.unplug()
    new = bench.empty_phone("xiaomi", serial="NEW")
    for folder in ("DCIM", "Pictures", "Movies", "Download"):
        new.add_folder(folder)
    summary = bench.put_back(new, open_phone=hurried)
    at_top = truth.pop("Internal shared storage/top.jpg")
    assert at_top is not None
    assert what_is_on(new) == truth
    (failed,) = summary.failures
    assert (failed.failure.kind, failed.tries) == ("TopRefused", 1)
    assert bench.put_back(new, into="Pictures/Back", open_phone=hurried).failed.items == 0
    assert "Internal shared storage/Pictures/Back/top.jpg" in what_is_on(new)
