"""`mtpbackup auto`: turning it on and off, and the run that begins by itself."""

from __future__ import annotations

import json
import threading
import time
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from mtpbackup import udev
from mtpbackup.archive import Archive
from mtpbackup.cli import auto, auto_log, auto_run
from mtpbackup.cli.auto_run import OnlyThis, Surroundings, back_up_by_itself
from mtpbackup.desktop import launcher, units
from mtpbackup.desktop.units import NoUserManager
from mtpbackup.engine.reports import WaitingForPhone, WaitReason
from mtpbackup.errors import InterfaceBusy
from mtpbackup.messages import about_auto
from mtpbackup.settings import KnownPhone, load, settings_file
from mtpbackup.virtual import VirtualFinder, VirtualPhone
from mtpbackup.virtual.faults import Effect, Fault
from mtpbackup.wire import OperationCode
from tests.transport.bus_tree import BusTree

KNOWN = KnownPhone("Pixel 8", 0x18D1, "SERIAL-1")


class Bubbles:
    """A notifier that only keeps what it is told."""

    def __init__(self):
        self.titles, self.urgent, self.shown = [], [], False

    def show(self, title, body="", *, urgent=False):
        self.titles.append(title)
        self.urgent.append(urgent)
        self.shown = True

    def withdraw(self):
        self.titles.append("(withdrawn)")
        self.shown = False

    def close(self):
        pass


@pytest.fixture(autouse=True)
def _computer(monkeypatch, tmp_path_factory):
    """A person's own systemd, and folders of her own."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_DATA_HOME", str(home / "data"))
    monkeypatch.setenv("XDG_DATA_DIRS", str(home / "none"))
    monkeypatch.setattr(units, "require_manager", lambda: None)
    monkeypatch.setattr(units, "_manager_is_there", lambda: True)
    monkeypatch.setattr(auto, "_rule_is_there", lambda: True)


@pytest.fixture
def asked(monkeypatch):
    """What systemd was asked."""
    words = []

    def systemctl(*arguments):
        if arguments[0] == "show":
            return str(units.unit_file().parent)
        words.append(arguments)
        return ""

    monkeypatch.setattr(units, "_systemctl", systemctl)
    return words


@pytest.fixture
def on_the_bus(monkeypatch, phone, mtpbackup):
    """The phone, for `auto` too."""

    @contextmanager
    def phones():
        yield VirtualFinder(phone)

    monkeypatch.setattr(auto, "usb_phones", phones)
    return mtpbackup


# --- on, off, status --------------------------------------------------------------------------------------


def test_on_writes_the_unit_and_remembers_the_phone(on_the_bus, asked):
    result = on_the_bus("auto", "on", "--yes")
    assert result.exit_code == 0, result.output
    assert "On.  Backed up by itself when plugged in: Pixel 8" in result.output
    assert str(auto_log.log_file().name) in result.output
    assert load().phones == (KNOWN,)
    text = units.unit_file().read_text()
    assert ' "-P" "-m" "mtpbackup" "auto" "run" --at %f' in text
    assert asked == [("daemon-reload",)]
    assert units.UNIT == udev.USER_UNIT
    assert (launcher._own() / "applications/mtpbackup.desktop").exists()


def test_the_unit_finds_the_settings_of_who_turned_it_on(on_the_bus, asked, monkeypatch):
    monkeypatch.setenv("XDG_PICTURES_DIR", "/a b/Pictures")
    on_the_bus("auto", "on", "--yes")
    text = units.unit_file().read_text()
    assert f'Environment="XDG_CONFIG_HOME={settings_file().parents[1]}"' in text
    assert 'Environment="XDG_PICTURES_DIR=/a b/Pictures"' in text


def test_on_again_changes_nothing_more(on_the_bus, asked):
    on_the_bus("auto", "on", "--yes")
    before = settings_file().read_text()
    assert on_the_bus("auto", "on").exit_code == 0
    assert settings_file().read_text() == before


def test_a_stranger_is_not_taken_without_a_yes(on_the_bus, asked):
    result = on_the_bus("auto", "on")
    assert result.exit_code == 2
    assert "--yes" in result.output
    assert load().phones == ()
    assert not units.is_on()


def test_on_without_a_phone_is_for_those_that_are_known(on_the_bus, asked, phone):
    phone.unplug()
    assert on_the_bus("auto", "on", "--yes").exit_code == 20
    phone.plug()
    on_the_bus("auto", "on", "--yes")
    on_the_bus("auto", "off")
    phone.unplug()
    result = on_the_bus("auto", "on")
    assert result.exit_code == 0
    assert units.is_on()


def test_a_phone_without_serial_number_cannot_be_known_again(on_the_bus, asked, phone):
    phone.unplug()
    phone.persona = replace(phone.persona, usb=replace(phone.persona.usb, serial=""))
    phone.plug()
    result = on_the_bus("auto", "on", "--yes")
    assert result.exit_code == 1
    assert "no serial number" in result.output


def test_without_a_systemd_of_ones_own_it_is_said(on_the_bus, asked, monkeypatch):
    def none():
        raise NoUserManager

    monkeypatch.setattr(units, "require_manager", none)
    result = on_the_bus("auto", "on", "--yes")
    assert result.exit_code == 1
    assert "no systemd session for you" in result.output
    assert load().phones == ()


def test_off_takes_the_unit_away_and_keeps_the_phones(on_the_bus, asked):
    on_the_bus("auto", "on", "--yes")
    result = on_the_bus("auto", "off")
    assert result.exit_code == 0
    assert not units.is_on()
    assert load().phones == (KNOWN,)
    assert ("stop", "mtpbackup-auto@*.service") in asked
    assert "off already" in on_the_bus("auto", "off").output


def test_off_for_one_phone_forgets_it(on_the_bus, asked):
    on_the_bus("auto", "on", "--yes")
    unknown = on_the_bus("auto", "off", "--device", "Galaxy")
    assert unknown.exit_code == 20
    assert 'No phone called "Galaxy" is backed up by itself.' in unknown.output
    assert "These are: Pixel 8." in unknown.output
    assert on_the_bus("auto", "off", "--device", "pixel 8").exit_code == 0
    assert load().phones == ()
    assert not units.is_on()


def test_status_tells_phones_runs_and_the_log(on_the_bus, asked):
    assert "Off.  Phones: none" in on_the_bus("auto", "status").output
    on_the_bus("auto", "on", "--yes")
    auto_log.note_run("Pixel 8", "SERIAL-1", 0, datetime.now(UTC), "Pixel 8 is backed up", 3)
    output = on_the_bus("auto").output
    assert "On.  Phones: Pixel 8" in output
    assert "Pixel 8 is backed up" in output
    assert "auto.log" in output
    facts = [json.loads(line) for line in on_the_bus("auto", "status", "--json").output.splitlines()]
    assert (facts[-1]["on"], facts[-1]["rule"], facts[-1]["phones"][0]["serial"]) == (True, True, "SERIAL-1")


def test_a_missing_rule_is_told_with_the_command_for_it(on_the_bus, asked, monkeypatch):
    monkeypatch.setattr(auto, "_rule_is_there", lambda: False)
    result = on_the_bus("auto", "on", "--yes")
    assert "One step is missing" in result.output
    assert "setup" in result.output


# --- which phone ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("usb", "begins"),
    [
        ({}, True),
        ({"serial": "SERIAL-2"}, False),
        ({"vendor": 0x04E8}, False),
        ({"vendor": 0x04A9, "name": "EOS", "serial": "CAMERA"}, False),
    ],
)
def test_only_a_known_phone_begins_a_run(on_the_bus, asked, monkeypatch, tmp_path, usb, begins):
    on_the_bus("auto", "on", "--yes")
    begun = []
    monkeypatch.setattr(auto_run, "back_up_by_itself", lambda phone, _: begun.append(phone) or 0)
    tree = BusTree(tmp_path / "devices")
    tree.plug("1-2", **usb)
    monkeypatch.setattr("mtpbackup.transport.devices.SYSFS", tree.root)
    result = on_the_bus("auto", "run", "--at", tree.root / "1-2")
    assert result.exit_code == 0, result.output
    assert begun == ([KNOWN] if begins else [])


def test_a_phone_that_is_gone_again_begins_none(on_the_bus, tmp_path):
    assert on_the_bus("auto", "run", "--at", tmp_path / "nothing").exit_code == 0


def test_a_mistake_in_the_settings_is_shown_on_the_desktop(on_the_bus, monkeypatch, tmp_path):
    shown = []
    monkeypatch.setattr(auto_run, "tell_on_desktop", shown.append)
    settings_file().parent.mkdir(parents=True)
    settings_file().write_text("layot = 1\n")
    assert on_the_bus("auto", "run", "--at", tmp_path).exit_code == 2
    assert len(shown) == 1


# --- the run ----------------------------------------------------------------------------------------------


@pytest.fixture
def run(monkeypatch, phone, tmp_path):
    """Runs a backup that begins by itself, to its end; gives its code."""
    monkeypatch.setattr(auto_run, "default_destination", lambda: tmp_path / "backup")
    bubbles, awake = Bubbles(), []

    @contextmanager
    def phones():
        yield VirtualFinder(phone, *run.others)

    @contextmanager
    def stay_awake(name):
        awake.append(name)
        yield

    @contextmanager
    def holders(voice):
        yield lambda error: False

    monkeypatch.setattr(auto_run, "holders_let_go", holders)

    def run():
        bubbles.titles.clear()
        bubbles.urgent.clear()
        bubbles.shown = False
        return int(back_up_by_itself(KNOWN, Surroundings(phones, bubbles, stay_awake)))

    run.bubbles, run.awake, run.others = bubbles, awake, ()
    return run


def test_a_run_copies_tells_and_notes(run, tmp_path):
    assert run() == 0
    assert run.bubbles.titles == ["Backing up Pixel 8", "Pixel 8 is backed up"]
    assert run.bubbles.urgent == [False, False]
    assert run.awake == ["Pixel 8"]
    assert len(list((tmp_path / "backup").rglob("*.jpg"))) == 2
    (noted,) = auto_log.last_runs()
    assert (noted["phone"], noted["exit_code"], noted["saved"]) == ("Pixel 8", 0, 3)
    log = auto_log.log_file().read_text()
    assert "Pixel 8 was plugged in." in log
    assert "3 files copied and checked" in log


def test_nothing_new_is_no_news(run):
    run()
    assert run() == 0
    assert run.bubbles.titles == []
    assert auto_log.last_runs()[-1]["said"] == "Pixel 8: nothing new.  All 3 are safe."


def test_a_locked_phone_is_waited_for_and_then_backed_up(run, phone):
    phone.lock()
    ended = []
    worker = threading.Thread(target=lambda: ended.append(run()))
    worker.start()
    wait_for(lambda: run.bubbles.titles == ["Unlock Pixel 8"])
    phone.unlock()
    worker.join(20)
    assert ended == [0]
    assert run.bubbles.titles == ["Unlock Pixel 8", "Backing up Pixel 8", "Pixel 8 is backed up"]
    assert run.bubbles.urgent == [True, False, False]


def test_a_locked_phone_that_is_taken_away_ends_the_run_without_a_word(run, phone, monkeypatch):
    monkeypatch.setattr(auto_run, "_ABSENCE", 0.2)
    phone.lock()
    ended = []
    worker = threading.Thread(target=lambda: ended.append(run()))
    worker.start()
    wait_for(lambda: run.bubbles.titles == ["Unlock Pixel 8"])
    phone.unplug()
    worker.join(20)
    assert ended == [20]
    assert run.bubbles.titles == ["Unlock Pixel 8", "(withdrawn)"]


def test_a_cable_pulled_while_copying_is_told(run, phone, monkeypatch):
    monkeypatch.setattr(auto_run, "_ABSENCE", 0.2)
    phone.faults.add(Fault(effect=Effect.UNPLUG, operation=OperationCode.GET_OBJECT, at_byte=1))
    phone.faults.add(Fault(effect=Effect.UNPLUG, operation=OperationCode.GET_PARTIAL_OBJECT_64, at_byte=1))
    assert run() == 25
    assert run.bubbles.titles == ["Backing up Pixel 8", "Pixel 8 was unplugged"]
    phone.faults.clear()
    phone.plug()
    assert run() == 0


def test_a_phone_that_another_program_uses_needs_a_hand(run, phone, monkeypatch):
    refused = [InterfaceBusy("/dev/x", ("gvfsd-mtp",))]

    class Busy(OnlyThis):
        def find(self):
            found = super().find()
            return [Refusing(one, refused) for one in found]

    monkeypatch.setattr(auto_run, "OnlyThis", Busy)
    assert run() == 0
    assert run.bubbles.titles == ["Pixel 8 is in use", "Backing up Pixel 8", "Pixel 8 is backed up"]


def test_a_hand_is_asked_for_in_a_persons_words_and_only_where_one_is_needed():
    def asked(*holders):
        event = WaitingForPhone(WaitReason.BUSY, "Pixel 8", holders=holders)
        return about_auto.hand_needed(event, "Pixel 8")

    assert asked("gvfsd-mtp") == (
        "Pixel 8 is in use",
        "The Files app is using it. Close it, and the backup begins.",
    )
    assert asked()[1].startswith("Another program is")
    # Begun by hand, or in the gallery: that ends by itself, or she sits before it.
    assert asked("mtpbackup") is None


class Refusing:
    def __init__(self, found, refused):
        self.identity, self._found, self._refused = found.identity, found, refused

    def open(self, options=None):
        if self._refused:
            raise self._refused.pop()
        return self._found.open(options)


def test_strangers_beside_it_are_never_opened(run):
    with VirtualPhone(serial="SERIAL-2") as stranger:
        stranger.plug()
        run.others = (stranger,)
        assert run() == 0
        assert not stranger.counts


@pytest.fixture
def at_work(run, tmp_path, monkeypatch):
    """Another run, at work in the same backup until it is told to end."""
    monkeypatch.setattr(auto_run, "_TURN", 0.05)
    with ExitStack() as other:
        archive = other.enter_context(Archive.create_or_open(tmp_path / "backup"))
        other.enter_context(archive.lock())
        yield other


def test_a_second_phone_waits_for_its_turn(run, phone, at_work):
    ended = []
    worker = threading.Thread(target=lambda: ended.append(run()))
    worker.start()
    wait_for(lambda: run.bubbles.titles == ["Pixel 8 is next"])
    phone.open(phone.identity).close()  # it is not held meanwhile: whoever wants it may have it
    at_work.close()
    worker.join(20)
    assert ended == [0]
    assert run.bubbles.titles == ["Pixel 8 is next", "Backing up Pixel 8", "Pixel 8 is backed up"]
    assert not any(run.bubbles.urgent)


def test_a_second_phone_that_is_taken_away_before_its_turn_ends_the_run(run, phone, monkeypatch, at_work):
    monkeypatch.setattr(auto_run, "_ABSENCE", 0.2)
    ended = []
    worker = threading.Thread(target=lambda: ended.append(run()))
    worker.start()
    wait_for(lambda: run.bubbles.titles == ["Pixel 8 is next"])
    phone.unplug()
    worker.join(20)
    assert ended == [20]
    assert run.bubbles.titles == ["Pixel 8 is next", "(withdrawn)"]


def test_a_full_disk_is_told(run, monkeypatch):
    monkeypatch.setattr("mtpbackup.archive.Archive.free_space", lambda self: 10)
    assert run() == 24
    assert run.bubbles.titles == ["Pixel 8 is not backed up"]
    assert run.bubbles.urgent == [True]


def test_a_disk_that_is_not_there_is_told_before_the_phone_is_unlocked(run, phone, tmp_path):
    assert run() == 0
    (tmp_path / "backup").rename(tmp_path / "taken away")
    phone.lock()
    assert run() == 1
    assert run.bubbles.titles == ["Pixel 8 is not backed up"]
    assert "is gone" in str(auto_log.last_runs()[-1]["said"])
    assert not (tmp_path / "backup").exists()


def test_a_mistake_of_the_program_is_not_silent(run, monkeypatch):
    def broken(*_arguments, **_more):
        raise AttributeError("what is this?")

    monkeypatch.setattr("mtpbackup.engine.run_backup", broken)
    with pytest.raises(AttributeError):
        run()
    assert run.bubbles.titles == ["Pixel 8 is not backed up"]
    assert auto_log.last_runs()[-1]["exit_code"] == 1
    assert "AttributeError: what is this?" in auto_log.log_file().read_text()


def test_the_log_is_put_aside_when_it_is_long(monkeypatch):
    monkeypatch.setattr(auto_log, "_LONGEST", 100)
    lines = auto_log.LogLines()
    for number in range(10):
        lines.write(f"line {number}\n")
    assert auto_log.log_file().with_suffix(".log.1").exists()
    assert auto_log.log_file().read_text().endswith("line 9\n")


def wait_for(condition, seconds=20.0):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "not in time"
        time.sleep(0.01)
