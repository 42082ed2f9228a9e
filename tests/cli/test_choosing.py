"""With several phones plugged in a person is asked which one is meant."""

import sys

import pytest

from mtpbackup.cli.voice import Voice
from mtpbackup.messages import ExitCode
from mtpbackup.virtual import VirtualPhone


@pytest.fixture
def other():
    """A second phone, of another name."""
    with VirtualPhone("basic", serial="SERIAL-2") as other:
        other.add_file("DCIM/Camera/IMG_0009.jpg", b"\xff\xd8 nine")
        other.plug()
        yield other


@pytest.fixture
def picks(monkeypatch):
    """A person at a terminal who says yes, and picks the phone of this number."""

    def voice(**_):
        voice = Voice(sys.stdout, sys.stderr)
        voice.interactive = True
        return voice

    def pick(number):
        monkeypatch.setattr("mtpbackup.cli.running.choose_voice", voice)
        monkeypatch.setattr("mtpbackup.cli.choosing.click.prompt", lambda _text, **_: number)
        monkeypatch.setattr("mtpbackup.cli.restore.click.confirm", lambda *_, **__: True)

    return pick


def camera(phone):
    return set(phone.storages[0].folder("DCIM/Camera").children)


@pytest.mark.parametrize(("number", "saved"), [(1, "IMG_0001.jpg"), (2, "IMG_0009.jpg")])
def test_a_backup_of_the_one_that_is_picked(mtpbackup, other, picks, tmp_path, number, saved):
    picks(number)
    result = mtpbackup("backup", "--to", tmp_path / "backup", also=(other,))
    assert result.exit_code == ExitCode.OK, result.output
    assert "  1. Pixel 8" in result.output
    assert [path.name for path in tmp_path.glob(f"backup/*/*/DCIM/Camera/{saved}")] == [saved]
    assert len(list((tmp_path / "backup").glob("*/*/DCIM"))) == 1


def test_a_restore_to_the_one_that_is_picked(mtpbackup, phone, other, picks, tmp_path):
    assert (
        mtpbackup("backup", "--to", tmp_path / "backup", "--device", "serial-1", also=(other,)).exit_code == 0
    )
    before = camera(phone)
    picks(2)
    result = mtpbackup("restore", "--from", tmp_path / "backup", also=(other,))
    assert result.exit_code == ExitCode.OK, result.output
    assert camera(other) == {"IMG_0009.jpg"} | before
    assert camera(phone) == before


@pytest.mark.parametrize("command", [("backup", "--to"), ("restore", "--from")])
def test_with_yes_nobody_is_asked(mtpbackup, other, picks, tmp_path, command):
    assert (
        mtpbackup("backup", "--to", tmp_path / "backup", "--device", "serial-1", also=(other,)).exit_code == 0
    )
    picks(2)
    result = mtpbackup(*command, tmp_path / "backup", "--yes", also=(other,))
    assert result.exit_code == ExitCode.USAGE
    assert "Several phones are plugged in" in result.output
    assert camera(other) == {"IMG_0009.jpg"}
