"""Dates as phones write them: `YYYYMMDDThhmmss`, then perhaps tenths of a second, then perhaps a zone.

MTP 1.1, section 3.2.5. Without a zone, which is how Android writes them, a date is the phone's local time: what
the clock on its screen showed, in whatever zone it was. Nothing here guesses that zone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

_DATE = re.compile(
    r"(?P<year>[0-9]{4})(?P<month>[0-9]{2})(?P<day>[0-9]{2})"
    r"T(?P<hour>[0-9]{2})(?P<minute>[0-9]{2})(?P<second>[0-9]{2})"
    r"(?:\.(?P<fraction>[0-9]{1,9}))?"
    r"(?:(?P<utc>Z)|(?P<sign>[+-])(?P<zone_hours>[0-9]{2})(?P<zone_minutes>[0-5][0-9]))?"
)


@dataclass(frozen=True, slots=True)
class PhoneDate:
    """A date as a phone gave it.

    Attributes:
        local: date and time as on the phone's clock; naive.
        utc_offset: how far that clock is ahead of UTC; None when the phone did not say.
    """

    local: datetime
    utc_offset: timedelta | None = None

    @property
    def instant(self) -> datetime | None:
        """The moment in UTC, aware; None without a zone, or where it falls outside the years 1 to 9999."""
        if self.utc_offset is None:
            return None
        try:
            return (self.local - self.utc_offset).replace(tzinfo=UTC)
        except OverflowError:
            return None


def parse_date(text: str) -> PhoneDate | None:
    """The date in a string of a phone; None for anything that is no date, the empty string included.

    Phones send zeros, blanks and dates that no calendar has; none of that is worth an error.
    """
    match = _DATE.fullmatch(text)
    if match is None:
        return None
    fraction = match["fraction"] or ""
    try:
        local = datetime(
            int(match["year"]),
            int(match["month"]),
            int(match["day"]),
            int(match["hour"]),
            int(match["minute"]),
            int(match["second"]),
            int(fraction[:6].ljust(6, "0")),
        )
    except ValueError:
        return None
    if match["utc"]:
        return PhoneDate(local, timedelta())
    if match["sign"] is None:
        return PhoneDate(local)
    offset = timedelta(hours=int(match["zone_hours"]), minutes=int(match["zone_minutes"]))
    if offset >= timedelta(hours=24):
        return None
    return PhoneDate(local, -offset if match["sign"] == "-" else offset)


def format_date(moment: datetime) -> str:
    """The string for a date, to the second.

    A naive date is phone-local time and gets no zone; an aware one gets "Z" or its offset. Android reads local
    time and "Z" rightly and ignores other offsets (ANDROID.md, Writing): hand it one of those two.
    """
    text = (
        f"{moment.year:04}{moment.month:02}{moment.day:02}T{moment.hour:02}{moment.minute:02}{moment.second:02}"
    )
    offset = moment.utcoffset()
    if offset is None:
        return text
    if not offset:
        return text + "Z"
    minutes = round(offset / timedelta(minutes=1))
    return text + f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}{abs(minutes) % 60:02}"
