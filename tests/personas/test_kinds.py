"""Older phones, cameras, iPhones, memory cards and converted videos: what is peculiar to each."""

from __future__ import annotations

from contextlib import closing
from datetime import datetime, timedelta

import pytest

from mtpbackup.engine import reports
from mtpbackup.engine.reports import WaitReason
from mtpbackup.errors import TransportTimeout
from mtpbackup.phone import Phone
from mtpbackup.virtual import Generated, VirtualPhone
from mtpbackup.wire import ObjectInfo
from mtpbackup.wire import OperationCode as Op
from tests.personas.album import TAKEN, what_is_on
from tests.personas.seen import shows
from tests.virtual.initiator import ALL, OK, Initiator

MIB = 1024 * 1024


class TestOlder:
    @shows("older")
    def test_parent_0_is_the_top(self, bench):
        phone = bench.empty_phone("older")
        with phone.transport() as transport:
            initiator = Initiator(transport).open_session()
            info = ObjectInfo(object_format=0x3001, filename="New")
            assert initiator.ask(0x100C, 0x10001, 0, data=info.encode()).code == OK
            assert len(transport.control_in(0x67, 32, 1.0)) == 4


class TestCompat:
    def test_class_requests_are_never_answered(self, bench):
        phone = bench.empty_phone("compat")
        with phone.transport() as transport:
            Initiator(transport).open_session()
            with pytest.raises(TransportTimeout):
                transport.control_in(0x67, 32, 0.1)

    @shows("compat")
    def test_a_video_can_be_given_up_in_the_middle_all_the_same(self, bench):
        phone = bench.phone("compat")
        with Phone.open(phone.transport()) as opened:
            (storage,) = opened.storages()
            film = opened.find(storage.label, ("Movies", "film.mp4"))
            with closing(opened.read(film)) as chunks:
                next(chunks).release()
            small = opened.find(storage.label, ("top.jpg",))
            content = b"".join(_taken(chunk) for chunk in opened.read(small))
        assert content == what_is_on(phone)["Internal shared storage/top.jpg"][0]

    def test_datasets_that_fill_their_packets_end_without_an_empty_one(self, bench):
        phone = bench.empty_phone("compat")
        count = (512 - 12 - 4) // 4
        for number in range(count):
            phone.add_file(f"DCIM/{number}.jpg", Generated(number, number), TAKEN)
        assert bench.back_up(phone).complete
        assert bench.saved() == what_is_on(phone)
        payloads = [one.payload for one in phone.transactions if one.operation == Op.GET_OBJECT_HANDLES]
        assert (count + 1) * 4 in payloads


def _taken(chunk) -> bytes:
    data = bytes(chunk.data)
    chunk.release()
    return data


class TestCamera:
    @shows("camera")
    def test_object_by_object_with_the_date_of_creation(self, bench):
        phone = bench.phone("camera")
        assert bench.back_up(phone).complete
        assert not [code for code in phone.counts if code >= 0x9800]
        assert phone.counts[Op.GET_OBJECT_INFO] >= 5
        dates = {date for _, date in bench.saved().values()}
        assert min(dates) == TAKEN - timedelta(seconds=1), "a card of FAT"

    def test_the_date_that_it_does_not_tell_is_not_made_up(self, bench):
        phone = bench.phone("camera")
        with phone.transport() as transport:
            initiator = Initiator(transport).open_session()
            initiator.ask(0x1007, 0x10001, 0, ALL)
            folder = phone.handle("DCIM")
            info = ObjectInfo.decode(initiator.ask(0x1008, folder).data)
        assert (info.date_modified, bool(info.date_created)) == ("", True)


class TestIphone:
    @pytest.mark.shows(
        "iPhone, not trusted yet",
        kind="phone",
        sees="“tap Trust and enter its passcode”; then it goes on by itself.",
    )
    def test_it_shows_nothing_until_it_trusts_and_is_waited_for(self, bench):
        phone = bench.phone("iphone", locked=True)
        truth = what_is_on(phone)
        summary = bench.back_up(phone)
        waits = [event for event in bench.events if isinstance(event, reports.WaitingForPhone)]
        assert [wait.reason for wait in waits] == [WaitReason.LOCKED]
        assert summary.complete
        assert bench.saved() == truth

    @shows("iphone")
    def test_both_halves_of_live_photos_and_their_edits_are_taken_by_default(self, bench):
        phone = bench.phone("iphone")
        bench.back_up(phone, only="media")
        names = {path.rpartition("/")[2] for path in bench.saved()}
        assert {"IMG_0002.HEIC", "IMG_0002.MOV", "IMG_0002.AAE", "IMG_E0002.HEIC"} <= names
        assert names == {path.rpartition("/")[2] for path in what_is_on(phone)}


class TestCards:
    @shows("sdcard")
    def test_dates_of_two_seconds_are_the_same_in_the_next_run(self, bench):
        phone = bench.phone("sdcard")
        assert {date.second % 2 for _, date in _on_card(what_is_on(phone))} == {0}
        assert bench.back_up(phone).complete
        # As when another version of Android reads the card, which rounds in its own way.
        for path in what_is_on(phone):
            if path.startswith("SD card/"):
                phone.storages[1].at(path.partition("/")[2]).modified += 1
        phone.replug()
        assert bench.back_up(phone).saved.items == 0

    def test_names_are_kept_as_fat_keeps_them(self):
        with VirtualPhone("sdcard") as phone:
            card = phone.storages[1]
            card.create(card.folder("DCIM"), "a.jpg. ")
            assert [node.name for node in card.children(card.folder("DCIM"))] == ["a.jpg"]
            assert card.file_limit == 0xFFFFFFFF


def _on_card(found) -> list[tuple[bytes, datetime]]:
    return [value for path, value in found.items() if path.startswith("SD card/")]


class TestConvertedVideos:
    def test_the_phone_tells_twice_the_size_and_gives_other_bytes(self, bench):
        phone = bench.phone("transcoding")
        with phone.transport() as transport:
            initiator = Initiator(transport).open_session()
            initiator.ask(0x1007, 0x10001, 0, ALL)
            initiator.ask(0x1007, 0x10001, 0, phone.handle("Movies"))
            film = phone.handle("Movies/film.mp4")
            size = ObjectInfo.decode(initiator.ask(0x1008, film).data).object_compressed_size
            assert size == 2 * 9 * MIB
            part = initiator.ask(0x95C1, film, 0, 0, 1000).data
            assert initiator.ask(0x1009, film).data[:1000] != part

    @pytest.mark.parametrize("size", [1, 40_000, 4 * MIB, 8 * MIB, 16 * MIB, 17 * MIB + 3])
    @shows("transcoding")
    def test_the_original_is_saved_and_not_what_it_is_converted_to(self, bench, size):
        phone = bench.empty_phone("transcoding")
        phone.add_file("DCIM/film.mp4", Generated(size, 5), TAKEN)
        summary = bench.back_up(phone)
        assert summary.complete, summary.failures
        assert bench.saved() == what_is_on(phone)
        assert bench.back_up(phone).saved.items == 0

    def test_a_picture_of_half_its_size_is_not_taken_for_a_video(self, bench):
        phone = bench.empty_phone("pixel")
        node = phone.add_file("DCIM/a.jpg", Generated(20 * MIB, 5), TAKEN)
        node.announced_size = 40 * MIB
        assert bench.back_up(phone).failed.items == 1

    def test_a_video_that_is_short_by_another_share_is_not_taken_for_whole(self, bench):
        phone = bench.empty_phone("pixel")
        node = phone.add_file("DCIM/a.mp4", Generated(20 * MIB, 5), TAKEN)
        node.announced_size = 30 * MIB
        assert bench.back_up(phone).failed.items == 1
        assert bench.saved() == {}

    def test_an_interrupted_one_goes_on_where_it_stopped(self, bench):
        phone = bench.empty_phone("transcoding")
        phone.add_file("DCIM/film.mp4", Generated(30 * MIB, 5), TAKEN)
        phone.unplug(after_bytes=20 * MIB)
        summary = bench.back_up(phone)
        assert summary.complete, summary.failures
        assert bench.saved() == what_is_on(phone)
        assert summary.read < 35 * MIB
