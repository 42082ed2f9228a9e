"""Killed, out of room, or an error of the disk at any step: nothing is lost, nothing is falsely called safe.

Some of the steps; `scripts/crashes` goes through all of them.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

SOURCE = Path(__file__).with_name("steps.c")

pytestmark = pytest.mark.skipif(shutil.which("cc") is None, reason="needs a C compiler (Debian: gcc)")


@pytest.fixture(scope="module")
def steps_library(tmp_path_factory):
    library = tmp_path_factory.mktemp("steps") / "steps.so"
    command = ["cc", "-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o", library, SOURCE, "-ldl"]
    subprocess.run(command, check=True)
    return library


@pytest.fixture
def folder():
    """In memory where that can be: a process that is killed loses nothing of the kernel's."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else None) as folder:
        yield Path(folder)


@pytest.fixture
def disturb(steps_library, folder):
    def run(*arguments: str) -> dict[str, int]:
        done = subprocess.run(
            [sys.executable, "-m", "tests.crash.every_step", folder, *arguments],
            env={**os.environ, "LD_PRELOAD": str(steps_library)},
            cwd=Path(__file__).parents[2],
            capture_output=True,
            text=True,
            check=False,
        )
        *wrong, last = [json.loads(line) for line in done.stdout.splitlines()] or [done.stderr]
        assert wrong == [], "\n".join(f"step {one['step']}: {one['told']}\n{one['wrong']}" for one in wrong)
        assert done.returncode == 0, done.stderr
        # The sequence is long enough to mean something, and the calls of SQLite are among it.
        assert last["steps"] > 400
        return last

    return run


def test_the_steps_are_those_of_all_that_is_written(steps_library, folder):
    done = subprocess.run(
        [sys.executable, "-m", "tests.crash.every_step", folder, "--log"],
        env={**os.environ, "LD_PRELOAD": str(steps_library)},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    log = done.stdout
    for step in (
        "openat64 archive.json.new",
        ".part",
        ".flushed",
        "renameat2 IMG_0001.jpg",
        "renameat2 IMG_0001 (2).jpg",
        "mkdirat Camera",
        "openat64 SHA256SUMS",
        "catalog.sqlite-journal",
        "phones.json",
        "fdatasync",
        "futimens",
        "openat64 reserve",
    ):
        assert step in log, step


@pytest.mark.shows(
    "killed at any step of a run",
    sees="nothing: the next run goes on, completes, and calls nothing safe that is not",
    kind="computer",
)
def test_killed(disturb):
    last = disturb("--mode", "1", "--distinct", "--stride", "12")
    assert last["killed"] >= last["cases"] - 3  # the last steps may not be reached


def test_killed_at_random(disturb):
    assert disturb("--at-random", "8")["killed"] >= 4


@pytest.mark.shows(
    "no room at any write", sees="The disk filled up. What was copied so far is safe.", kind="computer"
)
def test_disk_full(disturb):
    disturb("--mode", "4", "--errno", "ENOSPC", "--distinct", "--first", "2", "--stride", "24")


@pytest.mark.shows(
    "an error of the disk at any step",
    sees="the file is counted as failed, or the run ends and says why; the next run copies it",
    kind="computer",
)
@pytest.mark.parametrize(
    ("mode", "code", "stride"),
    [("2", "EIO", "2"), ("3", "EIO", "6"), ("2", "ENOSPC", "6"), ("3", "EROFS", "6")],
)
def test_errors(disturb, mode, code, stride):
    """Once, or from then on. By kinds: which call has which number hangs on two threads' pace."""
    disturb("--mode", mode, "--errno", code, "--kinds", "--stride", stride)
