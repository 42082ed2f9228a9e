"""What to say of the settings: what each is for, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from mtpbackup.messages.advice import Advice, ExitCode, says
from mtpbackup.messages.words import listing, place, plain
from mtpbackup.settings import errors

#: What each setting is for, by its name.
MEANINGS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "destination": "folder of the backup",
        "layout": "folders as on the phone, or one for each month",
        "only": "photos, videos, all files, or media: photos and videos",
        "folders": "only these folders of the phone",
        "notifications": "show on the desktop what auto does",
        "keep-awake": "don't let the computer fall asleep while copying",
        "phones": "backed up by themselves when plugged in (mtpbackup auto)",
    }
)

_WANTED: Final[Mapping[str, str]] = MappingProxyType(
    {
        "list": 'a list, as ["DCIM/Camera"]',
        "switch": "true or false",
        "folder": 'a whole path in quotes, as "/media/anna/USB"',
        "phones": "what  mtpbackup auto on  wrote",
        "text": "a word in quotes",
    }
)


def _where(error: errors.SettingsError) -> str:
    return f"{place(error.path)}, line {error.line}" if error.line else place(error.path)


def _in_file(error: errors.SettingsError) -> str:
    """Where in the file; nothing for what a person said on the command line."""
    return f": {_where(error)}" if error.line else ""


@says(errors.SettingsError)
def _settings(error: errors.SettingsError) -> Advice:
    return Advice(f"There is a mistake in the settings: {_where(error)}.", (), ExitCode.USAGE)


@says(errors.SettingsUnreadable)
def _unreadable(error: errors.SettingsUnreadable) -> Advice:
    return Advice(
        f"The settings can't be read: {_where(error)}: {plain(error.problem)}.",
        ("Correct that line, or delete the file: then everything is as at first.",),
        ExitCode.USAGE,
    )


@says(errors.SettingUnknown)
def _unknown(error: errors.SettingUnknown) -> Advice:
    meant = (f"Did you mean  {error.near}?",) if error.near else ()
    return Advice(
        f'There is no setting "{plain(error.name)}"{_in_file(error)}.',
        (*meant, f"There are: {listing(error.known)}."),
        ExitCode.USAGE,
    )


@says(errors.SettingWrong)
def _wrong(error: errors.SettingWrong) -> Advice:
    allowed = f"one of: {', '.join(error.allowed)}" if error.allowed else _WANTED[error.wanted]
    return Advice(
        f"{plain(error.name)} can't be {plain(repr(error.value))}{_in_file(error)}.",
        (f"It takes {allowed}.",),
        ExitCode.USAGE,
    )


@says(errors.PhoneNotRecognisable)
def _not_recognisable(error: errors.PhoneNotRecognisable) -> Advice:
    return Advice(
        f"{plain(error.name)} can't be backed up by itself: it has no serial number to know it by.",
        ("Back it up by hand:  mtpbackup",),
        ExitCode.ERROR,
    )


@says(errors.PhoneNotKnown)
def _not_known(error: errors.PhoneNotKnown) -> Advice:
    known = f"These are: {listing(error.known)}." if error.known else "No phone is."
    return Advice(
        f'No phone called "{plain(error.wanted)}" is backed up by itself.', (known,), ExitCode.NO_PHONE
    )


@says(errors.SettingsNotWritten)
def _not_written(error: errors.SettingsNotWritten) -> Advice:
    return Advice(
        f"The settings can't be written: {_where(error)}: {plain(error.problem)}.", (), ExitCode.ERROR
    )
