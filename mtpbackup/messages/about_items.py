"""What to say of a single file that was not saved: why, in a few words for the middle of a line."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from mtpbackup.errors import Failure

#: By the failure's kind; whatever else it is, the phone would not give it.
_BECAUSE: Final[Mapping[str, str]] = MappingProxyType(
    {
        "ArchiveError": "this computer's disk would not take it",
        "FileTooLarge": "too large for this disk",
        "FolderLoop": "a folder without an end",
        "ItemVanished": "no longer on the phone",
        "PhoneGone": "the phone went away each time",
        "StorageVanished": "the phone doesn't show its storage any more",
    }
)
_UNREADABLE: Final = "could not be read on the phone"


def why_not_saved(failure: Failure) -> str:
    """Why a file was not saved."""
    return _BECAUSE.get(failure.kind, _UNREADABLE)
