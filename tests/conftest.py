"""Options of the test suite as a whole.

`--no-skips` makes a skipped test fail the run unless `tests/allowed_skips.txt` names it with a reason, so that
a run that is meant to be complete cannot shrink unseen.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import settings

# How long one example takes says more of the machine's other work than of ours.
settings.register_profile("mtpbackup", deadline=None)
settings.load_profile("mtpbackup")

#: The emulated USB bus: `usbfs_bus`, `run_with_bus`.
pytest_plugins = ("tests.usbfs.plugin",)

ALLOWED = Path(__file__).with_name("allowed_skips.txt")


def read_allowed(text: str) -> dict[str, str]:
    """Node id patterns and the reasons for which their tests may be skipped."""
    allowed = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        pattern, separator, reason = line.partition(" = ")
        if not (separator and pattern.strip() and reason.strip()):
            raise ValueError(f"line {number}: expected 'NODE ID PATTERN = REASON', got {line!r}")
        allowed[pattern.strip()] = reason.strip()
    return allowed


def matches(node_id: str, pattern: str) -> bool:
    """Whether a node id fits a pattern, in which `*` stands for anything and brackets for themselves."""
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), node_id) is not None


class NoSkips:
    """Fails a run in which something was skipped that is not on the list."""

    def __init__(self, allowed: dict[str, str]) -> None:
        self.allowed = allowed
        self.unexpected: list[str] = []

    def _look_at(self, report: pytest.TestReport | pytest.CollectReport) -> None:
        if not report.skipped or hasattr(report, "wasxfail"):
            return
        if not any(matches(report.nodeid, pattern) for pattern in self.allowed):
            reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
            self.unexpected.append(f"{report.nodeid}: {reason}")

    pytest_runtest_logreport = _look_at
    pytest_collectreport = _look_at

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if self.unexpected and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self.unexpected:
            terminalreporter.section("skipped, but not allowed to be (tests/allowed_skips.txt)", red=True)
            for line in self.unexpected:
                terminalreporter.write_line(line)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--no-skips",
        action="store_true",
        help="fail when a test is skipped that tests/allowed_skips.txt does not name",
    )
    parser.addoption(
        "--everything",
        action="store_true",
        help="also run tests that install packages, or take longer than a person wants to wait",
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--everything"):
        return
    for item in items:
        if item.get_closest_marker("installs"):
            item.add_marker(pytest.mark.skip("installs packages: scripts/test --all"))
        elif item.get_closest_marker("long"):
            item.add_marker(pytest.mark.skip("takes long: scripts/test --all"))


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--no-skips"):
        config.pluginmanager.register(NoSkips(read_allowed(ALLOWED.read_text())), "no-skips")
