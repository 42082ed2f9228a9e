"""Texts that a person has read and found good, a file each in the folder `approved`.

A changed text fails its test; `MTPBACKUP_APPROVE=1 pytest ...` writes what is said now, to be read before it is
committed.
"""

from __future__ import annotations

import os
from pathlib import Path

FOLDER = Path(__file__).with_name("approved")


def check(name: str, text: str) -> None:
    """Compares a text with the approved one."""
    file = FOLDER / f"{name}.txt"
    if os.environ.get("MTPBACKUP_APPROVE"):
        file.write_text(text, encoding="utf-8")
    assert file.exists(), f"nothing approved yet for {name}:\n{text}"
    assert text.splitlines() == file.read_text(encoding="utf-8").splitlines(), f"{name}: not what was approved"
