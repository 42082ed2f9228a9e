"""Notifications, on a real bus with a notification daemon made for this."""

from mtpbackup.desktop.notifications import Notifier


def test_one_is_shown_and_changes(desktop):
    notifier = Notifier()
    notifier.show("Backing up Pixel 8", "12 files, 41 MB")
    notifier.show("Unlock Pixel 8", "now", urgent=True)
    notifier.close()
    first, second = desktop.bubbles(2)
    assert (first["title"], first["body"], first["app"], first["icon"]) == (
        "Backing up Pixel 8",
        "12 files, 41 MB",
        "mtpbackup",
        "mtpbackup",
    )
    assert first["id"] == second["id"]
    assert (first["urgency"], second["urgency"]) == (1, 2)


def test_names_are_not_taken_for_markup(desktop):
    notifier = Notifier()
    notifier.show("x", '<b>R&D</b> "phone"')
    notifier.close()
    assert [one["body"] for one in desktop.bubbles(1)] == ['&lt;b&gt;R&amp;D&lt;/b&gt; "phone"']


def test_one_is_withdrawn(desktop):
    notifier = Notifier()
    notifier.withdraw()
    notifier.show("Unlock Pixel 8")
    notifier.withdraw()
    notifier.close()
    assert not notifier.shown
    assert desktop.wait_for("withdrawn")["withdrawn"] == 1


def test_who_does_not_want_any_gets_none(desktop):
    notifier = Notifier(wanted=False)
    notifier.show("x")
    notifier.close()
    assert desktop.bubbles(0) == []


def test_without_a_bus_nothing_is_shown_and_nothing_fails(no_desktop):
    notifier = Notifier()
    notifier.show("x")
    notifier.withdraw()
    notifier.close()
    assert not notifier.shown


def test_without_a_daemon_nothing_is_shown_and_nothing_fails(bus_address, monkeypatch):
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", bus_address)
    notifier = Notifier()
    notifier.show("x")
    notifier.close()
    assert not notifier.shown


def test_the_bus_is_found_where_systemd_puts_it(desktop, bus_address, monkeypatch, tmp_path):
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS")
    runtime = tmp_path / "runtime"
    runtime.mkdir()
    path = bus_address.partition("path=")[2].partition(",")[0]
    (runtime / "bus").symlink_to(path)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))
    notifier = Notifier()
    notifier.show("found")
    notifier.close()
    assert [one["title"] for one in desktop.bubbles(1)] == ["found"]
