"""How a backup is made: the settings of a run, and which of them a person sees."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from mtpbackup.engine.selection import Selection

MIB: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class RunOptions:
    """How a backup is made. A person sees `selection` and `layout`; the rest is for tests and odd phones.

    Attributes:
        selection: what is wanted of the phone.
        layout: where files go, a value of `mtpbackup.archive.Layout`: "as-on-phone", "by-month".
        tries: how often an item is tried before it is reported as failed.
        window: bytes at the end of an unfinished file that are read again from the phone and compared before
            the rest is fetched.
        progress_step: bytes between two `Progress` events.
        reserve: bytes that must stay free on the destination.
    """

    selection: Selection = field(default_factory=Selection)
    layout: str = "as-on-phone"
    tries: int = 3
    window: int = MIB
    progress_step: int = MIB
    reserve: int = 32 * MIB
