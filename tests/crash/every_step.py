"""Two runs of a backup, disturbed at one step after the other: `python -m tests.crash.every_step FOLDER ...`.

Runs with `steps.so` loaded before the C library. Everything is imported once; each case is a child of this
process that runs the backup and is killed, or meets an error, at its step, and another child that looks at what
it left and goes on. A line of JSON for each case that went wrong, and one at the end.

Two threads write, so the steps of two runs are not always the same: files share a transaction of the catalog or
have two, and a run has 560 steps or 700. A case meets the step that has its number then; with `--kinds` it is
the first step, or the last, of its kind (a call, and the name of the file or folder), and always meets that.
"""

from __future__ import annotations

import argparse
import ctypes
import errno
import hashlib
import json
import os
import random
import select
import shutil
import signal
import sys
import time
import traceback
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path

from mtpbackup.archive import Archive, WriterLimits, sums
from mtpbackup.engine.reports import ItemSaved
from mtpbackup.errors import MtpBackupError
from mtpbackup.virtual import Generated, MemoryStore, VirtualPhone
from tests.crash.bench import Bench

COUNT, KILL, FAIL_ONCE, FAIL_FROM_HERE, FULL_FROM_HERE = range(5)

DATE = datetime(2024, 5, 6, 7, 8, 12)

#: What may be in the state folder when all is done.
OUR_FILES = {
    "archive.json",
    "catalog.sqlite",
    "catalog.sqlite-journal",
    "lock",
    "partial",
    "phones.json",
    "reserve",
}

#: Path, size and seed of what is on the phone, for the first run and for the second.
FIRST = {
    "DCIM/Camera/IMG_0001.jpg": (1_000, 1),
    "DCIM/Camera/IMG_0002.jpg": (2_000, 2),
    "DCIM/Camera/IMG_0003.jpg": (0, 3),
    "DCIM/Camera/VID_0001.mp4": (400_000, 4),
    "Pictures/a.png": (3_000, 5),
    "Pictures/b.png": (4_000, 6),
}
SECOND = {
    **{
        path: about
        for path, about in FIRST.items()
        if path not in ("Pictures/a.png", "DCIM/Camera/IMG_0001.jpg")
    },
    "DCIM/Camera/IMG_0001.jpg": (1_100, 7),  # changed
    "Pictures/Moved/a.png": (3_000, 5),
    "DCIM/Camera/IMG_0004.jpg": (5_000, 8),
}


def sha256(size: int, seed: int) -> str:
    return hashlib.sha256(bytes(Generated(size, seed).read(0, size))).hexdigest()


TRUTH: dict[str, set[str]] = {}
for contents in (FIRST, SECOND):
    for path, about in contents.items():
        TRUTH.setdefault(path, set()).add(sha256(*about))
ALL_ON_THE_PHONE = {sha256(*about) for about in SECOND.values()}


def phone_with(contents: dict[str, tuple[int, int]]) -> VirtualPhone:
    store = MemoryStore("Internal")
    for path, (size, seed) in contents.items():
        store.add(path, Generated(size, seed), (DATE + timedelta(hours=seed)).timestamp())
    return VirtualPhone("pixel", [store], serial="SERIAL-1")


def backed_up(root: Path, contents: dict[str, tuple[int, int]], report=lambda event: None):
    with phone_with(contents) as phone:
        phone.plug()
        bench = Bench(root, phone)
        return bench.run(report=report)


def disturbed(root: Path, told: Path) -> None:
    """Both runs, the second only after an undisturbed first. What is told as saved is noted, outside."""
    with told.open("a", buffering=1) as notes:

        def report(event):
            if isinstance(event, ItemSaved):
                notes.write(json.dumps(event.item.shown_path) + "\n")

        for contents in (FIRST, SECOND):
            try:
                summary = backed_up(root, contents, report)
            except MtpBackupError as error:
                notes.write(f"# {type(error).__name__}: {error}\n")
                return
            if not summary.complete:
                notes.write(f"# {type(summary.error).__name__}: {summary.error}\n")
                return
            notes.write("# complete\n")


def look_and_go_on(root: Path, told: Path) -> None:
    """What must be true of whatever was left, and after the same runs undisturbed."""
    lines = told.read_text().splitlines()
    reported = [json.loads(line) for line in lines if not line.startswith("#")]
    contents = FIRST if "# complete" not in lines else SECOND
    ever: set[str] = set().union(*TRUTH.values())
    with phone_with(contents) as phone:
        phone.plug()
        bench = Bench(root, phone)
        bench.truth = TRUTH
        if (root / ".mtpbackup" / "archive.json").exists():
            assert bench.check_what_is_called_safe() >= len(set(reported)) - 1  # one may have been moved
        before = (
            {hashlib.sha256(data).hexdigest() for data in bench.files().values()} if root.exists() else set()
        )
        for path in reported:
            assert TRUTH[path] & before, path
        assert bench.run().complete
    with phone_with(SECOND) as phone:
        phone.plug()
        bench = Bench(root, phone)
        bench.truth = TRUTH
        assert bench.run().complete
        files = {path: hashlib.sha256(data).hexdigest() for path, data in bench.files().items()}
        found = list(files.values())
        assert ALL_ON_THE_PHONE | (before & ever) <= set(found), "lost"
        assert set(found) <= ever, "a stranger"
        assert len(found) == len(set(found)), "doubled"
        assert bench.check_what_is_called_safe() == len(found)
        assert bench.verify().sound
        assert bench.run().nothing_new
        assert bench.parts() == []
        ours = {path.name for path in (root / ".mtpbackup").iterdir()}
        assert ours <= OUR_FILES, ours
        assert sums.read_sums(root / "SHA256SUMS") == files


def in_a_child(deed, seconds: float = 0.0) -> str:
    """Runs it in a child, and kills it after so many seconds, if any.

    Returns:
        "", "killed", or a traceback.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        code = 0
        try:
            deed()
        except BaseException:
            code = 1
            os.write(writing, traceback.format_exc().encode()[-4000:])
        os._exit(code)
    os.close(writing)
    if seconds:
        # An ended child stays a zombie until it is waited for: its number is no other's yet.
        select.select([reading], [], [], seconds)
        os.kill(child, signal.SIGKILL)
    with os.fdopen(reading, "rb") as pipe:
        said = pipe.read().decode()
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return "killed" if os.WTERMSIG(status) == signal.SIGKILL else f"signal {os.WTERMSIG(status)}"
    return said


def distinct(log: list[str]) -> list[int]:
    """The steps without the middle of each row of writes: SQLite fills its journal in many."""
    names = ["", *(line.split()[1] for line in log), ""]
    return [
        number
        for number in range(1, len(names) - 1)
        if names[number] != "pwrite64" or names[number - 1] != "pwrite64" or names[number + 1] != "pwrite64"
    ]


def of_each_kind(log: list[str]) -> list[tuple[str, int]]:
    """Kind and number among its like: the first of each kind, then the last; always in the same order."""
    counts = Counter(line.split(" ", 1)[1] for line in log)
    last = [(kind, count) for kind, count in sorted(counts.items()) if count > 1]
    return [(kind, 1) for kind in sorted(counts)] + last


def main() -> int:
    """Reads the command line; disturbs, and looks."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--mode", type=int, default=KILL)
    parser.add_argument("--errno", default="EIO")
    parser.add_argument("--first", type=int, default=0, help="of the chosen steps, from 0")
    parser.add_argument("--stride", type=int, default=1)
    parser.add_argument("--distinct", action="store_true", help="without the middle of rows of writes")
    parser.add_argument("--kinds", action="store_true", help="the first and the last step of each kind")
    parser.add_argument(
        "--at-random", type=int, default=0, metavar="N", help="kill N times by the clock instead"
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--log", action="store_true", help="only lists the steps")
    given = parser.parse_args()
    steps = ctypes.CDLL(None)
    real_writer = Archive.writer
    limits = WriterLimits(flush_every=100_000, batch_files=3, linger=0.0)
    Archive.writer = lambda self, _=None: real_writer(self, limits)

    def run(root: Path, told: Path, mode: int, step: int, kind: str = "", descriptor: int = -1):
        code = getattr(errno, given.errno)
        steps.steps_arm(os.fsencode(root), mode, ctypes.c_long(step), code, descriptor, kind.encode())
        disturbed(root, told)

    def fresh(name: str) -> tuple[Path, Path]:
        root, told = given.folder / name, given.folder / f"{name}.told"
        shutil.rmtree(root, ignore_errors=True)
        told.write_text("")
        return root, told

    root, told = fresh("undisturbed")
    log = given.folder / "steps.log"
    began = time.monotonic()
    with log.open("wb", buffering=0) as file:
        ended = in_a_child(lambda: run(root, told, COUNT, 0, descriptor=file.fileno()))
    took = time.monotonic() - began
    assert ended == "", ended
    lines = log.read_text().splitlines()
    if given.log:
        print(*lines, sep="\n")
        return 0
    chosen = distinct(lines) if given.distinct else list(range(1, len(lines) + 1))
    cases = [("", step, 0.0) for step in chosen[given.first :: given.stride]]
    if given.kinds:
        cases = [(*one, 0.0) for one in of_each_kind(lines)[given.first :: given.stride]]
    if given.at_random:
        chance = random.Random(given.seed)
        cases = [("", 0, chance.uniform(0.01, took)) for _ in range(given.at_random)]
    killed = wrongs = 0
    for kind, step, seconds in cases:
        root, told = fresh("case")
        mode = given.mode if step else COUNT
        ended = in_a_child(lambda: run(root, told, mode, step, kind), seconds)  # noqa: B023 - called at once
        killed += ended == "killed"
        wrong = "" if ended in ("", "killed") else ended
        wrong = wrong or in_a_child(lambda: look_and_go_on(root, told))  # noqa: B023
        if wrong:
            wrongs += 1
            about = {"step": step, "kind": kind, "seconds": seconds, "told": told.read_text(), "wrong": wrong}
            print(json.dumps(about), flush=True)
            shutil.copytree(root, given.folder / f"wrong-{wrongs}", dirs_exist_ok=True)
    print(json.dumps({"steps": len(lines), "cases": len(cases), "killed": killed, "wrong": wrongs}))
    return int(wrongs > 0)


if __name__ == "__main__":
    sys.exit(main())
