"""The commands, run in this process on virtual phones in place of USB."""

from collections.abc import Callable
from contextlib import contextmanager

import pytest
from click.testing import CliRunner, Result

from mtpbackup.cli import backup, devices, linking, ls, restore
from mtpbackup.cli.main import cli
from mtpbackup.virtual import VirtualFinder, VirtualPhone


@pytest.fixture(autouse=True)
def _own_state(monkeypatch, tmp_path_factory):
    """What the program notes, and the settings it reads, are not the person's."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path_factory.mktemp("config")))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path_factory.mktemp("data")))
    for bus in ("DBUS_SESSION_BUS_ADDRESS", "DBUS_SYSTEM_BUS_ADDRESS"):
        monkeypatch.setenv(bus, "unix:path=/nowhere")


@pytest.fixture
def phone():
    """A phone with two pictures and a video, plugged in."""
    with VirtualPhone(serial="SERIAL-1") as phone:
        phone.add_file("DCIM/Camera/IMG_0001.jpg", b"\xff\xd8 one")
        phone.add_file("DCIM/Camera/IMG_0002.jpg", b"\xff\xd8 two!")
        phone.add_file("DCIM/Camera/VID_0003.mp4", b"video" * 1000)
        phone.plug()
        yield phone


@pytest.fixture
def mtpbackup(monkeypatch, phone) -> Callable[..., Result]:
    """Runs a command where only virtual phones are plugged in."""
    phones = [phone]

    @contextmanager
    def usb_phones():
        yield VirtualFinder(*phones)

    for module in (backup, devices, ls, restore):
        monkeypatch.setattr(module, "usb_phones", usb_phones)
    for module in (devices, linking):
        monkeypatch.setattr(module, "usb_bus", tuple)

    def run(*arguments, also: tuple[VirtualPhone, ...] = ()) -> Result:
        phones[1:] = also
        return CliRunner().invoke(cli, [str(argument) for argument in arguments])

    return run
