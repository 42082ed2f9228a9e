"""What an object is, by the ending of its name: how Android decides it (ANDROID.md, Device)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from mtpbackup.wire.codes import ObjectFormat

#: Format by ending in lower case. What a phone meets in practice, not all that Android knows.
BY_ENDING: Final[Mapping[str, ObjectFormat]] = {
    "jpg": ObjectFormat.EXIF_JPEG,
    "jpeg": ObjectFormat.EXIF_JPEG,
    "png": ObjectFormat.PNG,
    "gif": ObjectFormat.GIF,
    "bmp": ObjectFormat.BMP,
    "heic": ObjectFormat.HEIF,
    "heif": ObjectFormat.HEIF,
    "dng": ObjectFormat.DNG,
    "tif": ObjectFormat.TIFF,
    "tiff": ObjectFormat.TIFF,
    "webp": ObjectFormat.UNDEFINED_IMAGE,
    "mp4": ObjectFormat.MP4_CONTAINER,
    "m4v": ObjectFormat.MP4_CONTAINER,
    "3gp": ObjectFormat.THREE_GP_CONTAINER,
    "3gpp": ObjectFormat.THREE_GP_CONTAINER,
    "mpg": ObjectFormat.MPEG,
    "mpeg": ObjectFormat.MPEG,
    "avi": ObjectFormat.AVI,
    "mkv": ObjectFormat.UNDEFINED_VIDEO,
    "mov": ObjectFormat.UNDEFINED_VIDEO,
    "webm": ObjectFormat.UNDEFINED_VIDEO,
    "mp3": ObjectFormat.MP3,
    "wav": ObjectFormat.WAV,
    "ogg": ObjectFormat.OGG,
    "opus": ObjectFormat.OGG,
    "m4a": ObjectFormat.UNDEFINED_AUDIO,
    "aac": ObjectFormat.AAC,
    "flac": ObjectFormat.FLAC,
    "txt": ObjectFormat.TEXT,
    "htm": ObjectFormat.HTML,
    "html": ObjectFormat.HTML,
    "xml": ObjectFormat.XML_DOCUMENT,
    "doc": ObjectFormat.MICROSOFT_WORD_DOCUMENT,
    "xls": ObjectFormat.MICROSOFT_EXCEL_SPREADSHEET,
    "ppt": ObjectFormat.MICROSOFT_POWERPOINT_PRESENTATION,
    "m3u": ObjectFormat.M3U_PLAYLIST,
    "pls": ObjectFormat.PLS_PLAYLIST,
    "wpl": ObjectFormat.WPL_PLAYLIST,
}


def format_of(name: str, is_folder: bool) -> int:
    """The format of an object of this name."""
    if is_folder:
        return ObjectFormat.ASSOCIATION
    return BY_ENDING.get(name.rpartition(".")[2].lower(), ObjectFormat.UNDEFINED)


def is_audio(object_format: int) -> bool:
    """Whether a format is one of sound."""
    return object_format in {ObjectFormat.WAV, ObjectFormat.MP3, ObjectFormat.AIFF} or (
        ObjectFormat.UNDEFINED_AUDIO <= object_format < ObjectFormat.UNDEFINED_VIDEO
    )


def is_video(object_format: int) -> bool:
    """Whether a format is one of moving pictures."""
    return object_format in {ObjectFormat.AVI, ObjectFormat.MPEG, ObjectFormat.ASF} or (
        ObjectFormat.UNDEFINED_VIDEO <= object_format < ObjectFormat.UNDEFINED_COLLECTION
    )


def is_image(object_format: int) -> bool:
    """Whether a format is one of pictures."""
    return ObjectFormat.UNDEFINED_IMAGE <= object_format <= ObjectFormat.HEIF
