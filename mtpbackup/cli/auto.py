"""`mtpbackup auto`: backs up a phone by itself whenever it is plugged in."""

from __future__ import annotations

import logging
import os
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mtpbackup.cli import auto_log
from mtpbackup.cli.options import default_destination, device_option, speaking_options, yes_option
from mtpbackup.cli.running import awake_if, finish, speaking, usb_phones
from mtpbackup.cli.voice import Voice
from mtpbackup.errors import NoPhone, SeveralPhones
from mtpbackup.messages import place, plain
from mtpbackup.messages.calling import called_as_root

if TYPE_CHECKING:
    from mtpbackup.phone.survey import PhoneSeen
    from mtpbackup.settings import KnownPhone

_log = logging.getLogger(__name__)

#: Variables that say where something is.
_PLACES = ("PYTHONPATH", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_PICTURES_DIR")

#: Runs told by `mtpbackup auto status`.
_SHOWN = 5


@click.group(
    invoke_without_command=True,
    epilog="""\b
Examples:
  mtpbackup auto on        back up the phone that is plugged in by itself from now on
  mtpbackup auto status
  mtpbackup auto off""",
)
@click.pass_context
def auto(context: click.Context) -> None:
    """Back up a phone by itself whenever it is plugged in.

    Only phones that you said yes to. A locked phone is waited for; the desktop tells you when a hand is
    needed, and when it is done.
    """
    if context.invoked_subcommand is None:
        context.invoke(status)


@auto.command(
    epilog="""\b
Example:
  mtpbackup auto on --device "Pixel 8\""""
)
@device_option
@yes_option
@speaking_options
def on(device: str | None, yes: bool, quiet: bool, as_json: bool) -> None:
    """From now on, back up the phone that is plugged in by itself."""
    from mtpbackup.desktop import launcher, units  # noqa: PLC0415 - `--help` does without
    from mtpbackup.settings import add_phone, load  # noqa: PLC0415

    with speaking(as_json=as_json, quiet=quiet) as voice:
        units.require_manager()
        settings = load()
        try:
            phone = _known(_chosen(device))
        except NoPhone:
            if device or not settings.phones:
                raise
            phone = None  # nothing is plugged in: those that are known already are meant
        if phone is not None and phone not in settings.phones:
            if not yes and not _agrees(voice, phone):
                voice.say("Nothing was changed.")
                return
            add_phone(phone)
        units.turn_on([*units.program(), "auto", "run"], _environment())
        launcher.install()
        names = [known.name for known in load().phones]
        voice.good(f"On.  Backed up by itself when plugged in: {plain(', '.join(names))}")
        voice.more(
            (
                f"To {place(default_destination())}   (settings: mtpbackup config)",
                f"What was done:  mtpbackup auto status   or in {place(auto_log.log_file())}",
            )
        )
        _tell_rule(voice)
        voice.emit("summary", command="auto on", on=True, phones=names, exit_code=0)


@auto.command(
    epilog="""\b
Example:
  mtpbackup auto off"""
)
@click.option("--device", metavar="NAME|SERIAL", help="Only this phone; others stay on.")
@speaking_options
def off(device: str | None, quiet: bool, as_json: bool) -> None:
    """No more backups by themselves. What is saved stays."""
    from mtpbackup.desktop import units  # noqa: PLC0415 - `--help` does without
    from mtpbackup.settings import PhoneNotKnown, forget_phone, load  # noqa: PLC0415

    with speaking(as_json=as_json, quiet=quiet) as voice:
        if device:
            wanted = device.casefold()
            fitting = [
                phone for phone in load().phones if wanted in (phone.name.casefold(), phone.serial.casefold())
            ]
            if not fitting:
                raise PhoneNotKnown(device, [phone.name for phone in load().phones])
            for phone in fitting:
                forget_phone(phone)
            voice.good(f"{plain(fitting[0].name)} is not backed up by itself any more.")
            if load().phones:
                voice.emit("summary", command="auto off", on=units.is_on(), exit_code=0)
                return
        was_on = units.turn_off()
        voice.good("Off.  Nothing is backed up by itself any more." if was_on else "It was off already.")
        voice.emit("summary", command="auto off", on=False, exit_code=0)


@auto.command(
    epilog="""\b
Example:
  mtpbackup auto status"""
)
@speaking_options
def status(quiet: bool = False, as_json: bool = False) -> None:
    """Tell for which phones it is on, and what was done."""
    from mtpbackup.desktop import units  # noqa: PLC0415 - `--help` does without
    from mtpbackup.settings import load  # noqa: PLC0415

    with speaking(as_json=as_json, quiet=quiet) as voice:
        phones, runs = load().phones, auto_log.last_runs()
        is_on = units.is_on()
        names = plain(", ".join(phone.name for phone in phones)) or "none"
        voice.data(f"{'On' if is_on else 'Off'}.  Phones: {names}")
        if not is_on:
            voice.say("Turn it on, with the phone plugged in:  mtpbackup auto on")
        for run in reversed(runs[-_SHOWN:]):
            voice.emit("status", event="run", **run)
            voice.data(f"  {_when(run)}  {plain(str(run.get('said', '')))}")
        if not runs:
            voice.data("No backup began by itself yet.")
        voice.data(f"Log: {place(auto_log.log_file())}")
        if is_on:
            _tell_rule(voice)
        voice.emit(
            "summary",
            command="auto status",
            on=is_on,
            rule=_rule_is_there(),
            phones=[{"phone": phone.name, "serial": phone.serial} for phone in phones],
            log=str(auto_log.log_file()),
            exit_code=0,
        )


@auto.command(hidden=True)
@click.option("--at", "folder", required=True, metavar="FOLDER", help="The phone's folder in sysfs.")
def run(folder: str) -> None:
    """Back up the phone at this place, if it is a known one. Started by systemd."""
    from mtpbackup.cli.auto_run import Surroundings, back_up_by_itself, tell_on_desktop  # noqa: PLC0415 - `--help` does without
    from mtpbackup.desktop.notifications import Notifier  # noqa: PLC0415
    from mtpbackup.settings import SettingsError, load  # noqa: PLC0415

    with speaking():
        try:
            settings = load()
        except SettingsError as error:
            tell_on_desktop(error)
            raise
        phone = _known_at(Path(folder), settings.phones)
        if phone is None:
            return
        surroundings = Surroundings(
            usb_phones,
            Notifier(wanted=settings.notifications),
            awake_if(wanted=settings.keep_awake),
        )
        finish(back_up_by_itself(phone, surroundings))


def _chosen(device: str | None) -> PhoneSeen:
    """The phone that is plugged in, or the one of them that is named.

    Raises:
        NoPhone, SeveralPhones: none, or more than one.
    """
    from mtpbackup.phone.survey import survey  # noqa: PLC0415 - `--help` does without

    with usb_phones() as finder:
        seen = survey(finder)
    names = [phone.name for phone in seen]
    if device:
        wanted = device.casefold()
        seen = [
            one
            for one in seen
            if wanted in (one.name.casefold(), one.serial.casefold(), one.usb.serial.casefold())
        ]
    if not seen:
        raise NoPhone(device or "", names)
    if len(seen) > 1:
        raise SeveralPhones(names)
    return seen[0]


def _known(seen: PhoneSeen) -> KnownPhone:
    """The phone as it is noted.

    Raises:
        PhoneNotRecognisable: USB tells nothing by which to know it again.
    """
    from mtpbackup.settings import KnownPhone, PhoneNotRecognisable  # noqa: PLC0415 - `--help` does without

    if not seen.usb.serial:
        raise PhoneNotRecognisable(seen.name)
    return KnownPhone(seen.name, seen.usb.vendor_id, seen.usb.serial)


def _known_at(folder: Path, phones: tuple[KnownPhone, ...]) -> KnownPhone | None:
    """The known phone at a place of sysfs; None for strangers' phones, cameras, and what is gone already."""
    from mtpbackup.transport.devices import device_at  # noqa: PLC0415 - `--help` does without

    device = device_at(folder)
    if device is None:
        _log.info("nothing is at %s any more", folder)
        return None
    known = [one for one in phones if (one.vendor, one.serial) == (device.vendor_id, device.serial)]
    return known[0] if known else None


def _agrees(voice: Voice, phone: KnownPhone) -> bool:
    if not voice.interactive:
        raise click.UsageError(f"{phone.name} is not known yet. To say yes to it:  mtpbackup auto on --yes")
    return click.confirm(
        f"Back up {plain(phone.name)} (serial number {plain(phone.serial)}) whenever it is plugged in?",
        default=True,
    )


def _environment() -> dict[str, str]:
    """Where Python finds this program, and where this finds settings and pictures, if they have to be told.

    What a person sets for her shells only, her systemd does not know.
    """
    return {name: os.environ[name] for name in _PLACES if os.environ.get(name)}


def _rule_is_there() -> bool:
    """Whether udev tells systemd of phones."""
    from mtpbackup.udev import Installed, installed  # noqa: PLC0415 - `--help` does without

    return installed() is not Installed.MISSING


def _tell_rule(voice: Voice) -> None:
    if _rule_is_there():
        return
    voice.warn("One step is missing: the system doesn't tell when a phone is plugged in.")
    voice.warn(f"  Once, for good:  {called_as_root('setup')}")


def _when(run: dict[str, object]) -> str:
    """When a run began, as people write it."""
    try:
        began = datetime.fromisoformat(str(run.get("started")))
    except ValueError:
        return "some time"
    return began.astimezone().strftime("%-d %B %Y, %H:%M")
