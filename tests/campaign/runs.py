"""One backup of a `World`: to its end, interrupted by Ctrl-C at an event, or killed at a step.

A killed run is a process of its own, forked from this one while the phone has no threads. What it saw saved,
and what changed on its phone, it writes into a journal first: after its death that is all that is known.
"""

from __future__ import annotations

import enum
import json
import logging
import os
import random
import signal
import sys
import tempfile
import time
import traceback
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from mtpbackup.archive import Archive
from mtpbackup.engine import reports
from mtpbackup.engine.backup import run_backup
from mtpbackup.engine.options import RunOptions
from mtpbackup.engine.reports import Summary
from mtpbackup.errors import MtpBackupError
from mtpbackup.phone import reading
from tests.campaign.checks import Broken
from tests.campaign.hurry import HurriedFinder, link_to
from tests.campaign.world import Version, World

#: Small, so that small files are read in pieces and continued in their middle.
SMALL = RunOptions(window=2_000, progress_step=1_000, reserve=0)
#: Seconds that a run may take, whatever the phone does.
LONGEST: Final = 60.0
#: What a killed process counts as a step, beside events of the engine.
_AUDITED: Final = frozenset(
    ("open", "os.rename", "os.link", "os.remove", "os.mkdir", "os.utime", "os.truncate")
)


def new_folder(prefix: str) -> Path:
    """A folder for a backup: in memory if there is such a place, for a campaign flushes thousands of files."""
    memory = Path("/dev/shm")
    place = memory if memory.is_dir() and os.access(memory, os.W_OK) else None
    return Path(tempfile.mkdtemp(prefix=prefix, dir=place))


class How(enum.Enum):
    """How a run is to end."""

    BY_ITSELF = "to its end"
    INTERRUPTED = "Ctrl-C"
    KILLED = "SIGKILL"


@dataclass
class Outcome:
    """What is known of a run afterwards.

    Attributes:
        summary: the program's account; None when it raised or was killed.
        error: what it raised.
        saved: files that it said were safe, below the root.
        events: how many there were.
    """

    summary: Summary | None = None
    error: BaseException | None = None
    saved: list[str] = field(default_factory=list)
    events: int = 0

    def __str__(self) -> str:
        if self.summary is not None:
            end = self.summary
            return (
                f"{end.ending.value}: {end.saved.items} saved, {end.safe.items} safe,"
                f" {end.failed.items} failed, {end.left.items} left"
            )
        return "killed" if self.error is None else f"{type(self.error).__name__}: {self.error}"


class read_in_small_pieces:  # noqa: N801 - reads as a statement
    """Lets the program read files of some 10 kB as it reads large ones."""

    def __enter__(self) -> None:
        self._before = (reading.WHOLE_LIMIT, reading.PIECE)
        reading.WHOLE_LIMIT, reading.PIECE = 40_000, 16_384  # type: ignore[misc]

    def __exit__(self, *_: object) -> None:
        reading.WHOLE_LIMIT, reading.PIECE = self._before  # type: ignore[misc]


def back_up(
    world: World,
    root: Path,
    draw: random.Random,
    *,
    stop_at: int | None = None,
    told: Callable[[object], None] = lambda event: None,
    helped: bool = True,
) -> Outcome:
    """A backup in this process.

    Args:
        world: the phone.
        root: the backup.
        draw: for what its owner does.
        stop_at: number of the event at which Ctrl-C is pressed.
        told: hears every event.
        helped: whether the owner does what is asked.

    Raises:
        Broken: the program raised what it must not, its numbers don't add up, or it took too long.
    """
    outcome = Outcome()

    def hear(event: object) -> None:
        outcome.events += 1
        if isinstance(event, reports.ItemSaved):
            outcome.saved.append(event.path)
        told(event)
        if outcome.events == stop_at and not isinstance(event, reports.RunEnded):
            raise KeyboardInterrupt
        if helped:
            world.help(event, draw)

    began = time.monotonic()
    link = None
    finder = HurriedFinder(world)
    try:
        with read_in_small_pieces(), Archive.create_or_open(root) as archive:
            link = link_to(finder, hear)
            outcome.summary = run_backup(link, archive, options=SMALL, report=hear)
    except MtpBackupError as error:
        outcome.error = error
    except KeyboardInterrupt as error:
        if stop_at is None:
            raise
        outcome.error = error
    finally:
        if link is not None:
            link.close()
        finder.close()
    if time.monotonic() - began > LONGEST:
        raise Broken(f"a run took {time.monotonic() - began:.0f} s")
    if outcome.summary is not None and not outcome.summary.adds_up:
        raise Broken(f"does not add up: {outcome.summary}")
    return outcome


# --- killed -----------------------------------------------------------------------------------------------


def back_up_and_be_killed(world: World, root: Path, draw: random.Random, step: int, journal: Path) -> Outcome:
    """A backup in a process that kills itself at a step, if it gets so far.

    What happened to the phone during it is undone: the phone of this process saw nothing of it.
    """
    world.close()
    journal.write_bytes(b"")
    with warnings.catch_warnings():
        # Newer Pythons warn of threads that a fork leaves behind; those of the phone have ended.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        _live_and_die(world, root, draw, step, journal)
    _, status = os.waitpid(child, 0)
    world.plug()
    outcome = Outcome()
    for line in journal.read_text().splitlines():
        entry: dict[str, Any] = json.loads(line)
        if "saved" in entry:
            outcome.saved.append(entry["saved"])
        if "version" in entry:
            World.noted(world, entry["storage"], entry["path"], Version(**entry["version"]))
        if "broken" in entry:
            raise Broken(entry["broken"])
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) != signal.SIGKILL:
        raise Broken(f"the program died of signal {os.WTERMSIG(status)}")
    return outcome


def _live_and_die(world: World, root: Path, draw: random.Random, step: int, journal: Path) -> None:
    """The forked process. Never returns."""
    descriptor = os.open(journal, os.O_WRONLY | os.O_APPEND)
    left = [step]
    really_write, really_sync = os.write, os.fsync

    def note(**entry: object) -> None:
        really_write(descriptor, json.dumps(entry).encode() + b"\n")

    def count(*_: object) -> None:
        left[0] -= 1
        if left[0] <= 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def told(event: object) -> None:
        if isinstance(event, reports.ItemSaved):
            note(saved=event.path)
        count()

    def noted(storage: str, path: str, version: Version) -> None:
        note(
            storage=storage,
            path=path,
            version={"size": version.size, "sha256": version.sha256, "modified": version.modified},
        )

    def sync(file: Any) -> None:
        count()
        really_sync(file)
        count()

    code = 1
    signal.alarm(2 * int(LONGEST))  # or else the one that waits for it would wait for ever
    try:
        logging.disable()
        world.noted = noted  # type: ignore[method-assign]
        os.fsync = sync
        sys.addaudithook(lambda name, _: count() if name in _AUDITED else None)
        world.plug()
        back_up(world, root, draw, told=told)
        code = 0
    except BaseException:
        note(broken=traceback.format_exc())
    finally:
        os._exit(code)
