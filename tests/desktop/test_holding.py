"""Programs that hold a phone are asked, waited for, and given it back; with stand-ins for gio and busctl."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mtpbackup.desktop.holding import HolderAsked, Holding, Stage
from mtpbackup.errors import InterfaceBusy
from mtpbackup.transport.holders import Holder
from mtpbackup.udev import Places
from tests.transport.bus_tree import BusTree

PIXEL = "mtp://Google_Pixel_SERIAL-1/"
OTHER = "mtp://Samsung_Galaxy_RF8/"

LISTING = """\
Drive(0): VirtIO Disk
  Type: GProxyDrive (GProxyVolumeMonitorUDisks2)
Volume(0): Pixel
  Type: GProxyVolume (GProxyVolumeMonitorMTP)
  Mount(0): Pixel -> {first}
    Type: GProxyShadowMount (GProxyVolumeMonitorMTP)
Mount(1): mtp -> {first}
  Type: GDaemonMount
Mount(2): mtp -> {second}
  Type: GDaemonMount
Mount(3): /home on server -> sftp://server/home
"""


class Desk:
    """A desktop with gvfs and KDE on it, and the processes that hold the phone."""

    def __init__(self, node: str, folder: Path) -> None:
        self.node = node
        self.holders: list[Holder] = []
        self.mounts = [PIXEL, OTHER]
        self.refusals = 0
        self.commands: list[tuple[str, ...]] = []
        self.said: list[HolderAsked] = []
        self.uids: list[int] = []
        self.kde_devices = {"/modules/kmtpd/device0": f"/org/kde/solid/udev{folder}"}
        self.remount_fails = False
        self.now = 0.0
        self.works_until = 0.0

    def work(self, pid: int) -> int:
        return int(min(self.now, self.works_until) * 100)

    def session_of(self, uid: int) -> Desk:
        self.uids.append(uid)
        return self

    def processes(self, node: str) -> list[Holder]:
        return self.holders if node == self.node else []

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def run(self, *command: str, seconds: float = 30.0) -> tuple[int, str]:
        self.commands.append(command)
        match command:
            case ("gio", "mount", "--list"):
                return 0, LISTING.format(first=self.mounts[0], second=self.mounts[1])
            case ("gio", "mount", "--unmount", mount):
                if self.refusals:
                    self.refusals -= 1
                    return 1, "gio: mtp: target is busy"
                if mount == self.mounts[0]:
                    self.holders = []
                self.mounts[self.mounts.index(mount)] = "mtp://nothing/"
                return 0, ""
            case ("gio", "mount", mount):
                if self.remount_fails:
                    return 1, "gone"
                self.mounts[self.mounts.index("mtp://nothing/")] = mount
                return 0, ""
            case ("busctl", "--user", "--json=short", "call", _, "/modules/kmtpd", _, "listDevices"):
                return 0, json.dumps({"type": "ao", "data": [list(self.kde_devices)]})
            case ("busctl", "--user", "--json=short", "get-property", _, device, _, "udi"):
                return 0, json.dumps({"type": "s", "data": self.kde_devices[device]})
            case ("busctl", "--user", "call", "org.kde.kiod6", "/MainApplication", _, "quit"):
                self.holders = []
                return 0, ""
        raise AssertionError(command)


@pytest.fixture
def places(tmp_path):
    (tmp_path / "sys/bus/usb").mkdir(parents=True)
    places = Places.below(tmp_path)
    places.database.mkdir(parents=True)
    return places


@pytest.fixture
def desk(places):
    node = BusTree(places.usb).plug("1-2")
    (places.database / "c189:1").write_text("E:ID_SERIAL=Google_Pixel_SERIAL-1\nQ:uaccess\n")
    return Desk(node, (places.usb / "1-2").resolve())


@pytest.fixture
def holding(desk, places):
    return Holding(
        desk.said.append,
        patience=5.0,
        places=places,
        processes=desk.processes,
        work=desk.work,
        session_of=desk.session_of,
        clock=lambda: desk.now,
        sleep=desk.sleep,
    )


def stages(desk):
    return [asked.stage for asked in desk.said]


def test_gvfs_lets_go_of_this_phone_and_gets_it_back(desk, holding):
    desk.holders = [Holder(10, "gvfsd-mtp", 1000)]
    assert holding.ask(InterfaceBusy(desk.node))
    assert ("gio", "mount", "--unmount", PIXEL) in desk.commands
    assert ("gio", "mount", "--unmount", OTHER) not in desk.commands
    assert desk.uids == [1000]
    assert desk.said == [HolderAsked(Stage.ASKING, "gvfsd-mtp"), HolderAsked(Stage.LET_GO, "gvfsd-mtp")]
    assert ("gio", "mount", PIXEL) not in desk.commands
    holding.give_back()
    assert desk.commands[-1] == ("gio", "mount", PIXEL)
    assert stages(desk)[-1] is Stage.GIVEN_BACK
    before = list(desk.commands)
    holding.give_back()
    assert desk.commands == before


@pytest.mark.parametrize("off", [True, False])
def test_ctrl_c_while_it_is_asked(desk, holding, monkeypatch, off):
    """It may have come off by then or not; at the end it is on in any case."""
    desk.holders = [Holder(10, "gvfsd-mtp", 1000)]
    run = desk.run

    def interrupted(*command, seconds=30.0):
        if command[:3] == ("gio", "mount", "--unmount"):
            if off:
                run(*command)
            raise KeyboardInterrupt
        if command == ("gio", "mount", PIXEL) and PIXEL in desk.mounts:
            return 2, "gio: Location is already mounted"
        return run(*command, seconds=seconds)

    monkeypatch.setattr(desk, "run", interrupted)
    with pytest.raises(KeyboardInterrupt):
        holding.ask(InterfaceBusy(desk.node))
    holding.give_back()
    assert desk.mounts[0] == PIXEL
    assert stages(desk)[-1] is Stage.GIVEN_BACK


@pytest.mark.parametrize(
    "mount", ["mtp://[usb:001,002]/", "mtp://%5Busb%3A001%2C002%5D/", "gphoto2://%5Busb%3A001%2C002%5D/"]
)
def test_mounts_named_by_bus_and_address(desk, holding, mount):
    desk.mounts[0] = mount
    desk.holders = [Holder(10, "gvfsd-gphoto2" if mount.startswith("g") else "gvfsd-mtp", 1000)]
    assert holding.ask(InterfaceBusy(desk.node))
    assert ("gio", "mount", "--unmount", mount) in desk.commands


def test_a_file_manager_that_is_just_opening_it_is_asked_again(desk, holding):
    desk.holders = [Holder(10, "gvfsd-mtp", 1000)]
    desk.refusals = 3
    assert holding.ask(InterfaceBusy(desk.node))
    assert 0 < desk.now < 5


def test_one_that_copies_is_not_asked(desk, holding):
    """gvfs would take the mount off, and break the copy."""
    desk.holders = [Holder(10, "gvfsd-mtp", 1000)]
    desk.works_until = 1000.0
    assert not holding.ask(InterfaceBusy(desk.node))
    assert desk.commands == []
    assert stages(desk) == [Stage.ASKING, Stage.REFUSED]


def test_one_that_comes_to_an_end_in_time_is(desk, holding):
    desk.holders = [Holder(10, "gvfsd-mtp", 1000)]
    desk.works_until = 2.0
    assert holding.ask(InterfaceBusy(desk.node))
    assert desk.now >= 2.0


def test_one_that_says_no(desk, holding):
    desk.holders = [Holder(10, "gvfsd-mtp", 1000)]
    desk.refusals = 1000
    assert not holding.ask(InterfaceBusy(desk.node))
    assert stages(desk) == [Stage.ASKING, Stage.REFUSED]
    assert 5 <= desk.now < 7
    holding.give_back()
    assert ("gio", "mount", PIXEL) not in desk.commands


def test_others_are_not_asked(desk, holding):
    desk.holders = [Holder(10, "adb", 1000), Holder(11, "aft-mtp-mount", 1000)]
    assert not holding.ask(InterfaceBusy(desk.node))
    assert not holding.ask(InterfaceBusy(""))
    assert desk.commands == []
    assert desk.said == []


def test_a_debugging_bridge_beside_it_does_not_matter(desk, holding):
    """adb has the node open, too, but for another interface."""
    adb = Holder(9, "adb", 1000)
    desk.holders = [adb, Holder(10, "gvfsd-mtp", 1000)]
    unmount = desk.run

    def run(*command, seconds=30.0):
        answer = unmount(*command, seconds=seconds)
        if "--unmount" in command:
            desk.holders = [adb]
        return answer

    desk.run = run
    assert holding.ask(InterfaceBusy(desk.node))


def test_kde_is_asked_to_end_and_started_again(desk, holding):
    desk.holders = [Holder(10, "kiod6", 1000)]
    assert holding.ask(InterfaceBusy(desk.node))
    assert stages(desk) == [Stage.ASKING, Stage.LET_GO]
    holding.give_back()
    assert desk.commands[-1][4:] == ("org.kde.kmtpd5", "/modules/kmtpd", "org.kde.kmtp.Daemon", "listDevices")


@pytest.mark.parametrize("devices", [{}, {"/a": "/org/kde/solid/udev/sys/other"}, None])
def test_kde_is_left_alone_where_it_serves_another_phone(desk, holding, devices):
    desk.holders = [Holder(10, "kiod6", 1000)]
    if devices is None:
        desk.kde_devices["/modules/kmtpd/device1"] = "/org/kde/solid/udev/sys/devices/usb1/1-9"
    else:
        desk.kde_devices = devices
    assert not holding.ask(InterfaceBusy(desk.node))
    assert not any("quit" in command for command in desk.commands)


def test_what_cannot_be_given_back_is_told(desk, holding):
    desk.holders = [Holder(10, "gvfsd-mtp", 1000)]
    desk.remount_fails = True
    assert holding.ask(InterfaceBusy(desk.node))
    holding.give_back()
    assert stages(desk)[-1] is Stage.NOT_GIVEN_BACK


def test_a_person_without_a_session_bus_is_not_asked(desk, places):
    desk.holders = [Holder(10, "gvfsd-mtp", 1000)]
    holding = Holding(
        desk.said.append,
        patience=1.0,
        places=places,
        processes=desk.processes,
        work=desk.work,
        session_of=lambda _uid: None,
        clock=lambda: desk.now,
        sleep=desk.sleep,
    )
    assert not holding.ask(InterfaceBusy(desk.node))
    assert desk.commands == []
