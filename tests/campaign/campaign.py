"""One campaign, drawn from a seed: a phone is filled, backed up, changed, and nothing of it is easy.

Afterwards all is calm: one undisturbed run has to make everything safe, and the next must find nothing to do.
"""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from mtpbackup.archive import Archive
from mtpbackup.engine.verification import verify_archive
from mtpbackup.virtual.mishaps import Script
from tests.campaign.checks import (
    Broken,
    check_covered,
    check_kept,
    check_sums,
    check_tidy,
    check_truth,
    read_backup,
)
from tests.campaign.runs import How, Outcome, back_up, back_up_and_be_killed, new_folder
from tests.campaign.world import World, add_some, change


@dataclass
class Story:
    """What happened in a campaign, to be told when it failed.

    Attributes:
        seed: it was drawn from.
        lines: what happened.
        runs, kills, faults: how many.
        files: called safe at the end.
    """

    seed: int
    lines: list[str] = field(default_factory=list)
    runs: int = 0
    kills: int = 0
    faults: int = 0
    files: int = 0

    def tell(self, line: str) -> None:
        """Adds a line."""
        self.lines.append(line)


class Campaign:
    """A phone, a backup, and what was safe so far."""

    def __init__(self, seed: int, root: Path) -> None:
        self.story = Story(seed)
        self.root = root / "Phone backup"
        self._journal = root / "journal"
        self._draw = random.Random(f"campaign {seed}")
        self._safe: set[str] = set()
        self.world = World(packet_size=self._draw.choice((64, 512, 512, 1024)))

    def go(self) -> Story:
        """All of it.

        Raises:
            Broken: something that must be true is not.
        """
        draw, world = self._draw, self.world
        try:
            for _ in range(draw.randint(1, 4)):
                self.story.tell(add_some(world, draw, draw.randrange(2)))
            world.plug()
            for _ in range(draw.randint(2, 5)):
                self._disturbed()
                for _ in range(draw.randrange(4)):
                    self.story.tell(change(world, draw))
            self._calm()
        finally:
            world.close()
        return self.story

    def _disturbed(self) -> None:
        draw, world = self._draw, self.world
        script = Script.drawn(draw, draw.choice((0, 1, 1, 2, 3, 5)))
        how = draw.choice((How.BY_ITSELF, How.BY_ITSELF, How.BY_ITSELF, How.INTERRUPTED, How.KILLED))
        step = draw.randrange(1, draw.choice((20, 100, 400)))
        self.story.tell(f"run {how.value} ({step}): {script}")
        script.arm(world)
        if how is How.KILLED:
            outcome = back_up_and_be_killed(world, self.root, draw, step, self._journal)
            self.story.kills += 1
        else:
            outcome = back_up(world, self.root, draw, stop_at=step if how is How.INTERRUPTED else None)
        self.story.faults += len(world.faults.struck)
        self._ended(outcome)
        world.calm()

    def _calm(self) -> None:
        """Two undisturbed runs and a verification."""
        world = self.world
        world.calm()
        world.patient = True
        first = back_up(world, self.root, self._draw)
        self._ended(first)
        if first.summary is None or not first.summary.complete:
            raise Broken(f"an undisturbed run is not complete: {first} {first.summary}")
        items = read_backup(self.root)
        check_covered(items, world.present())
        check_tidy(self.root, items, world.history)
        world.log.clear()
        second = back_up(world, self.root, self._draw)
        self._ended(second)
        if second.summary is None or not second.summary.nothing_new or second.summary.read:
            raise Broken(f"something was left to do: {second}")
        with Archive.open(self.root) as archive:
            proof = verify_archive(archive)
        if proof.damaged:
            raise Broken(f"verify: {proof}")
        self.story.files = len(items)

    def _ended(self, outcome: Outcome) -> None:
        self.story.runs += 1
        self.story.tell(f"  {outcome}")
        items = read_backup(self.root)
        there = {item.path for item in items}
        if not there.issuperset(outcome.saved):
            raise Broken(f"falsely safe: told of {set(outcome.saved) - there}")
        check_truth(items, self.world.history)
        check_kept(items, self._safe)
        if outcome.summary is not None:
            check_sums(self.root)
        self._safe |= {item.sha256 for item in items}


def run_campaign(seed: int) -> Story:
    """One campaign in a temporary folder.

    Raises:
        Failed: it did not go well.
    """
    root = new_folder("campaign-")
    campaign = Campaign(seed, root)
    try:
        return campaign.go()
    except Exception as error:
        raise Failed(campaign.story, error) from error
    finally:
        shutil.rmtree(root, ignore_errors=True)


class Failed(Exception):
    """A campaign that did not go well.

    Attributes:
        story: what happened.
        error: what is wrong.
    """

    def __init__(self, story: Story, error: Exception) -> None:
        super().__init__(f"campaign {story.seed}: {type(error).__name__}: {error}")
        self.story = story
        self.error = error


def run_many(seeds: range, report: Callable[[Story | Failed], None]) -> list[Failed]:
    """Campaigns one after the other; those that failed."""
    failed = []
    for seed in seeds:
        try:
            story = run_campaign(seed)
        except Failed as failure:
            failed.append(failure)
            report(failure)
        else:
            report(story)
    return failed
