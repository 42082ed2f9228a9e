"""How writes are cut into requests, and what happens to those that are refused or late."""

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtpbackup.errors import TransportError, TransportTimeout
from mtpbackup.transport.base import TransportOptions
from mtpbackup.transport.requests import NoRoom, Outcome, Wake
from mtpbackup.transport.writing import JOINED, WriteQueue, pieces

from .rigs import PATIENCE, Background, eventually

PACKET = 512


@given(
    parts=st.lists(st.integers(0, 3000), max_size=12),
    large=st.lists(st.integers(0, 90_000), max_size=2),
    packet_size=st.sampled_from([64, 512, 1024]),
    largest=st.sampled_from([1024, 16 * 1024, 64 * 1024]),
    ends=st.booleans(),
)
def test_pieces_are_whole_packets_of_the_same_bytes(parts, large, packet_size, largest, ends):
    sizes = parts + large
    data = [bytes([number % 251]) * size for number, size in enumerate(sizes)]
    cut = [bytes(piece) for piece in pieces(iter(data), packet_size, largest, zero_length_end=ends)]
    total = sum(sizes)
    assert b"".join(cut) == b"".join(data)
    assert all(len(piece) <= largest for piece in cut)
    assert all(len(piece) % packet_size == 0 for piece in cut[:-1])
    if total % packet_size:
        assert len(cut[-1]) % packet_size
    elif ends:
        assert cut[-1] == b""
    assert all(cut[:-1])


def test_a_header_shares_its_packet_with_what_follows():
    first, *_ = pieces([b"h" * 12, b"p" * 100_000], PACKET, 256 * 1024)
    assert bytes(first[:20]) == b"h" * 12 + b"p" * 8
    assert len(first) == JOINED


def test_large_parts_are_not_copied():
    payload = bytearray(100_000)
    cut = list(pieces([b"h" * 12, payload, bytearray(1 << 20)], PACKET, 256 * 1024))
    own = sum(len(piece) for piece in cut if piece.obj is payload)
    assert own > 100_000 - JOINED - PACKET
    joined = sum(len(piece) for piece in cut if isinstance(piece.obj, bytearray) and len(piece.obj) <= JOINED)
    assert joined <= 2 * JOINED + PACKET


def test_parts_are_taken_only_when_needed():
    taken = []

    def parts():
        for number in range(5):
            taken.append(number)
            yield bytes(JOINED)

    cut = pieces(parts(), PACKET, JOINED)
    next(cut)
    assert taken == [0]


class SlowDriver:
    """Keeps requests until told what becomes of them."""

    def __init__(self):
        self.requests = []
        self.refuse = lambda request: False
        self.on_withdraw = lambda request: request.finish(Outcome.WITHDRAWN)

    def submit(self, request):
        if self.refuse(request):
            raise NoRoom("full")
        self.requests.append(request)

    def withdraw(self, request):
        self.on_withdraw(request)

    def finish(self, index, outcome=Outcome.COMPLETE, filled=None):
        request = self.requests[index]
        request.finish(outcome, request.size if filled is None else filled)

    @property
    def pending(self):
        return [request for request in self.requests if request.outcome is None]


def queue_of(driver, depth=4, chunk_size=4096):
    return WriteQueue(driver, Wake(), TransportOptions(chunk_size, depth, depth), PACKET)


def test_several_requests_are_in_flight_at_once():
    driver = SlowDriver()
    writer = Background(lambda: queue_of(driver).write([bytes(10 * 4096 + 5)], PATIENCE))
    for done in range(11):
        eventually(lambda done=done: len(driver.requests) == min(done + 4, 11))
        driver.finish(done)
    assert writer.outcome() == 10 * 4096 + 5


def test_a_refused_request_waits_for_room():
    driver = SlowDriver()
    driver.refuse = lambda request: len(driver.pending) >= 1
    writer = Background(lambda: queue_of(driver).write([bytes(3 * 4096 + 1)], PATIENCE))
    for done in range(4):
        eventually(lambda done=done: len(driver.requests) == done + 1)
        driver.finish(done)
    assert writer.outcome() == 3 * 4096 + 1


def test_a_request_that_is_refused_alone_is_halved():
    driver = SlowDriver()
    driver.refuse = lambda request: request.size > 1024
    writer = Background(lambda: queue_of(driver).write([bytes(range(256)) * 16 + b"end"], PATIENCE))
    sent = []
    while sum(map(len, sent)) < 4099:
        eventually(lambda: len(driver.requests) > len(sent))
        sent.append(bytes(driver.requests[len(sent)].view))
        driver.finish(len(sent) - 1)
    assert writer.outcome() == 4099
    assert b"".join(sent) == bytes(range(256)) * 16 + b"end"
    assert [len(piece) % PACKET for piece in sent[:-1]] == [0] * (len(sent) - 1)


def test_without_any_room_a_write_fails():
    driver = SlowDriver()
    driver.refuse = lambda request: True
    with pytest.raises(TransportError, match="no memory"):
        queue_of(driver).write([bytes(4096)], PATIENCE)


def test_a_late_request_that_moved_bytes_is_sent_on_from_there():
    """The watchdog looks into requests before it says that nothing moved."""
    driver = SlowDriver()
    withdrawn = threading.Event()

    def withdraw(request):
        moved = 2 * PACKET if request is driver.requests[0] and not withdrawn.is_set() else 0
        request.finish(Outcome.WITHDRAWN, moved)
        if request is driver.requests[0]:
            withdrawn.set()

    driver.on_withdraw = withdraw
    data = bytes(range(256)) * 32
    writer = Background(lambda: queue_of(driver).write([data[:-1]], 0.3))
    assert withdrawn.wait(PATIENCE)
    # All were withdrawn: what is left of the first is sent again, and the two behind it.
    eventually(lambda: len(driver.pending) == 3)
    again = driver.pending
    assert b"".join(bytes(request.view) for request in again) == data[2 * PACKET : -1]
    for request in again:
        request.finish(Outcome.COMPLETE, request.size)
    assert writer.outcome() == len(data) - 1


def test_an_error_in_the_parts_leaves_nothing_in_flight():
    driver = SlowDriver()

    def parts():
        yield bytes(9000)
        assert driver.pending
        raise OSError("the disk failed")

    with pytest.raises(OSError, match="disk"):
        queue_of(driver).write(parts(), PATIENCE)
    assert not driver.pending


def test_a_source_that_takes_its_time_is_no_phone_that_is_late(monkeypatch):
    driver = SlowDriver()
    now = [0.0]
    monkeypatch.setattr("mtpbackup.transport.writing.time.monotonic", lambda: now[0])

    def parts():
        for _ in range(3):
            now[0] += 100.0  # a disk that wakes up, or one in another house
            yield bytes(4096)

    # Everything that is in flight moves at the next wait.
    monkeypatch.setattr(Wake, "wait", lambda wake, seconds: [driver.finish(0), driver.requests.pop(0)])
    assert queue_of(driver, depth=1).write(parts(), 20.0) == 3 * 4096


def test_when_nothing_moved_a_write_times_out():
    driver = SlowDriver()
    with pytest.raises(TransportTimeout):
        queue_of(driver).write([bytes(9000)], 0.02)
    assert not driver.pending


def test_a_driver_that_gives_a_request_not_back_is_told(monkeypatch):
    monkeypatch.setattr("mtpbackup.transport.requests.SETTLE_SECONDS", 0.05)
    driver = SlowDriver()
    driver.on_withdraw = lambda request: None
    with pytest.raises(TransportError, match="did not end"):
        queue_of(driver).write([bytes(9000)], 0.02)
