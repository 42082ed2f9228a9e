"""Restores to phones that were not written here: backed up, wiped, put back, and backed up again."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.vm import content
from tests.vm.program import as_user, copies, environment

UMLAUTS = ("Grüße aus Århus.jpg", "東京.jpg")


def fill(files: Path, kind: str) -> None:
    content.write_photos(files / "DCIM/Camera", 40)
    content.write_photos(files / "Pictures/Screenshots", 5, prefix="Screen")
    content.write_file(files / "Movies/holiday.mp4", 12_000_000)
    for size in (0, 1, 499, 500, 501, 511, 512, 1012, 16_372, 16_384, 65_524, 65_536, 1_048_564):
        content.write_file(files / f"Pictures/Edges/edge_{size}.jpg", size, content.A_DAY - 86_400)
    if kind == "umtp":
        for name in UMLAUTS:
            content.write_file(files / "Pictures/Ünlü" / name, 5_000)


def wipe(files: Path) -> None:
    subprocess.run(["rm", "-r", *files.iterdir()], check=True)


def folder_of_user(name: str) -> Path:
    folder = Path("/home/user") / name
    subprocess.run([*as_user("user"), "mkdir", folder], check=True)
    return folder


def mtp_tool(*words: str) -> str:
    """Runs a program of libmtp's as the person at the screen."""
    return subprocess.run(
        [*as_user("user"), *words],
        capture_output=True,
        text=True,
        errors="replace",
        timeout=120,
        check=True,
        env=environment("user"),
    ).stdout


@pytest.fixture(scope="class", params=["umtp", "qemu"])
def kind(request):
    return request.param


@pytest.fixture(scope="class")
def phone(kind, shared):
    phone = shared.umtp() if kind == "umtp" else shared.qemu()
    phone.writable = True
    fill(phone.files, kind)
    yield phone
    phone.unplug()
    wipe(phone.files)


@pytest.fixture(scope="class")
def truth(phone):
    return content.tree_hashes(phone.files), content.tree_dates(phone.files)


@pytest.fixture(scope="class")
def root(phone):
    folder = folder_of_user(f"first-{phone.name}")
    yield folder
    subprocess.run(["rm", "-r", folder], check=True)


class TestRoundTrip:
    """In this order: later tests build on the backup of the first."""

    def test_backed_up_wiped_and_put_back(self, kind, phone, truth, root, mtpbackup):
        hashes, dates = truth
        phone.plug()
        assert mtpbackup("backup", "--to", root, "--json").code == 0
        phone.unplug()
        wipe(phone.files)
        phone.plug()
        outcome = mtpbackup("restore", "--from", root, "--yes", "--json", "--verify", seconds=600)
        assert outcome.code == 0, outcome
        assert content.tree_hashes(phone.files) == hashes
        summary = outcome.summary
        assert summary["sent"]["files"] == summary["read_back"] == len(hashes)
        assert summary["complete"] and summary["adds_up"]
        # Whether dates are kept is the responder's affair; what is said of them must be true.
        kept = content.tree_dates(phone.files)
        same = sum(kept[path] == when for path, when in dates.items())
        assert summary["dates_kept"] == same, (summary["dates_kept"], same)
        assert summary["dates_kept"] + summary["dates_lost"] == len(hashes)
        print(f"{kind}: {same} of {len(hashes)} dates kept")

    def test_backed_up_again_it_is_the_same(self, phone, truth, root, mtpbackup, destination):
        phone.plug()
        assert mtpbackup("backup", "--to", destination, "--json").code == 0
        assert content.tree_hashes(copies(destination)) == content.tree_hashes(copies(root)) == truth[0]

    def test_a_second_restore_sends_nothing(self, phone, truth, root, mtpbackup):
        phone.plug()
        outcome = mtpbackup("restore", "--from", root, "--yes", "--json")
        assert outcome.code == 0, outcome
        assert outcome.summary["sent"]["files"] == 0
        assert outcome.summary["there"]["files"] == len(truth[0])
        assert content.tree_hashes(phone.files) == truth[0]

    def test_programs_of_others_read_it_back_byte_for_byte(self, phone, truth, tmp_path):
        phone.plug()
        listed = mtp_tool("mtp-files")
        found = dict(re.findall(r"File ID: (\d+)\n\s+Filename: (\S+)\n", listed))
        by_name = {name: number for number, name in found.items()}
        out = folder_of_user(f"out-{phone.name}")
        wanted = ["DCIM/Camera/IMG_00000.jpg", "Movies/holiday.mp4", "Pictures/Edges/edge_500.jpg"]
        for path in wanted:
            mtp_tool("mtp-getfile", by_name[path.rpartition("/")[2]], str(out / path.rpartition("/")[2]))
        got = content.tree_hashes(out)
        assert got == {path.rpartition("/")[2]: truth[0][path] for path in wanted}
        subprocess.run(["rm", "-r", out], check=True)


def test_a_pulled_cable_in_mid_restore_and_then_again(umtp_phone, destination, mtpbackup, started):
    phone = umtp_phone()
    content.write_photos(phone.files / "DCIM/Camera", 10)
    content.write_file(phone.files / "DCIM/Camera/VID_1.mp4", 60_000_000)
    hashes = content.tree_hashes(phone.files)
    phone.plug()
    assert mtpbackup("backup", "--to", destination, "--json").code == 0
    phone.unplug()
    wipe(phone.files)
    phone.plug()
    running = started("restore", "--from", destination, "--yes", "--json")
    film = phone.files / "DCIM/Camera/VID_1.mp4"
    running.wait_until(lambda: film.exists() and film.stat().st_size > 2_000_000, "the film was on its way")
    phone.unplug()
    outcome = running.end()
    assert outcome.code == 25, outcome
    assert outcome.summary["adds_up"]
    phone.plug()
    again = mtpbackup("restore", "--from", destination, "--yes", "--json")
    assert again.code == 0, again
    assert content.tree_hashes(phone.files) == hashes
