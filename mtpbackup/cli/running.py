"""What every command has around it: a voice, and errors that end in words and an exit code."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from mtpbackup.cli.voice import Voice, choose_voice
from mtpbackup.errors import MtpBackupError
from mtpbackup.messages import ExitCode, explain

if TYPE_CHECKING:
    from mtpbackup.transport.base import Finder


@contextmanager
def speaking(*, as_json: bool = False, quiet: bool = False) -> Iterator[Voice]:
    """A voice for the command inside; errors that it raises are told, and end the program with their code.

    Raises:
        SystemExit: an error was told.
    """
    voice = choose_voice(as_json=as_json, quiet=quiet)
    try:
        yield voice
    except (MtpBackupError, KeyboardInterrupt) as error:
        advice = explain(error)
        voice.bad(advice)
        sys.exit(int(advice.exit_code))


def finish(code: ExitCode) -> None:
    """Ends the command with this code, unless all is well."""
    if code is not ExitCode.OK:
        sys.exit(int(code))


@contextmanager
def usb_phones() -> Iterator[Finder]:
    """The phones on this computer's USB.

    Raises:
        LibraryMissing: there is no libusb.
    """
    from mtpbackup.transport.libusb import LibusbFinder  # noqa: PLC0415 - loads libusb

    finder = LibusbFinder()
    try:
        yield finder
    finally:
        finder.close()
