"""What every command has around it: a voice, and errors that end in words and an exit code."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mtpbackup.cli.notes import notebook
from mtpbackup.cli.voice import Voice, choose_voice
from mtpbackup.errors import InterfaceBusy, LibraryMissing, MtpBackupError
from mtpbackup.messages import ExitCode, about_holders, explain, plain

if TYPE_CHECKING:
    from mtpbackup.desktop.holding import HolderAsked
    from mtpbackup.phone import Phone
    from mtpbackup.transport.base import Finder, Transport
    from mtpbackup.transport.devices import UsbDevice


@contextmanager
def speaking(*, as_json: bool = False, quiet: bool = False, answers: bool = False) -> Iterator[Voice]:
    """A voice for the command inside; errors that it raises are told, and end the program with their code.

    Args:
        as_json: whether facts are told in place of sentences.
        quiet: whether only what went wrong is told.
        answers: whether the command does nothing but tell something, and has failed when that is not written.

    Raises:
        SystemExit: an error was told.
        OSError: what was to be told could not be written, as on a full disk.
    """
    voice = choose_voice(as_json=as_json, quiet=quiet)
    try:
        yield voice
    except (MtpBackupError, KeyboardInterrupt) as error:
        advice = explain(error)
        voice.bad(advice)
        sys.exit(int(advice.exit_code))
    if answers and voice.unheard is not None:
        raise voice.unheard


def finish(code: ExitCode) -> None:
    """Ends the command with this code, unless all is well."""
    if code is not ExitCode.OK:
        sys.exit(int(code))


def awake_if(*, wanted: bool) -> Callable[[str], AbstractContextManager[object]]:
    """What keeps the computer awake while copying from a phone; nothing where that is not wanted."""
    if not wanted:
        return lambda _phone: nullcontext()
    from mtpbackup.desktop.awake import kept_awake  # noqa: PLC0415 - `--help` does without

    return lambda phone: kept_awake(f"Copying photos: {plain(phone)}")


@contextmanager
def usb_phones() -> Iterator[Finder]:
    """The phones on this computer's USB; recorded where the program was started with `--trace`.

    Raises:
        LibraryMissing: there is no libusb.
    """
    settings = click.get_current_context().find_root().params
    with ExitStack() as stack:
        finder = _finder(settings.get("transport"))
        stack.callback(finder.close)
        if settings.get("trace"):
            finder = stack.enter_context(_traced(finder, Path(settings["trace"]), settings["redact"]))
        yield finder


@contextmanager
def holders_let_go(voice: Voice) -> Iterator[Callable[[InterfaceBusy], bool]]:
    """What asks programs that hold a phone to let go, for `PhoneLink`; they get it back at the end.

    Enter it before the phone is opened: it has to be closed again by then.
    """
    from mtpbackup.desktop.holding import Holding  # noqa: PLC0415 - `--help` does without
    from mtpbackup.phone.interrupts import interrupts_noted  # noqa: PLC0415 - loaded by whoever needs a phone

    holding = Holding(partial(_tell_holder, voice))
    try:
        yield holding.ask
    finally:
        # People press Ctrl+C twice. It takes a second or two.
        with interrupts_noted():
            holding.give_back()


def _tell_holder(voice: Voice, asked: HolderAsked) -> None:
    from mtpbackup.desktop.holding import Stage  # noqa: PLC0415 - loaded by then

    if asked.stage not in (
        Stage.GIVEN_BACK,
        Stage.NOT_GIVEN_BACK,
    ):  # the summary, said by then, is the last word
        voice.emit("status", event="holder", stage=asked.stage.value, program=asked.program)
    match asked.stage:
        case Stage.ASKING:
            voice.say(f"! {about_holders.asking(asked.program)}")
        case Stage.LET_GO:
            voice.good(about_holders.let_go())
        case Stage.REFUSED:
            voice.say(f"! {about_holders.refused(asked.program)}")
        case Stage.NOT_GIVEN_BACK:
            voice.notice(about_holders.not_given_back(asked.program))
        case Stage.GIVEN_BACK:
            pass  # as it was before: nothing to tell


def usb_bus() -> Sequence[UsbDevice]:
    """What is on this computer's USB, phones without files among it."""
    from mtpbackup.transport.devices import usb_devices  # noqa: PLC0415 - `--help` does without

    return usb_devices()


@contextmanager
def libmtp_phones() -> Iterator[Finder]:
    """The phones that libmtp sees; their phones are opened by `opener("libmtp")`.

    Raises:
        LibmtpMissing, LibmtpUnsupported: told when phones are looked for.
    """
    from mtpbackup.phone.libmtp import LibmtpFinder  # noqa: PLC0415 - few need it

    finder = LibmtpFinder()
    try:
        yield finder
    finally:
        finder.close()


def opener(via: str | None) -> Callable[[Transport], Phone]:
    """What makes a phone of what a finder's phones open; it remembers what phones have shown in use."""
    if via == "libmtp":
        from mtpbackup.phone.libmtp import LibmtpPhone  # noqa: PLC0415 - few need it

        return LibmtpPhone.open
    from mtpbackup.phone import Phone  # noqa: PLC0415 - `--help` does without

    return partial(Phone.open, memory=notebook())


def _finder(transport: str | None) -> Finder:
    """Where phones turn up.

    Args:
        transport: "libusb1" or "pyusb"; None for the first, or for the second where the first cannot be loaded.
    """
    if transport != "pyusb":
        try:
            from mtpbackup.transport.libusb import LibusbFinder  # noqa: PLC0415 - loads libusb

            return LibusbFinder()
        except (ImportError, LibraryMissing) as error:
            if transport is not None:
                raise error if isinstance(error, LibraryMissing) else LibraryMissing("libusb1") from error
    from mtpbackup.transport.pyusb import PyusbFinder  # noqa: PLC0415 - loads libusb

    finder = PyusbFinder()
    if transport is None:
        click.echo(
            "! The package libusb1 can't be loaded here: using pyusb instead, which is slower.", err=True
        )
    return finder


@contextmanager
def _traced(finder: Finder, path: Path, redact: bool) -> Iterator[Finder]:
    from mtpbackup.session.redaction import MaskDatasets  # noqa: PLC0415 - only bug hunters need it
    from mtpbackup.transport.trace import Recording, TracedFinder  # noqa: PLC0415

    try:
        recording = Recording(path, redactor=MaskDatasets() if redact else None)
    except OSError as error:
        raise click.FileError(str(path), error.strerror or str(error)) from None
    try:
        yield TracedFinder(finder, recording)
    finally:
        recording.close()
