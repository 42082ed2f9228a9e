"""Who may open a phone: whoever sits at the screen, members of plugdev, and nobody else."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.vm import content


@pytest.fixture(scope="module")
def phone(shared):
    phone = shared.umtp()
    content.write_photos(phone.files / "DCIM", 2)
    return phone


@pytest.fixture
def home():
    folder = Path("/home/other/backup")
    yield folder
    subprocess.run(["rm", "-rf", folder], check=True)


def test_no_rights_are_told_apart_from_no_phone(phone, home, mtpbackup):
    phone.plug()
    outcome = mtpbackup("backup", "--to", home, "--wait", "0", user="other")
    assert outcome.code == 22, outcome
    assert "doesn't let you" in outcome.text
    phone.unplug()
    assert mtpbackup("backup", "--to", home, "--wait", "0", user="other").code == 20


def test_a_member_of_plugdev_needs_no_seat(phone, home, mtpbackup):
    subprocess.run(["usermod", "-aG", "plugdev", "other"], check=True)
    try:
        phone.plug()
        outcome = mtpbackup("backup", "--to", home, "--json", user="other")
    finally:
        subprocess.run(["gpasswd", "-d", "other", "plugdev"], check=True, stdout=subprocess.DEVNULL)
    assert outcome.code == 0, outcome
    assert outcome.summary["saved"]["files"] == 2


def test_rights_given_while_it_waits(phone, destination, started):
    """The seat is somebody else's at first: the run waits, and carries on when the user is back in front."""
    phone.plug()
    serials = Path("/sys/bus/usb/devices").glob("*/serial")
    node = next(path.parent for path in serials if path.read_text().strip() == phone.serial)
    number = [int((node / name).read_text()) for name in ("busnum", "devnum")]
    device = "/dev/bus/usb/{:03}/{:03}".format(*number)
    subprocess.run(["setfacl", "-x", "u:user", device], check=True)
    subprocess.run(["chmod", "0644", device], check=True)
    run = started("backup", "--to", destination, "--json", "--wait", "60")
    run.wait_for(event="waiting", reason="no_permission")
    subprocess.run(["setfacl", "-m", "u:user:rw", device], check=True)
    outcome = run.end(60)
    assert outcome.code == 0, outcome
