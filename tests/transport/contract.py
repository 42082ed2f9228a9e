"""What every transport does. Each implementation runs this suite on a rig of its own."""

from __future__ import annotations

import itertools
import random
import threading
import time

import pytest

from mtpbackup.errors import (
    EndpointStalled,
    PhoneGone,
    TransferCancelled,
    TransportError,
    TransportTimeout,
)
from mtpbackup.transport.base import Endpoint, TransportOptions

from .rigs import (
    PATIENCE,
    Background,
    Rig,
    ctrl_c_when,
    echo,
    eventually,
    read_exactly,
    read_transfer,
    receive_transfer,
    silent,
)

SIZES = [0, 1, 12, 511, 512, 513, 1024, 16 * 1024, 16 * 1024 + 12, 64 * 1024 - 1, 64 * 1024]

SMALL = TransportOptions(chunk_size=4096, depth=4, buffers=8)


def content(size: int) -> bytes:
    return random.Random(size).randbytes(size)


class TransportContract:
    """The suite. A subclass has a fixture `rig`."""

    # --- writing

    @pytest.mark.parametrize("size", SIZES)
    def test_header_and_payload_are_one_transfer(self, rig: Rig, size):
        received = []
        transport = rig.open(lambda port: received.append(receive_transfer(port)))
        data = content(size)
        assert transport.write([data[:12], data[12:]], PATIENCE) == size
        eventually(lambda: bool(received))
        assert received == [data]

    @pytest.mark.parametrize("packet_size", [64, 512, 1024])
    def test_each_packet_size_ends_its_transfers(self, rig: Rig, packet_size):
        transport = rig.open(echo, packet_size=packet_size)
        assert transport.packet_size == packet_size
        for size in (packet_size - 1, packet_size, packet_size + 1, 5 * packet_size):
            transport.write([content(size)], PATIENCE)
            assert read_transfer(transport) == content(size)

    def test_parts_may_come_from_a_generator_in_any_cut(self, rig: Rig):
        transport = rig.open(echo)
        data = content(300_000)
        cuts = [0, 1, 12, 13, 600, 17_000, 17_000, 200_000, 300_000]
        parts = (data[start:stop] for start, stop in itertools.pairwise(cuts))
        assert transport.write(parts, PATIENCE) == len(data)
        assert read_transfer(transport) == data

    def test_parts_are_taken_while_earlier_ones_are_under_way(self, rig: Rig):
        arrived = threading.Event()

        def script(port):
            port.receive(4096)
            arrived.set()
            receive_transfer(port)

        transport = rig.open(script, SMALL)

        def parts():
            for _ in range(8):
                yield content(4096)
            assert arrived.wait(PATIENCE), "nothing was sent before the last part was there"
            yield b"end"

        transport.write(parts(), PATIENCE)

    def test_an_error_in_the_parts_comes_through_and_leaves_nothing_in_flight(self, rig: Rig):
        transport = rig.open(silent)

        def parts():
            yield content(100_000)
            raise OSError("the disk failed")

        with pytest.raises(OSError, match="the disk failed"):
            transport.write(parts(), PATIENCE)
        transport.write([b"next"], PATIENCE)

    # --- reading

    @pytest.mark.parametrize("size", SIZES)
    def test_a_transfer_is_read_to_its_end(self, rig: Rig, size):
        transport = rig.open(echo)
        transport.write([content(size)], PATIENCE)
        assert read_transfer(transport) == content(size)
        transport.write([b"again", content(size)], PATIENCE)
        assert read_transfer(transport, wanted=size + 5) == b"again" + content(size)

    def test_a_large_transfer_comes_in_order(self, rig: Rig):
        data = content(3_000_000)

        def script(port):
            receive_transfer(port)
            port.send([data[:12], data[12:]])

        transport = rig.open(script, TransportOptions(chunk_size=65536, depth=4, buffers=8))
        transport.write([b"go"], PATIENCE)
        assert read_exactly(transport, len(data)) == data

    def test_a_header_may_travel_alone(self, rig: Rig):
        def script(port):
            receive_transfer(port)
            port.send([b"h" * 12])
            port.send([b"p" * 700])

        transport = rig.open(script)
        transport.write([b"go"], PATIENCE)
        assert read_transfer(transport) == b"h" * 12
        assert read_transfer(transport) == b"p" * 700

    def test_without_its_zero_length_packet_a_transfer_runs_into_the_next(self, rig: Rig):
        def script(port):
            receive_transfer(port)
            port.send([b"d" * 1024], zero_length_end=False)
            port.send([b"response"])

        transport = rig.open(script)
        transport.write([b"go"], PATIENCE)
        assert read_transfer(transport) == b"d" * 1024 + b"response"

    def test_the_zero_length_packet_is_read_as_an_empty_chunk(self, rig: Rig):
        def script(port):
            receive_transfer(port)
            port.send([b"d" * 1024])
            port.send([b"response"])

        transport = rig.open(script)
        transport.write([b"go"], PATIENCE)
        assert read_exactly(transport, 1024) == b"d" * 1024
        chunk = transport.read(65536, PATIENCE)
        assert (bytes(chunk.data), chunk.ended) == (b"", True)
        assert read_transfer(transport) == b"response"

    def test_no_more_is_asked_than_is_wanted(self, rig: Rig):
        def script(port):
            receive_transfer(port)
            port.send([b"d" * 3000])
            port.send([b"response"])

        transport = rig.open(script, SMALL)
        transport.write([b"go"], PATIENCE)
        assert read_exactly(transport, 3000) == b"d" * 3000
        assert transport.stop_reading() == 0
        assert read_transfer(transport) == b"response"

    def test_chunks_stay_as_they_are_until_released(self, rig: Rig):
        data = content(7 * 4096)

        def script(port):
            receive_transfer(port)
            port.send([data])

        transport = rig.open(script, SMALL)
        transport.write([b"go"], PATIENCE)
        chunks = []
        while len(chunks) < 7:
            chunk = transport.read(len(data) - 4096 * len(chunks), PATIENCE)
            assert len(chunk.data) == 4096
            chunks.append(chunk)
        assert b"".join(chunk.data for chunk in chunks) == data
        for chunk in chunks:
            chunk.release()
            chunk.release()

    def test_with_all_buffers_lent_a_read_waits_for_one(self, rig: Rig):
        def script(port):
            receive_transfer(port)
            port.send([content(4 * 4096)])

        transport = rig.open(script, TransportOptions(chunk_size=4096, depth=1, buffers=2))
        transport.write([b"go"], PATIENCE)
        first = transport.read(4 * 4096, PATIENCE)
        second = transport.read(3 * 4096, PATIENCE)
        third = Background(lambda: transport.read(2 * 4096, timeout=0.05))
        with pytest.raises(Exception):  # noqa: B017  (queue.Empty: the read does not return, nor time out)
            third.outcome(timeout=0.2)
        first.release()
        chunk = third.outcome()
        assert bytes(chunk.data) == content(4 * 4096)[2 * 4096 : 3 * 4096]
        chunk.release()
        second.release()

    def test_a_part_of_a_chunk_takes_the_buffer_along(self, rig: Rig):
        transport = rig.open(echo, TransportOptions(chunk_size=4096, depth=1, buffers=1))
        for _ in range(3):  # with one buffer, a lost one would block the next read
            transport.write([b"header+payload"], PATIENCE)
            payload = transport.read(4096, PATIENCE).part(7, 14)
            assert bytes(payload.data) == b"payload"
            assert payload.ended
            payload.release()

    def test_reading_is_given_up_in_mid_transfer(self, rig: Rig):
        cancelled = threading.Event()

        def script(port):
            while True:
                if receive_transfer(port) == b"ping":
                    port.send([b"pong"])
                    continue
                try:
                    port.send([b"x" * 4096 for _ in range(1000)])
                except TransferCancelled:
                    cancelled.set()

        transport = rig.open(script, SMALL)
        transport.write([b"go"], PATIENCE)
        transport.read(4_096_000, PATIENCE).release()
        assert 0 <= transport.stop_reading() <= 8 * 4096
        transport.control_out(0x64, b"\x01\x40\0\0\0\0", PATIENCE)
        assert cancelled.wait(PATIENCE)
        transport.write([b"ping"], PATIENCE)
        assert read_transfer(transport) == b"pong"

    # --- time

    def test_a_silent_phone_times_out(self, rig: Rig):
        transport = rig.open(silent)
        transport.write([b"go"], PATIENCE)
        with pytest.raises(TransportTimeout) as caught:
            transport.read(512, 0.05)
        assert (caught.value.endpoint, caught.value.seconds) == ("in", 0.05)

    def test_what_comes_after_a_timeout_is_not_lost(self, rig: Rig):
        late = threading.Event()

        def script(port):
            receive_transfer(port)
            assert late.wait(PATIENCE)
            port.send([b"late"])

        transport = rig.open(script)
        transport.write([b"go"], PATIENCE)
        with pytest.raises(TransportTimeout):
            transport.read(512, 0.02)
        late.set()
        assert read_transfer(transport) == b"late"

    def test_a_phone_that_takes_nothing_times_out(self, rig: Rig):
        release = threading.Event()

        def script(port):
            assert release.wait(PATIENCE)
            echo(port)

        transport = rig.open(script)
        with pytest.raises(TransportTimeout) as caught:
            transport.write([content(100_000)], 0.05)
        assert caught.value.endpoint == "out"
        release.set()

    def test_a_slow_phone_does_not_time_out(self, rig: Rig):
        """Eight pieces that take longer than the time allowed for one."""
        pause = threading.Event()

        def script(port):
            receive_transfer(port)

            def parts():
                for _ in range(8):
                    pause.wait(0.1)
                    yield b"s" * 4096

            port.send(parts())
            receive_transfer(port)

        transport = rig.open(script, SMALL)
        transport.write([b"go"], PATIENCE)
        started = time.monotonic()
        assert read_exactly(transport, 8 * 4096, timeout=0.5) == b"s" * (8 * 4096)
        assert time.monotonic() - started > 0.5

    def test_bytes_in_a_read_that_is_not_full_count_as_progress(self, rig: Rig):
        """All of it is one read, which is never full before the last byte."""
        pause = threading.Event()

        def script(port):
            receive_transfer(port)

            def parts():
                for _ in range(8):
                    pause.wait(0.1)
                    yield b"s" * 4096

            port.send(parts())

        transport = rig.open(script)
        transport.write([b"go"], PATIENCE)
        assert read_exactly(transport, 8 * 4096, timeout=0.5) == b"s" * (8 * 4096)

    def test_a_phone_that_takes_slowly_does_not_time_out(self, rig: Rig):
        """Eight pieces that take longer than the time allowed for one."""
        pause = threading.Event()

        def script(port):
            for _ in range(8):
                pause.wait(0.1)
                port.receive(4096)
            receive_transfer(port)

        transport = rig.open(script, SMALL)
        assert transport.write([content(8 * 4096)], 0.5) == 8 * 4096

    # --- giving up

    def test_cancel_ends_a_blocked_read_at_once(self, rig: Rig):
        transport = rig.open(silent)
        transport.write([b"go"], PATIENCE)
        reader = Background(lambda: transport.read(512, PATIENCE))
        started = time.monotonic()
        transport.cancel()
        assert isinstance(reader.outcome(), TransferCancelled)
        assert time.monotonic() - started < 1

    def test_cancel_ends_a_blocked_write_at_once(self, rig: Rig):
        blocked = threading.Event()
        release = threading.Event()

        def script(port):
            port.receive(4096)
            blocked.set()
            assert release.wait(PATIENCE)

        transport = rig.open(script, SMALL)
        writer = Background(lambda: transport.write([content(100_000)], PATIENCE))
        assert blocked.wait(PATIENCE)
        transport.cancel()
        assert isinstance(writer.outcome(), TransferCancelled)
        release.set()

    def test_cancel_without_a_call_ends_the_next_one_only(self, rig: Rig):
        transport = rig.open(echo)
        transport.write([b"one"], PATIENCE)
        transport.cancel()
        with pytest.raises(TransferCancelled):
            transport.read(512, PATIENCE)
        assert read_transfer(transport) == b"one"

    def test_ctrl_c_in_a_read_leaves_a_transport_to_go_on_with(self, rig: Rig):
        sending = threading.Event()

        def script(port):
            while True:
                command = receive_transfer(port)
                if command == b"slow":
                    sending.set()
                else:
                    port.send([command])

        transport = rig.open(script)
        transport.write([b"slow"], PATIENCE)
        started = time.monotonic()
        with ctrl_c_when(sending.is_set), pytest.raises(KeyboardInterrupt):
            transport.read(512, PATIENCE)
        assert time.monotonic() - started < 1
        assert transport.stop_reading() == 0
        transport.write([b"next"], PATIENCE)
        assert read_transfer(transport) == b"next"

    def test_ctrl_c_in_a_write_leaves_nothing_in_flight(self, rig: Rig):
        blocked = threading.Event()
        release = threading.Event()
        rest = []

        def script(port):
            port.receive(4096)
            blocked.set()
            assert release.wait(PATIENCE)
            rest.append(port.receive(4096))

        transport = rig.open(script, SMALL)
        started = time.monotonic()
        with ctrl_c_when(blocked.is_set), pytest.raises(KeyboardInterrupt):
            transport.write([content(100_000)], PATIENCE)
        assert time.monotonic() - started < 1
        release.set()
        transport.write([b"next"], PATIENCE)
        eventually(lambda: bool(rest))
        assert rest == [(b"next", True)]

    # --- stalls

    def test_a_stall_is_told_and_ends_when_it_is_cleared(self, rig: Rig):
        def script(port):
            receive_transfer(port)
            port.stall()
            echo(port)

        transport = rig.open(script)
        transport.write([b"go"], PATIENCE)
        for _ in range(2):
            with pytest.raises(EndpointStalled) as caught:
                transport.read(512, PATIENCE)
            assert caught.value.endpoint == "in"
        with pytest.raises(EndpointStalled) as caught:
            transport.write([b"more"], PATIENCE)
        assert caught.value.endpoint == "out"
        transport.clear_halt(Endpoint.IN)
        transport.clear_halt(Endpoint.OUT)
        transport.write([b"works"], PATIENCE)
        assert read_transfer(transport) == b"works"

    def test_what_came_before_a_stall_is_handed_out(self, rig: Rig):
        def script(port):
            receive_transfer(port)
            port.send([b"d" * 1024], zero_length_end=False)
            port.stall()

        transport = rig.open(script)
        transport.write([b"go"], PATIENCE)
        assert read_exactly(transport, 1024) == b"d" * 1024
        with pytest.raises(EndpointStalled):
            transport.read(65536, PATIENCE)

    def test_a_stall_ends_a_read_that_waits(self, rig: Rig):
        def script(port):
            receive_transfer(port)
            port.send([b"d" * 1024], zero_length_end=False)  # returns when it is in a read that is not full
            port.stall()

        transport = rig.open(script)
        transport.write([b"go"], PATIENCE)
        started = time.monotonic()
        chunk = transport.read(65536, PATIENCE)
        assert (bytes(chunk.data), chunk.ended) == (b"d" * 1024, False)
        chunk.release()
        with pytest.raises(EndpointStalled):
            transport.read(65536, PATIENCE)
        assert time.monotonic() - started < PATIENCE / 2

    def test_a_write_is_refused_in_its_midst(self, rig: Rig):
        def script(port):
            port.receive(4096)
            port.stall()
            echo(port)

        transport = rig.open(script, SMALL)
        with pytest.raises(EndpointStalled):
            transport.write([content(100_000)], PATIENCE)
        transport.clear_halt(Endpoint.IN)
        transport.clear_halt(Endpoint.OUT)
        transport.write([b"works"], PATIENCE)
        assert read_transfer(transport) == b"works"

    # --- control and events

    def test_class_requests_reach_the_phone(self, rig: Rig):
        asked = []
        listening = threading.Event()

        def script(port):
            def answer(request, value, data, length):
                asked.append((request, value, data, length))
                return None if request == 0x65 else bytes(range(12))

            port.on_control(answer)
            listening.set()
            echo(port)

        transport = rig.open(script)
        assert listening.wait(PATIENCE)
        assert transport.control_in(0x67, 32, PATIENCE) == bytes(range(12))
        assert transport.control_in(0x67, 8, PATIENCE, value=3) == bytes(range(8))
        transport.control_out(0x64, b"\x01\x40\x07\0\0\0", PATIENCE, value=1)
        with pytest.raises(EndpointStalled) as caught:
            transport.control_in(0x65, 4, PATIENCE)
        assert caught.value.endpoint == "control"
        assert asked[:2] == [(0x67, 0, b"", 32), (0x67, 3, b"", 8)]
        assert asked[2][:3] == (0x64, 1, b"\x01\x40\x07\0\0\0")
        transport.write([b"works"], PATIENCE)
        assert read_transfer(transport) == b"works"

    def test_events_are_kept_in_order_until_taken(self, rig: Rig):
        def script(port):
            receive_transfer(port)
            for number in range(40):
                port.send_event(bytes([number]) * 24)
            port.send([b"sent"])

        transport = rig.open(script)
        assert transport.next_event() is None
        assert transport.next_event(0.01) is None
        transport.write([b"go"], PATIENCE)
        assert read_transfer(transport) == b"sent"
        for number in range(40):
            assert transport.next_event(PATIENCE) == bytes([number]) * 24
        assert transport.next_event() is None

    def test_an_event_wakes_who_waits_for_it(self, rig: Rig):
        def script(port):
            receive_transfer(port)
            port.send_event(b"event")
            echo(port)

        transport = rig.open(script)
        waiter = Background(lambda: transport.next_event(PATIENCE))
        transport.write([b"go"], PATIENCE)
        assert waiter.outcome() == b"event"

    # --- the cable

    def test_unplugging_ends_a_blocked_read_within_a_second(self, rig: Rig):
        transport = rig.open(silent)
        transport.write([b"go"], PATIENCE)
        reader = Background(lambda: transport.read(512, PATIENCE))
        started = time.monotonic()
        rig.unplug()
        assert isinstance(reader.outcome(), PhoneGone)
        assert time.monotonic() - started < 1

    def test_after_unplugging_every_call_says_so(self, rig: Rig):
        transport = rig.open(echo)
        rig.unplug()
        for call in (
            lambda: transport.write([b"x"], PATIENCE),
            lambda: transport.read(512, PATIENCE),
            lambda: transport.control_in(0x67, 32, PATIENCE),
            lambda: transport.control_out(0x64, b"", PATIENCE),
            lambda: transport.clear_halt(Endpoint.IN),
            lambda: transport.next_event(PATIENCE),
            transport.next_event,
            transport.reset,
        ):
            with pytest.raises(PhoneGone):
                call()
        transport.close()

    def test_unplugging_in_mid_read_keeps_what_came_before(self, rig: Rig):
        data = content(50_000)

        def script(port):
            receive_transfer(port)
            port.send([data])

        transport = rig.open(script, SMALL)
        rig.unplug_after(20_000, Endpoint.IN)
        transport.write([b"go"], PATIENCE)
        got = bytearray()
        with pytest.raises(PhoneGone):
            while True:
                chunk = transport.read(len(data) - len(got), PATIENCE)
                got += chunk.data
                chunk.release()
        # Whole reads arrive; whether the broken one's bytes do is the system's affair.
        assert 20_000 - 20_000 % 4096 <= len(got) <= 20_000
        assert got == data[: len(got)]

    def test_unplugging_ends_a_write(self, rig: Rig):
        transport = rig.open(silent, SMALL)
        rig.unplug_after(20_000, Endpoint.OUT)
        with pytest.raises(PhoneGone):
            transport.write([content(100_000)], PATIENCE)

    def test_events_before_unplugging_are_still_handed_out(self, rig: Rig):
        def script(port):
            receive_transfer(port)
            port.send_event(b"last words")
            port.send([b"sent"])

        transport = rig.open(script)
        transport.write([b"go"], PATIENCE)
        assert read_transfer(transport) == b"sent"
        rig.unplug()
        assert transport.next_event(PATIENCE) == b"last words"
        with pytest.raises(PhoneGone):
            transport.next_event(PATIENCE)

    # --- the end

    def test_closing_ends_what_is_in_flight_and_all_threads(self, rig: Rig):
        before = set(threading.enumerate())
        transport = rig.open(silent)
        phones = {thread for thread in threading.enumerate() if "phone" in thread.name}
        transport.write([b"go"], PATIENCE)
        with pytest.raises(TransportTimeout):
            transport.read(512, 0.01)
        with transport as same:
            assert same is transport
        transport.close()
        assert {t for t in threading.enumerate() if t not in before | phones and "libusb" in t.name} == set()
        for call in (
            lambda: transport.write([b"x"], PATIENCE),
            lambda: transport.read(512, PATIENCE),
            transport.stop_reading,
            lambda: transport.control_in(0x67, 32, PATIENCE),
            lambda: transport.clear_halt(Endpoint.IN),
            lambda: transport.next_event(PATIENCE),
        ):
            with pytest.raises(TransportError):
                call()

    def test_closing_wakes_who_waits_for_events(self, rig: Rig):
        transport = rig.open(silent)
        waiter = Background(lambda: transport.next_event(PATIENCE))
        transport.close()
        assert isinstance(waiter.outcome(), TransportError)

    def test_what_usb_says_of_the_phone(self, rig: Rig):
        identity = rig.open(silent).identity
        assert (identity.vendor_id, identity.product_id) == (0x18D1, 0x4EE1)
        assert (identity.manufacturer, identity.product, identity.serial) == (
            "Google",
            "Pixel 8",
            "SERIAL-7F3A",
        )
