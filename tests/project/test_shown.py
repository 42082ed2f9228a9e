"""The README's table of phones and faults says what the tests say."""

from __future__ import annotations

import subprocess
import sys
import types
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader

import pytest

from mtpbackup.virtual.hostile import HOSTILE
from mtpbackup.virtual.mishaps import MISHAPS
from mtpbackup.virtual.personas import PERSONAS
from tests.project.test_tree import ROOT

SCRIPT = ROOT / "scripts/shown"
sys.path.insert(0, str(SCRIPT.parent))  # as when it is started


@pytest.fixture(scope="module")
def shown() -> types.ModuleType:
    loader = SourceFileLoader("shown", str(SCRIPT))
    spec = spec_from_loader("shown", loader)
    assert spec is not None
    module = sys.modules["shown"] = module_from_spec(spec)
    loader.exec_module(module)
    return module


def test_the_table_in_the_readme_is_that_of_the_tests():
    command = [sys.executable, SCRIPT, "--check"]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stdout + answer.stderr


def test_what_the_readme_counts_are_all_there_are():
    """And each of them has a row of its own; `tests/personas/seen.py` has those of the personas."""
    text = " ".join((ROOT / "README.md").read_text().split())
    counted = f"all {len(MISHAPS)} of them, {len(PERSONAS)} personas and {len(HOSTILE)} hostile phones"
    assert counted in text
    rows = text[text.index("<!-- scripts/shown writes from here") : text.index("<!-- to here -->")]
    assert [name for name in (*MISHAPS, *HOSTILE) if f"| {name} | " not in rows] == []


def mark(*names: str, **given: str) -> pytest.Mark:
    return getattr(pytest.mark, "shows")(*names, **given).mark  # noqa: B009 - typed as a decorator of tests


def test_a_row_has_a_name_a_sentence_and_its_tests(shown):
    row = shown.Shown(
        "Moody", "Waits.", ("tests/x/test_a.py::test_it_waits", "tests/x/test_b.py::Deep::test_c_d")
    )
    rows = {kind: [] for kind in shown.KINDS} | {"fault": [row]}
    text = "\n".join(shown.lines(rows))
    assert "| Moody | Waits. | [it waits](tests/x/test_a.py); [c d](tests/x/test_b.py) |" in text
    assert "**Faults**" in text
    assert "**Phones**" not in text


def test_a_mark_tells_its_kind(shown):
    assert shown.read_mark(mark("A", sees="B."), "t") == ("fault", "A", "B.")
    assert shown.read_mark(mark("A", sees="B.", kind="phone"), "t") == ("phone", "A", "B.")


@pytest.mark.parametrize(
    "wrong",
    [
        mark(sees="B."),
        mark("A"),
        mark("A", sees=""),
        mark("A", sees="B | C"),
        mark("A", sees="B.", kind="weather"),
        mark("A", sees="B.", also="C"),
        mark("A", "B", sees="C."),
    ],
)
def test_a_mark_that_says_too_little_or_too_much_is_refused(shown, wrong):
    with pytest.raises(shown.BadMark, match="of a test"):
        shown.read_mark(wrong, "of a test")
