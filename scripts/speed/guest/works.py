"""What is measured: files of one size, and whether copies of them are right."""

from __future__ import annotations

import filecmp
import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Work:
    """Files of one size.

    Attributes:
        name: of the work.
        count, size: how many, and bytes of each.
        repeats: how often it is measured.
        copied: whether they are copied too, or only listed.
    """

    name: str
    count: int
    size: int
    repeats: int
    copied: bool


def differences(source: Path, copies: Path) -> str:
    """What is missing or different in copies of all files of a folder, wherever below `copies` they lie."""
    found = {
        name: Path(folder, name)
        for folder, folders, names in os.walk(copies)
        if ".mtpbackup" not in Path(folder).parts
        for name in names
    }
    missing = different = 0
    for path in source.iterdir():
        copy = found.get(path.name)
        if copy is None:
            missing += 1
        elif not filecmp.cmp(path, copy, shallow=False):
            different += 1
    return f"{missing} missing, {different} different" if missing or different else ""
