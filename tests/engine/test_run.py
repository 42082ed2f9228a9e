"""Runs against a faked phone and archive that fail exactly where they are told to."""

import pytest

from mtpbackup.engine import reports
from mtpbackup.engine.backup import preview_backup
from mtpbackup.engine.reports import Bucket, Count, Ending, SkipReason
from mtpbackup.engine.selection import Selection
from mtpbackup.errors import (
    DestinationGone,
    ItemUnreadable,
    NoPhone,
    OutOfSpace,
)
from tests.engine.bench import content, fails, once
from tests.engine.build import CARD, INTERNAL, key, later
from tests.engine.fakes import FakeArchive, FakePhone, Found


class TestUndisturbed:
    def test_everything_wanted_is_saved_and_everything_else_counted(self, bench):
        bench.phone.add("DCIM/a.jpg", content(2500))
        bench.phone.add("DCIM/b.jpg", b"")
        bench.phone.add("DCIM/.trashed-1-c.jpg", b"123")
        bench.phone.add("Android/data/x/d.jpg", b"1")
        summary = bench.run()
        assert bench.saved == {"DCIM/a.jpg": content(2500), "DCIM/b.jpg": b""}
        assert summary.saved == Count(2, 2500)
        assert summary.skipped == {SkipReason.TRASHED: Count(1, 3), SkipReason.APP_DATA: Count(1, 0)}
        assert summary.listed == Count(4, 2503)
        assert summary.complete
        assert (summary.phone, summary.serial, summary.photos, summary.videos) == ("Pixel 8", "A1", 2, 0)
        assert bench.archive.catalog.ended[-1][0] == "complete"

    def test_a_second_run_reads_nothing(self, bench):
        bench.phone.add("DCIM/a.jpg", content(2500))
        bench.run()
        bench.phone.reads.clear()
        summary = bench.run()
        assert summary.nothing_new
        assert summary.safe == Count(1, 2500)
        assert (summary.read, sum(bench.phone.reads.values())) == (0, 0)
        assert not bench.of(reports.CopyStarted)

    def test_newest_first(self, bench):
        for age in (3, 1, 2):
            bench.phone.add(f"DCIM/{age}.jpg", b"x", later(days=-age))
        bench.run()
        assert [event.item.shown_path for event in bench.of(reports.ItemStarted)] == [
            "DCIM/1.jpg",
            "DCIM/2.jpg",
            "DCIM/3.jpg",
        ]

    def test_progress_grows_to_the_total(self, bench):
        bench.phone.add("DCIM/a.jpg", content(5000))
        bench.phone.add("DCIM/b.jpg", content(2000))
        bench.run()
        done = [event.done.bytes for event in bench.of(reports.Progress)]
        assert done == sorted(done)
        assert bench.of(reports.Progress)[-1].done == Count(2, 7000)
        assert {event.total for event in bench.of(reports.Progress)} == {Count(2, 7000)}

    def test_progress_is_told_by_amount(self, bench):
        bench.phone.add("DCIM/a.jpg", content(10_000))
        bench.run(progress_step=4000)
        assert [event.done.bytes for event in bench.of(reports.Progress)] == [4000, 8000, 10_000]

    def test_a_folder_that_does_not_exist_is_told(self, bench):
        bench.phone.add("DCIM/a.jpg")
        summary = bench.run(selection=Selection.of(folders=["dcim", "Nowhere/Here"]))
        assert summary.missing_folders == ("Nowhere/Here",)
        assert summary.saved.items == 1

    def test_the_same_name_in_two_folders_and_storages(self, bench):
        bench.phone.labels.append(CARD)
        for n, (path, on) in enumerate([("A/x.jpg", INTERNAL), ("B/x.jpg", INTERNAL), ("A/x.jpg", CARD)]):
            bench.phone.add(path, content(100, n + 2), on=on)
        assert bench.run().saved.items == 3
        assert bench.run().safe.items == 3


class TestMoves:
    def test_a_renamed_folder_is_proven_and_not_copied(self, bench):
        bench.phone.add("Old/a.jpg", content(200_000))
        bench.run()
        bench.phone.rename("Old/a.jpg", "New/a.jpg")
        summary = bench.run()
        assert summary.moved == summary.safe == Count(1, 200_000)
        assert summary.gone == Count()
        assert bench.archive.catalog.gone == set()
        assert summary.read == 128 * 1024
        assert bench.of(reports.ItemMoved)[0].old_path == ("Old", "a.jpg")
        assert bench.run().nothing_new

    @pytest.mark.parametrize("at", [0, 199_999])
    def test_other_content_of_the_same_size_and_date_is_copied(self, bench, at):
        bench.phone.add("Old/a.jpg", content(200_000))
        bench.run()
        other = bytearray(content(200_000))
        other[at] ^= 1
        bench.phone.remove("Old/a.jpg")
        bench.phone.add("New/a.jpg", bytes(other))
        summary = bench.run()
        assert (summary.moved.items, summary.saved.items, summary.gone.items) == (0, 1, 1)
        assert bench.saved["New/a.jpg"] == bytes(other)
        assert bench.saved["Old/a.jpg"] == content(200_000)

    def test_what_is_not_proven_is_copied_in_its_turn(self, bench):
        bench.phone.add("Old/a.jpg", content(200_000))
        bench.run()
        bench.phone.remove("Old/a.jpg")
        bench.phone.add("New/a.jpg", content(200_000, seed=3))
        bench.phone.add("New/older.jpg", content(10), later(days=-1))
        bench.run()
        started = [event.item.path[-1] for event in bench.of(reports.ItemStarted)]
        assert started == ["a.jpg", "older.jpg"]

    def test_a_file_cut_short_on_disk_proves_nothing(self, bench):
        bench.phone.add("Old/a.jpg", content(200_000))
        bench.run()
        bench.archive.catalog.saved[1] = (bench.archive.catalog.saved[1][0], content(199_000))
        bench.phone.rename("Old/a.jpg", "New/a.jpg")
        assert bench.run().moved.items == 0

    def test_one_that_cannot_be_compared_is_copied(self, bench):
        bench.phone.add("Old/a.jpg", content(200_000))
        bench.run()
        bench.phone.rename("Old/a.jpg", "New/a.jpg")
        bench.phone.on_read = fails("New/a.jpg", ItemUnreadable("x", ItemUnreadable.Reason.REFUSED), times=1)
        summary = bench.run()
        assert (summary.moved.items, summary.saved.items) == (0, 1)

    def test_the_phone_is_lost_while_comparing(self, bench):
        bench.phone.add("Old/a.jpg", content(200_000))
        bench.run()
        bench.phone.rename("Old/a.jpg", "New/a.jpg")
        bench.phone.on_read = once(lambda path, offset: bench.phone.unplug(back_after=3))
        assert bench.run().moved.items == 1

    def test_deleted_on_the_phone_is_kept_and_said(self, bench):
        bench.phone.add("DCIM/a.jpg", content(10))
        bench.phone.add("DCIM/b.jpg", content(20))
        bench.run()
        bench.phone.remove("DCIM/a.jpg")
        assert bench.run().gone == Count(1, 10)
        assert bench.archive.catalog.gone == {1} or bench.archive.catalog.gone == {2}
        assert bench.run().gone == Count(1, 10)
        assert set(bench.saved) == {"DCIM/a.jpg", "DCIM/b.jpg"}
        bench.phone.add("DCIM/a.jpg", content(10))
        assert bench.run().gone == Count()
        assert bench.archive.catalog.gone == set()


class TestRoom:
    def test_too_little_is_found_before_the_first_byte(self, bench):
        bench.phone.add("DCIM/a.jpg", content(5000))
        bench.phone.add("DCIM/b.jpg", content(5000))
        bench.archive.free = 4 * 4096 + 99
        with pytest.raises(OutOfSpace) as caught:
            bench.run(reserve=100)
        assert (caught.value.needed, caught.value.free) == (4 * 4096, 4 * 4096 + 99)
        assert sum(bench.phone.reads.values()) == 0
        assert bench.archive.locked == 0
        bench.archive.free += 1
        assert bench.run(reserve=100).complete

    def test_what_unfinished_files_take_already_is_not_needed_again(self, bench, tmp_path):
        bench.phone.add("DCIM/a.jpg", content(8192))
        (tmp_path / "x.part").write_bytes(bytes(5000))
        bench.archive.free = 8192 - 5000
        bench.archive.leftovers = [tmp_path / "x.part", tmp_path / "finished meanwhile.part"]
        assert bench.run().complete

    def test_a_full_disk_is_no_trouble_when_nothing_is_new(self, bench):
        bench.phone.add("DCIM/a.jpg", content(5000))
        bench.run()
        bench.archive.free = 0
        assert bench.run(reserve=10**6).complete

    @pytest.mark.parametrize(
        ("error", "ending"),
        [
            (OutOfSpace(FakeArchive().root, None, 0), Ending.OUT_OF_SPACE),
            (DestinationGone(FakeArchive().root, "?"), Ending.DESTINATION_LOST),
        ],
    )
    @pytest.mark.parametrize("moment", ["on_write", "on_flush"])
    def test_the_destination_fails_in_mid_run(self, bench, error, ending, moment):
        for n in range(5):
            bench.phone.add(f"DCIM/{n}.jpg", content(2500), later(days=-n))

        def fail(key, offset=0):
            if int(key.path[-1][0]) >= 2 and offset in (0, 2000):
                raise error

        setattr(bench.archive, moment, fail)
        summary = bench.run()
        assert summary.ending is ending
        assert summary.error is error
        assert (summary.saved.items, summary.failed.items) == (2, 0)
        assert summary.left.items == 3
        assert not summary.complete

    def test_too_large_for_the_file_system(self, bench):
        bench.phone.add("DCIM/a.mp4", content(5001))
        bench.phone.add("DCIM/b.mp4", content(5000))
        bench.archive.limit = 5000
        summary = bench.run()
        assert bench.of(reports.Planned)[0].refused == Count(1, 5001)
        assert (summary.saved.items, summary.failed) == (1, Count(1, 5001))
        assert summary.failures[0].failure.kind == "FileTooLarge"


class TestLeftoverParts:
    """Unfinished files are deleted when no later run will go on with them, and only then."""

    def test_deleted_after_a_complete_run(self, bench):
        bench.phone.add("DCIM/a.jpg")
        bench.run()
        assert bench.archive.discarded == 1

    def test_kept_when_something_failed(self, bench):
        bench.phone.add("DCIM/a.jpg")
        bench.phone.on_read = fails("DCIM/a.jpg", ItemUnreadable("x", ItemUnreadable.Reason.REFUSED))
        bench.run()
        assert bench.archive.discarded == 0

    def test_kept_when_not_everything_was_asked_for(self, bench):
        bench.phone.add("DCIM/a.jpg")
        bench.run(selection=Selection.of(folders=["DCIM"]))
        assert bench.archive.discarded == 0


def test_a_folder_inside_itself_is_one_failed_item(bench):
    bench.phone.add("A/x.jpg", content(3))
    bench.phone.loops = {("A",): ("A", "again")}
    summary = bench.run()
    assert (summary.saved.items, summary.failed.items) == (1, 1)
    assert summary.failures[0].item.path == ("A", "again")


def test_a_file_that_looks_whole_and_of_which_the_phone_gives_no_byte_is_not_believed(bench):
    bench.phone.add("DCIM/a.jpg", content(5000))
    bench.archive.parts[key("DCIM/a.jpg", 5000)] = content(5000, seed=9)
    given = FakePhone.read

    def read(self, item, offset=0, length=None):
        if not offset:
            yield from given(self, item, offset)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(FakePhone, "read", read)
        assert bench.run().complete
    assert bench.saved["DCIM/a.jpg"] == content(5000)


class TestPreview:
    def test_it_says_what_a_run_would_do_and_does_nothing(self, bench, tmp_path):
        bench.phone.add("DCIM/a.jpg", content(5000))
        bench.phone.add("DCIM/b.txt", content(7))
        plan = preview_backup(bench.link, None, root=tmp_path / "not" / "there", report=bench.told)
        assert (plan.new, plan.to_copy, plan.photos) == (Count(1, 5000), 8192, 1)
        assert plan.free > 0
        assert bench.events[-1] == plan
        assert not list(tmp_path.iterdir())
        assert sum(bench.phone.reads.values()) == 0


def test_other_phones_are_left_alone(bench):
    other = Found(bench.bus, "Galaxy", "B2", port=2)
    bench.link = bench.new_link(wanted="Pixel")
    bench.phone.add("DCIM/a.jpg", content(9500))
    bench.phone.on_read = once(lambda path, offset: bench.phone.unplug(), lambda path, offset: offset == 5000)
    summary = bench.run()
    assert summary.ending is Ending.PHONE_LOST
    assert bench.of(reports.WaitingForPhone)[0].others == ("Galaxy",)
    assert other.reads == {}


def test_no_phone_at_all(bench):
    bench.phone.attached = False
    with pytest.raises(NoPhone):
        bench.run()
    assert bench.archive.locked == 0


def test_the_buckets_are_those_of_the_promise():
    assert {bucket.value for bucket in Bucket} == {"saved", "safe", "skipped", "failed", "left"}


def test_a_storage_that_vanishes_while_it_is_listed(bench):
    bench.phone.labels.append(CARD)
    bench.phone.add("DCIM/c.jpg", content(5), on=CARD)
    bench.phone.add("DCIM/i.jpg", content(5))
    pulled = []

    def on_list(path):
        if path == ("DCIM",) and bench.phone.labels == [INTERNAL, CARD] and len(pulled) == 1:
            bench.phone.labels.remove(CARD)
        pulled.append(path) if path == ("DCIM",) else None

    bench.phone.on_list = on_list
    summary = bench.run()
    assert summary.saved.items == 1
    assert summary.listed.items == 1
