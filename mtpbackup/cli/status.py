"""`mtpbackup status`: what is safe, without a phone."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Final

import click

from mtpbackup.cli.opening import open_backup
from mtpbackup.cli.options import default_destination, speaking_options, to_option
from mtpbackup.cli.running import speaking
from mtpbackup.messages import number, place, plain, size
from mtpbackup.messages.about_items import why_not_saved

#: Files told one by one before the rest is only counted.
_SHOWN: Final = 10


@click.command(
    epilog="""\b
Example:
  mtpbackup status"""
)
@to_option
@speaking_options
def status(to: Path | None, quiet: bool, as_json: bool) -> None:
    """Show what is in the backup, for each phone. No phone needed."""
    from mtpbackup.engine import archive_status  # noqa: PLC0415 - `--help` does without

    with (
        speaking(as_json=as_json, quiet=quiet, answers=True) as voice,
        open_backup(to or default_destination()) as archive,
    ):
        report = archive_status(archive)
        voice.emit(
            "summary",
            command="status",
            exit_code=0,
            folder=str(report.root),
            bytes_free=report.free,
            last_verified=_iso(report.last_verified),
            phones=[
                {
                    "phone": phone.name,
                    "serial": phone.serial,
                    "folder": str(phone.folder),
                    "safe": {"files": phone.safe.items, "bytes": phone.safe.bytes},
                    "gone": {"files": phone.gone.items, "bytes": phone.gone.bytes},
                    "damaged": phone.damaged,
                    "missing": phone.missing,
                    "failing": [failed.item.shown_path for failed in phone.failing],
                    "last_run": _iso(phone.last_run),
                    "last_run_complete": phone.last_run_complete,
                }
                for phone in report.phones
            ],
        )
        if not report.phones:
            voice.data(f"No phone was backed up to {place(report.root)} yet.")
        for phone in report.phones:
            voice.data(
                f"{plain(phone.name)}: {number(phone.safe.items, 'file')} safe, {size(phone.safe.bytes)}, "
                f"in {place(phone.folder)}"
            )
            if phone.gone.items:
                voice.data(f"  {phone.gone.items:,} of them are no longer on the phone.")
            if phone.last_run is not None:
                whole = "" if phone.last_run_complete else " (not complete)"
                voice.data(f"  Last backup: {_when(phone.last_run)}{whole}")
            if lost := phone.damaged + phone.missing:
                voice.warn(
                    f"{number(lost, 'file')} damaged or missing here. "
                    "What is still on the phone is copied again by the next backup."
                )
            for failed in phone.failing[:_SHOWN]:
                voice.warn(f"Not saved yet: {plain(failed.item.shown_path)}: {why_not_saved(failed.failure)}")
            if len(phone.failing) > _SHOWN:
                voice.warn(f"… and {len(phone.failing) - _SHOWN:,} more (all of them: --json)")
        if report.last_verified is not None:
            voice.data(
                f"Every file was checked on or after {_when(report.last_verified)}. Again: mtpbackup verify"
            )
        voice.data(f"Room left: {size(report.free)}")


def _iso(when: datetime | None) -> str | None:
    return None if when is None else when.isoformat(timespec="seconds")


def _when(when: datetime) -> str:
    return when.astimezone().strftime("%-d %B %Y, %H:%M")
