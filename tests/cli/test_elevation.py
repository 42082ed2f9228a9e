"""How a command becomes root."""

from __future__ import annotations

import sys

import pytest

from mtpbackup.cli import elevation


@pytest.fixture
def calls():
    return []


def become_root(calls, *, terminal=True, programs=("sudo", "pkexec"), environment=(), code=0, free=False):
    def call(command):
        calls.append(list(command))
        return (0 if free else 1) if command[1:] == ["--non-interactive", "true"] else code

    return elevation.elevated(
        ["setup", "--yes"],
        terminal=terminal,
        environment=dict(environment),
        which=lambda name: f"/usr/bin/{name}" if name in programs else None,
        call=call,
    )


@pytest.fixture(autouse=True)
def _path(monkeypatch):
    monkeypatch.setattr(elevation, "needs_path", list)


PROGRAM = [sys.executable, "-P", "-m", "mtpbackup", "setup", "--yes"]


def test_in_a_terminal_by_sudo(calls):
    assert become_root(calls, code=22) == 22
    assert calls == [["/usr/bin/sudo", "--", *PROGRAM]]


def test_without_a_terminal_by_sudo_where_it_asks_nothing(calls):
    assert become_root(calls, terminal=False, free=True) == 0
    assert calls[-1] == ["/usr/bin/sudo", "--", *PROGRAM]


def test_on_a_desktop_by_pkexec(calls):
    for display in ("DISPLAY", "WAYLAND_DISPLAY"):
        assert become_root(calls, terminal=False, environment={display: ":0"}) == 0
        assert calls[-1] == ["/usr/bin/pkexec", *PROGRAM]
    assert become_root(calls, programs=["pkexec"], environment={"DISPLAY": ":0"}) == 0


@pytest.mark.parametrize("code", [126, 127])
def test_a_person_who_says_no_to_pkexec(calls, code):
    assert become_root(calls, programs=["pkexec"], environment={"DISPLAY": ":0"}, code=code) is None


def test_no_way(calls):
    assert become_root(calls, terminal=False) is None
    assert become_root(calls, programs=[]) is None
    assert become_root(calls, programs=["pkexec"]) is None


def test_root_s_python_is_told_where_the_program_is(calls, monkeypatch):
    monkeypatch.setattr(elevation, "needs_path", lambda: ["/home/anna/.local/lib/python3.11/site-packages"])
    become_root(calls)
    told = ["/usr/bin/env", "PYTHONPATH=/home/anna/.local/lib/python3.11/site-packages"]
    assert calls == [["/usr/bin/sudo", "--", *told, *PROGRAM]]
