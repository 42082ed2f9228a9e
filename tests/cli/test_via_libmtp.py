"""What a person reads where libmtp, in its process, crashes, hangs, prints, is missing or differs."""

from __future__ import annotations

import json
import sys
from contextlib import contextmanager

import pytest

from mtpbackup.cli import backup, ls, restore
from mtpbackup.phone.libmtp import LibmtpFinder
from mtpbackup.phone.libmtp.process import ChildProcess
from tests.phone.test_libmtp_child import PLAIN, SERVE

#: A phone that is found and opened.
THERE = "return [dict(bus=1, address=2, vendor_id=1, product_id=1, vendor='', product='', flags=0)]"
TEXTS = ("serial", "manufacturer", "model", "firmware", "friendly_name")
IDENTITY = f"return dict.fromkeys({TEXTS}, '') | dict(gives_parts=1)"

#: What the child does instead, and what is read.
CASES = {
    "crash": (
        {"detect": "ctypes.string_at(0)"},
        "libmtp crashed (at: detect, signal 11). What was saved so far is safe.",
    ),
    "hang": (
        {"detect": "ctypes.CDLL(None).sleep(1000)"},
        "libmtp gave no answer for 1 s and was stopped (at: detect).",
    ),
    "crash when opening": ({"detect": THERE, "identity": "os.abort()"}, "libmtp crashed (at: open, signal 6)."),
    "prints": (
        {"detect": "os.write(1, b'NOISE'); os.write(2, b'NOISE'); print('NOISE', flush=True); return 1 // 0"},
        "libmtp crashed (at: detect). What was saved so far is safe.",
    ),
    "missing": (
        {"load": "(lambda: (_ for _ in ()).throw(LibmtpMissing('libmtp')))"},
        "libmtp is not installed.\n  On Debian, Ubuntu or Mint:  sudo apt install libmtp9",
    ),
    "unknown": (
        {"load": "(lambda: (_ for _ in ()).throw(LibmtpUnsupported('1.1.19')))"},
        "libmtp 1.1.19 is not used: mtpbackup doesn't know it.\n  It knows 1.1.20 to 1.1.22.",
    ),
    "another shape": (
        {"load": "(lambda: (_ for _ in ()).throw(LibmtpMismatch('LIBMTP_file_t')))"},
        "libmtp is not used: its data has another shape here than mtpbackup knows (LIBMTP_file_t).",
    ),
}


@pytest.fixture
def children(monkeypatch):
    """The children that were started, each of which does what `methods` says."""
    started: list[ChildProcess] = []
    methods: dict[str, str] = {}

    def start() -> ChildProcess:
        # One that hangs is not waited for; any other may take its time to start on a busy computer.
        patience = 1.0 if "sleep" in methods.get("detect", "") else 60.0
        program = SERVE.format(**PLAIN | {"identity": IDENTITY} | methods)
        started.append(ChildProcess((sys.executable, "-c", program), patience))
        return started[-1]

    @contextmanager
    def libmtp_phones():
        finder = LibmtpFinder(start)
        try:
            yield finder
        finally:
            finder.close()

    for module in (backup, ls, restore):
        monkeypatch.setattr(module, "libmtp_phones", libmtp_phones)
    yield started, methods
    for child in started:
        child.close()


@pytest.mark.parametrize("command", ["ls", "backup"])
@pytest.mark.parametrize("case", CASES)
def test_it_is_a_sentence_and_not_the_end_of_the_program(mtpbackup, children, tmp_path, capfd, case, command):
    started, methods = children
    facts, words = CASES[case]
    methods |= facts
    to = ("--to", tmp_path / "backup", "--wait", "0") if command == "backup" else ()
    told = mtpbackup(command, *to, "--via", "libmtp")
    assert told.exit_code == 1, told.output
    assert words in told.output
    assert "Traceback" not in told.output
    in_json = mtpbackup(command, *to, "--via", "libmtp", "--json")
    lines = [json.loads(line) for line in in_json.output.splitlines()]
    assert lines[-1]["exit_code"] == 1
    assert started
    assert not any(child.running for child in started)
    assert "NOISE" not in told.output + in_json.output + "".join(capfd.readouterr())
