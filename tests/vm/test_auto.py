"""`mtpbackup auto`: real udevd, the person's own systemd and bus, and a notification daemon that takes notes.

In this order: each test goes on where the one before ended.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from gadget import Storage, Strings, wait_until
from tests.vm import content
from tests.vm.program import as_user, copies, environment

#: Seconds for what takes some on an idle host, and many more on a busy one.
LONG = 300
#: The person's runtime folder: her systemd and her bus listen there.
RUNTIME = Path("/run/user/1000")
HERS = {"XDG_RUNTIME_DIR": str(RUNTIME), "DBUS_SESSION_BUS_ADDRESS": f"unix:path={RUNTIME}/bus"}
NOTES = Path("/home/user/.local/state/mtpbackup/auto-runs.jsonl")
LISTENER = Path(__file__).parents[1] / "desktop/listener.py"


def say(*words: str | Path) -> subprocess.CompletedProcess[str]:
    """Runs mtpbackup as the person at the screen."""
    command = [*as_user("user"), sys.executable, "-m", "mtpbackup", *map(str, words)]
    return subprocess.run(
        command, env=environment("user", **HERS), cwd="/", capture_output=True, text=True, check=False
    )


def runs() -> list[dict]:
    """The runs that have ended, the latest first, from where the program notes them: asking it takes long."""
    if not NOTES.exists():
        return []
    return [json.loads(line) for line in reversed(NOTES.read_text().splitlines())]


def units_at_work() -> list[str]:
    """The runs at work, as systemd knows them."""
    command = [
        *as_user("user"),
        "systemctl",
        "--user",
        "list-units",
        "--plain",
        "--no-legend",
        "mtpbackup-auto@*",
    ]
    listed = subprocess.run(
        command, env=environment("user", **HERS), capture_output=True, text=True, check=True
    )
    return listed.stdout.splitlines()


def starts() -> int:
    """How often systemd has started the unit, for whichever phone."""
    said = subprocess.run(
        ["journalctl", "-o", "cat", "_UID=1000", "--grep", "^Started mtpbackup-auto@"],
        capture_output=True,
        text=True,
        check=False,
    )
    return len(said.stdout.splitlines())


@pytest.fixture(scope="module")
def bubbles():
    """A desktop that shows notifications: title after title, as they come."""
    wait_until((RUNTIME / "bus").exists, "the person has no bus")
    out = Path("/run/bubbles")
    with out.open("w") as file:
        daemon = subprocess.Popen(
            [*as_user("user"), sys.executable, LISTENER], env=environment("user", **HERS), stdout=file, cwd="/"
        )
    wait_until(lambda: "ready" in out.read_text(), "no notification daemon")

    def titles() -> list[str]:
        told = [json.loads(line) for line in out.read_text().splitlines()]
        return [fact["title"] for fact in told if "title" in fact]

    yield titles
    daemon.terminate()
    daemon.wait()


@pytest.fixture(scope="module")
def folder():
    folder = Path("/home/user/by itself")
    yield folder
    shutil.rmtree(folder, ignore_errors=True)
    shutil.rmtree("/home/user/.config/mtpbackup", ignore_errors=True)
    shutil.rmtree("/home/user/.local/state/mtpbackup", ignore_errors=True)


@pytest.fixture(scope="module")
def phone(shared, folder):
    """The known phone, with the rule in place and `auto on` said."""
    subprocess.run([sys.executable, "-m", "mtpbackup", "setup", "--yes"], check=True)
    phone = shared.umtp("mine")
    content.write_photos(phone.files / "DCIM", 5)
    phone.plug()
    assert say("config", "set", "destination", folder).returncode == 0
    said = say("auto", "on", "--yes")
    assert said.returncode == 0, said.stdout + said.stderr
    phone.unplug()
    yield phone
    say("auto", "off")
    subprocess.run([sys.executable, "-m", "mtpbackup", "setup", "--uninstall", "--yes"], check=True)


def test_plugging_in_starts_exactly_one_run(phone, bubbles, folder):
    before = starts()
    phone.plug()
    wait_until(lambda: len(runs()) == 1, "no run ended", LONG)
    assert (runs()[0]["exit_code"], runs()[0]["saved"]) == (0, 5)
    told = [json.loads(line) for line in say("auto", "status", "--json").stdout.splitlines()]
    assert (told[0]["event"], told[0]["saved"], told[-1]["on"], told[-1]["rule"]) == ("run", 5, True, True)
    assert content.tree_hashes(copies(folder)) == content.tree_hashes(phone.files)
    assert bubbles()[0].startswith("Backing up ")
    assert bubbles()[-1].endswith("is backed up")
    wait_until(lambda: not units_at_work(), "the unit still runs", LONG)
    assert starts() == before + 1


def test_replugging_starts_the_next_and_no_more(phone, bubbles):
    shown = len(bubbles())
    phone.plug()
    wait_until(lambda: len(runs()) == 2, "no second run ended", LONG)
    phone.unplug()
    content.write_file(phone.files / "DCIM/new.jpg", 5_000)
    phone.plug()
    wait_until(lambda: len(runs()) == 3, "no third run ended", LONG)
    assert [run["saved"] for run in runs()] == [1, 0, 5]
    # Of the run that found nothing new nothing was shown.
    assert len(bubbles()) == shown + 2


def test_an_unknown_phone_starts_none(phone, shared, bubbles):
    stranger = shared.umtp("stranger", strings=Strings(product="Stranger", serial="stranger-0001"))
    content.write_photos(stranger.files / "DCIM", 2)
    before, shown, ended = starts(), len(bubbles()), len(runs())
    stranger.plug()
    wait_until(lambda: starts() > before and not units_at_work(), "the stranger's unit did not end", LONG)
    assert (len(runs()), len(bubbles())) == (ended, shown)
    # The known one beside it is backed up all the same, and it alone.
    phone.plug()
    wait_until(lambda: len(runs()) == ended + 1, "no run ended", LONG)
    assert runs()[0]["serial"] == phone.serial


def test_a_locked_phone_is_waited_for(phone, shared, bubbles, folder):
    """Its storage comes when it is unlocked; the phone stays on the bus."""
    ended = len(runs())

    locked = shared.umtp(
        "locked",
        strings=Strings(product=phone.strings.product, serial="locked-0001"),
        storages=[Storage(phone.files.parent / "locked", "Internal", "rw,notmounted")],
    )
    content.write_photos(locked.files / "DCIM", 3)
    locked.plug()
    said = say("auto", "on", "--yes")
    assert said.returncode == 0, said.stdout + said.stderr
    locked.unplug()
    locked.plug()
    wait_until(lambda: bubbles()[-1].startswith("Unlock "), "no hand was asked for", LONG)
    assert len(runs()) == ended
    locked.command("mount:Internal")
    wait_until(lambda: len(runs()) == ended + 1, "it did not go on", LONG)
    assert (runs()[0]["exit_code"], runs()[0]["saved"]) == (0, 3)
    assert bubbles()[-1].endswith("is backed up")


def test_the_computer_is_kept_awake_while_copying_and_not_longer(phone):
    def awake() -> bool:
        listed = subprocess.run(
            ["systemd-inhibit", "--list", "--no-legend"], capture_output=True, text=True, check=True
        )
        return any("mtpbackup" in line and "sleep:idle" in line for line in listed.stdout.splitlines())

    ended = len(runs())
    content.write_file(phone.files / "DCIM/long.mp4", 150_000_000)
    assert not awake()
    phone.plug()
    wait_until(awake, "the computer was not kept awake", LONG)
    wait_until(lambda: len(runs()) == ended + 1, "no run ended", LONG)
    assert not awake()
    assert runs()[0]["exit_code"] == 0


def test_off_is_off(phone):
    ended = len(runs())
    said = say("auto", "off")
    assert said.returncode == 0, said.stdout + said.stderr
    before = starts()
    phone.plug()
    said = say("backup", "--json")  # by hand it works, and nobody was faster
    assert said.returncode == 0, said.stdout + said.stderr
    assert (starts(), len(runs())) == (before, ended)
