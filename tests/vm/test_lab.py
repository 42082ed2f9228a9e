"""The lab itself: phones come, are seen by programs of others and opened by the user at the seat, and go."""

from __future__ import annotations

import subprocess

import pytest

from tests.vm import content
from tests.vm.program import as_user, environment


def mtp_files(user: str = "user") -> str:
    answer = subprocess.run(
        [*as_user(user), "mtp-files"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env=environment(user),
    )
    return answer.stdout + answer.stderr


@pytest.mark.parametrize("kind", ["umtp", "qemu"])
def test_a_phone_is_plugged_in_read_by_an_ordinary_user_and_pulled_out(kind, umtp_phone, qemu_phone):
    phone = (umtp_phone if kind == "umtp" else qemu_phone)()
    content.write_file(phone.files / "DCIM/photo.jpg", 5_000)
    phone.plug()
    assert "photo.jpg" in mtp_files()
    # Rights come from the session at the seat: somebody else has none.
    assert "photo.jpg" not in mtp_files("other")
    phone.unplug()
    assert "No Devices have been found" in mtp_files()
    phone.plug()
    assert "photo.jpg" in mtp_files()
    phone.unplug()
