"""The catalog: what is known, found again by the rules, kept over versions, refused when it is unsound."""

import shutil
import sqlite3
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtpbackup.archive import Archive, ItemKey, KnownItems, PhoneRecord, RunCounts, disk
from mtpbackup.archive.database import SCHEMA_VERSION
from mtpbackup.archive.paths import decode_name, decode_path, encode_name, encode_path
from mtpbackup.errors import (
    ArchiveBusy,
    CatalogUnusable,
    DestinationGone,
    DestinationUnwritable,
    Failure,
    OutOfSpace,
)
from tests.archive.conftest import MODIFIED, key

OLD_CATALOGS = sorted((Path(__file__).parent.parent / "old_catalogs").glob("v*.sqlite"))

ANY_NAME = st.text(st.characters(codec=None), max_size=12)


@given(st.lists(ANY_NAME, max_size=5))
def test_paths_come_back_exactly(path):
    text = encode_path(path)
    assert decode_path(text) == tuple(path)
    assert "\0" not in text
    text.encode()


@given(st.lists(ANY_NAME, max_size=4), st.lists(ANY_NAME, max_size=4))
def test_different_paths_stay_different(one, other):
    assert (encode_path(one) == encode_path(other)) == (one == other)


@given(ANY_NAME)
def test_names_come_back_exactly(name):
    assert decode_name(encode_name(name)) == name
    assert "/" not in encode_name(name)


def known(backup) -> KnownItems:
    return backup.archive.catalog.known(backup.phone)


def test_find_by_the_rules(backup):
    backup.saved()
    hour, second = timedelta(hours=1), timedelta(seconds=1)
    for same in (0 * hour, hour, -5.75 * hour, 26 * hour, second, hour - second):
        assert known(backup).find(key(size=7, modified=MODIFIED + same))
    for other in (timedelta(minutes=10), 26.25 * hour, 2 * second):
        assert known(backup).find(key(size=7, modified=MODIFIED + other)) is None
    assert known(backup).find(key(size=7, modified=None))
    assert known(backup).find(key(size=8)) is None
    assert known(backup).find(key(size=7, storage="SD card")) is None
    assert known(backup).find(key("DCIM/camera/IMG_0001.jpg", 7)) is None
    assert known(backup).find(key("IMG_0001.jpg", 7)) is None


def test_versions_of_one_place(backup):
    first = backup.saved(data=b"before")
    second = backup.saved(data=b"afterwards", modified=MODIFIED + timedelta(days=3))
    found = known(backup).at("Internal", ("DCIM", "Camera", "IMG_0001.jpg"))
    assert {item.item_id for item in found} == {first.item_id, second.item_id}
    assert known(backup).find(key(size=6)).item_id == first.item_id
    assert len(known(backup)) == 2
    assert {item.item_id for item in known(backup)} == {first.item_id, second.item_id}


def test_item_without_a_date(backup):
    backup.saved(modified=None)
    assert known(backup).find(key(size=7)).modified is None


def test_moved_item(backup):
    result = backup.saved(data=b"0123456789")
    new = key("Pictures/Holiday/renamed.jpg", 10, MODIFIED + timedelta(hours=2))
    assert known(backup).find(new) is None
    (candidate,) = known(backup).alike(10, new.modified)
    assert candidate.item_id == result.item_id
    assert backup.archive.read_window(candidate.item_id, 3, 4) == b"3456"
    assert backup.archive.read_window(candidate.item_id, 8, 100) == b"89"
    assert backup.archive.catalog.item(candidate.item_id).key.path == ("DCIM", "Camera", "IMG_0001.jpg")
    backup.archive.catalog.record_gone([candidate.item_id])
    backup.archive.catalog.record_moved(candidate.item_id, new)
    assert known(backup).find(new).item_id == result.item_id
    assert known(backup).find(key(size=10)) is None
    row = backup.archive.catalog.item(result.item_id)
    assert (row.key, row.file.path, row.gone_since) == (new, result.path, None)


def test_alike_leaves_out_what_is_not_safe(backup):
    first, second = backup.saved("a/1.jpg"), backup.saved("a/2.jpg")
    assert {item.item_id for item in known(backup).alike(7, MODIFIED)} == {first.item_id, second.item_id}
    (backup.root / first.path).unlink()
    backup.archive.find_missing()
    assert [item.item_id for item in known(backup).alike(7, MODIFIED)] == [second.item_id]
    assert known(backup).alike(7, MODIFIED + timedelta(days=9)) == []
    assert known(backup).alike(8, MODIFIED) == []
    assert backup.archive.read_window(first.item_id, 0, 7) == b""


def test_gone_and_back(backup):
    item = backup.saved().item_id
    gone_at = backup.clock.now
    backup.archive.catalog.record_gone([item])
    backup.clock.advance(days=1)
    backup.archive.catalog.record_gone([item])
    assert backup.archive.catalog.item(item).gone_since == gone_at
    found = known(backup).find(key(size=7))
    assert (found.gone, found.safe) == (True, True)
    assert backup.archive.catalog.totals(backup.phone).gone == 1
    backup.archive.catalog.record_present([item])
    assert not known(backup).find(key(size=7)).gone


def test_failures_are_counted_until_forgotten(backup):
    catalog, wanted = backup.archive.catalog, key(("DCIM", "a/b\ud83d.jpg"), 5)
    first_at = backup.clock.now
    for kind in ("PhoneGone", "ItemUnreadable"):
        catalog.record_failure(backup.phone, wanted, Failure(kind, "why \ud83d\0"))
        backup.clock.advance(hours=1)
    catalog.record_failure(backup.phone, key("DCIM/z.jpg", 5), Failure("X", ""))
    rows = catalog.failures(backup.phone)
    assert [row.key.path[-1] for row in rows] == ["a/b\ud83d.jpg", "z.jpg"]
    assert rows[0].key == wanted
    assert (rows[0].failure.kind, rows[0].tries) == ("ItemUnreadable", 2)
    assert (rows[0].first_at, rows[0].last_at) == (first_at, first_at + timedelta(hours=1))
    catalog.forget_failures(backup.phone, [wanted, key("never/seen.jpg")])
    assert [row.key.name for row in catalog.failures(backup.phone)] == ["z.jpg"]


def test_runs(backup):
    catalog = backup.archive.catalog
    assert catalog.runs(backup.phone) == []
    first = catalog.start_run(backup.phone)
    counts = RunCounts(listed=10, saved=1, safe=2, moved=3, skipped=3, failed=1, saved_bytes=2**40)
    backup.clock.advance(minutes=5)
    catalog.end_run(first, "complete", counts)
    second = catalog.start_run(backup.phone)
    latest, earlier = catalog.runs(backup.phone)
    assert (latest.id, latest.ended_at, latest.outcome) == (second, None, "")
    assert (earlier.outcome, earlier.counts) == ("complete", counts)
    assert earlier.ended_at - earlier.started_at == timedelta(minutes=5)
    assert catalog.runs(backup.phone, limit=1) == [latest]


def test_totals(backup):
    totals = backup.archive.catalog.totals(backup.phone)
    assert (totals.files, totals.size, totals.oldest_check, totals.last_run) == (0, 0, None, None)
    saved_at = backup.clock.now
    paths = [backup.saved(f"{number}.jpg", bytes(10)).path for number in range(4)]
    (backup.root / paths[0]).unlink()
    (backup.root / paths[1]).write_bytes(b"x")
    backup.clock.advance(days=1)
    events = backup.archive.verify()
    for event in events:
        if getattr(event, "file", None) and event.file.path == paths[2]:
            break
    events.close()
    totals = backup.archive.catalog.totals(backup.phone)
    assert (totals.files, totals.size, totals.damaged, totals.missing) == (2, 20, 1, 1)
    assert totals.oldest_check == saved_at
    list(backup.archive.verify())
    assert backup.archive.catalog.totals(backup.phone).oldest_check == backup.clock.now


def test_phones_are_known_by_serial(backup):
    odd = PhoneRecord("S\ud83d/1", "Maker", "Model", "  ")
    phone = backup.archive.phone(odd)
    assert phone.folder == "Model"
    assert backup.archive.phone(PhoneRecord("S\ud83d/1", "Maker", "Model", "Anna's")).id == phone.id
    names = [(each.name, each.serial) for each in backup.archive.catalog.phones()]
    assert names == [("Anna's", "S\ud83d/1"), ("Pixel 8", "SERIAL1")]


def test_many_items_in_pages(backup):
    for number in range(1200):
        incoming = backup.writer.begin(backup.phone, key(f"DCIM/{number:04}.jpg", 0))
        incoming.commit()
    backup.writer.drain()
    names = [row.key.name for row in backup.archive.catalog.items(backup.phone)]
    assert names == [f"{number:04}.jpg" for number in range(1200)]
    assert len(list(backup.archive.catalog.files())) == 1200
    assert backup.archive.catalog.count_files() == (1200, 0)


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_safe_one_of_twins_is_found_first(order):
    rows = [(1, 5, "a.jpg", 7, None, order[0], 0), (2, 5, "a.jpg", 7, None, order[1], 0)]
    snapshot = KnownItems({("Internal", "DCIM"): 5}, rows)
    assert snapshot.find(key("DCIM/a.jpg", 7)).item_id == 1 + order.index(1)


def test_snapshot_is_small():
    """100,000 items: about 45 bytes each, and quick to ask."""
    rows = ((n, n % 500, f"IMG_{n:08}.jpg", n, "2024-05-06T07:08:12", 1, 0) for n in range(100_000))
    places = {("Internal", f"DCIM/{n}"): n for n in range(500)}
    snapshot = KnownItems(places, rows)
    arrays = (
        snapshot._ids,
        snapshot._hashes,
        snapshot._sizes,
        snapshot._dates,
        snapshot._by_size,
        snapshot._flags,
    )
    assert sum(map(sys.getsizeof, arrays)) < 50 * 100_000
    assert snapshot.find(ItemKey("Internal", ("DCIM", "77", "IMG_00000077.jpg"), 77, None)).item_id == 77
    assert snapshot.find(ItemKey("Internal", ("DCIM", "78", "IMG_00000077.jpg"), 77, None)) is None


@pytest.mark.parametrize("catalog", OLD_CATALOGS, ids=lambda path: path.stem)
def test_old_catalogs_open(catalog, make_backup, tmp_path):
    """A catalog of every version that was ever published opens in this one, and is written by it."""
    (tmp_path / "backup" / ".mtpbackup").mkdir(parents=True)
    shutil.copy(catalog, tmp_path / "backup" / ".mtpbackup" / "catalog.sqlite")
    backup = make_backup()
    rows = list(backup.archive.catalog.items(backup.phone))
    assert [row.key.shown_path for row in rows] == ["DCIM/Camera/IMG_0001.jpg", "DCIM/Camera/a:b.jpg"]
    assert rows[1].file.path == "Pixel 8/Internal/DCIM/Camera/a_b.jpg"
    assert rows[0].file.taken is not None
    assert len(backup.archive.catalog.failures(backup.phone)) == 1
    assert backup.archive.catalog.runs(backup.phone)[0].outcome == "complete"
    assert backup.saved("DCIM/Camera/new.jpg").path == "Pixel 8/Internal/DCIM/Camera/new.jpg"


def test_old_catalogs_are_there():
    """One of each version that this one must be able to bring up to date."""
    assert {f"v{version}" for version in range(1, max(2, SCHEMA_VERSION))} <= {
        path.stem for path in OLD_CATALOGS
    }


def catalog_path(backup):
    return backup.root / ".mtpbackup" / "catalog.sqlite"


def test_newer_version_is_refused(make_backup):
    backup = make_backup()
    backup.close()
    with sqlite3.connect(catalog_path(backup)) as connection:
        connection.execute("PRAGMA user_version = 7")
    connection.close()
    for opening in (Archive.open, Archive.create_or_open):
        with pytest.raises(CatalogUnusable) as caught:
            opening(backup.root)
        assert caught.value.version == 7


@pytest.mark.parametrize("harm", ["garbage", "empty", "deleted", "link", "another database"])
def test_damaged_catalog_is_refused(make_backup, tmp_path, harm):
    backup = make_backup()
    backup.saved()
    backup.close()
    path = catalog_path(backup)
    if harm == "garbage":
        path.write_bytes(b"not a database" * 1000)
    elif harm == "empty":
        path.write_bytes(b"")
    elif harm == "deleted":
        path.unlink()
    elif harm == "link":
        path.rename(tmp_path / "elsewhere")
        path.symlink_to(tmp_path / "elsewhere")
    else:
        path.unlink()
        with sqlite3.connect(path) as connection:
            connection.execute("CREATE TABLE t (a)")
        connection.close()
    before = path.read_bytes() if path.exists() else None
    for opening in (Archive.open, Archive.create_or_open):
        with pytest.raises(CatalogUnusable) as caught:
            opening(backup.root)
        assert caught.value.version is None
    assert (path.read_bytes() if path.exists() else None) == before


def test_damage_in_the_middle_is_told(make_backup):
    backup = make_backup()
    for number in range(30):
        backup.archive.catalog.record_failure(backup.phone, key(f"{number}.jpg"), Failure("X", "y" * 2000))
    backup.close()
    raw = bytearray(catalog_path(backup).read_bytes())
    raw[8192:] = b"\x55" * (len(raw) - 8192)
    catalog_path(backup).write_bytes(raw)
    with pytest.raises(CatalogUnusable), Archive.open(backup.root) as archive:
        archive.catalog.failures(archive.catalog.phones()[0])


def test_transaction_is_undone_as_a_whole(backup):
    database = backup.archive.catalog.database
    with pytest.raises(ZeroDivisionError), database.writing() as connection:
        connection.execute("DELETE FROM phones")
        1 / 0  # noqa: B018
    assert len(backup.archive.catalog.phones()) == 1


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (sqlite3.SQLITE_FULL, OutOfSpace),
        (sqlite3.SQLITE_READONLY, DestinationUnwritable),
        (sqlite3.SQLITE_BUSY, ArchiveBusy),
        (sqlite3.SQLITE_CORRUPT | 1 << 8, CatalogUnusable),
    ],
)
def test_sqlite_errors_say_what_they_mean(backup, code, kind):
    error = sqlite3.OperationalError("x")
    error.sqlite_errorcode = code
    with pytest.raises(kind), backup.archive.catalog.database.errors():
        raise error


def test_sqlite_error_on_a_disk_that_is_gone(backup, tmp_path):
    backup.root.rename(tmp_path / "elsewhere")
    error = sqlite3.OperationalError("x")
    error.sqlite_errorcode = sqlite3.SQLITE_IOERR
    with pytest.raises(DestinationGone), backup.archive.catalog.database.errors():
        raise error


def test_catalog_without_room_is_not_safe(backup, monkeypatch):
    """SQLite finds the disk full: the files are there, but not called saved; the next run takes them over."""
    error = sqlite3.OperationalError("database or disk is full")
    error.sqlite_errorcode = sqlite3.SQLITE_FULL

    def full(*_):
        with backup.archive.catalog.database.errors():
            raise error

    monkeypatch.setattr("mtpbackup.archive.finishing.record_saved", full)
    assert type(backup.error()) is OutOfSpace
    monkeypatch.undo()
    backup.new_writer()
    incoming = backup.writer.begin(backup.phone, key(size=7))
    assert incoming.placed


def test_readers_do_not_disturb_a_run(backup):
    """`status` may look while a run writes."""
    with Archive.open(backup.root) as reader:
        for number in range(5):
            backup.saved(f"{number}.jpg")
            assert reader.catalog.totals(reader.catalog.phones()[0]).files == number + 1


def test_times_are_utc(backup):
    backup.saved()
    with sqlite3.connect(catalog_path(backup)) as connection:
        (text,) = connection.execute("SELECT saved_at FROM files").fetchone()
    connection.close()
    assert datetime.fromisoformat(text) == datetime(2025, 1, 1, 12, tzinfo=UTC)


def test_closed_files_stay_closed(backup):
    """Closing twice is no error, and no descriptor is left open by an archive."""
    backup.close()
    backup.archive.close()
    assert disk.filesystem_type(-1) == 0
