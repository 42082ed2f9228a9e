"""Options that several commands share, declared once so that they read and behave the same everywhere."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from mtpbackup.cli import times

_Command = TypeVar("_Command", bound=Callable[..., Any])


def default_destination() -> Path:
    """Where backups go without --to: as the settings say, else "Phone backup" in the person's picture folder.

    Raises:
        SettingsError: there is a mistake in the settings.
    """
    import platformdirs  # noqa: PLC0415 - only when no --to is given

    from mtpbackup.settings import load  # noqa: PLC0415

    return load().destination or Path(platformdirs.user_pictures_dir()) / "Phone backup"


def path_of(_context: click.Context, _parameter: click.Parameter, value: str | None) -> Path | None:
    """An option's value as an absolute path.

    Raises:
        click.BadParameter: it names no folder. Nothing at all, mostly a variable of the shell that is empty,
            would else mean the folder one happens to be in.
    """
    if value is None:
        return None
    if not value.strip():
        raise click.BadParameter("the name of a folder is missing.")
    try:
        return Path(value).expanduser().absolute()
    except RuntimeError:
        raise click.BadParameter(
            f"there is no home of {value.partition('/')[0][1:] or 'yours'} here."
        ) from None
    except OSError:
        raise click.BadParameter(
            "the folder that you are in is not there any more. Name a whole path."
        ) from None


def _named(_context: click.Context, _parameter: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    """Folders of the phone. The top is "/": an empty name, as of a variable that is not set, would mean all."""
    if not all(value.strip() for value in values):
        raise click.BadParameter("the name of a folder is missing. For all of the phone:  --folder /")
    return values


def _a_time(_context: click.Context, _parameter: click.Parameter, value: float | None) -> float | None:
    """Seconds that can be counted: "nan" is a number to Python, and no wait would ever end or begin with it."""
    if value is not None and math.isnan(value):
        raise click.BadParameter("that is not a number of seconds.")
    return value


to_option = click.option(
    "--to",
    "to",
    metavar="DIR",
    callback=path_of,
    help='Folder of the backup.  [default: as in mtpbackup config; at first "Phone backup" in your pictures]',
    shell_complete=lambda _c, _p, _i: [click.shell_completion.CompletionItem("", type="dir")],
)
device_option = click.option(
    "--device", metavar="NAME|SERIAL", help="Which phone, when several are plugged in. See: mtpbackup devices"
)
via_option = click.option(
    "--via",
    type=click.Choice(["libmtp"]),
    help="Let libmtp speak to the phone: slower, for older devices that only its table of quirks knows.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="One JSON object a line, for programs.")
quiet_option = click.option("-q", "--quiet", is_flag=True, help="Say only what went wrong.")
wait_option = click.option(
    "--wait",
    metavar="SECONDS",
    type=click.FloatRange(min=0),
    callback=_a_time,
    help="How long to wait for the phone to be plugged in, unlocked or plugged in again.",
)
only_option = click.option(
    "--only",
    type=click.Choice(["photos", "videos", "all", "media"]),
    help="photos, videos, all files of any kind, or media: photos and videos.  [default: media]",
)
folder_option = click.option(
    "--folder",
    "folders",
    metavar="PATH",
    multiple=True,
    callback=_named,
    help="Only this folder of the phone, as DCIM/Camera. May be given several times.",
)
since_option = click.option(
    "--since", callback=times.since, metavar="30d|2024-05-01", help="Only what is newer than this age or day."
)
layout_option = click.option(
    "--layout",
    type=click.Choice(["as-on-phone", "by-month"]),
    help="Folders as they are on the phone, or one for each month. What is saved stays where it is.  "
    "[default: as-on-phone]",
)
null_option = click.option(
    "-0", "--null", is_flag=True, help="The names of the list end with NUL instead of a new line."
)
dry_run_option = click.option("--dry-run", is_flag=True, help="Say what would be copied, and copy nothing.")
new_option = click.option(
    "--new",
    is_flag=True,
    help="Start a new backup where there was one before: you deleted it, or changed the disk.",
)
yes_option = click.option(
    "-y", "--yes", is_flag=True, help="Don't ask, just do it. With several phones, name one by --device."
)


def together(*options: Callable[[_Command], _Command]) -> Callable[[_Command], _Command]:
    """Several options as one decorator, listed in the help in this order."""

    def decorate(command: _Command) -> _Command:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


selection_options = together(only_option, folder_option, since_option)
speaking_options = together(quiet_option, json_option)
