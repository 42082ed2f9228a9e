"""The bytes between us and the preload library, with a stand-in for the program."""

from __future__ import annotations

import socket
import struct
import threading

import pytest

from mtpbackup.errors import LibraryMissing
from mtpbackup.virtual.usbfs import preload
from mtpbackup.virtual.usbfs.preload import Client, Request, RequestKind

WORDS = struct.Struct("@LLL")
IOCTL, DONE, READ_MEMORY, WRITE_MEMORY = 1, 3, 5, 6


class Program(threading.Thread):
    """Sends one request and serves its memory, one recv() for each header as the library does."""

    def __init__(self, connection: socket.socket, memory: bytearray) -> None:
        super().__init__()
        self.memory = memory
        self.answer: tuple[int, int] | None = None
        self.partial_headers = 0
        self._socket = connection

    def run(self) -> None:
        self._socket.sendall(WORDS.pack(IOCTL, 0x1234, 0x5678))
        while True:
            header = self._socket.recv(WORDS.size)
            if len(header) != WORDS.size:
                self.partial_headers += 1
                return
            kind, first, second = WORDS.unpack(header)
            if kind == DONE:
                self.answer = (first, second)
                return
            if kind == READ_MEMORY:
                self._socket.sendall(self.memory[first : first + second])
            if kind == WRITE_MEMORY:
                view = memoryview(self.memory)[first : first + second]
                while view:
                    view = view[self._socket.recv_into(view) :]


@pytest.fixture
def ends():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


def test_a_call_reads_and_writes_memory_and_ends_with_result_and_errno(ends):
    program = Program(ends[1], bytearray(b"0123456789"))
    program.start()
    client = Client(ends[0])
    assert client.next_request() == Request(RequestKind.IOCTL, 0x1234, 0x5678)
    assert client.read_memory(2, 3) == b"234"
    assert client.read_memory(2, 0) == b""
    client.write_memory(0, b"ab", b"", memoryview(b"c"))
    client.write_memory(9, b"z")
    client.answer(-1, 11)
    program.join()
    assert bytes(program.memory) == b"abc345678z"
    assert program.answer == (0xFFFF_FFFF_FFFF_FFFF, 11)


@pytest.mark.parametrize("size", [10, 4096, 5000, 40_000, 300_000, 2_000_000])
def test_headers_are_never_split_however_much_is_written(ends, size):
    """The library takes a header with one recv(): split over two buffers it would read nonsense."""
    program = Program(ends[1], bytearray(size + 100))
    program.start()
    client = Client(ends[0])
    client.next_request()
    pieces = [bytes([number % 251]) * 997 for number in range(size // 997)] + [b"r" * (size % 997)]
    for place in range(0, 80, 8):
        client.write_memory(size + place, b"small")
    client.write_memory(0, *pieces)
    client.write_memory(size + 90, b"end")
    client.answer(0)
    program.join()
    assert program.partial_headers == 0
    assert program.memory[:size] == b"".join(pieces)
    assert program.memory[size + 90 : size + 93] == b"end"


class Recorder:
    """Stands in for the socket: what each sendmsg() was given."""

    def __init__(self) -> None:
        self.calls: list[bytes] = []

    def sendmsg(self, pieces) -> int:
        self.calls.append(b"".join(pieces))
        return len(self.calls[-1])


@pytest.mark.parametrize("size", [10, 4096, 4097, 27_000, 33_000, 300_000])
def test_every_header_lies_in_the_first_buffer_of_its_call(size):
    """The first 32 KiB of a sendmsg() share one buffer; after them the socket may cut anywhere."""
    recorder = Recorder()
    client = Client(recorder)
    for _ in range(20):
        client.write_memory(0, b"s" * 1600)
    client.write_memory(0, b"x" * size)
    client.write_memory(0, b"y" * 4)
    client.answer(0)
    stream, at, headers = b"".join(recorder.calls), 0, 0
    starts = [sum(map(len, recorder.calls[:number])) for number in range(len(recorder.calls))]
    while at < len(stream):
        start = max(start for start in starts if start <= at)
        assert at + WORDS.size - start <= 32 * 1024
        kind, _, length = WORDS.unpack_from(stream, at)
        at += WORDS.size + (length if kind == WRITE_MEMORY else 0)
        headers += 1
    assert (at, headers) == (len(stream), 23)


def test_a_program_that_ends(ends):
    client = Client(ends[0])
    ends[1].close()
    assert client.next_request() is None
    with pytest.raises(OSError, match=r".*"):
        client.read_memory(0, 10)


def test_the_environment_keeps_other_preloaded_libraries(tmp_path):
    environment = preload.environment(tmp_path, {"LD_PRELOAD": "/lib/other.so", "X": "1"})
    assert environment["LD_PRELOAD"] == f"/lib/other.so:{preload.LIBRARY}"
    assert (environment["UMOCKDEV_DIR"], environment["X"]) == (str(tmp_path), "1")
    assert preload.environment(tmp_path, environment)["LD_PRELOAD"] == environment["LD_PRELOAD"]


def test_a_missing_library_is_named(monkeypatch):
    monkeypatch.setattr(preload, "LIBRARY", "libumockdev-preload.so.nowhere")
    with pytest.raises(LibraryMissing) as caught:
        preload.require_library()
    assert caught.value.library == "libumockdev-preload.so.nowhere"
