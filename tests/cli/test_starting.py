"""How the program starts, and is stopped while it does."""

import json
import os
import signal
import subprocess
import sys

import pytest

from mtpbackup.cli.running import holders_let_go
from mtpbackup.cli.voice import Voice

STOPPED_WHILE_LOADING = """
import os, signal, sys

class Presser:
    def find_spec(self, name, path, target=None):
        if name == "mtpbackup.cli.main":
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Presser())
from mtpbackup.__main__ import main
main()
"""


def test_ctrl_c_while_it_is_loaded_ends_it_quietly():
    run = subprocess.run(
        [sys.executable, "-c", STOPPED_WHILE_LOADING, "--version"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (run.returncode, run.stdout, run.stderr) == (130, "", "")


ENDED_FROM_OUTSIDE = """
import os, signal, sys, time
from types import SimpleNamespace
from mtpbackup.cli import main as door

def work(**_how):
    try:
        os.kill(os.getpid(), int(sys.argv[1]))
        time.sleep(60)
    finally:
        print("given back", flush=True)

door.cli = SimpleNamespace(main=work)
if sys.argv[2] == "ignored":
    signal.signal(signal.SIGINT, signal.SIG_IGN)
from mtpbackup.__main__ import main
main()
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP], ids=["logging out", "closing the window"])
@pytest.mark.parametrize("ctrl_c", ["heard", "ignored"])
def test_what_ends_it_from_outside_ends_it_in_order(number, ctrl_c):
    run = subprocess.run(
        [sys.executable, "-c", ENDED_FROM_OUTSIDE, str(int(number)), ctrl_c],
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )
    assert (run.returncode, run.stdout, run.stderr) == (130, "given back\n", "")


def test_a_second_ctrl_c_does_not_keep_the_file_manager_s_phone(monkeypatch):
    given_back = []

    def give_back(self):
        signal.raise_signal(signal.SIGINT)
        given_back.append(True)

    monkeypatch.setattr("mtpbackup.desktop.holding.Holding.give_back", give_back)
    with pytest.raises(KeyboardInterrupt), holders_let_go(Voice(sys.stdout, sys.stderr)):
        raise KeyboardInterrupt
    assert given_back


def test_it_starts_as_a_module():
    run = subprocess.run(
        [sys.executable, "-m", "mtpbackup", "--version"], capture_output=True, text=True, timeout=60, check=True
    )
    assert run.stdout.startswith("mtpbackup")


LOADED = """
import json, sys
sys.argv = ["mtpbackup", *sys.argv[1:]]
from mtpbackup.__main__ import main
try:
    main()
finally:
    print("\\n" + json.dumps(sorted(sys.modules)))
"""


def loaded(home, *words):
    """Modules that a run of the program has loaded by its end."""
    run = subprocess.run(
        [sys.executable, "-c", LOADED, *words],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
        env={
            **os.environ,
            "HOME": str(home),
            "XDG_STATE_HOME": str(home / "state"),
            "XDG_CONFIG_HOME": str(home / "config"),
            # Where there is a desktop, it is asked to keep the computer awake.
            "DBUS_SYSTEM_BUS_ADDRESS": "unix:path=/nowhere",
            "DBUS_SESSION_BUS_ADDRESS": "unix:path=/nowhere",
        },
    )
    return set(json.loads(run.stdout.splitlines()[-1]))


def test_help_loads_no_command_and_no_library_but_click(tmp_path):
    modules = loaded(tmp_path, "--help")
    own = {name for name in modules if name.startswith("mtpbackup")}
    assert own == {"mtpbackup", "mtpbackup.__main__", "mtpbackup.cli", "mtpbackup.cli.main"}
    assert modules.isdisjoint({"rich", "sqlite3", "usb1", "usb", "logging", "asyncio", "dataclasses", "PIL"})


@pytest.mark.parametrize("words", [["backup", "--help"], ["demo", "--to"]], ids=["its help", "a backup"])
def test_a_backup_loads_nothing_heavy(tmp_path, words):
    words = [*words, str(tmp_path / "backup")] if words[-1] == "--to" else words
    modules = loaded(tmp_path, *words)
    assert modules.isdisjoint(
        {"PIL", "pi_heif", "av", "starlette", "uvicorn", "jeepney", "asyncio", "pymtp", "usb"}
    )
    assert modules.isdisjoint({"importlib.resources", "zipfile"}), "with them it starts a twentieth slower"
    if words[-1] == "--help":
        assert modules.isdisjoint({"usb1", "rich", "mtpbackup.virtual"})
