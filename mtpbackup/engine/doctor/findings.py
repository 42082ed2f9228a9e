"""What an examination finds: facts with a verdict. The words for them: `mtpbackup.messages.about_doctor`."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field

from mtpbackup.udev import Access, Installed


class Level(enum.IntEnum):
    """How bad it is."""

    GOOD = 0
    #: It works, and could be better.
    HINT = 1
    PROBLEM = 2


class Check(enum.Enum):
    """What was looked at, from the cable up."""

    LIBRARY = "library"
    CABLE = "cable"
    MODE = "mode"
    SPEED = "speed"
    PERMISSION = "permission"
    HOLDER = "holder"
    ANSWER = "answer"
    STORAGES = "storages"
    LISTING = "listing"
    READING = "reading"
    DESTINATION = "destination"
    ROOM = "room"


class Verdict(enum.Enum):
    """What was found. Each has words of its own."""

    LIBRARY_THERE = "library_there"
    LIBRARY_MISSING = "library_missing"
    PLUGGED_IN = "plugged_in"
    NOTHING_PLUGGED_IN = "nothing_plugged_in"
    OFFERS_FILES = "offers_files"
    #: The camera mode (PTP): pictures of the camera only.
    OFFERS_PHOTOS = "offers_photos"
    ONLY_CHARGING = "only_charging"
    ONLY_DEBUGGING = "only_debugging"
    ONLY_TETHERING = "only_tethering"
    ONLY_MIDI = "only_midi"
    FAST = "fast"
    #: High speed, where phone and computer could do more.
    COULD_BE_FASTER = "could_be_faster"
    #: Full speed: 12 Mbit/s.
    VERY_SLOW = "very_slow"
    ALLOWED = "allowed"
    NOT_ALLOWED = "not_allowed"
    FREE = "free"
    HELD = "held"
    ANSWERS = "answers"
    NO_ANSWER = "no_answer"
    LEFT = "left"
    SHOWS_STORAGES = "shows_storages"
    LOCKED = "locked"
    LISTS = "lists"
    CANNOT_LIST = "cannot_list"
    READS = "reads"
    READS_SLOWLY = "reads_slowly"
    NOTHING_TO_READ = "nothing_to_read"
    CANNOT_READ = "cannot_read"
    HAS_BACKUP = "has_backup"
    NEW_BACKUP = "new_backup"
    DISK_GONE = "disk_gone"
    NOT_WRITABLE = "not_writable"
    ENOUGH_ROOM = "enough_room"
    LITTLE_ROOM = "little_room"
    NO_ROOM = "no_room"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at, and what was found.

    Attributes:
        check: what was looked at.
        level: how bad it is.
        verdict: what was found.
        phone: name of the phone that it is about, or empty.
        details: facts for the words and for `--json`, by name; values are those of JSON.
        evidence: who may use the phone and whether our rules are there, where that is the problem.
    """

    check: Check
    level: Level
    verdict: Verdict
    phone: str = ""
    details: Mapping[str, object] = field(default_factory=dict)
    evidence: tuple[Access, Installed] | None = None

    def as_dict(self) -> dict[str, object]:
        """As JSON has it."""
        return {
            "check": self.check.value,
            "level": self.level.name.lower(),
            "verdict": self.verdict.value,
            "phone": self.phone,
            **self.details,
        }
