"""The pipeline: what is committed becomes a plain file with its date, a row, and a checksum line."""

import hashlib
import os
import threading
from datetime import datetime
from itertools import count
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mtpbackup.archive import Layout, NotSaved, PhoneRecord, Saved, TakenSource, disk
from mtpbackup.archive.pipeline import Tokens
from mtpbackup.errors import ArchiveError, Failure, FileTooLarge, ItemUnreadable
from tests.archive import pictures
from tests.archive.conftest import MODIFIED, Bytes, key

CAMERA = "Pixel 8/Internal/DCIM/Camera"


def test_file_date_row_and_hash(backup):
    data = os.urandom(300_000)
    result = backup.saved(data=data)
    assert result.path == f"{CAMERA}/IMG_0001.jpg"
    assert backup.read(result.path) == data
    assert result.sha256 == hashlib.sha256(data).hexdigest()
    assert datetime.fromtimestamp((backup.root / result.path).stat().st_mtime) == MODIFIED
    row = backup.archive.catalog.item(result.item_id)
    assert row.key == key(size=len(data))
    assert (row.file.path, row.file.size, row.file.sha256) == (result.path, len(data), result.sha256)
    assert (row.file.saved_at, row.file.verified_at) == (backup.clock.now, None)
    assert backup.partial() == []


def test_empty_file(backup):
    result = backup.saved(data=b"")
    assert backup.read(result.path) == b""
    assert result.sha256 == hashlib.sha256().hexdigest()


def test_taken_time_is_kept(backup):
    block = pictures.tiff(original="2023:02:03 04:05:06", offset="+01:00")
    result = backup.saved(data=pictures.jpeg(block))
    assert result.taken.source is TakenSource.EXIF_OFFSET
    assert backup.archive.catalog.item(result.item_id).file.taken == result.taken
    assert result.taken.when.isoformat() == "2023-02-03T04:05:06+01:00"


def test_layout_by_month(backup):
    exif = pictures.jpeg(pictures.tiff(original="2023:02:03 04:05:06"))
    put = {"layout": Layout.BY_MONTH}
    assert backup.saved("DCIM/a.jpg", exif, **put).path == "Pixel 8/2023/2023-02/a.jpg"
    assert backup.saved("DCIM/b.jpg", **put).path == "Pixel 8/2024/2024-05/b.jpg"
    assert backup.saved("WhatsApp/b.jpg", **put).path == "Pixel 8/2024/2024-05/b (2).jpg"
    assert backup.saved("DCIM/c.jpg", modified=None, **put).path == "Pixel 8/undated/c.jpg"


def test_changed_content_keeps_both(backup):
    first = backup.saved(data=b"before")
    second = backup.saved(data=b"after!")
    assert second.path == f"{CAMERA}/IMG_0001 (2).jpg"
    assert (backup.read(first.path), backup.read(second.path)) == (b"before", b"after!")


def test_names_that_differ_in_case(backup):
    assert backup.saved("DCIM/a.jpg").path == "Pixel 8/Internal/DCIM/a.jpg"
    assert backup.saved("DCIM/A.JPG").path == "Pixel 8/Internal/DCIM/A (2).JPG"
    assert backup.saved("dcim/a.jpg").path == "Pixel 8/Internal/dcim (2)/a.jpg"
    assert backup.saved("DCIM/a.jpg/b.jpg").path == "Pixel 8/Internal/DCIM/a.jpg (2)/b.jpg"
    backup.new_writer()
    assert backup.saved("dcim/b.jpg").path == "Pixel 8/Internal/dcim (2)/b.jpg"
    assert backup.saved("DCIM/B.jpg").path == "Pixel 8/Internal/DCIM/B.jpg"


def test_folders_that_differ_in_forbidden_characters(backup):
    paths = [
        backup.saved((folder, "x.jpg"), size_of).path for folder, size_of in (("a:b", b"1"), ("a?b", b"22"))
    ]
    assert paths == ["Pixel 8/Internal/a_b/x.jpg", "Pixel 8/Internal/a_b (2)/x.jpg"]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (("..", "..", "etc", "passwd"), "Pixel 8/Internal/_/_ (2)/etc/passwd"),
        (("../../x.jpg",), "Pixel 8/Internal/.._.._x.jpg"),
        (("", ""), "Pixel 8/Internal/_/_"),
        (("DCIM", "half\ud83d.jpg"), "Pixel 8/Internal/DCIM/half_.jpg"),
        (("nul",), "Pixel 8/Internal/_nul"),
    ],
)
def test_hostile_names(backup, path, expected):
    if path[:2] == ("..", ".."):
        expected = "Pixel 8/Internal/_/_/etc/passwd"
    result = backup.saved(path)
    assert result.path == expected
    assert backup.archive.catalog.item(result.item_id).key.path == path


def test_any_path_stays_inside_and_comes_back(backup):
    sizes = count(1)

    @given(st.lists(st.text(st.characters(codec=None), max_size=30), min_size=1, max_size=6))
    @settings(max_examples=60, deadline=None)
    def check(path):
        wanted = key(tuple(path), next(sizes), storage=path[0])
        result = backup.saved(wanted.path, bytes(wanted.size), storage=path[0])
        found = (backup.root / result.path).resolve()
        assert found.is_relative_to((backup.root / backup.phone.folder).resolve())
        assert backup.archive.catalog.item(result.item_id).key == wanted
        assert backup.archive.catalog.known(backup.phone).find(wanted).item_id == result.item_id

    check()


def test_ten_thousand_levels(backup):
    """Deeper than a path can be on disk: put into the deepest folder that fits."""
    result = backup.saved((*["folder"] * 10_000, "x.jpg"))
    assert len(result.path) < 1100
    assert backup.read(result.path) == b"content"
    other = backup.saved((*["folder"] * 9_000, "x.jpg"), b"other")
    assert Path(other.path).parent == Path(result.path).parent
    assert other.path.endswith("x (2).jpg")


@pytest.mark.parametrize("name", [".mtpbackup", "SHA256SUMS", "sha256sums", "..", ""])
def test_phone_with_a_hostile_name(backup, name):
    phone = backup.archive.phone(PhoneRecord(f"S{name}", "", "", name))
    result = backup.saved(phone=phone)
    assert not result.path.lower().startswith((".mtpbackup/", "sha256sums/"))
    assert backup.read(result.path) == b"content"


def test_two_phones_with_one_name(backup):
    other = backup.archive.phone(PhoneRecord("SERIAL2", "Google", "Pixel 8", "pixel 8"))
    assert other.folder == "pixel 8 (2)"
    assert backup.archive.phone(PhoneRecord("SERIAL2", "Google", "Pixel 8", "Anna's")).folder == "pixel 8 (2)"
    assert backup.saved(phone=other).path == "pixel 8 (2)/Internal/DCIM/Camera/IMG_0001.jpg"


def test_chunks_are_given_back_once_and_soon(backup):
    chunks = [Bytes(os.urandom(70_000)) for _ in range(40)]
    incoming = backup.writer.begin(backup.phone, key(size=70_000 * 40))
    for chunk in chunks:
        incoming.write(chunk)
    incoming.commit()
    backup.writer.drain()
    assert [chunk.released for chunk in chunks] == [1] * 40


def test_queue_is_bounded(make_backup, monkeypatch):
    """With the disk standing still, only so many bytes are taken; the rest waits in the engine's thread."""
    backup = make_backup(queued=256 * 1024)
    gate, entered = threading.Event(), threading.Event()
    real = disk.write_all

    def slow(descriptor, data):
        entered.set()
        assert gate.wait(20)
        real(descriptor, data)

    monkeypatch.setattr(disk, "write_all", slow)
    incoming = backup.writer.begin(backup.phone, key(size=20 * 60_000))
    handed = []

    def feed():
        for _ in range(20):
            incoming.write(Bytes(bytes(60_000)))
            handed.append(1)

    feeder = threading.Thread(target=feed)
    feeder.start()
    assert entered.wait(20)
    feeder.join(0.3)
    assert feeder.is_alive()
    assert len(handed) <= 5
    gate.set()
    feeder.join(20)
    incoming.commit()
    (result,) = backup.writer.drain()
    assert isinstance(result, Saved)


def test_waiting_in_vain_costs_no_room():
    """Whoever gives up half-way gives back what was taken: else the queue would become narrower each time."""
    tokens = Tokens(4)
    tokens.take(2, pytest.fail)
    with pytest.raises(ZeroDivisionError):
        tokens.take(3, lambda: 1 / 0)
    tokens.give(2)
    tokens.take(4, lambda: pytest.fail("tokens were lost"))


def test_wrong_number_of_bytes(backup):
    incoming = backup.writer.begin(backup.phone, key(size=10))
    incoming.write(Bytes(b"12345"))
    with pytest.raises(ItemUnreadable) as caught:
        incoming.commit()
    assert (caught.value.expected, caught.value.received) == (10, 5)
    assert backup.writer.drain() == []
    backup.new_writer()
    assert (backup.partial(), backup.tree()) == ([], set())


def test_size_that_the_phone_listed_wrongly(backup):
    incoming = backup.writer.begin(backup.phone, key(size=2_000))
    incoming.write(Bytes(b"12345"))
    incoming.commit(5)
    (result,) = backup.writer.drain()
    assert isinstance(result, Saved)
    row = backup.archive.catalog.item(result.item_id)
    assert (row.key.size, row.file.size) == (2_000, 5)


def test_one_at_a_time(backup):
    backup.writer.begin(backup.phone, key(size=10))
    with pytest.raises(RuntimeError, match="in hand"):
        backup.writer.begin(backup.phone, key("DCIM/b.jpg", size=10))


def test_same_item_twice_in_a_row(backup):
    """A phone may list two objects with one name: both are kept, also while the first is under way."""
    results = []
    for data in (b"first..", b"second."):
        incoming = backup.writer.begin(backup.phone, key(size=7))
        assert incoming.offset == 0
        incoming.write(Bytes(data))
        incoming.commit()
        results += backup.writer.results()
    results += backup.writer.drain()
    assert [backup.read(result.path) for result in results] == [b"first..", b"second."]
    assert len({result.item_id for result in results}) == 2


def test_results_come_without_draining(make_backup):
    """A finished file waits for company only so long."""
    backup = make_backup(linger=0.01)
    for number in range(50):
        incoming = backup.writer.begin(backup.phone, key(f"DCIM/{number}.jpg", 1))
        incoming.write(Bytes(b"x"))
        incoming.commit()
    assert backup.writer.unfinished == 50
    results = backup.writer.close()
    assert len(results) == 50
    assert all(isinstance(result, Saved) for result in results)


def test_needs_the_lock(backup):
    backup.writer.close()
    backup._lock.__exit__(None, None, None)
    with pytest.raises(RuntimeError, match="lock"):
        backup.archive.writer()
    backup._lock = backup.archive.lock()
    backup._lock.__enter__()


def test_mistake_in_the_storing_thread_is_an_error_not_a_hang(backup):
    class Broken(Bytes):
        """Its length can be asked for, its bytes cannot be read."""

        looks = 0

        @property
        def data(self):
            self.looks += 1
            return b"12345" if self.looks == 1 else 1 / 0

        @data.setter
        def data(self, value):
            pass

    chunk = Broken(b"")
    incoming = backup.writer.begin(backup.phone, key(size=5))
    incoming.write(chunk)
    with pytest.raises(ArchiveError, match="ZeroDivisionError"):
        while True:
            incoming.write(Bytes(b""))
    assert chunk.released == 1
    incoming.abandon(keep_part=False)
    assert isinstance(backup.put(), Saved)


def test_mistake_in_the_finishing_thread_is_an_error_not_a_hang(backup, monkeypatch):
    monkeypatch.setattr("mtpbackup.archive.finishing.record_saved", lambda *_: 1 / 0)
    error = backup.error()
    assert type(error) is ArchiveError
    monkeypatch.undo()
    assert backup.saved("DCIM/b.jpg")


def test_too_large_for_fat(backup, monkeypatch):
    monkeypatch.setattr(backup.writer, "_largest", disk.FAT_LARGEST_FILE)
    with pytest.raises(FileTooLarge) as caught:
        backup.writer.begin(backup.phone, key(size=2**32))
    assert (caught.value.size, caught.value.limit) == (2**32, 2**32 - 1)
    assert backup.writer.begin(backup.phone, key(size=2**32 - 1)).offset == 0


@pytest.mark.parametrize("year", [1, 1960, 2262, 9999])
def test_dates_that_no_disk_can_keep(backup, year):
    when = datetime(year, 1, 1)
    result = backup.saved(modified=when)
    assert backup.archive.catalog.item(result.item_id).key.modified == when


def test_saving_clears_the_failure(backup):
    backup.archive.catalog.record_failure(backup.phone, key(size=7), Failure("X", "y"))
    backup.archive.catalog.record_failure(backup.phone, key("DCIM/other.jpg", 7), Failure("X", "y"))
    backup.saved()
    assert [row.key.name for row in backup.archive.catalog.failures(backup.phone)] == ["other.jpg"]


def test_planted_links_are_not_followed(backup, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (backup.root / "Pixel 8").mkdir()
    (backup.root / "Pixel 8" / "Internal").symlink_to(outside)
    result = backup.saved()
    assert result.path == "Pixel 8/Internal (2)/DCIM/Camera/IMG_0001.jpg"
    backup.new_writer()
    camera = backup.root / "Pixel 8" / "Internal (2)" / "DCIM" / "Camera"
    (camera / "x.jpg").symlink_to(outside / "x.jpg")
    assert backup.saved("DCIM/Camera/x.jpg").path.endswith("x (2).jpg")
    assert list(outside.iterdir()) == []


def test_known_folder_replaced_by_a_link(backup, tmp_path):
    first = backup.saved()
    backup.writer.close()
    camera = (backup.root / first.path).parent
    camera.rename(tmp_path / "elsewhere")
    camera.symlink_to(tmp_path / "elsewhere")
    backup.writer = backup.archive.writer(backup.limits)
    assert backup.saved("DCIM/Camera/b.jpg").path == f"{CAMERA} (2)/b.jpg"
    assert not (tmp_path / "elsewhere" / "b.jpg").exists()


def test_folder_removed_in_mid_run(backup):
    first = backup.saved()
    (backup.root / first.path).unlink()
    (backup.root / CAMERA).rmdir()
    second = backup.saved("DCIM/Camera/b.jpg")
    assert second.path == f"{CAMERA}/b.jpg"
    assert backup.read(second.path) == b"content"


def test_name_taken_by_somebody_else_in_mid_run(backup):
    backup.saved()
    (backup.root / CAMERA / "b.jpg").write_bytes(b"somebody's")
    assert backup.saved("DCIM/Camera/b.jpg").path == f"{CAMERA}/b (2).jpg"
    assert backup.read(f"{CAMERA}/b.jpg") == b"somebody's"


def test_damaged_file_is_replaced_by_a_new_copy(backup):
    first = backup.saved(data=b"content")
    (backup.root / first.path).write_bytes(b"CONTENT")
    assert [e.state.value for e in backup.archive.verify() if hasattr(e, "state")] == ["damaged"]
    assert not backup.archive.catalog.known(backup.phone).find(key(size=7)).safe
    backup.new_writer()
    second = backup.saved(data=b"content")
    assert second.item_id == first.item_id
    assert second.path == f"{CAMERA}/IMG_0001 (2).jpg"
    assert backup.archive.catalog.known(backup.phone).find(key(size=7)).safe
    assert [file.path for file in backup.archive.catalog.files()] == [second.path]


def test_deleted_file_is_saved_again_under_its_name(backup):
    first = backup.saved()
    (backup.root / first.path).unlink()
    assert backup.archive.find_missing(backup.phone) == 1
    assert not backup.archive.catalog.known(backup.phone).find(key(size=7)).safe
    backup.new_writer()
    second = backup.saved()
    assert (second.path, second.item_id) == (first.path, first.item_id)
    assert backup.archive.find_missing() == 0


def test_not_saved_results_name_the_item(backup, monkeypatch):
    monkeypatch.setattr(disk, "rename_new", lambda *_: (_ for _ in ()).throw(OSError(5, "Input/output error")))
    result = backup.put()
    assert isinstance(result, NotSaved)
    assert result.key == key(size=7)
    assert "Input/output" in str(result.error)
