"""Dates of files on the disk, read and given in this computer's own time zone. None is worth an error."""

from __future__ import annotations

import logging
import os
from datetime import datetime

log = logging.getLogger(__name__)


def date_of(status: os.stat_result) -> datetime | None:
    """When a file was changed, naive, to the second; None for what the calendar does not reach."""
    try:
        return datetime.fromtimestamp(int(status.st_mtime))
    except (OSError, OverflowError, ValueError) as error:
        log.debug("no date: %s", error)
        return None


def set_date(descriptor: int, when: datetime | None) -> None:
    """Gives a file its date, to the second. Dates that the file system cannot keep are left out."""
    if when is None:
        return
    try:
        moment = int(when.timestamp()) * 1_000_000_000
        os.utime(descriptor, ns=(moment, moment))
    except (OSError, OverflowError, ValueError) as error:
        log.debug("date %s not kept: %s", when, error)
