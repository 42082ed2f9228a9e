"""Whole restores: a backup on disk on one end, a virtual phone on the other, nothing faked between."""

from collections import Counter
from datetime import datetime, timedelta

import pytest

from mtpbackup.archive import Archive, JournalRecord, PlainFolder, SentFile
from mtpbackup.engine import reports
from mtpbackup.engine.reports import Count, Ending, PutSkip
from mtpbackup.engine.restore import RestoreSelection
from mtpbackup.engine.selection import Only
from mtpbackup.errors import ArchiveBusy, PhoneFull, SendFailed
from mtpbackup.virtual import Generated, MemoryStore, VirtualPhone
from mtpbackup.wire import OperationCode as Op
from tests.engine.restore.workbench import DATE, INTERNAL, KIB, MIB, Bench

NAMES = {
    "DCIM/Camera/IMG_0001.jpg": 40 * KIB,
    "DCIM/Camera/Geburtstag für Jürgen 🎂👨‍👩‍👧.jpg": 500,
    "DCIM/Camera/empty.jpg": 0,
    "DCIM/Camera/packet.jpg": 512 - 12,
    "DCIM/Camera/block.jpg": 16 * KIB - 12,
    "Movies/a/b/film.mp4": 3 * MIB + 5,
    "Music/x.mp3": 7,
}


def numbers(count, folder="DCIM/Camera"):
    return {f"{folder}/IMG_{number:04}.jpg": 1000 + number for number in range(count)}


class TestUndisturbed:
    def test_names_bytes_and_dates_come_back(self, bench):
        truth = bench.fill(NAMES)
        bench.back_up()
        summary = bench.restore(verify=True)
        assert bench.files() == truth
        assert set(bench.dates().values()) == {DATE}
        assert summary.sent == Count(len(truth), sum(map(len, truth.values())))
        assert summary.complete
        assert (summary.photos, summary.videos) == (5, 1)
        assert (summary.dates_kept, summary.dates_lost) == (len(truth), 0)
        assert summary.proven == len(truth)
        assert summary.folders_made == 6
        assert len(bench.asked) == 1
        assert bench.asked[0].places[0] == "DCIM/Camera"

    def test_a_second_run_sends_nothing_and_asks_nothing(self, bench):
        bench.fill(NAMES)
        bench.back_up()
        bench.restore()
        bench.new.log.clear()
        summary = bench.restore()
        assert summary.there.items == len(NAMES)
        assert summary.complete
        assert bench.asked == []
        counts = bench.new.counts
        assert (
            not counts[Op.SEND_OBJECT_INFO]
            and not counts[Op.GET_OBJECT]
            and not counts[Op.GET_PARTIAL_OBJECT_64]
        )

    def test_the_same_phone_after_it_was_wiped(self, bench, tmp_path):
        truth = bench.fill(NAMES)
        bench.back_up()
        bench.old.remove("DCIM")
        bench.old.remove("Movies")
        bench.new = bench.old
        assert bench.restore().sent.items == len(NAMES) - 1
        assert bench.files() == truth
        again = Bench(tmp_path / "again", bench.old, bench.old)
        again.back_up()
        first = {
            row.key.path: row.file.sha256
            for row in bench.archive.catalog.items(bench.archive.catalog.phones()[0])
        }
        second = {
            row.key.path: row.file.sha256
            for row in again.archive.catalog.items(again.archive.catalog.phones()[0])
        }
        assert first == second
        again.close()

    def test_nothing_is_sent_before_it_was_agreed_to(self, bench):
        bench.fill(NAMES)
        bench.back_up()
        bench.agrees = False
        summary = bench.restore()
        assert summary.ending is Ending.DECLINED
        assert summary.left.items == len(NAMES)
        assert bench.files() == {}
        assert bench.new.counts[Op.SEND_OBJECT_INFO] == 0

    def test_a_preview_changes_nothing(self, bench):
        bench.fill(NAMES)
        bench.back_up()
        bench.new.add_file("DCIM/Camera/empty.jpg", b"", DATE)
        bench.new.add_file("DCIM/Camera/packet.jpg", b"x" * 500, DATE + timedelta(days=9, minutes=1))
        planned = bench.preview()
        assert planned.selected.items == len(NAMES)
        assert planned.there.items == 1
        assert planned.unsure == Count(1, 500)
        assert planned.to_send.items == len(NAMES) - 1
        assert planned.new_folders == 2  # "Movies/a/b", "Music"
        assert bench.new.counts[Op.SEND_OBJECT_INFO] == 0

    def test_another_run_has_the_backup(self, bench):
        bench.fill(numbers(1))
        bench.back_up()
        with Archive.open(bench.root) as other, other.lock(), pytest.raises(ArchiveBusy):
            bench.restore()

    def test_500_files_into_a_folder_of_5000_take_two_transactions_each(self, bench):
        truth = bench.fill(numbers(500))
        bench.back_up()
        for number in range(5000):
            bench.new.add_file(f"DCIM/Camera/OLD_{number}.jpg", b"old", DATE)
        bench.new.plug()
        bench.new.log.clear()
        summary = bench.restore()
        assert summary.sent.items == 500
        assert summary.proven == 12
        counts = bench.new.counts
        assert counts[Op.SEND_OBJECT_INFO] == counts[Op.SEND_OBJECT] == 500
        assert sum(counts.values()) - 1000 - summary.proven < 40, counts
        files = bench.files()
        assert len(files) == 5500
        assert {path: files[path] for path in truth} == truth


class TestWhatIsThere:
    def test_other_content_under_the_name_gets_a_number(self, bench):
        truth = bench.fill({"DCIM/a.jpg": 100, "DCIM/b.jpg": 100})
        bench.back_up()
        bench.new.add_file("DCIM/a.jpg", b"theirs", DATE)
        bench.new.add_file("DCIM/b.jpg", b"x" * 100, DATE + timedelta(days=9, minutes=1))
        bench.new.add_file("DCIM/b (2).jpg", b"also theirs", DATE)
        summary = bench.restore()
        files = bench.files()
        assert files["DCIM/a.jpg"] == b"theirs" and files["DCIM/b.jpg"] == b"x" * 100
        assert files["DCIM/a (2).jpg"] == truth["DCIM/a.jpg"]
        assert files["DCIM/b (3).jpg"] == truth["DCIM/b.jpg"]
        assert [(ref.path[-1], name) for ref, name in summary.renamed] == [
            ("a.jpg", "a (2).jpg"),
            ("b.jpg", "b (3).jpg"),
        ]
        assert bench.restore().there.items == 2
        assert len(bench.files()) == 5

    def test_a_name_in_another_case_is_a_clash(self, bench):
        truth = bench.fill({"DCIM/Camera/img.JPG": 100})
        bench.back_up()
        bench.new.add_file("dcim/Camera/IMG.jpg", b"theirs", DATE)
        bench.restore()
        assert bench.files() == {
            "dcim/Camera/IMG.jpg": b"theirs",
            "dcim/Camera/img (2).JPG": truth["DCIM/Camera/img.JPG"],
        }

    def test_the_same_content_with_another_date_is_read_and_found(self, bench):
        truth = bench.fill({"DCIM/a.jpg": 100 * KIB})
        bench.back_up()
        bench.new.add_file("DCIM/a.jpg", truth["DCIM/a.jpg"], DATE + timedelta(days=9, minutes=1))
        summary = bench.restore()
        assert summary.there.items == 1
        assert len(bench.files()) == 1
        assert bench.asked == []

    def test_another_time_zone_is_no_other_date(self, bench):
        bench.fill({"DCIM/a.jpg": 100})
        bench.back_up()
        bench.new.add_file("DCIM/a.jpg", b"y" * 100, DATE + timedelta(hours=2))
        assert bench.restore().there.items == 1

    def test_a_file_in_place_of_a_folder_is_told(self, bench):
        bench.fill({"DCIM/a.jpg": 100, "Movies/b.mp4": 10})
        bench.back_up()
        bench.new.add_file("DCIM", b"a file")
        summary = bench.restore()
        assert summary.skipped == {PutSkip.IN_THE_WAY: Count(1, 100)}
        assert summary.sent.items == 1
        assert not summary.complete

    def test_names_are_matched_against_the_record_where_dates_are_lost(self, bench):
        """A phone that keeps no dates: the second run goes by what the first has recorded."""
        bench.fill(numbers(5))
        bench.back_up()
        bench.restore()
        for path in bench.files():
            bench.new.touch(path, datetime(2031, 1, 1, 3, 4, 5))
        known = bench.source.record.sent_to("NEW")
        bench.source.record.note("NEW", [file.proven(datetime(2031, 1, 1, 3, 4, 5)) for file in known.values()])
        bench.new.log.clear()
        assert bench.restore().there.items == 5
        assert not bench.new.counts[Op.GET_OBJECT] and not bench.new.counts[Op.GET_PARTIAL_OBJECT_64]

    def test_what_is_missing_is_looked_for_everywhere(self, bench):
        truth = bench.fill({"DCIM/a.jpg": 100, "DCIM/b.jpg": 100, "DCIM/c.jpg": 200, "DCIM/d.jpg": 300})
        bench.back_up()
        other_day = DATE + timedelta(days=9, minutes=1)
        bench.new.add_file("Sorted/2024/a.jpg", truth["DCIM/a.jpg"], DATE)
        bench.new.add_file("Sorted/2024/b.jpg", truth["DCIM/b.jpg"], other_day)
        bench.new.add_file("Sorted/2024/renamed.jpg", truth["DCIM/c.jpg"], DATE)
        bench.new.add_file("Sorted/2024/d.jpg", b"z" * 300, other_day)
        summary = bench.restore(missing_only=True)
        assert summary.there.items == 3
        assert [event.item.path for event in bench.of(reports.FileSent)] == [("DCIM", "d.jpg")]
        assert summary.complete


class TestSelection:
    @pytest.mark.parametrize(
        ("selection", "expected"),
        [
            ({"patterns": ("IMG_000*",)}, 2),
            ({"patterns": ("dcim/camera/*.JPG",)}, 2),
            ({"patterns": (f"{INTERNAL}/DCIM",)}, 2),
            ({"names": ("IMG_0001.jpg", "Movies/film.mp4")}, 2),
            ({"names": ("IMG_*",)}, 0),
            ({"folders": ("Movies", "Music/")}, 2),
            ({"folders": ("/",)}, 4),
            ({"only": Only.PHOTOS}, 2),
            ({"only": Only.VIDEOS}, 1),
            ({"only": Only.MEDIA}, 3),
            ({"since": DATE + timedelta(seconds=1)}, 0),
            ({"until": DATE}, 0),
            ({"since": DATE, "until": DATE + timedelta(seconds=1)}, 4),
            ({"patterns": ("*.jpg",), "folders": ("Movies",)}, 0),
        ],
    )
    def test_only_what_is_asked_for_goes_back(self, bench, selection, expected):
        bench.fill({**numbers(2), "Movies/film.mp4": 10, "Music/x.mp3": 10})
        bench.back_up()
        assert bench.restore(selection=RestoreSelection(**selection)).selected.items == expected
        assert len(bench.files()) == expected

    def test_names_that_fit_nothing_are_told(self, bench):
        bench.fill(numbers(1))
        bench.back_up()
        summary = bench.restore(selection=RestoreSelection(patterns=("IMG*", "XYZ*"), names=("no.jpg",)))
        assert summary.missing == ("XYZ*", "no.jpg")
        assert not summary.complete

    def test_of_two_versions_the_newer_goes_back(self, bench):
        bench.fill({"DCIM/a.jpg": 100})
        bench.back_up()
        bench.old.add_file("DCIM/a.jpg", Generated(200, 9), DATE + timedelta(days=1, minutes=1))
        bench.back_up()
        summary = bench.restore()
        assert {path: len(data) for path, data in bench.files().items()} == {"DCIM/a.jpg": 200}
        assert summary.skipped == {PutSkip.OLDER_VERSION: Count(1, 100)}
        assert summary.complete


class TestOtherPhones:
    def two_cards(self, bench):
        bench.old.storages.append(MemoryStore("SD card", removable=True))
        bench.fill({"DCIM/Camera/a.jpg": 100})
        bench.fill({"DCIM/Camera/a.jpg": 150, "DCIM/100ANDRO/b.jpg": 250}, storage=1)
        bench.back_up()

    def test_each_storage_goes_to_that_of_its_name(self, bench):
        self.two_cards(bench)
        bench.new.storages.append(MemoryStore("SD card", removable=True))
        summary = bench.restore()
        assert list(bench.files(0)) == ["DCIM/Camera/a.jpg"]
        assert list(bench.files(1)) == ["DCIM/100ANDRO/b.jpg", "DCIM/Camera/a.jpg"]
        assert summary.mapped == ()

    def test_a_storage_that_is_not_there_is_mapped_and_said(self, bench):
        self.two_cards(bench)
        summary = bench.restore()
        assert summary.mapped == bench.asked[0].mapped == (("SD card", INTERNAL),)
        assert {path: len(data) for path, data in bench.files().items()} == {
            "DCIM/Camera/a.jpg": 100,
            "DCIM/Camera/a (2).jpg": 150,
            "DCIM/100ANDRO/b.jpg": 250,
        }

    def test_storages_of_quite_other_names(self, bench, tmp_path):
        self.two_cards(bench)
        bench.new.close()
        tiny = MemoryStore("Interner Speicher", capacity=6000)
        bench.new = VirtualPhone("pixel", [tiny, MemoryStore("Karte", removable=True)], serial="NEW")
        summary = bench.restore()
        assert dict(summary.mapped) == {INTERNAL: "Interner Speicher", "SD card": "Karte"}
        assert summary.complete

    def test_into_a_folder(self, bench):
        bench.fill({"DCIM/Camera/a.jpg": 100, "DCIM/Camera/x/b.jpg": 100})
        bench.back_up()
        bench.restore(into="Pictures/Back")
        assert list(bench.files()) == ["Pictures/Back/a.jpg", "Pictures/Back/x/b.jpg"]

    def test_into_a_storage_by_name(self, bench):
        bench.fill({"DCIM/Camera/a.jpg": 100})
        bench.back_up()
        bench.new.storages.append(MemoryStore("SD card", removable=True))
        bench.restore(into="sd CARD/Old")
        assert list(bench.files(1)) == ["Old/a.jpg"]

    @pytest.mark.parametrize("persona", ["basic", "qemu"])
    def test_a_phone_without_property_lists_or_64_bits(self, bench, persona):
        truth = bench.fill({**numbers(4), "DCIM/Camera/b.jpg": 2 * MIB})
        bench.back_up()
        bench.new.close()
        bench.new = VirtualPhone(persona, serial="NEW")
        summary = bench.restore(verify=True)
        assert bench.files() == truth
        assert summary.complete

    def test_a_phone_that_can_only_be_read(self, bench):
        bench.fill(numbers(1))
        bench.back_up()
        bench.new.storages[0].read_only = True
        bench.new.close()
        bench.new = VirtualPhone("pixel", [MemoryStore(read_only=True)], serial="NEW")
        with pytest.raises(SendFailed) as caught:
            bench.restore()
        assert caught.value.reason is SendFailed.Reason.READ_ONLY


class TestRoom:
    def test_no_room_is_found_before_anything_is_sent(self, bench):
        bench.fill({"DCIM/a.jpg": 3 * MIB, "DCIM/b.jpg": 3 * MIB})
        bench.back_up()
        bench.new.storages[0].capacity = 5 * MIB
        with pytest.raises(PhoneFull) as caught:
            bench.restore()
        assert caught.value.needed == 6 * MIB
        assert bench.files() == {}
        assert bench.asked == []

    def test_files_too_large_for_a_fat_card_are_told_before(self, bench):
        bench.fill({"DCIM/a.jpg": 100})
        bench.back_up()
        bench.new.close()
        card = MemoryStore(INTERNAL, removable=True, capacity=16_000_000_000, file_limit=0xFFFFFFFF)
        bench.new = VirtualPhone("pixel", [card], serial="NEW")
        source = bench.source
        (original,) = source.all()
        big = type(original)(
            type(original.key)(INTERNAL, ("DCIM", "big.mp4"), 2**32, DATE), "big.mp4", "ab" * 32
        )
        source.all = lambda: iter([original, big])
        summary = bench.restore(source)
        assert summary.skipped == {PutSkip.TOO_LARGE: Count(1, 2**32)}
        assert summary.sent.items == 1


class TestDamage:
    def spoil(self, bench, name):
        (path,) = bench.root.rglob(name)
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 1
        path.write_bytes(data)
        return bytes(data)

    def test_damaged_files_are_not_sent(self, bench):
        bench.fill(numbers(3))
        bench.back_up()
        self.spoil(bench, "IMG_0001.jpg")
        summary = bench.restore()
        assert summary.skipped == {PutSkip.DAMAGED: Count(1, 1001)}
        assert [skipped.source.rpartition("/")[2] for skipped in summary.skips] == ["IMG_0001.jpg"]
        assert sorted(path[-8:] for path in bench.files()) == ["0000.jpg", "0002.jpg"]
        assert not summary.complete

    def test_they_are_sent_when_that_is_asked_for(self, bench):
        bench.fill(numbers(3))
        bench.back_up()
        data = self.spoil(bench, "IMG_0001.jpg")
        (short,) = bench.root.rglob("IMG_0002.jpg")
        short.write_bytes(b"short")
        summary = bench.restore(even_if_damaged=True)
        assert summary.sent == Count(3, 3003)
        assert bench.files()["DCIM/Camera/IMG_0001.jpg"] == data
        assert bench.files()["DCIM/Camera/IMG_0002.jpg"] == b"short"

    def test_a_file_that_is_not_there_any_more(self, bench):
        bench.fill(numbers(2))
        bench.back_up()
        next(bench.root.rglob("IMG_0001.jpg")).unlink()
        summary = bench.restore()
        assert [failed.failure.kind for failed in summary.failures] == ["IntegrityError"]
        assert summary.sent.items == 1

    def test_a_damaged_file_that_may_be_there(self, bench):
        truth = bench.fill(numbers(1))
        bench.back_up()
        self.spoil(bench, "IMG_0000.jpg")
        bench.new.add_file(
            "DCIM/Camera/IMG_0000.jpg", truth["DCIM/Camera/IMG_0000.jpg"], DATE + timedelta(days=9, minutes=1)
        )
        assert bench.restore().skipped == {PutSkip.DAMAGED: Count(1, 1000)}
        assert len(bench.files()) == 1


class TestChangedMeanwhile:
    def changing(self, bench, path):
        def change(event):
            if isinstance(event, reports.RestoreProgress) and not changed:
                changed.append(event)
                with path.open("r+b") as file:
                    file.seek(-1, 2)
                    file.write(b"!")

        changed = []
        bench.on_event = change
        return changed

    def test_a_saved_file_that_changes_while_it_is_sent_is_taken_back(self, bench):
        bench.fill({"DCIM/film.mp4": 5 * MIB})
        bench.back_up()
        changed = self.changing(bench, next(bench.root.rglob("film.mp4")))
        summary = bench.restore()
        assert changed
        assert summary.skipped == {PutSkip.DAMAGED: Count(1, 5 * MIB)}
        assert bench.files() == {}
        assert bench.source.record.sent_to("NEW") == {}

    def test_any_other_file_is_sent_as_it_is_now(self, bench, tmp_path):
        (tmp_path / "film.mp4").write_bytes(bytes(5 * MIB))
        changed = self.changing(bench, tmp_path / "film.mp4")
        assert bench.restore(PlainFolder(tmp_path)).complete
        assert changed
        assert bench.files()["Pictures/film.mp4"] == (tmp_path / "film.mp4").read_bytes()


class TestWithoutACatalog:
    def test_a_backup_whose_catalog_is_lost(self, bench, tmp_path):
        truth = bench.fill(NAMES)
        bench.back_up()
        record = JournalRecord(tmp_path / "sent.jsonl")
        for state in (bench.root / ".mtpbackup").iterdir():
            if state.is_file():
                state.unlink()
        summary = bench.restore(PlainFolder(bench.root, record))
        assert bench.files() == truth
        assert set(bench.dates().values()) == {DATE}
        assert summary.complete
        assert summary.mapped == ()
        assert bench.restore(PlainFolder(bench.root, record)).there.items == len(NAMES)
        assert bench.restore(PlainFolder(bench.root)).there.items == len(NAMES)

    def test_its_damage_is_known_from_the_checksum_file(self, bench):
        bench.fill(numbers(2))
        bench.back_up()
        TestDamage().spoil(bench, "IMG_0001.jpg")
        assert bench.restore(PlainFolder(bench.root)).skipped == {PutSkip.DAMAGED: Count(1, 1001)}

    def test_a_folder_of_pictures_from_anywhere(self, bench, tmp_path):
        folder = tmp_path / "some"
        for name in ("12:30 Uhr?.jpg", "trip/ümläut 🏔.jpg"):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(name.encode())
        summary = bench.restore(PlainFolder(folder))
        assert list(bench.files()) == ["Pictures/12_30 Uhr_.jpg", "Pictures/trip/ümläut 🏔.jpg"]
        assert [name for _, name in summary.renamed] == ["12_30 Uhr_.jpg"]
        assert bench.asked[0].unplaced == 2
        assert bench.restore(PlainFolder(folder)).there.items == 2
        assert not bench.new.dead


class TestSample:
    @pytest.mark.parametrize(("count", "proven"), [(1, 1), (3, 3), (100, 3), (500, 12)])
    def test_a_sample_is_read_back(self, bench, count, proven):
        bench.fill(numbers(count))
        bench.back_up()
        bench.new.plug()
        bench.new.log.clear()
        assert bench.restore().proven == proven
        counts = bench.new.counts
        assert counts[Op.GET_OBJECT] + counts[Op.GET_PARTIAL_OBJECT_64] == proven


class TestRecord:
    def test_what_was_sent_is_recorded_with_the_date_it_got(self, bench):
        bench.fill(numbers(2))
        bench.back_up()
        bench.restore()
        known = bench.source.record.sent_to("NEW")
        assert Counter(file.state.value for file in known.values()) == {"sent": 2}
        assert {file.modified for file in known.values()} == {DATE}
        assert all(isinstance(file, SentFile) for file in known.values())
