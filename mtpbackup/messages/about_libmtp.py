"""What to say of libmtp, where a phone is reached through it."""

from __future__ import annotations

from mtpbackup import errors
from mtpbackup.messages.advice import Advice, ExitCode, says
from mtpbackup.messages.words import duration, plain


@says(errors.LibmtpMissing)
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


@says(errors.LibmtpUnsupported)
def _libmtp_unsupported(error: errors.LibmtpUnsupported) -> Advice:
    return Advice(
        f"libmtp {plain(error.version) or '(of this version)'} is not used: mtpbackup doesn't know it.",
        ("It knows 1.1.20 to 1.1.22. Or do without --via libmtp: most phones need it not.",),
        ExitCode.ERROR,
    )


@says(errors.LibmtpFailed)
def _libmtp_failed(error: errors.LibmtpFailed) -> Advice:
    return Advice(
        "libmtp could not do it.",
        (
            "Unlock the phone, unplug it, plug it in again and try once more; or try without --via libmtp.",
            f"(For a bug report: {plain(error.text)})",
        ),
        ExitCode.ERROR,
    )


@says(errors.LibmtpCrashed)
def _libmtp_crashed(error: errors.LibmtpCrashed) -> Advice:
    how = f", signal {error.signal}" if error.signal is not None else ""
    return Advice(
        f"libmtp crashed (at: {plain(error.doing)}{how}). What was saved so far is safe.",
        ("Unplug the phone, plug it in again and try once more; or try without --via libmtp.",),
        ExitCode.ERROR,
    )


@says(errors.LibmtpHung)
def _libmtp_hung(error: errors.LibmtpHung) -> Advice:
    return Advice(
        f"libmtp gave no answer for {duration(error.seconds)} and was stopped (at: {plain(error.doing)}).",
        ("Unplug the phone, plug it in again and try once more; or try without --via libmtp.",),
        ExitCode.ERROR,
    )
