"""`mtpbackup doctor --compare`, with another virtual phone in libmtp's place."""

import json
from contextlib import contextmanager

import pytest

from mtpbackup.cli import doctor
from mtpbackup.errors import LibmtpMissing
from mtpbackup.phone import Phone
from mtpbackup.virtual import VirtualFinder, VirtualPhone


@pytest.fixture
def theirs(monkeypatch, phone):
    """The phone as libmtp sees it."""
    with VirtualPhone(serial="SERIAL-1") as seen:
        seen.plug()

        @contextmanager
        def libmtp_phones():
            yield VirtualFinder(seen)

        @contextmanager
        def usb_phones():
            yield VirtualFinder(phone)

        monkeypatch.setattr(doctor, "libmtp_phones", libmtp_phones)
        monkeypatch.setattr(doctor, "usb_phones", usb_phones)
        monkeypatch.setattr(doctor, "opener", lambda way: Phone.open)
        yield seen


@pytest.fixture
def same(theirs, phone):
    theirs.add_file("DCIM/Camera/IMG_0001.jpg", b"\xff\xd8 one")
    theirs.add_file("DCIM/Camera/IMG_0002.jpg", b"\xff\xd8 two!")
    theirs.add_file("DCIM/Camera/VID_0003.mp4", b"video" * 1000)
    return theirs


def test_no_difference_ends_with_0(same, mtpbackup):
    result = mtpbackup("doctor", "--compare")
    assert result.exit_code == 0, result.output
    assert "No difference in 3 files" in result.output
    summary = json.loads(mtpbackup("doctor", "--compare", "--json").output.splitlines()[-1])
    assert (summary["files"], summary["differences"], summary["exit_code"]) == (3, 0, 0)


def test_each_difference_is_told_and_ends_with_3(same, mtpbackup):
    same.add_file("DCIM/Camera/only theirs.jpg", b"x")
    result = mtpbackup("doctor", "--compare")
    assert result.exit_code == 3
    assert "DCIM/Camera/only theirs.jpg: missing: mtpbackup has nothing, libmtp has there" in result.output
    facts = [json.loads(line) for line in mtpbackup("doctor", "--compare", "--json").output.splitlines()]
    (fact,) = [fact for fact in facts if fact.get("event") == "difference"]
    assert (fact["aspect"], fact["mtpbackup"], fact["libmtp"]) == ("missing", "", "there")
    assert facts[-1]["exit_code"] == 3


def test_one_folder_alone(same, mtpbackup):
    same.add_file("Download/other.txt", b"x")
    assert mtpbackup("doctor", "--compare", "--folder", "DCIM").exit_code == 0
    assert mtpbackup("doctor", "--compare").exit_code == 3


def test_a_missing_libmtp_is_told_before_the_phone_is_read(theirs, phone, monkeypatch, mtpbackup):
    class Missing:
        def find(self):
            raise LibmtpMissing("pymtp")

    @contextmanager
    def libmtp_phones():
        yield Missing()

    monkeypatch.setattr(doctor, "libmtp_phones", libmtp_phones)
    result = mtpbackup("doctor", "--compare")
    assert result.exit_code == 1
    assert "pymtp is not installed" in result.output
    assert "Reading the phone" not in result.output


@pytest.mark.parametrize(
    "words", [["--folder", "DCIM"], ["--device", "Pixel"], ["--wait", "0"], ["--compare", "--report", "x"]]
)
def test_options_that_do_not_go_together_are_told(mtpbackup, words):
    result = mtpbackup("doctor", *words)
    assert result.exit_code == 2
    assert "--compare" in result.output
