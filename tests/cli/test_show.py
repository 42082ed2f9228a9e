"""`mtpbackup show`: a real program on a real port, and what the other commands are spared."""

import http.client
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest
from click.testing import CliRunner

from mtpbackup.cli.main import cli

LATEST = 60


@contextmanager
def started(command, home):
    """A program that is ended in any case."""
    environment = {**os.environ, "HOME": str(home), "XDG_CACHE_HOME": str(home), "XDG_STATE_HOME": str(home)}
    program = subprocess.Popen(
        [sys.executable, *command],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    with program:
        try:
            yield program
        finally:
            program.kill()


def asked_until(address, cookie, part):
    """The state, when it has this in it."""
    deadline = time.monotonic() + LATEST
    while part not in (body := asked(address, "/api/state", cookie)[2]):
        assert time.monotonic() < deadline, body
        time.sleep(0.1)
    return body


def said_address(program) -> str:
    """Reads what is said up to the address."""
    watchdog = threading.Timer(LATEST, program.kill)
    watchdog.start()
    try:
        for line in program.stdout:
            if (match := re.search(r"http://127\.0\.0\.1:\d+/\?token=\S+", line)) is not None:
                return match[0]
    finally:
        watchdog.cancel()
    raise AssertionError("it ended without an address")


def asked(address, path, cookie=""):
    parts = urlsplit(address)
    connection = http.client.HTTPConnection(parts.netloc, timeout=LATEST)
    try:
        connection.request("GET", path, headers={"cookie": cookie} if cookie else {})
        answer = connection.getresponse()
        return answer.status, answer.getheader("set-cookie") or "", answer.read()
    finally:
        connection.close()


def test_it_opens_shows_and_ends_with_ctrl_c(tmp_path):
    command = ["-m", "mtpbackup", "show", "--demo", "--no-browser", "--to", str(tmp_path / "b")]
    with started(command, tmp_path) as program:
        address = said_address(program)
        status, cookie, _ = asked(address, f"/?{urlsplit(address).query}")
        assert status == 200
        status, _, body = asked(address, "/", cookie.partition(";")[0])
        assert status == 200 and b"<html" in body
        asked_until(address, cookie.partition(";")[0], b'"Pixel 8"')
        told = json.loads(asked(address, "/api/help", cookie.partition(";")[0])[2])["findings"]
        assert told[0]["headline"] == "Pixel 8 is connected."
        # Besides, all that the doctor looks at without touching the phone.
        assert len(told) > 3 and {finding["state"] for finding in told} <= {"ok", "hint", "problem"}
        assert any("~/b" in finding["headline"] for finding in told), told
        assert asked(address, "/api/state")[0] == 403
        program.send_signal(signal.SIGINT)
        rest, _ = program.communicate(timeout=LATEST)
        assert program.returncode == 0, rest
        assert "The gallery is closed." in rest
        assert "Traceback" not in rest
    assert not (tmp_path / "b").exists()  # looking makes no backup


def test_a_port_that_is_taken_is_told(tmp_path):
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        said = CliRunner().invoke(
            cli,
            ["show", "--demo", "--no-browser", "--to", str(tmp_path), "--port", str(taken.getsockname()[1])],
        )
    assert said.exit_code == 2
    assert "can't be used" in said.output


def test_without_a_desktop_no_browser_of_the_terminal_is_opened(monkeypatch):
    from mtpbackup.cli import show

    opened = []
    monkeypatch.setattr(show.webbrowser, "open", lambda address: opened.append(address) or True)
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"):
        monkeypatch.delenv(name, raising=False)
    assert show._open("http://127.0.0.1:1/") is False and opened == []
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-0")
    assert show._open("http://127.0.0.1:1/") is True and len(opened) == 1


def test_the_browser_is_opened_at_the_address(monkeypatch, tmp_path):
    monkeypatch.setenv("DISPLAY", ":0")
    from mtpbackup.cli import show
    from mtpbackup.web import GalleryServer

    opened = []
    monkeypatch.setattr(show.webbrowser, "open", lambda address: opened.append(address) or False)

    def run(self, app, listeners):
        raise KeyboardInterrupt

    monkeypatch.setattr(GalleryServer, "run", run)
    said = CliRunner().invoke(cli, ["show", "--demo", "--to", str(tmp_path / "b")])
    assert said.exit_code == 0, said.output
    assert len(opened) == 1 and opened[0] in said.output
    assert "No browser could be opened here." in said.output


def test_a_disk_that_is_not_there_is_no_empty_backup(tmp_path, monkeypatch):
    """Where a backup was before, "none yet" would be wrong: its disk is not plugged in."""
    from mtpbackup.cli import show
    from mtpbackup.errors import DestinationGone, NoArchive

    folder = tmp_path / "USB"
    with pytest.raises(NoArchive):
        show._opener(folder, demo=False)(False)
    monkeypatch.setattr(show.remembered, "backup_in", {folder: "an-id"}.get)
    with pytest.raises(DestinationGone):
        show._opener(folder, demo=False)(False)
    with pytest.raises(NoArchive):
        show._opener(folder, demo=True)(False)


@pytest.mark.parametrize("arguments", [["--help"], ["show", "--help"], ["demo", "--to"]])
def test_other_commands_load_no_server_and_no_pictures(arguments, tmp_path):
    arguments = [*arguments, str(tmp_path / "b")] if arguments[-1] == "--to" else arguments
    code = (
        "import sys\nfrom mtpbackup.cli.main import cli\n"
        "cli.main(sys.argv[1:], standalone_mode=False)\n"
        "heavy = {'starlette', 'uvicorn', 'anyio', 'PIL', 'pi_heif', 'mtpbackup.web'}\n"
        "heavy.add('mtpbackup.engine.gallery')\n"
        "print('LOADED', sorted(heavy & set(sys.modules)))\n"
    )
    environment = {**os.environ, "HOME": str(tmp_path), "XDG_STATE_HOME": str(tmp_path)}
    said = subprocess.run(
        [sys.executable, "-c", code, *arguments], env=environment, capture_output=True, text=True, check=True
    )
    assert said.stdout.splitlines()[-1] == "LOADED []"


def test_it_works_where_libusb_cannot_be_loaded(tmp_path):
    """Both packages that reach USB are taken away: the backup is shown all the same, and why no phone is."""
    code = (
        "import sys\n"
        "for name in ('usb1', 'usb', 'libusb_package'):\n    sys.modules[name] = None\n"
        "sys.argv = ['mtpbackup', 'show', '--no-browser', '--to', sys.argv[1]]\n"
        "from mtpbackup.__main__ import main\nmain()\n"
    )
    with started(["-c", code, str(tmp_path / "b")], tmp_path) as program:
        address = said_address(program)
        _, cookie, _ = asked(address, f"/?{urlsplit(address).query}")
        body = asked_until(address, cookie.partition(";")[0], b'"state":"error"')
        assert b"libusb" in body
        program.send_signal(signal.SIGINT)
        rest, _ = program.communicate(timeout=LATEST)
        assert program.returncode == 0, rest
