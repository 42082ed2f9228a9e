"""The container parser: every way in which bytes can be cut into reads and transfers."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtpbackup.errors import WireError
from mtpbackup.wire import (
    HEADER_SIZE,
    UNKNOWN_LENGTH,
    Command,
    ContainerEnd,
    ContainerParser,
    ContainerStart,
    ContainerType,
    Header,
    Payload,
    Response,
    data_header,
)
from tests.wire.strategies import some_examples

PACKET = 512
OK = Response(0x2001, 7).encode()
COUNT = Response(0x2001, 7, (500,)).encode()


def data(payload: bytes, *, unknown: bool = False) -> bytes:
    header = Header(UNKNOWN_LENGTH, ContainerType.DATA, 0x1009, 7).encode()
    return (header if unknown else data_header(0x1009, 7, len(payload))) + payload


def parse(reads, parser=None):
    """The containers in some reads, as `[header, payload, missing]`; None for what never came.

    Each read is `bytes` (more of the transfer follows) or `(bytes, True)` (the transfer ends).
    """
    parser = parser or ContainerParser()
    found = []
    for read in reads:
        buffer, ended = read if isinstance(read, tuple) else (read, False)
        for part in parser.feed(buffer, ended):
            match part:
                case ContainerStart(header):
                    found.append([header, b"", None])
                case Payload(view, offset):
                    assert view.obj is buffer, "a payload is a slice of what was fed"
                    assert buffer[offset : offset + len(view)] == view
                    assert len(view) > 0
                    found[-1][1] += bytes(view)
                case ContainerEnd(total, missing):
                    assert total == len(found[-1][1])
                    assert part.short == (missing > 0)
                    found[-1][2] = missing
    return found


def whole(found):
    """Type and payload of containers that must all be complete."""
    assert [missing for _, _, missing in found] == [0] * len(found)
    return [(header.type, payload) for header, payload, _ in found]


DATA, RESPONSE = ContainerType.DATA, ContainerType.RESPONSE


def test_header_and_payload_in_one_transfer():
    found = parse([(data(b"abc"), True), (COUNT, True)])
    assert whole(found) == [(DATA, b"abc"), (RESPONSE, (500).to_bytes(4, "little"))]
    assert found[0][0] == Header(15, DATA, 0x1009, 7)
    assert Response.of(found[1][0], found[1][1]) == Response(0x2001, 7, (500,))


def test_header_in_a_transfer_of_its_own():
    raw = data(b"abc")
    assert whole(parse([(raw[:12], True), (raw[12:], True), (OK, True)])) == [(DATA, b"abc"), (RESPONSE, b"")]


def test_header_in_a_transfer_whose_end_is_seen_later():
    raw = data(b"abc")
    assert whole(parse([raw[:12], (b"", True), (raw[12:], True)])) == [(DATA, b"abc")]


def test_no_data_phase():
    assert whole(parse([(OK, True)])) == [(RESPONSE, b"")]


def test_an_empty_data_phase():
    assert whole(parse([(data(b""), True), (OK, True)])) == [(DATA, b""), (RESPONSE, b"")]


@pytest.mark.parametrize("zero_length_packets", [0, 1, 2])
def test_zero_length_packets_before_the_response(zero_length_packets):
    raw = data(bytes(PACKET - HEADER_SIZE))
    reads = [raw, *[(b"", True)] * zero_length_packets, (OK, True)]
    assert whole(parse(reads)) == [(DATA, raw[12:]), (RESPONSE, b"")]


def test_without_a_zero_length_packet_the_response_follows_in_the_same_read():
    raw = data(bytes(PACKET - HEADER_SIZE))
    assert whole(parse([(raw + OK, True)])) == [(DATA, raw[12:]), (RESPONSE, b"")]


def test_unknown_length_until_a_short_packet():
    raw = data(b"x" * 1000, unknown=True)
    assert whole(parse([raw[:PACKET], (raw[PACKET:], True), (OK, True)])) == [(DATA, raw[12:]), (RESPONSE, b"")]


def test_unknown_length_until_a_zero_length_packet():
    raw = data(b"x" * (2 * PACKET - HEADER_SIZE), unknown=True)
    assert whole(parse([raw, (b"", True), (OK, True)])) == [(DATA, raw[12:]), (RESPONSE, b"")]


def test_unknown_length_with_a_header_in_a_transfer_of_its_own():
    raw = data(b"x" * 100, unknown=True)
    assert whole(parse([(raw[:12], True), (raw[12:], True), (OK, True)])) == [(DATA, raw[12:]), (RESPONSE, b"")]


def test_unknown_length_hands_out_what_is_there():
    parser = ContainerParser()
    (start,) = parser.feed(data(b"", unknown=True), False)
    assert isinstance(start, ContainerStart)
    (payload,) = parser.feed(b"x" * 4096, False)
    assert len(payload.view) == 4096
    assert parser.remaining is None
    assert list(parser.feed(b"", True)) == [ContainerEnd(4096)]


# --- data that ends early ---------------------------------------------------------------------------------


def test_a_transfer_that_ends_early_ends_the_container_and_the_response_is_found():
    raw = data(b"x" * 1000)
    found = parse([(raw[:600], True), (OK, True)])
    assert [(header.type, len(payload), missing) for header, payload, missing in found] == [
        (DATA, 588, 412),
        (RESPONSE, 0, 0),
    ]


def test_early_end_by_a_zero_length_packet():
    raw = data(b"x" * 1000)
    found = parse([raw[:PACKET], (b"", True), (OK, True)])
    assert [missing for *_, missing in found] == [500, 0]


def test_nothing_after_a_header_in_a_transfer_of_its_own():
    # The second transfer is the payload's, so its end is the end.
    found = parse([(data(b"x" * 1000)[:12], True), (b"", True), (OK, True)])
    assert [missing for *_, missing in found] == [1000, 0]


def test_a_response_cut_short():
    found = parse([(COUNT[:12], True), (b"\x01\x00", True), (OK, True)])
    assert [(payload, missing) for _, payload, missing in found] == [(b"\x01\x00", 2), (b"", 0)]


# --- how much is still to come ----------------------------------------------------------------------------


def test_remaining():
    parser = ContainerParser()
    raw = data(bytes(100))
    assert (parser.in_container, parser.remaining) == (False, None)
    list(parser.feed(raw[:5], False))
    assert (parser.in_container, parser.remaining) == (True, None)
    list(parser.feed(raw[5:12], False))
    assert (parser.in_container, parser.remaining) == (True, 100)
    list(parser.feed(raw[12:50], False))
    assert (parser.in_container, parser.remaining) == (True, 62)
    list(parser.feed(raw[50:], False))
    assert (parser.in_container, parser.remaining) == (False, None)


def test_the_buffer_is_worked_through_whether_or_not_parts_are_taken():
    parser = ContainerParser()
    parser.feed(data(b"abc"), True)
    assert not parser.in_container


def test_a_large_read_makes_one_part():
    chunk = bytes(256 * 1024)
    parser = ContainerParser()
    list(parser.feed(data_header(0x1009, 7, 10 * len(chunk)), False))
    (part,) = parser.feed(chunk, False)
    assert (part.view.obj is chunk, len(part.view), part.offset) == (True, len(chunk), 0)


# --- bytes that mean nothing ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "header",
    [
        bytes(12),
        b"\xff" * 12,
        Header(11, ContainerType.DATA, 0x1009, 7).encode(),
        Header(12, ContainerType(9), 0x1009, 7).encode(),
        Header(400, ContainerType.RESPONSE, 0x2001, 7).encode(),
        Header(UNKNOWN_LENGTH, ContainerType.COMMAND, 0x1009, 7).encode(),
    ],
)
def test_a_header_that_is_none(header):
    parser = ContainerParser()
    with pytest.raises(WireError):
        parse([header], parser)
    with pytest.raises(WireError):  # and from now on always
        parse([(OK, True)], parser)


@pytest.mark.parametrize("length", range(1, 12))
def test_a_transfer_that_ends_inside_a_header(length):
    parser = ContainerParser()
    with pytest.raises(WireError):
        parse([(OK[:length], True)], parser)
    with pytest.raises(WireError):  # the rest comes too late
        next(parser.feed(OK[length:], True))


def test_containers_before_the_garbage_are_given():
    parts = ContainerParser().feed(OK + b"\0" * 500, True)
    assert [type(next(parts)) for _ in range(2)] == [ContainerStart, ContainerEnd]
    with pytest.raises(WireError):
        next(parts)


# --- every way to cut -------------------------------------------------------------------------------------


@pytest.mark.parametrize("joined", [False, True])
def test_cut_at_every_byte(joined):
    raw = data(b"payload") + COUNT if joined else data(b"payload")
    expected = whole(parse([(raw, True)]))
    assert expected[0] == (DATA, b"payload")
    for cut in range(len(raw) + 1):
        assert whole(parse([raw[:cut], (raw[cut:], True)])) == expected


def test_one_byte_at_a_time():
    raw = data(b"payload") + COUNT
    reads = [bytes([byte]) for byte in raw]
    assert whole(parse([*reads, (b"", True)])) == whole(parse([(raw, True)]))


@st.composite
def conversations(draw):
    """Containers as one end sends them, and a way to read them: (containers, reads)."""
    containers, reads = [], []
    for _ in range(draw(st.integers(1, 4))):
        unknown = False
        if draw(st.booleans()):
            unknown = draw(st.booleans())
            payload = bytes(draw(st.sampled_from([0, 1, 499, 500, 501, 1012, 1100])))
            if unknown and not payload:
                payload = b"x"
            raw, kind = data(payload, unknown=unknown), DATA
        else:
            raw = draw(st.sampled_from([OK, COUNT, Command(0x1009, 7, (1, 2, 3)).encode()]))
            payload, kind = raw[HEADER_SIZE:], Header.decode(raw).type
        containers.append((kind, payload))
        split = draw(st.booleans()) and len(payload) > 0
        for transfer in [raw[:HEADER_SIZE], raw[HEADER_SIZE:]] if split else [raw]:
            cuts = sorted({0, len(transfer), *draw(st.lists(st.integers(0, len(transfer)), max_size=4))})
            pieces = [transfer[start:stop] for start, stop in pairwise(cuts)]
            if len(transfer) % PACKET or not pieces:
                reads += [*pieces[:-1], (pieces[-1], True)]
            elif unknown or draw(st.booleans()):
                reads += [*pieces, (b"", True)]
            else:
                reads += pieces
    return containers, reads


@some_examples
@given(conversations())
def test_any_way_to_send_and_read_gives_the_same_containers(conversation):
    containers, reads = conversation
    assert whole(parse(reads)) == containers


@some_examples
@given(st.lists(st.tuples(st.binary(max_size=600), st.booleans()), max_size=8))
def test_garbage_gives_containers_or_a_wire_error(reads):
    try:
        parse(reads)
    except WireError:
        return


@some_examples
@given(st.lists(st.tuples(st.sampled_from([OK, COUNT, data(b"abc"), b"", b"\x0c", b"\0"]), st.booleans())))
def test_nearly_sound_bytes_give_containers_or_a_wire_error(reads):
    try:
        parse(reads)
    except WireError:
        return
