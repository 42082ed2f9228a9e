"""The two commands of the README, in a fresh clone."""

from __future__ import annotations

import subprocess

import pytest

from tests.project.test_tree import ROOT, own_environment, tracked

pytestmark = pytest.mark.installs


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    tracked()  # skips outside a checkout
    folder = tmp_path_factory.mktemp("clone") / "a folder with spaces"
    subprocess.run(["git", "clone", "-q", "--no-hardlinks", ROOT, folder], check=True)
    return folder


def start(clone, *arguments, cwd):
    return subprocess.run(
        [clone / "scripts/mtpbackup", *map(str, arguments)],
        cwd=cwd,
        env=own_environment(HOME=str(cwd)),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_demonstration_sets_up_what_it_needs_and_does_the_main_job(clone, tmp_path):
    first = start(clone, "demo", "--to", tmp_path / "backup", cwd=tmp_path)
    assert first.returncode == 0, first.stdout + first.stderr
    assert "copied and checked" in first.stdout
    assert "Setting up" in first.stderr
    assert "Setting up" not in first.stdout
    subprocess.run(["sha256sum", "--quiet", "-c", "SHA256SUMS"], cwd=tmp_path / "backup", check=True)

    # The second start has nothing to set up, and says nothing of it.
    again = start(clone, "demo", "--to", tmp_path / "backup", cwd=tmp_path)
    assert again.returncode == 0
    assert again.stderr == ""
    assert "nothing new" in again.stdout


def test_arguments_and_exit_codes_pass_through(clone, tmp_path):
    outcome = start(clone, "verify", "--to", tmp_path / "nowhere", cwd=tmp_path)
    assert outcome.returncode == 10, outcome.stdout + outcome.stderr


def test_a_set_up_that_was_interrupted_is_done_again(clone, tmp_path):
    for stamp in (clone / ".venv").glob("stamp-*"):
        stamp.unlink()
    outcome = start(clone, "--version", cwd=tmp_path)
    assert outcome.returncode == 0, outcome.stderr
    assert "mtpbackup" in outcome.stderr
    assert list((clone / ".venv").glob("stamp-*"))
