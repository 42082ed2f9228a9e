"""What to say when bytes cannot be moved: the cable, permission, other programs, libusb."""

from __future__ import annotations

from mtpbackup import errors
from mtpbackup.messages.about_holders import OURSELVES, programs
from mtpbackup.messages.advice import Advice, ExitCode, says
from mtpbackup.messages.calling import called_as_root
from mtpbackup.messages.words import duration, listing, plain


@says(errors.TransportError)
def _transport(error: errors.TransportError) -> Advice:
    return Advice(
        "The connection to the phone failed.",
        ("Try another cable or USB port.", f"(For a bug report: {plain(str(error))})"),
        ExitCode.ERROR,
    )


@says(errors.ReplayDiverged)
def _diverged(error: errors.ReplayDiverged) -> Advice:
    return Advice(
        "The recording is of another conversation than this one.",
        (f"(For a bug report: {plain(str(error))})",),
        ExitCode.ERROR,
    )


@says(errors.SessionDropped)
def _dropped(_error: errors.SessionDropped) -> Advice:
    return Advice(
        "The phone has closed the connection.",
        ("Run the same command again: it continues, and asks the phone more slowly.",),
        ExitCode.UNPLUGGED,
    )


@says(errors.PhoneGone)
def _gone(_error: errors.PhoneGone) -> Advice:
    return Advice(
        "The phone was unplugged.",
        ("Plug it in again and run the same command: it continues where it stopped.",),
        ExitCode.UNPLUGGED,
    )


@says(errors.AccessDenied)
def _denied(_error: errors.AccessDenied) -> Advice:
    return Advice(
        "This computer doesn't let you talk to the phone yet.",
        (f"One-time fix:   {called_as_root('setup')}",),
        ExitCode.NO_PERMISSION,
    )


@says(errors.InterfaceBusy)
def _busy(error: errors.InterfaceBusy) -> Advice:
    if set(error.holders) == {OURSELVES}:
        return Advice(
            "Another mtpbackup is using the phone.",
            (
                "Wait until it is done. It may have begun by itself:  mtpbackup auto status",
                "Or is the gallery open (mtpbackup show)? It can back up, too; or stop it with Ctrl+C.",
            ),
            ExitCode.BUSY,
        )
    who = listing(programs(error.holders))
    return Advice(
        f"Another program is using the phone{f': {who}' if who else ''}.",
        ("Close it, or eject the phone in the Files app (the ⏏ beside its name), then try again.",),
        ExitCode.BUSY,
    )


@says(errors.TransportTimeout)
def _timeout(error: errors.TransportTimeout) -> Advice:
    return Advice(
        f"The phone didn't answer for {duration(error.seconds)}.",
        ("Unlock its screen. If that doesn't help: unplug it, plug it in again and try once more.",),
        ExitCode.ERROR,
    )


@says(errors.EndpointStalled)
def _stalled(_error: errors.EndpointStalled) -> Advice:
    return Advice(
        "The phone refused to go on.",
        ("Unplug it, plug it in again and try once more.",),
        ExitCode.ERROR,
    )


@says(errors.TransferCancelled)
def _cancelled(_error: errors.TransferCancelled) -> Advice:
    return Advice("Stopped.", ("Run the same command again to continue.",), ExitCode.INTERRUPTED)


@says(errors.TransferOverflow)
def _overflow(_error: errors.TransferOverflow) -> Advice:
    return Advice(
        "The phone sent more than it was asked for.",
        ("Unplug it, plug it in again and try once more.",),
        ExitCode.ERROR,
    )


@says(errors.LibraryMissing)
def _library(error: errors.LibraryMissing) -> Advice:
    return Advice(
        f"A part that mtpbackup needs to use USB is missing: {plain(error.library)}.",
        (
            "On Debian, Ubuntu or Mint:  sudo apt install libusb-1.0-0",
            "On Fedora:  sudo dnf install libusb1        On Arch:  sudo pacman -S libusb",
        ),
        ExitCode.ERROR,
    )
