"""The model of `scripts/bench`: a backup in virtual time. The same on every computer, so figures are exact."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from mtpbackup.transport.base import Speed
from tests.project.test_tree import ROOT

sys.path.insert(0, str(ROOT / "scripts"))

from speed import model, report
from speed.computer import BusWithComputer, Computer

#: What a run costs beside content and listing.
AROUND = {
    "GET_DEVICE_INFO": 1,
    "OPEN_SESSION": 1,
    "CLOSE_SESSION": 1,
    "GET_DEVICE_PROP_VALUE": 1,
    "GET_STORAGE_IDS": 3,
    "GET_STORAGE_INFO": 3,
}
#: Two folders above it are asked object by object, the camera's by its handles and four lists.
LISTING = {"GET_OBJECT_HANDLES": 3, "GET_OBJECT_PROP_LIST": 2 + 4}
PHOTOS = report.photos(200)
VIDEO = {"DCIM/Camera/VID_1.mp4": 1_000_000_000}


@pytest.mark.parametrize(
    ("speed", "share", "goal"),
    [(Speed.HIGH, 0.9892, 0.97), (Speed.SUPER, 0.9013, 0.90)],
    ids=["usb 2", "usb 3"],
)
def test_a_photo_is_one_transaction_and_the_cable_is_busy(speed, share, goal):
    figures = model.run(PHOTOS, speed)
    assert figures.by_operation == AROUND | LISTING | {"GET_OBJECT": 200}
    assert figures.share == pytest.approx(share, abs=5e-5)
    assert figures.share >= goal
    # Every transaction takes a millisecond; Android opens no picture to be listed.
    content = 200 * 4_000_000 / model.BUSES[speed]
    assert figures.seconds == pytest.approx(content + 0.001 * figures.transactions, rel=1e-3)
    assert figures.size == 800_000_000


@pytest.mark.parametrize(
    ("speed", "pieces", "share"), [(Speed.HIGH, 60, 0.9968), (Speed.SUPER, 15, 0.9866)], ids=["usb 2", "usb 3"]
)
def test_a_video_comes_in_large_pieces(speed, pieces, share):
    figures = model.run(VIDEO, speed)
    listed_singly = {"GET_OBJECT_HANDLES": 3, "GET_OBJECT_PROP_LIST": 3}
    # Its date before, its date and its size afterwards: it must have stayed the same all the time.
    looked_at = {"GET_OBJECT_PROP_VALUE": 3}
    assert figures.by_operation == AROUND | listed_singly | looked_at | {"GET_PARTIAL_OBJECT_64": pieces}
    assert figures.share == pytest.approx(share, abs=5e-5)
    # What a run costs around its content weighs less in ten times as much: 99 % on both.
    around = figures.transactions - pieces
    assert 10 * figures.share / (10 - 9 * around * 0.001 / figures.seconds) >= 0.99


def test_the_figures_are_the_same_each_time():
    first = model.run(report.photos(30), Speed.HIGH, Computer())
    assert first == model.run(report.photos(30), Speed.HIGH, Computer())


def test_a_slow_disk_holds_up_the_bus_and_a_fast_one_does_not():
    photos = report.photos(60)
    fast = model.run(photos, Speed.SUPER, Computer())
    slow = model.run(photos, Speed.SUPER, Computer(disk=100e6))
    assert fast.held_up == 0
    assert slow.held_up > 1
    # 240 MB at 100 MB/s, and 15 flushes of 16 MiB: the disk is what is waited for, not the bus and the disk.
    assert slow.seconds == pytest.approx(2.4 + 15 * 0.005 + 60 * 0.0003, rel=0.05)


def test_time_between_transactions_counts():
    bus = BusWithComputer(0.001, 40e6, computer=Computer(between=0.002))
    bus.transacted(0x1009, 4_000_000, 1)
    assert bus.elapsed == pytest.approx(0.001 + 0.1 + 0.002)
    assert bus.carrying == pytest.approx(0.1)


def test_the_script_tells_programs_its_figures():
    answer = subprocess.run(
        [sys.executable, ROOT / "scripts/bench", "--model", "--json", "--photos", "20", "--video", "0.02"],
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": str(ROOT)},
    )
    # So little work misses the goals: that is exit code 1, and the figures are told all the same.
    assert answer.returncode == 1, answer.stderr
    told = json.loads(answer.stdout)
    assert told["assumed"]["seconds_per_transaction"] == 0.001
    assert [run["by_operation"].get("GET_OBJECT") for run in told["runs"]] == [20] * 4 + [None] * 4
    assert {run["bus"] for run in told["runs"]} == {"HIGH", "SUPER"}
