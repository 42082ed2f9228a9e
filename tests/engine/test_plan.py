import random
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtpbackup.engine.listing import FolderFailed, FolderSkipped
from mtpbackup.engine.reports import Count, SkipReason
from mtpbackup.engine.selection import Only, Selection
from mtpbackup.engine.tasks import Why
from mtpbackup.errors import Failure
from tests.engine.build import CARD, INTERNAL, MP4, NOON, PLAIN, Saved, item, key, later, listing


def paths(tasks):
    return ["/".join(task.item.path) for task in tasks]


class TestWhatIsCopied:
    def test_what_nobody_knows_is_new(self):
        plan = Saved().plan(listing([item("DCIM/a.jpg", 5), item("DCIM/b.mp4", 7, code=MP4)]))
        assert plan.count() == plan.count(Why.NEW) == Count(2, 12)
        assert plan.safe == Count()

    def test_what_is_in_the_archive_is_safe(self):
        plan = Saved(key("DCIM/a.jpg")).plan(listing([item("DCIM/a.jpg")]))
        assert not plan.tasks
        assert plan.safe == Count(1, 1000)
        assert (plan.safe_photos, plan.safe_videos) == (1, 0)

    def test_a_time_zone_further_it_is_still_safe(self):
        saved = Saved(key("DCIM/a.jpg"), key("DCIM/b.jpg"))
        shifted = [
            item("DCIM/a.jpg", modified=later(hours=5, minutes=45)),
            item("DCIM/b.jpg", modified=later(hours=-9)),
        ]
        plan = saved.plan(listing(shifted))
        assert plan.safe.items == 2
        assert not plan.tasks
        assert plan.gone == []

    @pytest.mark.parametrize("changed", [item("x/a.jpg", 1001), item("x/a.jpg", modified=later(minutes=7))])
    def test_another_size_or_date_is_another_content(self, changed):
        plan = Saved(key("x/a.jpg")).plan(listing([changed]))
        assert [task.why for task in plan.tasks] == [Why.CHANGED]
        assert plan.moves == []

    def test_any_of_several_contents_of_one_place_will_do(self):
        saved = Saved(key("x/a.jpg", 1000), key("x/a.jpg", 2000))
        assert saved.plan(listing([item("x/a.jpg", 1000)])).safe.items == 1

    def test_the_same_name_in_two_folders_or_storages_is_two_items(self):
        saved = Saved(key("A/a.jpg"))
        plan = saved.plan(listing([item("A/a.jpg"), item("B/a.jpg"), item("A/a.jpg", on=CARD)]))
        assert plan.safe.items == 1
        assert plan.count(Why.NEW).items == 2
        assert plan.moves == []

    def test_a_damaged_or_missing_file_is_copied_again(self):
        lost = key("x/a.jpg")
        plan = Saved(lost, unsafe=[lost]).plan(listing([item("x/a.jpg")]))
        assert [task.why for task in plan.tasks] == [Why.LOST]

    def test_two_objects_of_one_name_are_not_both_safe_by_one_row(self):
        twins = [item("x/a.jpg"), item("x/a.jpg")]
        assert Saved(key("x/a.jpg")).plan(listing(twins)).safe.items == 1
        assert Saved(key("x/a.jpg"), key("x/a.jpg")).plan(listing(twins)).safe.items == 2

    def test_what_failed_before_is_tried_again_at_the_end(self):
        failed = key("x/new.jpg")
        plan = Saved().plan(
            listing([item("x/new.jpg"), item("x/old.jpg", modified=later(days=-9))]), failures=[failed]
        )
        assert [task.why for task in plan.tasks] == [Why.NEW, Why.FAILING]
        assert paths(plan.tasks) == ["x/old.jpg", "x/new.jpg"]

    def test_the_newest_come_first_and_those_without_a_date_last(self):
        items = [item(f"x/{age}.jpg", modified=later(days=-age)) for age in range(9)] + [
            item("x/none.jpg", modified=None)
        ]
        random.Random(1).shuffle(items)
        assert paths(Saved().plan(listing(items)).tasks) == [f"x/{age}.jpg" for age in range(9)] + [
            "x/none.jpg"
        ]

    def test_what_the_file_system_cannot_hold_is_refused_at_once(self):
        plan = Saved().plan(
            listing([item("x/a.mp4", 101, code=MP4), item("x/b.mp4", 100, code=MP4)]), largest_file=100
        )
        assert paths(plan.tasks) == ["x/b.mp4"]
        assert [(refusal.item.size, refusal.failure.kind) for refusal in plan.refused] == [
            (101, "FileTooLarge")
        ]

    def test_the_rules_count_what_they_leave_out(self):
        found = [
            *listing([item("Music/x.mp3", 3, code=PLAIN), item("x/.trashed-1-a.jpg", 4), item("x/b.jpg", 5)]),
            FolderSkipped(INTERNAL, ("Android", "data"), SkipReason.APP_DATA),
        ]
        plan = Saved().plan(found, selection=Selection(only=Only.VIDEOS))
        assert plan.skipped == {
            SkipReason.OTHER_KIND: Count(1, 3),
            SkipReason.TRASHED: Count(1, 4),
            SkipReason.NOT_ASKED_FOR: Count(1, 5),
            SkipReason.APP_DATA: Count(1, 0),
        }


class TestWhatIsGone:
    def test_a_file_that_its_folder_no_longer_has(self):
        assert Saved(key("x/a.jpg")).plan(listing([item("x/b.jpg", 7)])).gone == [1]

    def test_a_file_whose_folder_or_the_folder_above_is_no_longer_there(self):
        assert Saved(key("x/y/z/a.jpg")).plan(listing([])).gone == [1]
        assert Saved(key("x/y/z/a.jpg")).plan(listing([], also=["x"])).gone == [1]

    def test_what_was_not_looked_into_proves_nothing(self):
        saved = Saved(key("x/y/a.jpg"))
        assert saved.plan([FolderSkipped(INTERNAL, ("x",), SkipReason.OTHER_FOLDER), *listing([])]).gone == []
        assert saved.plan([FolderFailed(INTERNAL, ("x",), Failure("A", "b")), *listing([])]).gone == []
        assert saved.plan([FolderFailed(INTERNAL, (), Failure("A", "b"))]).gone == []

    def test_a_storage_that_is_not_there_proves_nothing(self):
        assert Saved(key("x/a.jpg", on=CARD)).plan(listing([])).gone == []

    def test_a_file_that_a_rule_leaves_out_now_is_still_there(self):
        saved = Saved(key("x/a.mp4"))
        plan = saved.plan(listing([item("x/a.mp4", code=MP4)]), selection=Selection(only=Only.PHOTOS))
        assert plan.gone == []

    def test_it_is_noted_once_and_counted_each_time(self):
        once = key("x/a.jpg", 9)
        plan = Saved(once, gone=[once]).plan(listing([]))
        assert plan.gone == []
        assert plan.gone_in_all == Count(1, 9)

    def test_what_comes_back_is_noted_and_not_copied(self):
        once = key("x/a.jpg")
        plan = Saved(once, gone=[once]).plan(listing([item("x/a.jpg")]))
        assert plan.back == [1]
        assert plan.safe.items == 1
        assert not plan.tasks

    def test_failures_of_what_is_gone_or_changed_are_settled_and_others_kept(self):
        gone, changed, kept, hidden = key("x/gone.jpg"), key("x/c.jpg", 1), key("x/k.jpg"), key("y/h.jpg")
        found = [
            *listing([item("x/c.jpg", 2), item("x/k.jpg")]),
            FolderSkipped(INTERNAL, ("y",), SkipReason.OTHER_FOLDER),
        ]
        plan = Saved().plan(found, failures=[gone, changed, kept, hidden])
        assert set(plan.settled_failures) == {gone, changed}


class TestWhatWasMoved:
    def test_to_another_folder(self):
        plan = Saved(key("x/a.jpg")).plan(listing([item("y/a.jpg")], also=["x"]))
        assert not plan.tasks
        assert [(move.item_id, move.task.item.path, move.old.path) for move in plan.moves] == [
            (1, ("y", "a.jpg"), ("x", "a.jpg"))
        ]

    def test_to_another_name_also_after_a_time_zone_change(self):
        plan = Saved(key("x/a.jpg")).plan(listing([item("x/b.jpg", modified=later(hours=2))]))
        assert [move.item_id for move in plan.moves] == [1]

    def test_not_while_the_old_one_is_there(self):
        plan = Saved(key("x/a.jpg")).plan(listing([item("x/a.jpg"), item("y/a.jpg")]))
        assert plan.moves == []
        assert paths(plan.tasks) == ["y/a.jpg"]

    def test_not_when_the_old_place_was_not_looked_into(self):
        found = [*listing([item("y/a.jpg")]), FolderSkipped(INTERNAL, ("x",), SkipReason.OTHER_FOLDER)]
        assert Saved(key("x/a.jpg")).plan(found).moves == []

    def test_not_by_a_guess_when_two_would_fit(self):
        one_old = Saved(key("x/a.jpg")).plan(listing([item("y/b.jpg"), item("y/c.jpg")]))
        assert one_old.moves == []
        assert len(one_old.tasks) == 2
        two_old = Saved(key("x/a.jpg"), key("x/b.jpg")).plan(listing([item("y/c.jpg")]))
        assert two_old.moves == []

    def test_the_name_decides_between_two_that_would_fit(self):
        plan = Saved(key("x/a.jpg"), key("x/b.jpg")).plan(listing([item("y/b.jpg"), item("y/a.jpg")]))
        assert sorted((move.old.path[-1], move.task.item.name) for move in plan.moves) == [
            ("a.jpg", "a.jpg"),
            ("b.jpg", "b.jpg"),
        ]

    def test_one_by_its_name_and_the_other_by_what_is_left(self):
        plan = Saved(key("x/a.jpg"), key("x/b.jpg")).plan(listing([item("y/b.jpg"), item("y/new.jpg")]))
        assert {move.old.path[-1]: move.task.item.name for move in plan.moves} == {
            "a.jpg": "new.jpg",
            "b.jpg": "b.jpg",
        }

    def test_a_renamed_storage(self):
        plan = Saved(key("x/a.jpg", on="Interner Speicher")).plan(listing([item("x/a.jpg")]))
        assert [move.item_id for move in plan.moves] == [1]

    def test_never_without_a_date(self):
        plan = Saved(key("x/a.jpg", modified=None)).plan(listing([item("y/a.jpg")]))
        assert plan.moves == []
        plan = Saved(key("x/a.jpg")).plan(listing([item("y/a.jpg", modified=None)]))
        assert plan.moves == []

    def test_a_damaged_file_is_nothing_to_point_to(self):
        old = key("x/a.jpg")
        assert Saved(old, unsafe=[old]).plan(listing([item("y/a.jpg")])).moves == []


NAMES = st.sampled_from(["a.jpg", "b.jpg", "c.mp4", "d.txt", ".trashed-1-e.jpg", "f.aae"])
ITEMS = st.builds(
    item,
    st.builds("{}/{}".format, st.sampled_from(["x", "y", "x/z"]), NAMES),
    st.sampled_from([0, 1, 1000, 5000]),
    st.sampled_from([NOON, later(hours=1), later(minutes=4), None, datetime(2020, 1, 1)]),
    on=st.sampled_from([INTERNAL, CARD]),
)
KEYS = st.builds(
    key,
    st.builds("{}/{}".format, st.sampled_from(["x", "y", "w"]), NAMES),
    st.sampled_from([0, 1, 1000]),
    st.sampled_from([NOON, later(hours=1), None]),
    on=st.sampled_from([INTERNAL, CARD]),
)
EXTRA = st.lists(
    st.sampled_from(
        [
            FolderSkipped(INTERNAL, ("Android", "data"), SkipReason.APP_DATA),
            FolderSkipped(CARD, ("w",), SkipReason.OTHER_FOLDER),
            FolderFailed(INTERNAL, ("q",), Failure("OperationFailed", "")),
        ]
    ),
    max_size=4,
)
SELECTIONS = st.builds(
    Selection,
    st.sampled_from(Only),
    st.sampled_from([(), (("x",),), ((CARD, "y"),)]),
    st.sampled_from([None, NOON]),
)


@given(
    items=st.lists(ITEMS, max_size=12),
    saved=st.lists(KEYS, max_size=8),
    unsafe=st.lists(KEYS, max_size=2),
    extra=EXTRA,
    selection=SELECTIONS,
    failures=st.lists(KEYS, max_size=3),
    limit=st.sampled_from([None, 999]),
)
def test_whatever_is_listed_is_in_exactly_one_place_of_the_plan(
    items, saved, unsafe, extra, selection, failures, limit
):
    plan = Saved(*saved, *unsafe, unsafe=unsafe).plan(
        [*listing(items), *extra], selection=selection, failures=failures, largest_file=limit
    )
    listed = Count(len(items) + len(extra), sum(one.size for one in items))
    refused = Count(len(plan.refused), sum(refusal.item.size for refusal in plan.refused))
    skipped = sum(plan.skipped.values(), Count())
    unlisted = Count(len(plan.unlisted))
    assert plan.count() + plan.moved + plan.safe + skipped + refused + unlisted == listed
    handles = [task.item.handle for task in plan.tasks] + [move.task.item.handle for move in plan.moves]
    assert len(set(handles)) == len(handles)
    rows = [move.item_id for move in plan.moves]
    assert len(set(rows)) == len(rows)
    assert not set(plan.back) & set(plan.gone)
