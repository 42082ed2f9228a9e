"""The program by itself on this computer: processor time, memory, transactions. Its phone is another process's.

The phone made of code lies on the emulated USB bus (`mtpbackup.virtual.usbfs`), so the program speaks through
the real libusb; the system calls that carry its transfers go to a socket in place of a kernel, and count as the
program's own. Processor time and memory are told by the kernel when the program has ended (wait4).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mtpbackup.virtual import Generated, MemoryStore, VirtualPhone
from mtpbackup.virtual.usbfs import Bus, PhoneOnBus
from mtpbackup.wire import OperationCode as Op

#: Bytes a second at which the share of a processor is told.
RATE = 40e6
_READS = (Op.GET_OBJECT, Op.GET_PARTIAL_OBJECT, Op.GET_PARTIAL_OBJECT_64)


@dataclass(frozen=True, slots=True)
class Figures:
    """What a run took.

    Attributes:
        wall, cpu: seconds.
        memory: bytes at most.
        transactions, reads: in all, and those that brought content.
        summary: the program's own, from `--json`.
    """

    wall: float
    cpu: float
    memory: int
    transactions: int
    reads: int
    summary: dict[str, Any]


def measured(phone: VirtualPhone, bus: Bus, home: Path, *words: str | Path) -> Figures:
    """Runs `mtpbackup` to its end, by a small process of its own that tells what it took.

    Raises:
        RuntimeError: it did not end well.
    """
    device = PhoneOnBus(bus, phone)
    bus.plug(device)
    phone.log.clear()
    environment = bus.environment() | {"HOME": str(home), "XDG_STATE_HOME": str(home / "state")}
    root = str(Path(__file__).resolve().parent.parent.parent)
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, (root, environment.get("PYTHONPATH"))))
    said = home / "said"
    with said.open("wb") as output:
        taker: list[str | Path] = ["-S", Path(__file__).with_name("taker.py"), home / "took", "0"]
        command = [sys.executable, *taker, sys.executable, "-m", "mtpbackup", *words]
        code = subprocess.run(
            command, env=environment, stdin=subprocess.DEVNULL, stdout=output, check=False
        ).returncode
    took = json.loads((home / "took").read_text())
    counts = dict(phone.counts)
    bus.unplug(device)
    lines = said.read_bytes().splitlines()
    if code or not lines:
        raise RuntimeError(f"exit code {code}: {lines[-3:]}")
    return Figures(
        wall=took["wall"],
        cpu=took["cpu"],
        memory=took["memory"],
        transactions=sum(counts.values()),
        reads=sum(counts.get(each, 0) for each in _READS),
        summary=json.loads(lines[-1]),
    )


def program_report(objects: int, video: int, *, as_json: bool, folder: Path | None) -> int:
    """A folder of small photos, again with nothing new, and a video."""
    rows: dict[str, Figures] = {}
    with tempfile.TemporaryDirectory(dir=folder) as temporary, Bus() as bus:
        home = Path(temporary)
        photos = MemoryStore(capacity=1 << 50)
        for number in range(objects):
            photos.add(
                f"DCIM/Camera/IMG_{number:06}.jpg",
                Generated(2_000 + number % 999, number),
                1_714_979_289 + number,
            )
        words = ("backup", "--new", "--json", "--to")
        with VirtualPhone(storages=[photos]) as phone:
            rows["photos"] = measured(phone, bus, home, *words, home / "photos")
            rows["photos again"] = measured(phone, bus, home, *words, home / "photos")
        film = MemoryStore(capacity=1 << 50)
        film.add("DCIM/Camera/VID_1.mp4", Generated(video), 1_714_979_289)
        with VirtualPhone(storages=[film]) as phone:
            rows["video"] = measured(phone, bus, home, *words, home / "video")
    share = rows["video"].cpu / (video / RATE)
    facts: dict[str, dict[str, Any]] = {
        name: {
            "files": objects if name != "video" else 1,
            "wall": round(row.wall, 2),
            "cpu": round(row.cpu, 2),
            "memory": row.memory,
            "transactions": row.transactions,
            "reads": row.reads,
            "share_of_a_core_at_40_MB_per_s": round(share, 3) if name == "video" else None,
        }
        for name, row in rows.items()
    }
    if as_json:
        print(json.dumps(facts, indent=1))
        return 0
    for name, row in facts.items():
        used = f"{row['cpu']:6.2f} s of processor, {row['memory'] / 1e6:5.1f} MB"
        asked = f"{row['transactions']:,} transactions, {row['reads']:,} of them reads"
        print(f"{name:13} {row['files']:>8,} files, {used}, {asked}, {row['wall']:.1f} s")
    print(f"video: {share:.1%} of a core at 40 MB/s")
    return 0
