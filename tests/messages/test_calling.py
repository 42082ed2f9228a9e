"""The command lines that people are told to type."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

import mtpbackup
from mtpbackup.messages import calling


@pytest.fixture
def program(tmp_path, monkeypatch):
    """The program as a person has it: in a folder of her own that is in her PATH."""
    path = tmp_path / "my programs" / "mtpbackup"
    path.parent.mkdir()
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    monkeypatch.setattr(sys, "argv", [str(path)])
    monkeypatch.setenv("PATH", str(path.parent))
    monkeypatch.setattr(calling, "_SUDO_PATH", str(tmp_path / "system"))
    monkeypatch.setattr(calling, "needs_path", list)
    monkeypatch.setattr(calling, "_has", lambda name: name == "sudo")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    return path


def test_by_its_name_where_that_finds_it(program, monkeypatch):
    assert calling.called("ls", "SD card") == "mtpbackup ls 'SD card'"
    monkeypatch.setenv("PATH", "/nowhere")
    assert calling.called("ls") == f"'{program}' ls"


def test_sudo_is_told_the_whole_path_where_it_would_not_find_it(program, tmp_path):
    assert calling.called_as_root("setup") == f"sudo '{program}' setup"
    (tmp_path / "system").mkdir()
    (tmp_path / "system/mtpbackup").symlink_to(program)
    assert calling.called_as_root("setup") == "sudo mtpbackup setup"


def test_another_program_of_that_name_is_not_meant(program, tmp_path, monkeypatch):
    (tmp_path / "system").mkdir()
    (tmp_path / "system/mtpbackup").write_text("#!/bin/sh\n# an older one\n")
    (tmp_path / "system/mtpbackup").chmod(0o755)
    assert calling.called_as_root("setup") == f"sudo '{program}' setup"
    monkeypatch.setenv("PATH", str(tmp_path / "system"))
    assert calling.called("ls") == f"'{program}' ls"


@pytest.mark.parametrize(("there", "line"), [("doas", "doas mtpbackup setup"), ("", "su -c 'mtpbackup setup'")])
def test_where_there_is_no_sudo(program, tmp_path, monkeypatch, there, line):
    (tmp_path / "system").mkdir()
    (tmp_path / "system/mtpbackup").symlink_to(program)
    monkeypatch.setattr(calling, "_has", lambda name: name == there)
    assert calling.called_as_root("setup") == line


def test_root_needs_no_sudo(program, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert calling.called_as_root("setup") == "mtpbackup setup"


def test_what_root_cannot_load_becomes_root_by_itself(program, monkeypatch):
    monkeypatch.setattr(calling, "needs_path", lambda: ["/home/anna/.local/lib"])
    assert calling.called_as_root("setup") == "mtpbackup setup"


def test_without_a_script(program, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["/usr/lib/python3/dist-packages/mtpbackup/__main__.py"])
    monkeypatch.setenv("PATH", "/nowhere")
    assert calling.called("ls") == f"{sys.executable} -m mtpbackup ls"


class TestFoldersThatRootHasToKnow:
    here = str(Path(mtpbackup.__file__).resolve().parent.parent)

    def test_none_in_a_virtual_environment(self, monkeypatch):
        monkeypatch.setattr(sys, "prefix", "/home/anna/venv")
        monkeypatch.setattr(sys, "base_prefix", "/usr")
        monkeypatch.delenv("PYTHONPATH", raising=False)
        assert calling.needs_path() == []

    def test_what_pythonpath_brought(self, monkeypatch):
        monkeypatch.setattr(sys, "prefix", "/home/anna/venv")
        monkeypatch.setattr(sys, "base_prefix", "/usr")
        monkeypatch.setenv("PYTHONPATH", f"/elsewhere:{self.here}")
        assert calling.needs_path() == [self.here]

    def test_a_person_s_own_packages(self, monkeypatch):
        monkeypatch.setattr(sys, "prefix", sys.base_prefix)
        monkeypatch.setattr("site.getsitepackages", lambda: ["/usr/lib/python3/dist-packages"])
        assert self.here in calling.needs_path()
        needed = calling.needs_path()
        monkeypatch.setattr("site.getsitepackages", lambda: needed)
        assert calling.needs_path() == []
