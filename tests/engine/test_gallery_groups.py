"""What belongs together in the gallery, by names and dates."""

from datetime import datetime, timedelta

import pytest

from mtpbackup.engine.gallery.groups import groups_of, shot_of
from mtpbackup.engine.gallery.table import Shown, label_of
from mtpbackup.engine.kinds import kind_of

NOON = datetime(2024, 5, 6, 12)


def file(path, seconds=0, storage="I", date=NOON):
    parts = tuple(path.split("/"))
    when = None if date is None else date + timedelta(seconds=seconds)
    return Shown(path, storage, parts, 1, when, kind_of(parts[-1], 0), 0)


def together(*files):
    """The names of each group, sorted; without those that stand alone."""
    groups = {}
    for shown, group in zip(files, groups_of(files), strict=True):
        if group:
            groups.setdefault(group, []).append(shown.path[-1])
    return sorted(sorted(names) for names in groups.values())


@pytest.mark.parametrize(
    "names",
    [
        ["DSC_1.JPG", "DSC_1.NEF"],
        ["IMG_0042.HEIC", "IMG_0042.MOV", "IMG_0042.AAE"],
        ["IMG_1.jpg", "IMG_1.jpg.xmp"],
        ["img_1.jpg", "IMG_1.DNG"],
        ["PXL_20240506_070812345.RAW-01.COVER.jpg", "PXL_20240506_070812345.RAW-02.ORIGINAL.dng"],
        ["IMG_20240506_070812_BURST001_COVER.jpg", "IMG_20240506_070812_BURST002.jpg"],
        ["00000IMG_00000_BURST20240506070812000_COVER.jpg", "00001IMG_00001_BURST20240506070812000.jpg"],
        ["20240506_070812_001.jpg", "20240506_070812_002.jpg", "20240506_070812_003.jpg"],
    ],
    ids=lambda names: names[0],
)
def test_files_of_one_shot_or_burst_are_one_group(names):
    assert together(*map(file, names), file("other.jpg")) == [sorted(names)]


@pytest.mark.parametrize(
    "names",
    [
        ["IMG_1.jpg", "IMG_2.jpg"],
        ["a/IMG_1.jpg", "b/IMG_1.dng"],
        ["20240506_070812.jpg", "20240506_070813.jpg"],
        ["20240506_070812_001.mp4", "20240506_070812_002.mp4"],
        ["PXL_20240506_070812345.jpg", "PXL_20240506_070812346.jpg"],
        ["Screenshot_2024-05-06-07-08-12.png", "Screenshot_2024-05-06-07-08-13.png"],
        ["IMG-20240506-WA0001.jpg", "IMG-20240506-WA0002.jpg"],
    ],
    ids=str,
)
def test_others_stand_alone(names):
    assert together(*map(file, names)) == []


def test_the_same_name_on_another_storage_is_another_shot():
    assert together(file("a.jpg"), file("a.dng", storage="Card")) == []


def test_a_film_of_another_day_is_no_live_photo():
    assert together(file("IMG_1.JPG"), file("IMG_1.MOV", seconds=5)) == [["IMG_1.JPG", "IMG_1.MOV"]]
    assert together(file("IMG_1.JPG"), file("IMG_1.MOV", seconds=7200)) == []
    assert together(file("IMG_1.JPG"), file("IMG_1.MOV", date=None)) == [["IMG_1.JPG", "IMG_1.MOV"]]
    three = (file("IMG_1.JPG"), file("IMG_1.MOV", seconds=7200), file("IMG_1.NEF"))
    assert together(*three) == [["IMG_1.JPG", "IMG_1.NEF"]]


def test_groups_have_names_of_their_own():
    groups = groups_of([file("a.jpg"), file("b.jpg"), file("b.dng"), file("a.dng"), file("c.jpg")])
    assert groups[0] == groups[3] != groups[1] == groups[2]
    assert groups[4] == "" and "" not in groups[:4]


@pytest.mark.parametrize(
    "name", ["", ".", "a", "....", "\ud800.jpg", "a" * 5000 + ".jpg", "_BURST1", "(((.jpg"]
)
def test_any_name_is_taken(name):
    assert isinstance(shot_of(name), str)


def test_words_for_what_is_not_simply_a_photo():
    assert label_of(("Pictures", "Screenshots", "a.png")) == "screenshot"
    assert label_of(("DCIM", "Screenshot_1.png")) == "screenshot"
    assert label_of(("DCIM", "PXL_20240506_070812345.MP.jpg")) == "motion"
    assert label_of(("DCIM", "a.jpg")) == ""
