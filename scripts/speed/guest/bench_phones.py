"""The phones that are measured on, each with the files of one work and nothing else."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from desk import ask
from gadget import UmtpPhone, is_on_the_bus, settle, wait_until
from tests.vm.phones import MemoryPhone


class BenchPhone(Protocol):
    """A phone, and its files as the guest reaches them."""

    serial: str
    files: Path

    def plug(self) -> None:
        """Plugs it in and waits for it."""

    def unplug(self) -> None:
        """Pulls the cable."""

    def remove(self) -> None:
        """Takes it away, with its files."""


class Umtp(MemoryPhone):
    """umtp-responder, files in memory."""

    kind = "umtp-responder"

    def put_away(self) -> None:
        """Takes it off its bus, and keeps its files for the next turn."""
        UmtpPhone.remove(self)


class HostPhone:
    """QEMU's usb-mtp on a folder that the host has filled."""

    kind = "QEMU usb-mtp"

    def __init__(self, name: str, shared: Path, on_host: str) -> None:
        """Prepares a phone on `shared`, which the host knows as `on_host`."""
        self._name = f"q{name}"
        self.serial = f"{self._name}-0001"
        self.files = shared
        self._on_host = on_host
        self._in = False

    def plug(self) -> None:
        """Plugs it in."""
        ask("plug-phone", name=self._name, folder=self._on_host, read_only=True)
        self._in = True
        wait_until(lambda: is_on_the_bus(self.serial), "not enumerated")
        settle()

    def unplug(self) -> None:
        """Pulls the cable."""
        if self._in:
            self._in = False
            ask("unplug", name=self._name)
            wait_until(lambda: not is_on_the_bus(self.serial), "did not go")

    def remove(self) -> None:
        """Pulls the cable; the files are the host's."""
        self.unplug()


class PluggedIn:
    """A phone that is plugged in all the time."""

    def __init__(self, serial: str, files: Path) -> None:
        """Says where it is."""
        self.serial, self.files = serial, files

    def plug(self) -> None:
        """It is."""

    unplug = remove = plug


class CodePhone:
    """Our phone made of code on FunctionFS, in a process of its own: answers property lists as Android does."""

    def __init__(self, photos: int) -> None:
        """Plugs in a phone with so many photos in DCIM/Camera."""
        command = [sys.executable, "-m", "speed.guest.code_phone", str(photos)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        self.serial = self._process.stdout.readline().strip()
        wait_until(lambda: is_on_the_bus(self.serial), "not enumerated")
        settle()

    def counts(self) -> dict[str, int]:
        """Transactions since the last call, by operation."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write("counts\n")
        self._process.stdin.flush()
        counts: dict[str, int] = json.loads(self._process.stdout.readline())
        return counts

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(30)
        self._process.stdout.close()


def fresh_folder(path: Path) -> Path:
    """An empty folder."""
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(parents=True)
    return path
