"""`mtpbackup doctor`: finds out what is in the way, and tells a phone's fault from ours."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from mtpbackup.cli import remembered
from mtpbackup.cli.narrator import BackupNarrator
from mtpbackup.cli.options import (
    default_destination,
    device_option,
    path_of,
    speaking_options,
    to_option,
    wait_option,
)
from mtpbackup.cli.running import finish, holders_let_go, libmtp_phones, opener, speaking, usb_phones
from mtpbackup.cli.voice import Voice
from mtpbackup.messages import ExitCode, number, place, plain, size

if TYPE_CHECKING:
    from mtpbackup.engine.compare import Difference, Look
    from mtpbackup.engine.doctor import Facts, Finding
    from mtpbackup.transport.base import Finder

#: Names of the two ways, in JSON and in sentences.
_OURS: Final = "mtpbackup"
_THEIRS: Final = "libmtp"

#: Seconds that the second way may wait for a phone that the first has just let go of.
_BETWEEN: Final = 5.0


@click.command(
    epilog="""\b
Examples:
  mtpbackup doctor
  mtpbackup doctor --report report.txt
  mtpbackup doctor --compare --folder DCIM/Camera"""
)
@click.option("--report", metavar="FILE", callback=path_of, help="Also write a report that can be shared.")
@click.option("--compare", is_flag=True, help="List and read the phone twice, by mtpbackup and by libmtp.")
@click.option("--folder", default="", metavar="PATH", help="With --compare: only this folder, as DCIM/Camera.")
@to_option
@device_option
@wait_option
@speaking_options
def doctor(
    report: Path | None,
    compare: bool,
    folder: str,
    to: Path | None,
    device: str | None,
    wait: float | None,
    quiet: bool,
    as_json: bool,
) -> None:
    """Find out what is in the way.

    Looks at everything between the phone's files and the backup, from the cable up: is a phone there,
    what does it offer, how fast is the cable, may you use it, does another program hold it, is it
    unlocked, does it answer, list and give its files, and is there room on the disk. Each finding says
    what it means and what to do. Ends with 0 when a backup would work. Nothing is changed.

    The report of --report is meant for sharing: serial numbers, names and folders are left out.

    With --compare the phone is listed and read twice, by mtpbackup itself and by libmtp, and every
    difference is told: in a name, a size, a date or a content. Ends with 0 when there is none, else
    with 3. Takes twice as long as a first backup.
    """
    if folder and not compare:
        raise click.UsageError("--folder goes with --compare.")
    if (device is not None or wait is not None) and not compare:
        raise click.UsageError(
            "--device and --wait go with --compare. Without it every phone is looked at, at once."
        )
    if report and compare:
        raise click.UsageError("--report goes without --compare.")
    with speaking(as_json=as_json, quiet=quiet) as voice:
        if compare:
            finish(_compare(voice, folder, device, wait))
        else:
            finish(_examine(voice, to or default_destination(), report))


def _examine(voice: Voice, to: Path, report: Path | None) -> ExitCode:
    """Looks from the cable up, and tells what was found."""
    from mtpbackup.engine.doctor import Level, examine, look  # noqa: PLC0415 - `--help` does without
    from mtpbackup.messages.about_doctor import diagnose  # noqa: PLC0415

    facts = look(usb_phones, destination=to, had_backup=remembered.backup_in(to) is not None, **_surroundings())
    findings = examine(facts)
    code = ExitCode.OK
    for finding in findings:
        words = diagnose(finding)
        voice.emit(
            "status",
            event="finding",
            **finding.as_dict(),
            message=words.headline,
            meaning=words.meaning,
            what_to_do=list(words.what_to_do),
        )
        details = tuple(filter(None, (words.meaning, *words.what_to_do)))
        if finding.level is Level.GOOD:
            voice.good(words.headline)
        elif finding.level is Level.HINT:
            voice.notice(words.headline)
            voice.more(details)
        else:
            voice.trouble(words.headline, details)
        if finding.level is Level.PROBLEM and code is ExitCode.OK:
            code = words.exit_code
    if report is not None and not _write_report(voice, report, facts, findings) and code is ExitCode.OK:
        code = ExitCode.ERROR
    problems = sum(finding.level is Level.PROBLEM for finding in findings)
    hints = sum(finding.level is Level.HINT for finding in findings)
    voice.emit("summary", command="doctor", problems=problems, hints=hints, exit_code=int(code))
    if not problems:
        voice.good("All is well: a backup works." if not hints else "A backup works.")
    else:
        voice.say(f"{number(problems, 'thing is', 'things are')} in the way; see ✗ above.")
    return code


def _surroundings() -> dict[str, Any]:
    """What tests put in the place of this computer's own."""
    return {}


def _write_report(voice: Voice, path: Path, facts: Facts, findings: tuple[Finding, ...]) -> bool:
    """Writes it; whether that worked."""
    from mtpbackup.cli.doctor_report import report_text  # noqa: PLC0415 - few ask for it
    from mtpbackup.messages.about_doctor import report_not_written  # noqa: PLC0415

    try:
        path.write_text(report_text(facts, findings), encoding="utf-8")
    except OSError as error:
        voice.bad(report_not_written(path, error.strerror or str(error)))
        return False
    voice.emit("status", event="report", path=str(path))
    voice.say(f"Report written to {place(path)}. Have a look at it before you share it.")
    return True


def _compare(voice: Voice, folder: str, device: str | None, wait: float | None) -> ExitCode:
    """Reads the phone both ways, and tells each difference."""
    from mtpbackup.engine.compare import differences, look_through  # noqa: PLC0415 - `--help` does without
    from mtpbackup.engine.link import PhoneLink  # noqa: PLC0415

    path = tuple(name for name in folder.split("/") if name)
    looks: list[Look] = []

    with holders_let_go(voice) as ask_holder, libmtp_phones() as theirs:
        theirs.find()  # a missing libmtp is told before an hour of reading
        ways: tuple[tuple[str, Callable[[], AbstractContextManager[Finder]]], ...] = (
            (_OURS, usb_phones),
            (_THEIRS, lambda: nullcontext(theirs)),
        )
        for way, phones in ways:
            voice.say(f"Reading the phone by {way} ...")
            with phones() as finder:
                link = PhoneLink(
                    finder,
                    wanted=device or "",
                    # It is away for a moment when something has just let go of it.
                    patience=max(wait or 0.0, _BETWEEN if looks else 0.0),
                    report=BackupNarrator(voice),
                    open_phone=opener(way),
                    ask_holder=ask_holder,
                )
                looks.append(look_through(link, path))
    found = differences(*looks)
    for difference in found:
        voice.emit(
            "status",
            event="difference",
            aspect=difference.aspect.value,
            place=difference.place,
            mtpbackup=difference.first,
            libmtp=difference.second,
        )
        voice.data(_sentence(difference))
    code = ExitCode.SOME_FAILED if found else ExitCode.OK
    voice.emit(
        "summary",
        command="doctor",
        files=looks[0].files,
        bytes_read=sum(look.read for look in looks),
        differences=len(found),
        exit_code=int(code),
    )
    read = f"{number(looks[0].files, 'file')} ({size(looks[0].read)})"
    if found:
        voice.warn(f"{number(len(found), 'difference')} in {read}.")
    else:
        voice.good(f"No difference in {read}: both read the same.")
    return code


def _sentence(difference: Difference) -> str:
    first, second = plain(difference.first) or "nothing", plain(difference.second) or "nothing"
    where = plain(difference.place) or "The phone itself"
    return f"{where}: {difference.aspect.value}: {_OURS} has {first}, {_THEIRS} has {second}"
