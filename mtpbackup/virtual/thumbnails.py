"""What GetThumb gives: the thumbnail inside a picture, or a small made-up one."""

from __future__ import annotations

import functools
from typing import Final

from mtpbackup.virtual.exif import embedded_thumbnail
from mtpbackup.virtual.jpeg import jpeg
from mtpbackup.virtual.objects import Entry
from mtpbackup.wire import ObjectFormat

#: Formats that Android makes thumbnails of (ANDROID.md, Reading).
HAS_THUMBNAIL: Final = frozenset(
    {
        ObjectFormat.EXIF_JPEG,
        ObjectFormat.JFIF,
        ObjectFormat.HEIF,
        ObjectFormat.PNG,
        ObjectFormat.GIF,
        ObjectFormat.BMP,
    }
)
#: How pictures begin; after 4 bytes also HEIF.
_SIGNATURES: Final = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF8", b"BM")
#: Exif lies in the first segment of at most 64 KiB.
_HEAD: Final = 128 * 1024


def thumbnail(entry: Entry, *, make: bool) -> bytes | None:
    """The thumbnail of an object as JPEG, or None.

    Args:
        entry: any object.
        make: whether this phone makes one where the picture has none.
    """
    if entry.format not in HAS_THUMBNAIL or entry.node is None:
        return None
    try:
        reader = entry.store.open(entry.node)
    except OSError:
        return None  # an unreadable picture has no thumbnail (ANDROID.md, Reading)
    try:
        head = bytes(reader.read(0, _HEAD))
    except OSError:
        return None
    finally:
        reader.close()
    if not head.startswith(_SIGNATURES) and head[4:8] != b"ftyp":
        return None
    return embedded_thumbnail(head) or (_made() if make else None)


@functools.cache
def _made() -> bytes:
    return jpeg(160, 120, lambda x, y: (128 + 64 * x, 128, 192 - 64 * y))
