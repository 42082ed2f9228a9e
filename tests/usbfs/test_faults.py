"""Each named fault through the system's libusb, to the program in a process of its own, on the emulated bus.

The same faults, by the same descriptions, as `tests/campaign/test_faults.py` has in memory. A person plugs the
phone in again, or unlocks it, when the program asks for it.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from mtpbackup.virtual import Generated
from mtpbackup.virtual.usbfs import Bus, PhoneOnBus
from tests.campaign.checks import check_covered, check_tidy, check_truth, read_backup
from tests.campaign.test_faults import CASES, FILES, ON_CARD
from tests.campaign.world import BASE, World
from tests.usbfs.programs import Ended, Fact, run_attended

pytestmark = pytest.mark.usbfs


class WorldOnBus(World):
    """A phone with a memory, whose cable is that of the bus."""

    buses: Bus
    on_bus: PhoneOnBus

    hands: list[threading.Thread]

    def plug(self) -> None:
        self.buses.settle()
        with contextlib.suppress(ValueError):  # it came back by itself
            self.buses.plug(self.on_bus)

    def replug(self) -> None:
        def move_cable() -> None:
            self.buses.unplug(self.on_bus)
            self.plug()

        if threading.current_thread() is threading.main_thread():
            move_cable()
        else:
            # A fault calls this in the phone's own thread, which ends with the cable.
            self.hands.append(threading.Thread(target=move_cable))
            self.hands[-1].start()


@pytest.fixture
def world(program_bus: Bus) -> Iterator[WorldOnBus]:
    with WorldOnBus() as world:
        world.buses, world.on_bus, world.hands = program_bus, PhoneOnBus(program_bus, world), []
        for number, (name, size) in enumerate(
            {"zero": 0, "packet": 500, "packets": 4084, "IMG_1": 20_000}.items()
        ):
            world.add_file(f"DCIM/Camera/{name}.jpg", Generated(size, number), BASE - 3_601 * number)
        world.add_file("DCIM/Camera/clip.mp4", Generated(3_000, 4), BASE - 3_601 * 4)
        world.add_file("DCIM/large.mp4", Generated(100_000, 50), BASE + 7)
        for number in range(ON_CARD):
            world.add_file(f"DCIM/card_{number}.jpg", Generated(5_000 + number, 60 + number), BASE - number, 1)
        world.plug()
        yield world
        for hand in world.hands:
            hand.join()
        program_bus.unplug(world.on_bus)
        assert world.on_bus.failure is None


def back_up(world: WorldOnBus, root: Path) -> Ended:
    def attend(fact: Fact) -> None:
        if fact.get("event") != "waiting":
            return
        if fact["reason"] == "locked":
            world.unlock(reattach=False)
        elif fact["reason"] == "none":
            world.plug()
        elif fact["reason"] == "no_answer":
            world.replug()

    environment = world.buses.environment() | {"XDG_STATE_HOME": str(root.parent / "state")}
    return run_attended(environment, "backup", "--to", root, "--wait", 60, attend=attend)


@pytest.mark.parametrize("name", CASES)
def test_a_fault_on_the_cable(world, tmp_path, name):
    case, root = CASES[name], tmp_path / "backup"
    case.prepare(world)
    world.faults.add(*case.faults(world))
    first = back_up(world, root)
    counts = {bucket: first.last[bucket]["files"] for bucket in ("saved", "failed")}
    assert counts == {"saved": FILES - case.failed, "failed": case.failed}, first.facts[-5:]
    assert first.last["adds_up"] and first.code == (3 if case.failed else 0)
    assert not case.faults(world) or world.faults.struck, "it never happened"
    check_truth(read_backup(root), world.history)

    world.calm()
    assert back_up(world, root).code == 0
    items = read_backup(root)
    check_covered(items, world.present())
    check_tidy(root, items, world.history)
    last = back_up(world, root).last
    assert (last["saved"]["files"], last["safe"]["files"]) == (0, len(world.present()))
