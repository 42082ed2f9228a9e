"""Packets and boundaries, without any program: what libusb cannot be made to ask for, or only by chance."""

from __future__ import annotations

import errno

import pytest

from mtpbackup.virtual.usbfs.abi import ZERO_PACKET_FLAG
from mtpbackup.virtual.usbfs.pipes import InPipe, OutPipe, Urb

PACKET = 8


class Host:
    """Collects the URBs that ended, in their order."""

    def __init__(self) -> None:
        self.ended: list[Urb] = []

    def completed(self, urb: Urb) -> None:
        self.ended.append(urb)

    def urb(self, size: int, data: bytes = b"", flags: int = 0) -> Urb:
        return Urb(self, 0, 0, size, flags=flags, data=data)

    @property
    def outcomes(self) -> list[tuple[int | None, bytes]]:
        return [(urb.status, b"".join(urb.pieces)) for urb in self.ended]


@pytest.fixture
def broken():
    return []


@pytest.fixture
def in_pipe(broken):
    return InPipe(PACKET, lambda: None, lambda: broken.append(True))


@pytest.fixture
def out_pipe(broken):
    return OutPipe(PACKET, lambda: None, lambda: broken.append(True))


def send(pipe: InPipe, *parts: bytes, zero_length_end: bool = True) -> None:
    transfer = pipe.begin(zero_length_end)
    for part in parts:
        pipe.feed(transfer, part)
    pipe.finish(transfer)


@pytest.mark.parametrize(
    ("parts", "reads", "expected"),
    [
        ([b"abc"], [8], [b"abc"]),
        ([b"abcdefgh"], [8, 8], [b"abcdefgh", b""]),
        ([b"abcdefgh"], [16], [b"abcdefgh"]),
        ([b"abcdefghij"], [8, 8], [b"abcdefgh", b"ij"]),
        ([b"abcdefghij"], [16], [b"abcdefghij"]),
        ([b"ab", b"", b"cdefgh", b"ij"], [16], [b"abcdefghij"]),
        ([], [8], [b""]),
        ([b"x" * 16], [8, 8, 8], [b"x" * 8, b"x" * 8, b""]),
    ],
)
@pytest.mark.parametrize("first", ["phone", "host"])
def test_reads_end_where_transfers_end(in_pipe, parts, reads, expected, first):
    host = Host()
    if first == "phone":
        send(in_pipe, *parts)
    for size in reads:
        in_pipe.submit(host.urb(size))
    if first == "host":
        send(in_pipe, *parts)
    assert host.outcomes == [(0, data) for data in expected]


def test_only_whole_packets_travel_while_more_may_come(in_pipe):
    host, transfer = Host(), in_pipe.begin(True)
    in_pipe.submit(host.urb(32))
    in_pipe.feed(transfer, b"x" * 11)
    assert (in_pipe.in_hand, transfer.waiting) == (8, 3)
    in_pipe.feed(transfer, b"x" * 5)
    assert (in_pipe.in_hand, transfer.waiting) == (16, 0)
    in_pipe.finish(transfer)
    assert host.outcomes == [(0, b"x" * 16)]


def test_what_a_withdrawn_read_holds_is_not_sent_again(in_pipe):
    host, transfer = Host(), in_pipe.begin(True)
    cancelled = host.urb(32)
    in_pipe.submit(cancelled)
    in_pipe.feed(transfer, b"12345678abc")
    assert in_pipe.withdraw(cancelled, -errno.ENOENT)
    assert not in_pipe.withdraw(cancelled, -errno.ENOENT)
    in_pipe.finish(transfer)
    in_pipe.submit(host.urb(32))
    assert host.outcomes == [(-errno.ENOENT, b"12345678"), (0, b"abc")]


def test_an_overflowing_packet_is_cut_and_its_rest_is_lost(in_pipe):
    host = Host()
    send(in_pipe, b"0123456789abcdef", b"next")
    in_pipe.submit(host.urb(11))
    in_pipe.submit(host.urb(16))
    assert host.outcomes == [(-errno.EOVERFLOW, b"0123456789a"), (0, b"next")]


def test_a_transfer_without_its_empty_packet_runs_into_the_next(in_pipe):
    host = Host()
    in_pipe.submit(host.urb(32))
    send(in_pipe, b"12345678", zero_length_end=False)
    assert host.ended == []
    send(in_pipe, b"next")
    assert host.outcomes == [(0, b"12345678next")]


def test_transfers_queue(in_pipe):
    host = Host()
    send(in_pipe, b"one")
    send(in_pipe, b"two")
    for _ in range(2):
        in_pipe.submit(host.urb(8))
    assert host.outcomes == [(0, b"one"), (0, b"two")]


@pytest.mark.parametrize("fuse", [1, 8, 11, 16])
def test_the_fuse_blows_at_its_byte(in_pipe, broken, fuse):
    host = Host()
    in_pipe.fuse = fuse
    in_pipe.submit(host.urb(32))
    transfer = in_pipe.begin(True)
    in_pipe.feed(transfer, b"x" * 24)
    assert broken
    assert transfer.moved >= fuse
    assert in_pipe.in_hand >= fuse


@pytest.mark.parametrize(
    ("writes", "limit", "expected"),
    [
        ([b"abc"], 16, [(b"abc", True)]),
        ([b"abcdefgh"], 16, [(b"abcdefgh", False)]),
        ([b"abcdefgh", b""], 16, [(b"abcdefgh", False), (b"", True)]),
        ([b"abcdefghij"], 16, [(b"abcdefghij", True)]),
        ([b"abcdefghij"], 4, [(b"abcd", False), (b"efgh", False), (b"ij", True)]),
        ([b"abcd"], 4, [(b"abcd", True)]),
        ([b"abcdefgh", b"ij"], 16, [(b"abcdefgh", False), (b"ij", True)]),
    ],
)
def test_the_phone_sees_where_transfers_end(out_pipe, writes, limit, expected):
    host = Host()
    for data in writes:
        out_pipe.submit(host.urb(len(data), data))
    taken = []
    while (part := out_pipe.take(limit)) is not None:
        taken.append(part)
    assert taken == expected
    assert [(urb.status, urb.actual) for urb in host.ended] == [(0, len(data)) for data in writes]


@pytest.mark.parametrize(
    ("limit", "expected"),
    [(16, [(b"abcdefgh", True)]), (8, [(b"abcdefgh", False), (b"", True)])],
)
def test_an_empty_packet_may_be_asked_for_by_a_flag(out_pipe, limit, expected):
    host = Host()
    out_pipe.submit(host.urb(8, b"abcdefgh", ZERO_PACKET_FLAG))
    assert [out_pipe.take(limit) for _ in expected] == expected
    assert len(host.ended) == 1


def test_the_fuse_blows_while_receiving(out_pipe, broken):
    host = Host()
    out_pipe.fuse = 10
    out_pipe.submit(host.urb(24, b"x" * 24))
    assert out_pipe.take(8) == (b"x" * 8, False)
    assert not broken
    assert out_pipe.take(8) == (b"x" * 2, False)
    assert broken


def test_a_program_that_is_gone_leaves_nothing_behind(in_pipe, out_pipe):
    host = Host()
    read, write = host.urb(8), host.urb(3, b"old")
    in_pipe.submit(read)
    out_pipe.submit(write)
    for pipe in (in_pipe, out_pipe):
        pipe.forget([read, write])
    assert out_pipe.take(8) is None
    send(in_pipe, b"for the next")
    in_pipe.submit(host.urb(16))
    assert host.outcomes[-1] == (0, b"for the next")
