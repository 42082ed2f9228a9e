"""The port over FunctionFS without a kernel's gadget: endpoint files are pipes, or stand-ins."""

from __future__ import annotations

import errno
import os
import signal
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from mtpbackup.errors import PhoneGone, TransferCancelled
from mtpbackup.virtual.functionfs.endpoints import WAKE_SIGNAL, Endpoint, allow_waking
from mtpbackup.virtual.functionfs.port import Endpoints, FunctionFsPort

SOON = 5.0


class Transfers:
    """Stands in for an endpoint file: reads give the host's transfers, cut as a device controller cuts them."""

    def __init__(self, *transfers: bytes | OSError) -> None:
        self.waiting = deque(transfers)
        self.written: list[bytes] = []

    def read(self, size: int, check: Any) -> bytes:
        assert size % 8 == 0, "the host's packet may not fit"
        check()
        first = self.waiting.popleft()
        if isinstance(first, OSError):
            raise first
        if len(first) >= size:
            self.waiting.appendleft(first[size:])
        return first[:size]

    def write(self, data: bytes, check: Any) -> None:
        check()
        self.written.append(data)

    def halt(self, *, to_host: bool, check: Any) -> None:
        self.written.append(b"halt")

    def wake(self, meant: Any) -> None:
        pass


def port_with(bulk_out: Any = None, bulk_in: Any = None, interrupt: Any = None) -> FunctionFsPort:
    endpoints = Endpoints(bulk_in or Transfers(), bulk_out or Transfers(), interrupt or Transfers())
    return FunctionFsPort(endpoints, 8)


@pytest.mark.parametrize(
    ("transfers", "limits", "expected"),
    [
        ([b"abc"], [16], [(b"abc", True)]),
        ([b"abcdefghij"], [16], [(b"abcdefghij", True)]),
        ([b"abcdefgh"], [16], [(b"abcdefgh", True)]),
        ([b"abcdefgh"], [8, 8], [(b"abcdefgh", False), (b"", True)]),
        ([b"abcdefghij"], [3, 5, 16], [(b"abc", False), (b"defgh", False), (b"ij", True)]),
        ([b"abcde"], [3, 2], [(b"abc", False), (b"de", True)]),
        ([b"abc", b"de"], [3, 8], [(b"abc", True), (b"de", True)]),
    ],
)
def test_transfers_end_where_the_host_ended_them(transfers, limits, expected):
    port = port_with(Transfers(*transfers))
    assert [port.receive(limit) for limit in limits] == expected


def test_parts_leave_in_whole_packets_and_an_empty_one_ends_them():
    bulk_in = Transfers()
    port = port_with(bulk_in=bulk_in)
    port.send([b"head", b"er", bytearray(10)])
    port.send([b"8 bytes."])
    port.send([b"8 bytes."], zero_length_end=False)
    assert b"".join(bulk_in.written) == b"header" + bytes(10) + b"8 bytes." * 2
    assert [len(piece) % 8 for piece in bulk_in.written] == [0, 0, 0, 0, 0]
    assert [piece == b"" for piece in bulk_in.written].count(True) == 2


@pytest.mark.parametrize("number", [errno.ESHUTDOWN, errno.ENODEV])
def test_a_function_that_was_switched_off(number):
    with pytest.raises(PhoneGone):
        port_with(Transfers(OSError(number, ""))).receive(8)


def test_a_stall_halts_both_endpoints():
    bulk_out, bulk_in = Transfers(), Transfers()
    port_with(bulk_out, bulk_in).stall()
    assert bulk_out.written == bulk_in.written == [b"halt"]


@pytest.fixture
def pipes(tmp_path: Path):
    """Three endpoint files that block, and the threads of a phone."""
    before = signal.getsignal(WAKE_SIGNAL)
    allow_waking()
    for name in ("in", "out", "event"):
        os.mkfifo(tmp_path / name)
    endpoints = Endpoints(*(Endpoint(tmp_path / name) for name in ("in", "out", "event")))
    with ThreadPoolExecutor(2) as threads:
        yield endpoints, threads, tmp_path
    for endpoint in endpoints.all():
        endpoint.close()
    signal.signal(WAKE_SIGNAL, before)


def blocked(endpoint: Endpoint) -> None:
    while not endpoint.blocked:
        os.sched_yield()


def test_cancel_ends_a_call_that_is_blocked_in_the_kernel(pipes):
    endpoints, threads, folder = pipes
    port = FunctionFsPort(endpoints, 512)
    for _ in range(20):
        receiving = threads.submit(port.receive, 512)
        blocked(endpoints.bulk_out)
        port.cancel()
        with pytest.raises(TransferCancelled):
            receiving.result(SOON)
    receiving = threads.submit(port.receive, 512)
    (folder / "out").write_bytes(b"command")
    assert receiving.result(SOON) == (b"command", True)


def test_cancel_without_a_call_is_forgotten(pipes):
    endpoints, threads, folder = pipes
    port = FunctionFsPort(endpoints, 512)
    port.cancel()
    receiving = threads.submit(port.receive, 512)
    (folder / "out").write_bytes(b"command")
    assert receiving.result(SOON) == (b"command", True)


def test_a_closed_port_ends_calls_and_takes_no_more(pipes):
    endpoints, threads, folder = pipes
    port = FunctionFsPort(endpoints, 512)
    full = os.open(folder / "event", os.O_WRONLY | os.O_NONBLOCK)
    while True:
        try:
            os.write(full, bytes(4096))
        except BlockingIOError:
            break
    calls = [threads.submit(port.receive, 512), threads.submit(port.send_event, b"event")]
    blocked(endpoints.bulk_out)
    blocked(endpoints.interrupt)
    port.close()
    for call in calls:
        with pytest.raises(PhoneGone):
            call.result(SOON)
    for later in (lambda: port.receive(8), lambda: port.send([b"x"]), lambda: port.send_event(b"x")):
        with pytest.raises(PhoneGone):
            later()
    os.close(full)
