"""What to tell a person about each error: what happened, what to do next, and the exit code.

Each class of `mtpbackup.errors` has its own entry; a test walks over all of them. Here stand the register of
the entries and those of errors that may come from anywhere; the others are in the modules `about_*`.
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from mtpbackup import errors
from mtpbackup.messages.words import plain


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


def says(kind: type[_E]) -> Callable[[Callable[[_E], Advice]], Callable[[_E], Advice]]:
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


@says(errors.MtpBackupError)
def _base(error: errors.MtpBackupError) -> Advice:
    return Advice(f"Something went wrong: {plain(str(error))}.", (), ExitCode.ERROR)


@says(errors.WireError)
def _wire(error: errors.WireError) -> Advice:
    return Advice(
        "The phone sent an answer that makes no sense.",
        ("Unplug it, plug it in again and try once more.", f"(For a bug report: {plain(str(error))})"),
        ExitCode.ERROR,
    )


@says(errors.RemoteProtocolError)
def _remote(error: errors.RemoteProtocolError) -> Advice:
    return Advice(
        "The phone answered out of turn.",
        ("Unplug it, plug it in again and try once more.", f"(For a bug report: {plain(str(error))})"),
        ExitCode.ERROR,
    )


@says(errors.LocalProtocolError)
def _local(error: errors.LocalProtocolError) -> Advice:
    return Advice(
        "mtpbackup made a mistake in talking to the phone.",
        (f"Please report this: {plain(str(error))}",),
        ExitCode.ERROR,
    )


@says(KeyboardInterrupt)
def _interrupted(_error: KeyboardInterrupt) -> Advice:
    return Advice("Stopped.", ("Run the same command again to continue.",), ExitCode.INTERRUPTED)
