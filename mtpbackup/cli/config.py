"""`mtpbackup config`: the settings, where each comes from, and changing them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from mtpbackup.cli.options import default_destination, speaking_options
from mtpbackup.cli.running import speaking
from mtpbackup.messages import place, plain

if TYPE_CHECKING:
    from mtpbackup.settings import Key, Settings


@click.group(
    invoke_without_command=True,
    epilog="""\b
Examples:
  mtpbackup config
  mtpbackup config set destination /media/anna/USB
  mtpbackup config set folders DCIM/Camera Pictures
  mtpbackup config unset destination""",
)
@speaking_options
@click.pass_context
def config(context: click.Context, quiet: bool, as_json: bool) -> None:
    """Show the settings and where they come from.

    All are in one file, which you may also change with an editor. What is said on the command line wins.
    """
    if context.invoked_subcommand is not None:
        return
    from mtpbackup.messages.about_settings import MEANINGS  # noqa: PLC0415 - `--help` does without
    from mtpbackup.settings import KEYS, load, settings_file  # noqa: PLC0415

    with speaking(as_json=as_json, quiet=quiet, answers=True) as voice:
        path, settings = settings_file(), load()
        there = "" if path.exists() else "   (not there yet: all is as at first)"
        voice.data(f"Settings file: {place(path)}{there}")
        for key in KEYS.values():
            line = settings.lines.get(key.name)
            value, source = _shown(key, settings), f"line {line}" if line else "default"
            voice.emit(
                "status",
                event="setting",
                setting=key.name,
                value=_json(key, settings),
                source=source,
                default=_json(key, type(settings)()),
                meaning=MEANINGS[key.name],
            )
            voice.data(f"  {key.name:<14}{value:<34} {f'({source})':<11} {MEANINGS[key.name]}")
        voice.emit("summary", command="config", file=str(path), exit_code=0)


@config.command(
    name="set",
    epilog="""\b
Example:
  mtpbackup config set layout by-month""",
)
@click.argument("key")
@click.argument("values", nargs=-1, required=True, metavar="VALUE...")
def set_(key: str, values: tuple[str, ...]) -> None:
    """Change a setting. One that takes a list takes several values."""
    from mtpbackup.settings import KEYS, SettingWrong, change, settings_file, unknown  # noqa: PLC0415
    from mtpbackup.settings.keys import NotAllowed  # noqa: PLC0415

    with speaking() as voice:
        known = KEYS.get(key)
        if known is None or not known.by_hand:
            changeable = tuple(name for name, one in KEYS.items() if one.by_hand)
            raise unknown(settings_file(), 0, key, changeable)
        try:
            value = known.from_words(values)
            known.read(value)
        except NotAllowed:
            wrong = " ".join(values)
            raise SettingWrong(settings_file(), 0, key, wrong, known.allowed, known.wanted) from None
        change(key, value)
        voice.good(f"{key} is set.  ({place(settings_file())})")


@config.command(
    epilog="""\b
Example:
  mtpbackup config unset layout"""
)
@click.argument("key")
def unset(key: str) -> None:
    """Take a setting away: the default counts again."""
    from mtpbackup.settings import KEYS, change, settings_file, unknown  # noqa: PLC0415

    with speaking() as voice:
        if key not in KEYS:
            raise unknown(settings_file(), 0, key, tuple(KEYS))
        change(key, None)
        voice.good(f"{key} is as at first.")


def _shown(key: Key, settings: Settings) -> str:
    """A value as a person reads it."""
    value = getattr(settings, key.attribute)
    if key.name == "destination":
        return place(value or default_destination())
    if key.name == "phones":
        return plain(", ".join(phone.name for phone in value)) or "none"
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, tuple):
        return plain(", ".join(value)) or "all"
    return plain(str(value))


def _json(key: Key, settings: Settings) -> object:
    value = getattr(settings, key.attribute)
    if key.name == "phones":
        return [
            {"name": phone.name, "vendor": f"{phone.vendor:04x}", "serial": phone.serial} for phone in value
        ]
    if isinstance(value, tuple):
        return list(value)
    return str(value) if isinstance(value, Path) else value
