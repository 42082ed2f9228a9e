"""Tests in child processes must not pass by accident: a failure, a crash and a hang are failures here too."""

from __future__ import annotations

import textwrap

import pytest

from tests.usbfs.plugin import run_child

pytestmark = pytest.mark.usbfs


@pytest.fixture
def outcomes(request, monkeypatch):
    """Runs the text of a module in a child; the outcome of each test's call, and the output."""
    place = request.config.rootpath / "tests/usbfs" / f"made_up_{request.node.name}.py"

    def run(text: str, *names: str, limit: float = 20.0) -> tuple[dict[str, str], str]:
        monkeypatch.setattr("tests.usbfs.plugin.LIMIT", limit)
        monkeypatch.setenv("MTPBACKUP_USBFS_LIMIT", str(limit))
        place.write_text(textwrap.dedent(text))
        nodes = [f"tests/usbfs/{place.name}::{name}" for name in names]
        reports, output = run_child(request.config.rootpath, nodes)
        found = {
            node.rpartition("::")[2]: report["outcome"]
            for node, several in reports.items()
            for report in several
            if report["when"] == "call"
        }
        return found, output

    yield run
    place.unlink(missing_ok=True)


def test_failures_and_crashes_are_failures(outcomes):
    found, output = outcomes(
        """
        import os
        def test_good(usbfs_bus): pass
        def test_bad(usbfs_bus): assert not usbfs_bus.root.exists()
        def test_crash(usbfs_bus): os.abort()
        def test_never(usbfs_bus): pass
        """,
        "test_good",
        "test_bad",
        "test_crash",
        "test_never",
    )
    assert found == {"test_good": "passed", "test_bad": "failed"}
    assert "Aborted" in output


def test_a_test_that_hangs_is_ended_and_shows_where_it_hung(outcomes):
    found, output = outcomes(
        """
        import threading
        def test_hang(usbfs_bus): threading.Event().wait()
        """,
        "test_hang",
        limit=1.0,
    )
    assert found == {}
    assert "in test_hang" in output
