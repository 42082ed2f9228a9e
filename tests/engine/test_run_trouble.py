"""What becomes of items, phones and destinations that fail exactly where they are told to."""

import pytest

from mtpbackup.engine import reports
from mtpbackup.engine.backup import run_backup
from mtpbackup.engine.options import RunOptions
from mtpbackup.engine.reports import Count, Ending
from mtpbackup.errors import (
    ArchiveError,
    ItemUnreadable,
    OperationFailed,
    PhoneGone,
    PhoneLocked,
    TransportTimeout,
)
from tests.engine.bench import card_is_there, content, fails, once
from tests.engine.build import CARD, later
from tests.engine.fakes import FakeIncoming

REFUSED = ItemUnreadable.Reason.REFUSED


class TestTries:
    def test_three_tries_then_it_is_reported_and_the_others_are_saved(self, bench):
        for name in "abc":
            bench.phone.add(f"DCIM/{name}.jpg", content(2500))
        bench.phone.on_read = fails("DCIM/b.jpg", ItemUnreadable("DCIM/b.jpg", REFUSED), at=1000)
        summary = bench.run()
        assert (summary.saved.items, summary.failed.items) == (2, 1)
        (failed,) = summary.failures
        assert (failed.item.shown_path, failed.tries, failed.failure.kind) == (
            "DCIM/b.jpg",
            3,
            "ItemUnreadable",
        )
        assert [event.tries for event in bench.of(reports.ItemRetried)] == [1, 2]
        assert len(bench.of(reports.ItemFailed)) == 1
        assert not summary.complete and summary.ending is Ending.DONE
        assert bench.of(reports.Progress)[-1].done == Count(3, 7500)

    def test_what_failed_is_tried_again_in_the_next_run(self, bench):
        bench.phone.add("DCIM/b.jpg", content(2500))
        bench.phone.on_read = fails("DCIM/b.jpg", OperationFailed(0x95C1, 0x2002))
        assert bench.run().failed.items == 1
        bench.phone.on_read = lambda path, offset: None
        summary = bench.run()
        assert bench.of(reports.Planned)[0].failing == Count(1, 2500)
        assert summary.saved.items == 1
        assert bench.archive.catalog.failing == {}

    def test_it_succeeds_at_the_third_try_going_on_where_it_stopped(self, bench):
        bench.phone.add("DCIM/b.jpg", content(9500))
        bench.phone.on_read = fails("DCIM/b.jpg", OperationFailed(0x95C1, 0x2002), times=2, at=8000)
        summary = bench.run()
        assert summary.saved.items == 1
        assert bench.saved["DCIM/b.jpg"] == content(9500)
        assert [event.offset for event in bench.of(reports.ItemStarted)] == [0, 8000, 8000]
        assert summary.read == 8000 + 3000 + 3000 + 1500

    def test_one_that_vanished_is_looked_for_once_more_and_then_reported(self, bench):
        bench.phone.add("DCIM/a.jpg", content(100))
        bench.phone.add("DCIM/b.jpg", content(100))
        bench.phone.on_read = once(lambda path, offset: bench.phone.remove("DCIM/b.jpg"))
        summary = bench.run()
        assert (summary.saved.items, summary.failed.items) == (1, 1)
        assert summary.failures[0].failure.kind == "ItemVanished"
        bench.run()
        assert bench.archive.catalog.failing == {}  # not on the phone any more: nothing to worry about

    def test_handles_that_are_void_though_the_phone_never_left(self, bench):
        bench.phone.add("DCIM/a.jpg", content(100))

        def new_handles(path, offset):
            bench.phone.life += 1

        bench.phone.on_read = once(new_handles)
        assert bench.run().complete
        assert len(bench.of(reports.ItemRetried)) == 1

    def test_a_size_that_lies_fails_the_item_and_leaves_no_part(self, bench):
        bench.phone.add("DCIM/a.jpg", content(5000))
        shrink = once(
            lambda path, offset: bench.phone.add("DCIM/a.jpg", content(4000)),
            lambda path, offset: offset == 2000,
        )
        bench.phone.on_read = shrink
        summary = bench.run()
        assert summary.failures[0].failure.kind == "ItemUnreadable"
        assert summary.failed == Count(1, 5000)
        assert bench.archive.parts == {}
        assert bench.run().saved == Count(1, 4000)

    def test_a_write_that_fails_is_the_items_trouble_alone(self, bench):
        bench.phone.add("DCIM/a.jpg", content(5000))
        bench.phone.add("DCIM/b.jpg", content(5000))

        def on_write(key, offset):
            if key.path[-1] == "a.jpg":
                raise ArchiveError(bench.archive.root, "I/O error")

        bench.archive.on_write = on_write
        summary = bench.run()
        assert (summary.saved.items, summary.failed.items) == (1, 1)

    def test_what_the_writer_cannot_finish_is_tried_again(self, bench):
        bench.phone.add("DCIM/a.jpg", content(500))
        bench.phone.add("DCIM/b.jpg", content(500))
        left = [2]

        def on_flush(key):
            if key.path[-1] == "a.jpg" and left[0]:
                left[0] -= 1
                raise ArchiveError(bench.archive.root, "I/O error")

        bench.archive.on_flush = on_flush
        summary = bench.run()
        assert summary.saved.items == 2
        assert [event.tries for event in bench.of(reports.ItemRetried)] == [1, 2]
        assert bench.of(reports.Progress)[-1].done == Count(2, 1000)

    def test_an_unlistable_folder_is_one_failed_item(self, bench):
        bench.phone.add("Good/a.jpg", content(5))
        bench.phone.add("Bad/b.jpg", content(7))

        def on_list(path):
            if path == ("Bad",):
                raise OperationFailed(0x9805, 0x2002)

        bench.phone.on_list = on_list
        summary = bench.run()
        assert summary.saved == Count(1, 5)
        assert summary.failed == Count(1, 0)
        assert summary.failures[0].item.path == ("Bad",)
        assert not summary.complete


class TestLosses:
    def test_unplugged_in_an_item_and_plugged_in_again(self, bench):
        bench.phone.add("DCIM/a.jpg", content(9500))
        bench.phone.add("DCIM/b.jpg", content(100), later(days=-1))
        bench.phone.on_read = once(
            lambda path, offset: bench.phone.unplug(back_after=3), lambda path, offset: offset == 8000
        )
        summary = bench.run()
        assert summary.complete
        assert bench.saved == {"DCIM/a.jpg": content(9500), "DCIM/b.jpg": content(100)}
        # Inside the file: the last window was read again, and no more.
        assert summary.read == 9500 + 3000 + 100
        assert [type(event) for event in bench.events if not isinstance(event, reports.Progress)][5:-1] == [
            reports.ItemStarted,
            reports.PhoneLost,
            reports.WaitingForPhone,
            reports.PhoneConnected,
            reports.ItemStarted,
            reports.ItemStarted,
            reports.ItemSaved,
            reports.ItemSaved,
        ]
        assert bench.of(reports.PhoneConnected)[-1].again

    def test_what_is_safe_is_told_before_a_wait_that_may_be_long(self, bench):
        bench.phone.add("DCIM/a.jpg", content(100))
        bench.phone.add("DCIM/b.jpg", content(100), later(days=-1))
        bench.phone.on_read = once(
            lambda path, offset: bench.phone.unplug(back_after=3), lambda path, offset: path == "DCIM/b.jpg"
        )
        bench.run()
        told = [type(event) for event in bench.events]
        assert told.index(reports.ItemSaved) < told.index(reports.PhoneLost)

    def test_what_changed_while_the_phone_was_away_is_left_to_the_next_run(self, bench):
        """Bytes of the new content must not be saved under the old date."""
        bench.phone.add("DCIM/a.jpg", content(9500))

        def swap(path, offset):
            bench.phone.add("DCIM/a.jpg", content(9500, seed=7), later(minutes=1))
            bench.phone.unplug(back_after=3)

        bench.phone.on_read = once(swap, lambda path, offset: offset == 8000)
        summary = bench.run()
        assert (summary.failed.items, summary.saved.items) == (1, 0)
        assert sum(bench.phone.reads.values()) == 1
        assert bench.run().complete
        assert bench.saved == {"DCIM/a.jpg": content(9500, seed=7)}

    def test_what_was_there_is_thrown_away_when_the_phone_has_something_else_there(self, bench):
        bench.phone.add("DCIM/a.jpg", content(9500))

        def swap(path, offset):
            bench.phone.add("DCIM/a.jpg", content(9500, seed=7))
            bench.phone.unplug(back_after=3)

        bench.phone.on_read = once(swap, lambda path, offset: offset == 8000)
        assert bench.run().complete
        assert bench.saved["DCIM/a.jpg"] == content(9500, seed=7)
        assert [event.offset for event in bench.of(reports.ItemStarted)] == [0, 8000, 0]

    def test_not_plugged_in_again(self, bench):
        for n in range(4):
            bench.phone.add(f"DCIM/{n}.jpg", content(5000), later(days=-n))
        bench.phone.on_read = once(
            lambda path, offset: bench.phone.unplug(), lambda path, offset: path == "DCIM/2.jpg" and offset
        )
        summary = bench.run()
        assert summary.ending is Ending.PHONE_LOST
        assert isinstance(summary.error, PhoneGone)
        assert (summary.saved.items, summary.left.items, summary.failed.items) == (2, 2, 0)
        assert bench.archive.catalog.ended[-1][0] == "phone_lost"
        bench.phone.attached = True
        summary = bench.run()
        assert summary.complete
        assert bench.of(reports.ItemStarted)[0].offset == 1000
        assert summary.read == 9000 + 1000

    def test_locked_and_unlocked(self, bench):
        bench.phone.add("DCIM/a.jpg", content(9500))
        bench.phone.on_read = once(
            lambda path, offset: bench.phone.lock(open_after=5), lambda path, offset: offset == 5000
        )
        summary = bench.run()
        assert summary.complete
        assert bench.of(reports.WaitingForPhone)[0].reason is reports.WaitReason.LOCKED
        assert bench.saved["DCIM/a.jpg"] == content(9500)

    def test_locked_for_good(self, bench):
        bench.phone.add("DCIM/a.jpg", content(9500))
        bench.phone.on_read = once(lambda path, offset: bench.phone.lock())
        summary = bench.run()
        assert summary.ending is Ending.PHONE_LOCKED
        assert isinstance(summary.error, PhoneLocked)
        assert summary.left == Count(1, 9500)

    def test_an_item_that_the_phone_dies_of_is_given_up_and_the_others_are_saved(self, bench):
        bench.phone.add("DCIM/killer.jpg", content(5000))
        bench.phone.add("DCIM/good.jpg", content(5000), later(days=-1))

        def on_read(path, offset):
            if path == "DCIM/killer.jpg" and offset == 2000:
                bench.phone.unplug(back_after=2)

        bench.phone.on_read = on_read
        summary = bench.run()
        assert (summary.saved.items, summary.failed.items) == (1, 1)
        assert (summary.failures[0].failure.kind, summary.failures[0].tries) == ("PhoneGone", 3)
        assert summary.ending is Ending.DONE

    def test_pulled_many_times_in_one_long_video_it_still_gets_there(self, bench):
        bench.phone.add("DCIM/long.mp4", content(60_500))
        pulled = set()

        def on_read(path, offset):
            if offset and offset % 5000 == 0 and offset not in pulled:
                pulled.add(offset)
                bench.phone.unplug(back_after=2)

        bench.phone.on_read = on_read
        assert bench.run().complete
        assert len(pulled) == 12
        assert bench.saved["DCIM/long.mp4"] == content(60_500)

    def test_a_phone_that_never_gives_a_byte_is_given_up_in_the_end(self, bench):
        for n in range(20):
            bench.phone.add(f"DCIM/{n}.jpg", content(50))

        def on_read(path, offset):
            raise TransportTimeout("in", 10)

        bench.phone.on_read = on_read
        summary = bench.run()
        assert summary.ending is Ending.PHONE_LOST
        assert summary.failed.items + summary.left.items == 20
        assert sum(bench.phone.reads.values()) == 9

    def test_lost_while_listing_it_is_listed_anew(self, bench):
        bench.phone.add("A/a.jpg", content(5))
        bench.phone.add("B/b.jpg", content(5))
        lists = []

        def on_list(path):
            lists.append(path)
            if len(lists) == 3:
                bench.phone.unplug(back_after=2)

        bench.phone.on_list = on_list
        assert bench.run().saved == Count(2, 10)
        assert len(lists) == 6

    def test_lost_for_good_while_listing_is_an_error(self, bench):
        bench.phone.add("A/a.jpg", content(5))
        bench.phone.on_list = lambda path: bench.phone.unplug()
        with pytest.raises(PhoneGone):
            bench.run()
        assert bench.archive.locked == 0

    def test_a_folder_that_the_phone_dies_of_is_given_up_and_the_others_are_listed(self, bench):
        bench.phone.add("Killer/a.jpg", content(5))
        bench.phone.add("Good/b.jpg", content(5))

        def on_list(path):
            if path == ("Killer",):
                bench.phone.unplug(back_after=1)

        bench.phone.on_list = on_list
        summary = bench.run()
        assert (summary.saved.items, summary.failed.items) == (1, 1)

    def test_a_card_that_is_pulled_fails_its_items_after_the_others(self, bench):
        bench.phone.labels.append(CARD)
        for n in range(3):
            bench.phone.add(f"DCIM/c{n}.jpg", content(5000), later(days=n), on=CARD)
        bench.phone.add("DCIM/i.jpg", content(5000), later(days=-1))
        pull = once(
            lambda path, offset: bench.phone.labels.remove(CARD), lambda path, offset: path == "DCIM/c1.jpg"
        )
        bench.phone.on_read = lambda path, offset: (pull(path, offset), card_is_there(bench, path))
        summary = bench.run()
        assert (summary.saved.items, summary.failed.items, summary.left.items) == (2, 2, 0)
        assert {failed.failure.kind for failed in summary.failures} == {"StorageVanished"}
        assert not bench.of(reports.ItemRetried)
        assert bench.phone.reads["DCIM/c0.jpg"] == 0  # nobody asks for what cannot be there

    def test_a_card_that_comes_back_in_time(self, bench):
        bench.phone.labels.append(CARD)
        bench.phone.add("DCIM/c.jpg", content(5000), on=CARD)
        bench.phone.add("DCIM/i.jpg", content(5000), later(days=-1))
        pull = once(
            lambda path, offset: bench.phone.labels.remove(CARD), lambda path, offset: path == "DCIM/c.jpg"
        )
        push = once(lambda path, offset: bench.phone.insert(CARD), lambda path, offset: path == "DCIM/i.jpg")
        bench.phone.on_read = lambda path, offset: (
            pull(path, offset),
            push(path, offset),
            card_is_there(bench, path),
        )
        assert bench.run().complete

    def test_a_card_with_a_loose_contact_is_given_up(self, bench):
        bench.phone.labels.append(CARD)
        bench.phone.add("DCIM/c.jpg", content(5000), on=CARD)
        looks = []

        def on_read(path, offset):
            if offset == 2000:
                bench.phone.labels.remove(CARD)
                raise OperationFailed(0x95C1, 0x2009)

        def on_storages():
            looks.append(CARD in bench.phone.labels)
            if looks[-2:] == [False, False]:
                bench.phone.insert(CARD)

        bench.phone.on_read = on_read
        bench.phone.on_storages = on_storages
        summary = bench.run()
        assert summary.failures[0].tries == 3
        assert summary.failed.items == 1


class TestInterrupts:
    def test_in_the_middle_of_an_item(self, bench):
        for n in range(3):
            bench.phone.add(f"DCIM/{n}.jpg", content(9500), later(days=-n))
        bench.phone.on_read = fails("DCIM/1.jpg", KeyboardInterrupt(), times=1, at=5000)
        summary = bench.run()
        assert summary.ending is Ending.INTERRUPTED
        assert (summary.saved.items, summary.left.items) == (1, 2)
        assert bench.saved == {"DCIM/0.jpg": content(9500)}
        assert bench.run().complete
        assert bench.of(reports.ItemStarted)[0].offset == 5000
        assert bench.saved["DCIM/1.jpg"] == content(9500)

    def test_at_every_event(self, bench):
        """Wherever Ctrl-C strikes in what the person sees, the sums are right, and the next runs get there."""
        for n in range(3):
            bench.phone.add(f"DCIM/{n}.jpg", content(2500), later(days=-n))
        strikes = 0
        while True:
            strikes += 1
            count = [0]

            def interrupt(event, count=count, strike=strikes):
                bench.events.append(event)
                count[0] += 1
                if count[0] == strike and not isinstance(event, reports.RunEnded):
                    raise KeyboardInterrupt

            bench.archive.catalog.saved.clear()
            bench.archive.parts.clear()
            try:
                summary = run_backup(
                    bench.link,
                    bench.archive,
                    options=RunOptions(window=1000, progress_step=1, reserve=0),
                    report=interrupt,
                )
            except KeyboardInterrupt:
                assert not bench.saved
                continue
            assert summary.adds_up
            assert summary.saved.items <= len(bench.saved)
            assert bench.archive.locked == bench.archive.writers == 0
            if summary.ending is Ending.DONE:
                break
            assert bench.run().complete
            assert len(bench.saved) == 3
        assert strikes > 15

    def test_right_after_an_item_was_handed_over(self, bench, monkeypatch):
        bench.phone.add("DCIM/a.jpg", content(100))
        commit = FakeIncoming.commit

        def interrupted(self, size=None):
            commit(self, size)
            raise KeyboardInterrupt

        monkeypatch.setattr(FakeIncoming, "commit", interrupted)
        summary = bench.run()
        assert summary.ending is Ending.INTERRUPTED
        assert summary.saved.items == len(bench.saved) == 1

    def test_while_waiting_for_a_lost_phone(self, bench):
        bench.phone.add("DCIM/a.jpg", content(9500))

        def pull(path, offset):
            bench.phone.unplug()
            bench.bus.script[2.0] = lambda: (_ for _ in ()).throw(KeyboardInterrupt)

        bench.phone.on_read = once(pull, lambda path, offset: offset == 5000)
        summary = bench.run()
        assert summary.ending is Ending.INTERRUPTED
        assert summary.left.items == 1
        assert list(bench.archive.parts.values()) == [content(9500)[:5000]]

    def test_before_the_plan_it_is_raised(self, bench):
        bench.phone.add("DCIM/a.jpg")

        def on_list(path):
            raise KeyboardInterrupt

        bench.phone.on_list = on_list
        with pytest.raises(KeyboardInterrupt):
            bench.run()
