"""`mtpbackup verify`: proves again that every saved file is whole."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import click

from mtpbackup.cli import facts, remembered
from mtpbackup.cli.opening import open_backup
from mtpbackup.cli.options import default_destination, speaking_options, to_option
from mtpbackup.cli.progress import ProgressDisplay
from mtpbackup.cli.running import finish, speaking
from mtpbackup.cli.voice import Voice
from mtpbackup.engine import reports
from mtpbackup.messages import ExitCode, number, place, plain, size

_DAMAGES: Final = {
    reports.Damage.MISSING: "is missing",
    reports.Damage.CHANGED: "is not what was saved",
    reports.Damage.UNREADABLE: "can't be read from the disk",
}


@click.command(
    epilog="""\b
Example:
  mtpbackup verify --to /media/anna/USB
  mtpbackup verify --rebuild"""
)
@to_option
@click.option(
    "--rebuild",
    is_flag=True,
    help="Make the list of what is saved anew from the files, where it is damaged or missing.",
)
@speaking_options
def verify(to: Path | None, rebuild: bool, quiet: bool, as_json: bool) -> None:
    """Prove that every saved file is still whole.

    Reads each file of the backup from disk and compares it with what was recorded when it was copied.

    The same can be done without mtpbackup: run sha256sum -c SHA256SUMS in the backup's folder.

    With --rebuild the list of what is saved is made anew from the files and SHA256SUMS. The old list is
    kept beside it.
    """
    if rebuild:
        with speaking(as_json=as_json, quiet=quiet) as voice:
            finish(_rebuild(voice, to or default_destination()))
        return
    from mtpbackup.engine import verify_archive  # noqa: PLC0415 - `--help` does without

    with speaking(as_json=as_json, quiet=quiet) as voice, open_backup(to or default_destination()) as archive:
        narrator = _VerifyNarrator(voice)
        try:
            summary = verify_archive(archive, report=narrator)
        finally:
            narrator.display.end()
        finish(_conclude(voice, summary))


def _rebuild(voice: Voice, root: Path) -> ExitCode:
    from mtpbackup.engine import rebuild_archive  # noqa: PLC0415 - `--help` does without

    narrator = _VerifyNarrator(voice, "Reading")
    try:
        summary = rebuild_archive(root, report=narrator)
    finally:
        narrator.display.end()
    if remembered.backup_in(root) is not None:
        remembered.remember(root, summary.archive_id)
    code = ExitCode.DAMAGE_FOUND if summary.damaged else ExitCode.OK
    voice.emit("summary", **facts.of_rebuilding(summary, code))
    missing = [file for file in summary.damaged if file.damage is reports.Damage.MISSING]
    for file in missing:
        voice.warn(f"{plain(file.path)} {_DAMAGES[file.damage]}.")
    if summary.damaged:
        voice.warn(
            f"{number(len(summary.damaged), 'file')} not as saved. "
            "What is still on the phone is copied again by the next backup."
        )
    if summary.unrecorded.items:
        voice.warn(
            f"{number(summary.unrecorded.items, 'file')} had no recorded checksum. "
            "What they hold now was taken as right."
        )
    if summary.left_out.items:
        voice.notice(
            f"{number(summary.left_out.items, 'file')} on no list. "
            "The next backup compares what the phone has with them."
        )
    whole = summary.good + summary.unrecorded
    voice.good(
        f"The list of what is saved was made anew: {number(whole.items, 'file')} ({size(whole.bytes)}) "
        f"in {place(summary.root)}."
    )
    if summary.set_aside:
        voice.say(f"The old list was kept: {place(summary.root / summary.set_aside)}")
    return code


class _VerifyNarrator:
    def __init__(self, voice: Voice, doing: str = "Checking") -> None:
        self._voice = voice
        self.display = ProgressDisplay(voice, doing, hint="")

    def __call__(self, event: reports.Event) -> None:
        match event:
            case reports.VerifyProgress():
                self.display.show(event.done, event.total, event.done.bytes, event.path)
            case reports.FileChecked():
                self.display.show(event.done, event.total, event.done.bytes, event.path)
                if event.damage is not None:
                    said = facts.of_event(event)
                    self._voice.emit("status", **(said or {}))
                    self._voice.warn(f"{plain(event.path)} {_DAMAGES[event.damage]}.")
            case _:
                pass


def _conclude(voice: Voice, summary: reports.VerifySummary) -> ExitCode:
    if summary.interrupted:
        code = ExitCode.INTERRUPTED
    elif summary.damaged:
        code = ExitCode.DAMAGE_FOUND
    else:
        code = ExitCode.OK if summary.sound else ExitCode.ERROR
    voice.emit("summary", **facts.of_verification(summary, code))
    if summary.interrupted:
        voice.warn(f"Stopped.  {number(summary.good.items, 'file')} checked so far.")
    elif summary.damaged:
        voice.warn(
            f"{number(len(summary.damaged), 'file')} of {summary.total.items:,} not as saved. "
            "What is still on the phone is copied again by the next backup."
        )
    elif code is ExitCode.OK:
        voice.good(
            f"{number(summary.good.items, 'file is', 'files are')} whole ({size(summary.good.bytes)}) "
            f"in {place(summary.root)}."
        )
    else:
        voice.warn("The numbers of this check don't add up. Please report this.")
    return code
