"""Events of a verification, and its summary."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from pathlib import Path

from mtpbackup.engine.reports.counts import Count


class Damage(enum.Enum):
    """What is wrong with a file of the backup."""

    MISSING = "missing"
    #: Its length or content is not what was recorded.
    CHANGED = "changed"
    #: The disk would not give its content.
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class VerifyStarted:
    """Verification begins.

    Attributes:
        total: files that the catalog calls safe.
    """

    total: Count


@dataclass(frozen=True, slots=True)
class FileChecked:
    """One file was read from disk, or could not be.

    Attributes:
        path: relative to the backup's root.
        done, total: files and bytes so far, and in all.
        damage: None when the file is what the catalog says.
    """

    path: str
    done: Count
    total: Count
    damage: Damage | None = None


@dataclass(frozen=True, slots=True)
class VerifyProgress:
    """A large file is being read.

    Attributes:
        path: relative to the backup's root.
        done, total: files and bytes so far, and in all.
    """

    path: str
    done: Count
    total: Count


@dataclass(frozen=True, slots=True)
class DamagedFile:
    """A file that is not what the catalog says.

    Attributes:
        path: relative to the backup's root.
        damage: what is wrong.
        detail: facts for a developer.
    """

    path: str
    damage: Damage
    detail: str = ""


@dataclass(frozen=True, slots=True)
class VerifySummary:
    """What a verification found.

    Attributes:
        root: the backup.
        total: files that the catalog calls safe.
        good: files read from disk and found to be what the catalog says.
        damaged: the others that were looked at.
        leftovers: unfinished files of interrupted runs; no harm, the next run continues them.
        interrupted: True when Ctrl-C ended it.
    """

    root: Path
    total: Count
    good: Count
    damaged: tuple[DamagedFile, ...] = ()
    leftovers: int = 0
    interrupted: bool = False

    @property
    def adds_up(self) -> bool:
        """True when every file is either good or damaged (an interrupted check never adds up)."""
        return self.good.items + len(self.damaged) == self.total.items

    @property
    def sound(self) -> bool:
        """True when every file of the backup was read and is right."""
        return self.adds_up and not self.damaged and not self.interrupted


@dataclass(frozen=True, slots=True)
class VerifyEnded:
    """The last event of a verification.

    Attributes:
        summary: what `verify_archive` is going to return.
    """

    summary: VerifySummary


@dataclass(frozen=True, slots=True)
class RebuildSummary:
    """What a rebuilding of the catalog found.

    Attributes:
        root: the backup.
        archive_id: its identity, new if that was lost too.
        good: files whose content is what was recorded when they were saved.
        unrecorded: files taken as they are, because nothing was recorded of any file of their phone.
        left_out: files of which nothing was recorded, unlike others of their phone; the next backup compares
            them with the phone.
        damaged: files with another content than recorded, and files that were recorded and are not there.
        set_aside: where the old catalog is now, below the root; empty where there was none.
    """

    root: Path
    archive_id: str
    good: Count
    unrecorded: Count
    left_out: Count
    damaged: tuple[DamagedFile, ...]
    set_aside: str
