"""Folders that cannot hold a backup: each is told in words, with the next step, and nothing else is made."""

import pytest

from mtpbackup.errors import DestinationUnwritable
from mtpbackup.messages import ExitCode, explain

_NO_FOLDER = "stands where a folder should be"


@pytest.fixture
def odd(tmp_path):
    """A folder with a file, a broken link and a link to itself in it."""
    (tmp_path / "file").write_text("x")
    (tmp_path / "broken").symlink_to("/nowhere/there")
    (tmp_path / "loop").symlink_to("loop")
    return tmp_path


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("file", _NO_FOLDER),
        ("file/below/it", _NO_FOLDER),
        ("broken", _NO_FOLDER),
        ("loop", _NO_FOLDER),
        ("n" * 300, "its name is too long"),
        ("/proc/x", "No folder can be made there: /proc/x."),
    ],
)
def test_a_place_where_no_folder_can_be(mtpbackup, odd, name, words):
    result = mtpbackup("backup", "--to", odd / name)
    assert result.exit_code == ExitCode.ERROR
    assert words in result.output
    assert "Choose another:  --to FOLDER" in result.output
    assert "Errno" not in result.output
    to_folder = mtpbackup("restore", "--from", odd, "--to", odd / name)
    assert (to_folder.exit_code, words in to_folder.output) == (ExitCode.ERROR, True)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        *((name, _NO_FOLDER) for name in ("file", "file/below/it", "broken", "loop")),
        ("n" * 300, "its name is too long"),
        ("n" * 300 + "/below", "its name is too long"),
    ],
)
def test_a_dry_run_tells_it_too(mtpbackup, odd, name, words):
    result = mtpbackup("backup", "--dry-run", "--to", odd / name)
    assert result.exit_code == ExitCode.ERROR
    assert words in result.output


@pytest.mark.parametrize("name", ["file", "file/below", "broken", "loop", "n" * 300, "not there"])
@pytest.mark.parametrize("command", ["status", "verify"])
def test_there_is_no_backup_in_such_a_place(mtpbackup, odd, command, name):
    result = mtpbackup(command, "--to", odd / name)
    assert result.exit_code == ExitCode.NO_BACKUP
    assert "There is no backup in" in result.output


@pytest.mark.parametrize("value", ["", "  "])
@pytest.mark.parametrize("command", ["backup", "status", "verify", "restore"])
def test_an_empty_name_does_not_mean_the_folder_one_is_in(mtpbackup, tmp_path, monkeypatch, command, value):
    monkeypatch.chdir(tmp_path)
    result = mtpbackup(command, "--to", value)
    assert result.exit_code == ExitCode.USAGE
    assert "the name of a folder is missing" in result.output
    assert list(tmp_path.iterdir()) == []


def test_the_home_of_somebody_who_is_not_here(mtpbackup):
    result = mtpbackup("backup", "--to", "~nobody-of-that-name/x")
    assert result.exit_code == ExitCode.USAGE
    assert "there is no home of nobody-of-that-name here" in result.output


def test_a_folder_that_one_stands_in_and_that_is_gone(mtpbackup, tmp_path, monkeypatch):
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    result = mtpbackup("backup", "--to", "x")
    assert result.exit_code == ExitCode.USAGE
    assert "Name a whole path." in result.output


@pytest.mark.parametrize("reason", DestinationUnwritable.Reason)
def test_every_reason_has_its_words(tmp_path, reason):
    advice = explain(DestinationUnwritable(tmp_path, "raw", reason))
    assert str(tmp_path) in advice.headline
    assert "--to FOLDER" in advice.what_to_do[0]
    assert "raw" not in advice.headline


@pytest.mark.parametrize("command", ["status", "verify"])
def test_a_disk_that_is_not_there_is_not_taken_for_a_folder_without_a_backup(mtpbackup, tmp_path, command):
    disk = tmp_path / "USB"
    assert mtpbackup("backup", "--to", disk / "backup").exit_code == ExitCode.OK
    disk.rename(tmp_path / "in a drawer")
    for _ in ("unplugged", "its empty folder stays"):
        result = mtpbackup(command, "--to", disk / "backup")
        assert result.exit_code == ExitCode.ERROR
        assert "The disk with the backup is gone" in result.output
        (disk / "backup").mkdir(parents=True, exist_ok=True)
