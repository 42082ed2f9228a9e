"""A hard life by chance: cables, responder, program and files of a phone that we did not write, all at once.

The seed decides. More of it: run-tests tests/vm/test_campaign.py --campaign-rounds 40 --campaign-seed 7
"""

from __future__ import annotations

import hashlib
import os
import random
import time
from pathlib import Path

import pytest

from tests.crash.bench import Bench
from tests.vm import content
from tests.vm.program import arrived

#: Exit codes that a disturbed run may have: done, some failed, no phone, locked, no rights, busy, unplugged,
#: stopped; 1 where the phone answers nonsense.
_ALLOWED = {0, 1, 3, 20, 21, 22, 23, 25, 130}

_VIDEO = 24_000_000


class Phone:
    """What is on the phone, and what ever was."""

    def __init__(self, phone, chance: random.Random) -> None:
        self.phone = phone
        self.files: Path = phone.files
        self.truth: dict[str, set[str]] = {}
        self._chance = chance
        self._number = 0
        for _ in range(12):
            self._add()
        self._write("DCIM/Camera/VID_0001.mp4", _VIDEO)

    def _write(self, path: str, size: int) -> None:
        self._number += 1
        content.write_file(self.files / path, size, content.A_DAY + self._number)
        # Contents go by the file's name: another version needs other bytes.
        with (self.files / path).open("r+b") as file:
            file.write(self._number.to_bytes(8, "big")[:size])
        content_hash = hashlib.sha256((self.files / path).read_bytes()).hexdigest()
        self.truth.setdefault(path, set()).add(content_hash)
        when = content.A_DAY + self._number
        os.utime(self.files / path, (when, when))

    def _add(self) -> None:
        folder = self._chance.choice(["DCIM/Camera", "DCIM/Trips", "Pictures"])
        size = self._chance.choice([0, 1, 500, 512, 4_000, 70_000, 700_000])
        self._write(f"{folder}/IMG_{self._number:05}.jpg", size)

    def change(self) -> None:
        """Something is taken, deleted, edited or renamed."""
        photos = sorted(self.files.rglob("*.jpg"))
        for _ in range(self._chance.randrange(4)):
            match self._chance.choice(["add", "add", "delete", "edit", "rename", "video"]):
                case "add":
                    self._add()
                case "delete" if len(photos) > 5:
                    photos.pop(self._chance.randrange(len(photos))).unlink()
                case "edit":
                    path = self._chance.choice(photos)
                    self._write(path.relative_to(self.files).as_posix(), self._chance.randrange(1, 9_000))
                case "rename":
                    old = photos.pop(self._chance.randrange(len(photos)))
                    new = old.with_name(f"IMG_new_{self._number:05}.jpg")
                    self._number += 1
                    hashes = self.truth[old.relative_to(self.files).as_posix()]
                    old.rename(new)
                    self.truth.setdefault(new.relative_to(self.files).as_posix(), set()).update(hashes)
                case "video":
                    self._write("DCIM/Camera/VID_0001.mp4", _VIDEO + self._number)


class Campaign:
    """One phone and one backup, disturbed."""

    def __init__(self, phone: Phone, destination: Path, started, chance: random.Random) -> None:
        self._phone, self._destination, self._started, self._chance = phone, destination, started, chance
        self.log: list[str] = []

    def round(self) -> None:
        """A run with one disturbance in it; what it then calls safe must be so."""
        self._phone.change()
        self._phone.phone.plug()
        what = self._chance.choice(
            ["pull", "pull and plug", "unplug and plug", "responder", "kill", "interrupt", "nothing"]
        )
        patience = "30" if "plug" in what.split()[-1:] or what == "responder" else "0"
        run = self._started("backup", "--to", self._destination, "--json", "--wait", patience)
        self._wait_for_a_moment(run)
        match what:
            case "pull":
                self._phone.phone.pull()
            case "pull and plug":
                self._phone.phone.pull()
                self._phone.phone.unplug()
                self._phone.phone.plug()
            case "unplug and plug":
                self._phone.phone.unplug()
                self._phone.phone.plug()
            case "responder":
                self._phone.phone.stop()
                self._phone.phone.unplug()
                self._phone.phone.plug()
            case "kill":
                run.kill()
            case "interrupt":
                run.interrupt()
        if what != "kill":
            outcome = run.end(120)
            self.log.append(f"{what}: {outcome.code}")
            assert outcome.code in _ALLOWED, f"{self.log}\n{outcome}"
            if outcome.facts and outcome.facts[-1]["message_type"] == "summary":
                assert outcome.summary["adds_up"], outcome
        else:
            self.log.append(what)
        self._phone.phone.unplug()
        self.look()

    def _wait_for_a_moment(self, run) -> None:
        """Until it has begun to copy, or ended; and some time more."""
        bytes_first = self._chance.choice([0, 1, 5_000_000, 15_000_000])
        deadline = time.monotonic() + 40
        while time.monotonic() < deadline:
            begun = any(fact.get("event") == "file_started" for fact in list(run.facts))
            ended = run.facts and run.facts[-1]["message_type"] in ("summary", "error")
            if ended or (begun and arrived(self._destination) >= bytes_first) or bytes_first == 0:
                break
            time.sleep(0.02)
        time.sleep(self._chance.uniform(0, 0.5))

    def look(self) -> int:
        """Nothing is falsely called safe."""
        if not (self._destination / ".mtpbackup/archive.json").exists():
            return 0
        bench = Bench(self._destination, None)
        bench.truth = self._phone.truth
        try:
            return bench.check_what_is_called_safe()
        except AssertionError as error:
            raise AssertionError(f"{self.log}: {error}") from error


@pytest.mark.shows(
    "cables, responder, program and files at once",
    sees="each run says how it ended; a last one completes, and nothing was lost",
)
def test_nothing_is_lost_and_nothing_is_falsely_safe(request, umtp_phone, destination, started, mtpbackup):
    seed = request.config.getoption("--campaign-seed")
    chance = random.Random(seed)
    phone = Phone(umtp_phone(), chance)
    campaign = Campaign(phone, destination, started, chance)
    for _ in range(request.config.getoption("--campaign-rounds")):
        campaign.round()
    phone.phone.plug()
    final = mtpbackup("backup", "--to", destination, "--json")
    assert final.code == 0, f"seed {seed}, {campaign.log}\n{final}"
    safe = campaign.look()
    again = mtpbackup("backup", "--to", destination, "--json")
    assert again.code == 0, again
    assert again.summary["saved"]["files"] == 0
    checked = mtpbackup("verify", "--to", destination, "--json")
    assert checked.code == 0, checked
    saved = {hashlib.sha256(path.read_bytes()).hexdigest() for path in destination.rglob("*") if path.is_file()}
    there = {path for path in phone.files.rglob("*") if path.is_file()}
    lost = [path for path in there if hashlib.sha256(path.read_bytes()).hexdigest() not in saved]
    assert not lost, f"seed {seed}, {campaign.log}"
    print(f"campaign: seed {seed}, {len(campaign.log)} rounds, {safe} files safe, 0 lost: {campaign.log}")
