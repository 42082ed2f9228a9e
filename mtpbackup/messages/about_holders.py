"""What people call the programs that hold their phones."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from mtpbackup.messages.words import plain

_FILES: Final = "the Files app"
_DOLPHIN: Final = "KDE's file manager"

#: This program's own process name.
OURSELVES: Final = "mtpbackup"

#: Process names -> what stands on the screen. gvfs's daemons; KDE's kiod; programs one may have started.
_NAMES: Final = {
    "gvfsd-mtp": _FILES,
    "gvfsd-gphoto2": _FILES,
    "gvfs-mtp-volume-monitor": _FILES,
    "gvfs-gphoto2-volume-monitor": _FILES,
    "kiod5": _DOLPHIN,
    "kiod6": _DOLPHIN,
    "aft-mtp-mount": "Android File Transfer",
    "android-file-transfer": "Android File Transfer",
    "gphoto2": "gPhoto",
}


def programs(names: Iterable[str]) -> list[str]:
    """Programs by the names that a person knows, each once, for the middle of a sentence."""
    return sorted({program(name) for name in names})


def program(name: str) -> str:
    """One program's name for the middle of a sentence."""
    return _NAMES.get(name) or plain(name)


def asking(name: str) -> str:
    """While a program is asked to let go. PRODUCT.md section 2."""
    who = program(name)
    return f"{who[:1].upper()}{who[1:]} is using the phone.  Asking it to let go…"


def let_go() -> str:
    """When it has."""
    return "It let go."


def refused(name: str) -> str:
    """When it has not."""
    who = program(name)
    return f"{who[:1].upper()}{who[1:]} doesn't let go: is it copying something?"


def not_given_back(name: str) -> str:
    """When the phone could not be given back to it."""
    return f"To see the phone in {program(name)} again, plug it in once more."
