"""Whole backups: the virtual phone in memory on one end, files on disk on the other, nothing faked between."""

import hashlib
import os
from collections import Counter
from datetime import UTC, datetime, timedelta, timezone

import pytest

from mtpbackup.archive import Archive
from mtpbackup.engine import reports
from mtpbackup.engine.backup import preview_backup, run_backup
from mtpbackup.engine.link import PhoneLink
from mtpbackup.engine.options import RunOptions
from mtpbackup.engine.reports import Count, Damage, Ending, SkipReason, WaitReason
from mtpbackup.engine.selection import Only, Selection
from mtpbackup.engine.status import archive_status
from mtpbackup.engine.verification import verify_archive
from mtpbackup.errors import ArchiveBusy, OutOfSpace, PhoneLocked, SeveralPhones
from mtpbackup.virtual import (
    PERSONAS,
    Broken,
    Effect,
    Fault,
    Generated,
    MemoryStore,
    VirtualFinder,
    VirtualPhone,
)
from mtpbackup.wire import OperationCode as Op

MIB = 1024 * 1024
DATE = datetime(2024, 5, 6, 7, 8, 12)
READING = (Op.GET_OBJECT, Op.GET_PARTIAL_OBJECT, Op.GET_PARTIAL_OBJECT_64)


class Bench:
    """A phone, a folder to back it up to, and what was told."""

    def __init__(self, root, *phones):
        self.phones = phones
        self.phone = phones[0]
        self.root = root
        self.finder = VirtualFinder(*phones)
        self.archive = Archive.create_or_open(root)
        self.events = []
        self.helps = True
        self.on_event = lambda event: None
        self.link = self.new_link()

    def new_link(self, **settings):
        return PhoneLink(self.finder, report=self.told, **{"patience": 20.0, **settings})

    def told(self, event):
        self.events.append(event)
        if isinstance(event, reports.WaitingForPhone) and self.helps:
            if event.reason is WaitReason.NONE:
                self.phone.plug()
            if event.reason is WaitReason.LOCKED:
                self.phone.unlock()
        self.on_event(event)

    def run(self, **options):
        self.events.clear()
        summary = run_backup(self.link, self.archive, options=RunOptions(**options), report=self.told)
        assert summary.adds_up, summary
        return summary

    def of(self, kind):
        return [event for event in self.events if isinstance(event, kind)]

    def files(self, folder="Pixel 8"):
        """Path below the phone's folder -> content, of every ordinary file there."""
        top = self.root / folder
        return {
            str(path.relative_to(top)): path.read_bytes() for path in sorted(top.rglob("*")) if path.is_file()
        }

    def reads(self):
        return sum(self.phone.counts[operation] for operation in READING)

    def close(self):
        self.link.close()
        self.archive.close()
        self.finder.close()
        for phone in self.phones:
            phone.close()


@pytest.fixture
def bench(tmp_path):
    bench = Bench(tmp_path / "Phone backup", VirtualPhone("pixel"))
    bench.phone.plug()
    yield bench
    bench.close()


def add(bench, path, size, seed=1, modified=DATE, storage=0):
    content = Generated(size, seed)
    bench.phone.add_file(path, content, modified, storage)
    return bytes(content.read(0, size))


INTERNAL = "Internal shared storage"


class TestUndisturbed:
    def test_files_bytes_dates_and_sums(self, bench):
        sizes = [0, 1, 500, 512, 524, 1012, 64 * 1024, 512 * 1024 - 12]
        truth = {}
        for n, size in enumerate(sizes):
            name = f"DCIM/Camera/Bïld {n} 🎈.jpg"
            truth[f"{INTERNAL}/{name}"] = add(bench, name, size, n, DATE - timedelta(days=n))
        truth[f"{INTERNAL}/Movies/a/b/film.mp4"] = add(bench, "Movies/a/b/film.mp4", 3 * MIB + 5)
        add(bench, "Android/data/x/cache.jpg", 10)
        add(bench, "Music/x.mp3", 10)
        summary = bench.run()
        assert bench.files() == truth
        assert summary.complete
        assert summary.saved == Count(len(truth), sum(map(len, truth.values())))
        assert summary.listed.items == len(truth) + 2
        assert summary.skipped == {SkipReason.APP_DATA: Count(1), SkipReason.OTHER_KIND: Count(1, 10)}
        assert (summary.photos, summary.videos) == (8, 1)
        assert summary.folder == bench.root / "Pixel 8"
        film = bench.root / "Pixel 8" / INTERNAL / "Movies/a/b/film.mp4"
        assert datetime.fromtimestamp(film.stat().st_mtime) == DATE

    def test_a_second_run_reads_no_object_and_lists_little(self, bench):
        for n in range(30):
            add(bench, f"DCIM/{n}.jpg", 1000 + n, n)
        bench.run()
        bench.phone.log.clear()
        summary = bench.run()
        assert summary.nothing_new and summary.complete
        assert summary.safe.items == 30
        assert bench.reads() == 0
        assert sum(bench.phone.counts.values()) < 20
        assert summary.last_verified is not None

    def test_the_phones_time_zone_changes_and_nothing_is_new(self, bench):
        for n in range(3):
            add(bench, f"DCIM/{n}.jpg", 1000, n, DATE - timedelta(days=100 * n))
        bench.run()
        bench.phone.zone = timezone(timedelta(hours=5, minutes=45))
        bench.phone.replug()
        bench.link.close()
        bench.phone.log.clear()
        assert bench.run().nothing_new
        assert bench.reads() == 0

    def test_same_name_in_two_folders_and_on_the_card(self, tmp_path):
        bench = Bench(tmp_path, VirtualPhone("pixel", [MemoryStore(), MemoryStore("SD card", removable=True)]))
        bench.phone.plug()
        truth = {
            f"{INTERNAL}/A/x.jpg": add(bench, "A/x.jpg", 100, 1),
            f"{INTERNAL}/B/x.jpg": add(bench, "B/x.jpg", 100, 2),
            "SD card/A/x.jpg": add(bench, "A/x.jpg", 100, 3, storage=1),
        }
        assert bench.run().complete
        assert bench.files() == truth
        assert bench.run().nothing_new
        bench.close()

    def test_by_month(self, bench):
        content = add(bench, "DCIM/x.jpg", 100)
        assert bench.run(layout="by-month").complete
        assert bench.files() == {"2024/2024-05/x.jpg": content}
        assert bench.run(layout="by-month").nothing_new

    def test_only_the_folder_asked_for_is_listed(self, bench):
        for folder in ("DCIM/Camera", "DCIM/Other", "Movies"):
            add(bench, f"{folder}/x.mp4", 100)
        bench.phone.log.clear()
        everything = preview_backup(bench.link, bench.archive)
        cost = sum(bench.phone.counts.values())
        bench.phone.log.clear()
        summary = bench.run(selection=Selection.of(folders=["DCIM/Camera"]))
        assert everything.new.items == 3
        assert sum(bench.phone.counts.values()) - bench.reads() < cost
        assert summary.saved.items == 1
        assert summary.skipped == {SkipReason.OTHER_FOLDER: Count(2)}

    def test_only_videos_since(self, bench):
        add(bench, "DCIM/new.mp4", 10)
        add(bench, "DCIM/old.mp4", 11, modified=DATE - timedelta(days=400))
        add(bench, "DCIM/x.jpg", 12)
        summary = bench.run(selection=Selection(Only.VIDEOS, since=DATE - timedelta(days=9)))
        assert list(bench.files()) == [f"{INTERNAL}/DCIM/new.mp4"]
        assert summary.skipped == {SkipReason.NOT_ASKED_FOR: Count(1, 12), SkipReason.TOO_OLD: Count(1, 11)}

    def test_an_empty_phone(self, bench):
        summary = bench.run()
        assert summary.complete and summary.listed == Count()

    def test_a_persona_without_lists_and_partial_64(self, tmp_path):
        persona = next(name for name, one in PERSONAS.items() if Op.GET_OBJECT_PROP_LIST not in one.operations)
        bench = Bench(tmp_path, VirtualPhone(persona))
        bench.phone.plug()
        content = add(bench, "DCIM/x.jpg", 70_000)
        summary = bench.run()
        assert summary.complete
        assert list(bench.files(summary.folder.name).values()) == [content]
        bench.close()


class TestChanges:
    def test_changed_content_under_the_same_name_keeps_both(self, bench):
        old = add(bench, "DCIM/x.jpg", 1000, 1)
        bench.run()
        new = add(bench, "DCIM/x.jpg", 1200, 2, DATE + timedelta(minutes=1))
        summary = bench.run()
        assert bench.of(reports.Planned)[0].changed == Count(1, 1200)
        assert summary.saved.items == 1
        assert sorted(bench.files().values(), key=len) == [old, new]
        assert bench.run().nothing_new

    def test_deleted_on_the_phone_is_kept(self, bench):
        content = add(bench, "DCIM/x.jpg", 1000)
        bench.run()
        bench.phone.remove("DCIM/x.jpg")
        summary = bench.run()
        assert summary.gone == Count(1, 1000)
        assert list(bench.files().values()) == [content]
        assert archive_status(bench.archive).phones[0].gone == Count(1, 1000)

    @pytest.mark.parametrize("size", [700, 3 * MIB])
    def test_renamed_or_moved_is_not_copied_again(self, bench, size):
        add(bench, "DCIM/x.jpg", size, 1)
        add(bench, "DCIM/y.jpg", size, 2, DATE - timedelta(days=1))
        bench.run()
        bench.phone.rename("DCIM/x.jpg", "renamed.jpg")
        bench.phone.move("DCIM/y.jpg", "Album")
        before = bench.files()
        bench.phone.log.clear()
        summary = bench.run()
        assert summary.moved.items == 2 and summary.complete
        assert bench.files() == before
        assert summary.read == 2 * min(size, 128 * 1024)
        came = sum(record.payload for record in bench.phone.transactions if record.operation in READING)
        assert came == summary.read  # nothing was asked for and thrown away
        assert bench.run().nothing_new

    def test_a_file_deleted_from_the_backup_is_copied_again(self, bench):
        content = add(bench, "DCIM/x.jpg", 1000)
        bench.run()
        (bench.root / "Pixel 8" / INTERNAL / "DCIM/x.jpg").unlink()
        summary = bench.run()
        assert bench.of(reports.Planned)[0].lost.items == 1
        assert summary.saved.items == 1
        assert list(bench.files().values()) == [content]


class TestTrouble:
    def test_unplugged_inside_a_video_and_plugged_in_again(self, bench):
        film = add(bench, "DCIM/film.mp4", 20 * MIB + 77)
        photo = add(bench, "DCIM/photo.jpg", 5000, 2, DATE - timedelta(days=1))
        bench.phone.faults.add(
            Fault(effect=Effect.UNPLUG, at_byte=18 * MIB, across=True, operation=Op.GET_PARTIAL_OBJECT_64)
        )
        summary = bench.run()
        assert summary.complete
        assert list(bench.files().values()) == [film, photo]
        starts = [event.offset for event in bench.of(reports.ItemStarted)]
        assert starts[0] == 0 and 16 * MIB < starts[1] <= 18 * MIB
        assert summary.read < len(film) + len(photo) + 2 * MIB
        assert [event.again for event in bench.of(reports.PhoneConnected)] == [True] or bench.of(
            reports.PhoneLost
        )

    def test_unplugged_and_not_plugged_in_again_the_next_run_goes_on_inside(self, bench):
        film = add(bench, "DCIM/film.mp4", 20 * MIB + 77)
        bench.helps = False
        bench.link = bench.new_link(patience=0, grace=0.05)
        bench.phone.faults.add(
            Fault(effect=Effect.UNPLUG, at_byte=18 * MIB, across=True, operation=Op.GET_PARTIAL_OBJECT_64)
        )
        summary = bench.run()
        assert summary.ending is Ending.PHONE_LOST
        assert summary.left == Count(1, len(film))
        assert not bench.files()
        bench.phone.plug()
        summary = bench.run()
        assert summary.complete
        assert summary.read < 5 * MIB
        assert list(bench.files().values()) == [film]

    @pytest.mark.parametrize("reattach", [False, True])
    def test_locked_in_mid_run_and_unlocked(self, bench, reattach):
        truth = [add(bench, f"DCIM/{n}.jpg", 300_000, n, DATE - timedelta(days=n)) for n in range(4)]
        bench.helps = False
        bench.on_event = lambda event: (
            bench.phone.unlock(reattach=reattach)
            if isinstance(event, reports.WaitingForPhone) and event.reason is WaitReason.LOCKED
            else None
        )
        bench.phone.faults.add(
            Fault(effect=Effect.CALL, operation=Op.GET_OBJECT, skip=2, call=bench.phone.lock)
        )
        summary = bench.run()
        assert summary.complete
        assert list(bench.files().values()) == truth
        assert WaitReason.LOCKED in [event.reason for event in bench.of(reports.WaitingForPhone)]

    def test_locked_at_the_start_and_unlocked_later(self, bench):
        bench.phone.lock()
        add(bench, "DCIM/x.jpg", 100)
        assert bench.run().complete
        assert bench.of(reports.WaitingForPhone)[0].reason is WaitReason.LOCKED

    def test_locked_and_nobody_waits(self, bench):
        bench.phone.lock()
        bench.link = bench.new_link(patience=0)
        with pytest.raises(PhoneLocked):
            bench.run()

    def test_an_object_that_vanishes(self, bench):
        truth = [add(bench, f"DCIM/{n}.jpg", 1000, n, DATE - timedelta(days=n)) for n in range(3)]
        bench.phone.faults.add(
            Fault(effect=Effect.CALL, operation=Op.GET_OBJECT, call=lambda: bench.phone.remove("DCIM/1.jpg"))
        )
        summary = bench.run()
        assert (summary.saved.items, summary.failed.items) == (2, 1)
        assert summary.failures[0].failure.kind == "ItemVanished"
        assert list(bench.files().values()) == [truth[0], truth[2]]
        summary = bench.run()
        assert summary.complete
        assert archive_status(bench.archive).phones[0].failing == ()

    def test_a_size_that_lies(self, bench):
        add(bench, "DCIM/lie.jpg", 1000)
        bench.phone.storages[0].at("DCIM/lie.jpg").announced_size = 1100
        good = add(bench, "DCIM/good.jpg", 500, 2)
        summary = bench.run()
        assert (summary.saved.items, summary.failed.items) == (1, 1)
        assert summary.failures[0].failure.kind == "ItemUnreadable"
        assert list(bench.files().values()) == [good]
        assert archive_status(bench.archive).phones[0].failing[0].item.path == ("DCIM", "lie.jpg")

    def test_a_read_error_that_passes(self, bench):
        content = add(bench, "DCIM/x.jpg", 300_000)
        bench.phone.faults.add(Fault(effect=Effect.STALL, operation=Op.GET_OBJECT, at_byte=100_000))
        assert bench.run().complete
        assert list(bench.files().values()) == [content]

    def test_an_unreadable_file_is_reported_after_three_tries(self, bench):
        bench.phone.add_file("DCIM/x.jpg", Broken(Generated(5 * MIB), at=3 * MIB), DATE)
        good = add(bench, "DCIM/y.jpg", 500, 2, DATE - timedelta(days=1))
        summary = bench.run()
        assert (summary.failures[0].tries, summary.saved.items) == (3, 1)
        assert list(bench.files().values()) == [good]

    def test_ctrl_c_inside_a_chunk_leaves_the_phone_usable_at_once(self, bench):
        film = add(bench, "DCIM/film.mp4", 20 * MIB + 77)
        photo = add(bench, "DCIM/photo.jpg", 5000, 2, DATE + timedelta(days=1))

        def interrupt(event):
            if isinstance(event, reports.Progress) and event.done.bytes > 17 * MIB:
                raise KeyboardInterrupt

        bench.on_event = interrupt
        summary = bench.run()
        assert summary.ending is Ending.INTERRUPTED
        assert (summary.saved, summary.left) == (Count(1, 5000), Count(1, len(film)))
        assert list(bench.files().values()) == [photo]
        bench.on_event = lambda event: None
        phone = bench.link.connect()
        assert phone.storages()
        assert not bench.phone.dead
        summary = bench.run()
        assert summary.complete
        assert summary.read < 5 * MIB
        assert list(bench.files().values()) == [film, photo]

    def test_a_card_that_is_pulled_in_mid_run(self, tmp_path):
        card = MemoryStore("SD card", removable=True)
        bench = Bench(tmp_path, VirtualPhone("pixel", [MemoryStore(), card]))
        bench.phone.plug()
        for n in range(3):
            add(bench, f"DCIM/{n}.jpg", 1000, n, DATE + timedelta(days=n), storage=1)
        add(bench, "DCIM/inside.jpg", 1000, 9)
        bench.phone.faults.add(
            Fault(
                effect=Effect.CALL,
                operation=Op.GET_OBJECT,
                skip=1,
                call=lambda: bench.phone.remove_storage(card),
            )
        )
        summary = bench.run()
        assert summary.ending is Ending.DONE
        assert summary.saved.items + summary.failed.items == 4
        assert f"{INTERNAL}/DCIM/inside.jpg" in bench.files()
        assert {failed.failure.kind for failed in summary.failures} == {"StorageVanished"}
        bench.phone.add_storage(card)
        assert bench.run().complete
        bench.close()


class TestDestination:
    def test_it_is_taken_away_in_mid_run(self, bench):
        for n in range(6):
            add(bench, f"DCIM/{n}.jpg", 300_000, n, DATE - timedelta(days=n))
        elsewhere = bench.root.with_name("taken away")

        def take_away(event):
            if isinstance(event, reports.ItemStarted) and event.item.path[-1] == "2.jpg":
                bench.root.rename(elsewhere)

        bench.on_event = take_away
        summary = bench.run()
        assert summary.ending is Ending.DESTINATION_LOST
        assert summary.failed.items == 0 and summary.left.items >= 3
        assert not bench.root.exists()
        elsewhere.rename(bench.root)
        bench.on_event = lambda event: None
        assert bench.run().complete
        assert len(bench.files()) == 6

    def test_it_is_full_before_the_first_byte(self, bench):
        add(bench, "DCIM/x.jpg", 300_000)
        with pytest.raises(OutOfSpace) as caught:
            bench.run(reserve=2**62)
        assert caught.value.needed == 303_104
        assert bench.reads() == 0
        assert bench.files() == {}
        assert bench.run().complete


class TestTwoPhones:
    @pytest.fixture
    def bench(self, tmp_path):
        bench = Bench(tmp_path, VirtualPhone("pixel", serial="A1"), VirtualPhone("pixel", serial="B2"))
        for phone, path in zip(bench.phones, ("DCIM/a.jpg", "DCIM/b.jpg"), strict=True):
            phone.add_file(path, Generated(1000, len(path)), DATE)
            phone.plug()
        yield bench
        bench.close()

    def test_nobody_is_guessed(self, bench):
        with pytest.raises(SeveralPhones) as caught:
            bench.run()
        assert len(set(caught.value.names)) == 2

    def test_one_after_the_other_by_serial_number(self, bench):
        for serial in ("a1", "B2"):
            bench.link.close()
            bench.link = bench.new_link(wanted=serial)
            assert bench.run().saved.items == 1
        names = {phone.folder.name for phone in archive_status(bench.archive).phones}
        assert len(names) == 2
        assert [len(bench.files(name)) for name in sorted(names)] == [1, 1]

    def test_the_same_one_is_found_again_though_the_other_is_there(self, bench):
        bench.link = bench.new_link(wanted="A1")
        bench.phone.faults.add(Fault(effect=Effect.UNPLUG, operation=Op.GET_OBJECT))
        bench.on_event = lambda event: (
            bench.phone.plug() if isinstance(event, reports.WaitingForPhone) else None
        )
        summary = bench.run()
        assert summary.complete
        assert list(bench.files()) == [f"{INTERNAL}/DCIM/a.jpg"]


class TestVerify:
    def test_all_is_sound(self, bench):
        add(bench, "DCIM/x.jpg", 1000)
        add(bench, "DCIM/y.jpg", 2000)
        bench.run()
        summary = verify_archive(bench.archive, report=bench.told)
        assert summary.sound
        assert (summary.total, summary.good) == (Count(2, 3000), Count(2, 3000))
        assert bench.of(reports.VerifyStarted)[-1].total == Count(2, 3000)
        assert bench.of(reports.FileChecked)[-1].done == Count(2, 3000)
        assert bench.events[-1] == reports.VerifyEnded(summary)

    def test_the_checksums_are_those_of_sha256sum(self, bench):
        content = add(bench, "DCIM/x.jpg", 1000)
        bench.run()
        line = (bench.root / "SHA256SUMS").read_text().splitlines()[-1]
        assert line.startswith(hashlib.sha256(content).hexdigest())

    def test_damage_is_found_told_and_mended_by_the_next_backup(self, bench):
        truth = {f"{name}.jpg": add(bench, f"DCIM/{name}.jpg", 1000, n) for n, name in enumerate("abcd")}
        bench.run()
        folder = bench.root / "Pixel 8" / INTERNAL / "DCIM"
        (folder / "a.jpg").unlink()
        (folder / "b.jpg").write_bytes(truth["b.jpg"][:-1] + b"!")
        (folder / "c.jpg").write_bytes(truth["c.jpg"][:-1])
        summary = verify_archive(bench.archive, report=bench.told)
        assert not summary.sound and summary.adds_up
        found = {damaged.path.rpartition("/")[2]: damaged.damage for damaged in summary.damaged}
        assert found == {"a.jpg": Damage.MISSING, "b.jpg": Damage.CHANGED, "c.jpg": Damage.CHANGED}
        status = archive_status(bench.archive).phones[0]
        assert (status.safe.items, status.damaged, status.missing) == (1, 2, 1)
        mended = bench.run()
        assert mended.saved.items == 3 and mended.complete
        assert verify_archive(bench.archive).sound
        assert Counter(truth.values()) <= Counter(bench.files().values())

    def test_ctrl_c(self, bench):
        add(bench, "DCIM/x.jpg", 1000)
        add(bench, "DCIM/y.jpg", 1000)
        bench.run()

        def interrupt(event):
            if isinstance(event, reports.FileChecked):
                raise KeyboardInterrupt

        bench.on_event = interrupt
        summary = verify_archive(bench.archive, report=bench.told)
        assert summary.interrupted and not summary.sound
        assert summary.good.items == 1


class TestLockAndStatus:
    def test_one_run_at_a_time(self, bench):
        other = Archive.open(bench.root)
        with other.lock(), pytest.raises(ArchiveBusy) as caught:
            bench.run()
        other.close()
        assert caught.value.pid == os.getpid()

    def test_status(self, bench):
        add(bench, "DCIM/x.jpg", 1000)
        before = datetime.now(UTC) - timedelta(seconds=2)
        bench.run()
        status = archive_status(bench.archive)
        (phone,) = status.phones
        assert (phone.name, phone.safe, phone.last_run_complete) == ("Pixel 8", Count(1, 1000), True)
        assert phone.last_run >= before
        assert phone.folder == bench.root / "Pixel 8"
        assert status.free > 0 and status.last_verified >= before

    def test_status_after_an_incomplete_run(self, bench):
        add(bench, "DCIM/x.jpg", 1000)
        bench.phone.storages[0].at("DCIM/x.jpg").announced_size = 1100
        bench.run()
        (phone,) = archive_status(bench.archive).phones
        assert not phone.last_run_complete
        assert [failed.item.shown_path for failed in phone.failing] == ["DCIM/x.jpg"]

    def test_preview_of_what_is_there_already_changes_nothing(self, bench):
        add(bench, "DCIM/x.jpg", 1000)
        bench.run()
        add(bench, "DCIM/y.jpg", 2000)
        files = bench.files()
        plan = preview_backup(bench.link, bench.archive)
        assert (plan.safe, plan.new) == (Count(1, 1000), Count(1, 2000))
        assert plan.folder == bench.root / "Pixel 8"
        assert bench.files() == files
