"""Recording a transport and playing it back: the contract, and what only these two do."""

import base64
import json
import random

import pytest

from mtpbackup.errors import PhoneGone, ReplayDiverged
from mtpbackup.transport.base import Endpoint, TransportOptions, UsbIdentity
from mtpbackup.transport.memory import MemoryTransport
from mtpbackup.transport.memory_link import MemoryLink
from mtpbackup.transport.redaction import Crossing, MaskText, mask_text
from mtpbackup.transport.replay import ReplayTransport
from mtpbackup.transport.trace import Recording, TracedFinder, TracedTransport

from .contract import TransportContract
from .rigs import IDENTITY, PATIENCE, MemoryRig, Rig, echo, read_exactly, read_transfer, receive_transfer


class TracedRig(MemoryRig):
    def __init__(self, path, **options):
        super().__init__()
        self.recording = Recording(path, **options)

    def wrap(self, transport):
        return TracedTransport(transport, self.recording)

    def close(self):
        super().close()
        self.recording.close()


@pytest.fixture
def recorded(tmp_path):
    return tmp_path / "phone.jsonl"


def lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


class TestContract(TransportContract):
    """A traced transport does what the one inside does."""

    @pytest.fixture
    def rig(self, recorded):
        rig = TracedRig(recorded)
        yield rig
        rig.close()


class ReplayRig(Rig):
    """The phone is a file."""

    def __init__(self, path):
        self._path = path
        self._opened = 0

    def open(self, script, options=None, packet_size=512):
        transport = ReplayTransport(self._path, self._opened)
        self._opened += 1
        return transport

    def unplug(self):
        pass

    def unplug_after(self, size, endpoint):
        pass


class TestReplayContract(TransportContract):
    """Each test is recorded with a phone, then runs again on the recording."""

    # These look at the phone's side, at threads that act on the transport, or at the clock: not in a recording.
    test_header_and_payload_are_one_transfer = None
    test_parts_are_taken_while_earlier_ones_are_under_way = None
    test_with_all_buffers_lent_a_read_waits_for_one = None
    test_reading_is_given_up_in_mid_transfer = None
    test_a_slow_phone_does_not_time_out = None
    test_a_phone_that_takes_slowly_does_not_time_out = None
    test_bytes_in_a_read_that_is_not_full_count_as_progress = None
    test_cancel_ends_a_blocked_write_at_once = None
    test_ctrl_c_in_a_read_leaves_a_transport_to_go_on_with = None
    test_ctrl_c_in_a_write_leaves_nothing_in_flight = None
    test_class_requests_reach_the_phone = None
    test_an_event_wakes_who_waits_for_it = None
    test_after_unplugging_every_call_says_so = None
    test_events_before_unplugging_are_still_handed_out = None
    test_closing_wakes_who_waits_for_events = None
    # The phone runs on while the host looks for events: when they came is not told by the order of calls.
    test_events_are_kept_in_order_until_taken = None

    @pytest.fixture
    def rig(self, request, recorded):
        rig = TracedRig(recorded, kept=10_000_000)
        parameters = request.node.callspec.params if hasattr(request.node, "callspec") else {}
        try:
            getattr(request.instance, request.function.__name__)(rig, **parameters)
        finally:
            rig.close()
        return ReplayRig(recorded)


def record(path, script, talk, **options):
    """Records a conversation of `talk` with a phone that follows `script`."""
    rig = TracedRig(path, **options)
    try:
        return talk(rig.open(script))
    finally:
        rig.close()


def answering(*answers):
    def script(port):
        for answer in answers:
            receive_transfer(port)
            port.send([answer])

    return script


def ask(*questions):
    def talk(transport):
        answers = []
        for question in questions:
            transport.write([question], PATIENCE)
            answers.append(read_transfer(transport))
        return answers

    return talk


# --- what is in a recording


def test_a_recording_tells_bytes_and_times(recorded):
    times = iter(range(1000))
    record(recorded, answering(b"answer"), ask(b"question"), clock=lambda: float(next(times)))
    head, opened, write, read, close = lines(recorded)
    assert head == {"mtpbackup_recording": 1, "redacted": False}
    assert opened["opened"]["serial"] == "SERIAL-7F3A"
    assert write == {
        "phone": 0,
        "at": 2.0,
        "took": 1.0,
        "call": "write",
        "timeout": PATIENCE,
        "size": 8,
        "data": b"question".hex(),
    }
    assert (read["call"], read["data"], read["ended"]) == ("read", b"answer".hex(), True)
    assert close["call"] == "close"


def test_of_large_payloads_the_start_and_a_digest_are_kept(recorded):
    video = random.Random(5).randbytes(200_000)
    record(recorded, answering(video), ask(b"video"), kept=100)
    reads = [line for line in lines(recorded) if line.get("call") == "read"]
    assert sum(line["size"] for line in reads) == len(video)
    assert reads[0]["data"] == video[:100].hex()
    assert len(reads[0]["sha256"]) == 64
    assert recorded.stat().st_size < 4000
    replayed = ReplayTransport(recorded)
    replayed.write([b"video"], PATIENCE)
    assert read_exactly(replayed, len(video))[:200] == video[:100] + bytes(100)


def test_the_recorded_calls_do_not_change_what_is_read(recorded):
    video = random.Random(6).randbytes(1_000_000)

    def talk(transport):
        transport.write([b"video"], PATIENCE)
        return read_exactly(transport, len(video))

    assert record(recorded, answering(video), talk) == video


def test_a_finder_records_each_phone_that_is_opened(recorded):
    class OnePhone:
        identity = IDENTITY

        def open(self, options=None):
            return MemoryTransport(MemoryLink(IDENTITY), options)

    class OnePlace:
        closed = False

        def find(self):
            return [OnePhone()]

        def wait_for_change(self, timeout):
            return timeout == 3

        def close(self):
            self.closed = True

    place = OnePlace()
    with Recording(recorded) as recording:
        finder = TracedFinder(place, recording)
        (phone,) = finder.find()
        assert phone.identity == IDENTITY
        phone.open().close()
        phone.open(TransportOptions(depth=1)).close()
        assert finder.wait_for_change(3)
        finder.close()
    assert place.closed
    assert [line["phone"] for line in lines(recorded) if "opened" in line] == [0, 1]
    assert [line["phone"] for line in lines(recorded) if line.get("call") == "close"] == [0, 1]


def test_a_closed_recording_does_not_get_in_the_way(recorded):
    rig = TracedRig(recorded)
    transport = rig.open(echo)
    rig.recording.close()
    transport.write([b"works"], PATIENCE)
    assert read_transfer(transport) == b"works"
    rig.close()


# --- playing back


def test_a_replayed_phone_answers_as_it_did(recorded):
    record(recorded, answering(b"one", b"two"), ask(b"first", b"second"))
    assert ask(b"first", b"second")(ReplayTransport(recorded)) == [b"one", b"two"]


def test_reads_may_be_of_another_size(recorded):
    record(recorded, answering(b"d" * 700), ask(b"go"))
    replayed = ReplayTransport(recorded)
    replayed.write([b"go"], PATIENCE)
    assert read_transfer(replayed, wanted=700) == b"d" * 700


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda t: t.write([b"other"], 1), "line 3 .* 6669727374, but .* 6f74686572"),
        (lambda t: t.write([b"longer"], 1), "line 3 .* 5 bytes sent, but .* 6"),
        (lambda t: t.read(512, 1), r"line 3 .* write\(\), but .* read\(\)"),
        (lambda t: t.clear_halt(Endpoint.IN), r"line 3 .* write\(.*\), but .* clear_halt\(endpoint=in\)"),
        (lambda t: t.control_in(0x67, 32, 1), r"control_in\(request=103, value=0, length=32\)"),
        (lambda t: (t.write([b"first"], 1), t.read(9, 1), t.reset()), "line 4 .* the end, but"),
    ],
)
def test_a_program_that_asks_for_something_else_is_told(recorded, call, said):
    record(recorded, answering(b"one"), ask(b"first"))
    with pytest.raises(ReplayDiverged, match=said):
        call(ReplayTransport(recorded))


def test_a_read_of_less_than_came_is_told(recorded):
    record(recorded, answering(b"d" * 2000), ask(b"go"))
    replayed = ReplayTransport(recorded)
    replayed.write([b"go"], PATIENCE)
    with pytest.raises(ReplayDiverged, match="2000 bytes, but the program asks one of at most 512"):
        replayed.read(12, PATIENCE)


def test_what_is_no_recording_is_told(tmp_path):
    other = tmp_path / "other.jsonl"
    other.write_text('{"name": "x"}\n')
    with pytest.raises(ReplayDiverged, match="a recording of format 1"):
        ReplayTransport(other)


def test_a_phone_that_was_not_recorded_is_told(recorded):
    record(recorded, answering(), ask())
    with pytest.raises(ReplayDiverged, match="no such phone"):
        ReplayTransport(recorded, phone=1)


def test_errors_are_played_back(recorded):
    rig = TracedRig(recorded)
    transport = rig.open(answering())
    rig.unplug()
    with pytest.raises(PhoneGone):
        transport.read(512, PATIENCE)
    rig.close()
    with pytest.raises(PhoneGone):
        ReplayTransport(recorded).read(512, PATIENCE)


def test_events_are_played_back_where_they_came(recorded):
    def script(port):
        receive_transfer(port)
        port.send_event(b"event")
        port.send([b"answer"])

    def talk(transport):
        transport.write([b"go"], PATIENCE)
        answer = read_transfer(transport)
        assert transport.next_event(PATIENCE) == b"event"
        transport.control_out(0x66, b"", PATIENCE)
        return answer

    record(recorded, script, talk)
    replayed = ReplayTransport(recorded)
    assert replayed.next_event() is None
    assert talk(replayed) == b"answer"
    assert replayed.next_event() is None
    late = ReplayTransport(recorded)
    late.write([b"go"], PATIENCE)
    assert read_transfer(late) == b"answer"
    late.control_out(0x66, b"", PATIENCE)  # a program that looks for events later than it did
    assert late.next_event() == b"event"


# --- leaving names and serials out


def mtp_string(text):
    return bytes([len(text.encode("utf-16-le")) // 2 + 1]) + (text + "\0").encode("utf-16-le")


#: As in ObjectInfo: numbers, a name, two dates, no keywords.
OBJECT = (
    b"\1\0\1\0\x01\x38\0\0\xa0\x86\1\0"
    + bytes(26)
    + b"\4\0\0\0\0\0\0\0\0\0\0\0\0\0"
    + b"%s"
    + mtp_string("20240506T070809") * 2
    + b"\0"
)


def object_info(name):
    return (12).to_bytes(4, "little") + b"\2\0\x08\x10\7\0\0\0" + OBJECT.replace(b"%s", mtp_string(name))


NAMES = ["IMG_0042.jpg", "a.b", "Ünïcode ümläut.mov", "фото.jpg", "写真😀.png", "k" * 200]


@pytest.mark.parametrize("name", NAMES)
def test_names_and_serials_are_nowhere_in_a_redacted_recording(recorded, name):
    serial = IDENTITY.serial

    def script(port):
        port.on_control(lambda request, value, data, length: b"status of " + serial.encode())
        for answer in (object_info(name), mtp_string(serial), name.encode() * 9, b"\0" + serial.encode()):
            receive_transfer(port)
            port.send([answer])
        port.send_event(serial.lower().encode("utf-16-le"))
        receive_transfer(port)
        port.send([b"\1" * 3000 + mtp_string(name) * 500])

    def talk(transport):
        ask(b"info", mtp_string(name), b"\7" + name.encode("utf-16-le") + b"\0\0", b"serial")(transport)
        transport.control_in(0x67, 64, PATIENCE)
        transport.next_event(PATIENCE)
        transport.write([b"many"], PATIENCE)
        read_transfer(transport, wanted=4096)

        def parts():
            yield b"x"
            raise OSError(2, "No such file", f"/home/anna/{name}")

        with pytest.raises(OSError, match="No such file"):
            transport.write(parts(), PATIENCE)

    record(recorded, script, talk, redactor=MaskText())
    text = recorded.read_text().lower()
    for secret in (name, serial, serial.lower()):
        for encoding in ("utf-8", "utf-16-le", "utf-16-be"):
            encoded = secret.encode(encoding)
            if len(encoded) < 4:
                continue
            assert encoded.hex() not in text
            assert base64.b64encode(encoded).decode().lower().rstrip("=")[:-1] not in text
        assert secret.lower() not in text
        assert json.dumps(secret)[1:-1].lower() not in text
    assert "sha256" not in text
    assert lines(recorded)[1]["opened"]["serial"] == "x" * len(serial)
    assert lines(recorded)[0]["redacted"] is True


def test_content_is_left_out():
    masked = MaskText()
    picture = random.Random(7).randbytes(3000)
    assert masked(Crossing("in", picture, 3000, starts=True, ended=False)) == picture[:12]
    assert masked(Crossing("in", picture[:100], 3000, starts=True, ended=True)) == picture[:12]
    assert masked(Crossing("in", picture[:100], 100, starts=False, ended=True)) == b""


def test_redaction_keeps_lengths_headers_and_dates():
    info = object_info("IMG_0042.jpg")
    masked = mask_text(info)
    assert len(masked) == len(info)
    assert masked[:12] == info[:12]
    assert mtp_string("20240506T070809") * 2 in masked
    assert mtp_string("x" * 12) in masked


def test_redaction_keeps_numbers():
    """Operation codes, handles and sizes are what a bug report is read for."""
    operations = b"".join(
        code.to_bytes(2, "little") for code in [*range(0x1001, 0x101C), *range(0x95C1, 0x95C6)]
    )
    handles = b"".join(handle.to_bytes(4, "little") for handle in range(1, 100))
    for numbers in (operations, handles, (212_345_678_901).to_bytes(8, "little")):
        assert mask_text(numbers) == numbers


def test_a_string_cut_off_by_the_end_is_masked():
    assert "фот".encode("utf-16-le") not in mask_text(mtp_string("фотографии")[:8], complete=False)


def test_another_redactor_can_be_handed_in(recorded):
    crossings = []

    def keep_four(crossing):
        crossings.append(crossing)
        return crossing.data[:4]

    record(recorded, answering(b"d" * 700, b"response"), ask(b"question", b"next"), redactor=keep_four)
    assert [(c.pipe, c.size, c.starts) for c in crossings] == [
        ("out", 8, True),
        ("in", 700, True),
        ("out", 4, True),
        ("in", 8, True),
    ]
    assert [line["data"] for line in lines(recorded) if "data" in line] == [
        b"ques".hex(),
        b"dddd".hex(),
        b"next".hex(),
        b"resp".hex(),
    ]


def test_a_redactor_is_told_where_transfers_start_and_end(recorded):
    crossings = []

    def keep_all(crossing):
        crossings.append(crossing)
        return crossing.data

    def talk(transport):
        transport.write([b"go"], PATIENCE)
        read_exactly(transport, 512)
        read_exactly(transport, 188)
        read_transfer(transport)

    def script(port):
        receive_transfer(port)
        port.send([b"d" * 700])
        port.send([b"response"])

    record(recorded, script, talk, redactor=keep_all)
    assert [(c.size, c.starts, c.ended) for c in crossings] == [
        (2, True, True),
        (512, True, False),
        (188, False, True),
        (8, True, True),
    ]


def test_the_serial_is_masked_whatever_the_redactor_keeps(recorded):
    serial = IDENTITY.serial
    answer = b"<" + serial.encode() + b"|" + serial.lower().encode("utf-16-le") + b">"
    record(recorded, answering(answer), ask(b"go"), redactor=lambda crossing: crossing.data)
    (read,) = (line for line in lines(recorded) if line.get("call") == "read")
    assert bytes.fromhex(read["data"]) == b"<" + b"x" * 11 + b"|" + b"x\0" * 11 + b">"


def test_a_redacted_recording_is_compared_by_lengths(recorded):
    record(recorded, answering(object_info("secret.jpg")), ask(b"question"), redactor=MaskText())
    (answer,) = ask(b"QUESTION")(ReplayTransport(recorded))
    assert answer == object_info("x" * 10)
    with pytest.raises(ReplayDiverged):
        ReplayTransport(recorded).write([b"longer than it was"], PATIENCE)


def test_a_masked_identity_is_played_back(recorded):
    record(recorded, answering(), ask(), redactor=MaskText())
    identity = ReplayTransport(recorded).identity
    assert identity == UsbIdentity(0x18D1, 0x4EE1, "Google", "Pixel 8", "x" * 11)
