"""A phone and its backup as a state machine, driven by Hypothesis: changes, faults and runs in any order.

What must be true is checked after each step; at the end all is calm, one run makes everything safe, and the
next has nothing to do. `MTPBACKUP_STATES=long` in the environment makes 600 examples of up to 30 steps, others
each time: some ten minutes, a second for each example with its nine backups.
"""

from __future__ import annotations

import os
import random
import shutil

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from mtpbackup.archive import Archive
from mtpbackup.engine.verification import verify_archive
from mtpbackup.virtual import Generated
from mtpbackup.virtual.mishaps import MISHAPS, Script
from tests.campaign.checks import check_covered, check_kept, check_tidy, check_truth, read_backup
from tests.campaign.runs import Outcome, back_up, back_up_and_be_killed, new_folder
from tests.campaign.world import BASE, FOLDERS, World

LONG = os.environ.get("MTPBACKUP_STATES") == "long"
#: Sizes at which packets, pieces and windows end.
SIZES = st.sampled_from((0, 1, 500, 512, 1012, 2_000, 4_084, 16_384, 40_000, 40_001, 70_000))
STORAGES = st.integers(0, 1)
PICK = st.integers(0, 1 << 16)


class PhoneAndBackup(RuleBasedStateMachine):
    """The phone, its backup, and what has to be true of both."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = new_folder("states-")
        self.root = self.folder / "backup"
        self.world = World()
        self.draw = random.Random(0)
        self.safe: set[str] = set()
        self.named = 0
        self.ran = True

    def teardown(self) -> None:
        try:
            self.all_is_calm()
        finally:
            self.world.close()
            shutil.rmtree(self.folder, ignore_errors=True)

    @initialize(folder=st.sampled_from(FOLDERS), sizes=st.lists(SIZES, min_size=1, max_size=5))
    def begin(self, folder: str, sizes: list[int]) -> None:
        for size in sizes:
            self.add(folder, size, 0)
        self.world.plug()

    # --- what happens on the phone ------------------------------------------------------------------------

    def _moment(self) -> float:
        """A date that no other file has, by no multiple of a quarter of an hour."""
        self.named += 1
        return BASE + 900 * self.named + (self.named * 7) % 887

    def _any(self, pick: int) -> tuple[int, str] | None:
        """One of the files, if there are any.

        Not as a precondition: which files are there may hang on which of two threads was quicker, and then
        Hypothesis could not do the same again.
        """
        files = [(storage, path) for storage, path, _ in self.world.files()]
        return files[pick % len(files)] if files else None

    @rule(folder=st.sampled_from(FOLDERS), size=SIZES, storage=STORAGES)
    def add(self, folder: str, size: int, storage: int) -> None:
        moment = self._moment()
        storage = min(storage, len(self.world.stores()) - 1)
        path = f"{folder}/P{self.named}.jpg".strip("/")
        self.world.add_file(path, Generated(size, self.named), moment, storage)

    @rule(pick=PICK)
    def delete(self, pick: int) -> None:
        if (place := self._any(pick)) is None:
            return
        storage, path = place
        self.world.remove(path, storage)

    @rule(pick=PICK)
    def rename(self, pick: int) -> None:
        if (place := self._any(pick)) is None:
            return
        storage, path = place
        self.named += 1
        self.world.rename(path, f"R{self.named}.jpg", storage)

    @rule(pick=PICK, folder=st.sampled_from(FOLDERS))
    def move(self, pick: int, folder: str) -> None:
        if (place := self._any(pick)) is None:
            return
        storage, path = place
        if path.rpartition("/")[0] != folder:
            self.world.move(path, folder, storage)

    @rule(pick=PICK)
    def touch(self, pick: int) -> None:
        if (place := self._any(pick)) is None:
            return
        storage, path = place
        self.world.touch(path, self._moment(), storage)

    @rule(pick=PICK, more=st.integers(1, 9_000))
    def write_anew(self, pick: int, more: int) -> None:
        if (place := self._any(pick)) is None:
            return
        storage, path = place
        store = self.world.stores()[storage]
        largest = max(version.size for version in self.world.history[store.description, path])
        self.world.add_file(path, Generated(largest + more, self.named), self._moment(), storage)

    @rule()
    def lock(self) -> None:
        self.world.lock()

    @rule(reattach=st.booleans())
    def unlock(self, reattach: bool) -> None:
        self.world.unlock(reattach=reattach)

    @rule()
    def replug(self) -> None:
        self.world.replug()

    @rule(name=st.sampled_from(sorted(MISHAPS)), seed=st.integers(0, (1 << 32) - 1))
    def fault(self, name: str, seed: int) -> None:
        Script(((name, seed),)).arm(self.world)

    # --- what the program does ----------------------------------------------------------------------------

    def _ended(self, outcome: Outcome) -> None:
        self.world.faults.clear()
        items = read_backup(self.root)
        assert {item.path for item in items}.issuperset(outcome.saved), "told, and not noted"
        check_truth(items, self.world.history)
        check_kept(items, self.safe)
        self.safe |= {item.sha256 for item in items}

    @rule()
    def backup(self) -> None:
        self._ended(back_up(self.world, self.root, self.draw))

    @rule(event=st.integers(1, 60))
    def interrupted_backup(self, event: int) -> None:
        self._ended(back_up(self.world, self.root, self.draw, stop_at=event))

    @rule(step=st.integers(1, 300))
    def killed_backup(self, step: int) -> None:
        journal = self.folder / "journal"
        self._ended(back_up_and_be_killed(self.world, self.root, self.draw, step, journal))

    @rule()
    def verify(self) -> None:
        if self.safe:
            with Archive.open(self.root) as archive:
                assert not verify_archive(archive).damaged

    @invariant()
    def nothing_is_lost(self) -> None:
        assert self.safe <= {item.sha256 for item in read_backup(self.root)}

    def all_is_calm(self) -> None:
        world = self.world
        world.calm()
        world.patient = True
        first = back_up(world, self.root, self.draw)
        self._ended(first)
        assert first.summary is not None and first.summary.complete, first
        items = read_backup(self.root)
        check_covered(items, world.present())
        check_tidy(self.root, items, world.history)
        last = back_up(world, self.root, self.draw)
        self._ended(last)
        assert last.summary is not None and last.summary.nothing_new and not last.summary.read, last


PhoneAndBackup.TestCase.settings = settings(
    max_examples=600 if LONG else 12,
    stateful_step_count=30 if LONG else 10,
    deadline=None,
    derandomize=not LONG,
    suppress_health_check=list(HealthCheck),
)
TestPhoneAndBackup = PhoneAndBackup.TestCase
