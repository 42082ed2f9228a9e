"""What to tell a person about each error: what happened, what to do next, and the exit code.

Each class of `mtpbackup.errors` has its own entry; a test walks over all of them.
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from mtpbackup import errors
from mtpbackup.messages.words import duration, listing, place, plain, size


class ExitCode(enum.IntEnum):
    """How a command ended. PRODUCT.md section 3."""

    OK = 0
    ERROR = 1
    USAGE = 2
    SOME_FAILED = 3
    NO_BACKUP = 10
    ANOTHER_RUN = 11
    NO_PHONE = 20
    LOCKED = 21
    NO_PERMISSION = 22
    BUSY = 23
    NO_SPACE = 24
    UNPLUGGED = 25
    DAMAGE_FOUND = 26
    INTERRUPTED = 130


@dataclass(frozen=True, slots=True)
class Advice:
    """What to tell a person about an error.

    Attributes:
        headline: one sentence: what happened.
        what_to_do: the next steps, a line each; may be empty.
        exit_code: for the program's end.
    """

    headline: str
    what_to_do: tuple[str, ...]
    exit_code: ExitCode


_E = TypeVar("_E", bound=BaseException)
_Explainer = Callable[[Any], Advice]
_EXPLAINERS: dict[type[BaseException], _Explainer] = {}

#: The steps that make a phone visible. PRODUCT.md section 2.
HOW_TO_CONNECT = (
    "1. Plug it in with a cable that carries data (some only charge).",
    "2. Unlock the screen.",
    '3. Tap "USB" in its notifications → File transfer.',
)

#: The steps that make a locked phone show its photos.
HOW_TO_UNLOCK = ('Unlock it → pull down → tap "Charging this device via USB" → choose "File transfer".',)


def _says(kind: type[_E]) -> Callable[[Callable[[_E], Advice]], Callable[[_E], Advice]]:
    """Registers the explainer of one class of errors."""

    def register(explainer: Callable[[_E], Advice]) -> Callable[[_E], Advice]:
        _EXPLAINERS[kind] = explainer
        return explainer

    return register


def explained_classes() -> frozenset[type[BaseException]]:
    """The classes that have words of their own; for the test that none is forgotten."""
    return frozenset(_EXPLAINERS)


def explain(error: BaseException) -> Advice:
    """The advice for an error; an unknown one gets the words of its nearest relative."""
    for kind in type(error).__mro__:
        if kind in _EXPLAINERS:
            return _EXPLAINERS[kind](error)
    return Advice(
        f"Something unexpected went wrong: {plain(str(error)) or type(error).__name__}.", (), ExitCode.ERROR
    )


@_says(errors.MtpBackupError)
def _base(error: errors.MtpBackupError) -> Advice:
    return Advice(f"Something went wrong: {plain(str(error))}.", (), ExitCode.ERROR)


@_says(errors.WireError)
def _wire(error: errors.WireError) -> Advice:
    return Advice(
        "The phone sent an answer that makes no sense.",
        ("Unplug it, plug it in again and try once more.", f"(For a bug report: {plain(str(error))})"),
        ExitCode.ERROR,
    )


@_says(errors.RemoteProtocolError)
def _remote(error: errors.RemoteProtocolError) -> Advice:
    return Advice(
        "The phone answered out of turn.",
        ("Unplug it, plug it in again and try once more.", f"(For a bug report: {plain(str(error))})"),
        ExitCode.ERROR,
    )


@_says(errors.LocalProtocolError)
def _local(error: errors.LocalProtocolError) -> Advice:
    return Advice(
        "mtpbackup made a mistake in talking to the phone.",
        (f"Please report this: {plain(str(error))}",),
        ExitCode.ERROR,
    )


@_says(errors.TransportError)
def _transport(error: errors.TransportError) -> Advice:
    return Advice(
        "The connection to the phone failed.",
        ("Try another cable or USB port.", f"(For a bug report: {plain(str(error))})"),
        ExitCode.ERROR,
    )


@_says(errors.ReplayDiverged)
def _diverged(error: errors.ReplayDiverged) -> Advice:
    return Advice(
        "The recording is of another conversation than this one.",
        (f"(For a bug report: {plain(str(error))})",),
        ExitCode.ERROR,
    )


@_says(errors.PhoneGone)
def _gone(_error: errors.PhoneGone) -> Advice:
    return Advice(
        "The phone was unplugged.",
        ("Plug it in again and run the same command: it continues where it stopped.",),
        ExitCode.UNPLUGGED,
    )


@_says(errors.AccessDenied)
def _denied(error: errors.AccessDenied) -> Advice:
    node = f" ({plain(error.node)})" if error.node else ""
    return Advice(
        f"This computer doesn't let you talk to the phone yet{node}.",
        (
            "If you sit at this computer: unplug the phone, plug it in again and try once more.",
            "If you came in over the network: ask whoever looks after this computer for permission.",
        ),
        ExitCode.NO_PERMISSION,
    )


@_says(errors.InterfaceBusy)
def _busy(error: errors.InterfaceBusy) -> Advice:
    who = listing(sorted(set(error.holders)))
    return Advice(
        f"Another program is using the phone{f': {who}' if who else ''}.",
        ("Close it, or eject the phone in the Files app (the ⏏ beside its name), then try again.",),
        ExitCode.BUSY,
    )


@_says(errors.TransportTimeout)
def _timeout(error: errors.TransportTimeout) -> Advice:
    return Advice(
        f"The phone didn't answer for {duration(error.seconds)}.",
        ("Unlock its screen. If that doesn't help: unplug it, plug it in again and try once more.",),
        ExitCode.ERROR,
    )


@_says(errors.EndpointStalled)
def _stalled(_error: errors.EndpointStalled) -> Advice:
    return Advice(
        "The phone refused to go on.",
        ("Unplug it, plug it in again and try once more.",),
        ExitCode.ERROR,
    )


@_says(errors.TransferCancelled)
def _cancelled(_error: errors.TransferCancelled) -> Advice:
    return Advice("Stopped.", ("Run the same command again to continue.",), ExitCode.INTERRUPTED)


@_says(errors.TransferOverflow)
def _overflow(_error: errors.TransferOverflow) -> Advice:
    return Advice(
        "The phone sent more than it was asked for.",
        ("Unplug it, plug it in again and try once more.",),
        ExitCode.ERROR,
    )


@_says(errors.LibraryMissing)
def _library(error: errors.LibraryMissing) -> Advice:
    return Advice(
        f"A part that mtpbackup needs to use USB is missing: {plain(error.library)}.",
        (
            "On Debian, Ubuntu or Mint:  sudo apt install libusb-1.0-0",
            "On Fedora:  sudo dnf install libusb1        On Arch:  sudo pacman -S libusb",
        ),
        ExitCode.ERROR,
    )


@_says(errors.LibmtpMissing)
def _libmtp_missing(error: errors.LibmtpMissing) -> Advice:
    how = {
        "pymtp": "Install it:  pip install 'mtpbackup[libmtp]'",
        "libmtp": "On Debian, Ubuntu or Mint:  sudo apt install libmtp9",
    }
    return Advice(
        f"libmtp can't be used here: {plain(error.library)} is not installed.",
        (how.get(error.library, ""), "Or do without --via libmtp: most phones need it not."),
        ExitCode.ERROR,
    )


@_says(errors.LibmtpUnsupported)
def _libmtp_unsupported(error: errors.LibmtpUnsupported) -> Advice:
    return Advice(
        f"libmtp {plain(error.version) or '(of this version)'} is not used: mtpbackup doesn't know it.",
        ("It knows 1.1.20 to 1.1.22. Or do without --via libmtp: most phones need it not.",),
        ExitCode.ERROR,
    )


@_says(errors.LibmtpFailed)
def _libmtp_failed(error: errors.LibmtpFailed) -> Advice:
    return Advice(
        "libmtp could not do it.",
        (
            "Unlock the phone, unplug it, plug it in again and try once more; or try without --via libmtp.",
            f"(For a bug report: {plain(error.text)})",
        ),
        ExitCode.ERROR,
    )


@_says(errors.LibmtpCrashed)
def _libmtp_crashed(error: errors.LibmtpCrashed) -> Advice:
    how = f", signal {error.signal}" if error.signal is not None else ""
    return Advice(
        f"libmtp crashed (at: {plain(error.doing)}{how}). What was saved so far is safe.",
        ("Unplug the phone, plug it in again and try once more; or try without --via libmtp.",),
        ExitCode.ERROR,
    )


@_says(errors.LibmtpHung)
def _libmtp_hung(error: errors.LibmtpHung) -> Advice:
    return Advice(
        f"libmtp gave no answer for {duration(error.seconds)} and was stopped (at: {plain(error.doing)}).",
        ("Unplug the phone, plug it in again and try once more; or try without --via libmtp.",),
        ExitCode.ERROR,
    )


@_says(errors.OperationFailed)
def _operation(error: errors.OperationFailed) -> Advice:
    return Advice(
        f"The phone said no (operation {error.operation:#06x}, answer {error.response:#06x}).",
        ("Unlock its screen. If that doesn't help: unplug it, plug it in again and try once more.",),
        ExitCode.ERROR,
    )


@_says(errors.PhoneError)
def _phone(error: errors.PhoneError) -> Advice:
    return Advice(f"Something is wrong with the phone: {plain(str(error))}.", (), ExitCode.ERROR)


@_says(errors.OperationUnsupported)
def _unsupported(error: errors.OperationUnsupported) -> Advice:
    return Advice(
        f"This phone can't do what is needed (operation {error.operation:#06x}).",
        ('Check that "File transfer" is chosen on the phone, not "PTP" or "MIDI".',),
        ExitCode.ERROR,
    )


@_says(errors.PhoneLocked)
def _locked(error: errors.PhoneLocked) -> Advice:
    name = plain(error.name) or "A phone"
    return Advice(
        f"{name} found, but its screen is locked, so it hides your photos.", HOW_TO_UNLOCK, ExitCode.LOCKED
    )


@_says(errors.NoPhone)
def _no_phone(error: errors.NoPhone) -> Advice:
    if error.wanted:
        return Advice(
            f'No phone called "{plain(error.wanted)}" is plugged in.',
            ("See which ones are:  mtpbackup devices",),
            ExitCode.NO_PHONE,
        )
    return Advice("No phone found.", HOW_TO_CONNECT, ExitCode.NO_PHONE)


@_says(errors.SeveralPhones)
def _several(error: errors.SeveralPhones) -> Advice:
    first = plain(error.names[0]) if error.names else "NAME"
    return Advice(
        f"Several phones are plugged in: {listing(error.names)}.",
        (f'Say which one:  --device "{first}"',),
        ExitCode.USAGE,
    )


@_says(errors.ItemVanished)
def _vanished(error: errors.ItemVanished) -> Advice:
    return Advice(f"{plain(error.path)} is not on the phone.", (), ExitCode.SOME_FAILED)


@_says(errors.StorageVanished)
def _storage(error: errors.StorageVanished) -> Advice:
    return Advice(
        f"{plain(error.storage)} went away while it was being read.",
        ("Unlock the phone, or put the card back in, and run the same command: it continues.",),
        ExitCode.LOCKED,
    )


@_says(errors.ItemUnreadable)
def _unreadable(error: errors.ItemUnreadable) -> Advice:
    reasons = {
        errors.ItemUnreadable.Reason.REFUSED: "the phone would not give it",
        errors.ItemUnreadable.Reason.WRONG_SIZE: "its size and its content don't agree",
        errors.ItemUnreadable.Reason.STALLED: "the phone stopped in the middle of it",
        errors.ItemUnreadable.Reason.CHANGED: "it changed while it was being read",
    }
    return Advice(
        f"{plain(error.path)} could not be read on the phone: {reasons[error.reason]}.",
        ("Look at it on the phone: does it open there?",),
        ExitCode.SOME_FAILED,
    )


@_says(errors.PhoneFull)
def _phone_full(error: errors.PhoneFull) -> Advice:
    room = "" if error.free is None else f", {size(error.free)} free"
    return Advice(
        f"Not enough room on the phone ({plain(error.storage)}): {size(error.needed)} needed{room}.",
        ("Make room on the phone and run the same command: it continues where it stopped.",),
        ExitCode.NO_SPACE,
    )


@_says(errors.NameTaken)
def _name_taken(error: errors.NameTaken) -> Advice:
    return Advice(
        f"{plain(error.path)} is on the phone already. Nothing was changed.",
        (),
        ExitCode.SOME_FAILED,
    )


@_says(errors.NameRefused)
def _name_refused(error: errors.NameRefused) -> Advice:
    reasons = {
        errors.NameRefused.Reason.EMPTY: "it is empty",
        errors.NameRefused.Reason.DOTS: "names of dots alone mean something else",
        errors.NameRefused.Reason.SLASH: "it has a slash in it",
        errors.NameRefused.Reason.CHARACTER: 'phones take none of : * ? " < > | \\ in names',
        errors.NameRefused.Reason.CONTROL: "it has invisible control characters in it",
        errors.NameRefused.Reason.ENDING: "names on a memory card have no blanks at their ends, and no dot",
        errors.NameRefused.Reason.TOO_LONG: "it is too long",
    }
    return Advice(
        f'The phone would not take the name "{plain(error.name)}": {reasons[error.reason]}.',
        ("Give the file another name, then run the same command again.",),
        ExitCode.SOME_FAILED,
    )


@_says(errors.SendFailed)
def _send_failed(error: errors.SendFailed) -> Advice:
    path = plain(error.path)
    match error.reason:
        case errors.SendFailed.Reason.TOO_LARGE:
            return Advice(
                f"{path} is too large for the phone's memory card: it takes files below 4.3 GB.",
                ("Send it to the phone's built-in storage, or format the card on the phone as exFAT.",),
                ExitCode.SOME_FAILED,
            )
        case errors.SendFailed.Reason.READ_ONLY:
            return Advice(
                f"{path} could not be sent: this storage of the phone can only be read.",
                ("Send it to another storage of the phone.",),
                ExitCode.SOME_FAILED,
            )
        case errors.SendFailed.Reason.STALLED:
            why = "the phone stopped taking it"
        case errors.SendFailed.Reason.REFUSED:
            why = "the phone would not take it"
    return Advice(
        f"{path} could not be sent: {why}.",
        ("Run the same command again: what is on the phone already is not sent twice.",),
        ExitCode.SOME_FAILED,
    )


@_says(errors.ArchiveError)
def _archive(error: errors.ArchiveError) -> Advice:
    return Advice(f"Something is wrong with the backup: {plain(str(error))}.", (), ExitCode.ERROR)


@_says(errors.NoArchive)
def _no_archive(error: errors.NoArchive) -> Advice:
    return Advice(
        f"There is no backup in {place(error.path)}.",
        ("Make one:  mtpbackup", "Or say where it is:  --to FOLDER   (to restore:  --from FOLDER)"),
        ExitCode.NO_BACKUP,
    )


@_says(errors.ArchiveBusy)
def _archive_busy(error: errors.ArchiveBusy) -> Advice:
    which = f" (process {error.pid})" if error.pid else ""
    return Advice(
        f"Another mtpbackup is already working in {place(error.path)}{which}.",
        ("Wait until it is done, or stop it.",),
        ExitCode.ANOTHER_RUN,
    )


@_says(errors.OutOfSpace)
def _space(error: errors.OutOfSpace) -> Advice:
    elsewhere = (
        "Use another disk:  mtpbackup backup --to /media/…/USB",
        "Only recent:  mtpbackup backup --since 1y",
    )
    if error.needed is None:
        return Advice(
            f"The disk filled up: {size(error.free)} free in {place(error.path)}.",
            ("What was copied so far is safe. Make room and run the same command: it continues.", *elsewhere),
            ExitCode.NO_SPACE,
        )
    return Advice(
        f"Not enough room: {size(error.needed)} needed, {size(error.free)} free.  Nothing was copied.",
        elsewhere,
        ExitCode.NO_SPACE,
    )


@_says(errors.DestinationUnwritable)
def _unwritable(error: errors.DestinationUnwritable) -> Advice:
    return Advice(
        f"Nothing can be written to {place(error.path)}.",
        ("It may be write-protected or belong to somebody else. Choose another:  --to FOLDER",),
        ExitCode.ERROR,
    )


@_says(errors.DestinationGone)
def _destination_gone(error: errors.DestinationGone) -> Advice:
    return Advice(
        f"The disk with the backup is gone: {place(error.path)}.",
        (
            "Plug it in again and run the same command: it continues where it stopped.",
            "If you deleted that backup on purpose, start a new one there:  mtpbackup backup --new",
        ),
        ExitCode.ERROR,
    )


@_says(errors.FileTooLarge)
def _too_large(error: errors.FileTooLarge) -> Advice:
    return Advice(
        f"{plain(error.path.name)} ({size(error.size)}) is too large for this disk: "
        f"it takes files up to {size(error.limit)}.",
        ("Use a disk formatted as exFAT, NTFS or ext4:  --to FOLDER",),
        ExitCode.SOME_FAILED,
    )


@_says(errors.IntegrityError)
def _integrity(error: errors.IntegrityError) -> Advice:
    what = "is missing or cut off" if error.found is None else "is not what was saved"
    return Advice(
        f"{place(error.path)} {what}.",
        ("If the picture is still on the phone, the next backup copies it again.",),
        ExitCode.DAMAGE_FOUND,
    )


@_says(errors.CatalogUnusable)
def _catalog(error: errors.CatalogUnusable) -> Advice:
    if error.version is not None:
        return Advice(
            f"This backup was made by a newer mtpbackup (format {error.version}).",
            ("Install the newest version, then try again. Nothing was changed.",),
            ExitCode.ERROR,
        )
    return Advice(
        f"The list of what is saved can't be read: {place(error.path)}.",
        ("Your files are not affected. Please keep the file for a bug report.",),
        ExitCode.ERROR,
    )


@_says(KeyboardInterrupt)
def _interrupted(_error: KeyboardInterrupt) -> Advice:
    return Advice("Stopped.", ("Run the same command again to continue.",), ExitCode.INTERRUPTED)
