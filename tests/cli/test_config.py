"""`mtpbackup config`, and that what it sets is heeded."""

import json
from contextlib import contextmanager
from pathlib import Path

import pytest

from mtpbackup.settings import KEYS, load, settings_file


def test_all_settings_are_shown_with_where_they_come_from(mtpbackup):
    assert mtpbackup("config", "set", "layout", "by-month").exit_code == 0
    result = mtpbackup("config")
    assert result.exit_code == 0
    for name in KEYS:
        assert f"\n  {name} " in result.output
    assert "by-month                           (line 1)" in result.output
    assert "Phone backup" in result.output
    facts = [json.loads(line) for line in mtpbackup("config", "--json").output.splitlines()]
    layout = next(fact for fact in facts if fact.get("setting") == "layout")
    assert (layout["value"], layout["source"], layout["default"]) == ("by-month", "line 1", "as-on-phone")


@pytest.mark.parametrize(
    ("words", "attribute", "value"),
    [
        (["destination", "/media/USB"], "destination", Path("/media/USB")),
        (["only", "all"], "only", "all"),
        (["folders", "DCIM/Camera", "Pictures"], "folders", ("DCIM/Camera", "Pictures")),
        (["notifications", "off"], "notifications", False),
        (["keep-awake", "no"], "keep_awake", False),
    ],
)
def test_settings_are_set_and_taken_away(mtpbackup, words, attribute, value):
    before = getattr(load(), attribute)
    assert mtpbackup("config", "set", *words).exit_code == 0
    assert getattr(load(), attribute) == value
    assert mtpbackup("config", "unset", words[0]).exit_code == 0
    assert getattr(load(), attribute) == before


@pytest.mark.parametrize(
    "words",
    [
        ["set", "layot", "by-month"],
        ["set", "layout", "by-colour"],
        ["set", "layout", "by-month", "by-month"],
        ["set", "keep-awake", "perhaps"],
        ["set", "phones", "mine"],
        ["set", "destination", ""],
        ["unset", "layot"],
    ],
)
def test_what_cannot_be_set_is_told(mtpbackup, words):
    result = mtpbackup("config", *words)
    assert result.exit_code == 2
    assert "✗" in result.output
    assert not settings_file().exists()


def test_a_slip_on_the_command_line_is_not_looked_for_in_the_file(mtpbackup):
    text = mtpbackup("config", "set", "destnation", "/media/USB").output
    assert "Did you mean  destination?" in text
    assert "settings.toml" not in text
    assert "settings.toml" not in mtpbackup("config", "set", "layout", "by-colour").output


def test_a_backup_heeds_the_settings_and_the_command_line_wins(mtpbackup, phone, tmp_path):
    phone.add_file("Pictures/notes.txt", b"words")
    mtpbackup("config", "set", "destination", tmp_path / "set")
    mtpbackup("config", "set", "only", "videos")
    assert mtpbackup("backup").exit_code == 0
    assert [path.name for path in (tmp_path / "set").rglob("*.*g")] == []
    assert len(list((tmp_path / "set").rglob("VID_0003.mp4"))) == 1
    assert (
        mtpbackup("backup", "--to", tmp_path / "said", "--only", "all", "--folder", "Pictures").exit_code == 0
    )
    assert [path.name for path in (tmp_path / "said").rglob("*.txt")] == ["notes.txt"]
    assert not list((tmp_path / "said").rglob("VID_0003.mp4"))


def test_the_guided_run_heeds_them(mtpbackup, tmp_path):
    mtpbackup("config", "set", "destination", tmp_path / "set")
    mtpbackup("config", "set", "folders", "DCIM/Camera")
    mtpbackup("config", "set", "layout", "by-month")
    assert mtpbackup().exit_code == 0
    assert len(list((tmp_path / "set").glob("*/*/*/*.jpg"))) == 2


@pytest.mark.parametrize("command", [["backup"], ["status"], ["verify"], ["config"], ["doctor"], []])
def test_a_mistake_in_the_file_stops_every_command_with_2(mtpbackup, command):
    settings_file().parent.mkdir(parents=True)
    settings_file().write_text('layout = "by-month"\nonly = "musik"\n')
    result = mtpbackup(*command)
    assert result.exit_code == 2
    assert "only can't be 'musik'" in result.output
    assert "line 2" in result.output


@pytest.mark.parametrize(("wanted", "held"), [("on", ["Copying photos: Pixel 8"]), ("off", [])])
def test_the_computer_is_kept_awake_while_copying_unless_that_is_off(
    mtpbackup, monkeypatch, tmp_path, wanted, held
):
    awake = []

    @contextmanager
    def kept_awake(why):
        awake.append(why)
        yield True

    monkeypatch.setattr("mtpbackup.desktop.awake.kept_awake", kept_awake)
    mtpbackup("config", "set", "keep-awake", wanted)
    assert mtpbackup("backup", "--to", tmp_path / "b").exit_code == 0
    assert awake == held
    assert mtpbackup("backup", "--to", tmp_path / "b").exit_code == 0
    assert awake == held  # nothing to copy, nothing to stay awake for
