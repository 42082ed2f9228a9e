"""What lies on the phones: files made quickly, the same every time, no two alike."""

from __future__ import annotations

import hashlib
import os
import random
from collections.abc import Iterable, Mapping
from pathlib import Path

_BLOCK = 1 << 20
_NOISE = memoryview(random.Random("mtpbackup").randbytes(_BLOCK) * 2)

#: 2024-05-06 07:08:09 UTC, an odd second: FAT and careless arithmetic would show.
A_DAY = 1714979289


def write_file(path: Path, size: int, when: int = A_DAY) -> None:
    """Writes a file whose content depends on its name and, in every MiB, on the place inside it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    mark = hashlib.sha256(path.name.encode()).digest()
    turn = int.from_bytes(mark[:2], "big")
    with path.open("wb", buffering=0) as file:
        for start in range(0, size, _BLOCK):
            stamp = mark[:16] + start.to_bytes(8, "big")
            length = min(_BLOCK, size - start)
            os.writev(file.fileno(), [stamp[:length], _NOISE[turn : turn + max(0, length - len(stamp))]])
    os.utime(path, (when, when))


def write_photos(folder: Path, count: int, size: int = 4_000, prefix: str = "IMG") -> None:
    """Photos of slightly different sizes, each a second younger than the one before."""
    for number in range(count):
        write_file(folder / f"{prefix}_{number:05}.jpg", size + number % 1_999, A_DAY + number)


#: Sizes at which a transfer's length, with or without the 12 bytes of a container's header, is a multiple of a
#: packet or of a buffer, and their neighbours.
EDGES = sorted(
    {0, 1}
    | {
        k * 512 + around
        for k in (1, 2, 3, 31, 32, 33, 128, 512, 1024)
        for around in (-13, -12, -11, -1, 0, 1, 11, 12, 13)
    }
)


def write_edges(folder: Path) -> None:
    """A file of each size that is known to make trouble."""
    for size in EDGES:
        write_file(folder / f"edge_{size}.jpg", size)


def tree_hashes(root: Path, leave_out: Iterable[str] = ()) -> dict[str, str]:
    """SHA-256 of every file below a folder, by its path from there."""
    left_out = set(leave_out)
    hashes = {}
    for folder, folders, names in os.walk(root):
        folders[:] = [name for name in folders if name not in left_out]
        for name in names:
            path = Path(folder, name)
            with path.open("rb") as file:
                hashes[str(path.relative_to(root))] = hashlib.file_digest(file, "sha256").hexdigest()
    return hashes


def tree_dates(root: Path) -> Mapping[str, int]:
    """Modification times of every file below a folder, in whole seconds."""
    return {
        str(path.relative_to(root)): int(path.stat().st_mtime) for path in root.rglob("*") if path.is_file()
    }


def shift_dates(root: Path, seconds: int) -> None:
    """What a change of the time zone does to the dates a phone tells."""
    for path in root.rglob("*"):
        if path.is_file():
            when = path.stat().st_mtime + seconds
            os.utime(path, (when, when))
