"""`python -m mtpbackup.virtual.usbfs`: the command that runs a program with a virtual phone plugged in."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

import pytest

from mtpbackup.virtual.usbfs import __main__ as command
from tests.usbfs.plugin import LIMIT, finish

pytestmark = pytest.mark.usbfs


def run(*words: str | Path) -> tuple[int, str]:
    result = finish([sys.executable, "-m", "mtpbackup.virtual.usbfs", *map(str, words)], LIMIT)
    return result.returncode, result.stdout


@pytest.mark.peers("mtp-files")
def test_folders_are_storages(tmp_path):
    for name in ("internal", "card"):
        (tmp_path / name).mkdir()
        (tmp_path / name / f"{name}.jpg").write_bytes(b"x" * 1234)
    code, output = run("--folder", tmp_path / "internal", "--folder", tmp_path / "card", "--", "mtp-files")
    assert code == 0, output
    assert "Filename: internal.jpg" in output
    assert "Filename: card.jpg" in output


@pytest.mark.peers("lsusb")
def test_serial_and_speed_can_be_chosen():
    code, output = run("--serial", "MY-SERIAL", "--speed", "full", "--", "lsusb", "-v")
    assert code == 0, output
    assert "MY-SERIAL" in output
    assert "1x 64 bytes" in output


@pytest.mark.parametrize(
    ("program", "expected"),
    [
        (("false",), 1),
        (("sh", "-c", "exit 42"), 42),
        (("sh", "-c", "kill -TERM $$"), 128 + signal.SIGTERM),
        (("/nowhere/program",), 127),
    ],
)
def test_the_exit_code_is_the_programs(program, expected):
    assert run("--", *program)[0] == expected


def test_a_folder_that_is_not_there(tmp_path, capsys):
    assert command.main(["--folder", str(tmp_path / "nowhere"), "--", "true"]) == 2
    assert "is not a folder" in capsys.readouterr().err


def test_a_missing_library_is_said_with_its_package(monkeypatch, capsys):
    from mtpbackup.virtual.usbfs import preload

    monkeypatch.setattr(preload, "LIBRARY", "libnothing.so")
    assert command.main(["--", "true"]) == 1
    assert "umockdev" in capsys.readouterr().err
