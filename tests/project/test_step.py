"""`scripts/step`: what it passes on, how it ends what takes too long, and that nothing stays behind."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.project.test_tree import ROOT


@pytest.fixture
def step(tmp_path):
    """Runs a step of Python; gives its exit code, its output, and what it left for the end."""

    def run(script, seconds=60.0, deadline=""):
        notes = tmp_path / "notes"
        notes.mkdir(exist_ok=True)
        environment = {**os.environ, "MTPBACKUP_STEPS": str(notes)}
        environment.pop("MTPBACKUP_DEADLINE", None)
        if deadline:
            environment["MTPBACKUP_DEADLINE"] = deadline
        done = subprocess.run(
            [sys.executable, ROOT / "scripts/step", "a step", str(seconds), sys.executable, "-c", script],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=100,
            check=False,
        )
        note = notes / "a step"
        return done.returncode, done.stdout, note.read_text() if note.exists() else ""

    return run


def test_output_and_success_pass_through(step):
    code, output, note = step("print('all is well')")
    assert (code, note) == (0, "")
    assert "\nall is well\n" in output


def test_of_a_failure_the_tests_that_failed_are_left_for_the_end(step):
    lines = ["FAILED tests/x.py::test_y - AssertionError: no", *["chatter"] * 100]
    code, output, note = step(f"print({chr(10).join(lines)!r}); raise SystemExit(3)")
    assert code == 3
    assert output.count("chatter") == 100
    assert note == "== a step: exit code 3\nFAILED tests/x.py::test_y - AssertionError: no\n"


def test_where_no_test_failed_it_is_the_last_lines(step):
    code, _, note = step("print('E', 'x' * 1000); raise ValueError('broken')")
    assert code == 1
    assert note.endswith("ValueError: broken\n")
    assert max(map(len, note.splitlines())) == 300


def test_a_signal_is_a_failure(step):
    assert step("import os; os.abort()")[0] == 128 + 6


@pytest.mark.parametrize("how", ["seconds", "deadline"])
def test_when_time_is_up_it_may_still_say_what_it_found(step, how):
    script = """
import time
print("begun", flush=True)
try:
    time.sleep(60)
finally:
    print("FAILED tests/x.py::test_y - it hung", flush=True)
"""
    limit = {"seconds": 8.0} if how == "seconds" else {"deadline": str(time.time() + 8)}
    code, _, note = step(script, **limit)
    assert code == 124
    head, *rest = note.splitlines()
    assert head.startswith("== a step: exit code 124 (time is up after ")
    assert rest == ["FAILED tests/x.py::test_y - it hung"]


def test_what_there_is_no_time_left_for_is_not_begun(step, tmp_path):
    code, _, note = step(f"open({str(tmp_path / 'begun')!r}, 'w')", deadline="1")
    assert code == 124
    assert note.startswith("== a step: exit code 124 (there was no time left for it)\n")
    assert not (tmp_path / "begun").exists()


def test_nothing_stays_behind(step, tmp_path):
    """A daemon that left its parent, its session and its group, and holds the output open."""
    file = tmp_path / "pid"
    script = f"""
import subprocess, sys
from pathlib import Path
daemon = "import os, time; os.setsid(); open({str(file)!r}, 'w').write(str(os.getpid())); time.sleep(60)"
subprocess.Popen([sys.executable, "-c", daemon])
while not (Path({str(file)!r}).exists() and Path({str(file)!r}).read_text()):
    pass
"""
    began = time.monotonic()
    code, output, _ = step(script)
    assert code == 0
    assert time.monotonic() - began < 50
    pid = file.read_text()
    assert f"was still there, and was killed: {pid} " in output
    assert not Path("/proc", pid).exists()


def test_what_ends_in_between_is_let_go_of(step):
    """Or else a test that waits for the end of a daemon would see it for ever, as a zombie."""
    script = """
import os, subprocess, sys, time
parent = "import subprocess, sys; print(subprocess.Popen([sys.executable, '-c', 'pass']).pid)"
pid = int(subprocess.check_output([sys.executable, "-c", parent]))
end = time.monotonic() + 30
while os.path.exists(f"/proc/{pid}"):
    assert time.monotonic() < end
    time.sleep(0.01)
"""
    assert step(script)[0] == 0
