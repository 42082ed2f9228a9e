"""Cables pulled, Ctrl-C, and what the next run makes of it."""

from __future__ import annotations

import subprocess
import time

import pytest

from tests.vm import content
from tests.vm.program import arrived, as_user, copies, environment

VIDEO = 120_000_000
ENOUGH = 20_000_000


@pytest.fixture(scope="module")
def phone_of_kind(shared):
    phones = {"umtp": shared.umtp(), "qemu": shared.qemu()}
    for phone in phones.values():
        content.write_photos(phone.files / "DCIM/Camera", 5)
        content.write_file(phone.files / "DCIM/Camera/VID_1.mp4", VIDEO)
    return phones


@pytest.fixture(params=["umtp", "qemu"])
def phone(request, phone_of_kind):
    phone = phone_of_kind[request.param]
    phone.plug()
    return phone


def is_whole(phone, destination):
    return content.tree_hashes(copies(destination)) == content.tree_hashes(phone.files)


def test_unplugged_in_mid_transfer_it_waits_and_goes_on_inside_the_file(phone, destination, started):
    run = started("backup", "--to", destination, "--json", "--wait", "60")
    run.wait_until(lambda: arrived(destination) > ENOUGH, "the video was on its way")
    phone.unplug()
    run.wait_for(event="lost")
    phone.plug()
    run.wait_for(event="reconnected")
    outcome = run.end()
    assert outcome.code == 0, outcome
    first, second = (fact for fact in outcome.events("file_started") if fact["path"].endswith("VID_1.mp4"))
    assert first["offset"] == 0
    assert second["offset"] > ENOUGH // 2
    assert is_whole(phone, destination)


def test_unplugged_for_good_it_says_so_and_the_next_run_goes_on_inside_the_file(
    phone, destination, started, mtpbackup
):
    run = started("backup", "--to", destination, "--json", "--wait", "0")
    run.wait_until(lambda: arrived(destination) > ENOUGH, "the video was on its way")
    pulled = time.monotonic()
    phone.unplug()
    outcome = run.end(30)
    assert time.monotonic() - pulled < 30
    assert outcome.code == 25, outcome
    assert outcome.summary["left"]["files"] >= 1
    assert outcome.summary["adds_up"]

    phone.plug()
    again = mtpbackup("backup", "--to", destination, "--json")
    assert again.code == 0, again
    (video,) = (fact for fact in again.events("file_started") if fact["path"].endswith("VID_1.mp4"))
    assert video["offset"] > ENOUGH // 2
    assert again.summary["bytes_read"] < VIDEO
    assert is_whole(phone, destination)


def test_ctrl_c_in_mid_transfer_leaves_the_phone_usable_at_once(phone, destination, started, mtpbackup):
    run = started("backup", "--to", destination, "--json")
    run.wait_until(lambda: arrived(destination) > ENOUGH, "the video was on its way")
    run.interrupt()
    outcome = run.end(20)
    assert outcome.code == 130, outcome
    assert outcome.summary["ending"] == "interrupted"
    # Ours again, and at once.
    again = mtpbackup("backup", "--to", destination, "--json", "--folder", "DCIM/Camera")
    assert again.code == 0, again
    (video,) = (fact for fact in again.events("file_started") if fact["path"].endswith("VID_1.mp4"))
    assert video["offset"] > ENOUGH // 2
    assert is_whole(phone, destination)


def test_ctrl_c_in_mid_transfer_leaves_the_phone_usable_for_others(phone, destination, started):
    run = started("backup", "--to", destination, "--json")
    run.wait_until(lambda: arrived(destination) > ENOUGH, "the video was on its way")
    run.interrupt()
    assert run.end(20).code == 130
    answer = subprocess.run(
        [*as_user("user"), "mtp-files"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env=environment("user"),
    )
    assert "VID_1.mp4" in answer.stdout, answer


def test_ctrl_c_while_it_waits_for_a_phone(destination, started):
    run = started("backup", "--to", destination, "--json", "--wait", "60")
    run.wait_for(event="waiting", reason="none")
    run.interrupt()
    assert run.end(10).code == 130


def test_killed_in_mid_transfer_the_next_run_goes_on(phone, destination, started, mtpbackup):
    run = started("backup", "--to", destination, "--json")
    run.wait_until(lambda: arrived(destination) > ENOUGH, "the video was on its way")
    run.kill()
    outcome = mtpbackup("backup", "--to", destination, "--json")
    assert outcome.code == 0, outcome
    assert is_whole(phone, destination)
