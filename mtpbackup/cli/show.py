"""`mtpbackup show`: the gallery, in the browser on this computer."""

from __future__ import annotations

import os
import sys
import threading
import webbrowser
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mtpbackup.cli import remembered
from mtpbackup.cli.opening import open_backup
from mtpbackup.cli.options import default_destination, device_option, quiet_option, to_option
from mtpbackup.cli.running import holders_let_go, opener, speaking, usb_phones
from mtpbackup.cli.voice import Voice
from mtpbackup.errors import LibraryMissing, MtpBackupError
from mtpbackup.messages import place

if TYPE_CHECKING:
    from collections.abc import Callable

    from mtpbackup.archive import Archive
    from mtpbackup.transport.base import Finder
    from mtpbackup.web import Gate


@click.command(
    epilog="""\b
Examples:
  mtpbackup show
  mtpbackup show --to /media/anna/USB
  mtpbackup show --demo              with a phone made of code"""
)
@to_option
@device_option
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Port to use.  [default: any free one]")
@click.option("--no-browser", is_flag=True, help="Only print the address; open no browser.")
@click.option("--demo", is_flag=True, help="With a built-in phone made of code; no real phone is touched.")
@quiet_option
def show(to: Path | None, device: str | None, port: int, no_browser: bool, demo: bool, quiet: bool) -> None:
    """See your pictures, choose, back up and put back, in the browser.

    The page is for this computer and this browser only; nothing leaves the computer. It shows what is in
    the backup also without a phone. It ends with this program: Ctrl+C.
    """
    with speaking(quiet=quiet) as voice, ExitStack() as stack:
        folder = to or default_destination()
        if demo:
            folder = to or folder.with_name("Demo backup")
            voice.say("This is a demonstration with a phone made of code. No real phone is touched.")
        _serve(voice, stack, folder, device or "", port, demo=demo, browser=not no_browser)


def _serve(
    voice: Voice, stack: ExitStack, folder: Path, device: str, port: int, *, demo: bool, browser: bool
) -> None:
    from mtpbackup.engine.gallery import Gallery  # noqa: PLC0415 - `--help` does without
    from mtpbackup.settings import load  # noqa: PLC0415
    from mtpbackup.web import GalleryServer, Gate, Listeners, Pictures, create_app  # noqa: PLC0415

    ask_holder = stack.enter_context(holders_let_go(voice))
    finder, trouble = _phones(stack, demo=demo)
    gallery = Gallery(
        folder,
        _opener(folder, demo=demo),
        finder,
        trouble=trouble,
        wanted=device,
        layout=load().layout,
        open_phone=opener(None),
        ask_holder=ask_holder,
    )
    stack.callback(gallery.close)
    try:
        server = GalleryServer(port)
    except OSError as error:
        raise click.UsageError(f"Port {port} can't be used ({error.strerror}). Leave out --port.") from None
    stack.callback(server.close)
    gate, listeners, pictures = Gate(server.port), Listeners(), Pictures(gallery)
    stack.callback(pictures.close)
    app = create_app(gallery, gate, pictures, listeners=listeners, findings=_findings(folder))
    gallery.start()
    _tell(voice, gate, folder, browser=browser)
    if voice.interactive:
        threading.Thread(target=_listen, args=(voice, gate, browser), daemon=True).start()
    try:
        server.run(app, listeners)
    except KeyboardInterrupt:
        job = gallery.board.running
        gallery.stop()
        voice.say("\nThe gallery is closed.")
        if job is not None:
            voice.more(("What was going on was stopped. Nothing is lost; start again to go on.",))


def _tell(voice: Voice, gate: Gate, folder: Path, *, browser: bool) -> None:
    address = gate.address()
    voice.good(f"The gallery of {place(folder)} is open: {address}")
    hints = ["The address works once, in one browser on this computer. Ctrl+C ends it."]
    if voice.interactive:
        hints.append("Enter opens it again." if browser else "Enter prints a new address.")
    voice.more(hints)
    if browser and not _open(address):
        voice.notice("No browser could be opened here. Open the address above yourself.")


def _listen(voice: Voice, gate: Gate, browser: bool) -> None:
    """Gives a new address for each line of standard input; for browsers that were closed."""
    for _ in sys.stdin:
        address = gate.address()
        voice.say(address)
        if browser:
            _open(address)


def _open(address: str) -> bool:
    """Opens a window of the browser. None in the terminal: it would wait for a server that begins only then."""
    if not any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")):
        return False
    try:
        return webbrowser.open(address)
    except webbrowser.Error:
        return False


def _phones(stack: ExitStack, *, demo: bool) -> tuple[Finder | None, MtpBackupError | None]:
    """Where phones turn up, or why none can be looked for: the backup can be looked at all the same."""
    if demo:
        from mtpbackup.virtual.demo import demo_phone  # noqa: PLC0415 - nothing else needs it

        phone = stack.enter_context(demo_phone())
        phone.plug()
        return phone.finder, None
    try:
        return stack.enter_context(usb_phones()), None
    except LibraryMissing as error:
        return None, error
    except ImportError:
        return None, LibraryMissing("libusb")


def _opener(folder: Path, *, demo: bool) -> Callable[[bool], Archive]:
    """What opens the backup, and makes it where that is asked for and no other disk belongs there."""
    from mtpbackup.archive import Archive  # noqa: PLC0415 - `--help` does without

    def opened(create: bool) -> Archive:
        if not create:
            return Archive.open(folder) if demo else open_backup(folder)
        archive = Archive.create_or_open(folder, expected_id=None if demo else remembered.backup_in(folder))
        if not demo:
            remembered.remember(folder, archive.id)
        return archive

    return opened


def _findings(folder: Path) -> Callable[[], list[dict[str, object]]]:
    """What the doctor finds without touching a phone: the gallery holds it."""

    def found() -> list[dict[str, object]]:
        from mtpbackup.engine.doctor import Check, examine, look  # noqa: PLC0415 - only when asked
        from mtpbackup.messages.about_doctor import diagnose  # noqa: PLC0415

        levels = ("ok", "hint", "problem")
        told: list[dict[str, object]] = []
        for finding in examine(look(None, destination=folder)):
            if finding.check is Check.CABLE:
                continue  # the gallery's own view of the phone comes first, and is of this moment
            words = diagnose(finding)
            what_to_do = [*((words.meaning,) if words.meaning else ()), *words.what_to_do]
            told.append({"state": levels[finding.level], "headline": words.headline, "what_to_do": what_to_do})
        return told

    return found
