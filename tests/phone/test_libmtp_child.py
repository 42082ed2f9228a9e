"""The child with libmtp in it, when it answers, crashes, hangs, prints and is interrupted. No libmtp needed."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from mtpbackup.errors import (
    LibmtpCrashed,
    LibmtpFailed,
    LibmtpHung,
    LibmtpMismatch,
    LibmtpMissing,
    LibmtpUnsupported,
)
from mtpbackup.phone import Storage
from mtpbackup.phone.libmtp import LibmtpFinder, LibmtpPhone
from mtpbackup.phone.libmtp.finder import OpenChild
from mtpbackup.phone.libmtp.frames import BrokenPipes, FrameKind, receive, send, send_json
from mtpbackup.phone.libmtp.native import version_in
from mtpbackup.phone.libmtp.process import ChildProcess
from tests.transport.rigs import ctrl_c_when, eventually

#: Serves a library of a test's own in a real child process.
SERVE = """
import ctypes, os, sys, time
from mtpbackup.errors import *
from mtpbackup.phone.libmtp.child import Child

class Library:
    version = "test"
    def detect(self):
        {detect}
    def open(self, bus, address):
        return self
    def identity(self):
        {identity}
    def close(self):
        pass
    def children(self, storage, parent):
        {children}
    def part(self, handle, offset, length):
        return bytes(length)
    def stream(self, handle, take):
        {stream}

Child(int(sys.argv[1]), int(sys.argv[2]), {load}).serve()
"""

#: Its methods, where a test has none of its own.
PLAIN = {
    "detect": "return []",
    "identity": "return dict(bus=1)",
    "stream": "take(memoryview(b'x'))",
    "children": "return []",
    "load": "Library",
}


@pytest.fixture
def start():
    children = []

    def start(patience=20.0, **methods):
        program = SERVE.format(**PLAIN | methods)
        children.append(ChildProcess((sys.executable, "-c", program), patience))
        return children[-1]

    yield start
    for child in children:
        child.close()


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_it_answers_and_ends(start):
    child = start(detect="return [1, 2]")
    assert child.ask("detect") == [1, 2]
    pid = child.pid
    child.close()
    child.close()
    assert not alive(pid)
    with pytest.raises(LibmtpCrashed):
        child.ask("detect")


def test_content_comes_through_whole(start):
    child = start(stream="for n in range(50): take(memoryview(bytes([n]) * 100_000))")
    child.ask("open", bus=1, address=1)
    data = b"".join(child.ask_content("stream", handle=1))
    assert data == b"".join(bytes([n]) * 100_000 for n in range(50))
    assert b"".join(child.ask_content("part", handle=1, offset=0, length=7)) == bytes(7)


@pytest.mark.parametrize(
    ("crash", "signal_number"),
    [("ctypes.string_at(0)", signal.SIGSEGV), ("os.abort()", signal.SIGABRT), ("os._exit(3)", None)],
)
def test_a_crash_is_an_error_here(start, crash, signal_number):
    child = start(detect=crash)
    with pytest.raises(LibmtpCrashed) as caught:
        child.ask("detect")
    assert (caught.value.doing, caught.value.signal) == ("detect", signal_number)


def test_a_crash_in_the_middle_of_content(start):
    child = start(stream="take(memoryview(b'half')); ctypes.string_at(0)")
    child.ask("open", bus=1, address=1)
    content = child.ask_content("stream", handle=1)
    assert next(content) == b"half"
    with pytest.raises(LibmtpCrashed):
        next(content)


def test_a_hang_is_ended_and_told(start):
    child = start(detect="ctypes.CDLL(None).sleep(1000)", patience=0.5)
    pid = child.pid
    started = time.monotonic()
    with pytest.raises(LibmtpHung) as caught:
        child.ask("detect")
    assert time.monotonic() - started < 5
    assert (caught.value.doing, caught.value.seconds) == ("detect", 0.5)
    assert not alive(pid)


def test_slow_content_is_no_hang(start):
    child = start(stream="[(time.sleep(0.3), take(memoryview(b'x'))) for _ in range(5)]", patience=1.2)
    child.ask("open", bus=1, address=1)
    assert b"".join(child.ask_content("stream", handle=1)) == b"xxxxx"


def test_ctrl_c_reaches_the_parent_and_ends_the_child(start):
    child = start(detect="ctypes.CDLL(None).sleep(1000)")
    pid = child.pid
    with ctrl_c_when(lambda: alive(pid)), pytest.raises(KeyboardInterrupt):
        child.ask("detect")
    started = time.monotonic()
    child.close()
    assert time.monotonic() - started < 1
    assert not alive(pid)


def test_content_broken_off_ends_the_child(start):
    child = start(stream="while True: take(memoryview(bytes(100_000)))")
    child.ask("open", bus=1, address=1)
    content = child.ask_content("stream", handle=1)
    next(content)
    content.close()
    with pytest.raises(LibmtpFailed):
        child.ask("detect")
    assert not alive(child.pid)


def test_it_ends_with_its_parent_even_in_a_call():
    """The parent is killed while the child is deep in a call of libmtp's."""
    serve = SERVE.format(**PLAIN | {"detect": "ctypes.CDLL(None).sleep(1000)"})
    parent = textwrap.dedent(
        f"""
        import sys, threading, time
        from mtpbackup.phone.libmtp.process import ChildProcess
        child = ChildProcess((sys.executable, "-c", {serve!r}))
        print(child.pid, flush=True)
        child.ask("detect")
        """
    )

    with subprocess.Popen([sys.executable, "-c", parent], stdout=subprocess.PIPE, text=True) as process:
        pid = int(process.stdout.readline())
        eventually(lambda: alive(pid))
        process.kill()
        process.wait()
        eventually(lambda: not alive(pid))


def test_one_that_talks_nonsense_is_ended(start, monkeypatch):
    monkeypatch.setattr("mtpbackup.phone.libmtp.process._CLOSING", 0.1)
    child = start(detect="os.write(int(sys.argv[2]), b'x' * 100); time.sleep(1000)")
    pid = child.pid
    with pytest.raises(LibmtpCrashed):
        child.ask("detect")
    assert not alive(pid)


def test_a_finder_whose_child_died_starts_another(start):
    children = []
    finder = LibmtpFinder(lambda: children.append(start()) or children[-1])
    assert finder.find() == []
    os.kill(children[0].pid, signal.SIGKILL)
    eventually(lambda: not alive(children[0].pid))
    assert finder.find() == []
    assert len(children) == 2
    finder.close()


def test_one_that_dies_of_the_second_question_is_replaced(start, tmp_path):
    """Seen as alive until its last thread has ended, it is asked."""
    children, told = [], tmp_path / "told"
    dies_then = f"if os.path.exists({str(told)!r}): os._exit(1)\n        open({str(told)!r}, 'w'); return []"
    answers = "return []"

    def one_more():
        children.append(start(detect=answers if children else dies_then))
        return children[-1]

    finder = LibmtpFinder(one_more)
    assert finder.find() == []
    assert finder.find() == []
    assert len(children) == 2
    finder.close()


def test_one_that_dies_of_its_first_question_is_told(start):
    children = []
    finder = LibmtpFinder(lambda: children.append(start(detect="os._exit(1)")) or children[-1])
    with pytest.raises(LibmtpCrashed):
        finder.find()
    assert len(children) == 1
    finder.close()


def test_where_a_phone_cannot_be_opened_another_child_looks(start):
    """After the reset that libmtp gives it, a libusb that nobody tells would show the old address for ever."""
    children = []
    shown = "return [dict(bus=1, address=2, vendor_id=1, product_id=1, vendor='', product='', flags=0)]"

    def one_more():
        children.append(start(detect=shown, identity="raise LibmtpFailed('no answer')"))
        return children[-1]

    finder = LibmtpFinder(one_more)
    (found,) = finder.find()
    assert finder.find() != []
    assert len(children) == 1
    with pytest.raises(LibmtpFailed):
        found.open()
    assert [alive(child.pid) for child in children] == [False, False]
    assert finder.find() != []
    assert len(children) == 3
    finder.close()


def test_it_takes_no_module_from_the_folder_it_runs_in(tmp_path, monkeypatch):
    """Which may be one with a phone's files."""
    (tmp_path / "queue.py").write_text("raise SystemExit(9)")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "pymtp.py").write_text("raise ImportError('not here')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "elsewhere"))
    monkeypatch.chdir(tmp_path)
    finder = LibmtpFinder()
    with pytest.raises(LibmtpMissing):
        finder.find()
    finder.close()


@pytest.mark.parametrize("seconds", [0, 253_402_300_800, -(1 << 62), (1 << 63) - 1])
def test_a_date_beyond_the_calendar_is_none(start, seconds):
    child = start(children=f"return [(7, 'a.jpg', 5, {seconds}, False)]")
    facts = {"gives_parts": True} | dict.fromkeys(
        ("serial", "manufacturer", "model", "firmware", "friendly_name"), ""
    )
    phone = LibmtpPhone(OpenChild(child, facts))
    child.ask("open", bus=1, address=1)
    (item,) = phone.list_folder(Storage(0x10001, "Internal", "Internal", 0, 0, False, True))
    assert (item.name, item.modified) == ("a.jpg", None)


def test_what_it_prints_reaches_nobody(start, capfd):
    """libmtp prints by C's stdio and by descriptors."""
    noise = (
        "os.write(1, b'noise'); os.write(2, b'noise'); ctypes.CDLL(None).puts(b'noise'); "
        "ctypes.CDLL(None).fflush(None); print('noise', flush=True); return []"
    )
    assert start(detect=noise).ask("detect") == []
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("load", "error", "fact"),
    [
        ("(lambda: (_ for _ in ()).throw(LibmtpMissing('pymtp')))", LibmtpMissing, "pymtp"),
        ("(lambda: (_ for _ in ()).throw(LibmtpUnsupported('1.1.19')))", LibmtpUnsupported, "1.1.19"),
        ("(lambda: (_ for _ in ()).throw(LibmtpMismatch('X_t')))", LibmtpMismatch, "X_t"),
        ("(lambda: (_ for _ in ()).throw(LibmtpFailed('no')))", LibmtpFailed, "no"),
    ],
)
def test_its_errors_are_raised_here(start, load, error, fact):
    with pytest.raises(error) as caught:
        start(load=load).ask("detect")
    assert fact in str(caught.value)


def test_without_pymtp_it_says_so(tmp_path, monkeypatch):
    (tmp_path / "pymtp.py").write_text("raise ImportError('not here')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    finder = LibmtpFinder()
    with pytest.raises(LibmtpMissing) as caught:
        finder.find()
    assert caught.value.library == "pymtp"
    finder.close()


def test_without_libmtp_it_says_so(tmp_path, monkeypatch):
    """pymtp then loads the program itself and misses libmtp's functions in it."""
    (tmp_path / "pymtp.py").write_text("import ctypes\nctypes.CDLL(None).LIBMTP_Detect_Raw_Devices")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    finder = LibmtpFinder()
    with pytest.raises(LibmtpMissing) as caught:
        finder.find()
    assert caught.value.library == "libmtp"
    finder.close()


def test_the_version_is_read_from_the_library():
    assert version_in(b"..\x00LIBMTP\x001.1.20\x00usb\x00") == "1.1.20"
    assert version_in(b"..\x00version 1.1.20\x00..") == ""


def test_frames_are_told_from_what_is_none():
    reader, writer = os.pipe()
    send_json(writer, FrameKind.RESULT, {"a": "ü"})
    assert receive(reader) == (FrameKind.RESULT, b'{"a": "\\u00fc"}')
    os.write(writer, b"noise on the line")
    with pytest.raises(BrokenPipes):
        receive(reader)
    os.close(writer)
    with pytest.raises(BrokenPipes):
        while True:
            receive(reader)
    os.close(reader)
    reader, writer = os.pipe()
    os.close(reader)
    with pytest.raises(BrokenPipes):
        send(writer, FrameKind.DATA, b"x")
    os.close(writer)
