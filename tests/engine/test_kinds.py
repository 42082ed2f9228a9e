import pytest

from mtpbackup.engine.kinds import PHOTO_ENDINGS, SIDECAR_ENDINGS, VIDEO_ENDINGS, Kind, kind_of

UNDEFINED, TEXT, JPEG, PNG, MP4, GPP, MP3 = 0x3000, 0x3004, 0x3801, 0x380B, 0xB982, 0xB984, 0x3009


@pytest.mark.parametrize(
    ("name", "code", "kind"),
    [
        ("IMG_0042.JPG", JPEG, Kind.PHOTO),
        ("IMG_0042.heic", UNDEFINED, Kind.PHOTO),  # Android 9 and older have no code for it
        ("PXL_20240506.RAW-02.ORIGINAL.dng", 0xB900, Kind.PHOTO),
        ("VID_1.mp4", MP4, Kind.VIDEO),
        ("MVI_1.MOV", UNDEFINED, Kind.VIDEO),
        ("IMG_0042.AAE", UNDEFINED, Kind.SIDECAR),
        ("IMG_0042.jpg.xmp", UNDEFINED, Kind.SIDECAR),
        ("no ending at all", JPEG, Kind.PHOTO),
        ("no ending at all", GPP, Kind.VIDEO),
        ("picture.oddraw", 0x3800, Kind.PHOTO),
        ("song.mp3", MP3, Kind.OTHER),
        ("list.txt", TEXT, Kind.OTHER),
        ("jpg", UNDEFINED, Kind.OTHER),
        ("trap.jpg.exe", UNDEFINED, Kind.OTHER),
        ("", UNDEFINED, Kind.OTHER),
        ("next after images.x", 0x3900, Kind.OTHER),
    ],
)
def test_the_ending_decides_then_the_format_code(name, code, kind):
    assert kind_of(name, code) is kind


def test_no_ending_is_in_two_tables_and_all_are_lower_case():
    assert not PHOTO_ENDINGS & VIDEO_ENDINGS
    assert not (PHOTO_ENDINGS | VIDEO_ENDINGS) & SIDECAR_ENDINGS
    for ending in PHOTO_ENDINGS | VIDEO_ENDINGS | SIDECAR_ENDINGS:
        assert ending == ending.lower().strip(". ")


PHONES = "jpg jpeg heic heif avif webp png gif bmp mp4 mov 3gp mkv webm avi m4v mts mpg"
CAMERAS = "dng arw cr2 cr3 nef orf rw2 raf pef srw tif"


@pytest.mark.parametrize("ending", [*PHONES.split(), *CAMERAS.split()])
def test_what_phones_and_cameras_make_is_known(ending):
    assert kind_of(f"x.{ending}", UNDEFINED) in (Kind.PHOTO, Kind.VIDEO)
