"""ANDROID.md, Reading."""

from __future__ import annotations

import pytest

from mtpbackup.errors import EndpointStalled, TransportTimeout
from mtpbackup.transport.base import Endpoint
from mtpbackup.virtual import Broken, Generated, MemoryStore, plug_in
from mtpbackup.virtual.exif import Exif
from mtpbackup.virtual.jpeg import jpeg
from mtpbackup.wire import ContainerParser, ContainerStart
from tests.virtual.initiator import OK, Initiator


def reading(initiator, size, offset=0, content=None):
    content = content or Generated(size, 7)
    return bytes(content.read(offset, size))


@pytest.mark.parametrize("size", [0, 1, 499, 500, 501, 512, 1012, 1024, 65536 - 12, 65536, 300_001])
def test_a_whole_object_and_the_response_after_it(phone, initiator, size):
    phone.add_file("a.mp4", Generated(size, 7))
    handle = initiator.at("a.mp4")

    answer = initiator.ask(0x1009, handle)

    assert answer.code == OK
    assert answer.data == reading(initiator, size)
    assert initiator.storages(), "in step afterwards"


def test_header_and_first_bytes_share_a_packet_and_multiples_end_with_an_empty_one(phone, initiator):
    phone.add_file("a.mp4", Generated(1012, 7))
    handle = initiator.at("a.mp4")
    initiator.command(0x1009, handle)

    first = initiator.transport.read(1024, 5)
    assert (len(first.data), first.ended) == (1024, False), "12 + 1012: two whole packets"
    first.release()
    empty = initiator.transport.read(64, 5)
    assert (len(empty.data), empty.ended) == (0, True), "the zero-length packet, before the response"
    empty.release()
    assert initiator.answer().code == OK


def test_the_length_of_4_gib_says_until_the_transfer_ends(phone, initiator):
    phone.add_file("huge.mp4", Generated(2**32 - 12, 1))
    phone.add_file("large.mp4", Generated(2**32 - 14, 1))
    lengths = {}
    for name in ("huge.mp4", "large.mp4"):
        initiator.command(0x1009, initiator.at(name))
        chunk = initiator.transport.read(512, 5)
        (start, *_) = ContainerParser().feed(chunk.data, chunk.ended)
        assert isinstance(start, ContainerStart)
        lengths[name] = start.header.length
        chunk.release()
        initiator.transport.control_out(0x64, b"\x01\x40" + bytes(4), 5)
        initiator.transport.stop_reading()
    assert lengths == {"huge.mp4": 0xFFFFFFFF, "large.mp4": 2**32 - 2}


def test_a_folder_or_unknown_handle_has_no_content(initiator):
    dcim = initiator.at("DCIM")
    for operation, more in ((0x1009, ()), (0x101B, (0, 10)), (0x95C1, (0, 0, 10))):
        folder = initiator.ask(operation, dcim, *more)
        assert (folder.code, folder.data) == (0x2002, None), "2002 without data"
        assert initiator.ask(operation, 9999, *more).code == 0x2009


def test_parts(phone, initiator):
    content = Generated(100_000, 5)
    phone.add_file("a.mp4", content)
    handle = initiator.at("a.mp4")

    for offset, length in ((0, 10), (5, 65_536), (99_990, 100), (70_000, 0)):
        wanted = content.read(offset, length)
        for answer in (
            initiator.ask(0x101B, handle, offset, length),
            initiator.ask(0x95C1, handle, offset, 0, length),
        ):
            assert answer.code == OK
            assert answer.data == wanted, "cut at the end of the file"
            assert answer.parameters == (len(wanted),), "parameter 1: bytes sent"


def test_reading_at_and_past_the_end(phone, initiator):
    handle = initiator.at("top.mp4")
    for operation, high in ((0x101B, ()), (0x95C1, (0,))):
        at_end = initiator.ask(operation, handle, 4096, *high, 100)
        assert (at_end.code, at_end.data) == (OK, b""), "offset = size: OK, empty data"
        past = initiator.ask(operation, handle, 4097, *high, 100)
        assert (past.code, past.data) == (0x2002, None), "offset > size: 2002, no data"


def test_too_few_parameters(initiator):
    handle = initiator.at("top.mp4")
    assert initiator.ask(0x101B, handle, 0).code == 0x201D
    assert initiator.ask(0x95C1, handle, 0, 0).code == 0x201D


def test_beyond_4_gib(phone, initiator):
    content = Generated(5 * 2**30, 9)
    phone.add_file("huge.mp4", content)
    handle = initiator.at("huge.mp4")

    end = initiator.ask(0x95C1, handle, 2**30 - 1000, 1, 4096)
    assert end.data == content.read(5 * 2**30 - 1000, 1000)
    across = initiator.ask(0x101B, handle, 2**32 - 8, 4096)
    assert across.data == content.read(2**32 - 8, 4096), "a 32-bit offset may reach over 4 GiB from below"


def test_a_failing_disk_stalls_both_endpoints(phone, initiator):
    phone.add_file("bad.jpg", Broken(Generated(1_000_000), 300_000))
    handle = initiator.at("bad.jpg")
    initiator.command(0x1009, handle)
    with pytest.raises(EndpointStalled):
        initiator.answer()

    transport = initiator.transport
    assert transport.control_in(0x67, 32, 5).hex() == "0c001f20ff00ff0000000000", "201F, two numbers, padding"
    transport.clear_halt(Endpoint.IN)
    transport.clear_halt(Endpoint.OUT)
    assert transport.control_in(0x67, 32, 5).hex() == "0800012000000000", "2001 again"
    assert initiator.info(handle).filename == "bad.jpg", "the next command works"
    assert phone.transactions[-2].response is None, "no response came"


def test_a_file_that_shrinks_while_it_is_sent_stalls_too(phone, initiator):
    class Shrinking(Generated):
        def read(self, offset, length):
            return b"" if offset > 200_000 else super().read(offset, length)

    phone.add_file("less.jpg", Shrinking(1_000_000))
    initiator.command(0x1009, initiator.at("less.jpg"))
    with pytest.raises(EndpointStalled):
        initiator.answer()


def test_cancel_in_the_middle_of_data(phone, initiator):
    phone.add_file("a.mp4", Generated(50_000_000, 7))
    handle = initiator.at("a.mp4")
    initiator.command(0x1009, handle)
    for _ in range(3):
        initiator.transport.read(50_000_000, 5).release()

    initiator.transport.control_out(0x64, b"\x01\x40" + bytes(4), 5)
    initiator.transport.stop_reading()

    assert initiator.info(handle).object_compressed_size == 50_000_000, "no response, next command at once"
    with pytest.raises(TransportTimeout):
        initiator.transport.read(512, 0.05)


def test_thumbnails(phone, initiator):
    thumb = jpeg(160, 120, lambda x, y: (x * 255, 0, 0))
    exif = Exif(taken=__import__("datetime").datetime(2024, 5, 6), thumbnail=thumb).app1()
    phone.add_file("with.jpg", jpeg(320, 240, lambda x, y: (0, 0, 0), app1=exif))
    phone.add_file("without.jpg", jpeg(320, 240, lambda x, y: (0, 0, 0)))
    phone.add_file("broken.jpg", b"no picture")
    phone.add_file("text.txt", b"hello")
    phone.add_file("video.mp4", b"\0\0\0\x18ftypmp42")

    assert initiator.ask(0x100A, initiator.at("with.jpg")).data == thumb, "the Exif one"
    made = initiator.ask(0x100A, initiator.at("without.jpg")).data
    assert made.startswith(b"\xff\xd8\xff"), "else a made one"
    for name in ("broken.jpg", "text.txt", "video.mp4"):
        answer = initiator.ask(0x100A, initiator.at(name))
        assert (answer.code, answer.data) == (0x2002, None), name
    assert initiator.ask(0x100A, 9999).code == 0x2002


def test_a_large_object_is_sent_in_pieces_that_are_made_one_by_one():
    asked = []

    class Watched(Generated):
        def read(self, offset, length):
            asked.append(length)
            return super().read(offset, length)

    store = MemoryStore()
    store.add("a.mp4", Watched(30_000_000))
    with plug_in(storages=[store]) as phone, phone.transport() as transport:
        initiator = Initiator(transport).open_session()
        assert len(initiator.ask(0x1009, initiator.at("a.mp4")).data) == 30_000_000
    assert max(asked) <= 256 * 1024
