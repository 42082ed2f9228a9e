"""The phone in its owner's hand: cable, finder, threads, counting."""

from __future__ import annotations

import threading

import pytest

from mtpbackup.errors import InterfaceBusy, PhoneGone
from mtpbackup.transport.base import Finder, Transport, TransportOptions
from mtpbackup.virtual import (
    Generated,
    MemoryStore,
    ModelledBus,
    VirtualFinder,
    VirtualPhone,
    plug_in,
)
from tests.virtual.initiator import ALL, OK, Initiator


def virtual_threads():
    return [thread for thread in threading.enumerate() if thread.name.startswith("virtual phone")]


def test_closing_leaves_no_thread_behind():
    before = virtual_threads()
    with plug_in() as phone:
        for _ in range(3):
            with phone.transport() as transport:
                Initiator(transport).open_session().storages()
            phone.replug()
        assert len(virtual_threads()) > len(before)
    assert virtual_threads() == before


def test_closing_while_the_phone_is_sending():
    before = virtual_threads()
    with plug_in() as phone:
        phone.add_file("a.mp4", Generated(100_000_000))
        transport = phone.transport()
        initiator = Initiator(transport).open_session()
        initiator.command(0x1009, initiator.at("a.mp4"))
        transport.read(100_000_000, 5).release()
        phone.lock()
        phone.unlock()  # events that nobody reads
    assert virtual_threads() == before
    with pytest.raises(PhoneGone):
        while True:
            transport.read(100_000_000, 5).release()
    transport.close()


def test_the_finder_shows_it_while_it_is_plugged_in():
    phone = VirtualPhone()
    finder: Finder = phone.finder
    assert finder.find() == []
    phone.plug()
    (found,) = finder.find()
    assert found.identity == phone.identity
    with found.open(TransportOptions(chunk_size=4096)) as transport:
        checked: Transport = transport
        assert Initiator(checked).open_session().storages() == (0x00010001,)
    phone.unplug()
    assert finder.find() == []
    with pytest.raises(PhoneGone):
        found.open()
    phone.plug()
    with pytest.raises(PhoneGone):
        found.open()  # another attachment is another device
    assert finder.find()[0].identity.address != found.identity.address
    phone.close()


def test_one_program_at_a_time():
    with plug_in() as phone:
        (found,) = phone.finder.find()
        with found.open(), pytest.raises(InterfaceBusy):
            found.open()
        found.open().close()


def wait_in_thread(finder, timeout=10.0):
    results = []
    thread = threading.Thread(target=lambda: results.append(finder.wait_for_change(timeout)))
    thread.start()
    return thread, results


def test_waiting_ends_with_plugging_in_and_out():
    phone = VirtualPhone()
    finder = VirtualFinder(phone)
    for change in (phone.plug, phone.unplug, phone.plug, phone.replug, phone.close):
        finder.find()
        thread, results = wait_in_thread(finder)
        change()
        thread.join(5)
        assert results == [True], change.__name__


def test_a_change_between_looking_and_waiting_is_not_missed():
    with VirtualPhone() as phone:
        phone.finder.find()
        phone.plug()
        assert phone.finder.wait_for_change(0.0)
        assert not phone.finder.wait_for_change(0.0)


def test_closing_a_finder_ends_the_waiting():
    finder = VirtualFinder()
    thread, results = wait_in_thread(finder)
    finder.close()
    thread.join(5)
    assert results == [False]


def test_two_phones():
    with plug_in(serial="ONE") as one, plug_in("basic", serial="TWO") as two:
        finder = VirtualFinder(one, two)
        assert [found.identity.serial for found in finder.find()] == ["ONE", "TWO"]
        one.unplug()
        assert [found.identity.serial for found in finder.find()] == ["TWO"]


@pytest.mark.parametrize("size", [1, 512, 70_000, 1_000_000])
def test_unplug_at_a_byte(size):
    phone = plug_in()
    phone.add_file("a.mp4", Generated(5_000_000))
    with phone.transport() as transport:
        initiator = Initiator(transport).open_session()
        handle = initiator.at("a.mp4")
        phone.unplug(after_bytes=size)
        initiator.command(0x1009, handle)
        received = 0
        with pytest.raises(PhoneGone):
            while True:
                chunk = transport.read(5_000_000, 5)
                received += len(chunk.data)
                chunk.release()
    assert received <= size
    assert received >= size - 256 * 1024
    while phone.finder.find():
        assert phone.finder.wait_for_change(5.0)
    phone.close()


def test_unplug_wakes_up_who_waits_also_when_it_comes_by_itself():
    phone = plug_in()
    phone.finder.find()
    thread, results = wait_in_thread(phone.finder)
    with phone.transport() as transport:
        phone.unplug(after_bytes=10)
        with pytest.raises(PhoneGone):
            Initiator(transport).open_session()
    thread.join(5)
    assert results == [True]
    phone.close()


def test_counts_and_transactions_go_on_over_a_replug():
    with plug_in() as phone:
        for _ in range(2):
            with phone.transport() as transport:
                Initiator(transport).open_session().ask(0x1008, 77)
            phone.replug()
        assert phone.counts == {0x1002: 2, 0x1008: 2}
        last = phone.transactions[-1]
        assert (last.operation, last.parameters, last.response) == (0x1008, (77,), 0x2009)
        phone.log.clear()
        assert phone.counts == {}
        assert phone.transactions == []


def test_a_card_put_in_and_pulled_out():
    with plug_in() as phone, phone.transport() as transport:
        initiator = Initiator(transport).open_session()
        card = MemoryStore("SD card", removable=True)
        card.add("a.jpg", b"abc")
        phone.add_storage(card)
        assert initiator.event().code == 0x4004
        assert set(initiator.names()) == {"a.jpg"}
        phone.remove_storage(card)
        assert initiator.event().code == 0x4005
        assert initiator.listing() == ()


def test_the_owner_changes_files_while_it_is_unplugged():
    phone = VirtualPhone()
    phone.add_file("DCIM/a.jpg", b"abc", 1000.0)
    phone.add_file("DCIM/b.jpg", b"abc")
    phone.rename("DCIM/a.jpg", "c.jpg")
    phone.move("DCIM/c.jpg", "Pictures/Sub")
    phone.touch("Pictures/Sub/c.jpg", 2000.0)
    phone.remove("DCIM")
    phone.plug()
    with phone.transport() as transport:
        initiator = Initiator(transport).open_session()
        assert set(initiator.names()) == {"Pictures"}
        assert initiator.info(initiator.at("Pictures/Sub/c.jpg")).date_modified == "19700101T003320"
        assert phone.handle("Pictures/Sub/c.jpg") == initiator.at("Pictures/Sub/c.jpg")
        assert phone.handle("Pictures/none.jpg") is None
    phone.close()


def test_virtual_time_adds_up_and_never_sleeps():
    from mtpbackup.virtual import Cost

    bus = ModelledBus(
        latency_per_transaction=2.0,
        bytes_per_second=1_000_000.0,
        costs={0x9805: Cost(call=1.0, element=0.5), 0x1009: Cost(byte=1e-6)},
    )
    with plug_in(bus=bus) as phone, phone.transport() as transport:
        phone.add_file("a.mp4", Generated(3_000_000))
        phone.add_file("b.mp4", b"")
        initiator = Initiator(transport).open_session()
        assert phone.clock == pytest.approx(2.0)
        answer = initiator.ask(0x9805, 0, 0, 0xDC04, 0, 0)
        payload = len(answer.data) / 1e6
        assert phone.clock == pytest.approx(2.0 + 2.0 + 1.0 + 2 * 0.5 + payload)
        handle = initiator.at("a.mp4")
        before, carried = bus.elapsed, bus.carrying
        assert initiator.ask(0x1009, handle).code == OK
        assert bus.elapsed - before == pytest.approx(2.0 + 3.0 + 3.0)
        assert bus.carrying - carried == pytest.approx(3.0), "time in which payload was on the bus"
        assert bus.bytes_in > 3_000_000
        bus.pass_time(10)
        assert phone.clock > 20


def test_what_comes_in_is_charged_too():
    from tests.virtual.test_writing import upload

    with plug_in(bus=ModelledBus(0.0, 1e6)) as phone, phone.transport() as transport:
        initiator = Initiator(transport).open_session()
        before = phone.bus.carrying
        upload(initiator, "a.mp4", bytes(2_000_000))
        assert phone.bus.carrying - before == pytest.approx(2.0, rel=0.01)


def test_serving_another_port():
    from mtpbackup.transport.memory import memory_pair

    phone = VirtualPhone()
    phone.add_file("a.jpg", b"abc")
    transport, port = memory_pair()
    server = threading.Thread(target=phone.serve, args=(port,), kwargs={"unplug": port.unplug})
    server.start()
    with transport:
        initiator = Initiator(transport).open_session()
        assert set(initiator.names()) == {"a.jpg"}
        phone.unplug()
        with pytest.raises(PhoneGone):
            initiator.ask(0x1007, ALL, 0, ALL)
    server.join(5)
    assert not server.is_alive()
