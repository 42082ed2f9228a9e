"""How a restore is made: what is wanted, and where it goes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from mtpbackup.engine.restore.selection import RestoreSelection

MIB: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class RestoreOptions:
    """How a restore is made. A person sees all but the last five.

    Attributes:
        selection: what is wanted of the backup.
        into: a folder on the target, perhaps with the label of a storage before it; empty: where it was.
        missing_only: leave out what is anywhere on the phone, by whatever path.
        even_if_damaged: send files whose content is not what was recorded.
        verify: read everything back, not only a sample.
        tries: how often a file is tried before it is reported as failed.
        progress_step: bytes between two `RestoreProgress` events.
        proof_every: files sent into one folder before it is listed to see that they are there.
        listing_age: seconds after which a folder's listing is not relied upon for a name being free.
        continue_from: bytes from which on a file is rather continued than sent anew, where both is possible.
    """

    selection: RestoreSelection = field(default_factory=RestoreSelection)
    into: str = ""
    missing_only: bool = False
    even_if_damaged: bool = False
    verify: bool = False
    tries: int = 3
    progress_step: int = MIB
    proof_every: int = 1000
    listing_age: float = 120.0
    continue_from: int = 64 * MIB
