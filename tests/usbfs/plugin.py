"""Tests over the emulated USB bus: pytest fixtures, and the child process in which a test uses libusb itself.

- `usbfs_bus`: a bus that the test sees through libusb in its own process. The preload library must be there
  from the start of a process, so such tests run in a child pytest, one for each module, and end here as they
  did there. Works in any folder under tests/.
- `run_with_bus`: a bus and a way to run a program against it; the test itself stays where it is.

Marks: `usbfs` skips a test, with the reason, where the preload library or libusb is missing;
`peers("mtp-detect")` where a program is.
"""

from __future__ import annotations

import ctypes.util
import faulthandler
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mtpbackup.errors import LibraryMissing
from mtpbackup.virtual.usbfs import Bus, preload

#: Seconds for one test in a child, and for one program.
LIMIT = float(os.environ.get("MTPBACKUP_USBFS_LIMIT", "25"))

#: In a child: where reports go, one JSON object a line. Beside it, `.hang` gets the stacks of a test that
#: hangs.
REPORTS = "MTPBACKUP_USBFS_REPORTS"

#: Debian packages of programs that are not named like them.
PACKAGES = {
    "mtp-detect": "mtp-tools",
    "mtp-files": "mtp-tools",
    "mtp-folders": "mtp-tools",
    "mtp-getfile": "mtp-tools",
    "mtp-sendfile": "mtp-tools",
    "aft-mtp-cli": "android-file-transfer",
    "lsusb": "usbutils",
}


# --- what is missing -------------------------------------------------------------------------------------


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("usbfs") is not None:
        try:
            preload.require_library()
        except LibraryMissing:
            pytest.skip(f"{preload.LIBRARY} is not installed (Debian package umockdev)")
        if ctypes.util.find_library("usb-1.0") is None:
            pytest.skip("libusb is not installed (Debian package libusb-1.0-0)")
    for mark in item.iter_markers("peers"):
        missing = sorted({PACKAGES.get(name, name) for name in mark.args if shutil.which(name) is None})
        if missing:
            pytest.skip(f"programs of others are not installed (Debian packages: {', '.join(missing)})")


# --- tests in a child process ----------------------------------------------------------------------------


class ChildFailure(Exception):
    """What was reported of a test that did not pass in its child process."""


class InChild(pytest.Item):
    """Stands in for a test that runs in a child process: it ends as that one did."""

    original: pytest.Item

    def runtest(self) -> None:
        reports, output = self.config.stash[CHILDREN].reports_of(self)
        failed = [report for report in reports if report.failed]
        if failed:
            sections = [f"--- {title}\n{text}" for report in failed[:1] for title, text in report.sections]
            raise ChildFailure("\n".join([*(report.longreprtext for report in failed), *sections]))
        if not any(report.when == "teardown" for report in reports):
            raise ChildFailure(f"the child process ended in this test, or never came to it:\n{output}")
        for report in reports:
            if report.skipped:
                expected = getattr(report, "wasxfail", None)
                pytest.skip(report.longrepr[2]) if expected is None else pytest.xfail(expected)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], **others: Any) -> Any:
        if isinstance(excinfo.value, ChildFailure):
            return str(excinfo.value)
        return super().repr_failure(excinfo, **others)

    def reportinfo(self) -> tuple[os.PathLike[str] | str, int | None, str]:
        return self.original.reportinfo()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if REPORTS in os.environ:
        return
    for index, item in enumerate(items):
        if "usbfs_bus" in getattr(item, "fixturenames", ()):
            items[index] = stand_in = InChild.from_parent(item.parent, name=item.name)
            stand_in.original = item
            stand_in.own_markers = item.own_markers
            stand_in.keywords.update(item.keywords)


class Children:
    """Runs modules in child processes, once each, and hands out what was reported of their tests."""

    def __init__(self) -> None:
        self._outcomes: dict[Path, tuple[dict[str, list[Any]], str]] = {}

    def reports_of(self, item: InChild) -> tuple[list[pytest.TestReport], str]:
        """The reports of one test, and what the child printed."""
        config = item.config
        if item.path not in self._outcomes:
            others = [
                each for each in item.session.items if isinstance(each, InChild) and each.path == item.path
            ]
            self._outcomes[item.path] = run_child(config.rootpath, [each.nodeid for each in others])
        reports, output = self._outcomes[item.path]
        found = [
            config.hook.pytest_report_from_serializable(config=config, data=data)
            for data in reports.get(item.nodeid, ())
        ]
        return found, output


def run_child(root: Path, names: list[str]) -> tuple[dict[str, list[Any]], str]:
    """Runs tests in a child with the preload library.

    Args:
        root: folder of the project.
        names: node ids.

    Returns:
        Reports by node id, and what was printed.
    """
    with tempfile.TemporaryDirectory(prefix="usbfs-") as folder:
        place = Path(folder) / "reports"
        hang = place.with_suffix(".hang")
        environment = preload.environment(Path("/nonexistent"))
        # No bus yet: each test's fixture makes its own.
        del environment["UMOCKDEV_DIR"]
        environment[REPORTS] = str(place)
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *names]
        run = finish(command, LIMIT * len(names) + 15, env=environment, cwd=root)
        output = run.stdout
        for left in Path("/tmp").glob(f"usb-{run.pid}-*"):  # it was ended before it could
            shutil.rmtree(left)
        if hang.exists():
            output += "\nstacks when the time was up:\n" + hang.read_text()
        reports: dict[str, list[Any]] = {}
        for line in place.read_text().splitlines() if place.exists() else ():
            data = json.loads(line)
            reports.setdefault(data["nodeid"], []).append(data)
        return reports, output


class Reporter:
    """In a child: writes the reports down as they come, and ends the process when a test hangs."""

    def __init__(self, config: pytest.Config, place: Path) -> None:
        self._config = config
        self._reports = place.open("a")
        self._stacks = place.with_suffix(".hang").open("w")

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self) -> Iterator[None]:
        faulthandler.dump_traceback_later(LIMIT, exit=True, file=self._stacks)
        try:
            return (yield)
        finally:
            faulthandler.cancel_dump_traceback_later()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        data = self._config.hook.pytest_report_to_serializable(config=self._config, report=report)
        self._reports.write(json.dumps(data) + "\n")
        self._reports.flush()

    def pytest_unconfigure(self) -> None:
        self._reports.close()
        self._stacks.close()
        Path(self._stacks.name).unlink()


CHILDREN = pytest.StashKey[Children]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[CHILDREN] = Children()
    if REPORTS in os.environ:
        config.pluginmanager.register(Reporter(config, Path(os.environ[REPORTS])), "usbfs-reporter")


# --- fixtures --------------------------------------------------------------------------------------------


@pytest.fixture
def usbfs_bus(monkeypatch: pytest.MonkeyPatch) -> Iterator[Bus]:
    """A bus that libusb in this process sees. Contexts must be closed before the test ends."""
    assert preload.is_active(), "this test must run in a child process"
    with Bus() as bus:
        for name, value in bus.environment({}).items():
            if name != "LD_PRELOAD":
                monkeypatch.setenv(name, value)
        yield bus


@pytest.fixture
def program_bus() -> Iterator[Bus]:
    """A bus for programs; this process does not see it."""
    with Bus() as bus:
        yield bus


@pytest.fixture
def run_with_bus(program_bus: Bus) -> Callable[..., Finished]:
    """Runs a program that sees `program_bus`: `run_with_bus("mtp-files")`.

    The result has what was printed, both streams together. A program that hangs fails the test, with its
    output. Returns when a phone that a reset made leave is back.
    """

    def run(*command: str | Path, limit: float = LIMIT, **others: Any) -> Finished:
        run = finish([str(word) for word in command], limit, env=program_bus.environment(), **others)
        program_bus.settle()
        return run

    return run


class Finished(subprocess.CompletedProcess[str]):
    """A program that has ended."""

    def __init__(self, process: subprocess.Popen[str], output: str) -> None:
        super().__init__(process.args, process.returncode, output)
        self.pid = process.pid


def finish(command: list[str], limit: float, **others: Any) -> Finished:
    """Runs a program to its end; one that takes longer than `limit` seconds fails the test, with its output."""
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
        **others,
    ) as process:
        try:
            output, _ = process.communicate(timeout=limit)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            output, _ = process.communicate()
            pytest.fail(f"{command[0]} did not end within {limit:g} s; its output:\n{output}")
    return Finished(process, output)
