"""Names and formats told from each other: for items without a name, and for files without a format."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final

from mtpbackup.wire import ObjectFormat

#: Endings for formats of photos and videos, so that a nameless picture is still known for one.
_ENDINGS: Final = MappingProxyType(
    {
        ObjectFormat.EXIF_JPEG: ".jpg",
        ObjectFormat.JFIF: ".jpg",
        ObjectFormat.PNG: ".png",
        ObjectFormat.GIF: ".gif",
        ObjectFormat.BMP: ".bmp",
        ObjectFormat.TIFF: ".tif",
        ObjectFormat.DNG: ".dng",
        ObjectFormat.HEIF: ".heic",
        ObjectFormat.MP4_CONTAINER: ".mp4",
        ObjectFormat.THREE_GP_CONTAINER: ".3gp",
        ObjectFormat.MPEG: ".mpg",
        ObjectFormat.AVI: ".avi",
        ObjectFormat.WMV: ".wmv",
    }
)
#: The other way round, with what else these formats are called.
_FORMATS: Final[Mapping[str, ObjectFormat]] = MappingProxyType(
    {
        **{ending: object_format for object_format, ending in _ENDINGS.items()},
        ".jpg": ObjectFormat.EXIF_JPEG,
        ".jpeg": ObjectFormat.EXIF_JPEG,
        ".jpe": ObjectFormat.EXIF_JPEG,
        ".tiff": ObjectFormat.TIFF,
        ".heif": ObjectFormat.HEIF,
        ".m4v": ObjectFormat.MP4_CONTAINER,
        ".3gpp": ObjectFormat.THREE_GP_CONTAINER,
        ".mpeg": ObjectFormat.MPEG,
    }
)


def format_for(name: str) -> ObjectFormat:
    """The format that a file's name tells; `UNDEFINED` for any that is not in our small table.

    Android goes by the ending itself, whatever it is told (ANDROID.md, Device).
    """
    _, dot, ending = name.rpartition(".")
    return _FORMATS.get(dot + ending.lower(), ObjectFormat.UNDEFINED)


def name_for(name: str, object_format: int, size: int, modified: datetime | None) -> str:
    """An item's name, or one made of its date and size where it has none.

    Android sends an empty string for a name that is not valid UTF-8 (ANDROID.md, Handles and listing). A path
    needs a name all the same, and the next listing has to give the same one, so it is not made of the handle.
    """
    if name:
        return name
    date = "undated" if modified is None else f"{modified:%Y%m%dT%H%M%S}"
    ending = _ENDINGS.get(ObjectFormat(object_format), "")
    return f"unnamed-{date}-{size}{ending}"
