"""Reads the moments that people type: "30d", "1y", "2024-05-01"."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import click

_DAYS = {"d": 1, "w": 7, "m": 30, "y": 365}


def since(_context: click.Context, _parameter: click.Parameter, value: str | None) -> datetime | None:
    """A cut-off as an age ("30d", "6w", "6m", "1y") or a day ("2024-05-01"), as a naive local time.

    Raises:
        click.BadParameter: it is neither.
    """
    return None if value is None else moment(value)


def until(_context: click.Context, _parameter: click.Parameter, value: str | None) -> datetime | None:
    """A cut-off at the other end: the first moment that is too late. A day without a time is included.

    Raises:
        click.BadParameter: it is neither an age nor a day.
    """
    if value is None:
        return None
    when = moment(value)
    whole_day = re.fullmatch(r"\d{4}-?\d{2}-?\d{2}", value.strip())
    try:
        return when + timedelta(days=1) if whole_day else when
    except OverflowError:
        return datetime.max


def moment(text: str) -> datetime:
    """The moment that a text means, ages counted from now.

    Raises:
        click.BadParameter: it means none.
    """
    age = re.fullmatch(r"(\d{1,4})([dwmy])", text.strip().lower())
    try:
        if age:
            return datetime.now() - timedelta(days=int(age[1]) * _DAYS[age[2]])
        return datetime.fromisoformat(text.strip()).replace(tzinfo=None)
    except OverflowError:
        return datetime.min
    except ValueError:
        raise click.BadParameter(
            f"{text!r} is no age or day. Write it like 30d, 6w, 1y or 2024-05-01."
        ) from None
