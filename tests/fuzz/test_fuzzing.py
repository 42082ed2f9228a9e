"""A short run of what `scripts/fuzz` does at length: every target, from its corpus, guided where possible."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fuzz import targets
from tests.fuzz.babbler import Babbler, FakeClock
from tests.fuzz.fuzzing import CORPUS, LONGEST, by_chance, seeds
from tests.fuzz.targets import TARGETS

ROOT = Path(__file__).resolve().parents[2]
#: Inputs by chance, of each target.
INPUTS = {
    "containers": 1_500,
    "datasets": 1_500,
    "properties": 1_000,
    "dates": 1_000,
    "phone": 300,
    "sending": 300,
}


@pytest.mark.parametrize("name", TARGETS)
def test_the_corpus_and_inputs_made_of_it_by_chance(name):
    originals = seeds(name)
    assert len(originals) >= 4, "a target without a corpus"
    for data in originals:
        TARGETS[name](data)
    assert by_chance(TARGETS[name], INPUTS[name], 1, originals) == INPUTS[name]


def test_the_corpus_is_small():
    """It is a start for the fuzzer, which finds the rest; `--keep` has a folder elsewhere."""
    files = [path for path in CORPUS.rglob("*") if path.is_file()]
    assert {path.parent.name for path in files} == set(TARGETS)
    assert len(files) < 60
    assert sum(path.stat().st_size for path in files) < 20_000
    assert max(path.stat().st_size for path in files) <= LONGEST


def test_guided_by_coverage(tmp_path):
    """Where atheris is not made for this Python, the same inputs by chance, and that is said."""
    inputs = 4_000
    run = subprocess.run(
        [sys.executable, ROOT / "scripts/fuzz", "--inputs", str(inputs), "--target", "datasets", "--seed", "3"],
        cwd=ROOT,
        env=os.environ | {"TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert f"{inputs} inputs, nothing but documented errors" in run.stdout
    by_chance = importlib.util.find_spec("atheris") is None
    assert ("by chance" in run.stdout) == by_chance


@pytest.mark.parametrize("guided", [True, False])
def test_an_error_that_is_not_documented_is_found(tmp_path, guided):
    """A decoder with a mistake planted: the run fails, and names the input."""
    script = tmp_path / "planted.py"
    script.write_text(
        "import sys\n"
        f"sys.path.insert(0, {str(ROOT)!r})\n"
        + ("" if guided else "sys.modules['atheris'] = None\n")
        + "from mtpbackup.wire import StorageInfo\n"
        "really = StorageInfo.decode\n"
        "def decode(raw, *rest, **more):\n"
        "    info = really(raw, *rest, **more)\n"
        "    return {0: info}[info.storage_type & 1]\n"
        "StorageInfo.decode = staticmethod(decode)\n"
        "from tests.fuzz import fuzzing\n"
        "sys.argv[1:] = ['datasets', '20000', '1', '256']\n"
        "sys.exit(fuzzing.main())\n"
    )
    run = subprocess.run(
        [sys.executable, script], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    said = run.stdout + run.stderr
    assert run.returncode != 0
    assert "KeyError" in said and "input b" in said


def test_the_babbling_phone_can_say_that_all_is_well():
    """Otherwise no input would ever come further than the first answer."""
    clock = FakeClock()
    babbler = Babbler((ROOT / "tests/fuzz/corpus/phone/all-well-2").read_bytes(), clock)
    with targets.Phone.open(babbler, sleep=clock.sleep, clock=clock.read) as phone:
        assert [storage.label for storage in phone.storages()] == ["Storage"]


def test_memory_over_the_limit_is_told():
    run = subprocess.run(
        [sys.executable, ROOT / "scripts/fuzz", "--inputs", "200", "--target", "dates", "--limit", "20"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert run.returncode == 1
    assert "failed: dates" in run.stdout
