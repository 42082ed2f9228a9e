"""ANDROID.md, Writing: the Android edit operations."""

from __future__ import annotations

import pytest

from mtpbackup.errors import TransportTimeout
from mtpbackup.virtual import Generated
from mtpbackup.wire import data_header
from tests.virtual.initiator import OK, Initiator


def halves(number):
    return number & 0xFFFFFFFF, number >> 32


def test_begin_edit(initiator):
    handle = initiator.at("top.mp4")
    assert initiator.ask(0x95C4, handle).code == OK
    assert initiator.ask(0x95C4, handle).code == 0x2002, "already open"
    assert initiator.ask(0x95C4, initiator.at("DCIM")).code == 0x2002, "a folder"
    assert initiator.ask(0x95C4, 9999).code == 0x2009
    assert initiator.ask(0x95C5, handle).code == OK
    assert initiator.ask(0x95C5, handle).code == 0x2002, "not open"


@pytest.mark.parametrize("size", [0, 1, 512, 500, 16_372, 20_000, 100_000])
def test_writing_in_place(phone, initiator, size):
    handle = initiator.at("top.mp4")
    before = initiator.ask(0x1009, handle).data
    piece = bytes(Generated(size, 5).read(0, size))
    initiator.ask(0x95C4, handle)

    answer = initiator.ask(0x95C2, handle, *halves(1000), size, data=piece)

    assert answer.code == OK
    assert answer.parameters == (max(0, size - 16_372),), "length less what came in the first 16 KiB"
    assert initiator.ask(0x95C5, handle).code == OK
    wanted = before[:1000] + piece + before[1000 + size :]
    assert initiator.ask(0x1009, handle).data == wanted
    assert initiator.info(handle).date_modified == "20260102T030405", "now"


def test_a_large_file_continues_where_it_stopped(phone, initiator):
    base = Generated(5 * 2**30, 1)
    phone.add_file("huge.mp4", base)
    handle = initiator.at("huge.mp4")
    initiator.ask(0x95C4, handle)
    assert initiator.ask(0x95C2, handle, *halves(5 * 2**30), 4, data=b"tail").code == OK
    initiator.ask(0x95C5, handle)
    end = initiator.ask(0x95C1, handle, *halves(5 * 2**30 - 4), 100).data
    assert end == bytes(base.read(5 * 2**30 - 4, 4)) + b"tail"


def test_refusals_read_no_data_and_the_data_kills_the_server(phone, initiator):
    handle = initiator.at("top.mp4")
    assert initiator.ask(0x95C2, handle, 0, 0, 3).code == 0x2002, "not open"
    initiator.ask(0x95C4, handle)
    assert initiator.ask(0x95C2, handle, 4097, 0, 3).code == 0x2002, "offset beyond the present size"
    assert not phone.dead
    initiator.send(data_header(0x95C2, initiator.transaction_id, 3) + b"abc")
    with pytest.raises(TransportTimeout):
        initiator.transport.read(512, 0.2)
    assert phone.dead


def test_truncate(phone, initiator):
    handle = initiator.at("top.mp4")
    assert initiator.ask(0x95C3, handle, 10, 0).code == 0x2002, "needs BeginEdit first"
    initiator.ask(0x95C4, handle)
    assert initiator.ask(0x95C3, handle, 10, 0).code == OK
    assert initiator.ask(0x1009, handle).data == bytes(range(10)), "shortens"
    assert initiator.ask(0x95C3, handle, 20, 0).code == OK
    assert initiator.ask(0x1009, handle).data == bytes(range(10)) + bytes(10), "or extends"


def test_edits_survive_close_session_and_a_lost_host(phone):
    with phone.transport() as transport:
        initiator = Initiator(transport).open_session()
        handle = initiator.at("top.mp4")
        initiator.ask(0x95C4, handle)
        initiator.ask(0x1003)
    with phone.transport() as transport:
        initiator = Initiator(transport).open_session()
        assert initiator.ask(0x95C2, handle, 0, 0, 3, data=b"new").code == OK
        assert initiator.ask(0x95C4, handle).code == 0x2002
        assert initiator.ask(0x95C5, handle).code == OK
        assert initiator.ask(0x95C4, handle).code == OK, "EndEdit, then BeginEdit"
