"""What a plan makes of items that cannot be what the phone says, or of which it says nothing."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from mtpbackup.engine import listing as listing_module
from mtpbackup.engine.listing import FolderFailed, FolderListed, Lister
from mtpbackup.engine.reports import Count
from mtpbackup.engine.selection import Selection
from mtpbackup.errors import StorageVanished
from tests.engine.build import FOLDER, Saved, item, key, listing, storage


def untold(path):
    return replace(item(path, 0, None, code=0x3000), told=False)


def test_of_which_nothing_is_told_is_a_failure_and_never_left_out():
    plan = Saved().plan(listing([untold("DCIM/unnamed-00000007"), item("DCIM/a.jpg")]))
    assert [refusal.item.name for refusal in plan.refused] == ["unnamed-00000007"]
    assert plan.skipped == {}
    assert plan.count() == Count(1, 1000)


def test_beside_one_of_which_nothing_is_told_nothing_is_gone():
    """It may be any of those that were saved from there."""
    saved = Saved(key("x/a.jpg"), key("x/y/b.jpg"), key("z/c.jpg"))
    assert sorted(saved.plan(listing([untold("x/unnamed-1")], also=["z"])).gone) == [3]
    assert sorted(saved.plan(listing([], also=["x", "z"])).gone) == [1, 2, 3]


def test_a_size_that_nothing_has_takes_no_room_from_the_others():
    plan = Saved().plan(listing([item("DCIM/lie.mp4", 1 << 62), item("DCIM/a.jpg")]))
    assert [refusal.item.name for refusal in plan.refused] == ["lie.mp4"]
    assert plan.count() == Count(1, 1000)


class Endless:
    """A phone whose folders all hold two others and a picture."""

    def require_storages(self):
        return [storage()]

    def list_folder(self, where, folder):
        if where.label != storage().label:
            raise StorageVanished(where.label)
        above = "" if folder is None else f"{folder.shown_path}/"
        inside = [item(f"{above}{number}", 0, code=FOLDER) for number in range(2)]
        return [*inside, item(f"{above}x.jpg", 10)]


def test_folders_without_end_are_listed_up_to_a_number_and_the_others_failed(monkeypatch):
    monkeypatch.setattr(listing_module, "_MOST_FOLDERS", 40)
    found = list(Lister(Endless(), Selection(), lambda event: None, Counter()).run())
    assert sum(isinstance(piece, FolderListed) for piece in found) == 41
    failed = [piece for piece in found if isinstance(piece, FolderFailed)]
    assert len(failed) == 42
    assert {piece.failure.kind for piece in failed} == {"FolderLoop"}
