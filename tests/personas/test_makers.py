"""What is peculiar to phones of some makers, each shown by a test that fails without what we do about it."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from types import SimpleNamespace

import pytest

from mtpbackup.engine import reports
from mtpbackup.errors import TransportTimeout
from mtpbackup.phone import Phone
from mtpbackup.session import KNOWN_QUIRKS, Learnt, Model, ShortMemory
from mtpbackup.session.learnt import DISPENSABLE
from mtpbackup.virtual import PERSONAS, Effect, Fault, Generated
from mtpbackup.wire import DeviceInfo, ResponseCode
from mtpbackup.wire import OperationCode as Op
from tests.personas.album import TAKEN, what_is_on
from tests.personas.seen import shows
from tests.virtual.initiator import Initiator

MIB = 1024 * 1024


class Clock:
    """Time that passes only when somebody sleeps."""

    def __init__(self) -> None:
        self.seconds = 1_714_979_293.0

    def now(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds


def model_of(persona: str) -> Model:
    who = PERSONAS[persona]
    return Model(who.manufacturer, who.model, who.version)


def asked(phone, operation: Op) -> list[tuple[int, ...]]:
    """Parameters of the transactions of one operation."""
    return [record.parameters for record in phone.transactions if record.operation == operation]


class TestSamsung:
    def test_the_phone_hangs_where_the_last_packet_is_a_full_one(self, bench):
        phone = bench.phone("samsung")
        for length in (512, 500, 1012):
            phone.replug()
            with phone.transport() as transport:
                initiator = Initiator(transport, timeout=0.2).open_session()
                initiator.ask(0x1007, 0x10001, 0, 0xFFFFFFFF)
                handle = phone.handle("top.jpg")
                assert initiator.ask(0x101B, handle, 0, 499).data is not None
                with pytest.raises(TransportTimeout):
                    initiator.ask(0x101B, handle, 0, length)

    @pytest.mark.parametrize(
        "size", [8 * MIB + 512, 8 * MIB + 500, 16 * MIB + 1, 32 * MIB, 16 * MIB + 412 + 500]
    )
    @shows("samsung")
    def test_no_part_is_asked_for_that_ends_with_a_full_packet(self, bench, size):
        phone = bench.empty_phone("samsung")
        phone.add_file("DCIM/film.mp4", Generated(size, 1), TAKEN)
        assert bench.back_up(phone).complete
        assert bench.saved() == what_is_on(phone)
        lengths = [record.payload for record in phone.transactions if record.operation == Op.GET_PARTIAL_OBJECT]
        assert len(lengths) >= 1
        assert lengths and not [length for length in lengths if length % 512 in (0, 500)]

    @pytest.mark.parametrize("size", [499, 500, 512, 65_536, 3 * MIB])
    def test_no_look_at_a_beginning_ends_with_a_full_packet(self, bench, size):
        """The gallery looks at the first 64 KiB of each picture."""
        phone = bench.empty_phone("samsung")
        phone.add_file("DCIM/a.jpg", Generated(size, 1), TAKEN)
        with Phone.open(phone.transport()) as opened:
            item = opened.find("Internal shared storage", ("DCIM", "a.jpg"))
            head = opened.first_bytes(item, 65_536)
        assert head == bytes(Generated(size, 1).read(0, len(head)))
        assert min(size, 65_536) - 100 <= len(head) <= min(size, 65_536)
        lengths = [record.payload for record in phone.transactions if record.operation == Op.GET_PARTIAL_OBJECT]
        assert lengths and not [length for length in lengths if length % 512 in (0, 500)]

    @pytest.mark.parametrize("beyond", [512, 500, 7])
    def test_nor_does_the_end_of_a_file_over_4_gib(self, bench, beyond):
        phone = bench.empty_phone("samsung")
        size = (1 << 32) + 8192 + beyond
        phone.add_file("DCIM/long.mp4", Generated(size, 9), TAKEN)
        with Phone.open(phone.transport()) as opened:
            item = opened.find("Internal shared storage", ("DCIM", "long.mp4"))
            came = bytearray()
            for chunk in opened.read(item, size - 700):
                came += chunk.data
                chunk.release()
        assert came == bytes(Generated(size, 9).read(size - 700, 700))
        lengths = [record.payload for record in phone.transactions if record.operation == Op.GET_PARTIAL_OBJECT]
        assert lengths and not [length for length in lengths if length % 512 in (0, 500)]

    @shows("samsung")
    def test_a_size_of_64_bits_in_object_info(self, bench):
        listless = replace(
            PERSONAS["samsung"],
            operations=tuple(code for code in PERSONAS["samsung"].operations if not 0x9801 <= code <= 0x9805),
            responses={},
        )
        phone = bench.phone(listless)
        truth = what_is_on(phone)
        assert bench.back_up(phone).complete
        assert bench.saved() == truth
        assert not asked(phone, Op.GET_OBJECT_PROP_LIST)

    def test_the_session_is_opened_before_anything_else(self, bench):
        phone = bench.phone("samsung")
        bench.back_up(phone)
        assert phone.transactions[0].operation == Op.OPEN_SESSION

    @pytest.mark.shows(
        "Samsung, plugged in long before",
        kind="phone",
        sees="A few seconds more, then a backup like any other.",
    )
    def test_a_phone_that_waited_too_long_is_woken(self, bench, monkeypatch):
        monkeypatch.setattr(
            "mtpbackup.session.opening.Pace", SimpleNamespace(FIRST_ANSWER=SimpleNamespace(value=0.5))
        )
        clock = Clock()
        phone = bench.phone("samsung", now=clock.now)
        clock.sleep(60)
        assert bench.back_up(phone).complete
        assert bench.saved() == what_is_on(phone)


class TestXiaomi:
    @shows("xiaomi")
    def test_bursts_of_busy_are_waited_for(self, bench):
        phone = bench.phone("xiaomi")
        pauses = []
        summary = bench.back_up(phone, open_phone=partial(Phone.open, sleep=pauses.append))
        assert summary.complete
        assert bench.saved() == what_is_on(phone)
        busy = sum(record.response == ResponseCode.DEVICE_BUSY for record in phone.transactions)
        assert busy > 15
        assert len(pauses) == busy
        assert max(pauses) <= 0.5


class TestHuawei:
    @shows("huawei")
    def test_what_the_lists_leave_out_is_asked_for(self, bench):
        clock = Clock()
        phone = bench.empty_phone("huawei", now=clock.now)
        for number in range(90):
            phone.add_file(f"DCIM/Camera/IMG_{number:04}.jpg", Generated(100, number), TAKEN)
        memory = ShortMemory()
        open_phone = partial(Phone.open, memory=memory, sleep=clock.sleep, clock=clock.now)
        assert bench.back_up(phone, open_phone=open_phone).complete
        assert bench.saved() == what_is_on(phone)
        assert memory.recall(model_of("huawei")).property_lists is False
        phone.log.clear()
        assert bench.back_up(phone, open_phone=open_phone).safe.items == 90
        folder_lists = [
            parameters for parameters in asked(phone, Op.GET_OBJECT_PROP_LIST) if parameters[4] == 1
        ]
        assert folder_lists == [], "the second run knows better"

    @pytest.mark.shows(
        "Huawei, that hangs up when asked too fast",
        kind="phone",
        sees="“The phone closed the connection: it was asked too fast. Going on more slowly.” Then all of it.",
    )
    def test_a_session_that_is_dropped_is_opened_again_and_gone_on_with_more_slowly(self, bench):
        clock = Clock()
        phone = bench.empty_phone("huawei", now=clock.now)
        for number in range(150):
            phone.add_file(f"DCIM/Camera/IMG_{number:04}.jpg", Generated(100, number), TAKEN)
        memory = ShortMemory()
        open_phone = partial(Phone.open, memory=memory, sleep=clock.sleep, clock=clock.now)
        assert bench.back_up(phone, open_phone=open_phone).complete
        assert bench.saved() == what_is_on(phone)
        lost = [event.failure.kind for event in bench.events if isinstance(event, reports.PhoneLost)]
        assert lost == ["SessionDropped"]
        assert memory.recall(model_of("huawei")).pause == 0.01
        bench.events.clear()
        assert bench.back_up(phone, open_phone=open_phone).safe.items == 150
        assert not [event for event in bench.events if isinstance(event, reports.PhoneLost)], "it is remembered"


class TestLgAndSony:
    @pytest.mark.parametrize("persona", ["lg", "sony"])
    @shows("sony")
    def test_no_list_of_everything_is_asked_for(self, bench, persona):
        phone = bench.phone(persona)
        assert bench.back_up(phone).complete
        lists = asked(phone, Op.GET_OBJECT_PROP_LIST)
        assert lists
        assert not [parameters for parameters in lists if parameters[0] == 0xFFFFFFFF or parameters[4] > 1]
        assert not [one for one in asked(phone, Op.GET_OBJECT_HANDLES) if 0xFFFFFFFF in one[:1]]

    @shows("lg")
    def test_lists_in_folders_are_used_although_those_of_the_top_fail(self, bench):
        phone = bench.phone("lg")
        memory = ShortMemory()
        bench.back_up(phone, open_phone=partial(Phone.open, memory=memory))
        lists = asked(phone, Op.GET_OBJECT_PROP_LIST)
        assert [one[0] for one in lists].count(0) == 1
        assert len([one for one in lists if one[4] == 1 and one[0]]) == 4
        known = memory.recall(model_of("lg"))
        assert (known.top_property_lists, known.property_lists) == (False, True)
        phone.log.clear()
        bench.back_up(phone, open_phone=partial(Phone.open, memory=memory))
        assert 0 not in [one[0] for one in asked(phone, Op.GET_OBJECT_PROP_LIST)], "it is remembered"


class TestAnyMaker:
    def test_an_operation_that_was_refused_is_not_asked_for_again(self, bench):
        phone = bench.phone("pixel")
        refusal = Fault(
            effect=Effect.REFUSE,
            operation=Op.GET_PARTIAL_OBJECT_64,
            response=ResponseCode.OPERATION_NOT_SUPPORTED,
            times=None,
        )
        phone.faults.add(refusal)
        memory = ShortMemory()
        open_phone = partial(Phone.open, memory=memory)
        assert bench.back_up(phone, open_phone=open_phone).complete
        assert bench.saved() == what_is_on(phone)
        assert phone.counts[Op.GET_PARTIAL_OBJECT_64] == 1
        assert memory.recall(model_of("pixel")).refused == {Op.GET_PARTIAL_OBJECT_64}
        phone.add_file("DCIM/new.jpg", Generated(9 * MIB, 99), TAKEN)
        assert bench.back_up(phone, open_phone=open_phone).saved.items == 1
        assert phone.counts[Op.GET_PARTIAL_OBJECT_64] == 1
        assert bench.saved() == what_is_on(phone)

    @pytest.mark.parametrize("persona", ["pixel", "transcoding"])
    def test_what_is_remembered_wrongly_makes_a_backup_slower_and_no_worse(self, bench, persona):
        phone = bench.phone(persona)
        memory = ShortMemory()
        memory.keep(
            model_of(persona),
            Learnt(property_lists=False, top_property_lists=False, pause=0.001, refused=DISPENSABLE),
        )
        assert bench.back_up(phone, open_phone=partial(Phone.open, memory=memory)).complete
        assert bench.saved() == what_is_on(phone)

    @pytest.mark.parametrize("quirk", KNOWN_QUIRKS, ids=lambda quirk: quirk.persona)
    def test_a_quirk_fits_its_persona_and_no_phone_of_another_make(self, quirk):
        def fits(who):
            info = DeviceInfo(
                manufacturer=who.manufacturer, model=who.model, vendor_extension_desc=who.extension
            )
            return quirk.fits(who.usb, info)

        assert [name for name, who in PERSONAS.items() if fits(who)] == [quirk.persona]
