"""Headers, and the small containers that carry parameters."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtpbackup.errors import LocalProtocolError, WireError
from mtpbackup.wire import (
    HEADER_SIZE,
    UNKNOWN_LENGTH,
    Command,
    ContainerType,
    Event,
    EventCode,
    Header,
    OperationCode,
    Response,
    ResponseCode,
    data_header,
)
from tests.wire.strategies import u16, u32

SMALL = [Command, Response, Event]
parameters = st.lists(u32, max_size=5).map(tuple)


@pytest.mark.parametrize("kind", SMALL)
@given(code=u16, transaction=u32, some=parameters)
def test_there_and_back(kind, code, transaction, some):
    container = kind(code, transaction, some)
    raw = container.encode()
    assert len(raw) == HEADER_SIZE + 4 * len(some)
    assert kind.decode(raw) == container
    assert kind.decode(raw + b"what follows") == container
    assert kind.of(Header.decode(raw), raw[HEADER_SIZE:]) == container
    for length in range(len(raw)):
        with pytest.raises(WireError):
            kind.decode(raw[:length])


def test_bytes_as_the_class_definition_orders_them():
    command = Command(OperationCode.GET_OBJECT_HANDLES, 7, (0x00010001, 0, 0xFFFFFFFF))
    assert command.encode() == bytes.fromhex("18000000 0100 0710 07000000 01000100 00000000 ffffffff")
    assert Response(ResponseCode.OK, 7).encode() == bytes.fromhex("0c000000 0300 0120 07000000")
    assert Event(EventCode.STORE_ADDED, 0xFFFFFFFF, (0x00010001,)).encode() == bytes.fromhex(
        "10000000 0400 0440 ffffffff 01000100"
    )
    assert data_header(OperationCode.GET_OBJECT, 7, 500) == bytes.fromhex("00020000 0200 0910 07000000")


@pytest.mark.parametrize(("kind", "code"), [(Command, 0x1009), (Response, 0x2001), (Event, 0x4002)])
def test_codes_have_their_names(kind, code):
    assert kind.decode(kind(code, 1).encode()).code.is_known
    assert kind.decode(kind(0x9FFF, 1).encode()).code.name == "UNKNOWN_0x9fff"


@pytest.mark.parametrize("kind", SMALL)
@pytest.mark.parametrize("other", [*SMALL, None])
def test_another_type_of_container_is_refused(kind, other):
    raw = data_header(0x1009, 1, 0) if other is None else other(0x1009, 1).encode()
    if other is kind:
        kind.decode(raw)
        return
    with pytest.raises(WireError):
        kind.decode(raw)
    with pytest.raises(WireError):
        kind.of(Header.decode(raw), b"")


@pytest.mark.parametrize(
    "container",
    [
        Command(0x1007, 1, (1, 2, 3, 4, 5, 6)),
        Command(0x1007, 1, (1 << 32,)),
        Response(0x12345, 1),
        Event(1, -1),
    ],
)
def test_what_the_wire_cannot_carry_is_our_mistake(container):
    with pytest.raises(LocalProtocolError):
        container.encode()


@pytest.mark.parametrize(
    ("payload_size", "length"),
    [
        (0, 12),
        (0xFFFFFFFF - 13, 0xFFFFFFFE),
        (0xFFFFFFFF - 12, UNKNOWN_LENGTH),
        (0xFFFFFFFF, UNKNOWN_LENGTH),
        (5 << 40, UNKNOWN_LENGTH),
    ],
)
def test_the_length_of_large_data_is_unknown(payload_size, length):
    header = Header.decode(data_header(OperationCode.GET_OBJECT, 1, payload_size))
    assert header == (length, ContainerType.DATA, OperationCode.GET_OBJECT, 1)
    assert header.payload_size == (None if length == UNKNOWN_LENGTH else payload_size)


@pytest.mark.parametrize(
    "raw",
    [
        "00000000 0000 0000 00000000",
        "0b000000 0200 0910 01000000",  # shorter than itself
        "0c000000 0000 0910 01000000",  # types that are none
        "0c000000 0500 0910 01000000",
        "0c000000 ffff 0910 01000000",
        "24000000 0300 0120 01000000",  # six parameters
        "ffffffff 0300 0120 01000000",  # a response of unknown length
        "0c000000 0300 0120 010000",
    ],
)
def test_headers_that_are_none(raw):
    with pytest.raises(WireError):
        Header.decode(bytes.fromhex(raw))


def test_odd_bytes_after_the_parameters():
    # umtp-responder sends a parameter of one byte with SessionAlreadyOpen; Android dies of such a command.
    assert Response.decode(bytes.fromhex("0d000000 0300 1e20 03000000 01")) == Response(0x201E, 3)
    assert Event.decode(bytes.fromhex("12000000 0400 0240 03000000 07000000 0102")) == Event(0x4002, 3, (7,))
    with pytest.raises(WireError):
        Command.decode(bytes.fromhex("0d000000 0100 0110 03000000 01"))


def test_a_response_may_bring_fewer_bytes_than_announced():
    header = Header.decode(Response(0x2001, 1, (1, 2, 3)).encode())
    assert Response.of(header, b"\x01\0\0\0") == Response(0x2001, 1, (1,))
    with pytest.raises(WireError):
        Response.of(header, bytes(24))
