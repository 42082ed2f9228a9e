"""`mtpbackup doctor`: each fault is staged, found, and told in approved words."""

import json
import re
import time
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from mtpbackup import udev
from mtpbackup.cli import doctor
from mtpbackup.engine.doctor import Verdict, examine, look
from mtpbackup.errors import AccessDenied, InterfaceBusy, LibraryMissing
from mtpbackup.messages import about_setup
from mtpbackup.messages.about_doctor import diagnosed_verdicts
from mtpbackup.udev import MARK, Access, Giver, Grant, Installed
from mtpbackup.virtual import VirtualFinder, VirtualPhone
from mtpbackup.virtual.content import Generated
from mtpbackup.virtual.faults import Effect, Fault
from mtpbackup.wire import DeviceProperty, OperationCode, ResponseCode
from tests.cli import approved
from tests.transport.bus_tree import DEBUGGING, MIDI, RNDIS, STILL_IMAGE, BusTree


class FoundOnTree:
    """A virtual phone at a place of the tree."""

    def __init__(self, found, node, vendor, refuse=None):
        self.identity = replace(found.identity, node=node, vendor_id=vendor)
        self._found, self._refuse = found, refuse

    def open(self, options=None):
        if self._refuse is not None:
            raise self._refuse
        return self._found.open(options)


class Stage:
    """A computer with a phone made of code on a bus made of files."""

    def __init__(self, folder, monkeypatch, run):
        self.tree = BusTree(folder / "devices")
        self.phone = VirtualPhone(serial="SERIAL-1")
        self.destination = folder / "backup"
        self.library_error = None
        self.refuse = None
        self.access = {}
        self._node, self._vendor = "", 0
        self._run = run
        self._finder = VirtualFinder(self.phone)
        self._clock = 0.0
        self.seconds_a_look = 0.01
        monkeypatch.setattr(doctor, "usb_phones", self._phones)
        monkeypatch.setattr(doctor, "_surroundings", self._surroundings)
        monkeypatch.setattr(udev, "installed", lambda: Installed.MISSING)
        monkeypatch.setattr(about_setup, "called_as_root", lambda *words: " ".join(("sudo mtpbackup", *words)))

    def plug(self, vendor=0x18D1, **usb):
        """The phone, offering files, on the bus and for the finder."""
        self._vendor = vendor
        self._node = self.tree.plug(vendor=vendor, **usb)
        self.phone.plug()

    def who_may(self, node):
        return self.access.get(node, Access(node, grant=Grant.SEAT, mode=0o664, owner="root", group="plugdev"))

    def forbid(self, **facts):
        self.access[self._node] = Access(self._node, mode=0o664, owner="root", group="root", **facts)
        self.refuse = AccessDenied(self._node)

    def refuse_reading(self):
        reading = (
            OperationCode.GET_OBJECT,
            OperationCode.GET_PARTIAL_OBJECT,
            OperationCode.GET_PARTIAL_OBJECT_64,
        )
        for operation in reading:
            self.phone.faults.add(
                Fault(
                    effect=Effect.REFUSE, operation=operation, times=None, response=ResponseCode.GENERAL_ERROR
                )
            )

    @contextmanager
    def _phones(self):
        if self.library_error is not None:
            raise self.library_error
        yield self

    def find(self):
        return [FoundOnTree(found, self._node, self._vendor, self.refuse) for found in self._finder.find()]

    def _surroundings(self):
        return {"sysfs": self.tree.root, "access": self.who_may, "clock": self._tick}

    def _tick(self):
        self._clock += self.seconds_a_look
        return self._clock

    def examine(self, name, *arguments, before=lambda: None):
        """Runs the doctor, compares what it says, and gives what is not good, and the exit code."""
        before()
        result = self._run("doctor", "--to", self.destination, *arguments)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        text = (
            re.sub(r"\d[\d.,]* GB free", "SOME GB free", result.output) if "room" not in name else result.output
        )
        # Seconds pass with each look at the clock, and reading looks as often as chunks come.
        text = re.sub(r"[\d.,]+ [KM]B a second", "SOME MB a second", text)
        text = text.replace(str(self.destination.parent), "/DISK")
        approved.check(f"doctor-{name}", text)
        before()
        facts = self.facts()
        verdicts = {fact["verdict"]: fact["level"] for fact in facts if fact.get("event") == "finding"}
        assert facts[-1]["exit_code"] == result.exit_code
        return [verdict for verdict, level in verdicts.items() if level != "good"], result.exit_code

    def facts(self):
        result = self._run("doctor", "--to", self.destination, "--json")
        return [json.loads(line) for line in result.output.splitlines()]


@pytest.fixture
def stage(tmp_path, monkeypatch, mtpbackup):
    stage = Stage(tmp_path, monkeypatch, mtpbackup)
    stage.phone.add_file("DCIM/Camera/IMG_0001.jpg", bytes(4_000_000))
    with stage.phone:
        yield stage


def test_all_is_well_and_told_in_under_five_seconds(stage):
    stage.plug(version=" 2.00")
    began = time.monotonic()
    assert stage.examine("all-is-well") == ([], 0)
    assert time.monotonic() - began < 5


def test_no_library(stage):
    stage.library_error = LibraryMissing("libusb")
    assert stage.examine("no-library") == (["library_missing", "nothing_plugged_in"], 1)


def test_nothing_plugged_in(stage):
    stage.tree.plug(vendor=0x046D, name="Mouse", interfaces=(((3, 1, 2), ""),))
    assert stage.examine("nothing") == (["nothing_plugged_in"], 20)


@pytest.mark.parametrize(
    ("interfaces", "verdict"),
    [
        (((255, 255, 255), ""), "only_charging"),
        ((DEBUGGING, "ADB Interface"), "only_debugging"),
        ((RNDIS, ""), "only_tethering"),
        ((MIDI, ""), "only_midi"),
    ],
)
def test_a_phone_that_offers_no_files(stage, interfaces, verdict):
    stage.tree.plug(vendor=0x04E8, product=0x6860, name="Galaxy S24", maker="SAMSUNG", interfaces=(interfaces,))
    assert stage.examine(verdict.replace("_", "-")) == ([verdict], 21)


def test_a_phone_set_to_camera(stage):
    stage.plug(vendor=0x2717, name="Redmi Note 12", interfaces=((STILL_IMAGE, "PTP"),))
    assert stage.examine("camera-mode") == (["offers_photos"], 0)


def test_a_slow_cable(stage):
    stage.plug(speed=12)
    assert stage.examine("full-speed") == (["very_slow"], 0)


def test_a_cable_that_could_be_faster(stage):
    stage.plug(version=" 2.10")
    assert stage.examine("could-be-faster") == (["could_be_faster"], 0)


def test_no_permission_and_no_rule(stage):
    stage.plug()
    stage.forbid()
    assert stage.examine("no-permission") == (["not_allowed"], 22)


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        (
            {"grant": Grant.SEAT, "givers": (Giver.MTPBACKUP, Giver.SYSTEMD)},
            "You may use it: you sit at this computer's screen (by mtpbackup's rule).",
        ),
        (
            {"grant": Grant.SEAT, "givers": (Giver.SYSTEMD,)},
            "You may use it: you sit at this computer's screen (by the system's own rule).",
        ),
        ({"grant": Grant.GROUP, "group": "plugdev"}, "You may use it: you are in the group plugdev."),
        ({"grant": Grant.ROOT, "givers": (Giver.SYSTEMD,)}, "You may use it, as root."),
        ({"grant": Grant.OTHERS}, "You may use it."),
    ],
)
def test_it_is_told_why_one_may(stage, facts, told):
    stage.plug()
    stage.access[stage._node] = Access(stage._node, mode=0o664, owner="root", **{"group": "root"} | facts)
    assert f"✓ {told}\n" in stage._run("doctor", "--to", stage.destination).output


def test_no_permission_over_the_network(stage, monkeypatch):
    stage.plug()
    monkeypatch.setattr(udev, "installed", lambda: Installed.CURRENT)
    stage.forbid(tagged=True, givers=(Giver.MTPBACKUP,), properties={MARK: "1"})
    assert stage.examine("no-permission-away") == (["not_allowed"], 22)


def test_held_by_another_program(stage):
    stage.plug()
    stage.refuse = InterfaceBusy("/dev/bus/usb/001/002", ("gvfsd-mtp",))
    assert stage.examine("held") == (["held"], 23)


@pytest.mark.parametrize("vendor", [0x04E8, 0x2717, 0x05AC, 0x1234])
def test_locked_with_the_steps_of_its_maker(stage, vendor):
    stage.phone.lock()
    stage.plug(vendor=vendor)
    assert stage.examine(f"locked-{vendor:04x}") == (["locked"], 21)


def test_it_leaves_meanwhile(stage):
    stage.plug()

    def before():
        stage.phone.plug()
        stage.phone.faults.add(Fault(effect=Effect.UNPLUG, operation=OperationCode.GET_STORAGE_IDS))

    assert stage.examine("left", before=before) == (["left"], 25)


def test_it_does_not_answer(stage):
    stage.plug()
    stage.phone.faults.add(
        Fault(
            effect=Effect.REFUSE,
            operation=OperationCode.GET_STORAGE_IDS,
            times=None,
            response=ResponseCode.GENERAL_ERROR,
        )
    )
    assert stage.examine("no-answer") == (["no_answer"], 1)


def test_it_does_not_list(stage):
    stage.plug()
    for operation in (OperationCode.GET_OBJECT_HANDLES, OperationCode.GET_OBJECT_PROP_LIST):
        stage.phone.faults.add(
            Fault(effect=Effect.REFUSE, operation=operation, times=None, response=ResponseCode.GENERAL_ERROR)
        )
    assert stage.examine("cannot-list") == (["cannot_list"], 1)


def test_it_gives_no_file(stage):
    stage.refuse_reading()
    stage.plug()
    assert stage.examine("cannot-read") == (["cannot_read"], 1)


def test_it_is_empty(stage):
    stage.phone.remove("DCIM/Camera/IMG_0001.jpg")
    stage.plug()
    assert stage.examine("empty") == (["nothing_to_read"], 0)


def test_it_reads_slowly(stage):
    stage.seconds_a_look = 0.6
    stage.plug()
    assert stage.examine("reads-slowly") == (["reads_slowly"], 0)


def test_the_disk_with_the_backup_is_gone(stage, monkeypatch):
    monkeypatch.setattr(doctor.remembered, "backup_in", lambda root: "an id")
    stage.plug()
    assert stage.examine("disk-gone") == (["disk_gone"], 1)


def test_nothing_can_be_written(stage):
    stage.destination = stage.destination.parent / "a file"
    stage.destination.write_text("")
    stage.plug()
    assert stage.examine("not-writable") == (["not_writable"], 1)


@pytest.mark.parametrize(
    ("free", "verdict", "code"), [(1_000_000, "no_room", 24), (3_000_000_000, "little_room", 0)]
)
def test_too_little_room(stage, monkeypatch, free, verdict, code):
    monkeypatch.setattr("shutil.disk_usage", lambda path: SimpleNamespace(free=free))
    stage.phone.add_file("Movies/large.mp4", Generated(5_000_000_000))
    stage.plug()
    assert stage.examine(verdict.replace("_", "-")) == ([verdict], code)


def test_a_backup_that_is_there(stage):
    (stage.destination / ".mtpbackup").mkdir(parents=True)
    (stage.destination / ".mtpbackup" / "archive.json").write_text("{}")
    stage.plug()
    assert stage.examine("has-backup") == ([], 0)


def test_the_report_tells_nothing_private(stage, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path / "home of Anna"))
    stage.destination = tmp_path / "Anna's disk"
    stage.phone.rename("DCIM/Camera/IMG_0001.jpg", "Secret wedding.jpg")
    stage.refuse_reading()
    stage.phone._state.values[DeviceProperty.DEVICE_FRIENDLY_NAME] = "Phone of Anna"
    stage.plug(version=" 2.10")
    file = tmp_path / "report.txt"
    stage.examine("report", "--report", file)
    text = file.read_text()
    for private in ("SERIAL-1", "Secret", "wedding", "Anna", str(tmp_path)):
        assert private not in text, text
    for useful in ("18d1:4ee1", "480 Mbit/s", "06/01/01", "could_be_faster", "cannot_read", "seat"):
        assert useful in text, text


def test_short_names_and_folders_at_home_are_private_too(stage, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    stage.destination = tmp_path / "Eva/Diary"
    (tmp_path / "Eva").write_text("a file, so that nothing can be written there")
    stage.phone._state.values[DeviceProperty.DEVICE_FRIENDLY_NAME] = "Eva"
    stage.plug(vendor=0x2717, interfaces=((STILL_IMAGE, "PTP"),))
    node = stage._node
    facts = {"mode": 0o664, "owner": "eva", "group": "eva", "users": ("eva", "jo")}
    stage.access[node] = Access(node, grant=Grant.SEAT, **facts)
    file = tmp_path / "report.txt"
    shown = stage._run("doctor", "--to", stage.destination, "--report", file)
    assert "~/Eva/Diary" in shown.output
    assert "Eva is set to" in shown.output
    text = file.read_text()
    assert not re.search(r"\b([Ee]va|jo|Diary)\b", text), text
    for useful in (
        "not_writable",
        "Nothing can be written to [folder].",
        "The phone is set to",
        "another owner",
    ):
        assert useful in text, text


def test_a_report_that_cannot_be_written_is_told(stage, tmp_path):
    stage.plug(version=" 2.00")
    result = stage._run("doctor", "--to", stage.destination, "--report", tmp_path, "--json")
    *_, error, summary = map(json.loads, result.output.splitlines())
    assert (error["message_type"], summary["message_type"]) == ("error", "summary")
    assert (summary["exit_code"], result.exit_code) == (1, 1)
    assert "The report can't be written to" in error["message"]


def test_a_folder_that_may_not_be_entered(stage, monkeypatch):
    stage.plug(version=" 2.00")
    stat = Path.stat

    def refused(self, **how):
        if self.is_relative_to(stage.destination):
            raise PermissionError(13, "Permission denied", str(self))
        return stat(self, **how)

    monkeypatch.setattr(Path, "stat", refused)
    facts = look(None, destination=stage.destination, sysfs=stage.tree.root, access=stage.who_may)
    problems = [finding.verdict for finding in examine(facts) if finding.level]
    assert problems == [Verdict.NOT_WRITABLE]


def test_without_touching_a_phone_the_bus_alone_is_looked_at(stage):
    stage.plug()
    facts = look(None, sysfs=stage.tree.root, access=stage.who_may)
    verdicts = [finding.verdict for finding in examine(facts)]
    assert verdicts == [
        Verdict.LIBRARY_THERE,
        Verdict.PLUGGED_IN,
        Verdict.OFFERS_FILES,
        Verdict.FAST,
        Verdict.ALLOWED,
        Verdict.FREE,
    ]
    assert not stage.phone.counts


def test_every_verdict_has_words():
    assert diagnosed_verdicts() == set(Verdict)
