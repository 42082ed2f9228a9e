"""The settings file: read, mistaken, changed."""

from pathlib import Path

import pytest

from mtpbackup.messages import ExitCode, explain
from mtpbackup.settings import (
    KEYS,
    KnownPhone,
    Settings,
    SettingsNotWritten,
    SettingsUnreadable,
    SettingUnknown,
    SettingWrong,
    add_phone,
    change,
    forget_phone,
    load,
    settings_file,
)

PHONE = KnownPhone("Pixel 8", 0x18D1, "SERIAL-1")


@pytest.fixture
def file(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    return tmp_path / "mtpbackup" / "settings.toml"


def test_the_file_is_in_the_usual_place(file):
    assert settings_file() == file


def test_without_a_file_all_is_as_at_first(file):
    assert load() == Settings()


def test_every_setting_is_read(tmp_path):
    file = tmp_path / "s.toml"
    file.write_text(
        'destination = "/media/anna/USB"\nlayout = "by-month"\nonly = "photos"\n'
        'folders = ["DCIM/Camera"]\nnotifications = false\nkeep-awake = false\n'
        'phones = [{name = "Pixel 8", vendor = "18d1", serial = "SERIAL-1"}]\n'
    )
    settings = load(file)
    assert settings.destination == Path("/media/anna/USB")
    assert (settings.layout, settings.only, settings.folders) == ("by-month", "photos", ("DCIM/Camera",))
    assert (settings.notifications, settings.keep_awake, settings.phones) == (False, False, (PHONE,))
    assert list(settings.lines.values()) == [1, 2, 3, 4, 5, 6, 7]
    assert set(settings.lines) == set(KEYS)


@pytest.mark.parametrize(
    ("text", "kind", "line"),
    [
        ('layout = "by-month"\nonly = \n', SettingsUnreadable, 2),
        ('layout = "by-month"\n\nlayot = "x"\n', SettingUnknown, 3),
        ('# hello\nlayout = "by-colour"\n', SettingWrong, 2),
        ("keep-awake = 1\n", SettingWrong, 1),
        ('destination = "here"\n', SettingWrong, 1),
        ('folders = "DCIM"\n', SettingWrong, 1),
        ('only = "photos"\n[[phones]]\nname = "x"\n', SettingWrong, 2),
        ('layout = "by-month', SettingsUnreadable, 1),
    ],
)
def test_a_mistake_is_told_with_its_line_and_ends_with_2(tmp_path, text, kind, line):
    file = tmp_path / "s.toml"
    file.write_text(text)
    with pytest.raises(kind) as caught:
        load(file)
    assert (caught.value.path, caught.value.line) == (file, line)
    advice = explain(caught.value)
    assert f"line {line}" in advice.headline
    assert advice.exit_code is ExitCode.USAGE


def test_an_unknown_setting_is_named_with_the_one_that_was_meant(tmp_path):
    file = tmp_path / "s.toml"
    file.write_text("keep_awake = true\n")
    with pytest.raises(SettingUnknown) as caught:
        load(file)
    assert (caught.value.name, caught.value.near) == ("keep_awake", "keep-awake")
    assert explain(caught.value).what_to_do[0] == "Did you mean  keep-awake?"


def test_bytes_that_are_no_text_are_told(tmp_path):
    file = tmp_path / "s.toml"
    file.write_bytes(b"layout = \xff\n")
    with pytest.raises(SettingsUnreadable):
        load(file)


def test_changing_leaves_what_a_person_wrote(file):
    file.parent.mkdir()
    file.write_text('# mine\nlayout = "by-month"   # by month is nice\n\n# and photos\nonly = "photos"\n')
    change("layout", "as-on-phone")
    change("keep-awake", False)
    assert file.read_text() == (
        '# mine\nlayout = "as-on-phone"   # by month is nice\n\n# and photos\nonly = "photos"\n'
        "keep-awake = false\n"
    )
    change("only", None)
    assert load().only == "media"
    assert "# mine" in file.read_text()


def test_what_could_not_be_read_again_is_not_written(file):
    with pytest.raises(SettingWrong):
        change("layout", "by-colour")
    assert not file.exists()


def test_a_mark_that_some_editors_put_in_front_is_no_mistake(file):
    file.parent.mkdir(parents=True)
    file.write_bytes(b'\xef\xbb\xbflayout = "by-month"\r\n')
    assert load(file).layout == "by-month"
    change("only", "all", file)
    assert file.read_text() == 'layout = "by-month"\nonly = "all"\n'


def test_a_file_with_a_mistake_is_not_written_over(file):
    file.parent.mkdir()
    file.write_text("layot = 1\n")
    with pytest.raises(SettingUnknown):
        change("layout", "by-month")
    assert file.read_text() == "layot = 1\n"


def test_a_link_stays_a_link(file, tmp_path):
    file.parent.mkdir()
    (tmp_path / "elsewhere.toml").write_text("")
    file.symlink_to(tmp_path / "elsewhere.toml")
    change("layout", "by-month")
    assert file.is_symlink()
    assert "by-month" in (tmp_path / "elsewhere.toml").read_text()


def test_phones_are_noted_once_and_forgotten(file):
    add_phone(PHONE)
    add_phone(KnownPhone("Old one", 0x04E8, "SERIAL-2"))
    add_phone(KnownPhone("Anna's Pixel", 0x18D1, "SERIAL-1"))
    assert [phone.name for phone in load().phones] == ["Old one", "Anna's Pixel"]
    change("layout", "by-month")
    forget_phone(PHONE)
    assert [phone.name for phone in load().phones] == ["Old one"]
    forget_phone(load().phones[0])
    assert load().phones == ()
    assert load().layout == "by-month"


def test_a_folder_that_cannot_be_made_is_told(file, tmp_path):
    file.parent.write_text("not a folder")
    with pytest.raises(SettingsNotWritten):
        change("layout", "by-month")
