"""What may and may not be in the tree."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

#: Machine paths and package hosts, written so that this file does not hold them itself.
FORBIDDEN = [
    re.compile(pattern)
    for pattern in (
        r"(?<![\w./])/(work|opt)/\w",
        r"(?<![\w./])/root/\.",
        r"(?<![\w./])/tmp/[w]/",
        r"\b(deb|security|snapshot)\.debian\.(org|net)",
        r"\bpythonhosted\.org",
        r"\bpypi\.(org|python)",
        r"\bregistry\.npmjs",
    )
]


def own_environment(**extra: str) -> dict[str, str]:
    """The environment without what the one that runs the tests would lend to another Python."""
    lent = ("PYTHON", "VIRTUAL_ENV")
    return {**{name: value for name, value in os.environ.items() if not name.startswith(lent)}, **extra}


def tracked() -> list[Path]:
    """The files of the project: those git knows, or in an unpacked archive of it all there are."""
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout.decode()
    return [ROOT / name for name in names.split("\0") if name and (ROOT / name).is_file()]


def texts() -> list[tuple[Path, str]]:
    found = []
    for path in tracked():
        content = path.read_bytes()
        if b"\0" not in content:
            found.append((path, content.decode()))
    return found


def test_no_file_names_a_machine_or_a_package_host():
    named = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path, text in texts()
        for number, line in enumerate(text.splitlines(), 1)
        for pattern in FORBIDDEN
        if pattern.search(line)
    ]
    assert named == []


def test_scripts_can_be_started():
    unstartable = [
        path
        for path, text in texts()
        if text.startswith("#!") and path.suffix not in (".py",) and not path.stat().st_mode & 0o111
    ]
    assert unstartable == []


def test_the_licence_is_there():
    text = (ROOT / "LICENSE").read_text()
    assert "GNU GENERAL PUBLIC LICENSE" in text
    assert "Version 3, 29 June 2007" in text
    assert 'license = "GPL-3.0-or-later"' in (ROOT / "pyproject.toml").read_text()


def test_every_skip_that_is_allowed_has_a_reason():
    from tests.conftest import ALLOWED, matches, read_allowed

    allowed = read_allowed(ALLOWED.read_text())
    assert any(matches("tests/archive/test_disk.py::test_real_full_disk[vfat]", pattern) for pattern in allowed)
    assert not any(
        matches("tests/archive/test_disk.py::test_real_full_disk[ext4]", pattern) for pattern in allowed
    )
    with pytest.raises(ValueError, match="line 1"):
        read_allowed("tests/x.py::test_y")
