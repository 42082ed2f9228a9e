"""The program in the desktop's menu."""

import configparser
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from xml.etree import ElementTree

import pytest

from mtpbackup.cli.main import COMMANDS
from mtpbackup.desktop import launcher

PROJECT = Path(__file__).parents[2]


@pytest.fixture
def home(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "own"))
    monkeypatch.setenv("XDG_DATA_DIRS", f"{tmp_path / 'local'}:{tmp_path / 'system'}")
    return tmp_path


def entry(text):
    parser = configparser.RawConfigParser()
    parser.optionxform = str
    parser.read_string(text)
    return parser["Desktop Entry"]


def validated(path):
    if shutil.which("desktop-file-validate") is None:
        pytest.skip("desktop-file-validate is not installed")
    done = subprocess.run(["desktop-file-validate", path], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def test_the_shipped_file_is_valid():
    assert validated(PROJECT / "mtpbackup/desktop/share/mtpbackup.desktop") == (0, "")


def test_it_starts_a_command_that_there_is():
    fields = entry(launcher.content("mtpbackup.desktop"))
    program, command = fields["Exec"].split()
    assert (program, command in COMMANDS) == ("mtpbackup", True)
    assert fields["Icon"] == "mtpbackup"


def test_the_icon_is_a_picture_that_scales():
    root = ElementTree.fromstring(launcher.content("mtpbackup.svg"))
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert root.get("viewBox") == "0 0 128 128"


def test_a_person_gets_her_own_and_it_is_valid(home):
    written = launcher.install()
    assert [path.relative_to(home / "own") for path in written] == [
        Path(place) for place in launcher.FILES.values()
    ]
    assert validated(written[0]) == (0, "")
    command = shlex.split(entry(written[0].read_text())["Exec"].replace("%%", "%"))
    assert command[-1] == "show"
    assert Path(command[0]).is_absolute()
    # A desktop hides an entry whose TryExec it does not find, and takes quotes for a part of the name.
    assert "TryExec" not in entry(written[0].read_text())
    assert launcher.install() == []
    assert launcher.remove() == written
    assert not any(path.exists() for path in written)


def test_odd_folders_are_quoted(home, monkeypatch):
    odd = home / 'a "b" $c 100%'
    odd.mkdir()
    (odd / "mtpbackup").write_text("#!/bin/sh\n")
    (odd / "mtpbackup").chmod(0o755)
    monkeypatch.setattr(sys, "argv", [str(odd / "mtpbackup")])
    written = launcher.install()
    assert validated(written[0]) == (0, "")
    line = entry(written[0].read_text())["Exec"]
    # As the specification has it: first the string's own escapes, then the quoting, then the field codes.
    string = line.replace("\\\\", "\\").replace("\\$", "$")  # shlex leaves the dollar's backslash
    assert shlex.split(string)[0].replace("%%", "%") == str(odd / "mtpbackup")


def test_nothing_is_written_where_the_system_has_it(home):
    (home / "system/applications").mkdir(parents=True)
    (home / "system/applications/mtpbackup.desktop").write_text("")
    assert launcher.install() == []


def test_a_home_that_cannot_be_written_is_no_reason_to_fail(home):
    (home / "own").write_text("not a folder")
    assert launcher.install() == []


def test_a_wheel_brings_both_to_where_desktops_look():
    settings = tomllib.loads((PROJECT / "pyproject.toml").read_text())
    shared = settings["tool"]["hatch"]["build"]["targets"]["wheel"]["shared-data"]
    for name, place in launcher.FILES.items():
        assert shared[f"mtpbackup/desktop/share/{name}"] == f"share/{place}"
