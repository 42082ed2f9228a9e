"""Our own virtual phone on the kernel's USB stack: what the responders written by others cannot show."""

from __future__ import annotations

import hashlib

import pytest

from gadget import is_on_the_bus, settle, wait_until
from mtpbackup.virtual import Generated, MemoryStore, VirtualPhone
from mtpbackup.virtual.functionfs import GadgetPhone
from mtpbackup.virtual.functionfs.gadget import prepare_kernel
from mtpbackup.wire import OperationCode
from tests.vm import content
from tests.vm.program import arrived, copies


@pytest.fixture
def code_phone():
    """Plugs in a virtual phone with the store given: `code_phone(store, locked=True)`."""
    prepare_kernel()
    made = []

    def make(store, **settings):
        gadget = GadgetPhone(f"code{len(made)}", VirtualPhone(storages=[store], **settings))
        made.append(gadget)
        plug(gadget)
        return gadget

    yield make
    for gadget in made:
        gadget.close()
        wait_until(lambda serial=gadget.profile.serial: not is_on_the_bus(serial), "the phone did not go")


def plug(gadget):
    gadget.plug(wait=30)
    wait_until(lambda: is_on_the_bus(gadget.profile.serial), "the phone was not enumerated")
    settle()


def sha256(made):
    digest = hashlib.sha256()
    for start in range(0, made.size, 1 << 20):
        digest.update(made.read(start, 1 << 20))
    return digest.hexdigest()


NAMES = (
    "🎉 party 🎂.jpg",
    "Grüße 👋🏽 aus Köln.jpg",
    "👨‍👩‍👧‍👦.jpg",
    "𠮷野家.mp4",
    "日本🗾.png",
    "x" * 200 + "🚲.jpg",
)


def test_names_with_emoji(code_phone, destination, mtpbackup):
    store = MemoryStore()
    files = {f"DCIM/🏖 Urlaub/{name}": Generated(5_000 + 7 * n, n) for n, name in enumerate(NAMES)}
    for path, made in files.items():
        store.add(path, made, content.A_DAY)
    code_phone(store)
    outcome = mtpbackup("backup", "--to", destination, "--json")
    assert outcome.code == 0, outcome
    saved = content.tree_hashes(copies(destination))
    # The longest name is cut, on a whole character and before its ending, to what every file system takes.
    exact = {path: sha256(made) for path, made in files.items() if len(path) < 200}
    assert exact.items() <= saved.items()
    assert sorted(saved.values()) == sorted(sha256(made) for made in files.values())


def test_a_folder_with_twenty_thousand_objects(code_phone, destination, mtpbackup):
    store = MemoryStore()
    for number in range(20_000):
        store.add(
            f"DCIM/Camera/IMG_{number:05}.jpg", Generated(1_000 + number % 500, number), content.A_DAY + number
        )
    gadget = code_phone(store)
    planned = mtpbackup("backup", "--to", destination, "--json", "--dry-run")
    assert planned.code == 0, planned
    assert planned.summary["new"]["files"] == 20_000
    # Three folders were listed, the large one among them.
    asked = gadget.phone.log.counts
    listing = (
        OperationCode.GET_OBJECT_HANDLES,
        OperationCode.GET_OBJECT_INFO,
        OperationCode.GET_OBJECT_PROP_LIST,
    )
    assert sum(asked[operation] for operation in listing) <= 3 * 8
    assert asked[OperationCode.GET_OBJECT] == asked[OperationCode.GET_PARTIAL_OBJECT_64] == 0


def test_locked_at_the_start_then_it_leaves_the_bus_and_comes_back(code_phone, destination, started):
    """What a phone does when "File transfer" is tapped."""
    store = MemoryStore()
    for number in range(5):
        store.add(f"DCIM/IMG_{number}.jpg", Generated(3_000, number), content.A_DAY)
    gadget = code_phone(store, locked=True)
    run = started("backup", "--to", destination, "--json", "--wait", "60")
    run.wait_for(event="waiting", reason="locked")
    gadget.unplug()
    gadget.phone.unlock()
    plug(gadget)
    outcome = run.end(90)
    assert outcome.code == 0, outcome
    assert outcome.summary["saved"]["files"] == 5


def test_locked_in_mid_transfer_and_unlocked_again(code_phone, destination, started):
    store = MemoryStore()
    film = Generated(100_000_000, 1)
    store.add("DCIM/VID_1.mp4", film, content.A_DAY)
    gadget = code_phone(store)
    run = started("backup", "--to", destination, "--json", "--wait", "60")
    run.wait_until(lambda: arrived(destination) > 10_000_000, "the video was on its way")
    gadget.phone.lock()
    run.wait_for(event="lost")
    gadget.phone.unlock()
    outcome = run.end(120)
    assert outcome.code == 0, outcome
    assert content.tree_hashes(copies(destination)) == {"DCIM/VID_1.mp4": sha256(film)}
