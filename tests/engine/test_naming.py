"""Lists of names, and backups of what they name."""

import pytest

from mtpbackup.engine import Only, Selection
from mtpbackup.engine.naming import NameList
from mtpbackup.engine.reports import SkipReason

JPEG = 0x3801
UNDEFINED = 0x3000


@pytest.mark.parametrize(
    "line",
    [
        "IMG_1.jpg",
        "img_1.JPG",
        "DCIM/Camera/IMG_1.jpg",
        "/DCIM/Camera/IMG_1.jpg",
        "Internal/DCIM/Camera/IMG_1.jpg",
        "DCIM/Camera",
        "DCIM/",
    ],
)
def test_a_file_is_on_the_list_by_name_path_or_folder(line):
    assert NameList((line,)).of_file("Internal", ("DCIM", "Camera", "IMG_1.jpg")) == {0}


@pytest.mark.parametrize("line", ["IMG_1", "Camera", "Camera/IMG_1.jpg", "Card/DCIM/Camera/IMG_1.jpg", "IMG_*"])
def test_anything_else_is_not(line):
    assert NameList((line,)).of_file("Internal", ("DCIM", "Camera", "IMG_1.jpg")) == set()


def test_a_name_that_stands_twice_is_found_twice():
    assert NameList(("a.jpg", "A.JPG", "b.jpg")).of_file("I", ("a.jpg",)) == {0, 1}


def test_an_umlaut_may_be_written_in_two_ways():
    assert NameList(("U\N{COMBINING DIAERESIS}bung",)).of_file(
        "I", ("\N{LATIN CAPITAL LETTER U WITH DIAERESIS}bung", "a")
    )


def test_only_folders_that_may_hold_something_are_looked_into():
    selection = Selection(picks=("DCIM/Camera/a.jpg", "Card/Old"))
    assert selection.skip_folder("Internal", ("DCIM",)) is None
    assert selection.skip_folder("Internal", ("DCIM", "Camera")) is None
    assert selection.skip_folder("Internal", ("DCIM", "Camera", "deeper")) is SkipReason.NOT_PICKED
    assert selection.skip_folder("Internal", ("Old",)) is SkipReason.NOT_PICKED
    assert selection.skip_folder("Card", ("Old",)) is None
    assert selection.skip_folder("Card", ("Old", "deeper")) is None
    assert Selection(picks=("a.jpg",)).skip_folder("Internal", ("Anywhere",)) is None


def test_a_list_leaves_the_other_rules_in_force():
    selection = Selection(Only.ALL, picks=("a.txt", "DCIM"))
    assert selection.skip_file("I", ("x", "a.txt"), UNDEFINED, None) is None
    assert selection.skip_file("I", ("x", "b.txt"), UNDEFINED, None) is SkipReason.NOT_PICKED
    assert selection.skip_file("I", ("DCIM", ".trashed-1-a.jpg"), JPEG, None) is SkipReason.TRASHED
    assert selection.skip_folder("I", ("DCIM", ".thumbnails")) is SkipReason.THUMBNAILS
    assert Selection(Only.PHOTOS, picks=("DCIM",)).skip_file("I", ("DCIM", "a.mp4"), UNDEFINED, None)
