"""The same initiators on this computer, without a virtual machine: the phone made of code on the emulated bus.

The processor is the real one here, and the phone is not one that others wrote: it answers as Android does, and
is a program in Python, which takes its time for each transaction, whoever asks. The bus has no rate
unless one is asked for.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

from speed.machine import ROOT
from tests.vm import content

_SERIAL: Final = "BENCH0001"
KIND: Final = "phone made of code, emulated bus, native"
#: Seconds of patience with a single run of one of the others.
PATIENCE: Final = 40
WORKS: Final = [
    {"name": "list10k", "count": 10_000, "size": 1_000, "repeats": 2, "copied": False},
    {"name": "small", "count": 2_000, "size": 4_000, "repeats": 2, "copied": True},
    {"name": "medium", "count": 200, "size": 2_000_000, "repeats": 2, "copied": True},
    {"name": "large", "count": 1, "size": 300_000_000, "repeats": 3, "copied": True},
]
QUICK_WORKS: Final = [
    {"name": "small", "count": 60, "size": 4_000, "repeats": 1, "copied": True},
    {"name": "large", "count": 1, "size": 20_000_000, "repeats": 1, "copied": True},
]


def measure_here(
    works: list[dict[str, Any]],
    folder: Path | None,
    results: Path,
    *,
    patience: float = PATIENCE,
    others: list[str] | None = None,
    rate: float | None = None,
) -> None:
    """Measures each work on a phone of its own.

    Args:
        works: as `WORKS`.
        folder: where phones and copies lie; where temporary files do if None.
        results: where each is added at once, a line of JSON.
        patience: with a single run of one of the others, in seconds.
        others: beside whom; all if None.
        rate: megabytes a second that the bus carries to the host; None for as many as the computer manages.
    """
    with tempfile.TemporaryDirectory(dir=folder) as temporary:
        place = Path(temporary)
        for work in works:
            files = place / "phone" / work["name"]
            for number in range(work["count"]):
                content.write_file(files / "DCIM/Camera" / f"f{number:05}.jpg", work["size"])
            order = {
                "seconds": 600,
                "patience": patience,
                "works": [work],
                "others": others,
                "bus": {"serial": _SERIAL, "files": str(files), "kind": _kind(rate)},
                "disk": str(place / "disk"),
            }
            (place / "order.json").write_text(json.dumps(order))
            paths = [ROOT, ROOT / "scripts", ROOT / "scripts/lab/guest"]
            phone = [sys.executable, "-m", "mtpbackup.virtual.usbfs", "--folder", files, "--serial", _SERIAL]
            phone += ["--rate", str(rate)] if rate else []
            phone += ["--", sys.executable, "-m", "speed.guest.measure"]
            command: list[str | Path] = [*phone, place / "order.json", results.resolve()]
            subprocess.run(
                command,
                check=True,
                cwd=ROOT,
                env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, paths))},
            )
            shutil.rmtree(files)


def _kind(rate: float | None) -> str:
    return f"{KIND}, {rate:g} MB/s" if rate else KIND
