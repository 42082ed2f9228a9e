"""The program over pyusb: chosen by a person, and by itself where libusb1 cannot be loaded."""

import ctypes.util
import hashlib
import json
import sys
from pathlib import Path

import pytest

from mtpbackup.virtual.phone import VirtualPhone
from mtpbackup.virtual.usbfs import PhoneOnBus

pytestmark = pytest.mark.usbfs

#: A folder for PYTHONPATH that leaves nothing but libusb 0.1.
ONLY_THE_OLD = Path(__file__).parents[1] / "old_usb"

FILES = {f"DCIM/Camera/IMG_{size}.jpg": bytes(size % 251 for _ in range(size)) for size in (0, 1, 512, 300_000)}

#: The program where the package libusb1 is not installed, or where it finds no libusb.
WITHOUT_PACKAGE = "import sys; sys.modules['usb1'] = None; "
WITHOUT_LIBRARY = (
    "import mtpbackup.transport.libusb.finder as finder\n"
    "from mtpbackup.errors import LibraryMissing\n"
    "def load_library(): raise LibraryMissing('libusb-1.0')\n"
    "finder.load_library = load_library\n"
)
MAIN = "from mtpbackup.cli.main import main; main()"


@pytest.fixture
def plugged(program_bus):
    with VirtualPhone("pixel") as phone:
        for path, data in FILES.items():
            phone.add_file(path, data)
        device = PhoneOnBus(program_bus, phone)
        program_bus.plug(device)
        yield phone
        program_bus.unplug(device)
        assert device.failure is None


def tree(root: Path) -> dict[str, str]:
    return {
        str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(root.rglob("*"))
        if path.is_file() and ".mtpbackup" not in path.parts
    }


def test_both_transports_make_the_same_backup(plugged, run_with_bus, tmp_path):
    for transport in ("libusb1", "pyusb"):
        run = run_with_bus(
            sys.executable, "-m", "mtpbackup", "--transport", transport, "backup", "--to", tmp_path / transport
        )
        assert run.returncode == 0, run.stdout
    assert tree(tmp_path / "pyusb") == tree(tmp_path / "libusb1")
    assert len(tree(tmp_path / "pyusb")) == len(FILES) + 1


@pytest.mark.parametrize("without", [WITHOUT_PACKAGE, WITHOUT_LIBRARY])
def test_pyusb_is_taken_where_libusb1_cannot_be_loaded_and_said_so(plugged, run_with_bus, without):
    program = without + "\nimport sys; sys.argv = ['mtpbackup', 'devices', '--json']\n" + MAIN
    run = run_with_bus(sys.executable, "-c", program)
    sentence, *facts = run.stdout.splitlines()
    assert "using pyusb instead" in sentence
    assert json.loads(facts[0])["state"] == "ready"
    assert run.returncode == 0

    program = program.replace("'devices'", "'--transport', 'libusb1', 'devices'")
    run = run_with_bus(sys.executable, "-c", program)
    assert json.loads(run.stdout.splitlines()[0])["message_type"] == "error"
    assert run.returncode == 1


@pytest.mark.skipif(
    ctypes.util.find_library("usb-0.1") is None,
    reason="libusb 0.1 is not installed (Debian package libusb-0.1-4)",
)
def test_where_there_is_only_libusb_0_1_it_is_taken(plugged, run_with_bus, monkeypatch, tmp_path):
    mtpbackup = (sys.executable, "-m", "mtpbackup")
    assert run_with_bus(*mtpbackup, "backup", "--to", tmp_path / "ours").returncode == 0
    monkeypatch.setenv("PYTHONPATH", str(ONLY_THE_OLD))
    run = run_with_bus(*mtpbackup, "backup", "--to", tmp_path / "old", "--json")
    assert run.returncode == 0, run.stdout
    assert "using pyusb instead" in run.stdout.splitlines()[0]
    assert tree(tmp_path / "old") == tree(tmp_path / "ours")
    for path in FILES:
        plugged.remove(path)
    run = run_with_bus(*mtpbackup, "restore", "--from", tmp_path / "old", "--yes", "--json")
    assert run.returncode == 0, run.stdout
    for path, data in FILES.items():
        content = plugged.storages[0].at(path).content
        assert bytes(content.read(0, content.size)) == data
