"""Restores into a folder of this computer."""

from datetime import datetime, timedelta

import pytest

from mtpbackup.archive import ReturnFolder
from mtpbackup.engine import reports
from mtpbackup.engine.reports import Count, Ending, PutSkip
from mtpbackup.engine.restore import RestoreOptions, RestoreSelection, restore_to_folder
from mtpbackup.errors import DestinationUnwritable, OutOfSpace
from mtpbackup.virtual import Generated, MemoryStore
from tests.engine.restore.workbench import DATE, INTERNAL, KIB, Bench

FILES = {"DCIM/Camera/für 🎈.jpg": 40 * KIB, "DCIM/a:b?.jpg": 500, "Movies/empty.mp4": 0}


@pytest.fixture
def target(tmp_path):
    return tmp_path / "out"


def there(target):
    return {str(path.relative_to(target)): path.read_bytes() for path in target.rglob("*") if path.is_file()}


def put(bench, target, *, dry_run=False, **options):
    bench.events.clear()
    summary = restore_to_folder(
        bench.source, target, options=RestoreOptions(**options), dry_run=dry_run, report=bench.told
    )
    assert summary.adds_up, summary
    return summary


def test_names_bytes_and_dates_and_nothing_twice(bench, target):
    truth = bench.fill(FILES)
    bench.back_up()
    assert put(bench, target, dry_run=True).left.items == 3
    assert not target.exists()
    summary = put(bench, target)
    assert there(target) == truth
    assert {datetime.fromtimestamp(path.stat().st_mtime) for path in target.rglob("*.*")} == {DATE}
    assert summary.complete and summary.sent.items == 3
    again = put(bench, target)
    assert again.there.items == 3 and not again.sent.items
    assert there(target) == truth


def test_other_content_is_never_replaced(bench, target):
    truth = bench.fill(FILES)
    bench.back_up()
    (target / "DCIM").mkdir(parents=True)
    (target / "DCIM/a:b?.jpg").write_bytes(b"theirs")
    summary = put(bench, target)
    assert [name for _, name in summary.renamed] == ["a:b? (2).jpg"]
    assert there(target)["DCIM/a:b?.jpg"] == b"theirs"
    assert there(target)["DCIM/a:b? (2).jpg"] == truth["DCIM/a:b?.jpg"]
    assert put(bench, target).there.items == 3


def test_several_storages_get_a_folder_each(bench, target):
    bench.old.storages.append(MemoryStore("SD card", removable=True))
    bench.fill({"DCIM/a.jpg": 10})
    bench.fill({"DCIM/a.jpg": 20}, storage=1)
    bench.back_up()
    put(bench, target, into="old phone")
    assert {path: len(data) for path, data in there(target).items()} == {
        f"old phone/{INTERNAL}/DCIM/a.jpg": 10,
        "old phone/SD card/DCIM/a.jpg": 20,
    }


def test_damaged_missing_older_and_not_asked_for(bench, target):
    bench.fill({"DCIM/a.jpg": 100, "DCIM/b.jpg": 100, "DCIM/c.jpg": 100})
    bench.back_up()
    bench.old.add_file("DCIM/c.jpg", Generated(200, 9), DATE + timedelta(days=1, minutes=1))
    bench.back_up()
    next(bench.root.rglob("a.jpg")).write_bytes(b"rotten")
    next(bench.root.rglob("b.jpg")).unlink()
    summary = put(bench, target)
    assert summary.skipped == {PutSkip.DAMAGED: Count(1, 100), PutSkip.OLDER_VERSION: Count(1, 100)}
    assert [failed.failure.kind for failed in summary.failures] == ["IntegrityError"]
    assert {path: len(data) for path, data in there(target).items()} == {"DCIM/c.jpg": 200}
    assert put(bench, target, even_if_damaged=True).sent.items == 1
    assert put(bench, target, selection=RestoreSelection(("none",))).missing == ("none",)


@pytest.mark.parametrize("number", range(1, 8))
def test_ctrl_c_and_then_again(bench, target, number):
    truth = bench.fill(FILES)
    bench.back_up()
    told = []

    def interrupt(event):
        told.append(event)
        if len(told) == number:
            raise KeyboardInterrupt

    bench.on_event = interrupt
    try:
        summary = put(bench, target, progress_step=10 * KIB)
    except KeyboardInterrupt:
        assert isinstance(told[-1], reports.RestoreStarted | reports.RestoreEnded)
    else:
        assert summary.ending in (Ending.INTERRUPTED, Ending.DONE)
    assert there(target).items() <= truth.items()
    bench.on_event = lambda event: None
    assert put(bench, target).complete
    assert there(target) == truth


def test_no_room_and_no_right(bench, target, monkeypatch):
    bench.fill(FILES)
    bench.back_up()
    monkeypatch.setattr(ReturnFolder, "free_space", lambda self: 1000)
    with pytest.raises(OutOfSpace):
        put(bench, target)
    assert there(target) == {}
    (target.parent / "file").write_bytes(b"")
    with pytest.raises(DestinationUnwritable):
        put(bench, target.parent / "file")


def test_a_file_too_large_for_the_disk(bench, target, monkeypatch):
    bench.fill(FILES)
    bench.back_up()
    monkeypatch.setattr(ReturnFolder, "largest_file", lambda self: 1000)
    summary = put(bench, target)
    assert [failed.failure.kind for failed in summary.failures] == ["FileTooLarge"]
    assert summary.sent.items == 2


def test_it_needs_no_phone_at_all(tmp_path, target):
    bench = Bench(tmp_path / "backup")
    try:
        bench.fill({"DCIM/a.jpg": 1})
        bench.back_up()
        bench.old.close()
        assert put(bench, target).sent.items == 1
    finally:
        bench.close()


def test_a_file_in_the_way_of_a_folder_stops_no_others(bench, target):
    bench.fill({"DCIM/Camera/a.jpg": 500, "Movies/b.mp4": 500})
    bench.back_up()
    target.mkdir()
    (target / "DCIM").write_text("a file")
    summary = put(bench, target)
    assert (summary.sent.items, summary.failed.items) == (1, 1)
    assert summary.failures[0].failure.kind == "FolderInTheWay"
    assert (target / "DCIM").read_text() == "a file"
