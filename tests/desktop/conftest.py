"""A private bus with a desktop on it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

LISTENER = Path(__file__).with_name("listener.py")


class Desktop:
    """What the services on the bus were told."""

    def __init__(self, *names: str) -> None:
        self._names = names
        self.told: list[dict] = []
        self._said = threading.Condition()

    def start(self, address: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(LISTENER), *self._names],
            stdout=subprocess.PIPE,
            text=True,
            env={"DBUS_SESSION_BUS_ADDRESS": address},
        )
        self._reader = threading.Thread(target=self._listen)
        self._reader.start()
        self.wait_for("ready")

    def _listen(self) -> None:
        for line in self._process.stdout:
            with self._said:
                self.told.append(json.loads(line))
                self._said.notify_all()

    def wait_for(self, key: str, seconds: float = 10.0) -> dict:
        """The first that has this key, once it is there."""

        def find():
            return next((one for one in self.told if key in one), None)

        with self._said:
            assert self._said.wait_for(find, seconds), f"no {key}: {self.told}"
            return find()

    def bubbles(self, count: int) -> list[dict]:
        """The notifications, once so many have come: they are answered before they are written down here."""

        def shown():
            return [one for one in self.told if "title" in one]

        with self._said:
            assert self._said.wait_for(lambda: len(shown()) >= count, 10), f"not {count}: {self.told}"
            return shown()

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(10)
        self._reader.join(10)
        self._process.stdout.close()


@pytest.fixture
def bus_address(tmp_path) -> Iterator[str]:
    """A message bus of the test's own."""
    if shutil.which("dbus-daemon") is None:
        pytest.skip("dbus-daemon is not installed")
    process = subprocess.Popen(
        [
            "dbus-daemon",
            "--session",
            "--nofork",
            "--nopidfile",
            "--print-address",
            f"--address=unix:dir={tmp_path}",
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    yield process.stdout.readline().strip()
    process.terminate()
    process.wait(10)
    process.stdout.close()


@pytest.fixture
def desktop(bus_address, monkeypatch) -> Iterator[Desktop]:
    """A desktop with a notification daemon, and the only bus that this program finds."""
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", bus_address)
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nowhere")
    desktop = Desktop("org.freedesktop.Notifications")
    desktop.start(bus_address)
    yield desktop
    desktop.stop()


@pytest.fixture
def no_desktop(monkeypatch, tmp_path):
    """No bus of either kind."""
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS", raising=False)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", f"unix:path={tmp_path}/none")
