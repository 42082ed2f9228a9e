"""`scripts/scale` measures; what it measures of 100,000 files is in the README."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.project.test_tree import ROOT


@pytest.mark.usbfs
def test_small_figures_stay_under_a_limit_that_is_looked_at():
    """A program of its own on the bus, its memory alone; a limit that is broken is reported."""
    command = [sys.executable, ROOT / "scripts/scale", "--once", "objects", "video", "history"]
    command += ["--objects", "400", "--folders", "8", "--gigabytes", "0.1", "--runs", "300"]
    answer = subprocess.run([*command, "--limit", "60"], capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert "400 files in 8 folders: nothing new" in answer.stdout
    assert "all under 60 MB" in answer.stdout
    lines = {
        line.split(":")[1].split()[0]: line for line in answer.stdout.splitlines() if line.startswith("400")
    }
    assert "300 earlier runs: nothing new" in answer.stdout
    transactions = int(lines["nothing"].split()[-2].replace(",", ""))
    assert transactions < 80  # a handful for each folder, whatever lies in it

    answer = subprocess.run(
        [*command[:3], "video", "--gigabytes", "0.001", "--limit", "5"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 1
    assert "over the limit" in answer.stdout
