"""The ring of reads, over a driver whose every step the test decides."""

import pytest

from mtpbackup.errors import EndpointStalled, PhoneGone, TransferOverflow, TransportError, TransportTimeout
from mtpbackup.transport.base import TransportOptions
from mtpbackup.transport.reading import SMALLEST_CHUNK, ReadRing
from mtpbackup.transport.requests import NoRoom, Outcome, Wake

from .rigs import Background, eventually

CHUNK = 64 * 1024
PACKET = 512


class ScriptedDriver:
    """Ends each read as the script says, at once; without a script they stay in flight."""

    def __init__(self, *script):
        self.script = list(script)
        self.sizes = []
        self.in_flight = []
        self.limit = None
        self.withdrawn_with = []

    def submit(self, request):
        if self.limit is not None and sum(r.size for r in self.in_flight) + request.size > self.limit:
            raise NoRoom("full")
        self.sizes.append(request.size)
        self.in_flight.append(request)
        if self.script:
            self.end(request, *self.script.pop(0))

    def end(self, request, outcome, data=b""):
        self.in_flight.remove(request)
        request.view[: len(data)] = data
        request.finish(outcome, len(data))

    def withdraw(self, request):
        data = self.withdrawn_with.pop() if self.withdrawn_with else b""
        self.end(request, Outcome.WITHDRAWN, data)


def ring_of(driver, chunk_size=CHUNK, depth=4, buffers=8):
    return ReadRing(driver, Wake(), TransportOptions(chunk_size, depth, buffers), PACKET)


def full(byte):
    return Outcome.COMPLETE, bytes([byte]) * CHUNK


def take(ring, wanted, timeout=1.0):
    chunk = ring.read(wanted, timeout)
    data, ended = bytes(chunk.data), chunk.ended
    chunk.release()
    return data, ended


@pytest.mark.parametrize(
    ("wanted", "sizes"),
    [
        (1, [512]),
        (512, [512]),
        (513, [1024]),
        (CHUNK, [CHUNK]),
        (CHUNK + 1, [CHUNK, 512]),
        (3 * CHUNK + 700, [CHUNK, CHUNK, CHUNK, 1024]),
        (100 * CHUNK, [CHUNK] * 4),
    ],
)
def test_reads_cover_what_is_wanted_and_no_more(wanted, sizes):
    driver = ScriptedDriver()
    with pytest.raises(TransportTimeout):
        ring_of(driver).read(wanted, 0.01)
    assert driver.sizes == sizes


def test_what_is_in_flight_already_counts():
    driver = ScriptedDriver(full(1))
    ring = ring_of(driver)
    data, ended = take(ring, 6 * CHUNK)
    assert (data, ended) == (bytes([1]) * CHUNK, False)
    assert len(driver.sizes) == 4
    driver.end(driver.in_flight[0], *full(2))
    take(ring, 5 * CHUNK)
    assert len(driver.sizes) == 6
    driver.end(driver.in_flight[0], *full(3))
    take(ring, 4 * CHUNK)
    assert len(driver.sizes) == 6


def test_after_a_short_packet_nothing_is_asked_for():
    driver = ScriptedDriver((Outcome.COMPLETE, b"response"))
    ring = ring_of(driver, depth=1)
    assert take(ring, CHUNK) == (b"response", True)
    assert driver.sizes == [CHUNK]


def test_after_a_short_packet_that_was_waited_for_nothing_is_asked_for():
    driver = ScriptedDriver()
    reader = Background(lambda: take(ring_of(driver), 6 * CHUNK))
    eventually(lambda: len(driver.in_flight) == 4)
    driver.end(driver.in_flight[0], Outcome.COMPLETE, b"response")
    assert reader.outcome() == (b"response", True)
    assert driver.sizes == [CHUNK] * 4


def test_an_empty_packet_ends_a_transfer():
    assert take(ring_of(ScriptedDriver((Outcome.COMPLETE, b""))), 512) == (b"", True)


@pytest.mark.parametrize(
    ("outcome", "error"),
    [
        (Outcome.STALLED, EndpointStalled),
        (Outcome.GONE, PhoneGone),
        (Outcome.OVERFLOW, TransferOverflow),
        (Outcome.FAILED, TransportError),
    ],
)
def test_bytes_before_an_error_are_handed_out_first(outcome, error):
    driver = ScriptedDriver((outcome, b"before"))
    ring = ring_of(driver)
    assert take(ring, 3 * CHUNK) == (b"before", False)
    with pytest.raises(error):
        ring.read(3 * CHUNK, 1.0)
    assert not driver.in_flight  # what was asked for behind the error is withdrawn
    driver.script = [(Outcome.COMPLETE, b"works")]
    assert take(ring, 512) == (b"works", True)


def test_with_little_memory_reads_are_halved():
    driver = ScriptedDriver()
    driver.limit = CHUNK  # one of the full size, or two halves
    ring = ring_of(driver, depth=2)
    with pytest.raises(TransportTimeout):
        ring.read(4 * CHUNK, 0.01)
    driver.limit = None
    driver.sizes.clear()
    with pytest.raises(TransportTimeout):
        ring.read(4 * CHUNK, 0.01)
    assert driver.sizes == [SMALLEST_CHUNK] * 1
    assert ring_of(driver)  # the next ring starts with full reads again


def test_without_any_memory_a_read_fails():
    driver = ScriptedDriver()
    driver.limit = 0
    with pytest.raises(TransportError, match="no memory"):
        ring_of(driver).read(CHUNK, 1.0)


def test_bytes_found_by_the_watchdog_are_handed_out():
    driver = ScriptedDriver()
    driver.withdrawn_with = [b"d" * 1024]
    assert take(ring_of(driver), CHUNK, timeout=0.01) == (b"d" * 1024, False)


def test_withdrawing_keeps_bytes_and_discarding_counts_them():
    driver = ScriptedDriver(full(1))
    ring = ring_of(driver, depth=2)
    take(ring, 2 * CHUNK)
    driver.withdrawn_with = [b"d" * 512]
    ring.withdraw()
    assert ring.discard() == 512
    assert ring.discard() == 0


def test_every_buffer_comes_back():
    """As many rounds as it takes to find a buffer that leaks on any way out."""
    driver = ScriptedDriver()
    ring = ring_of(driver, depth=2, buffers=2)
    for _ in range(20):
        driver.script = [(Outcome.COMPLETE, b"")]
        take(ring, 512)
        driver.script = [(Outcome.STALLED, b"")]
        with pytest.raises(EndpointStalled):
            ring.read(4 * CHUNK, 0.01)
        with pytest.raises(TransportTimeout):
            ring.read(4 * CHUNK, 0.001)
        driver.script = [full(7)]
        take(ring, 4 * CHUNK)
        ring.discard()
    driver.limit = 0
    for _ in range(5):
        with pytest.raises(TransportError):
            ring.read(512, 0.01)
    driver.limit = None
    driver.script = [(Outcome.COMPLETE, b"works")]
    assert take(ring, 512) == (b"works", True)


@pytest.mark.parametrize(
    "options",
    [TransportOptions(chunk_size=1000), TransportOptions(chunk_size=0), TransportOptions(depth=4, buffers=3)],
)
def test_options_that_cannot_work_are_refused(options):
    with pytest.raises(ValueError, match=r"chunk|depth"):
        ReadRing(ScriptedDriver(), Wake(), options, PACKET)


def test_nothing_wanted_is_a_mistake():
    with pytest.raises(ValueError, match="one byte"):
        ring_of(ScriptedDriver()).read(0, 1.0)
