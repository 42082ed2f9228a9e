"""Places, names and what is there already: the pure parts, without phone and disk."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from mtpbackup.archive import ItemKey, Original, SentFile, SentState
from mtpbackup.engine.kinds import Kind
from mtpbackup.engine.reports import PutBucket, PutSkip
from mtpbackup.engine.restore.decisions import FolderNames, IsThere, MayBeThere, ToSend, decide
from mtpbackup.engine.restore.placing import place_all
from mtpbackup.engine.restore.planning import choose_sample
from mtpbackup.engine.restore.tasks import PutTask
from mtpbackup.errors import NameRefused
from tests.engine import build

BEGAN = datetime(2024, 5, 6, 12, tzinfo=UTC)


def original(path="DCIM/a.jpg", size=100, modified=build.NOON, on=build.INTERNAL, sha256="aa", placed=True):
    return Original(ItemKey(on, tuple(path.split("/")), size, modified), path, sha256, placed)


def task(name="a.jpg", **fields):
    one = original(f"DCIM/{name}", **fields)
    return PutTask(one, Kind.PHOTO, build.INTERNAL, ("DCIM",), name, one.key.size, one.sha256)


def decided(task, *items, known=()):
    return decide(task, FolderNames(items), {file.place: file for file in known})


def sent(name="a.jpg", size=100, sha256="aa", state=SentState.SENT, modified=build.NOON):
    return SentFile(build.INTERNAL, ("DCIM", name), size, sha256, BEGAN, state, modified)


def item(name="a.jpg", size=100, modified=build.NOON, **more):
    return build.item(f"DCIM/{name}", size, modified, **more)


ELSEWHEN = build.NOON + timedelta(days=3, minutes=1)


class TestDecide:
    def test_nothing_there(self):
        assert decided(task(), item("b.jpg")) == ToSend("a.jpg", None)

    def test_same_size_and_date_in_any_case(self):
        there = item("A.JPG")
        assert decided(task(), there) == IsThere(there)

    def test_other_sizes_make_it_a_number(self):
        assert decided(task(), item(size=1), item("A (2).jpg", size=2)) == ToSend("a (3).jpg", None)

    def test_a_folder_of_the_name_makes_it_a_number(self):
        assert decided(task(), item(code=build.FOLDER)) == ToSend("a (2).jpg", None)

    def test_the_file_under_a_number_is_found(self):
        numbered = item("a (2).jpg")
        assert decided(task(), item(size=1), numbered) == IsThere(numbered)

    @pytest.mark.parametrize("modified", [ELSEWHEN, None])
    def test_same_size_alone_proves_nothing(self, modified):
        one = item(modified=modified)
        assert decided(task(), one) == MayBeThere((one,), "a (2).jpg", None)
        other = task()
        other.different.add(one.path)
        assert decided(other, one) == ToSend("a (2).jpg", None)

    def test_what_we_sent_and_is_as_it_was_is_ours(self):
        one = item(modified=ELSEWHEN)
        assert decided(task(), one, known=[sent(modified=ELSEWHEN)]) == IsThere(one)
        for changed in (sent(modified=build.NOON), sent(modified=ELSEWHEN, sha256="bb")):
            assert isinstance(decided(task(), one, known=[changed]), MayBeThere)

    def test_half_a_file_of_ours_is_to_be_finished(self):
        half = item(size=40, modified=ELSEWHEN)
        note = sent(state=SentState.SENDING)
        assert decided(task(), half, known=[note]) == ToSend("a.jpg", half)
        for foreign in (
            replace(note, sha256="bb"),
            replace(note, state=SentState.SENT),
            replace(note, size=30),
        ):
            assert decided(task(), half, known=[foreign]) == ToSend("a (2).jpg", None)
        old = item(size=40, modified=BEGAN.replace(tzinfo=None) - timedelta(days=9))
        assert decided(task(), old, known=[note]) == ToSend("a (2).jpg", None)

    def test_reserved_names_are_taken(self):
        names = FolderNames()
        names.reserve("A.jpg")
        assert decide(task(), names, {}) == ToSend("a (2).jpg", None)

    def test_long_names_get_a_number_that_fits(self):
        name = "ü" * 120 + ".jpg"
        decision = decided(task(name), item(name, size=1))
        assert decision.name.endswith(" (2).jpg")
        assert len(decision.name.encode()) <= 240


class TestPlace:
    def place(self, *originals, storages=None, **more):
        settings = {"name_trouble": lambda storage, name: None, "largest_file": lambda storage: None}
        return place_all(originals, storages or [build.storage()], **{**settings, **more})

    def test_where_it_was(self):
        placed = self.place(original("a/b/c.jpg"))
        (one,) = placed.tasks
        assert (one.storage, one.folder, one.name) == (build.INTERNAL, ("a", "b"), "c.jpg")
        assert placed.mapped == {}

    def test_read_only_storages_are_not_chosen(self):
        card = build.storage(build.CARD, 2)
        placed = self.place(original(on=build.CARD), storages=[build.storage(), replace(card, writable=False)])
        assert placed.mapped == {build.CARD: build.INTERNAL}

    def test_the_storage_with_room_is_chosen(self):
        full = replace(build.storage(), free=50)
        placed = self.place(original(on="Old card"), storages=[full, build.storage(build.CARD, 2)])
        assert placed.mapped == {"Old card": build.CARD}

    def test_names_are_mended_or_given_up(self):
        def trouble(_storage, name):
            return NameRefused(name, NameRefused.Reason.CHARACTER) if ":" in name or "ü" in name else None

        placed = self.place(original("x:y/a:b.jpg"), original("ü.jpg"), name_trouble=trouble)
        assert (placed.tasks[0].folder, placed.tasks[0].name) == (("x_y",), "a_b.jpg")
        assert placed.tasks[1].skip is PutSkip.NAME

    def test_one_content_for_one_name_is_sent_once(self):
        placed = self.place(original(on="One"), original(on="Two"), original("DCIM/b.jpg", on="Two"))
        assert [one.skip for one in placed.tasks] == [None, PutSkip.DUPLICATE, None]

    def test_too_large_for_the_card(self):
        placed = self.place(original(size=5), original("b.jpg", size=4), largest_file=lambda storage: 4)
        assert [one.skip for one in placed.tasks] == [PutSkip.TOO_LARGE, None]
        assert placed.tasks[0].bucket is PutBucket.SKIPPED

    @pytest.mark.parametrize(
        ("into", "folders"),
        [
            ("", ["DCIM/Camera", "DCIM/Camera/x"]),
            ("New", ["New", "New/x"]),
            ("/New/Place/", ["New/Place", "New/Place/x"]),
            (f"{build.INTERNAL}/New", ["New", "New/x"]),
            (build.INTERNAL, ["", "x"]),
        ],
    )
    def test_into(self, into, folders):
        placed = self.place(original("DCIM/Camera/a.jpg"), original("DCIM/Camera/x/b.jpg"), into=into)
        assert ["/".join(one.folder) for one in placed.tasks] == folders


@pytest.mark.parametrize(("count", "chosen"), [(0, 0), (1, 1), (3, 3), (84, 3), (500, 12), (5000, 50)])
def test_the_sample_is_spread_over_all(count, chosen):
    tasks = [task(f"{number}.jpg") for number in range(count)]
    choose_sample(tasks, everything=False)
    marked = [number for number, one in enumerate(tasks) if one.sampled]
    assert len(marked) == chosen
    if chosen > 1:
        assert max(b - a for a, b in pairwise(marked)) <= -(-count // chosen)


def test_large_files_are_not_read_back_unless_all_are():
    tasks = [task(size=10**9), task("b.jpg")]
    choose_sample(tasks, everything=False)
    assert [one.sampled for one in tasks] == [False, True]
    choose_sample(tasks, everything=True)
    assert all(one.sampled for one in tasks)
