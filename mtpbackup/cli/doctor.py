"""`mtpbackup doctor`: tells a phone's fault from ours."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Final

import click

from mtpbackup.cli.narrator import BackupNarrator
from mtpbackup.cli.options import device_option, speaking_options, wait_option
from mtpbackup.cli.running import finish, libmtp_phones, opener, speaking, usb_phones
from mtpbackup.messages import ExitCode, number, plain, size

if TYPE_CHECKING:
    from mtpbackup.engine.compare import Difference, Look
    from mtpbackup.transport.base import Finder

#: Names of the two ways, in JSON and in sentences.
_OURS: Final = "mtpbackup"
_THEIRS: Final = "libmtp"

#: Seconds that the second way may wait for a phone that the first has just let go of.
_BETWEEN: Final = 5.0


@click.command(
    epilog="""\b
Examples:
  mtpbackup doctor --compare
  mtpbackup doctor --compare --folder DCIM/Camera"""
)
@click.option("--compare", is_flag=True, help="List and read the phone twice, by mtpbackup and by libmtp.")
@click.option("--folder", default="", metavar="PATH", help="Only this folder of the phone, as DCIM/Camera.")
@device_option
@wait_option
@speaking_options
def doctor(
    compare: bool, folder: str, device: str | None, wait: float | None, quiet: bool, as_json: bool
) -> None:
    """Find out whose fault it is.

    With --compare the phone is listed and read twice, by mtpbackup itself and by libmtp, and every
    difference is told: in a name, a size, a date or a content. Ends with 0 when there is none, else
    with 3. Nothing on the phone is changed. Takes twice as long as a first backup.
    """
    from mtpbackup.engine.compare import differences, look_through  # noqa: PLC0415 - `--help` does without
    from mtpbackup.engine.link import PhoneLink  # noqa: PLC0415

    if not compare:
        raise click.UsageError("Say what to do: --compare")
    path = tuple(name for name in folder.split("/") if name)
    with speaking(as_json=as_json, quiet=quiet) as voice:
        looks: list[Look] = []

        with libmtp_phones() as theirs:
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
        finish(code)


def _sentence(difference: Difference) -> str:
    first, second = plain(difference.first) or "nothing", plain(difference.second) or "nothing"
    where = plain(difference.place) or "The phone itself"
    return f"{where}: {difference.aspect.value}: {_OURS} has {first}, {_THEIRS} has {second}"
