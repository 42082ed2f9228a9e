"""Programs of others against the virtual phone: what they list, fetch and send must be right to the byte."""

from __future__ import annotations

import os
import random
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from mtpbackup.transport.base import Speed
from mtpbackup.virtual.descriptors import UsbProfile
from mtpbackup.virtual.folder_store import FolderStore
from mtpbackup.virtual.phone import VirtualPhone
from mtpbackup.virtual.usbfs import Bus, PhoneOnBus

pytestmark = pytest.mark.usbfs

#: Sizes around packets, around a first packet that holds the container's header, and around 16 KiB reads.
SIZES = (0, 1, 500, 511, 512, 513, 1012, 1024, 16_372, 16_384, 262_132, 262_144, 3_000_017)

#: Listed and fetched under this name by mtp-tools; gphoto2 and aft-mtp-cli cannot write such names down.
UNICODE = "Grüße 🌄.jpg"

MODIFIED = datetime(2024, 5, 6, 7, 8, 9)


def content(size: int) -> bytes:
    return random.Random(size).randbytes(size)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """What is on the phone: one picture of each size in DCIM/Camera, one more whose name needs Unicode."""
    camera = tmp_path / "phone/DCIM/Camera"
    camera.mkdir(parents=True)
    for size in SIZES:
        (camera / f"IMG_{size}.jpg").write_bytes(content(size))
    (camera / UNICODE).write_bytes(content(700))
    for file in camera.iterdir():
        os.utime(file, (MODIFIED.timestamp(),) * 2)
    return tmp_path / "phone"


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory of the programs, where they put what they fetch; also their home."""
    place = tmp_path / "work"
    place.mkdir()
    monkeypatch.chdir(place)
    monkeypatch.setenv("HOME", str(place))
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    monkeypatch.setenv("TZ", "UTC")
    return place


@pytest.fixture(params=["pixel", "basic"])
def phone(request: pytest.FixtureRequest, program_bus: Bus, folder: Path, work: Path) -> Iterator[VirtualPhone]:
    with VirtualPhone(request.param, [FolderStore(folder)]) as phone:
        device = PhoneOnBus(program_bus, phone)
        program_bus.plug(device)
        yield phone
        program_bus.unplug(device)
        assert device.failure is None


def ids(listing: str) -> dict[str, int]:
    """Object ids by name, as mtp-files prints them."""
    return {name: int(number) for number, name in re.findall(r"File ID: (\d+)\n\s+Filename: (.*)", listing)}


@pytest.mark.peers("lsusb")
def test_lsusb_shows_it(run_with_bus, phone):
    run = run_with_bus("lsusb", "-v")
    usb = phone.persona.usb
    assert f"ID {usb.vendor_id:04x}:{usb.product_id:04x}" in run.stdout
    assert re.search(rf"iSerial +3 {usb.serial}", run.stdout)
    assert re.search(r"iInterface +4 MTP", run.stdout)


@pytest.mark.peers("mtp-detect")
def test_mtp_detect_knows_all_about_it(run_with_bus, phone):
    run = run_with_bus("mtp-detect")
    assert run.returncode == 0, run.stdout
    assert f"Model: {phone.persona.model}" in run.stdout
    assert f"Serial number: {phone.persona.serial}" in run.stdout
    assert "StorageDescription: Internal shared storage" in run.stdout
    assert run.stdout.rstrip().endswith("OK.")
    assert not re.search(r"(?i)error|PTP layer", run.stdout), run.stdout


@pytest.mark.peers("mtp-files")
def test_mtp_files_lists_everything(run_with_bus, phone, folder):
    run = run_with_bus("mtp-files")
    found = dict(re.findall(r"Filename: (.*)\n\s+File size (\d+) ", run.stdout))
    expected = {path.name: str(path.stat().st_size) for path in folder.rglob("*") if path.is_file()}
    assert found == expected, run.stdout


@pytest.mark.peers("mtp-files", "mtp-getfile")
def test_mtp_getfile_fetches_byte_for_byte(run_with_bus, phone, folder, work):
    numbers = ids(run_with_bus("mtp-files").stdout)
    for name in ("IMG_512.jpg", "IMG_3000017.jpg", UNICODE):
        run = run_with_bus("mtp-getfile", str(numbers[name]), name)
        assert run.returncode == 0, run.stdout
        assert (work / name).read_bytes() == (folder / "DCIM/Camera" / name).read_bytes(), run.stdout


@pytest.mark.peers("mtp-folders", "mtp-sendfile")
def test_mtp_sendfile_stores_byte_for_byte(run_with_bus, phone, folder, work):
    # The folder's id rather than 0: Android's server refuses parent 0 (ANDROID.md, Writing).
    dcim = re.search(r"(\d+)\s+DCIM", run_with_bus("mtp-folders").stdout)
    assert dcim is not None
    for size in (500, 512, 3_000_017):
        (work / f"sent{size}.jpg").write_bytes(content(size))
        run = run_with_bus("mtp-sendfile", f"sent{size}.jpg", dcim[1])
        assert run.returncode == 0, run.stdout
        assert (folder / f"DCIM/sent{size}.jpg").read_bytes() == content(size), run.stdout


@pytest.mark.peers("gphoto2")
def test_gphoto2_lists_and_fetches_byte_for_byte(run_with_bus, phone, folder, work):
    (folder / "DCIM/Camera" / UNICODE).unlink()
    listed = run_with_bus("gphoto2", "--list-files")
    assert listed.returncode == 0, listed.stdout
    assert "There are 13 files in folder '/store_00010001/DCIM/Camera'." in listed.stdout
    run = run_with_bus("gphoto2", "--get-all-files", "--filename", "%f.%C")
    assert run.returncode == 0, run.stdout
    camera = folder / "DCIM/Camera"
    assert sorted(path.name for path in work.glob("*.jpg")) == sorted(path.name for path in camera.iterdir())
    for path in camera.iterdir():
        assert (work / path.name).read_bytes() == path.read_bytes(), path.name


@pytest.mark.peers("aft-mtp-cli")
def test_aft_lists_fetches_and_sends_byte_for_byte(run_with_bus, phone, folder, work):
    (work / "sent.mp4").write_bytes(content(1_000_000))
    (folder / "DCIM/Camera" / UNICODE).unlink()
    listed = run_with_bus("aft-mtp-cli", "ls DCIM/Camera")
    assert listed.returncode == 0, listed.stdout
    assert {path.name for path in (folder / "DCIM/Camera").iterdir()} <= set(
        re.findall(r"\d+ +(.+)", listed.stdout)
    )
    run = run_with_bus(
        "aft-mtp-cli",
        'get "DCIM/Camera/IMG_16384.jpg" fetched1',
        'get "DCIM/Camera/IMG_3000017.jpg" fetched2',
        "put sent.mp4 DCIM",
    )
    assert run.returncode == 0, run.stdout
    assert (work / "fetched1").read_bytes() == content(16_384), run.stdout
    assert (work / "fetched2").read_bytes() == content(3_000_017), run.stdout
    assert (folder / "DCIM/sent.mp4").read_bytes() == content(1_000_000), run.stdout


@pytest.mark.peers("mtp-files", "mtp-getfile", "gphoto2")
@pytest.mark.parametrize("speed", [Speed.FULL, Speed.SUPER], ids=["full", "super"])
def test_other_speeds(run_with_bus, program_bus, folder, work, speed):
    profile = UsbProfile(speed=speed)
    with VirtualPhone("pixel", [FolderStore(folder)]) as phone:
        device = PhoneOnBus(program_bus, phone, profile)
        program_bus.plug(device)
        numbers = ids(run_with_bus("mtp-files").stdout)
        for size in (1012, 262_144):
            run = run_with_bus("mtp-getfile", str(numbers[f"IMG_{size}.jpg"]), "fetched")
            assert run.returncode == 0, run.stdout
            assert (work / "fetched").read_bytes() == content(size)
        program_bus.unplug(device)


@pytest.mark.peers("mtp-detect", "mtp-getfile")
def test_a_phone_unplugged_under_a_program_ends_it(run_with_bus, program_bus, folder, work):
    with VirtualPhone("pixel", [FolderStore(folder)]) as phone:
        device = PhoneOnBus(program_bus, phone)
        program_bus.plug(device)
        number = ids(run_with_bus("mtp-files").stdout)["IMG_3000017.jpg"]
        device.unplug_after(1_000_000)
        run = run_with_bus("mtp-getfile", str(number), "fetched")
        assert "Error getting file from MTP device" in run.stdout
        assert not device.plugged
