"""`mtpbackup restore`: puts files of a backup back, on a phone or into a folder of this computer."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

import click

from mtpbackup.cli import times
from mtpbackup.cli.linking import Phones, linked
from mtpbackup.cli.lists import names_in
from mtpbackup.cli.options import (
    default_destination,
    device_option,
    folder_option,
    null_option,
    path_of,
    since_option,
    speaking_options,
    via_option,
    wait_option,
)
from mtpbackup.cli.originals import opened
from mtpbackup.cli.restore_narrator import RestoreNarrator
from mtpbackup.cli.running import finish, libmtp_phones, speaking, usb_phones
from mtpbackup.cli.voice import Voice
from mtpbackup.messages import ExitCode

if TYPE_CHECKING:
    from mtpbackup.archive import Originals
    from mtpbackup.engine.reports import RestorePlanned
    from mtpbackup.engine.restore import RestoreOptions

#: Seconds that a run without a terminal waits for its phone.
_PATIENCE_OF_PROGRAMS: Final = 0.0

_NEEDS_YES: Final = (
    "This puts files on the phone, and nobody can be asked here. Say --yes to allow it, or look first with "
    "--dry-run."
)


@click.command(
    epilog="""\b
Examples:
  mtpbackup restore                                  everything, where it was
  mtpbackup restore --missing --dry-run              what this phone does not have
  mtpbackup restore 'IMG_2024*' --into DCIM/Old
  mtpbackup restore --folder DCIM/Camera --since 2024-05-01 --until 2024-05-31
  mtpbackup restore --only videos --to /tmp/videos   into a folder of this computer

\b
The list of --list has a name, or a path on the phone or in the backup, on each line."""
)
@click.argument("patterns", nargs=-1, metavar="[PATTERN]...")
@click.option(
    "--from",
    "source",
    metavar="DIR",
    callback=path_of,
    help='The backup, or any folder of files.  [default: as in mtpbackup config; at first "Phone backup" '
    "in your pictures]",
)
@click.option("--phone", metavar="NAME", help="Whose files, when the backup holds several phones.")
@device_option
@folder_option
@click.option(
    "--only", type=click.Choice(["photos", "videos", "all"]), default="all", help="Only photos, or only videos."
)
@since_option
@click.option(
    "--until", callback=times.until, metavar="30d|2024-05-31", help="Only what is older, this day included."
)
@click.option("--missing", is_flag=True, help="Only what is nowhere on this phone yet, under whatever path.")
@click.option(
    "--list",
    "listed",
    metavar="FILE|-",
    type=click.File("rb"),
    help="Only what this list names; - for standard input.",
)
@null_option
@click.option("--into", metavar="PATH", default="", help="Into this folder of the phone, as Pictures/Old.")
@click.option(
    "--to",
    "target",
    metavar="DIR",
    callback=path_of,
    help="Put them into a folder of this computer, not on a phone.",
)
@click.option(
    "--verify", is_flag=True, help="Read all of it back from the phone and compare, not only a sample."
)
@click.option("--even-if-damaged", is_flag=True, help="Also put back files that are not as they were saved.")
@click.option("--dry-run", is_flag=True, help="Say what would be put back, and change nothing.")
@wait_option
@via_option
@click.option("-y", "--yes", is_flag=True, help="Don't ask; put them on the phone.")
@speaking_options
def restore(
    patterns: tuple[str, ...],
    source: Path | None,
    phone: str | None,
    device: str | None,
    folders: tuple[str, ...],
    only: str,
    since: datetime | None,
    until: datetime | None,
    missing: bool,
    listed: BinaryIO | None,
    null: bool,
    into: str,
    target: Path | None,
    verify: bool,
    even_if_damaged: bool,
    dry_run: bool,
    wait: float | None,
    via: str | None,
    yes: bool,
    quiet: bool,
    as_json: bool,
) -> None:
    """Put pictures back on the phone, or on a new one, with their names and dates.

    Without PATTERN all that is in the backup; with it what has that name (IMG_2024*), or that path on the
    phone (DCIM/Camera). Files go where they were. Nothing on the phone is replaced or deleted: what is
    there already is not sent again, and where something else has the name, a number is added. You are
    shown what will be done, and asked. You may unplug or stop at any time, and run it again.
    """
    from mtpbackup.engine import Only  # noqa: PLC0415 - `--help` does without
    from mtpbackup.engine.restore import RestoreOptions, RestoreSelection  # noqa: PLC0415

    names = names_in(listed, null=null) if listed is not None else ()
    if listed is not None and not names:
        raise click.UsageError("There is no name on the list.")
    if "-" in patterns:
        names += names_in(sys.stdin.buffer, null=null)
        patterns = tuple(pattern for pattern in patterns if pattern != "-")
        if not names:
            raise click.UsageError("There was no name on standard input.")
    if target is not None and (missing or verify or device or via):
        raise click.UsageError(
            "--to is a folder of this computer; --missing, --verify, --device and --via are about a phone."
        )
    options = RestoreOptions(
        selection=RestoreSelection(patterns, names, folders, Only(only), since, until),
        into=into,
        missing_only=missing,
        even_if_damaged=even_if_damaged,
        verify=verify,
    )
    with speaking(as_json=as_json, quiet=quiet) as voice:
        if target is None and not (voice.interactive or yes or dry_run):
            raise click.UsageError(_NEEDS_YES)
        narrator = RestoreNarrator(voice)
        patience = wait if wait is not None else None if voice.interactive else _PATIENCE_OF_PROGRAMS
        with opened(source or default_destination(), phone or "", voice) as originals:
            if target is not None:
                code = _to_folder(narrator, originals, target, options, dry_run=dry_run)
            else:
                confirm = _yes if yes else lambda plan: _ask(voice, narrator, plan)
                code = put_back(
                    narrator,
                    libmtp_phones if via else usb_phones,
                    originals,
                    options,
                    device=device or "",
                    patience=patience,
                    confirm=confirm,
                    dry_run=dry_run,
                    may_ask=not yes,
                    via=via,
                )
        finish(code)


def put_back(
    narrator: RestoreNarrator,
    phones: Phones,
    originals: Originals,
    options: RestoreOptions,
    *,
    device: str,
    patience: float | None,
    confirm: Callable[[RestorePlanned], bool],
    dry_run: bool,
    may_ask: bool = True,
    via: str | None = None,
) -> ExitCode:
    """One restore to a phone, from finding it to the last word.

    Args:
        narrator: tells it.
        phones: where phones turn up.
        originals: what is put back.
        options: what is wanted, and where it goes.
        device: name or serial number of the phone; empty for the only one.
        patience: seconds to wait for the person; None: for ever.
        confirm: says whether the plan is to be carried out.
        dry_run: only tell what would be done.
        may_ask: whether a person may be asked which phone is meant.
        via: "libmtp" where the phones are those of libmtp.

    Raises:
        MtpBackupError: as `engine.restore.run_restore`.
    """
    from mtpbackup.engine.restore import preview_restore, run_restore  # noqa: PLC0415 - `--help` does without

    with linked(
        narrator.voice, phones, narrator, device=device, patience=patience, may_ask=may_ask, via=via
    ) as (link, report):
        if dry_run:
            return narrator.tell_plan(preview_restore(link, originals, options=options, report=narrator))
        return narrator.conclude(run_restore(link, originals, confirm=confirm, options=options, report=report))


def _to_folder(
    narrator: RestoreNarrator, originals: Originals, target: Path, options: RestoreOptions, *, dry_run: bool
) -> ExitCode:
    from mtpbackup.engine.restore import restore_to_folder  # noqa: PLC0415 - `--help` does without

    try:
        summary = restore_to_folder(originals, target, options=options, dry_run=dry_run, report=narrator)
    finally:
        narrator.end()
    return narrator.conclude(summary, dry_run=dry_run)


def _yes(_plan: RestorePlanned) -> bool:
    return True


def _ask(voice: Voice, narrator: RestoreNarrator, plan: RestorePlanned) -> bool:
    narrator.end()
    return click.confirm(f"Put {narrator.amount(plan.to_send)} on {narrator.name(plan.phone)}?", default=False)
