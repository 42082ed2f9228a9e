"""What `scripts/bench` says of a run: what it took, how long it had the phone, and the table of it all."""

from __future__ import annotations

import json
import sys
import time

import pytest

from tests.project.test_tree import ROOT

sys.path.insert(0, str(ROOT / "scripts"))

from speed.guest.held import Held, held_for
from speed.guest.runs import STOPPED, Took, run
from speed.guest.works import differences
from speed.table import table_of

#: Takes 0.2 s of processor, 60 MB, and says a word in between.
BUSY = """
import time
block = b"x" * 60_000_000
print("planned", flush=True)
while time.process_time() < 0.2: pass
"""


def test_a_run_is_told_with_its_processor_time_memory_and_marks():
    took = run([sys.executable, "-S", "-c", BUSY], limit=60, watch=("planned", "never"))
    assert (took.code, took.output) == (0, b"planned\n")
    assert 0.2 <= took.cpu < 5
    assert 60e6 < took.memory < 120e6
    assert set(took.marks) == {"planned"}
    assert 0 < took.marks["planned"] < took.wall


def test_a_small_command_is_not_charged_with_the_memory_of_who_measures():
    ballast = bytearray(b"x" * 100_000_000)
    assert run(["true"], limit=60).memory < 20e6
    assert len(ballast) == 100_000_000


def test_a_run_that_hangs_is_stopped_with_all_that_it_has_started():
    took = run(["sh", "-c", "sleep 600 & sleep 600"], limit=0.3)
    assert took.code == STOPPED
    assert 0.3 <= took.wall < 60


def test_the_kernel_tells_when_a_node_is_opened_and_closed(tmp_path):
    node = tmp_path / "node"
    node.touch()
    with Held(node) as held:
        start = time.monotonic()
        node.read_bytes()
        node.read_bytes()
    seconds = held.seconds(Took(0, start, 60.0, 0, 0))
    # Not to the end: it was closed.
    assert seconds is not None
    assert 0 <= seconds < 60
    with Held(None) as nothing:
        pass
    assert nothing.seconds(Took(0, start, 60.0, 0, 0)) is None


@pytest.mark.parametrize(
    ("events", "seconds"),
    [
        ([(11, True), (12, False), (14, True), (15, False)], 4),
        ([(11, True), (12, True), (13, False)], 9),  # still open at the end
        ([(11, True), (25, False)], 9),
        ([(5, True), (6, False), (12, True), (13, False)], 1),  # somebody else's, before
        ([(5, True), (6, False)], None),
        ([], None),
    ],
)
def test_the_phone_is_held_from_its_first_opening_to_its_last_closing(events, seconds):
    assert held_for(events, Took(0, 10.0, 10.0, 0, 0)) == seconds


def test_a_copy_counts_only_when_every_byte_arrived(tmp_path):
    source, copies = tmp_path / "source", tmp_path / "copies/2024"
    source.mkdir()
    copies.mkdir(parents=True)
    for name in "abc":
        (source / name).write_bytes(name.encode() * 9)
    (copies / "a").write_bytes(b"a" * 9)
    (copies / "b").write_bytes(b"b" * 8 + b"x")
    assert differences(source, tmp_path / "copies") == "1 missing, 1 different"
    (copies / "b").write_bytes(b"b" * 9)
    (copies / "c").write_bytes(b"c" * 9)
    assert differences(source, tmp_path / "copies") == ""


def _row(initiator, wall, held, **more):
    facts = {"what": "copy", "phone": "a phone", "work": "large", "cpu": 1.0, "memory": 40e6, "marks": {}}
    return {**facts, "initiator": initiator, "wall": wall, "held": held, "wrong": "", "told": "", **more}


def test_the_table_compares_medians_and_counts_nothing_that_went_wrong(tmp_path):
    rows = [
        _row("mtpbackup", 4.0, 2.0, marks={'"planned"': 3.0}),
        _row("mtpbackup", 6.0, 4.0, marks={'"planned"': 5.0}),
        _row("mtpbackup", 5.0, 2.5, marks={'"planned"': 4.0}),
        _row("C loop", 0.9, 0.8, told='{"seconds": 0.5}'),
        _row("mtp-tools", 12.0, 10.0, cpu=3.0, memory=9e6),
        _row("gphoto2", 10.0, 9.5),
        _row("aft-mtp-cli", 0.1, 0.1, wrong="1 missing, 0 different"),
        _row("jmtpfs + rsync", 60.0, 59.0, wrong="over 60 s"),
        {"what": "left out", "part": "on", "of": ["small"]},
    ]
    results = tmp_path / "results"
    # The last line was being written when the machine was killed.
    results.write_text("".join(json.dumps(row) + "\n" for row in rows) + '{"what": "co')
    told = table_of(results)
    copied = (
        "| copy large | 4.0 / 5.0 | 0.9 | 12.0 | 1 missing, 0 different | 10.0 | over 60 s | - | 2.00 | 10% |"
    )
    assert copied in told
    assert "| copy large | 2.5 | gphoto2 9.5 | 3.80 | 20% | 50% | 1.0 | 1.0 | 40 | 40 |" in told
    assert "- Left out, no time: on ['small']" in told
