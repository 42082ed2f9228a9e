"""Backups and listings by libmtp itself, on the phone made of code."""

import ctypes.util
import importlib.util
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from mtpbackup.phone.libmtp import LibmtpPhone
from mtpbackup.virtual.faults import Effect, Fault
from mtpbackup.virtual.phone import VirtualPhone
from mtpbackup.virtual.usbfs import PhoneOnBus
from mtpbackup.wire import OperationCode
from tests.transport.rigs import eventually
from tests.usbfs.backups import catalog, tree
from tests.usbfs.conftest import NEEDS_LIBMTP
from tests.usbfs.plugin import LIMIT

pytestmark = [pytest.mark.usbfs, NEEDS_LIBMTP]

FILES = {
    "DCIM/Camera/IMG_1.jpg": b"\xff\xd8" + bytes(3_000_000),
    "DCIM/Camera/Füße 😀.jpg": b"\xff\xd8" * 256,
    "DCIM/empty.jpg": b"",
    "Movies/VID_1.mp4": bytes(range(256)) * 5000,
}


@pytest.fixture(params=["pixel", "basic"])
def phone(request, program_bus):
    """A phone with everything, and one with few operations."""
    with VirtualPhone(request.param) as phone:
        for path, data in FILES.items():
            phone.add_file(path, data)
        device = PhoneOnBus(program_bus, phone)
        program_bus.plug(device)
        yield phone
        program_bus.unplug(device)
        assert device.failure is None


def test_a_backup_by_libmtp_is_the_same_as_ours(phone, run_with_bus, tmp_path):
    for name, words in (("ours", ()), ("libmtp", ("--via", "libmtp"))):
        run = run_with_bus(
            sys.executable, "-m", "mtpbackup", "backup", "--to", tmp_path / name, *words, "--json"
        )
        assert run.returncode == 0, run.stdout
        for line in run.stdout.splitlines():  # nothing of libmtp's own words
            json.loads(line)
    assert tree(tmp_path / "libmtp") == tree(tmp_path / "ours")
    assert len(tree(tmp_path / "ours")) == len(FILES) + 1
    assert catalog(tmp_path / "libmtp") == catalog(tmp_path / "ours") != []


def test_listings_are_the_same(phone, run_with_bus):
    listings = [
        run_with_bus(sys.executable, "-m", "mtpbackup", "ls", "DCIM/Camera", *words).stdout
        for words in ((), ("--via", "libmtp"))
    ]
    assert listings[0] == listings[1]
    assert "Füße 😀.jpg" in listings[0]


def test_parts_and_early_ends(phone, libmtp_finder):
    phone_by_libmtp = LibmtpPhone.open(libmtp_finder.find()[0].open())
    try:
        (storage,) = phone_by_libmtp.storages()
        data = FILES["Movies/VID_1.mp4"]
        item = phone_by_libmtp.find(storage.label, ("Movies", "VID_1.mp4"))
        assert item.size == len(data)
        for offset, length in ((0, None), (1, 5), (1_000_001, None), (len(data), None), (0, 1)):
            wanted = data[offset:] if length is None else data[offset : offset + length]
            got = b""
            for chunk in phone_by_libmtp.read(item, offset, length):
                got += chunk.data
                chunk.release()
            assert got[: len(wanted)] == wanted
    finally:
        phone_by_libmtp.close()


@pytest.mark.parametrize("phone", ["pixel"], indirect=True)
def test_a_locked_phone_shows_no_storage(phone, libmtp_finder):
    phone.lock()
    phone_by_libmtp = LibmtpPhone.open(libmtp_finder.find()[0].open())
    assert phone_by_libmtp.storages() == []
    phone_by_libmtp.close()


@pytest.mark.parametrize("phone", ["pixel"], indirect=True)
def test_a_thousand_listings_leak_nothing(phone, libmtp_finder):
    for number in range(20):
        phone.add_file(f"DCIM/Many/IMG_{number}.jpg", b"x")
    phone_by_libmtp = LibmtpPhone.open(libmtp_finder.find()[0].open())
    try:
        (storage,) = phone_by_libmtp.storages()
        folder = phone_by_libmtp.find(storage.label, ("DCIM", "Many"))
        item = phone_by_libmtp.find(storage.label, ("DCIM", "Camera", "IMG_1.jpg"))
        child = phone_by_libmtp._child

        def resident() -> int:
            return int(Path(f"/proc/{child.pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")

        def list_them(times: int) -> None:
            for _ in range(times):
                assert len(phone_by_libmtp.list_folder(storage, folder)) == 20
            phone_by_libmtp.storages()

        list_them(50)  # what is allocated once is allocated by now
        sum(len(chunk.data) for chunk in phone_by_libmtp.read(item))
        before = resident()
        list_them(1000)
        for _ in range(5):
            sum(len(chunk.data) for chunk in phone_by_libmtp.read(item))
        # 20,000 file structures of 56 bytes with names of 10 would be 2 MB, five reads 15 MB.
        assert resident() - before < 500_000
    finally:
        phone_by_libmtp.close()


@pytest.mark.parametrize("phone", ["pixel"], indirect=True)
def test_an_unknown_version_of_libmtp_is_refused_not_read(phone, run_with_bus, monkeypatch, tmp_path):
    """libmtp as it is, but for the version that it calls itself."""
    load = "import ctypes, sys; ctypes.CDLL(sys.argv[1]); print(open('/proc/self/maps').read())"
    maps = run_with_bus(sys.executable, "-c", load, ctypes.util.find_library("mtp")).stdout
    path = next(line.split()[-1] for line in maps.splitlines() if "libmtp.so" in line)
    content, replaced = re.subn(rb"\x001\.1\.2(\d)\x00", b"\x001.1.9\\1\x00", Path(path).read_bytes())
    assert replaced == 1
    (tmp_path / "libmtp.so.9").write_bytes(content)
    monkeypatch.setenv("LD_LIBRARY_PATH", str(tmp_path))
    run = run_with_bus(sys.executable, "-m", "mtpbackup", "ls", "--via", "libmtp")
    assert run.returncode == 1
    assert run.stdout.startswith("✗ libmtp 1.1.9")
    assert "is not used" in run.stdout


def test_the_witness_finds_no_difference(phone, run_with_bus):
    run = run_with_bus(sys.executable, "-m", "mtpbackup", "doctor", "--compare", "--json")
    facts = [json.loads(line) for line in run.stdout.splitlines()]
    assert run.returncode == 0, run.stdout
    assert (facts[-1]["files"], facts[-1]["differences"]) == (len(FILES), 0)


@pytest.mark.parametrize("phone", ["pixel"], indirect=True)
def test_devices_tells_what_libmtps_table_says(phone, run_with_bus):
    run = run_with_bus(sys.executable, "-m", "mtpbackup", "devices")
    assert run.returncode == 0, run.stdout
    assert "libmtp: Google Inc Nexus/Pixel (MTP), " in run.stdout


def children_of(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@pytest.mark.parametrize("phone", ["pixel"], indirect=True)
@pytest.mark.long
def test_a_child_that_dies_in_mid_backup_is_replaced(phone, program_bus, tmp_path):
    """The run takes hold of the phone again and goes on inside the file."""
    film = bytes(range(256)) * 200_000
    phone.add_file("Movies/VID_2.mp4", film)
    # A busy computer may take longer to start another child than a phone is given to come back.
    patient = ("--wait", "60")
    with subprocess.Popen(
        [sys.executable, "-m", "mtpbackup", "backup", "--to", tmp_path, "--via", "libmtp", "--json", *patient],
        stdout=subprocess.PIPE,
        text=True,
        env=program_bus.environment(),
    ) as program:
        # In the middle of the film: each piece is of one MiB.
        eventually(lambda: phone.counts[OperationCode.GET_PARTIAL_OBJECT_64] > 15)
        for child in children_of(program.pid):
            os.kill(child, signal.SIGSEGV)
        output, _ = program.communicate(timeout=LIMIT)
    facts = [json.loads(line) for line in output.splitlines()]
    assert program.returncode == 0, output
    assert facts[-1]["saved"]["files"] == len(FILES) + 1
    (saved,) = tmp_path.rglob("VID_2.mp4")
    assert saved.read_bytes() == film
    assert [fact for fact in facts if fact.get("event") in ("phone_lost", "lost")], output


@pytest.mark.parametrize("phone", ["pixel"], indirect=True)
@pytest.mark.parametrize(
    ("change", "structure"),
    [
        # As of another pymtp: one field less, and one that somebody mended, which would be mended twice.
        ("less(real.LIBMTP_File, 'filesize')", "LIBMTP_File"),
        ("less(real.LIBMTP_DeviceStorage, 'FilesystemType')", "LIBMTP_DeviceStorage"),
        ("less(real.LIBMTP_MTPDevice, 'interface_number')", "LIBMTP_MTPDevice"),
        ("less(real.LIBMTP_RawDevice, 'bus_location')", "LIBMTP_RawDevice"),
        # As of another libmtp: the same fields, in another place and of another size altogether.
        ("moved(real.LIBMTP_File)", "LIBMTP_file_t"),
    ],
)
def test_structures_that_do_not_match_are_refused_not_read(
    phone, run_with_bus, monkeypatch, tmp_path, change, structure
):
    real = importlib.util.find_spec("pymtp").origin
    name = re.search(r"LIBMTP_\w+", change)[0]
    (tmp_path / "pymtp.py").write_text(
        "import ctypes, importlib.util\n"
        f"spec = importlib.util.spec_from_file_location('real', {real!r})\n"
        "real = importlib.util.module_from_spec(spec)\n"
        "spec.loader.exec_module(real)\n"
        "globals().update({name: value for name, value in vars(real).items() if not name.startswith('__')})\n"
        "def less(kind, missing):\n"
        "    fields = [field for field in kind._fields_ if field[0] != missing]\n"
        "    return type(kind.__name__, (ctypes.Structure,), {'_fields_': fields})\n"
        "def moved(kind):\n"
        "    more = type('More', (ctypes.Structure,), {'_fields_': [('more', ctypes.c_uint64 * 3)]})\n"
        "    return type(kind.__name__, (more,), {'_fields_': kind._fields_})\n"
        f"{name} = {change}\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    run = run_with_bus(sys.executable, "-m", "mtpbackup", "ls", "--via", "libmtp")
    assert run.returncode == 1, run.stdout
    assert run.stdout.startswith("✗ libmtp is not used")
    assert f"({structure})" in run.stdout


@pytest.mark.parametrize("phone", ["pixel"], indirect=True)
@pytest.mark.long
def test_a_pulled_cable_ends_a_backup_as_ever(phone, run_with_bus, tmp_path):
    phone.faults.add(
        Fault(effect=Effect.UNPLUG, operation=OperationCode.GET_PARTIAL_OBJECT_64, at_byte=100_000)
    )
    run = run_with_bus(
        sys.executable, "-m", "mtpbackup", "backup", "--to", tmp_path, "--via", "libmtp", "--json", limit=60
    )
    assert run.returncode == 25, run.stdout
