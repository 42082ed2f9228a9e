"""`mtpbackup restore`, from its words to its exit codes, on phones made of code."""

import json
import sys
from contextlib import contextmanager
from datetime import datetime

import pytest

from mtpbackup.cli import times
from mtpbackup.cli.voice import Voice
from mtpbackup.messages import ExitCode
from mtpbackup.virtual import VirtualPhone


def objects(result):
    return [json.loads(line) for line in result.output.splitlines()]


@pytest.fixture
def root(mtpbackup, phone, tmp_path):
    """A backup of the phone, which is then unplugged and taken away: only new ones are plugged in."""
    root = tmp_path / "Phone backup"
    assert mtpbackup("backup", "--to", root).exit_code == ExitCode.OK
    phone.unplug()
    return root


@pytest.fixture
def restore(mtpbackup, root, new):
    """Runs `mtpbackup restore` with a new phone plugged in."""
    return lambda *words, also=(): mtpbackup("restore", "--from", root, *words, also=(new, *also))


@pytest.fixture
def new():
    with VirtualPhone(serial="SERIAL-2") as phone:
        phone.plug()
        yield phone


def names(phone):
    camera = phone.storages[0].root.children.get("DCIM")
    return sorted(camera.children["Camera"].children) if camera else []


@pytest.fixture
def at_a_terminal(monkeypatch):
    """A person who can be asked: `at_a_terminal("y")` says what she answers, and gives what she was asked."""

    @contextmanager
    def speaking(**_):
        voice = Voice(sys.stdout, sys.stderr)
        voice.interactive = True
        yield voice

    def answer(word):
        asked = []
        monkeypatch.setattr("mtpbackup.cli.restore.speaking", speaking)
        monkeypatch.setattr(
            "mtpbackup.cli.restore.click.confirm", lambda text, default: asked.append(text) or word == "y"
        )
        return asked

    return answer


def test_everything_goes_back_in_words(restore, new):
    result = restore("--yes")
    assert result.exit_code == ExitCode.OK, result.output
    assert "2 photos and 1 video to put back" in result.output
    assert "✓ 2 photos and 1 video put back in DCIM/Camera on Pixel 8.  Nothing replaced." in result.output
    assert "3 of 3 read back and compared" in result.output
    assert names(new) == ["IMG_0001.jpg", "IMG_0002.jpg", "VID_0003.mp4"]
    again = restore("--yes")
    assert again.exit_code == ExitCode.OK
    assert "✓ Pixel 8: all 3 are there already.  Nothing was changed." in again.output


def test_without_a_terminal_nothing_is_done_unless_told(restore, new):
    result = restore()
    assert result.exit_code == ExitCode.USAGE
    assert "Say --yes" in result.output
    assert names(new) == []


@pytest.mark.parametrize(("answer", "count"), [("y", 3), ("n", 0)])
def test_a_person_is_asked(restore, new, at_a_terminal, answer, count):
    asked = at_a_terminal(answer)
    result = restore()
    assert result.exit_code == ExitCode.OK, result.output
    assert asked == ["Put 3 files (5 KB) on Pixel 8?"]
    assert len(names(new)) == count
    if not count:
        assert "Nothing on the phone was changed." in result.output


def test_a_dry_run_changes_nothing(restore, new):
    result = restore("--dry-run", "*.jpg")
    assert result.exit_code == ExitCode.OK
    assert "Would put back 2 files" in result.output
    assert names(new) == []


def test_patterns_and_what_they_miss(restore, new):
    result = restore("--yes", "IMG_0001*", "nothing.jpg")
    assert result.exit_code == ExitCode.SOME_FAILED
    assert "There is no nothing.jpg in the backup." in result.output
    assert names(new) == ["IMG_0001.jpg"]


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (("-",), b"IMG_0001.jpg\r\nDCIM/Camera/VID_0003.mp4\n\n"),
        (("--list", "-"), b"IMG_0001.jpg\nVID_0003.mp4"),
        (("--list", "-", "-0"), b"IMG_0001.jpg\0VID_0003.mp4\0"),
    ],
)
def test_a_list_on_standard_input(restore, new, monkeypatch, words, text):
    from click.testing import CliRunner

    invoke = CliRunner.invoke
    monkeypatch.setattr(CliRunner, "invoke", lambda self, *args: invoke(self, *args, input=text))
    result = restore("--yes", *words)
    assert result.exit_code == ExitCode.OK, result.output
    assert names(new) == ["IMG_0001.jpg", "VID_0003.mp4"]


def test_json_says_it_in_facts(restore):
    result = restore("--yes", "--json", "--only", "photos", "--into", "Pictures/Old")
    said = objects(result)
    assert [one["event"] for one in said if one["message_type"] == "status"][:2] == ["connected", "planned"]
    sent = [one for one in said if one.get("event") == "file_sent"]
    assert [one["path"] for one in sent] == ["Pictures/Old/IMG_0001.jpg", "Pictures/Old/IMG_0002.jpg"]
    summary = said[-1]
    assert summary["message_type"] == "summary"
    assert summary["command"] == "restore"
    assert summary["sent"]["files"] == summary["read_back"] == summary["dates_kept"] == 2
    assert summary["complete"] and summary["adds_up"]


def test_damaged_files_are_named_and_need_a_word(restore, root, new):
    victim = next(root.rglob("IMG_0001.jpg"))
    victim.write_bytes(victim.read_bytes()[::-1])
    result = restore("--yes")
    assert result.exit_code == ExitCode.SOME_FAILED
    assert "DCIM/Camera/IMG_0001.jpg: not as it was saved" in result.output
    assert names(new) == ["IMG_0002.jpg", "VID_0003.mp4"]
    assert restore("--yes", "--even-if-damaged").exit_code == ExitCode.OK


def test_a_full_phone_is_told_before(restore, new):
    new.storages[0].capacity = 1000
    result = restore("--yes")
    assert result.exit_code == ExitCode.NO_SPACE
    assert "Not enough room on the phone" in result.output
    assert restore("--dry-run").exit_code == ExitCode.NO_SPACE


def test_other_content_is_kept_and_told(restore, new):
    new.add_file("DCIM/Camera/IMG_0001.jpg", b"something of theirs")
    result = restore("--yes")
    assert "DCIM/Camera/IMG_0001.jpg is called IMG_0001 (2).jpg now." in result.output
    assert len(names(new)) == 4


def test_no_phone_and_no_backup(mtpbackup, root, tmp_path):
    assert mtpbackup("restore", "--from", root, "--yes").exit_code == ExitCode.NO_PHONE
    missing = mtpbackup("restore", "--from", tmp_path / "none", "--yes")
    assert missing.exit_code == ExitCode.NO_BACKUP


def test_to_a_folder_of_the_computer(mtpbackup, root, tmp_path):
    target = tmp_path / "out"
    preview = mtpbackup("restore", "--from", root, "--to", target, "--dry-run")
    assert "Would put back 3 files" in preview.output and not target.exists()
    result = mtpbackup("restore", "--from", root, "--to", target)
    assert result.exit_code == ExitCode.OK, result.output
    assert "2 photos and 1 video put back in" in result.output
    assert sorted(str(path.relative_to(target)) for path in target.rglob("*.*")) == [
        f"DCIM/Camera/{name}" for name in ("IMG_0001.jpg", "IMG_0002.jpg", "VID_0003.mp4")
    ]
    again = mtpbackup("restore", "--from", root, "--to", target)
    assert "all 3 are there already" in again.output
    (target / "DCIM/Camera/IMG_0001.jpg").write_bytes(b"other")
    third = mtpbackup("restore", "--from", root, "--to", target)
    assert "is called IMG_0001 (2).jpg now" in third.output
    assert (target / "DCIM/Camera/IMG_0001.jpg").read_bytes() == b"other"
    assert mtpbackup("restore", "--from", root, "--to", target, "--verify").exit_code == ExitCode.USAGE


def test_several_phones_in_one_backup(mtpbackup, root, new):
    with VirtualPhone("basic", serial="SERIAL-3") as third:
        third.add_file("DCIM/Camera/third.jpg", b"third")
        third.plug()
        mtpbackup("backup", "--to", root, also=(third,))
    unsaid = mtpbackup("restore", "--from", root, "--yes", also=(new,))
    assert unsaid.exit_code == ExitCode.USAGE
    assert "Say whose files" in unsaid.output
    said = mtpbackup("restore", "--from", root, "--yes", "--phone", "basic", also=(new,))
    assert said.exit_code == ExitCode.OK, said.output
    assert names(new) == ["third.jpg"]
    assert (
        mtpbackup("restore", "--from", root, "--yes", "--phone", "none", also=(new,)).exit_code
        == ExitCode.USAGE
    )


def test_a_lost_catalog_is_told_and_the_files_are_there(restore, root, new):
    (root / ".mtpbackup" / "catalog.sqlite").write_bytes(b"rubbish" * 1000)
    result = restore("--yes")
    assert result.exit_code == ExitCode.OK, result.output
    assert "Going by the files" in result.output
    assert names(new) == ["IMG_0001.jpg", "IMG_0002.jpg", "VID_0003.mp4"]


def test_a_plain_folder(mtpbackup, phone, new, tmp_path):
    phone.unplug()
    (tmp_path / "pics").mkdir()
    (tmp_path / "pics" / "a.jpg").write_bytes(b"a")
    result = mtpbackup("restore", "--from", tmp_path / "pics", "--yes", also=(new,))
    assert "1 photo put back in Pictures on Pixel 8" in result.output
    assert (
        mtpbackup("restore", "--from", tmp_path / "pics", "--yes", "--phone", "x", also=(new,)).exit_code
        == ExitCode.USAGE
    )


def test_until_a_day_includes_that_day():
    assert times.until(None, None, "2024-05-31") == datetime(2024, 6, 1)
    assert times.until(None, None, "2024-05-31 12:00") == datetime(2024, 5, 31, 12)
    assert times.until(None, None, None) is None


def test_an_empty_list_does_not_mean_everything(restore, tmp_path):
    (tmp_path / "list").write_text("\n")
    result = restore("--list", tmp_path / "list", "--to", tmp_path / "back")
    assert result.exit_code == ExitCode.USAGE
    assert "There is no name on the list." in result.output
    assert not (tmp_path / "back").exists()


def test_an_empty_folder_name_does_not_mean_everything(restore, tmp_path):
    result = restore("--folder", "", "--to", tmp_path / "back")
    assert result.exit_code == ExitCode.USAGE
    assert not (tmp_path / "back").exists()
    assert restore("--folder", "/", "--to", tmp_path / "back").exit_code == ExitCode.OK
    assert len(list((tmp_path / "back").rglob("*.jpg"))) == 2


def test_until_the_end_of_time(restore, tmp_path):
    assert restore("--until", "9999-12-31", "--to", tmp_path / "back").exit_code == ExitCode.OK


def test_nothing_to_put_into_a_folder_is_said(restore, tmp_path):
    result = restore("--since", "9000-01-01", "--to", tmp_path / "back")
    assert (result.exit_code, "There is nothing like that in the backup." in result.output) == (0, True)


def test_a_dry_run_into_a_folder_ends_as_the_run_would(restore, tmp_path):
    words = ("NOTHING*", "--to", tmp_path / "back")
    assert restore(*words, "--dry-run").exit_code == restore(*words).exit_code == ExitCode.SOME_FAILED
