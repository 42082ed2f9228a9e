"""The catalog is damaged, gone or locked up: a person is told, and gets it back from the files."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from mtpbackup.archive import Archive, BackedUp
from mtpbackup.engine.rebuilding import rebuild_archive
from mtpbackup.engine.reports import Damage
from mtpbackup.engine.status import archive_status
from mtpbackup.engine.verification import verify_archive
from mtpbackup.errors import ArchiveBusy, CatalogUnusable, NoArchive, OutOfSpace
from mtpbackup.messages import explain
from mtpbackup.virtual import Generated, Literal, MemoryStore, VirtualPhone
from tests.crash.bench import Bench

DATE = datetime(2024, 5, 6, 7, 8, 12)

#: Names that cannot be the same on disk, and such that can.
PATHS = (
    *(f"DCIM/Camera/IMG_{number:04}.jpg" for number in range(40)),
    "DCIM/Camera/Was: das? 🎂.jpg",
    "Pictures/Überfahrt/ä.png",
    "Pictures/überfahrt/b.png",
    "Download/nul.mp4",
)


@pytest.fixture
def bench(tmp_path):
    store = MemoryStore("Internal shared storage")
    for number, path in enumerate(PATHS):
        store.add(path, Generated(3_000 + number, number), (DATE + timedelta(hours=number)).timestamp())
    with VirtualPhone("pixel", [store], serial="SERIAL-1") as phone:
        phone.plug()
        yield Bench(tmp_path / "backup", phone)


def catalog(bench) -> Path:
    return bench.root / ".mtpbackup" / "catalog.sqlite"


def truncated(path: Path) -> None:
    os.truncate(path, path.stat().st_size * 2 // 3)


def garbage_in_the_middle(path: Path) -> None:
    raw = bytearray(path.read_bytes())
    for page in range(3, len(raw) // 4096, 3):
        raw[page * 4096 : (page + 1) * 4096] = os.urandom(4096)
    path.write_bytes(raw)


def garbage_all_over(path: Path) -> None:
    path.write_bytes(os.urandom(path.stat().st_size))


def with_a_journal_of_another(path: Path) -> None:
    """A hot journal left behind must not be played into the new catalog."""
    journal = path.with_name("catalog.sqlite-journal")
    with sqlite3.connect(path, isolation_level=None) as connection:
        connection.execute("PRAGMA cache_size = 1")
        connection.execute("BEGIN")
        connection.execute("UPDATE files SET sha256 = 'wrong'")
        kept = journal.read_bytes()
        connection.execute("ROLLBACK")
    connection.close()
    garbage_all_over(path)
    journal.write_bytes(kept)


def wrong_rights(path: Path) -> None:
    path.chmod(0)


HARMS = {
    "truncated": truncated,
    "garbage in the middle": garbage_in_the_middle,
    "garbage": garbage_all_over,
    "zero bytes": lambda path: os.truncate(path, 0),
    "missing": Path.unlink,
    "everything of ours missing": lambda path: shutil.rmtree(path.parent),
    "journal": with_a_journal_of_another,
    "whole": lambda path: None,
}


def nothing_is_copied_again(bench, **options):
    again = bench.run(**options)
    assert again.adds_up
    assert again.complete
    assert again.saved.items == 0
    assert again.listed.items == len(PATHS)
    assert bench.run().nothing_new


def names_on_the_phone(bench):
    with Archive.open(bench.root) as archive:
        (phone,) = archive.catalog.phones()
        return {"/".join(original.key.path) for original in BackedUp(archive, phone).all()}


@pytest.mark.shows(
    "the catalog damaged, emptied, deleted or locked up",
    sees="The list of what is saved is damaged … Make a new list: mtpbackup verify --rebuild",
    kind="computer",
)
@pytest.mark.parametrize("harm", HARMS)
def test_it_is_made_anew(bench, harm):
    bench.run()
    files = bench.files()
    HARMS[harm](catalog(bench))
    damaged = catalog(bench).read_bytes() if catalog(bench).exists() else None

    summary = rebuild_archive(bench.root)
    assert summary.damaged == ()
    assert (summary.good + summary.unrecorded + summary.left_out).items == len(PATHS)
    assert summary.good.items == len(PATHS)
    with Archive.open(bench.root) as archive:
        assert verify_archive(archive).sound
        (status,) = archive_status(archive).phones
        assert status.safe.items == len(PATHS)
    if damaged is None:
        assert summary.set_aside == ""
    elif harm != "journal":  # SQLite mends what it reads with that
        assert (bench.root / summary.set_aside).read_bytes() == damaged
    assert bench.files() == files
    nothing_is_copied_again(bench)
    assert bench.files() == files
    assert names_on_the_phone(bench) == set(PATHS)
    subprocess.run(["sha256sum", "--strict", "--quiet", "-c", "SHA256SUMS"], cwd=bench.root, check=True)


def test_what_the_old_one_still_tells_is_kept(bench):
    """Names on the phone without asking it, runs, and dates."""
    bench.run()
    truncated(catalog(bench))
    rebuild_archive(bench.root)
    with Archive.open(bench.root) as archive:
        (phone,) = archive.catalog.phones()
        assert phone.serial == "SERIAL-1"
        exact = {"/".join(item.key.path) for item in archive.catalog.items(phone)}
        # Pages of items at the end of the file are lost, those at its beginning are not.
        assert "DCIM/Camera/IMG_0000.jpg" in exact


@pytest.mark.parametrize("layout", ["by-month", "as-on-phone"])
@pytest.mark.parametrize("sums", [True, False])
def test_without_anything_but_the_files(bench, layout, sums):
    """Not even whose they are: the phone with that name takes them for its own."""
    bench.run(layout=layout)
    files = bench.files()
    shutil.rmtree(bench.root / ".mtpbackup")
    if not sums:
        (bench.root / "SHA256SUMS").unlink()
        with pytest.raises(NoArchive):
            rebuild_archive(bench.root)
        # A person who knows that it is a backup can say so, by this folder.
        (bench.root / ".mtpbackup").mkdir()
        (bench.root / "Other things").mkdir()
        (bench.root / "Other things" / "letter.txt").write_text("not of a phone")
    summary = rebuild_archive(bench.root)
    assert summary.good.items == (len(PATHS) if sums else 0)
    assert summary.unrecorded.items == (0 if sums else len(PATHS))
    nothing_is_copied_again(bench)
    (bench.root / "Other things" / "letter.txt").unlink(missing_ok=True)
    assert bench.files() == files
    assert names_on_the_phone(bench) == set(PATHS)
    with Archive.open(bench.root) as archive:
        assert [phone.serial for phone in archive.catalog.phones()] == ["SERIAL-1"]


def test_another_phone_of_the_same_name_does_not_move_in(bench, tmp_path):
    """As long as it is known whose the folder is."""
    bench.run()
    catalog(bench).unlink()
    rebuild_archive(bench.root)
    store = MemoryStore("Internal shared storage")
    store.add(PATHS[0], Generated(3_000, 99), DATE.timestamp())
    with VirtualPhone("pixel", [store], serial="SERIAL-2") as other:
        other.plug()
        assert Bench(bench.root, other).run().saved.items == 1
    with Archive.open(bench.root) as archive:
        assert sorted(phone.serial for phone in archive.catalog.phones()) == ["SERIAL-1", "SERIAL-2"]
        assert len({phone.folder for phone in archive.catalog.phones()}) == 2


def test_damage_to_files_is_found_on_the_way_and_mended_by_the_next_run(bench):
    bench.run()
    catalog(bench).unlink()
    changed, cut, gone = (next(bench.root.rglob(f"IMG_000{number}.jpg")) for number in (1, 2, 3))
    status = changed.stat()
    changed.write_bytes(bytes(status.st_size))
    os.utime(changed, (status.st_mtime, status.st_mtime))
    os.truncate(cut, 10)
    gone.unlink()
    summary = rebuild_archive(bench.root)
    assert {(Path(file.path).name, file.damage) for file in summary.damaged} == {
        ("IMG_0001.jpg", Damage.CHANGED),
        ("IMG_0002.jpg", Damage.CHANGED),
        ("IMG_0003.jpg", Damage.MISSING),
    }
    again = bench.run()
    assert again.complete
    assert again.saved.items == 3
    assert bench.run().nothing_new
    assert bench.verify().sound


def test_what_is_on_no_list_is_compared_with_the_phone(bench):
    """A file that a person put there under the name of one that is not saved yet, with its size and date."""
    bench.run()
    bench.add("DCIM/Camera/IMG_9999.jpg", Literal(b"right" * 1000), DATE)
    folder = next(bench.root.rglob("IMG_0001.jpg")).parent
    (folder / "IMG_9999.jpg").write_bytes(b"wrong" * 1000)
    os.utime(folder / "IMG_9999.jpg", (DATE.timestamp(), DATE.timestamp()))
    catalog(bench).unlink()
    summary = rebuild_archive(bench.root)
    assert summary.left_out.items == 1
    again = bench.run()
    assert again.saved.items == 1
    assert (folder / "IMG_9999 (2).jpg").read_bytes() == b"right" * 1000


def test_a_newer_one_is_left_alone(bench):
    bench.run()
    with sqlite3.connect(catalog(bench)) as connection:
        connection.execute("PRAGMA user_version = 7")
    connection.close()
    before = catalog(bench).read_bytes()
    with pytest.raises(CatalogUnusable) as caught:
        rebuild_archive(bench.root)
    assert caught.value.version == 7
    assert catalog(bench).read_bytes() == before


def test_an_old_one_is_rebuilt_as_a_new_one(bench):
    bench.run()
    with sqlite3.connect(catalog(bench)) as connection:
        connection.execute("DROP TABLE sent")
        connection.execute("PRAGMA user_version = 1")
    connection.close()
    rebuild_archive(bench.root)
    nothing_is_copied_again(bench)


def test_not_while_a_run_is_active(bench):
    bench.run()
    with Archive.open(bench.root) as archive, archive.lock(), pytest.raises(ArchiveBusy):
        rebuild_archive(bench.root)


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError(errno.ENOSPC, "No space left on device")])
def test_stopped_or_out_of_room_nothing_is_changed(bench, monkeypatch, error):
    bench.run()
    garbage_in_the_middle(catalog(bench))
    before = {path.name: path.read_bytes() for path in catalog(bench).parent.iterdir() if path.is_file()}
    left = [5]

    def taken_time(*_):
        left[0] -= 1
        if left[0] == 0:
            raise error

    monkeypatch.setattr("mtpbackup.archive.rebuilding.taken_time", taken_time)
    if error is KeyboardInterrupt:
        with pytest.raises(KeyboardInterrupt):
            rebuild_archive(bench.root)
    else:
        module = "mtpbackup.archive.rebuilding"
        monkeypatch.setattr(f"{module}._put_in_place", lambda _: (_ for _ in ()).throw(error))
        with pytest.raises(OutOfSpace):
            rebuild_archive(bench.root)
    after = {path.name: path.read_bytes() for path in catalog(bench).parent.iterdir() if path.is_file()}
    assert after.pop("lock") == before.pop("lock") == b""
    assert after == before


@pytest.mark.parametrize("function", ["salvage", "_put_in_place", "_remove_new", "keep_identities"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_killed_while_rebuilding(bench, function, when):
    """What it leaves can be rebuilt; the old catalog is there, in its place or aside."""
    bench.run()
    garbage_in_the_middle(catalog(bench))
    damaged = catalog(bench).read_bytes()
    script = (
        "import os, signal, sys; from pathlib import Path\n"
        "from mtpbackup.archive import rebuilding as module\n"
        "from mtpbackup.engine.rebuilding import rebuild_archive\n"
        "real = getattr(module, sys.argv[2])\n"
        "def deadly(*arguments):\n"
        "    if sys.argv[3] == 'after': real(*arguments)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
        "setattr(module, sys.argv[2], deadly)\n"
        "rebuild_archive(Path(sys.argv[1]))\n"
    )
    killed = subprocess.run([sys.executable, "-c", script, bench.root, function, when], check=False, timeout=60)
    assert killed.returncode == -signal.SIGKILL
    rebuild_archive(bench.root)
    state = catalog(bench).parent
    assert damaged in [path.read_bytes() for path in state.glob("catalog*.sqlite")]
    nothing_is_copied_again(bench)


def test_somebody_elses_catalog_is_told_and_can_be_made_anew(bench, monkeypatch):
    bench.run()
    wrong_rights(catalog(bench))
    if os.geteuid() == 0:  # the superuser may do everything
        real = os.access
        monkeypatch.setattr(
            os, "access", lambda path, *how, **named: path != catalog(bench) and real(path, *how, **named)
        )
    with pytest.raises(CatalogUnusable) as caught:
        bench.run()
    assert caught.value.reason is CatalogUnusable.Reason.DENIED
    assert rebuild_archive(bench.root).good.items == len(PATHS)
    monkeypatch.undo()  # the new one is ours
    nothing_is_copied_again(bench)


@pytest.mark.parametrize("reason", CatalogUnusable.Reason)
def test_a_person_is_told_what_to_do(reason):
    version = 9 if reason is CatalogUnusable.Reason.NEWER else None
    advice = explain(CatalogUnusable(Path("/b/.mtpbackup/catalog.sqlite"), version, reason))
    told = any("mtpbackup verify --rebuild" in line for line in advice.what_to_do)
    assert told == (reason is not CatalogUnusable.Reason.NEWER)


def test_damage_met_in_mid_run_ends_it(bench, monkeypatch):
    """Rows that cannot be written: nothing more is read from the phone, what has no row is not called safe."""
    monkeypatch.setattr(
        "mtpbackup.archive.finishing.record_saved",
        lambda *_: (_ for _ in ()).throw(CatalogUnusable(catalog(bench))),
    )
    summary = bench.run()
    assert isinstance(summary.error, CatalogUnusable)
    assert summary.adds_up
    assert summary.saved.items == 0
    assert summary.left.items > 0
    monkeypatch.undo()
    assert bench.run().complete
