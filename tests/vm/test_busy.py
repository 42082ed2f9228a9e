"""Phones that a file manager holds: gvfs's, and a stand-in for KDE's, each on the user's own session bus."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from gadget import wait_until
from tests.vm import content
from tests.vm.phones import node_of
from tests.vm.program import as_user

STAND_IN = Path(__file__).with_name("kiod_stand_in.py")
ACTIVATION = Path("/home/user/.local/share/dbus-1/services/org.kde.kmtpd5.service")
DESKTOP = {"XDG_RUNTIME_DIR": "/run/user/1000", "DBUS_SESSION_BUS_ADDRESS": "unix:path=/run/user/1000/bus"}
GVFS = ("gvfs-daemon", *(f"gvfs-{kind}-volume-monitor" for kind in ("mtp", "gphoto2", "udisks2", "afc", "goa")))


def at_the_desktop(*command: str | Path, **more: object) -> subprocess.CompletedProcess[str]:
    """Runs a program in the user's session."""
    return subprocess.run(
        [*as_user("user"), *map(str, command)],
        env={"HOME": "/home/user", "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", **DESKTOP},
        cwd="/",
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
        **more,
    )


@pytest.fixture(scope="module")
def phone(shared):
    phone = shared.umtp("pixel")
    content.write_photos(phone.files / "DCIM", 3)
    return phone


@pytest.fixture(scope="module")
def gvfs():
    """Ends gvfs afterwards: other tests want phones that nobody looks at."""
    yield
    at_the_desktop("systemctl", "--user", "stop", *GVFS)


@pytest.fixture
def mounted_phone(phone, gvfs):
    """The phone, mounted by gvfs's monitor as a file manager has it done; the address of the mount."""
    phone.plug()
    done = at_the_desktop("gio", "mount", "--device", node_of(phone.serial))
    assert done.returncode == 0, done
    assert "GProxyVolumeMonitorMTP" in at_the_desktop("gio", "mount", "--list").stdout
    address = f"mtp://Google_Pixel_{phone.serial}/"
    assert is_mounted(address)
    return address


def is_mounted(address: str) -> bool:
    return f"-> {address}" in at_the_desktop("gio", "mount", "--list").stdout


def stages(outcome) -> list[str]:
    return [fact["stage"] for fact in outcome.events("holder")]


def test_gvfs_lets_go_and_has_the_phone_again_afterwards(mounted_phone, destination, mtpbackup):
    outcome = mtpbackup("backup", "--to", destination, "--json", **DESKTOP)
    assert outcome.code == 0, outcome
    assert outcome.summary["saved"]["files"] == 3
    assert stages(outcome) == ["asking", "let_go"]
    assert outcome.events("holder")[0]["program"] == "gvfsd-mtp"
    assert is_mounted(mounted_phone)
    listed = at_the_desktop("gio", "list", f"{mounted_phone}Internal%20shared%20storage/DCIM")
    assert len(listed.stdout.split()) == 3, listed


def test_a_person_reads_it_in_words_without_a_bus_in_the_environment(mounted_phone, mtpbackup):
    """As from a console or cron: the session bus is where logind makes it."""
    outcome = mtpbackup("ls", "DCIM")
    assert outcome.code == 0, outcome
    assert "! The Files app is using the phone.  Asking it to let go…\n✓ It let go.\n" in outcome.text
    assert is_mounted(mounted_phone)


def test_under_sudo_the_user_s_file_manager_is_asked(mounted_phone):
    environment = {key: value for key, value in os.environ.items() if "DBUS" not in key}
    done = subprocess.run(
        [sys.executable, "-m", "mtpbackup", "ls", "DCIM"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done
    assert "✓ It let go." in done.stdout
    assert is_mounted(mounted_phone)


def test_one_that_copies_is_left_alone(mounted_phone, phone, destination, mtpbackup):
    content.write_file(phone.files / "Movies/big.mp4", 512 << 20)
    film = f"{mounted_phone}Internal%20shared%20storage/Movies/big.mp4"
    command = [*as_user("user"), "gio", "cat", film]
    enough = threading.Event()
    with subprocess.Popen(
        command, env={"PATH": "/usr/bin:/bin", "HOME": "/home/user", **DESKTOP}, stdout=subprocess.PIPE
    ) as reader:

        def copy() -> None:  # at 10 MB/s, so that it lasts
            assert reader.stdout is not None
            while not enough.wait(0.05) and reader.stdout.read(1 << 19):
                pass

        copying = threading.Thread(target=copy)
        copying.start()
        try:
            outcome = mtpbackup("backup", "--to", destination, **DESKTOP)
            assert reader.poll() is None, "the copy was broken off"
        finally:
            enough.set()
            copying.join()
            reader.kill()
            (phone.files / "Movies/big.mp4").unlink()
    assert outcome.code == 23, outcome
    assert "The Files app doesn't let go" in outcome.text
    assert "Another program is using the phone: the Files app." in outcome.text


def test_kde_s_daemon_ends_and_is_started_again(phone, destination, mtpbackup):
    """With a stand-in: a process called kiod5 that has claimed the phone."""
    phone.plug()
    ACTIVATION.parent.mkdir(parents=True, exist_ok=True)
    start = f"exec -a kiod5 {sys.executable} {STAND_IN} {phone.serial}"
    ACTIVATION.write_text(f"[D-BUS Service]\nName=org.kde.kmtpd5\nExec=/bin/bash -c '{start}'\n")
    at_the_desktop(
        "busctl", "--user", "call", *("org.freedesktop.DBus", "/", "org.freedesktop.DBus", "ReloadConfig")
    )
    try:
        list_devices = ("org.kde.kmtpd5", "/modules/kmtpd", "org.kde.kmtp.Daemon", "listDevices")
        first = at_the_desktop("busctl", "--user", "call", *list_devices)
        assert first.returncode == 0, first
        before = stand_ins()
        assert len(before) == 1
        outcome = mtpbackup("backup", "--to", destination, "--json", **DESKTOP)
        assert outcome.code == 0, outcome
        assert outcome.summary["saved"]["files"] >= 3
        assert stages(outcome) == ["asking", "let_go"]
        assert outcome.events("holder")[0]["program"] == "kiod5"
        wait_until(lambda: bool(stand_ins()), "the stand-in was started again")
        assert stand_ins() != before
    finally:
        for process in stand_ins():
            os.kill(process, signal.SIGTERM)
        ACTIVATION.unlink()


def stand_ins() -> list[int]:
    found = subprocess.run(["pgrep", "-f", f"^kiod5 {STAND_IN}"], capture_output=True, text=True, check=False)
    return [int(pid) for pid in found.stdout.split()]
