"""`mtpbackup` and `mtpbackup backup`: copies what is new, and proves it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

import click

from mtpbackup.cli import remembered
from mtpbackup.cli.linking import Phones, linked
from mtpbackup.cli.lists import names_in
from mtpbackup.cli.narrator import BackupNarrator
from mtpbackup.cli.options import (
    default_destination,
    device_option,
    dry_run_option,
    layout_option,
    new_option,
    null_option,
    selection_options,
    speaking_options,
    to_option,
    via_option,
    wait_option,
    yes_option,
)
from mtpbackup.cli.running import finish, libmtp_phones, speaking, usb_phones
from mtpbackup.cli.voice import Voice
from mtpbackup.errors import NoArchive
from mtpbackup.messages import ExitCode

if TYPE_CHECKING:
    from mtpbackup.engine import Report, RunOptions, Summary
    from mtpbackup.engine.link import PhoneLink

#: Seconds that a run without a terminal waits for its phone to come back.
_PATIENCE_OF_PROGRAMS: Final = 0.0


@click.command(
    epilog="""\b
Examples:
  mtpbackup backup --to /media/anna/USB
  mtpbackup backup --only photos --since 1y --folder DCIM/Camera
  mtpbackup backup --dry-run
  mtpbackup backup --pick list.txt

\b
The list of --pick has a path on the phone, or a name, on each line; a folder means all that is in it."""
)
@to_option
@device_option
@selection_options
@click.option(
    "--pick",
    "picked",
    metavar="FILE|-",
    type=click.File("rb"),
    help="Only what this list names; - for standard input.",
)
@null_option
@layout_option
@dry_run_option
@new_option
@wait_option
@via_option
@yes_option
@speaking_options
def backup(
    to: Path | None,
    device: str | None,
    only: str | None,
    folders: tuple[str, ...],
    since: datetime | None,
    picked: BinaryIO | None,
    null: bool,
    layout: str | None,
    dry_run: bool,
    new: bool,
    wait: float | None,
    via: str | None,
    yes: bool,
    quiet: bool,
    as_json: bool,
) -> None:
    """Copy what is new on the phone, and check every byte.

    Photos and videos are found wherever they lie on the phone. What is in the backup already is not
    copied again; what you delete on the phone stays in the backup. You may unplug or stop at any
    time: the next run continues, inside a large video too.
    """
    picks = names_in(picked, null=null) if picked is not None else ()
    if picked is not None and not picks:
        raise click.UsageError("There is no name on the list.")
    with speaking(as_json=as_json, quiet=quiet) as voice:
        options = run_options(only=only, folders=folders, since=since, picks=picks, layout=layout)
        patience = wait if wait is not None else None if voice.interactive else _PATIENCE_OF_PROGRAMS
        code = back_up(
            voice,
            libmtp_phones if via else usb_phones,
            to or default_destination(),
            options,
            device=device or "",
            patience=patience,
            ask=not yes,
            dry_run=dry_run,
            known_place=not new,
            via=via,
        )
        finish(code)


def guided() -> None:
    """`mtpbackup` alone: waits for the phone and takes the person through."""
    with speaking() as voice:
        patience = None if voice.interactive else _PATIENCE_OF_PROGRAMS
        finish(back_up(voice, usb_phones, default_destination(), run_options(), patience=patience))


def run_options(
    *,
    only: str | None = None,
    folders: tuple[str, ...] = (),
    since: datetime | None = None,
    picks: Sequence[str] = (),
    layout: str | None = None,
) -> RunOptions:
    """What is wanted, and how: as the command line says, else the settings, else the defaults.

    Raises:
        SettingsError: there is a mistake in the settings.
    """
    from mtpbackup.engine import Only, RunOptions, Selection  # noqa: PLC0415 - `--help` does without
    from mtpbackup.settings import load  # noqa: PLC0415

    settings = load()
    # What is named is wanted whatever kind of file it is, wherever it lies.
    kinds = Only(only or ("all" if picks else settings.only))
    folders = folders or (() if picks else settings.folders)
    return RunOptions(selection=Selection.of(kinds, folders, since, picks), layout=layout or settings.layout)


def back_up(
    voice: Voice,
    phones: Phones,
    to: Path,
    options: RunOptions,
    *,
    device: str = "",
    patience: float | None = 0.0,
    ask: bool = True,
    dry_run: bool = False,
    known_place: bool = True,
    via: str | None = None,
) -> ExitCode:
    """One backup from finding the phone to the last word.

    Args:
        voice: who tells it.
        phones: where phones turn up.
        to: the backup's root.
        options: what is wanted, and how.
        device: name or serial number of the phone; empty for the only one.
        patience: seconds to wait for the person; None: for ever.
        ask: whether a person may be asked which phone is meant.
        dry_run: only tell what would be done.
        known_place: whether to insist on the backup that was in this folder before, if there was one.
        via: "libmtp" where the phones are those of libmtp.

    Raises:
        MtpBackupError: as `engine.run_backup`.
    """
    narrator = BackupNarrator(voice, only_telling=dry_run)
    with linked(voice, phones, narrator, device=device, patience=patience, may_ask=ask, via=via) as (
        link,
        report,
    ):
        if dry_run:
            return _preview(narrator, link, to, options)
        return narrator.conclude(_run(report, link, to, options, known_place=known_place))


def _run(report: Report, link: PhoneLink, to: Path, options: RunOptions, *, known_place: bool) -> Summary:
    from mtpbackup.archive import Archive  # noqa: PLC0415 - `--help` does without
    from mtpbackup.engine import run_backup  # noqa: PLC0415

    expected = remembered.backup_in(to) if known_place else None
    with Archive.create_or_open(to, expected_id=expected) as archive:
        remembered.remember(to, archive.id)
        return run_backup(link, archive, options=options, report=report)


def _preview(narrator: BackupNarrator, link: PhoneLink, to: Path, options: RunOptions) -> ExitCode:
    from mtpbackup.archive import Archive  # noqa: PLC0415 - `--help` does without
    from mtpbackup.engine import preview_backup  # noqa: PLC0415

    try:
        archive = Archive.open(to)
    except NoArchive:
        plan = preview_backup(link, None, root=to, options=options, report=narrator)
    else:
        with archive:
            plan = preview_backup(link, archive, options=options, report=narrator)
    return narrator.tell_plan(plan)
