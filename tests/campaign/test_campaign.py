"""Campaigns that found something once, and proof that a campaign finds something where there is something."""

from __future__ import annotations

from contextlib import closing

import pytest

from mtpbackup.engine import copying
from mtpbackup.phone import storages
from mtpbackup.phone.constancy import Constancy
from mtpbackup.wire import StorageInfo
from tests.campaign.campaign import Failed, run_campaign

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
