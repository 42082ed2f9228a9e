"""Which session bus is spoken to, and as whom."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from mtpbackup.desktop.session import DesktopSession
from mtpbackup.programs import NOT_FOUND

ME = os.geteuid()


def test_the_environment_names_the_bus():
    session = DesktopSession.of(ME, {"DBUS_SESSION_BUS_ADDRESS": "unix:abstract=/x"})
    assert session is not None
    assert session.bus == "unix:abstract=/x"


def test_else_it_is_where_logind_puts_it(tmp_path):
    assert DesktopSession.of(ME, {}, tmp_path) is None
    (tmp_path / str(ME)).mkdir()
    (tmp_path / str(ME) / "bus").touch()
    session = DesktopSession.of(ME, {}, tmp_path)
    assert session is not None
    assert session.bus == f"unix:path={tmp_path}/{ME}/bus"


def test_only_root_may_speak_for_others(tmp_path, monkeypatch):
    (tmp_path / "65534").mkdir()
    (tmp_path / "65534" / "bus").touch()
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert DesktopSession.of(65534, {"DBUS_SESSION_BUS_ADDRESS": "unix:path=/mine"}, tmp_path) is None
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    session = DesktopSession.of(65534, {"DBUS_SESSION_BUS_ADDRESS": "unix:path=/root"}, tmp_path)
    assert session is not None
    assert session.bus.endswith("/65534/bus")
    assert session.environment["XDG_RUNTIME_DIR"] == str(tmp_path / "65534")


def test_programs_find_the_bus_and_speak_english():
    session = DesktopSession(
        ME, "unix:path=/the/bus", {"PATH": str(Path(sys.executable).parent), "LANG": "de_DE", "LANGUAGE": "de"}
    )
    script = "import os; print(os.environ['DBUS_SESSION_BUS_ADDRESS'], os.environ['LC_ALL'])"
    script += "; print(repr(os.environ['LANGUAGE']))"
    program = Path(sys.executable).name
    assert session.run(program, "-c", script) == (0, "unix:path=/the/bus C.UTF-8\n''")
    assert session.run(program, "-c", "raise SystemExit(3)") == (3, "")
    assert session.run("no-such-program")[0] == NOT_FOUND
    assert session.run(program, "-c", "import time; time.sleep(30)", seconds=0.2)[0] not in (0, NOT_FOUND)


def test_ctrl_c_in_the_terminal_does_not_reach_them():
    session = DesktopSession(ME, "unix:path=/the/bus", {"PATH": str(Path(sys.executable).parent)})
    script = "import os; print(os.getpgrp() == os.getpid())"
    assert session.run(Path(sys.executable).name, "-c", script) == (0, "True")
