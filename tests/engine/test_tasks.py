"""Packed tasks: nothing of an item is lost, their order, and how little they take."""

from __future__ import annotations

import tracemalloc
from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from mtpbackup.engine.kinds import Kind
from mtpbackup.engine.reports import Bucket, Count
from mtpbackup.engine.tasks import Queue, Tasks, Why
from mtpbackup.engine.transfer import Transfer
from mtpbackup.phone import Item
from tests.engine.bench import Bench, content
from tests.engine.build import item

NAMES = st.text(min_size=1, max_size=20)
ITEMS = st.builds(
    Item,
    storage=st.just(item("x").storage),
    handle=st.integers(0, 2**32 - 1),
    parent=st.integers(0, 2**32 - 1),
    path=st.lists(NAMES, min_size=1, max_size=4).map(tuple),
    size=st.integers(0, 2**64 - 1),
    modified=st.none() | st.datetimes(),
    format=st.integers(0, 2**16 - 1),
    told=st.booleans(),
)


@given(st.lists(st.tuples(ITEMS, st.sampled_from(Why), st.sampled_from(Kind)), max_size=8))
def test_nothing_is_lost(given_items):
    tasks = Tasks()
    for one in given_items:
        tasks.add(*one)
    assert [(task.item, task.why, task.kind) for task in tasks] == given_items
    assert tasks.count() == Count(len(given_items), sum(one.size for one, _, _ in given_items))
    for why in Why:
        assert tasks.count(why).items == sum(reason is why for _, reason, _ in given_items)


@given(st.lists(st.tuples(ITEMS, st.sampled_from(Why)), max_size=12))
def test_the_newest_first_and_what_failed_last(given_items):
    tasks = Tasks()
    for one, why in given_items:
        tasks.add(one, why, Kind.PHOTO)
    tasks.sort()
    order = [
        (
            task.why is Why.FAILING,
            task.item.modified is None,
            -((task.item.modified or datetime.min) - datetime.min),
        )
        for task in tasks
    ]
    assert order == sorted(order)
    assert len(order) == len(given_items)


def test_of_one_date_by_place():
    tasks = Tasks()
    for path in ("b/2.jpg", "a/3.jpg", "b/1.jpg"):
        tasks.add(item(path), Why.NEW, Kind.PHOTO)
    tasks.sort()
    assert ["/".join(task.item.path) for task in tasks] == ["a/3.jpg", "b/1.jpg", "b/2.jpg"]


def test_what_is_taken_out_is_still_left_until_it_is_settled():
    tasks = Tasks()
    for path in "abc":
        tasks.add(item(path, 10), Why.NEW, Kind.PHOTO)
    second = tasks[1]
    tasks.take_out({second.number})
    assert ["/".join(task.item.path) for task in tasks] == ["a", "c"]
    assert tasks.left() == Count(3, 30)
    second.bucket = Bucket.SAFE
    assert tasks.left() == Count(2, 20)
    tasks[0].tries = 2
    assert (tasks[0].tries, tasks[1].tries) == (2, 0)
    tasks.put_back(second)
    assert tasks[2].item.path == ("b",)


def test_a_queue_keeps_what_comes_again_in_its_place():
    tasks = Tasks()
    for path in "abc":
        tasks.add(item(path), Why.NEW, Kind.PHOTO)
    queue = Queue()
    assert not queue
    queue.take(tasks)
    first = queue.popleft()
    queue.append(first)
    second = queue.popleft()
    queue.appendleft(second)
    names = []
    while queue:
        names.append(queue.popleft().item.name)
    assert names == ["b", "c", "a"]


def test_a_hundred_bytes_each():
    """The bound that keeps a first run of 100,000 items under 80 MB (`scripts/scale`)."""
    count = 20_000
    first = item("x")
    tracemalloc.start()
    tasks = Tasks()
    for number in range(count):
        path = ("DCIM", f"Album {number // 200:03}", f"IMG_20240506_{number:06}.jpg")
        when = datetime(2024, 5, 6) + timedelta(seconds=number)
        tasks.add(Item(first.storage, number, number // 200, path, number, when, 0x3801), Why.NEW, Kind.PHOTO)
    tasks.sort()
    used, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert used / count < 130


def test_a_run_keeps_nothing_of_what_is_saved(monkeypatch):
    """Not even an empty note of each item: of 100,000 they took 80 MB."""
    seen = []
    real = Transfer.copy
    monkeypatch.setattr(Transfer, "copy", lambda self, tasks: (seen.append(self), real(self, tasks)))
    bench = Bench()
    for number in range(30):
        bench.phone.add(f"DCIM/{number}.jpg", content(10, number))
    assert bench.run().saved.items == 30
    bench.link.close()
    assert len(seen[0]._committed) == 0
