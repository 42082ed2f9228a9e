"""ANDROID.md, Writing: SendObjectInfo and SendObject."""

from __future__ import annotations

import itertools
import tracemalloc
from datetime import timedelta, timezone

import pytest

from mtpbackup.errors import EndpointStalled, TransferCancelled, TransportTimeout
from mtpbackup.transport.base import Endpoint
from mtpbackup.virtual import PERSONAS, FolderStore, Generated, MemoryStore, plug_in
from mtpbackup.virtual.conversation import Conversation
from mtpbackup.wire import ObjectInfo, Step, data_header
from tests.virtual.conftest import NOW
from tests.virtual.initiator import ALL, OK, Initiator

STORAGE = 0x00010001


def announce(initiator, name, size, parent=ALL, storage=STORAGE, object_format=0x3801, date=""):
    info = ObjectInfo(
        object_format=object_format, object_compressed_size=size, filename=name, date_modified=date
    )
    return initiator.ask(0x100C, storage, parent, data=info.encode())


def upload(initiator, name, content, parent=ALL, storage=STORAGE, date=""):
    answer = announce(initiator, name, len(content), parent, storage, date=date)
    assert answer.code == OK, hex(answer.code)
    assert initiator.ask(0x100D, data=content).code == OK
    return answer.parameters[2]


def dead_within(initiator, seconds=0.2):
    """Whether nothing answers any more."""
    initiator.timeout = seconds
    with pytest.raises(TransportTimeout):
        initiator.ask(0x1001)
    return True


@pytest.mark.parametrize("size", [0, 1, 500, 512, 1012, 16372, 16373, 16384, 16896, 100_000, 262_144])
def test_sending_at_all_sizes(initiator, size):
    content = bytes(Generated(size, 3).read(0, size))

    handle = upload(initiator, "new.jpg", content)

    assert initiator.ask(0x1009, handle).data == content
    assert initiator.names()["new.jpg"] == handle
    assert initiator.ask(0x9805, handle, 0, 0xDC04, 0, 0).data[-8:] == size.to_bytes(8, "little")


@pytest.mark.parametrize("size", [0, 1, 512, 16372, 100_000, 102_400])
def test_header_alone_first_works_at_all_sizes(initiator, size):
    content = bytes(Generated(size, 3).read(0, size))
    handle = announce(initiator, "new.jpg", size).parameters[2]
    initiator.command(0x100D)
    initiator.send(data_header(0x100D, initiator.transaction_id, size))
    if size:
        initiator.send(content)

    assert initiator.answer().code == OK
    assert initiator.ask(0x1009, handle).data == content


def test_the_response_to_send_object_info(initiator):
    assert announce(initiator, "a.jpg", 3).parameters[:2] == (STORAGE, 0), "parent 0 for the top level"
    dcim = initiator.at("DCIM")
    assert announce(initiator, "a.jpg", 3, dcim).parameters[1] == dcim


def test_parents(initiator):
    assert announce(initiator, "a.jpg", 3, parent=0).code == 0x2009, "the top level must be FFFFFFFF"
    assert announce(initiator, "a.jpg", 3, parent=initiator.at("top.mp4")).code == 0x201A
    assert announce(initiator, "a.jpg", 3, parent=9999).code == 0x2009


def test_storages(initiator):
    assert announce(initiator, "a.jpg", 3, storage=0).code == 0x2002, "0 with FFFFFFFF"
    assert announce(initiator, "a.jpg", 3, storage=0x00990001).code == 0x2008
    assert announce(initiator, "a.jpg", 3, storage=ALL).code == 0x2008


@pytest.mark.parametrize("name", ["", ".", "..", "a/b.jpg", "/", "../x.jpg"])
def test_names_refused_at_once(initiator, name):
    assert announce(initiator, name, 3).code == 0x201D


def test_names_taken(initiator):
    assert announce(initiator, "top.mp4", 3).code == 0x2002
    assert announce(initiator, "TOP.MP4", 3).code == OK, "only the exact name counts"


def test_a_name_that_differs_in_case_empties_the_file_that_is_there(phone, initiator):
    upload(initiator, "TOP.MP4", b"new")
    assert phone.storages[0].at("top.mp4").size == 3


def test_the_date_becomes_the_files(initiator):
    local = upload(initiator, "local.jpg", b"x", date="20240506T070809")
    utc = upload(initiator, "utc.jpg", b"x", date="20240506T070809Z")
    none = upload(initiator, "none.jpg", b"x")

    assert initiator.info(local).date_modified == "20240506T070809"
    assert initiator.info(utc).date_modified == "20240506T070809"
    assert initiator.info(none).date_modified == "20260102T030405", "now"


def test_zones_of_dates(phone, initiator):
    phone.zone = timezone(timedelta(hours=2))
    local = upload(initiator, "local.jpg", b"x", date="20240506T070809")
    utc = upload(initiator, "utc.jpg", b"x", date="20240506T070809Z")
    other = upload(initiator, "other.jpg", b"x", date="20240506T070809-0500")

    assert initiator.info(local).date_modified == "20240506T070809"
    assert initiator.info(utc).date_modified == "20240506T090809"
    assert initiator.info(other).date_modified == "20240506T070809", "other offsets are ignored"


def test_folders_are_made_by_send_object_info_alone(phone, initiator):
    handle = announce(initiator, "New", 0, object_format=0x3001, date="20200101T000000").parameters[2]

    assert phone.storages[0].at("New").is_folder
    assert initiator.info(handle).date_modified == "20260102T030405", "folders keep now"
    assert announce(initiator, "New", 0, object_format=0x3001).code == 0x2002, "existing name"
    upload(initiator, "a.jpg", b"abc", parent=handle)
    assert initiator.info(initiator.at("New/a.jpg")).object_compressed_size == 3


def test_an_announced_object_that_is_never_sent_stays_as_a_phantom(phone, initiator):
    handle = announce(initiator, "ghost.jpg", 3).parameters[2]
    initiator.storages()  # any other operation

    assert initiator.ask(0x100D).code == 0x2015
    initiator.send(data_header(0x100D, initiator.transaction_id, 9) + b"unwelcome")
    assert dead_within(initiator), "and a data phase that nobody expects kills the server"
    phone.replug()
    with phone.transport() as transport:
        again = Initiator(transport).open_session()
        assert "ghost.jpg" not in again.names(), "gone with the server"
        handle = announce(again, "ghost.jpg", 3).parameters[2]
        assert again.names()["ghost.jpg"] == handle, "listed"
        assert again.info(handle).object_compressed_size == 0, "size 0"
        assert announce(again, "ghost.jpg", 3).code == 0x2002, "its name refused from then on"


def test_a_folder_that_cannot_be_made_leaves_a_phantom_too(initiator):
    assert announce(initiator, "a:b", 0, object_format=0x3001).code == 0x2002
    assert "a:b" in initiator.names()


def test_no_room(phone, initiator):
    phone.storages[0].capacity = 20_000
    free = phone.storages[0].free
    assert announce(initiator, "a.jpg", free + 1).code == 0x200C
    assert announce(initiator, "a.jpg", 0xFFFFFFFF).code == 0x200C, "compared as 4294967295"
    assert announce(initiator, "a.jpg", free).code == OK


def test_a_card_with_a_limit(initiator):
    card = 0x00020001
    assert announce(initiator, "a.mp4", 0xFFFFFFFE, storage=card).code == OK
    assert announce(initiator, "b.mp4", 0xFFFFFFFF, storage=card).code == 0xA809


def test_fewer_bytes_than_announced(phone, initiator):
    handle = announce(initiator, "a.jpg", 20_000).parameters[2]
    assert initiator.ask(0x100D, data=b"x" * 19_000).code == 0x2002
    assert "a.jpg" not in initiator.names(), "file removed"
    assert initiator.ask(0x1008, handle).code == 0x2009
    assert not phone.dead, "server lives"


@pytest.mark.parametrize("size", [100, 16_000, 20_000])
def test_more_bytes_than_announced(phone, initiator, size):
    assert announce(initiator, "a.jpg", size).code == OK
    assert initiator.ask(0x100D, data=b"x" * (size + 1000)).code == 0x2002
    assert "a.jpg" not in initiator.names()
    assert not phone.dead


@pytest.mark.parametrize(("size", "lives"), [(16_372, True), (16_373, False), (100_000, False)])
def test_a_file_that_cannot_be_opened(phone, initiator, size, lives):
    assert announce(initiator, "a:b.jpg", size).code == OK, "names are not checked before"
    initiator.command(0x100D)
    data = data_header(0x100D, initiator.transaction_id, size) + b"x" * size
    if lives:
        initiator.send(data)
    else:
        with pytest.raises(TransportTimeout):
            initiator.transport.write([data], 0.2)  # no more than 16 KiB are taken
    assert initiator.answer().code == 0x2002, "2002 after the first 16 KiB"
    if not lives:
        initiator.send(data[16_384:][:9])
        assert dead_within(initiator), "if more data follows the server dies"
    assert phone.dead is not lives


def test_reserved_characters_and_long_names_fail_late(phone, initiator):
    for name in (*(f"a{letter}b.jpg" for letter in ':*?"<>|\\'), "ä" * 128):
        assert announce(initiator, name, 3).code == OK
        assert initiator.ask(0x100D, data=b"abc").code == 0x2002
        assert name not in initiator.names()
    assert not phone.dead


class Starved(Exception):
    """The phone waits for more, and nothing comes."""


class ScriptedPort:
    """A port that brings exactly these pieces: bytes, and whether the transfer ended with them."""

    packet_size = 512

    def __init__(self, *pieces):
        self.pieces = list(pieces)

    def receive(self, limit):
        if not self.pieces:
            raise Starved
        data, ended = self.pieces.pop(0)
        assert len(data) <= limit
        return data, ended


@pytest.mark.parametrize(
    "pieces",
    [
        [(b"h" * 12 + b"x" * 1012, False)],
        [(b"h" * 12, True), (b"x" * 1024, False)],
        [(b"h" * 12 + b"x" * 16_372, False)],
    ],
)
def test_a_missing_zero_length_packet_keeps_the_phone_waiting(pieces):
    """Where header and data, or data alone, fill their last packet; also for the first 16 KiB."""
    size = sum(len(data) for data, _ in pieces) - 12
    for last, outcome in (([], Starved), ([(b"", True)], None)):
        conversation = Conversation(ScriptedPort(*pieces, *last), PERSONAS["pixel"])
        conversation._transaction.receive(Step.COMMAND)
        if outcome:
            with pytest.raises(outcome):
                list(conversation.content(size))
        else:
            assert b"".join(conversation.content(size)) == b"x" * size


def test_a_dataset_header_by_itself_kills_the_server(phone, initiator):
    info = ObjectInfo(object_format=0x3801, object_compressed_size=3, filename="a.jpg").encode()
    initiator.command(0x100C, STORAGE, ALL)
    initiator.send(data_header(0x100C, initiator.transaction_id, len(info)))
    assert initiator.answer().code == 0x201D
    initiator.send(info)
    assert dead_within(initiator)
    assert phone.dead


def test_more_than_4_gib(phone, initiator):
    assert announce(initiator, "a.mp4", 0xFFFFFFFF).code == OK
    initiator.command(0x100D)
    initiator.send(data_header(0x100D, initiator.transaction_id, 2**32), *[b"x" * 1024] * 300)
    assert initiator.answer().code == OK, "data until a short packet or a zero-length one"
    assert phone.storages[0].at("a.mp4").size == 300 * 1024


def test_a_full_disk_stalls(phone, initiator):
    handle = announce(initiator, "a.jpg", 300_000).parameters[2]
    phone.storages[0].capacity = 50_000
    initiator.command(0x100D)
    with pytest.raises(EndpointStalled):
        initiator.send(data_header(0x100D, initiator.transaction_id, 300_000) + b"x" * 300_000)
        initiator.answer()
    transport = initiator.transport
    assert transport.control_in(0x67, 32, 5)[2:4] == b"\x1f\x20"
    transport.clear_halt(Endpoint.IN)
    transport.clear_halt(Endpoint.OUT)
    assert "a.jpg" not in initiator.names(), "file removed"
    assert initiator.ask(0x1008, handle).code == 0x2009


def test_cancel_while_receiving(phone, initiator):
    handle = announce(initiator, "a.jpg", 300_000).parameters[2]
    initiator.command(0x100D)

    def half_of_it():
        yield data_header(0x100D, initiator.transaction_id, 300_000)
        yield b"x" * 101_888
        initiator.transport.cancel()

    with pytest.raises(TransferCancelled):
        initiator.transport.write(half_of_it(), 5.0)
    initiator.transport.control_out(0x64, b"\x01\x40" + bytes(4), 5)

    assert initiator.ask(0x1008, handle).code == 0x2009, "no response; handle gone"
    assert "a.jpg" not in initiator.names(), "partial file removed"
    upload(initiator, "a.jpg", b"again")


def test_sent_files_need_no_object_info_twice(initiator):
    upload(initiator, "a.jpg", b"abc")
    assert initiator.ask(0x100D).code == 0x2015, "nothing announced"


def test_a_sparse_video_costs_no_memory(phone, initiator):
    assert announce(initiator, "a.mp4", 0xFFFFFFFF).code == OK
    initiator.command(0x100D)
    zeros = bytes(1 << 20)
    tracemalloc.start()
    header = data_header(0x100D, initiator.transaction_id, 2**32)
    initiator.transport.write(itertools.chain([header], itertools.repeat(zeros, 64), [b"end"]), 5.0)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert initiator.answer().code == OK
    assert phone.storages[0].at("a.mp4").size == (64 << 20) + 3
    assert peak < 8 << 20


def test_a_read_only_storage():
    store = MemoryStore(read_only=True)
    with plug_in(storages=[store]) as phone, phone.transport() as transport:
        initiator = Initiator(transport).open_session()
        assert announce(initiator, "a.jpg", 3).code == 0x2002


def test_files_on_a_disk_folder(tmp_path):
    (tmp_path / "DCIM").mkdir()
    with plug_in(storages=[FolderStore(tmp_path)], now=lambda: NOW) as phone, phone.transport() as transport:
        initiator = Initiator(transport).open_session()
        handle = upload(
            initiator, "Grüße 🎄.jpg", b"x" * 70_000, parent=initiator.at("DCIM"), date="20240506T070809"
        )
        made = tmp_path / "DCIM" / "Grüße 🎄.jpg"
        assert made.read_bytes() == b"x" * 70_000
        assert initiator.info(handle).date_modified == "20240506T070809"
        assert made.stat().st_mtime == 1714979289
        assert announce(initiator, "..", 3).code == 0x201D
        assert announce(initiator, "Grüße 🎄.jpg", 3, parent=initiator.at("DCIM")).code == 0x2002
