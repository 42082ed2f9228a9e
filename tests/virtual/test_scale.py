"""Large folders and large files cost little. The limits are generous: other work may share the computer."""

from __future__ import annotations

import time
import tracemalloc

import pytest

from mtpbackup.virtual import Generated, MemoryStore, plug_in
from mtpbackup.virtual.clock import PhoneClock
from mtpbackup.virtual.object_properties import property_list
from mtpbackup.virtual.objects import ObjectTable
from mtpbackup.virtual.personas import PERSONAS
from tests.virtual.initiator import OK, Initiator
from tests.virtual.test_writing import upload


@pytest.fixture(scope="module")
def many():
    store = MemoryStore()
    for number in range(20_000):
        store.add(f"DCIM/Camera/IMG_{number:05}.jpg", Generated(3_000_000, number), 1.6e9 + number)
    return store


def fastest(work, tries=3):
    took = []
    for _ in range(tries):
        started = time.process_time()
        work()
        took.append(time.process_time() - started)
    return min(took)


def test_20000_objects_are_listed_fast(many):
    persona = PERSONAS["pixel"]
    table = ObjectTable(persona)
    mounted = table.mount(many)
    table.refresh(mounted.top)
    (dcim,) = table.listed(mounted.top)
    table.refresh(dcim)
    (camera,) = table.listed(dcim)
    table.refresh(camera)
    assert fastest(lambda: table.refresh(camera)) < 0.2
    entries = table.listed(camera)
    assert len(entries) == 20_000
    for code in (0xDC07, 0xDC02, 0xDC04, 0xDC09):
        wanted = [(entry, (code,)) for entry in entries]
        assert fastest(lambda: property_list(persona, PhoneClock(), wanted)) < 0.5, hex(code)  # noqa: B023


def test_a_walk_of_20000_objects(many):
    with plug_in(storages=[many]) as phone, phone.transport() as transport:
        initiator = Initiator(transport).open_session()
        camera = initiator.at("DCIM/Camera")
        phone.log.clear()
        for code in (0xDC07, 0xDC02, 0xDC04, 0xDC09):
            answer = initiator.ask(0x9805, camera, 0, code, 0, 1)
            assert answer.code == OK
            assert int.from_bytes(answer.data[:4], "little") == 20_001
        assert len(initiator.listing(camera)) == 20_000
        assert sum(phone.counts.values()) == 5


def test_a_large_object_is_never_held():
    with plug_in() as phone, phone.transport() as transport:
        phone.add_file("a.mp4", Generated(300_000_000))
        initiator = Initiator(transport).open_session()
        initiator.command(0x1009, initiator.at("a.mp4"))
        left = 300_000_012
        tracemalloc.start()
        while left:
            chunk = transport.read(left, 5)
            left -= len(chunk.data)
            chunk.release()
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert initiator.answer().code == OK
    assert peak < 10_000_000


def test_sending_into_a_folder_of_5000(many):
    store = MemoryStore()
    for number in range(5_000):
        store.add(f"DCIM/IMG_{number:05}.jpg", b"x")
    with plug_in(storages=[store]) as phone, phone.transport() as transport:
        initiator = Initiator(transport).open_session()
        dcim = initiator.at("DCIM")
        started = time.process_time()
        for number in range(200):
            upload(initiator, f"new_{number}.jpg", b"abc", parent=dcim)
        assert time.process_time() - started < 3.0
        assert len(initiator.listing(dcim)) == 5_200
