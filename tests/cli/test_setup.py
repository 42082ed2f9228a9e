"""`mtpbackup setup` on a computer made of assumptions; on a real one: tests/vm/test_setup.py."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner

from mtpbackup import udev
from mtpbackup.cli import elevation
from mtpbackup.cli.main import cli
from mtpbackup.messages import calling
from mtpbackup.transport.devices import UsbDevice
from mtpbackup.udev import Access, Grant, Installed, NotLetIn, NoUdev, Person, RulesNotWritten, Session

NODE = "/dev/bus/usb/001/004"
HERS = Session("1", 1000, "seat0", active=True, remote=False, kind="wayland")
SSH = Session("2", 1000, "", active=True, remote=True, kind="tty")
ALLOWED = Access(
    NODE, grant=Grant.SEAT, mode=0o664, tagged=True, properties={"ID_MTPBACKUP": "1"}, sessions=(HERS,)
)
DENIED = Access(NODE, mode=0o664, sessions=(HERS,))
REMOTE = Access(NODE, mode=0o664, tagged=True, properties={"ID_MTPBACKUP": "1"}, sessions=(SSH,))
PIXEL = UsbDevice(Path("/sys/bus/usb/devices/1-2"), 0x18D1, 0x4EE1, product="Pixel 8", bus=1, address=4)


class Computer:
    """What setup finds, and what it did."""

    def __init__(self) -> None:
        self.rules = Installed.MISSING
        self.phones = [PIXEL]
        self.before, self.after = DENIED, ALLOWED
        self.euid = 1000
        self.enrolled = frozenset({1000})
        self.uid, self.written = 1000, False
        self.refused: Exception | None = None
        self.trouble: Exception | None = None
        self.did: list[str] = []
        self.elevated_with: list[str] | None = None
        self.elevated_code: int | None = 0

    def install(self):
        self.did.append("install")
        if isinstance(self.trouble, RulesNotWritten):
            raise self.trouble
        self.rules = Installed.CURRENT
        if self.trouble:
            raise self.trouble
        self.before = self.after

    def uninstall(self):
        self.did.append("uninstall")
        self.rules, self.written = Installed.MISSING, False
        return True

    def let_in(self, account):
        self.did.append(f"let in {account}")
        if self.refused:
            raise self.refused
        self.enrolled |= {46}

    def elevated(self, arguments, *, terminal):
        self.elevated_with = list(arguments)
        return self.elevated_code


@pytest.fixture
def computer(monkeypatch):
    computer = Computer()
    monkeypatch.setattr(os, "geteuid", lambda: computer.euid)
    monkeypatch.setattr(
        Person, "current", lambda: Person(computer.uid, "anna", frozenset({1000}), computer.enrolled)
    )
    monkeypatch.setattr(udev, "installed", lambda: computer.rules)
    monkeypatch.setattr(udev, "written_here", lambda: computer.written)
    monkeypatch.setattr(udev, "plugged_phones", lambda: computer.phones)
    monkeypatch.setattr(udev, "examine", lambda _node, _person: computer.before)
    monkeypatch.setattr(udev, "group_id", lambda _name: 46)
    for name in ("install", "uninstall", "let_in"):
        monkeypatch.setattr(udev, name, getattr(computer, name))
    monkeypatch.setattr(elevation, "elevated", computer.elevated)
    monkeypatch.setattr(calling, "_program", lambda: Path("/usr/games/mtpbackup"))
    monkeypatch.setattr(calling, "needs_path", list)
    monkeypatch.setattr(calling, "_has", lambda name: name == "sudo")
    return computer


def setup(*arguments):
    return CliRunner().invoke(cli, ["setup", *arguments])


def test_the_rule_can_be_looked_at(computer):
    result = setup("--print")
    assert result.output == udev.rules_for_here()
    assert result.exit_code == 0
    assert computer.did == []


def test_as_root_it_is_done_and_checked_with_the_phone_at_hand(computer):
    computer.euid = 0
    result = setup()
    assert result.exit_code == 0, result.output
    assert computer.did == ["install"]
    assert result.output == (
        "✓ Set up: who sits at this computer may use phones.\n✓ Pixel 8 is plugged in, and you may use it.\n"
    )


def test_without_a_phone_it_says_what_is_next(computer):
    computer.euid, computer.phones = 0, []
    assert "Plug in your phone, and run:  mtpbackup" in setup().output


def test_as_a_user_it_becomes_root_by_itself(computer):
    computer.elevated_code = 7
    result = setup("--remote", "--json")
    assert result.exit_code == 7
    assert computer.elevated_with == ["setup", "--remote", "--json", "--yes"]
    assert computer.did == []


def test_where_it_cannot_it_prints_the_one_command(computer):
    computer.elevated_code = None
    result = setup()
    assert result.exit_code == 22
    assert "Nothing was changed. Run this:  sudo /usr/games/mtpbackup setup" in result.output
    error = json.loads(setup("--json").output.splitlines()[-1])
    assert error["what_to_do"] == [
        "sudo /usr/games/mtpbackup setup --json",
        "su -c '/usr/games/mtpbackup setup --json'",
    ]


def test_once_set_up_no_rights_are_needed(computer):
    computer.rules, computer.before = Installed.CURRENT, ALLOWED
    result = setup()
    assert result.exit_code == 0
    assert result.output.startswith("✓ This computer is set up already.\n")
    assert computer.elevated_with is None


@pytest.mark.parametrize("state", [Installed.OUTDATED, Installed.MISSING])
def test_an_older_rule_is_replaced(computer, state):
    computer.rules, computer.before = state, ALLOWED
    setup()
    assert computer.elevated_with == ["setup", "--yes"]


@pytest.fixture
def menu(monkeypatch, tmp_path):
    """Where the desktop that a person sits at looks for her programs."""
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-0")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_DATA_DIRS", str(tmp_path / "none"))
    return tmp_path / "data/applications/mtpbackup.desktop"


def test_it_is_found_in_the_menu_and_goes_from_there(computer, menu):
    assert "in the menu" in setup().output
    assert menu.exists()
    assert "in the menu" not in setup().output
    computer.rules, computer.written = Installed.CURRENT, True
    assert setup("--uninstall").exit_code == 0
    assert not menu.exists()


def test_without_a_desktop_or_where_nothing_was_done_there_is_no_menu(computer, menu, monkeypatch):
    computer.elevated_code = None
    assert setup().exit_code == 22
    monkeypatch.delenv("WAYLAND_DISPLAY")
    monkeypatch.delenv("DISPLAY", raising=False)
    computer.elevated_code = 0
    assert setup().exit_code == 0
    assert not menu.exists()


def test_a_phone_that_the_rule_has_not_seen_is_looked_at_again(computer):
    computer.rules = Installed.PACKAGED
    setup()
    assert computer.elevated_with == ["setup", "--yes"]


def test_who_came_by_ssh_is_told_of_the_group(computer):
    computer.rules, computer.before = Installed.CURRENT, REMOTE
    result = setup()
    assert result.exit_code == 22
    assert "sudo /usr/games/mtpbackup setup --remote" in result.output
    assert "group plugdev" in result.output


def test_remote_adds_to_the_group_and_says_when_it_counts(computer):
    computer.euid, computer.rules = 0, Installed.CURRENT
    computer.after = Access(NODE, mode=0o664, tagged=True, enrolled=True, sessions=(SSH,))
    result = setup("--remote")
    assert computer.did == ["let in anna", "install"]
    assert result.exit_code == 0, result.output
    assert "from your next login on" in result.output
    computer.did.clear()
    setup("--remote")
    assert "let in anna" not in computer.did


def test_taken_away(computer):
    computer.euid, computer.rules, computer.written = 0, Installed.CURRENT, True
    result = setup("--uninstall")
    assert computer.did == ["uninstall"]
    assert result.output.startswith("✓ Taken away.")
    assert result.exit_code == 0
    assert setup("--uninstall").output == "✓ There is no rule to take away.\n"


@pytest.mark.parametrize("state", [Installed.PACKAGED, Installed.OUTDATED])
def test_a_package_s_rule_is_not_taken_away(computer, state):
    computer.euid, computer.rules = 0, state
    result = setup("--uninstall")
    assert computer.did == []
    assert "part of a package" in result.output
    assert result.exit_code == 0


def test_without_a_phone_remote_says_when_it_counts(computer):
    computer.euid, computer.phones = 0, []
    assert "log out and in again" in setup("--remote").output


def test_an_account_that_cannot_be_let_in_is_told(computer):
    computer.euid, computer.refused = 0, NotLetIn("anna", "usermod: user 'anna' does not exist in /etc/passwd")
    result = setup("--remote")
    assert result.exit_code == 1
    assert "✗ anna could not be added to the group plugdev." in result.output
    assert "does not exist in /etc/passwd" in result.output
    *_, error, summary = map(json.loads, setup("--remote", "--json").output.splitlines())
    assert (error["message_type"], summary["message_type"]) == ("error", "summary")
    assert summary["exit_code"] == 1


def test_root_itself_is_nobody_to_be_let_in(computer):
    computer.euid, computer.uid = 0, 0
    result = setup("--remote")
    assert result.exit_code == 2
    assert "Run it as yourself" in result.output
    assert computer.did == []


def test_without_udev_it_is_said(computer):
    computer.euid, computer.trouble = 0, NoUdev("no such socket")
    result = setup()
    assert result.exit_code == 1
    assert "is this a container?" in result.output
    assert "✓" not in result.output
    assert "no such socket" in result.output


def test_where_nothing_can_be_written_it_is_said(computer):
    computer.euid, computer.trouble = 0, RulesNotWritten(Path("/etc/udev/rules.d/x"), "Read-only file system")
    result = setup()
    assert result.exit_code == 1
    assert "Read-only file system" in result.output
    assert "setup --print" in result.output


def test_for_programs(computer):
    computer.euid = 0
    summary = json.loads(setup("--json").output.splitlines()[-1])
    assert summary["message_type"] == "summary"
    assert (summary["rules"], summary["changed"], summary["exit_code"]) == ("current", True, 0)
    assert summary["phones"][0]["name"] == "Pixel 8"
    assert summary["phones"][0]["by"] == "seat"


def test_two_wishes_that_exclude_each_other(computer):
    assert setup("--remote", "--uninstall").exit_code == 2
