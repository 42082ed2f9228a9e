"""Memory while files cross the real libusb: what is sent is let go of in time."""

from __future__ import annotations

import json
import os
import sys

import pytest

from mtpbackup.virtual.phone import VirtualPhone
from mtpbackup.virtual.usbfs import PhoneOnBus
from tests.project.test_tree import ROOT

pytestmark = pytest.mark.usbfs

FILES, SIZE = 60, 2_000_000


def test_putting_back_takes_no_more_memory_for_more_files(program_bus, run_with_bus, tmp_path):
    """libusb1 makes cycles of references around what is written, so it lives until Python looks for cycles."""
    photos = tmp_path / "photos/DCIM/Camera"
    photos.mkdir(parents=True)
    for number in range(FILES):
        (photos / f"IMG_{number:04}.jpg").write_bytes(os.urandom(64) * (SIZE // 64))
    with VirtualPhone("pixel") as phone:
        device = PhoneOnBus(program_bus, phone)
        program_bus.plug(device)
        taker = [sys.executable, "-S", ROOT / "scripts/speed/taker.py", tmp_path / "took", "0"]
        words = ["-m", "mtpbackup", "restore", "--from", tmp_path / "photos", "--yes", "--json"]
        run = run_with_bus(*taker, sys.executable, *words)
        program_bus.unplug(device)
    assert run.returncode == 0, run.stdout
    assert json.loads(run.stdout.splitlines()[-1])["sent"] == {"files": FILES, "bytes": FILES * SIZE}
    memory = json.loads((tmp_path / "took").read_text())["memory"]
    assert memory < FILES * SIZE * 0.75, f"{memory / 1e6:.0f} MB"
