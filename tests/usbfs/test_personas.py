"""Some personas before programs that we did not write: are they good phones of their kind?"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mtpbackup.virtual.personas import PERSONAS
from mtpbackup.virtual.phone import VirtualPhone
from mtpbackup.virtual.usbfs import Bus, PhoneOnBus
from tests.personas.album import fill, what_is_on

pytestmark = pytest.mark.usbfs


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory of the programs, where they put what they fetch; also their home."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    monkeypatch.setenv("TZ", "UTC")
    return tmp_path


@pytest.fixture
def phone(request: pytest.FixtureRequest, program_bus: Bus, work: Path) -> Iterator[VirtualPhone]:
    with VirtualPhone(request.param) as phone:
        fill(phone)
        device = PhoneOnBus(program_bus, phone)
        program_bus.plug(device)
        yield phone
        program_bus.unplug(device)
        assert device.failure is None


def contents(phone: VirtualPhone) -> dict[str, bytes]:
    """What is on a phone, by name."""
    return {path.rpartition("/")[2]: content for path, (content, _) in what_is_on(phone).items()}


@pytest.mark.peers("gphoto2")
@pytest.mark.parametrize("phone", ["camera", "iphone"], indirect=True)
def test_gphoto2_fetches_everything_from_what_speaks_ptp(run_with_bus, phone, work):
    listed = run_with_bus("gphoto2", "--list-files")
    assert listed.returncode == 0, listed.stdout
    run = run_with_bus("gphoto2", "--get-all-files", "--filename", "%f.%C")
    assert run.returncode == 0, run.stdout
    fetched = {path.name: path.read_bytes() for path in work.iterdir() if path.is_file()}
    # It leaves out what is no picture by its format: an iPhone's edits, a raw picture that it does not know.
    left_out = {"IMG_0002.AAE", "IMG_0002.CR3"}
    assert fetched == {name: data for name, data in contents(phone).items() if name not in left_out}, run.stdout


@pytest.mark.peers("mtp-files", "mtp-getfile", "mtp-sendfile")
@pytest.mark.parametrize("phone", ["older", "compat", "samsung"], indirect=True)
def test_mtp_tools_list_fetch_and_send(run_with_bus, phone, work):
    listing = run_with_bus("mtp-files").stdout
    found = dict(re.findall(r"Filename: (.*)\n\s+File size (\d+) ", listing))
    assert found == {name: str(len(content)) for name, content in contents(phone).items()}, listing
    numbers = {name: number for number, name in re.findall(r"File ID: (\d+)\n\s+Filename: (.*)", listing)}
    for name in ("IMG_0007.jpg", "VID_0100.mp4"):
        run = run_with_bus("mtp-getfile", numbers[name], "fetched")
        assert run.returncode == 0, run.stdout
        assert (work / "fetched").read_bytes() == contents(phone)[name], run.stdout


@pytest.mark.peers("mtp-sendfile")
@pytest.mark.parametrize("phone", ["older"], indirect=True)
def test_mtp_sendfile_reaches_the_top_of_an_older_phone(run_with_bus, phone, work):
    (work / "sent.jpg").write_bytes(b"sent" * 1000)
    run = run_with_bus("mtp-sendfile", "sent.jpg", "0")
    assert run.returncode == 0, run.stdout
    assert contents(phone)["sent.jpg"] == b"sent" * 1000, run.stdout


@pytest.mark.parametrize("phone", sorted(PERSONAS), indirect=True)
def test_our_own_program_through_the_systems_libusb(run_with_bus, phone, work):
    command = [sys.executable, "-m", "mtpbackup", "backup", "--only", "all", "--to", work / "backup"]
    first = run_with_bus(*command, limit=60)
    assert first.returncode == 0, first.stdout
    saved = {path.name: path.read_bytes() for path in (work / "backup").glob("*/*/**/*") if path.is_file()}
    assert {name: data for name, data in saved.items() if ".sqlite" not in name} == contents(phone)
    second = run_with_bus(*command, limit=60)
    assert "nothing new" in second.stdout, second.stdout
