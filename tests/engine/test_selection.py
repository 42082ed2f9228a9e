from datetime import datetime

import pytest

from mtpbackup.engine.reports import SkipReason
from mtpbackup.engine.selection import Only, Selection, parse_folder

JPEG, MP4, PLAIN = 0x3801, 0xB982, 0x3000
INTERNAL = "Internal shared storage"


def folder(path, selection=None, storage=INTERNAL):
    return (selection or Selection()).skip_folder(storage, parse_folder(path))


def file(path, code=PLAIN, modified=None, selection=None, storage=INTERNAL):
    return (selection or Selection()).skip_file(storage, parse_folder(path), code, modified)


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("DCIM", None),
        ("DCIM/Camera", None),
        ("WhatsApp/Media/WhatsApp Images", None),
        ("Android", None),  # looked into for the sake of Android/media alone
        ("Android/data", SkipReason.APP_DATA),
        ("android/OBB", SkipReason.APP_DATA),
        ("Android/media", None),
        ("Android/media/com.whatsapp/WhatsApp/Media", None),
        ("DCIM/Android/data", None),  # only at the top of a storage
        ("DCIM/.thumbnails", SkipReason.THUMBNAILS),
        ("Pictures/.Thumbs", SkipReason.THUMBNAILS),
        ("MIUI/Gallery/.microthumbnailFile", SkipReason.THUMBNAILS),
        ("DCIM/.trashed-1700000000-Old", SkipReason.TRASHED),
        ("DCIM/.pending-1-x", SkipReason.PENDING),
        ("DCIM/.hidden", None),
    ],
)
def test_which_folders_are_not_looked_into(path, reason):
    assert folder(path) is reason


@pytest.mark.parametrize(
    ("path", "code", "reason"),
    [
        ("DCIM/Camera/IMG_1.jpg", JPEG, None),
        ("at the top.mp4", MP4, None),
        ("Music/song.mp3", 0x3009, SkipReason.OTHER_KIND),
        ("DCIM/.nomedia", PLAIN, SkipReason.OTHER_KIND),
        ("Hidden/x.jpg", JPEG, None),
        ("DCIM/.trashed-1700000000-IMG_1.jpg", JPEG, SkipReason.TRASHED),
        ("DCIM/.pending-1700000000-VID.mp4", MP4, SkipReason.PENDING),
        ("DCIM/.thumbdata4--1967290299.jpg", JPEG, SkipReason.THUMBNAILS),
        ("DCIM/IMG_1.aae", PLAIN, None),
    ],
)
def test_which_files_are_left_out(path, code, reason):
    assert file(path, code) is reason


def test_only_photos_takes_their_sidecars_too_and_says_of_videos_that_nobody_asked():
    photos = Selection(only=Only.PHOTOS)
    assert file("x.jpg", selection=photos) is None
    assert file("x.xmp", selection=photos) is None
    assert file("x.mp4", selection=photos) is SkipReason.NOT_ASKED_FOR
    assert file("x.pdf", selection=photos) is SkipReason.OTHER_KIND


def test_only_videos():
    videos = Selection(only=Only.VIDEOS)
    assert file("x.mp4", selection=videos) is None
    assert file("x.jpg", selection=videos) is SkipReason.NOT_ASKED_FOR
    assert file("x.aae", selection=videos) is SkipReason.NOT_ASKED_FOR


def test_all_takes_every_file_and_still_no_caches_and_no_trash():
    everything = Selection(only=Only.ALL)
    assert file("Documents/x.pdf", selection=everything) is None
    assert file("DCIM/.nomedia", selection=everything) is None
    assert file(".trashed-1-x.pdf", selection=everything) is SkipReason.TRASHED
    assert folder("Android/data", everything) is SkipReason.APP_DATA


def test_since_leaves_out_older_files_and_none_without_a_date():
    since = Selection(since=datetime(2024, 5, 1))
    assert file("x.jpg", modified=datetime(2024, 4, 30, 23, 59, 59), selection=since) is SkipReason.TOO_OLD
    assert file("x.jpg", modified=datetime(2024, 5, 1), selection=since) is None
    assert file("x.jpg", modified=None, selection=since) is None


class TestFolders:
    one = Selection.of(folders=["/DCIM/Camera/"])

    def test_only_the_way_there_and_what_is_below_is_looked_into(self):
        assert folder("DCIM", self.one) is None
        assert folder("DCIM/Camera", self.one) is None
        assert folder("DCIM/Camera/Raw/2024", self.one) is None
        assert folder("DCIM/Screenshots", self.one) is SkipReason.OTHER_FOLDER
        assert folder("Pictures", self.one) is SkipReason.OTHER_FOLDER
        assert folder("DCIM/Camera2", self.one) is SkipReason.OTHER_FOLDER

    def test_files_beside_the_way_are_left_out_for_that_reason(self):
        assert file("DCIM/x.jpg", selection=self.one) is SkipReason.OTHER_FOLDER
        assert file("DCIM/Camera/x.jpg", selection=self.one) is None
        assert file("DCIM/Camera/Raw/x.dng", selection=self.one) is None
        assert file("DCIM/Camera", selection=self.one) is SkipReason.OTHER_FOLDER  # a file of that name

    def test_case_and_ways_to_write_an_umlaut_do_not_matter(self):
        selection = Selection.of(folders=["dcim/ÜBER"])
        assert folder("DCIM/U\u0308ber", selection) is None

    def test_several(self):
        selection = Selection.of(folders=["DCIM/Camera", "Pictures"])
        assert folder("Pictures/Sub", selection) is None
        assert folder("DCIM/Camera", selection) is None
        assert folder("Movies", selection) is SkipReason.OTHER_FOLDER

    def test_a_storage_label_in_front_means_that_storage_alone(self):
        selection = Selection.of(folders=["sd card/DCIM"])
        assert folder("DCIM", selection, "SD card") is None
        assert file("DCIM/x.jpg", selection=selection, storage="SD card") is None
        assert folder("DCIM", selection, INTERNAL) is SkipReason.OTHER_FOLDER

    def test_a_whole_storage(self):
        selection = Selection.of(folders=["SD card"])
        assert file("x.jpg", selection=selection, storage="SD card") is None
        assert folder("DCIM", selection, "SD card") is None
        assert folder(".thumbnails", selection, "SD card") is SkipReason.THUMBNAILS
        assert file("x.jpg", selection=selection) is SkipReason.OTHER_FOLDER

    def test_a_folder_asked_for_is_looked_into_whatever_the_rules_say(self):
        selection = Selection.of(folders=["Android/data/org.cam/files", "DCIM/.thumbnails"])
        assert folder("Android", selection) is None
        assert folder("Android/data", selection) is None
        assert folder("Android/data/org.cam/files", selection) is None
        assert folder("Android/data/org.cam/files/2024", selection) is None
        assert folder("Android/data/org.other", selection) is SkipReason.OTHER_FOLDER
        assert folder("DCIM/.thumbnails", selection) is None
        assert file("Android/data/org.cam/files/x.jpg", selection=selection) is None

    def test_the_rules_hold_below_a_folder_asked_for(self):
        assert folder("DCIM/Camera/.thumbnails", self.one) is SkipReason.THUMBNAILS
        assert folder("Android/obb/x/.thumbs", Selection.of(folders=["Android"])) is SkipReason.THUMBNAILS

    def test_which_of_those_asked_for_a_folder_is(self):
        selection = Selection.of(folders=["DCIM", "SD card/DCIM", "Nowhere"])
        assert selection.is_asked_for("SD card", ("dcim",)) == [0, 1]
        assert selection.is_asked_for(INTERNAL, ("DCIM",)) == [0]
        assert selection.is_asked_for(INTERNAL, ("DCIM", "Camera")) == []
