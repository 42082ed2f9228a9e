"""The phone's clock: seconds since the epoch inside, local time as text on the wire."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, tzinfo

from mtpbackup.wire import format_date, parse_date


class PhoneClock:
    """What time it is on the phone, and in which zone it thinks it is.

    Attributes:
        zone: the time zone in its settings; may be changed at any moment, as on a journey.
        now: the time in seconds since the epoch.
    """

    def __init__(self, zone: tzinfo = UTC, now: Callable[[], float] = time.time) -> None:
        self.zone = zone
        self.now = now

    def text(self, when: float) -> str:
        """A moment as phones write it: local time without a zone (ANDROID.md, Handles and listing)."""
        try:
            return format_date(datetime.fromtimestamp(when, self.zone).replace(tzinfo=None))
        except (OverflowError, ValueError, OSError):
            return ""  # a date that no calendar has

    def moment(self, text: str) -> float | None:
        """What an initiator's date means to the phone; None where it is none.

        "Z" is UTC; any other zone is not looked at, and the text taken as local time (ANDROID.md, Writing).
        """
        date = parse_date(text)
        if date is None:
            return None
        zone = UTC if text.endswith("Z") else self.zone
        return date.local.replace(tzinfo=zone).timestamp()

    def timestamp(self, moment: datetime) -> float:
        """The seconds of a date; a naive one is local time of the phone."""
        return (moment if moment.tzinfo else moment.replace(tzinfo=self.zone)).timestamp()
