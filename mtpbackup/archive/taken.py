"""When a picture or film was taken, from the best witness there is (PRODUCT.md, section 4)."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from datetime import UTC, datetime, time
from pathlib import PurePosixPath

from mtpbackup.archive.containers import creation_time, exif_times
from mtpbackup.archive.content import Content, NoContent
from mtpbackup.archive.exif import ExifTimes, in_zone
from mtpbackup.archive.records import Taken, TakenSource

log = logging.getLogger(__name__)

#: Outside this, a date is a clock that was never set.
_FIRST_YEAR, _LAST_YEAR = 1990, 2099

#: IMG_20240506_070812, VID-20240506-WA0001, Screenshot_2024-05-06-07-08-12, 2024-05-06 07.08.12
_IN_NAME = re.compile(
    r"(?<!\d)(?P<year>(?:19|20)\d\d)(?P<s>[-_.]?)(?P<month>[01]\d)(?P=s)(?P<day>[0-3]\d)"
    r"(?:(?:[-_ T.]|[-_ ]at[-_ ])(?P<hour>[0-2]\d)(?P<t>[-_.:h]?)(?P<minute>[0-5]\d)[-_.:m]?(?P<second>[0-5]\d)"
    r"(?:\d{3})?(?!\d))?(?!\d)"
)
#: Pixel phones write UTC into names, others local time.
_UTC_PREFIX = "PXL_"

#: Endings that are worth opening; others have a name and a date only.
_PICTURES = frozenset(
    {
        *(".jpg", ".jpeg", ".jpe", ".png", ".webp", ".heic", ".heif", ".hif", ".avif", ".tif", ".tiff"),
        *(".dng", ".nef", ".cr2", ".arw", ".orf", ".rw2", ".pef", ".srw"),
    }
)
_FILMS = frozenset({".mp4", ".mov", ".m4v", ".3gp", ".3g2", ".qt"})


def taken_time(
    read: Callable[[int, int], bytes], size: int, name: str, modified: datetime | None
) -> Taken | None:
    """Finds out when something was taken. Garbage of any kind only means that the next witness is asked.

    Args:
        read: `read(offset, length)` of the file; fewer bytes only at its end. Its OSErrors pass through.
        size: of the file.
        name: of the item on the phone.
        modified: the date the phone listed.
    """
    suffix = PurePosixPath(name.lower()).suffix
    by_content = None
    if suffix in _PICTURES:
        by_content = _by_exif(_exif(read, size))
    elif suffix in _FILMS:
        by_content = _by_film(read, size)
    if by_content is not None:
        return by_content
    by_name = taken_by_name(name, modified)
    if by_name is not None:
        return by_name
    return Taken(modified, TakenSource.MTP) if modified is not None else None


def taken_by_name(name: str, modified: datetime | None) -> Taken | None:
    """The date in a name. Where it is only a day, the phone's date gives the time if it is of the same day."""
    match = _IN_NAME.search(name)
    if match is None:
        return None
    try:
        day = datetime(int(match["year"]), int(match["month"]), int(match["day"]))
        if match["hour"] is None:
            same_day = modified is not None and modified.date() == day.date()
            when = modified if modified is not None and same_day else datetime.combine(day, time())
        else:
            when = day.replace(
                hour=int(match["hour"]), minute=int(match["minute"]), second=int(match["second"])
            )
            if name.startswith(_UTC_PREFIX):
                when = when.replace(tzinfo=UTC)
    except ValueError:
        return None
    return Taken(when, TakenSource.NAME) if _plausible(when) else None


def _exif(read: Callable[[int, int], bytes], size: int) -> ExifTimes:
    try:
        return exif_times(Content(read, size))
    except NoContent as error:
        log.debug("no EXIF: %s", error)
        return ExifTimes()


def _by_exif(times: ExifTimes) -> Taken | None:
    local = times.local if _plausible(times.local) else None
    gps = times.gps if _plausible(times.gps) else None
    if local is None:
        return Taken(gps, TakenSource.GPS) if gps is not None else None
    if times.offset is not None:
        return Taken(in_zone(local, times.offset), TakenSource.EXIF_OFFSET)
    offset = times.offset_by_gps() if gps is not None else None
    if offset is not None:
        return Taken(in_zone(local, offset), TakenSource.EXIF_GPS)
    return Taken(local, TakenSource.EXIF)


def _by_film(read: Callable[[int, int], bytes], size: int) -> Taken | None:
    try:
        when = creation_time(Content(read, size))
    except NoContent as error:
        log.debug("no movie header: %s", error)
        return None
    return Taken(when, TakenSource.MP4) if when is not None and _plausible(when) else None


def _plausible(when: datetime | None) -> bool:
    return when is not None and _FIRST_YEAR <= when.year <= _LAST_YEAR
