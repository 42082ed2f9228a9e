"""A bus with a rate."""

from __future__ import annotations

import re
import sys
import time
from pathlib import Path

import pytest

from mtpbackup.virtual.usbfs.pace import at_pace
from tests.usbfs.plugin import LIMIT, finish

RATE = 40e6


class Clock:
    """Passes only what is slept, and a little more each time."""

    def __init__(self, oversleeping: float) -> None:
        self.now = 0.0
        self.pauses = 0
        self._oversleeping = oversleeping

    def sleep(self, seconds: float) -> None:
        self.now += seconds + self._oversleeping
        self.pauses += 1


@pytest.mark.parametrize("oversleeping", [0.0, 0.0004])
def test_bytes_take_their_time_whatever_the_clock(oversleeping):
    clock = Clock(oversleeping)
    parts = [bytes([number]) * 100_000 for number in range(100)]
    crossed = b"".join(at_pace(parts, RATE, lambda: clock.now, clock.sleep))
    assert crossed == b"".join(parts)
    assert clock.now == pytest.approx(len(crossed) / RATE, abs=0.002)
    assert clock.pauses >= 100


def test_a_piece_is_asked_for_when_the_one_before_has_crossed():
    clock = Clock(0.0)
    times = [clock.now for _ in at_pace([bytes(1 << 20)], RATE, lambda: clock.now, clock.sleep)]
    assert times == pytest.approx([number * 65_536 / RATE for number in range(16)])


@pytest.mark.usbfs
@pytest.mark.peers("mtp-getfile")
def test_no_initiator_reads_faster(tmp_path):
    (tmp_path / "phone").mkdir()
    (tmp_path / "phone/film.mp4").write_bytes(bytes(8_000_000))

    def with_phone(*words: str | Path) -> str:
        phone = [sys.executable, "-m", "mtpbackup.virtual.usbfs", "--folder", tmp_path / "phone", "--rate", "2"]
        result = finish([*map(str, (*phone, "--", *words))], LIMIT)
        assert result.returncode == 0, result.stdout
        return result.stdout

    number = re.search(r"File ID: (\d+)\n *Filename: film.mp4", with_phone("mtp-files"))[1]
    start = time.monotonic()
    with_phone("mtp-getfile", number, tmp_path / "copy")
    assert time.monotonic() - start >= 4.0
    assert (tmp_path / "copy").read_bytes() == bytes(8_000_000)
