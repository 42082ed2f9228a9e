"""Phones, destinations and the program, for tests inside the virtual machine."""

from __future__ import annotations

import itertools
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from gadget import PHONES
from tests.vm.phones import MemoryPhone, QemuPhone, Stick
from tests.vm.program import Outcome, Running

_numbers = itertools.count(1)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--campaign-rounds", type=int, default=5, help="how long test_campaign.py goes on")
    parser.addoption("--campaign-seed", type=int, default=1)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.option.collectonly and not Path("/dev/virtio-ports/lab.desk").exists():
        pytest.exit("tests/vm run in the lab's virtual machine: scripts/lab/run-tests", 2)


@pytest.fixture(scope="session", autouse=True)
def _phones_in_memory() -> Iterator[None]:
    """Phones' files are made and thrown away in memory, destinations are on a disk."""
    Path("/phones").mkdir(exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=90%", "phones", "/phones"], check=True)
    PHONES.mkdir(parents=True, exist_ok=True)
    yield
    subprocess.run(["umount", "-l", "/phones"], check=True)


class Shelf:
    """Makes phones, not plugged in, and takes them away again. No more than four of umtp-responder at once."""

    def __init__(self) -> None:
        self._phones: list[MemoryPhone | QemuPhone] = []

    def umtp(self, name: str = "", **settings: Any) -> MemoryPhone:
        """A phone whose responder is umtp-responder."""
        phone = MemoryPhone(name or f"pixel{next(_numbers)}", **settings)
        self._phones.append(phone)
        return phone

    def qemu(self, name: str = "") -> QemuPhone:
        """A phone of QEMU's."""
        phone = QemuPhone(name or f"qemu{next(_numbers)}")
        self._phones.append(phone)
        return phone

    def unplug(self) -> None:
        """Pulls every cable."""
        for phone in self._phones:
            phone.unplug()

    def clear(self) -> None:
        """Takes all phones away."""
        while self._phones:
            self._phones.pop().remove()


@pytest.fixture(scope="module")
def shared() -> Iterator[Shelf]:
    """Makes phones that the tests of a module share."""
    shelf = Shelf()
    yield shelf
    shelf.clear()


@pytest.fixture(autouse=True)
def _cables(shared: Shelf) -> Iterator[None]:
    """Every test begins with nothing plugged in, whatever became of the one before."""
    yield
    shared.unplug()


@pytest.fixture
def _shelf() -> Iterator[Shelf]:
    shelf = Shelf()
    yield shelf
    shelf.clear()


@pytest.fixture
def umtp_phone(_shelf: Shelf) -> Callable[..., MemoryPhone]:
    """Makes phones for one test whose responder is umtp-responder."""
    return _shelf.umtp


@pytest.fixture
def qemu_phone(_shelf: Shelf) -> Callable[..., QemuPhone]:
    """Makes phones of QEMU's for one test."""
    return _shelf.qemu


@pytest.fixture
def destination() -> Iterator[Path]:
    """A folder of the ordinary user's on the disk, for one test."""
    with _own_folder() as folder:
        yield folder


@pytest.fixture(scope="module")
def module_destination() -> Iterator[Path]:
    """The same, for the tests of a module that build on one backup."""
    with _own_folder() as folder:
        yield folder


@contextmanager
def _own_folder() -> Iterator[Path]:
    folder = Path("/home/user") / f"backup{next(_numbers)}"
    folder.mkdir()
    shutil.chown(folder, "user", "user")
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def mounted() -> Iterator[Callable[..., Path]]:
    """Mounts file systems for one test: `mounted("tmpfs", "tmpfs", "size=8m")`."""
    with ExitStack() as stack:

        def mount(kind: str, source: str | Path, options: str = "") -> Path:
            point = Path("/media") / f"disk{next(_numbers)}"
            point.mkdir(parents=True)
            rights = "uid=1000,gid=1000" if kind in ("tmpfs", "vfat") else ""
            words = ",".join(filter(None, [options, rights]))
            subprocess.run(
                ["mount", "-t", kind, *(["-o", words] if words else []), str(source), str(point)], check=True
            )
            stack.callback(point.rmdir)
            stack.callback(subprocess.run, ["umount", "-l", str(point)], stderr=subprocess.DEVNULL, check=False)
            return point

        yield mount


@pytest.fixture
def stick() -> Iterator[Stick]:
    """A USB stick, plugged in, without a file system yet."""
    stick = Stick(f"stick{next(_numbers)}", 512 << 20)
    stick.plug()
    yield stick
    stick.unplug()


@pytest.fixture
def started() -> Iterator[Callable[..., Running]]:
    """Starts mtpbackup and returns at once: `started("backup", "--to", folder, "--json")`."""
    with ExitStack() as stack:

        def start(*arguments: str | Path, **extra: str) -> Running:
            running = Running(*arguments, **extra)
            stack.callback(running.kill)
            return running

        yield start


@pytest.fixture
def mtpbackup(started: Callable[..., Running]) -> Callable[..., Outcome]:
    """Runs mtpbackup as an ordinary user to its end."""

    def run(*arguments: str | Path, seconds: float = 300.0, **extra: str) -> Outcome:
        return started(*arguments, **extra).end(seconds)

    return run
