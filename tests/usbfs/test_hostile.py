"""Hostile phones on the emulated bus: what they say goes through the system's libusb to the unmodified program.

The same phones, exit codes and numbers as in `tests/hostile`, where memory, words and terminals are looked at.
"""

from __future__ import annotations

import contextlib

import pytest

from mtpbackup.virtual import VirtualPhone
from mtpbackup.virtual.hostile import HOSTILE
from mtpbackup.virtual.usbfs import PhoneOnBus
from tests.campaign.checks import check_sums
from tests.hostile.test_hostile import MET
from tests.usbfs.programs import Fact, run_attended

pytestmark = pytest.mark.usbfs


#: Those that a phone keeps waiting for a minute and more.
SLOW = ("endless content", "busy for ever")
PHONES = [
    pytest.param(name, code, saved, marks=pytest.mark.long if name in SLOW else (), id=name)
    for name, code, saved, _, _ in MET
]


@pytest.mark.parametrize(("name", "code", "saved"), PHONES)
def test_a_hostile_phone_on_the_cable(program_bus, tmp_path, name, code, saved):
    with HOSTILE[name](VirtualPhone) as phone:
        device = PhoneOnBus(program_bus, phone)
        program_bus.plug(device)

        def attend(fact: Fact) -> None:
            if fact.get("event") == "waiting" and fact["reason"] == "none":
                program_bus.settle()
                with contextlib.suppress(ValueError):  # it came back by itself
                    program_bus.plug(device)

        environment = program_bus.environment() | {"XDG_STATE_HOME": str(tmp_path / "state")}
        root = tmp_path / "root"
        (root / "backup").mkdir(parents=True)
        ended = run_attended(environment, "backup", "--to", root / "backup", attend=attend, limit=110)
        program_bus.settle()
        program_bus.unplug(device)
    assert ended.code == code, ended.facts[-3:]
    assert ended.last.get("saved", {"files": 0})["files"] == saved, ended.facts[-3:]
    assert [path.name for path in root.iterdir()] == ["backup"]
    check_sums(root / "backup")


def test_they_are_all_met():
    assert {name for name, *_ in MET} == set(HOSTILE)
