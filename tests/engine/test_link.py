from pathlib import Path

import pytest

from mtpbackup.engine.link import PhoneLink
from mtpbackup.engine.reports import PhoneConnected, WaitingForPhone, WaitReason
from mtpbackup.errors import (
    AccessDenied,
    InterfaceBusy,
    LibraryMissing,
    NoPhone,
    OffersNoFiles,
    PhoneLocked,
    SeveralPhones,
    TransportTimeout,
    WireError,
)
from mtpbackup.transport.devices import UsbDevice
from tests.engine.fakes import Bus, FakePhone, Found


@pytest.fixture
def bus():
    bus = Bus()
    yield bus
    # Whatever happened: no phone is left open but the one that the link holds.
    assert [phone.open_now for phone in bus.phones] == [int(phone in bus.opened) for phone in bus.phones]


@pytest.fixture
def told():
    return []


@pytest.fixture
def link(bus, told):
    links = []

    def make(**settings):
        new = PhoneLink(bus, report=told.append, open_phone=FakePhone, clock=bus.clock, **settings)
        links.append(new)
        return new

    yield make
    for one in links:
        one.close()


def reasons(told):
    return [event.reason for event in told if isinstance(event, WaitingForPhone)]


def test_the_only_phone_is_the_one(bus, link, told):
    Found(bus)
    phone = link().connect()
    assert phone.identity.serial == "A1"
    assert told == [PhoneConnected("Pixel 8", "A1", "Google", "Pixel 8", ("Internal shared storage",), False)]


def test_connecting_twice_opens_it_once(bus, link, told):
    found = Found(bus)
    one = link()
    assert one.connect() is one.connect()
    assert found.openings == 1
    assert len(told) == 1


class TestWithoutPatience:
    """What is in the way is raised at once, and nobody waits."""

    @pytest.fixture(autouse=True)
    def nobody_waits(self, bus):
        yield
        assert bus.waits == 0

    def test_no_phone(self, link):
        with pytest.raises(NoPhone):
            link().connect()

    def test_locked(self, bus, link):
        Found(bus, locked=True)
        with pytest.raises(PhoneLocked) as caught:
            link().connect()
        assert caught.value.name == "Pixel 8"

    @pytest.mark.parametrize(
        "trouble",
        [AccessDenied("/dev/x"), InterfaceBusy("/dev/x", ["gvfs"]), TransportTimeout("in", 5), WireError("?")],
    )
    def test_trouble(self, bus, link, trouble):
        Found(bus, trouble=trouble)
        with pytest.raises(type(trouble)) as caught:
            link().connect()
        assert caught.value is trouble

    def test_several(self, bus, link):
        Found(bus, "Pixel 8", "A1")
        Found(bus, "Galaxy S21", "B2")
        with pytest.raises(SeveralPhones) as caught:
            link().connect()
        assert caught.value.names == ("Pixel 8", "Galaxy S21")

    def test_several_and_one_that_cannot_be_opened(self, bus, link):
        Found(bus, "Pixel 8", "A1")
        Found(bus, "Galaxy S21", "B2", trouble=AccessDenied("/dev/x"))
        with pytest.raises(SeveralPhones) as caught:
            link().connect()
        assert caught.value.names == ("Pixel 8", "Galaxy S21")


class TestChoosing:
    @pytest.fixture(autouse=True)
    def three(self, bus):
        Found(bus, "Pixel 8", "A1X9")
        Found(bus, "Pixel 8 Pro", "B2Y8")
        Found(bus, "Galaxy S21", "C3Z7")

    @pytest.mark.parametrize(
        ("wanted", "serial"),
        [
            ("Pixel 8", "A1X9"),  # fits exactly one, though it is a part of another
            ("pixel 8 PRO", "B2Y8"),
            ("b2y8", "B2Y8"),
            ("galaxy", "C3Z7"),
            ("Google Galaxy", "C3Z7"),
        ],
    )
    def test_by_name_or_serial_number_or_part_of_the_name(self, link, wanted, serial):
        assert link(wanted=wanted).connect().identity.serial == serial

    def test_a_part_that_fits_two_is_not_enough(self, link):
        with pytest.raises(SeveralPhones) as caught:
            link(wanted="pixel").connect()
        assert caught.value.names == ("Pixel 8", "Pixel 8 Pro")

    def test_a_part_of_a_serial_number_is_none(self, link):
        with pytest.raises(NoPhone):
            link(wanted="A1X").connect()

    def test_none_fits(self, link):
        with pytest.raises(NoPhone) as caught:
            link(wanted="Fairphone").connect()
        assert caught.value.wanted == "Fairphone"
        assert caught.value.others == ("Pixel 8", "Pixel 8 Pro", "Galaxy S21")

    def test_the_others_are_closed(self, bus, link):
        link(wanted="galaxy").connect()
        bus.opened.append(bus.phones[2])
        assert [phone.open_now for phone in bus.phones] == [0, 0, 1]
        bus.opened.clear()


def test_two_of_one_name_are_told_apart_by_their_serial_numbers(bus, link):
    Found(bus, "Pixel 8", "A1")
    Found(bus, "Pixel 8", "B2")
    with pytest.raises(SeveralPhones) as caught:
        link().connect()
    assert caught.value.names == ("Pixel 8 (A1)", "Pixel 8 (B2)")
    assert link(wanted="Pixel 8 (B2)").connect().identity.serial == "B2"


def test_a_phone_that_cannot_be_opened_may_be_the_one_that_is_wanted(bus, link):
    Found(bus, "Pixel 8", "A1", trouble=AccessDenied("/dev/x"))
    Found(bus, "Galaxy", "B2")
    with pytest.raises(AccessDenied):
        link(wanted="Pixel 8").connect()
    assert link(wanted="Galaxy").connect().identity.serial == "B2"


class TestWaiting:
    def test_for_the_cable_then_for_the_lock(self, bus, link, told):
        found = Found(bus, locked=True)
        found.attached = False
        bus.script = {
            3.0: lambda: setattr(found, "attached", True),
            8.0: lambda: setattr(found, "locked", False),
        }
        link(patience=None).connect()
        assert reasons(told) == [WaitReason.NONE, WaitReason.LOCKED]
        assert isinstance(told[-1], PhoneConnected)
        assert 8 <= bus.now - 100 < 10

    def test_not_longer_than_patience(self, bus, link, told):
        with pytest.raises(NoPhone):
            link(patience=20).connect()
        assert bus.now - 100 == pytest.approx(20)
        assert reasons(told) == [WaitReason.NONE]

    @pytest.mark.parametrize(
        ("away", "told_of"),
        [(4.0, [WaitReason.LOCKED]), (30.0, [WaitReason.LOCKED, WaitReason.NONE])],
    )
    def test_a_phone_that_leaves_the_bus_while_it_is_unlocked_is_not_called_lost_at_once(
        self, bus, link, told, away, told_of
    ):
        found = Found(bus, locked=True)
        bus.script = {
            2.0: lambda: setattr(found, "attached", False),
            2.0 + away: lambda: (setattr(found, "attached", True), setattr(found, "locked", False)),
        }
        link(patience=60).connect()
        assert reasons(told) == told_of

    def test_for_all_storages_of_a_phone_that_was_unlocked(self, bus, link, told):
        found = Found(bus, locked=True)
        bus.script = {
            3.0: lambda: setattr(found, "locked", False),
            3.4: lambda: found.labels.append("SD card"),
        }
        link(patience=60).connect()
        assert told[-1].storages == ("Internal shared storage", "SD card")

    def test_for_permission_and_for_the_holder(self, bus, link, told):
        found = Found(bus, trouble=AccessDenied("/dev/bus/usb/001/004"))
        busy = InterfaceBusy("/dev/bus/usb/001/004", ["gvfsd-mtp"])
        bus.script = {
            4.0: lambda: setattr(found, "trouble", busy),
            9.0: lambda: setattr(found, "trouble", None),
        }
        link(patience=60).connect()
        assert reasons(told) == [WaitReason.NO_PERMISSION, WaitReason.BUSY]
        assert told[1].holders == ("gvfsd-mtp",)

    def test_the_holder_is_asked_once(self, bus, link):
        found = Found(bus, trouble=InterfaceBusy())
        asked = []

        def ask(error):
            asked.append(error)
            found.trouble = None
            return True

        link(ask_holder=ask).connect()
        assert len(asked) == 1
        assert bus.waits == 0

    def test_a_holder_that_does_not_let_go(self, bus, link):
        Found(bus, trouble=InterfaceBusy())
        asked = []
        with pytest.raises(InterfaceBusy):
            link(patience=5, ask_holder=lambda error: asked.append(error) or True).connect()
        assert len(asked) == 1

    def test_a_missing_library_is_not_waited_for(self, bus, link):
        Found(bus, trouble=LibraryMissing("libusb-1.0"))
        with pytest.raises(LibraryMissing):
            link(patience=None).connect()
        assert bus.waits == 0

    def test_ctrl_c_leaves_nothing_open(self, bus, link):
        def interrupt():
            raise KeyboardInterrupt

        Found(bus, locked=True)
        bus.script = {3.0: interrupt}
        with pytest.raises(KeyboardInterrupt):
            link(patience=None).connect()


class TestPhonesWithoutFiles:
    """On the cable, and charging, debugging or sharing their network."""

    CHARGING = UsbDevice(Path("1-2"), 0x04E8, 0x6860, product="Galaxy S24", serial="S1")

    def test_one_is_waited_for_by_name_until_it_offers_files(self, bus, link, told):
        found = Found(bus, "Galaxy S24", "S1")
        found.attached = False
        bus.script = {5.0: lambda: setattr(found, "attached", True)}
        link(patience=None, look_around=lambda: [self.CHARGING]).connect()
        assert [(event.reason, event.name, event.vendor_id, event.mode) for event in told[:-1]] == [
            (WaitReason.NO_FILES, "Galaxy S24", 0x04E8, "charging")
        ]

    def test_without_patience_that_is_what_is_told(self, link):
        with pytest.raises(OffersNoFiles) as caught:
            link(look_around=lambda: [self.CHARGING]).connect()
        assert (caught.value.name, caught.value.vendor_id, caught.value.mode) == (
            "Galaxy S24",
            0x04E8,
            "charging",
        )

    def test_another_phone_that_charges_is_not_taken_for_the_one_that_left(self, bus, link, told):
        mine = Found(bus)
        one = link(patience=0, grace=3, look_around=lambda: [self.CHARGING])
        one.connect()
        mine.attached = False
        with pytest.raises(NoPhone):
            one.reconnect()
        assert reasons(told) == [WaitReason.NONE]

    def test_it_is_not_told_of_while_a_phone_is_being_unlocked(self, bus, link, told):
        found = Found(bus, locked=True)
        on_the_way = UsbDevice(Path("1-2"), 0x18D1, 0x4EE7, product="Pixel 8")
        bus.script = {
            2.0: lambda: setattr(found, "attached", False),
            6.0: lambda: (setattr(found, "attached", True), setattr(found, "locked", False)),
        }
        link(patience=60, look_around=lambda: [] if found.attached else [on_the_way]).connect()
        assert reasons(told) == [WaitReason.LOCKED]


class TestAbsence:
    """A run that began by itself waits for the person, and not for a phone that was taken away."""

    def test_a_locked_phone_is_waited_for_without_end(self, bus, link):
        found = Found(bus, locked=True)
        bus.script = {500.0: lambda: setattr(found, "locked", False)}
        link(patience=None, absence=12).connect()
        assert bus.now - 100 >= 500

    def test_a_phone_that_was_taken_away_is_not(self, bus, link):
        found = Found(bus, locked=True)
        bus.script = {50.0: lambda: setattr(found, "attached", False)}
        with pytest.raises(NoPhone):
            link(patience=None, absence=12).connect()
        assert bus.now - 100 == pytest.approx(62, abs=2)

    def test_each_absence_is_counted_by_itself(self, bus, link):
        found = Found(bus, locked=True)
        for when in (10.0, 30.0, 50.0):
            bus.script[when] = lambda: setattr(found, "attached", False)
            bus.script[when + 8] = lambda: setattr(found, "attached", True)
        bus.script[70.0] = lambda: setattr(found, "locked", False)
        link(patience=None, absence=12).connect()


def test_the_maker_of_a_locked_phone_is_told(bus, link, told):
    found = Found(bus, locked=True)
    bus.script = {3.0: lambda: setattr(found, "locked", False)}
    link(patience=60).connect()
    assert told[0].vendor_id == 0x18D1
    found.locked = True
    with pytest.raises(PhoneLocked) as caught:
        link().connect()
    assert caught.value.vendor_id == 0x18D1


class TestReconnecting:
    def test_to_the_same_phone_though_others_came_first(self, bus, link, told):
        one = link()
        mine = Found(bus, "Pixel 8", "A1", port=3)
        one.connect()
        mine.attached = False
        Found(bus, "Galaxy", "B2", port=1)
        bus.script = {4.0: lambda: setattr(mine, "attached", True)}
        assert one.reconnect().identity.serial == "A1"
        assert WaitReason.OTHER_PHONE in reasons(told)
        assert told[-1].again

    def test_it_looks_first_where_the_phone_was(self, bus, link):
        other = Found(bus, "Galaxy", "B2", port=1)
        other.attached = False
        mine = Found(bus, "Pixel 8", "A1", port=3)
        one = link()
        one.connect()
        other.attached = True
        one.reconnect()
        assert (mine.openings, other.openings) == (2, 0)

    def test_into_another_port(self, bus, link):
        mine = Found(bus, "Pixel 8", "A1", port=3)
        one = link()
        one.connect()
        mine.attached = False
        Found(bus, "Pixel 8", "A1", port=7)
        assert one.reconnect().identity.serial == "A1"

    def test_a_moment_of_grace_though_nobody_is_patient(self, bus, link):
        mine = Found(bus)
        one = link(patience=0, grace=10)
        one.connect()
        mine.attached = False
        bus.script = {5.0: lambda: setattr(mine, "attached", True)}
        one.reconnect()
        assert 5 <= bus.now - 100 < 7

    def test_it_gives_up_in_the_end(self, bus, link):
        mine = Found(bus)
        one = link(patience=3, grace=10)
        one.connect()
        mine.attached = False
        with pytest.raises(NoPhone):
            one.reconnect()
        assert bus.now - 100 == pytest.approx(10)

    def test_a_twin_without_serial_number_is_taken_for_the_same(self, bus, link):
        mine = Found(bus, "Camera", "")
        one = link()
        one.connect()
        mine.attached = False
        Found(bus, "Camera", "", port=2)
        assert one.reconnect().identity.model == "Camera"
