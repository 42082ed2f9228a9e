"""The guest's side of `scripts/lab/power-cuts`: looks at what the last cut left, then backs up until the next.

`python3 -m tests.vm.power_cut NUMBER FILE_SYSTEM`: the number of the cut that is to come. On the disk /dev/vdb
each cut has a backup of its own. What the program says is saved is noted at once on the host, in
/mnt/cuts/NUMBER.told: nothing that was told may be lost.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import subprocess
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path

from mtpbackup.engine.reports import ItemSaved
from mtpbackup.virtual import Generated, MemoryStore, VirtualPhone
from tests.crash.bench import Bench

DISK, NODE, NOTES = Path("/disk"), "/dev/vdb", Path("/mnt/cuts")
DATE = datetime(2024, 5, 6, 7, 8, 12)

MAKE = {
    "ext4": ("mkfs.ext4", "-q", "-F"),
    "btrfs": ("mkfs.btrfs", "-q", "-f"),
    "vfat": ("mkfs.vfat",),
    "exfat": ("mkfs.exfat", "-q"),
}
#: What a computer does before it mounts a disk that was not unmounted. Btrfs is as good as before when mounted.
MEND = {"ext4": ("e2fsck", "-p"), "vfat": ("fsck.vfat", "-a"), "exfat": ("fsck.exfat", "-y")}


def contents(number: int) -> dict[str, Generated]:
    """What is on the phone: 200 small files and two films, others for each cut."""
    chance = random.Random(number)
    files = {
        f"DCIM/{'ABC'[place % 3]}/IMG_{place:04}.jpg": Generated(
            chance.choice((0, 1_000, 4_096, 30_000, 200_000)) + place, number * 1000 + place
        )
        for place in range(200)
    }
    files["DCIM/A/VID_0001.mp4"] = Generated(3_000_000, number * 1000 + 500)
    files["DCIM/B/VID_0002.mp4"] = Generated(24_000_000, number * 1000 + 501)
    return files


def bench_for(number: int) -> tuple[Bench, VirtualPhone]:
    store = MemoryStore("Internal")
    truth = {}
    files = list(contents(number).items())
    # The newest is copied first: the films at some time or other.
    random.Random(number).shuffle(files)
    for age, (path, content) in enumerate(files):
        store.add(path, content, (DATE + timedelta(hours=age)).timestamp())
        truth[path] = {hashlib.sha256(bytes(content.read(0, content.size))).hexdigest()}
    phone = VirtualPhone("pixel", [store], serial=f"SERIAL-{number}")
    bench = Bench(DISK / f"backup-{number}", phone)
    bench.truth = truth
    return bench, phone


def look(number: int) -> dict[str, int]:
    """What must be true after a cut, and after another run."""
    told = (NOTES / f"{number}.told").read_text().split("\n")[:-1]
    bench, phone = bench_for(number)
    with phone:
        phone.plug()
        kept = bench.check_what_is_called_safe()
        by_content = {hashlib.sha256(data).hexdigest() for data in bench.files().values()}
        lost = [path for path in told if not bench.truth[path] & by_content]
        assert not lost, f"told as saved, and lost: {lost}"
        assert kept >= len(told), f"{kept} rows, {len(told)} told"
        assert bench.verify().sound
        parts = sum(path.stat().st_size for path in (bench.root / ".mtpbackup/partial").glob("*.part"))
        summary = bench.run()
        assert summary.complete, summary
        assert bench.run().nothing_new
        assert bench.verify().sound
        assert bench.check_what_is_called_safe() == len(bench.truth) == len(bench.files())
        assert bench.parts() == []
    subprocess.run(["sha256sum", "--strict", "--quiet", "-c", "SHA256SUMS"], cwd=bench.root, check=True)
    shutil.rmtree(bench.root)
    return {"told": len(told), "rows": kept, "in_parts": parts, "read_again": summary.read}


def back_up(number: int) -> None:
    """Until the power goes, or for ever."""
    bench, phone = bench_for(number)
    notes = os.open(NOTES / f"{number}.told", os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def report(event: object) -> None:
        if isinstance(event, ItemSaved):
            os.write(notes, f"{event.item.shown_path}\n".encode())

    with phone:
        phone.plug()
        bench.run(report=report)
    (NOTES / f"{number}.done").touch()
    time.sleep(600)


def main() -> int:
    number, kind = int(sys.argv[1]), sys.argv[2]
    DISK.mkdir(exist_ok=True)
    if number == 1:
        subprocess.run([*MAKE[kind], NODE], check=True, stdout=subprocess.DEVNULL)
    elif kind in MEND:
        subprocess.run([*MEND[kind], NODE], check=False, stdout=subprocess.DEVNULL)
    subprocess.run(["mount", "-t", kind, NODE, str(DISK)], check=True)
    if number > 1:
        print("CUT", json.dumps({"cut": number - 1, **look(number - 1)}), flush=True)
    if len(sys.argv) > 3:  # the last boot
        subprocess.run(["umount", str(DISK)], check=True)
        return 0
    os.sync()
    back_up(number)
    return 1


if __name__ == "__main__":
    sys.exit(main())
