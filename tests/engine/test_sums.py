"""That the sums are a real check: they fail when an item is lost, doubled, or put in two buckets."""

import dataclasses
import logging
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mtpbackup.engine.backup import run_backup
from mtpbackup.engine.ledger import Ledger
from mtpbackup.engine.options import RunOptions
from mtpbackup.engine.reports import Count, Ending, SkipReason, Summary
from mtpbackup.errors import Failure, ItemUnreadable, OperationFailed
from tests.engine.bench import Bench, card_is_there, content
from tests.engine.build import CARD, INTERNAL, Saved, item, key, later, listing

WHY = Failure("ItemUnreadable", "x")


def account(ledger, **more):
    settled = {
        "phone": "Pixel 8",
        "serial": "A1",
        "folder": Path("/b"),
        "read": 0,
        "gone": Count(),
        "missing_folders": (),
        "ending": Ending.DONE,
        "error": None,
        "last_verified": None,
    }
    return ledger.summary(**{**settled, **more})


@pytest.fixture
def ledger():
    items = [
        item("x/new.jpg", 10),
        item("x/fails.jpg", 20),
        item("x/there.jpg", 30),
        item("x/text.txt", 40, code=0),
    ]
    plan = Saved(key("x/there.jpg", 30)).plan(listing(items))
    return Ledger(Count(4, 100), plan)


def test_they_add_up_when_every_item_is_settled_once(ledger):
    fails, new = sorted(ledger.plan.tasks, key=lambda task: task.item.name)
    ledger.saved(new)
    ledger.failed(fails, WHY)
    summary = account(ledger)
    assert summary.adds_up and summary.unaccounted == Count()
    assert (summary.saved, summary.failed, summary.safe) == (Count(1, 10), Count(1, 20), Count(1, 30))
    assert summary.skipped == {SkipReason.OTHER_KIND: Count(1, 40)}
    assert not summary.complete  # one failed
    assert [failed.item.shown_path for failed in summary.failures] == ["x/fails.jpg"]


def test_what_nobody_settled_is_left(ledger):
    summary = account(ledger, ending=Ending.INTERRUPTED)
    assert summary.left == Count(2, 30)
    assert summary.adds_up


def test_they_do_not_when_the_phone_listed_one_more(ledger, caplog):
    ledger.listed += Count(1, 0)
    with caplog.at_level(logging.CRITICAL):
        summary = account(ledger)
    assert not summary.adds_up
    assert summary.unaccounted == Count(1, 0)
    assert not summary.complete


def test_they_do_not_when_only_bytes_are_amiss(ledger):
    ledger.listed += Count(0, 1)
    assert not account(ledger).adds_up


def test_they_do_not_when_one_is_settled_twice(ledger):
    task = ledger.plan.tasks[0]
    ledger.saved(task)
    ledger.failed(task, WHY)
    summary = account(ledger)
    assert not summary.adds_up
    assert summary.settled_twice == 1
    assert summary.failures == ()  # it is saved, and stays so


def test_they_do_not_when_a_failure_has_no_reason(ledger):
    task = ledger.plan.tasks[0]
    ledger.failed(task, WHY)
    ledger.failures.clear()
    assert not account(ledger).adds_up


def test_a_summary_that_does_not_add_up_is_never_complete():
    good = Summary("P", "A", Path("/b"), Count(1, 5), saved=Count(1, 5))
    assert good.complete
    assert not dataclasses.replace(good, listed=Count(2, 5)).complete


def test_a_lister_that_loses_an_item_is_found_out(monkeypatch):
    """The count is made where the phone is listed: a plan that drops what it was given shows."""
    from mtpbackup.engine import plan as plan_module

    bench = Bench()
    bench.phone.add("DCIM/a.jpg", content(10))
    bench.phone.add("DCIM/b.jpg", content(10))
    folder = plan_module._Planner.folder
    monkeypatch.setattr(
        plan_module._Planner,
        "folder",
        lambda self, found: folder(self, dataclasses.replace(found, files=found.files[1:])),
    )
    summary = run_backup(bench.link, bench.archive, options=RunOptions(reserve=0))
    bench.link.close()
    assert not summary.adds_up
    assert summary.unaccounted == Count(1, 10)


FILES = st.dictionaries(
    st.builds(
        "{}/{}{}".format,
        st.sampled_from(["A", "B", "Android/data"]),
        st.sampled_from("abcd"),
        st.sampled_from([".jpg", ".mp4", ".txt"]),
    ),
    st.tuples(st.sampled_from([0, 1, 999, 2500, 7000]), st.sampled_from([INTERNAL, CARD]), st.integers(0, 3)),
    max_size=7,
)
TROUBLE = st.sampled_from(
    [
        "unplug",
        "pull for good",
        "lock",
        "card",
        "no card",
        "refuse",
        "unreadable",
        "remove",
        "grow",
        "interrupt",
    ]
)


@settings(max_examples=150, deadline=None)
@given(files=FILES, trouble=st.lists(st.tuples(st.integers(0, 25), TROUBLE), max_size=6))
def test_whatever_happens_they_add_up_and_nothing_saved_is_wrong(files, trouble):
    bench = Bench()
    phone = bench.phone
    phone.labels.append(CARD)
    truth = {}
    for path, (size, on, age) in files.items():
        phone.add(path, content(size, seed=len(path) + age), later(days=-age), on=on)
        truth[path] = [content(size, seed=len(path) + age)]
    script = sorted(trouble)
    moment = [0]

    def on_read(path, offset):
        moment[0] += 1
        while script and script[0][0] <= moment[0]:
            happen(script.pop(0)[1], path)
        if any(on == CARD and other == tuple(path.split("/")) for on, other in phone.files):
            card_is_there(bench, "DCIM/c")

    def happen(what, path):
        place = next((place for place in phone.files if place[1] == tuple(path.split("/"))), None)
        match what:
            case "unplug":
                phone.unplug(back_after=2)
            case "pull for good":
                phone.unplug()
            case "lock":
                phone.lock(open_after=2)
            case "card":
                phone.labels[:] = [INTERNAL, CARD]
            case "no card":
                phone.labels[:] = [INTERNAL]
            case "refuse":
                raise OperationFailed(0x95C1, 0x2002)
            case "unreadable":
                raise ItemUnreadable(path, ItemUnreadable.Reason.STALLED)
            case "remove" if place:
                del phone.files[place]
            case "grow" if place:
                old, modified = phone.files[place]
                phone.files[place] = (old + b"+", modified)
                truth[path].append(old + b"+")
            case "interrupt":
                raise KeyboardInterrupt

    phone.on_read = on_read
    summary = run_backup(bench.link, bench.archive, options=RunOptions(window=1000, reserve=0))
    assert summary.adds_up, summary
    assert summary.saved.items == len(bench.saved)
    assert all(saved in truth[path] for path, saved in bench.saved.items())

    phone.on_read = lambda path, offset: None
    phone.attached, phone.locked, phone.labels[:] = True, False, [INTERNAL, CARD]
    bench.bus.script.clear()
    final = run_backup(bench.link, bench.archive, options=RunOptions(window=1000, reserve=0))
    assert final.complete, final
    wanted = {
        "/".join(path): data
        for (_, path), (data, _) in phone.files.items()
        if path[0] != "Android" and not path[-1].endswith(".txt")
    }
    assert {path: bench.saved[path] for path in wanted} == wanted
    assert run_backup(bench.link, bench.archive).nothing_new
    bench.link.close()
    assert phone.open_now == 0
