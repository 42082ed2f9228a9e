"""What is a photo, what is a video: one table, by the ending of the name, then by the format code.

Android takes the format code from the ending of the name and from nothing else (ANDROID.md, Device), and knows
fewer endings than people have files; cameras and other stacks know better. So the ending decides where it is in
the table, and the code decides for the rest.
"""

from __future__ import annotations

import enum
from typing import Final


class Kind(enum.Enum):
    """What a file is to a person."""

    PHOTO = "photo"
    VIDEO = "video"
    #: A small file that carries the edits of the photo beside it.
    SIDECAR = "sidecar"
    OTHER = "other"


_RAW: Final = {
    "Adobe, Android": ("dng",),
    "Canon": ("crw", "cr2", "cr3"),
    "Epson": ("erf",),
    "Fujifilm": ("raf",),
    "GoPro": ("gpr",),
    "Hasselblad": ("3fr",),
    "Kodak": ("dcr", "kdc"),
    "Leica, Panasonic": ("raw", "rw2", "rwl"),
    "Minolta": ("mrw",),
    "Nikon": ("nef", "nrw"),
    "Olympus": ("orf",),
    "Pentax": ("pef",),
    "Samsung": ("srw",),
    "Sigma": ("x3f",),
    "Sony": ("arw", "sr2", "srf"),
}

#: Endings in lower case, without the dot.
PHOTO_ENDINGS: Final = frozenset(
    (
        *("jpg", "jpeg", "jpe", "jfif", "mpo", "insp", "jxl"),
        *("heic", "heif", "hif", "avif", "webp"),
        *("png", "gif", "bmp", "tif", "tiff"),
        *(ending for endings in _RAW.values() for ending in endings),
    )
)

VIDEO_ENDINGS: Final = frozenset(
    (
        *("mp4", "m4v", "mov", "qt", "3gp", "3gpp", "3g2"),
        *("mkv", "webm", "ogv", "avi", "wmv", "asf", "flv"),
        *("mpg", "mpeg", "mpe", "mts", "m2ts", "insv"),
    )
)

#: Taken wherever they lie: they are tiny, mean nothing but a photo's edits, and their partner's name does not
#: always follow from theirs (`IMG_0042.AAE` belongs to `IMG_0042.HEIC` and `IMG_E0042.HEIC`).
SIDECAR_ENDINGS: Final = frozenset(("aae", "xmp"))

#: MTP 1.1, appendix A: AVI, MPEG, ASF; undefined video, WMV, MP4, MP2, 3GP. (300C is ASF, mostly video; WMA has
#: its own code.)
_VIDEO_FORMATS: Final = frozenset((0x300A, 0x300B, 0x300C, 0xB980, 0xB981, 0xB982, 0xB983, 0xB984))

#: 3800 "undefined image" up to 38FF are images, all of them; PTP 1.0, 6.2: bits 15-12 = 3, 11-8 = 8.
_FIRST_IMAGE_FORMAT: Final = 0x3800
_LAST_IMAGE_FORMAT: Final = 0x38FF


def kind_of(name: str, object_format: int) -> Kind:
    """What a file is, by its name, then by its format code.

    Args:
        name: as the phone gave it.
        object_format: MTP format code, 16 bit.
    """
    _, dot, ending = name.rpartition(".")
    if dot:
        ending = ending.lower()
        if ending in PHOTO_ENDINGS:
            return Kind.PHOTO
        if ending in VIDEO_ENDINGS:
            return Kind.VIDEO
        if ending in SIDECAR_ENDINGS:
            return Kind.SIDECAR
    if _FIRST_IMAGE_FORMAT <= object_format <= _LAST_IMAGE_FORMAT:
        return Kind.PHOTO
    if object_format in _VIDEO_FORMATS:
        return Kind.VIDEO
    return Kind.OTHER
