"""Every hostile phone, met by the program as a person starts it, in words and in JSON.

Each time: it ends by itself in bounded time and memory, what it says holds no character that a terminal or an
eye obeys, nothing is written outside the destination, and what it calls safe are whole files of the phone.
"""

from __future__ import annotations

import hashlib
import json
import os
import pty
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from mtpbackup.messages import ExitCode
from mtpbackup.virtual import VirtualPhone
from mtpbackup.virtual.hostile import CONTROLS, HOSTILE
from tests.campaign.checks import check_sums, read_backup
from tests.campaign.world import whole
from tests.hostile.backing_up import BETWEEN, NEW

ROOT = Path(__file__).resolve().parents[2]
#: Kilobytes that the program and the phone may have together, and seconds that it may take on a busy computer.
MEMORY, SECONDS = 200_000, 110
#: What a terminal or an eye obeys, the end of a line left out.
OBEYED = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]")

OK, FAILED, ERROR, GONE = ExitCode.OK, ExitCode.SOME_FAILED, ExitCode.ERROR, ExitCode.UNPLUGGED

#: Phone, exit code, files saved, a part of what a person reads, and that in short.
MET = [
    ("path traversal", OK, 32, "32 files copied and checked", "a backup; every name stays inside it"),
    (
        "control and bidi characters",
        FAILED,
        23,
        "11 could not be saved",
        "names, with � for what a terminal obeys",
    ),
    (
        "strings that are no UTF-16",
        FAILED,
        5,
        "1 could not be saved",
        "what has no readable name is counted as failed",
    ),
    ("two objects with one name", OK, 12, "12 files copied and checked", "both are saved, one with a number"),
    (
        "10,000 levels",
        FAILED,
        3,
        "1 could not be saved: DCIM/0/1/2",
        "all down to 200 levels; the rest is named",
    ),
    (
        "cycle of folders",
        FAILED,
        4,
        "folder 1/folder 2/folder 3/folder 1",
        "each picture once; the cycle is named",
    ),
    ("its own parent", OK, 2, "2 files copied and checked", "each picture once"),
    ("folders without end", FAILED, 299, "… and", "so many folders, the others are named as failed"),
    (
        "sizes that lie",
        FAILED,
        2,
        "15 could not be saved",
        "those whose size is wrong are named, the others saved",
    ),
    (
        "counts of 2^32-1",
        FAILED,
        0,
        "1 could not be saved: DCIM",
        "the folder that could not be listed is named",
    ),
    (
        "three million handles",
        FAILED,
        0,
        "could not be saved: Internal shared storage",
        "the storage is named as failed",
    ),
    ("dates of the years 0 and 9999", OK, 12, "12 files copied and checked", "a backup like any other"),
    (
        "endless content",
        FAILED,
        0,
        "1 could not be saved",
        "the phone is lost three times, the picture is named",
    ),
    (
        "endless lists",
        FAILED,
        0,
        "could not be saved: Internal shared storage",
        "the storage is named as failed",
    ),
    ("a thousand empty packets", FAILED, 0, "1 could not be saved", "the picture is named"),
    ("a million storages", ERROR, 0, "answered out of turn", "an error at once"),
    ("DeviceInfo of 4 GiB", ERROR, 0, "answered out of turn", "an error at once"),
    ("busy for ever", GONE, 0, "0 of 201 are safe", "the phone didn't answer; the run ends after nine times"),
    ("always busy", ERROR, 0, "The phone said no", "the phone said no, after eight seconds"),
    ("events without end", OK, 101, "101 files copied and checked", "a backup like any other"),
]


@dataclass
class Run:
    """What was said, in words and in JSON, and what it took."""

    said: str
    lines: list[dict[str, object]]
    codes: list[int]
    peak: int
    new: dict[str, str]


def run(name: str, *arguments: str, state: Path) -> Run:
    reading, writing = os.pipe()
    try:
        done = subprocess.run(
            [sys.executable, "-m", "tests.hostile.backing_up", name, *arguments],
            cwd=ROOT,
            env=os.environ | {"XDG_STATE_HOME": str(state), "FACTS": str(writing)},
            pass_fds=[writing],
            capture_output=True,
            timeout=SECONDS,
            check=False,
        )
    finally:
        os.close(writing)
    with os.fdopen(reading) as pipe:
        facts = json.loads(pipe.read() or "{}")
    assert facts, f"{name}: no end; {done.stderr.decode()}"
    words, in_json = done.stdout.decode().split(BETWEEN)
    said = words + done.stderr.decode().split(BETWEEN)[0]
    assert OBEYED.findall(done.stdout.decode() + done.stderr.decode()) == []
    assert b"Traceback" not in done.stderr
    return Run(said, [json.loads(line) for line in in_json.split("\n") if line], **facts)


def contents(phone: VirtualPhone) -> set[str]:
    """Every content on a phone whose files can be walked; nothing for those that make up their answers."""
    found, waiting, seen = set(), [store.root for store in phone.storages], set()
    while waiting and len(seen) < 20_000:
        node = waiting.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if node.content is not None:
            found.add(hashlib.sha256(whole(node.content)).hexdigest())
        waiting += node.children.values()
    return found


#: Pictures that are made up in answers: ten times one byte, or a small one in each folder.
MADE_UP = {hashlib.sha256(bytes([number]) * 10).hexdigest() for number in range(256)} | {
    hashlib.sha256(b"\xff\xd8" + bytes(40)).hexdigest()
}


def shown(name, code, files, words, sees):
    return pytest.param(
        name, code, files, words, marks=pytest.mark.shows(name, sees=sees, kind="hostile"), id=name
    )


@pytest.mark.parametrize(("name", "code", "files", "words"), [shown(*row) for row in MET])
def test_met_by_the_program(name, code, files, words, tmp_path):
    destination = tmp_path / "inner" / "destination"
    destination.parent.mkdir()
    done = run(name, "backup", "--to", str(destination), state=tmp_path / "state")
    assert words in done.said
    assert done.codes == [code, code], done.said
    assert done.peak < MEMORY
    assert done.lines[-1]["message_type"] in ("summary", "error")
    assert {path.name for path in tmp_path.iterdir()} <= {"state", "inner"}
    assert {path.name for path in destination.parent.iterdir()} <= {"destination"}
    assert [path for path in destination.rglob("*") if path.is_symlink()] == []
    items = read_backup(destination)
    assert len(items) == files
    assert {item.sha256 for item in items} <= contents(HOSTILE[name]()) | MADE_UP
    check_sums(destination)


@pytest.mark.parametrize("command", [["ls"], ["devices"]])
def test_no_control_is_obeyed_when_folders_and_phones_are_listed(command, tmp_path):
    done = run("control and bidi characters", *command, state=tmp_path)
    assert done.codes == [OK, OK]
    assert "Phone" in done.said or "folder" in done.said
    assert done.lines


#: Those on which nothing can be put back: all that is asked is that it ends, and is not said to be there.
REFUSED = {
    "strings that are no UTF-16",
    "cycle of folders",
    "its own parent",
    "counts of 2^32-1",
    "three million handles",
    "endless content",
    "endless lists",
    "a thousand empty packets",
    "a million storages",
    "DeviceInfo of 4 GiB",
    "busy for ever",
    "always busy",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_files_are_put_back_on_a_hostile_phone_or_are_not_said_to_be(name, tmp_path):
    source = {"a.jpg": b"\xff\xd8" * 3_500, "b.jpg": bytes(70_000)}
    (tmp_path / "source").mkdir()
    for path, data in source.items():
        (tmp_path / "source" / path).write_bytes(data)
    words = ("--from", str(tmp_path / "source"), "--into", NEW, "--yes")
    done = run(name, "restore", *words, state=tmp_path / "state")
    refused = name in REFUSED
    assert done.codes[0] in ({FAILED, ERROR, GONE} if refused else {OK}), done.said
    # What arrived in a first run that could not prove it is there already in the second.
    assert done.codes[1] in {OK, FAILED, ERROR, GONE}
    assert done.peak < MEMORY
    assert done.lines[-1]["message_type"] in ("summary", "error")
    assert ("2 photos put back" in done.said) != refused
    if OK in done.codes:
        assert done.new == {path: hashlib.sha256(data).hexdigest() for path, data in source.items()}
    assert {path.name for path in tmp_path.iterdir()} <= {"source", "state"}
    assert {path.name: path.read_bytes() for path in (tmp_path / "source").iterdir()} == source


def test_no_control_is_obeyed_in_what_is_said_of_the_phone_afterwards(tmp_path):
    """By all that tells of it, also when it is not there any more; `run` looks at every character."""
    name, to, state = "control and bidi characters", str(tmp_path / "destination"), tmp_path / "state"
    run(name, "backup", "--to", to, state=state)
    for words in (["status"], ["verify"], ["doctor"]):
        done = run(name, *words, "--to", to, state=state)
        assert done.codes == [OK, OK], done.said
        assert done.lines
    assert "Not saved yet" in run(name, "status", "--to", to, state=state).said
    done = run(name, "restore", "--from", to, "--yes", "--verify", state=state)
    assert done.codes == [OK, OK], done.said
    assert "is called" in done.said


def test_every_hostile_phone_is_met():
    assert [row[0] for row in MET] == list(HOSTILE)
    assert set(HOSTILE) >= REFUSED


def test_on_a_terminal_with_colours_and_a_bar(tmp_path):
    """What is drawn there is the program's own: none of the phone's characters is obeyed."""
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "tests.hostile.backing_up",
            "control and bidi characters",
            "backup",
            "--to",
            str(tmp_path / "destination"),
        ],
        cwd=ROOT,
        env=os.environ | {"XDG_STATE_HOME": str(tmp_path / "state"), "TERM": "xterm-256color"},
        stdin=slave,
        stdout=slave,
        stderr=slave,
    )
    os.close(slave)
    said = b""
    while True:
        try:
            piece = os.read(master, 65536)
        except OSError:
            break
        if not piece:
            break
        said += piece
    os.close(master)
    assert process.wait(60) == FAILED
    text = said.decode()
    assert "\x1b[" in text, "colours"
    assert "could not be saved" in text
    assert [control for control in CONTROLS if control in text and control not in ("\r", "\n")] == []
    assert "taken over" not in text or "\x1b]0;" not in text
