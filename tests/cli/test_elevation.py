"""How a command becomes root."""

from __future__ import annotations

import subprocess
import sys

import pytest

from mtpbackup.cli import elevation


@pytest.fixture
def calls():
    return []


def become_root(calls, *, terminal=True, programs=("sudo", "pkexec"), environment=(), code=0, free=False):
    codes = code if isinstance(code, dict) else {}

    def call(command):
        calls.append(list(command))
        return codes.get(command[0].rpartition("/")[2], 0) if codes else code

    return elevation.elevated(
        ["setup", "--yes"],
        terminal=terminal,
        environment=dict(environment),
        which=lambda name: f"/usr/bin/{name}" if name in programs else None,
        call=call,
        try_quietly=lambda _command: 0 if free else 1,
    )


@pytest.fixture(autouse=True)
def _path(monkeypatch):
    monkeypatch.setattr(elevation, "needs_path", list)


PROGRAM = [sys.executable, "-P", "-m", "mtpbackup", "setup", "--yes"]
SHELL = ["/bin/sh", "-c", elevation._TOLD_APART, "sh"]


def test_in_a_terminal_by_sudo(calls):
    assert become_root(calls, code=22) == 22
    assert calls == [["/usr/bin/sudo", *SHELL, *PROGRAM]]


def test_without_a_terminal_by_sudo_where_it_asks_nothing(calls):
    assert become_root(calls, terminal=False, free=True) == 0
    assert calls[-1] == ["/usr/bin/sudo", *SHELL, *PROGRAM]


def test_on_a_desktop_by_pkexec(calls):
    for display in ("DISPLAY", "WAYLAND_DISPLAY"):
        assert become_root(calls, terminal=False, environment={display: ":0"}) == 0
        assert calls[-1] == ["/usr/bin/pkexec", *PROGRAM]
    assert become_root(calls, programs=["pkexec"], environment={"DISPLAY": ":0"}) == 0


@pytest.mark.parametrize("code", [126, 127])
def test_a_person_who_says_no_to_pkexec(calls, code):
    assert become_root(calls, programs=["pkexec"], environment={"DISPLAY": ":0"}, code=code) is None


def test_by_doas_where_there_is_no_sudo(calls):
    assert become_root(calls, programs=["doas"]) == 0
    assert calls == [["/usr/bin/doas", *SHELL, *PROGRAM]]


def test_a_person_who_may_not_use_sudo(calls):
    """As on Debian, where root was given a password at the installation: the desktop asks for that one."""
    assert become_root(calls, code={"sudo": 1, "pkexec": 0}) is None
    assert [command[0] for command in calls] == ["/usr/bin/sudo"]
    assert become_root(calls, code={"sudo": 1, "pkexec": 0}, environment={"DISPLAY": ":0"}) == 0
    assert calls[-1] == ["/usr/bin/pkexec", *PROGRAM]


@pytest.mark.parametrize("code", [0, 1, 22, 101])
def test_an_error_of_the_program_is_no_refusal(code):
    def call(command):
        return subprocess.call([*command[1:5], sys.executable, "-c", f"raise SystemExit({code})"])

    told = elevation.elevated([], terminal=True, environment={}, which=lambda name: name, call=call)
    assert told == (1 if code == 101 else code)


def test_no_way(calls):
    assert become_root(calls, terminal=False) is None
    assert become_root(calls, programs=[]) is None
    assert become_root(calls, programs=["pkexec"]) is None


def test_root_s_python_is_told_where_the_program_is(calls, monkeypatch):
    monkeypatch.setattr(elevation, "needs_path", lambda: ["/home/anna/.local/lib/python3.11/site-packages"])
    become_root(calls)
    told = ["/usr/bin/env", "PYTHONPATH=/home/anna/.local/lib/python3.11/site-packages"]
    assert calls == [["/usr/bin/sudo", *SHELL, *told, *PROGRAM]]
