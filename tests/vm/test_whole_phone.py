"""A whole phone of each kind: thousands of photos, middling files, a long video, odd names and odd sizes.

In this order: the tests build on the backup of the first.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.vm import content
from tests.vm.program import as_user, copies, environment

#: umtp-responder sends these soundly, and an empty name for emoji (beyond 16 bits); QEMU's usb-mtp sends "Oops"
#: for everything beyond ASCII. Emoji are shown on our own virtual phone, in test_code_phone.py.
UMLAUTS = ("Grüße aus Århus.jpg", "été à l'île.jpg", "Ελλάδα.jpg", "東京.jpg")


def fill(files: Path) -> None:
    """What the foundation has to cope with."""
    for folder in ("DCIM/Camera", "DCIM/Camera/2023/Summer", "DCIM/100MEDIA", "Pictures/Screenshots"):
        content.write_photos(files / folder, 500)
    for number in range(200):
        content.write_file(files / f"DCIM/Burst/burst_{number:03}.jpg", 2_000_000, content.A_DAY - number)
    content.write_file(files / "Movies/holiday.mp4", 300_000_000)
    content.write_edges(files / "Pictures/Edges")


@pytest.fixture(scope="module", params=["umtp", "qemu"])
def phone(request, shared):
    phone = (shared.umtp if request.param == "umtp" else shared.qemu)()
    fill(phone.files)
    if request.param == "umtp":
        for name in UMLAUTS:
            content.write_file(phone.files / "Pictures/Ünlü" / name, 5_000)
    phone.at_first = content.tree_dates(phone.files)
    yield phone
    phone.unplug()
    subprocess.run(["rm", "-r", *phone.files.iterdir()], check=True)


@pytest.fixture(scope="module")
def root(phone):
    folder = Path("/home/user") / f"whole-{phone.name}"
    subprocess.run([*as_user("user"), "mkdir", folder], check=True)
    yield folder
    subprocess.run(["rm", "-r", folder], check=True)


def test_everything_is_copied_by_an_ordinary_user(phone, root, mtpbackup):
    phone.plug()
    outcome = mtpbackup("backup", "--to", root, "--json", seconds=600)
    assert outcome.code == 0, outcome
    source = content.tree_hashes(phone.files)
    assert outcome.summary["saved"]["files"] == len(source) >= 2_201 + len(content.EDGES)
    assert outcome.summary["adds_up"]
    assert outcome.summary["complete"]
    assert content.tree_hashes(copies(root)) == source


def test_dates_are_those_of_the_phone_to_the_second(phone, root):
    assert content.tree_dates(copies(root)) == content.tree_dates(phone.files)


def test_programs_of_others_can_prove_the_backup(phone, root):
    subprocess.run([*as_user("other"), "sha256sum", "--quiet", "-c", "SHA256SUMS"], cwd=root, check=True)


def test_a_second_run_copies_nothing_and_says_so(phone, root, mtpbackup):
    phone.plug()
    outcome = mtpbackup("backup", "--to", root, "--json")
    assert outcome.code == 0, outcome
    assert outcome.summary["saved"]["files"] == 0
    assert outcome.summary["bytes_read"] == 0
    spoken = mtpbackup("backup", "--to", root)
    assert spoken.code == 0
    assert "nothing new" in spoken.text


def test_the_phone_was_not_changed(phone, root):
    assert content.tree_dates(phone.files) == phone.at_first


def test_verify_proves_it_again(phone, root, mtpbackup):
    outcome = mtpbackup("verify", "--to", root, "--json")
    assert outcome.code == 0, outcome
    assert outcome.summary["sound"]


def test_the_phone_still_serves_others_after_a_backup(umtp_phone, destination, mtpbackup):
    phone = umtp_phone()
    content.write_photos(phone.files / "DCIM", 3)
    phone.plug()
    assert mtpbackup("backup", "--to", destination, "--json").code == 0
    answer = subprocess.run(
        [*as_user("user"), "mtp-files"],
        capture_output=True,
        text=True,
        timeout=60,
        env=environment("user"),
        check=True,
    )
    assert "IMG_00002.jpg" in answer.stdout
