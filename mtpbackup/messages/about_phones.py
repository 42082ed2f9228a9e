"""What to say of what a phone answers, shows, hides, gives and takes."""

from __future__ import annotations

from mtpbackup import errors
from mtpbackup.messages.about_brands import INSTEAD_OF_FILES, how_to_unlock
from mtpbackup.messages.advice import HOW_TO_CONNECT, Advice, ExitCode, says
from mtpbackup.messages.words import listing, plain, size


@says(errors.OperationFailed)
def _operation(error: errors.OperationFailed) -> Advice:
    return Advice(
        f"The phone said no (operation {error.operation:#06x}, answer {error.response:#06x}).",
        ("Unlock its screen. If that doesn't help: unplug it, plug it in again and try once more.",),
        ExitCode.ERROR,
    )


@says(errors.PhoneError)
def _phone(error: errors.PhoneError) -> Advice:
    return Advice(f"Something is wrong with the phone: {plain(str(error))}.", (), ExitCode.ERROR)


@says(errors.OperationUnsupported)
def _unsupported(error: errors.OperationUnsupported) -> Advice:
    return Advice(
        f"This phone can't do what is needed (operation {error.operation:#06x}).",
        ('Check that "File transfer" is chosen on the phone, not "PTP" or "MIDI".',),
        ExitCode.ERROR,
    )


@says(errors.PhoneLocked)
def _locked(error: errors.PhoneLocked) -> Advice:
    name = plain(error.name) or "A phone"
    return Advice(
        f"{name} found, but its screen is locked, so it hides your photos.",
        how_to_unlock(error.vendor_id),
        ExitCode.LOCKED,
    )


@says(errors.NoPhone)
def _no_phone(error: errors.NoPhone) -> Advice:
    if error.wanted:
        return Advice(
            f'No phone called "{plain(error.wanted)}" is plugged in.',
            ("See which ones are:  mtpbackup devices",),
            ExitCode.NO_PHONE,
        )
    return Advice("No phone found.", HOW_TO_CONNECT, ExitCode.NO_PHONE)


@says(errors.OffersNoFiles)
def _no_files(error: errors.OffersNoFiles) -> Advice:
    name = plain(error.name) or "A phone"
    return Advice(
        f"{name} is plugged in, {INSTEAD_OF_FILES.get(error.mode, 'but offers no files')}.",
        how_to_unlock(error.vendor_id),
        ExitCode.LOCKED,
    )


@says(errors.SeveralPhones)
def _several(error: errors.SeveralPhones) -> Advice:
    named = [name for name in error.names if error.names.count(name) == 1]
    how = (
        f'Say which one:  --device "{plain(named[0])}"'
        if named
        else "Unplug all but one: they can't be told apart."
    )
    return Advice(
        f"Several phones are plugged in: {listing(error.names)}.",
        (how,),
        ExitCode.USAGE,
    )


@says(errors.ItemVanished)
def _vanished(error: errors.ItemVanished) -> Advice:
    return Advice(f"{plain(error.path)} is not on the phone.", (), ExitCode.SOME_FAILED)


@says(errors.StorageVanished)
def _storage(error: errors.StorageVanished) -> Advice:
    return Advice(
        f"{plain(error.storage)} went away while it was being read.",
        ("Unlock the phone, or put the card back in, and run the same command: it continues.",),
        ExitCode.LOCKED,
    )


@says(errors.ItemUnreadable)
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


@says(errors.PhoneFull)
def _phone_full(error: errors.PhoneFull) -> Advice:
    room = "" if error.free is None else f", {size(error.free)} free"
    return Advice(
        f"Not enough room on the phone ({plain(error.storage)}): {size(error.needed)} needed{room}.",
        ("Make room on the phone and run the same command: it continues where it stopped.",),
        ExitCode.NO_SPACE,
    )


@says(errors.NameTaken)
def _name_taken(error: errors.NameTaken) -> Advice:
    return Advice(
        f"{plain(error.path)} is on the phone already. Nothing was changed.",
        (),
        ExitCode.SOME_FAILED,
    )


@says(errors.NameRefused)
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


@says(errors.TopRefused)
def _top_refused(error: errors.TopRefused) -> Advice:
    return Advice(
        f"{plain(error.path)} could not be sent: this phone takes files in folders only.",
        ("Send it to one:  mtpbackup restore --into Pictures",),
        ExitCode.SOME_FAILED,
    )


@says(errors.SendFailed)
def _send_failed(error: errors.SendFailed) -> Advice:
    path = plain(error.path)
    match error.reason:
        case errors.SendFailed.Reason.TOO_LARGE:
            return Advice(
                f"{path} is too large for the phone's memory card: it takes files below 4.3 GB.",
                ("Send it to the phone's built-in storage, or format the card on the phone as exFAT.",),
                ExitCode.SOME_FAILED,
            )
        case errors.SendFailed.Reason.READ_ONLY if not path:
            return Advice(
                "This phone takes no files from a computer.",
                ("Put them into a folder of this computer:  mtpbackup restore --to FOLDER",),
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
