"""Keeping the computer awake, by logind and by the portal, on a real bus; and when."""

from contextlib import contextmanager
from pathlib import Path

import pytest

from mtpbackup.desktop.awake import kept_awake
from mtpbackup.engine import reports
from mtpbackup.engine.awake import KeepAwake
from mtpbackup.engine.reports import Count, Summary
from mtpbackup.errors import Failure
from tests.desktop.conftest import Desktop


@pytest.fixture
def system(bus_address, monkeypatch):
    """A system bus with a logind."""
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", bus_address)
    system = Desktop("org.freedesktop.login1")
    system.start(bus_address)
    yield system
    system.stop()


def test_logind_holds_a_lock_that_ends_with_the_copying(system):
    with kept_awake("Copying from Pixel 8") as worked:
        assert worked
        lock = system.wait_for("awake")
        assert (lock["awake"], lock["what"], lock["mode"]) == ("Copying from Pixel 8", "sleep:idle", "block")
        assert not [one for one in system.told if "let_go" in one]
    assert system.wait_for("let_go")["let_go"] == "Copying from Pixel 8"


def test_the_lock_is_let_go_of_when_copying_fails(system):
    with pytest.raises(RuntimeError), kept_awake("x"):
        raise RuntimeError
    system.wait_for("let_go")


def test_without_logind_the_portal_is_asked(bus_address, monkeypatch):
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", bus_address)
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nowhere")
    portal = Desktop("org.freedesktop.portal.Desktop")
    portal.start(bus_address)
    try:
        with kept_awake("Copying from Pixel 8") as worked:
            assert worked
            asked = portal.wait_for("portal")
            assert (asked["portal"], asked["flags"]) == ("Copying from Pixel 8", 12)
    finally:
        portal.stop()


def test_without_either_nothing_fails(no_desktop):
    with kept_awake("x") as worked:
        assert not worked


def test_it_is_awake_while_copying_and_sleeps_while_a_person_is_waited_for():
    held = []
    told = []

    @contextmanager
    def hold(phone):
        held.append(phone)
        yield
        held.remove(phone)

    def awake_after(event):
        keep(event)
        return list(held)

    keep = KeepAwake(told.append, hold)
    connected = reports.PhoneConnected("Pixel 8", "S", "Google", "Pixel 8", ())
    assert awake_after(connected) == []
    assert awake_after(reports.CopyStarted(Count(1, 1))) == ["Pixel 8"]
    assert awake_after(reports.PhoneLost("Pixel 8", Failure("PhoneLocked", ""))) == []
    assert awake_after(connected) == ["Pixel 8"]
    assert awake_after(reports.RunEnded(Summary("Pixel 8", "S", Path("x"), Count()))) == []
    assert awake_after(connected) == []
    assert len(told) == 6
    keep(reports.CopyStarted(Count(1, 1)))
    keep.end()
    assert held == []
