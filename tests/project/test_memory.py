"""The bound on memory, as a count of bytes: `scripts/memory` measures it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.project.test_tree import ROOT


def measure(*arguments: str) -> subprocess.CompletedProcess[str]:
    # With this environment's Python, so that the script sets nothing up.
    command = [sys.executable, ROOT / "scripts/memory", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.long
def test_a_large_video_and_twenty_thousand_objects_stay_under_120_megabytes():
    answer = measure()
    print(answer.stdout)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert "20,001 files saved" in answer.stdout


def test_a_limit_that_is_broken_is_reported():
    answer = measure("--objects", "20", "--video", "1", "--limit", "5")
    assert "21 files saved" in answer.stdout, answer.stdout + answer.stderr
    assert answer.returncode == 1
