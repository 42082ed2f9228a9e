"""Campaigns that found something once, and proof that a campaign finds something where there is something."""

from __future__ import annotations

import re
import subprocess
import sys
from contextlib import closing

import pytest

from mtpbackup.engine import copying
from mtpbackup.phone import storages
from mtpbackup.phone.constancy import Constancy
from mtpbackup.wire import StorageInfo
from tests.campaign.campaign import Failed, run_campaign
from tests.project.test_tree import ROOT

#: Seeds of campaigns that failed, with what they found.
FOUND = {
    4: "an answer of GetStorageInfo that was lost made another storage of it",
    75: "the same, and what lay there was taken for moved",
    90: "a file replaced by one of its size between two pieces was saved as a mixture of both",
    1013: "a file replaced between two pieces was saved as a mixture of both",
    1342: "a video listed with twice its size, replaced while it was read again by parts",
    1646: "a file that a killed run had named and not noted, changed on the phone before the next run",
}


@pytest.mark.parametrize("seed", FOUND)
def test_a_campaign_that_failed_once(seed):
    story = run_campaign(seed)
    assert story.runs > 3
    assert story.files


def failing(seeds):
    for seed in seeds:
        try:
            run_campaign(seed)
        except Failed as failed:
            return str(failed)
    return "nothing"


def test_content_that_is_not_looked_at_again_is_noticed(monkeypatch):
    monkeypatch.setattr(Constancy, "check", lambda self: None)
    assert "falsely safe" in failing([90])


def test_a_storage_that_is_asked_once_is_noticed(monkeypatch):
    monkeypatch.setattr(storages, "_describe", lambda session, storage_id: StorageInfo())
    assert "falsely safe" in failing([1])


def test_a_file_called_safe_that_lacks_bytes_is_noticed(monkeypatch):
    """As if a file were called safe before its length and its sum were known."""

    def fetch(self, phone, task, item, incoming):
        with closing(phone.read(item, 0)) as chunks:
            for number, chunk in enumerate(chunks):
                if number:
                    chunk.release()
                else:
                    incoming.write(chunk)
        return True

    monkeypatch.setattr(copying.Copier, "_fetch", fetch)
    assert failing(range(1, 6)) != "nothing"


def test_a_file_that_is_lost_is_noticed(monkeypatch):
    """As if what was safe were taken away again."""
    from tests.campaign import campaign

    read = campaign.read_backup

    def read_less(root):
        for item in read(root)[:1]:
            (root / item.path).unlink()
        return read(root)

    monkeypatch.setattr(campaign, "read_backup", read_less)
    assert "lost" in failing([1])


def test_the_same_seed_is_the_same_campaign():
    first, second = run_campaign(7).lines, run_campaign(7).lines
    assert [line for line in first if not line.startswith("  ")] == [
        line for line in second if not line.startswith("  ")
    ]


def script(*arguments: str, planted: str = "") -> subprocess.CompletedProcess[str]:
    """`scripts/campaign`, with a mistake planted before it begins."""
    program = (
        "import runpy, sys\n"
        f"sys.path[:0] = [{str(ROOT)!r}, {str(ROOT / 'scripts')!r}]\n"
        f"{planted}\n"
        "sys.argv[0] = 'scripts/campaign'\n"
        f"runpy.run_path({str(ROOT / 'scripts/campaign')!r}, run_name='__main__')\n"
    )
    return subprocess.run(
        [sys.executable, "-c", program, *arguments], capture_output=True, text=True, timeout=120, check=False
    )


def test_the_script_sums_up_in_its_last_line():
    run = script("--runs", "2", "--seed", "1")
    assert run.returncode == 0, run.stdout + run.stderr
    assert re.fullmatch(
        r"2 campaigns from seed 1: \d+ runs, \d+ of them to be killed, \d+ faults struck, [1-9]\d* files safe"
        r" at the end; lost in 0, falsely safe in 0, failed otherwise 0; \d+ s",
        run.stdout.splitlines()[-1],
    )


@pytest.mark.parametrize(
    ("planted", "summed_up"),
    [
        ("campaign.check_covered = lambda *_: (_ for _ in ()).throw(campaign.Broken('lost: x'))", "lost in 1,"),
        (
            "campaign.check_truth = lambda *_: (_ for _ in ()).throw(campaign.Broken('falsely safe: x'))",
            "safe in 1,",
        ),
        ("campaign.verify_archive = lambda _: 1 // 0", "failed otherwise 1;"),
    ],
)
def test_the_script_fails_where_a_campaign_does_and_tells_how_to_do_it_again(planted, summed_up):
    run = script("--runs", "1", "--seed", "2", planted=f"from tests.campaign import campaign; {planted}")
    assert run.returncode == 1, run.stdout + run.stderr
    assert "FAILED campaign 2: " in run.stdout
    assert "again: scripts/campaign --seed 2 --runs 1 --story" in run.stdout
    assert summed_up in run.stdout.splitlines()[-1]
