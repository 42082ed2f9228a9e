"""The disk of the lab that loses its cache: what was flushed is kept, of the rest some is lost."""

from __future__ import annotations

import random
import socket
import struct
import sys
import time

import pytest

from tests.project.test_tree import ROOT

sys.path.insert(0, str(ROOT / "scripts/lab"))

from labvm.volatile_disk import VolatileDisk

SIZE = 64 * 512
READ, WRITE, DISCONNECT, FLUSH = range(4)
FUA = 1


class Client:
    """A machine's end, by the words of the protocol's description."""

    def __init__(self, address):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(str(address))
        assert self.take(18) == b"NBDMAGICIHAVEOPT\0\3"
        self.socket.sendall(struct.pack(">I", 3))
        # An option that it does not know is refused, and the next one is heard.
        self.socket.sendall(b"IHAVEOPT" + struct.pack(">II", 8, 0))
        assert struct.unpack(">QIII", self.take(20)) == (0x3E889045565A9, 8, 0x80000001, 0)
        self.socket.sendall(b"IHAVEOPT" + struct.pack(">II", 1, 0))
        size, flags = struct.unpack(">QH", self.take(10))
        assert size == SIZE
        assert flags & 4  # it can be flushed

    def take(self, length):
        data = b""
        while len(data) < length:
            piece = self.socket.recv(length - len(data))
            assert piece
            data += piece
        return data

    def ask(self, kind, offset=0, data=b"", length=None, flags=0):
        length = len(data) if length is None else length
        self.socket.sendall(struct.pack(">IHHQQI", 0x25609513, flags, kind, 7, offset, length) + data)
        assert struct.unpack(">IIQ", self.take(16)) == (0x67446698, 0, 7)
        return self.take(length) if kind == READ else b""


class Never(random.Random):
    """Keeps nothing of what is in the cache."""

    def choice(self, _):
        return 0.0


@pytest.fixture
def disk(tmp_path):
    with VolatileDisk(tmp_path / "medium", SIZE, tmp_path / "socket") as disk:
        yield disk


def connected(disk):
    return Client(disk.address)


def test_what_is_not_flushed_is_lost(disk):
    machine = connected(disk)
    machine.ask(WRITE, 512, b"a" * 1024)
    machine.ask(FLUSH)
    machine.ask(WRITE, 1024, b"b" * 512)
    machine.ask(WRITE, 4096, b"c" * 512, flags=FUA)
    assert machine.ask(READ, 512, length=1536) == b"a" * 512 + b"b" * 512 + b"\0" * 512
    assert machine.ask(READ, 700, length=600) == b"a" * 324 + b"b" * 276
    assert (disk.flushes, disk.written) == (1, 2048)
    machine.socket.close()
    assert disk.cut(Never()) == (1, 1)
    machine = connected(disk)
    assert machine.ask(READ, 512, length=1024) == b"a" * 1024
    assert machine.ask(READ, 4096, length=512) == b"c" * 512
    machine.socket.close()


def test_each_sector_that_is_not_flushed_is_as_it_was_or_as_it_was_written(disk):
    machine = connected(disk)
    chance = random.Random(3)
    old, new = b"o" * SIZE, b"n" * SIZE
    fates = set()
    for _ in range(20):
        machine.ask(WRITE, 0, old)
        machine.ask(FLUSH)
        machine.ask(WRITE, 0, new)
        held, lost = disk.cut(chance)
        found = machine.ask(READ, 0, length=SIZE)
        sectors = [found[start : start + 512] for start in range(0, SIZE, 512)]
        assert set(sectors) <= {old[:512], new[:512]}
        assert held == 64
        assert sectors.count(old[:512]) == lost
        fates.add(lost)
    assert len(fates) > 5
    machine.socket.close()


def test_at_a_chosen_flush_it_answers_nothing_more(disk):
    machine = connected(disk)
    disk.stick_at(2)
    machine.ask(WRITE, 0, b"a" * 512)
    machine.ask(FLUSH)
    machine.ask(FLUSH)  # nothing would be lost at this one
    machine.ask(WRITE, 512, b"b" * 512)
    assert not disk.stuck
    machine.socket.sendall(struct.pack(">IHHQQI", 0x25609513, 0, FLUSH, 7, 0, 0))
    deadline = time.monotonic() + 10
    while not disk.stuck:
        assert time.monotonic() < deadline
        time.sleep(0.005)
    assert disk.cut(Never()) == (1, 1)
    assert machine.socket.recv(16) == b""
    machine.socket.close()
    machine = connected(disk)
    assert machine.ask(READ, 0, length=1024) == b"a" * 512 + b"\0" * 512
    machine.ask(FLUSH)
    machine.socket.close()
