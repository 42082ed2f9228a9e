"""One invariant: garbage is decoded or raises WireError, never any other error.

And what was decoded can be encoded, and is then decoded to the same again: a responder may pass on what it got.
The garbage is of two kinds: bytes at random, and golden traffic with a few bytes changed, cut out or put in.
"""

from hypothesis import given, settings
from hypothesis import strategies as st

from mtpbackup.errors import WireError
from mtpbackup.wire import (
    ContainerParser,
    decode_property_list,
    encode_property_list,
    parse_date,
)
from tests.fuzz import targets
from tests.wire.transcripts import RECORDINGS, exchanges, transfers


def read_property_list(raw):
    return list(decode_property_list(raw))


#: Every way into the package for bytes of a phone, with its way back.
DECODERS = [*targets.DECODERS, (read_property_list, encode_property_list)]

PAYLOADS = sorted({exchange.data for path in RECORDINGS for exchange in exchanges(path) if exchange.data})
READS = [[(each.data, each.ended) for each in transfers(path) if not each.is_event] for path in RECORDINGS]


@st.composite
def damaged(draw, originals):
    """One of some byte strings, with up to four places damaged."""
    raw = bytearray(draw(st.sampled_from(originals)))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(raw)))
        stop = min(len(raw), start + draw(st.integers(0, 4)))
        raw[start:stop] = draw(st.one_of(st.binary(max_size=4), st.just(b"\xff" * (stop - start))))
    return bytes(raw)


@settings(max_examples=300)
@given(st.sampled_from(DECODERS), st.one_of(st.binary(max_size=200), damaged(PAYLOADS)))
def test_decoders(decoder, raw):
    decode, encode = decoder
    try:
        value = decode(raw)
    except WireError:
        return
    assert decode(encode(value)) == value


@settings(max_examples=150)
@given(st.sampled_from(READS), st.data())
def test_container_parser(reads, data):
    """Recorded transfers, one of them damaged, fed to one parser as if all came from one end."""
    parser = ContainerParser()
    which = data.draw(st.integers(0, len(reads) - 1))
    for number, (raw, ended) in enumerate(reads[: which + 3]):
        buffer = data.draw(damaged([raw])) if number == which else raw
        taken = 0
        try:
            for part in parser.feed(buffer, ended):
                taken += len(getattr(part, "view", b""))
        except WireError:
            return
        assert taken <= len(buffer)


@given(st.text(alphabet="0123456789TZ.+-", max_size=25))
def test_dates(text):
    parse_date(text)
