"""The host's side of the measurements: lays out source and files, boots the machine, keeps the results."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "scripts/lab"))
sys.path.insert(0, str(ROOT))

from labvm.machine import Settings, run  # noqa: E402 - beside this package
from tests.vm import content  # noqa: E402

#: What of the checkout the guest needs.
_SOURCE = ("mtpbackup", "tests", "scripts/lab/guest", "scripts/speed", "pyproject.toml")
#: The whole works, and those of `--quick`. In seconds: all of it, after which the rest is left out; patience
#: with one run of one of the others; with a listing by property lists; and with a restore.
WHOLE: Final[dict[str, Any]] = {
    "seconds": 1_380,
    "patience": 60,
    "list_patience": 200,
    "restore_patience": 120,
    "works": [
        {"name": "large", "count": 1, "size": 300_000_000, "repeats": 3, "copied": True},
        {"name": "medium", "count": 200, "size": 2_000_000, "repeats": 2, "copied": True},
        {"name": "small", "count": 2_000, "size": 4_000, "repeats": 2, "copied": True},
        {"name": "list10k", "count": 10_000, "size": 1_000, "repeats": 1, "copied": False},
    ],
    "on_qemu": ["large", "medium", "small", "list10k"],
    "restored": "medium",
    "photos": 10_000,
}
QUICK: Final[dict[str, Any]] = {
    "seconds": 600,
    "patience": 60,
    "list_patience": 60,
    "restore_patience": 60,
    "works": [
        {"name": "large", "count": 1, "size": 20_000_000, "repeats": 1, "copied": True},
        {"name": "medium", "count": 4, "size": 2_000_000, "repeats": 1, "copied": True},
        {"name": "small", "count": 60, "size": 4_000, "repeats": 1, "copied": True},
    ],
    "on_qemu": ["large", "medium", "small"],
    "restored": "medium",
    "photos": 500,
}


def measure(order: dict[str, Any], seconds: float, results: Path) -> int:
    """Boots the machine and measures.

    Args:
        order: what; as `WHOLE`.
        seconds: after which the machine is killed; what was measured by then is kept.
        results: where each is added at once, a line of JSON.

    Returns:
        The exit code of the machine's command.
    """
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        source, files, out = (folder / name for name in ("source", "files", "out"))
        for name in _SOURCE:
            path = ROOT / name
            copy = source / name
            copy.parent.mkdir(parents=True, exist_ok=True)
            if path.is_dir():
                shutil.copytree(path, copy, ignore=shutil.ignore_patterns("__pycache__", ".*"))
            else:
                shutil.copy(path, copy)
        for work in order["works"]:
            if work["name"] in order["on_qemu"]:
                for number in range(work["count"]):
                    path = files / work["name"] / "DCIM/Camera" / f"f{number:05}.jpg"
                    content.write_file(path, work["size"])
        files.mkdir(exist_ok=True)
        out.mkdir()
        (out / "order.json").write_text(json.dumps({**order, "files": str(files)}))
        measuring = ["python3", "-m", "speed.guest.measure", "/mnt/out/order.json", f"/mnt/kept/{results.name}"]
        words = " && ".join(
            [
                "mkdir /run/bench && cp -r /mnt/source/. /run/bench && cd /run/bench",
                "unset PYTHONDONTWRITEBYTECODE",
                "export PYTHONPATH=/run/bench:/run/bench/scripts:/run/bench/scripts/lab/guest",
                "python3 -m compileall -q -j 2 mtpbackup scripts tests/vm",
                shlex.join(measuring),
            ]
        )
        settings = Settings(
            shares={"source": source, "files": files, "out": out, "kept": results.parent.resolve()},
            memory=int(os.environ.get("MTPBACKUP_LAB_MEMORY", "4096")),
            seconds=seconds,
        )
        return run(words, settings)
