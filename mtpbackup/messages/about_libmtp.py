"""What to say of libmtp, where a phone is reached through it."""

from __future__ import annotations

import shlex
import sys
from typing import Final

from mtpbackup import errors
from mtpbackup.messages.advice import Advice, ExitCode, says
from mtpbackup.messages.words import duration, plain

#: With the Python that runs this program: another one's pip would put it where it is not found.
_PYMTP: Final = shlex.join([sys.executable, "-m", "pip", "install", "pymtp==0.0.6"])


@says(errors.LibmtpMissing)
def _libmtp_missing(error: errors.LibmtpMissing) -> Advice:
    how = {
        "pymtp": f"Install it:  {_PYMTP}",
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


@says(errors.LibmtpMismatch)
def _libmtp_mismatch(error: errors.LibmtpMismatch) -> Advice:
    return Advice(
        f"libmtp is not used: its data has another shape here than mtpbackup knows ({plain(error.structure)}).",
        (
            "It knows libmtp 1.1.20 to 1.1.22 as Linux systems bring it, by way of pymtp 0.0.6:",
            _PYMTP,
            "Or do without --via libmtp: most phones need it not.",
        ),
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
