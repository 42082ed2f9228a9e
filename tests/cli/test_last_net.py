"""What no command has told: wrong use where a program reads, errors that nobody expected, odd surroundings."""

import errno
import io
import json
import os
import subprocess
import sys
from types import SimpleNamespace

import click
import pytest

from mtpbackup.cli import main as door
from mtpbackup.cli.voice import TerminalVoice, choose_voice
from mtpbackup.errors import NoArchive, SeveralPhones
from mtpbackup.messages import ExitCode, explain

PROGRAM = [sys.executable, "-m", "mtpbackup"]


def run(*words, **changed):
    return subprocess.run(
        [*PROGRAM, *map(str, words)],
        env={**os.environ, **changed},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("restore", "--json"), "This puts files on the phone, and nobody can be asked here."),
        (("backup", "--json", "--since", "yesterday"), "is no age or day"),
        (("status", "--json", "--nonsense"), "No such option"),
        (("nonsense", "--json"), "No such command"),
    ],
)
def test_programs_are_told_of_wrong_use_as_an_object(words, says):
    ended = run(*words)
    assert ended.returncode == ExitCode.USAGE
    told = json.loads(ended.stdout)
    assert (told["message_type"], told["exit_code"]) == ("error", 2)
    assert says in told["message"]
    assert told["what_to_do"][0].endswith("--help")
    assert ended.stderr == b""


def test_a_file_that_cannot_be_opened_has_its_own_code_there_too(tmp_path):
    ended = run("--trace", tmp_path / "no" / "trace", "devices", "--json")
    assert json.loads(ended.stdout)["exit_code"] == ended.returncode == 1


@pytest.fixture
def ends(monkeypatch, capfd):
    """Runs the program where its commands raise an error; gives the code and what was said."""

    def ending(error, *words):
        def fail(**_how):
            raise error

        monkeypatch.setattr(door, "cli", SimpleNamespace(main=fail))
        monkeypatch.setattr(sys, "argv", ["mtpbackup", *words])
        with pytest.raises(SystemExit) as ended:
            door.main()
        said = capfd.readouterr()
        return ended.value.code, said.out, said.err

    return ending


def test_an_error_that_nobody_expected_is_told_in_words_and_noted(ends, monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    code, out, err = ends(ZeroDivisionError("that went wrong"))
    assert (code, out) == (1, "")
    assert "✗ Something unexpected went wrong: that went wrong." in err
    assert "What was saved so far is safe." in err
    assert "Traceback" not in err
    note = tmp_path / "mtpbackup" / "last-error.txt"
    assert f"Please report this, with what is in {note}." in err
    assert "ZeroDivisionError: that went wrong" in note.read_text()


def test_it_is_told_also_where_it_can_be_noted_nowhere(ends, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("x")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    code, out, _ = ends(ZeroDivisionError("that"), "status", "--json")
    told = json.loads(out)
    assert (code, told["exit_code"], told["what_to_do"][-1]) == (1, 1, "Please report this.")


def test_an_error_of_ours_has_its_own_words_there(ends, tmp_path):
    code, _, err = ends(NoArchive(tmp_path))
    assert code == ExitCode.NO_BACKUP
    assert "There is no backup in" in err


def test_output_that_cannot_be_written(ends):
    code, _, err = ends(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))
    assert (code, "What was to be shown could not be written: No space left on device." in err) == (1, True)


@pytest.mark.parametrize("words", ["--help", "--version", "completion bash"])
def test_help_to_a_full_disk_is_no_traceback(words):
    command = f"'{sys.executable}' -m mtpbackup {words} > /dev/full"
    ended = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 1
    assert "could not be written" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("json", ["", "--json"])
def test_an_answer_that_nobody_got_is_no_success(tmp_path, json):
    command = f"'{sys.executable}' -m mtpbackup config {json} > /dev/full"
    ended = subprocess.run(
        ["bash", "-c", command],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, "HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)},
    )
    assert ended.returncode == 1
    assert json or "could not be written" in ended.stderr  # a program's channel is the one that is full
    assert "Traceback" not in ended.stderr


OLD_LOCALE = {"PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "LC_ALL": "C"}


def test_emoji_are_saved_also_in_a_locale_that_has_none(tmp_path):
    ended = run("demo", "--to", tmp_path, **OLD_LOCALE)
    assert ended.returncode == 0, ended
    assert b"OK Done" in ended.stdout, "the terminal's own encoding"
    assert ended.stdout.isascii()
    assert [path.name for path in tmp_path.rglob("Frohes*")] == ["Frohes Fest 🎄✨.jpg"]


def test_it_starts_anew_once_only():
    command = [sys.executable, "-X", "utf8=0", "-m", "mtpbackup", "--version"]
    ended = subprocess.run(
        command, env={**os.environ, **OLD_LOCALE}, capture_output=True, timeout=60, check=False
    )
    assert ended.returncode == 0


def test_who_has_no_home_gets_no_folder_called_tilde(ends, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(door.os.path, "expanduser", lambda path: path)
    monkeypatch.setenv("HOME", "")
    ends(click.ClickException("x"))
    assert os.environ["HOME"] == "/nonexistent"


class Screen(io.StringIO):
    def isatty(self):
        return True


def test_a_file_gets_no_colours_where_the_other_stream_is_a_terminal():
    screen, file = Screen(), io.StringIO()
    voice = TerminalVoice(screen, file)
    voice.good("a")
    voice.warn("b")
    assert "\x1b[" in screen.getvalue()
    assert file.getvalue() == "! b\n"
    bar = SimpleNamespace(line=lambda text: screen.write(f"above: {text}\n"))
    with voice.above(bar):
        voice.warn("c")
        voice.good("d")
    assert file.getvalue() == "! b\n! c\n"
    assert "above:" in screen.getvalue()


@pytest.mark.parametrize(("value", "coloured"), [("", True), ("1", False)])
def test_an_empty_no_color_asks_for_nothing(monkeypatch, value, coloured):
    """https://no-color.org: "when present and not an empty string"."""
    monkeypatch.setattr(sys, "stdout", Screen())
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("NO_COLOR", value)
    assert isinstance(choose_voice(), TerminalVoice) is coloured


def test_two_phones_that_nothing_tells_apart():
    advice = explain(SeveralPhones(["Pixel 8 (1)", "Pixel 8 (1)"]))
    assert advice.what_to_do == ("Unplug all but one: they can't be told apart.",)
    assert "--device" in explain(SeveralPhones(["Pixel 8", "Moto"])).what_to_do[0]


def test_a_question_that_is_not_answered_changes_nothing(ends):
    code, out, err = ends(click.exceptions.Abort())
    assert (code, out) == (ExitCode.INTERRUPTED, "")
    assert "Stopped.  Nothing was changed." in err
