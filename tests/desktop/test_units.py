"""The unit of the person's systemd: what is written, and what systemd is asked."""

import shutil
import subprocess

import pytest

from mtpbackup import udev
from mtpbackup.desktop import units
from mtpbackup.desktop.units import NoUserManager, UnitNotWritten


@pytest.fixture
def asked(monkeypatch, tmp_path):
    """A person's systemd that does what it is asked, with the XDG_CONFIG_HOME of her shell."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "runtime"))
    (tmp_path / "runtime/systemd").mkdir(parents=True)
    (tmp_path / "runtime/systemd/private").touch()

    def systemctl(*arguments):
        if arguments[0] == "show":
            return f"{systemctl.reads}/systemd/user /etc/systemd/user\n"
        words.append(arguments)
        return ""

    systemctl.reads = tmp_path / "config"
    words = Asked()
    words.systemctl = systemctl
    monkeypatch.setattr(units, "_systemctl", systemctl)
    return words


class Asked(list):
    """What systemd was asked, beside where it looks for units."""

    systemctl = None


def test_the_rule_and_the_unit_have_one_name():
    assert units.UNIT == udev.USER_UNIT
    assert units.UNIT in udev.render_rules()


def test_the_unit_is_one_that_systemd_takes(asked, tmp_path):
    units.turn_on(["/usr/a b/$x %y/python", "-m", "mtpbackup", "auto", "run"], {"PYTHONPATH": "/usr/a b/%"})
    text = units.unit_file().read_text()
    assert 'ExecStart="/usr/a b/$$x %%y/python" "-m" "mtpbackup" "auto" "run" --at %f' in text
    assert 'Environment="PYTHONPATH=/usr/a b/%%"' in text
    assert asked == [("daemon-reload",)]
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed")
    program = tmp_path / "python"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    units.turn_on([str(program)])
    instance = units.unit_file().with_name("mtpbackup-auto@sys-devices-x.service")
    instance.write_text(units.unit_file().read_text())
    done = subprocess.run(
        ["systemd-analyze", "verify", "--user", "--man=no", instance],
        capture_output=True,
        text=True,
        check=False,
    )
    assert str(units.UNIT.partition("@")[0]) not in done.stderr, done.stderr


def test_it_goes_as_it_came(asked):
    units.turn_on(["/usr/bin/mtpbackup"])
    assert units.is_on()
    assert units.turn_off()
    assert not units.is_on()
    assert not units.turn_off()
    assert asked == [("daemon-reload",), ("stop", "mtpbackup-auto@*.service"), ("daemon-reload",)]


def test_it_is_put_where_systemd_reads_it(asked, tmp_path):
    """A variable that is set in .bashrc is not her systemd's."""
    asked.systemctl.reads = tmp_path / "home/.config"
    units.turn_on(["/usr/bin/mtpbackup"])
    assert units.unit_file() == tmp_path / "home/.config/systemd/user" / units.UNIT
    assert units.unit_file().exists()
    assert not (tmp_path / "config").exists()
    assert units.is_on()
    assert units.turn_off()
    assert not (tmp_path / "home/.config/systemd/user" / units.UNIT).exists()


def test_without_a_systemd_of_the_person_nothing_is_written(asked, tmp_path):
    (tmp_path / "runtime/systemd/private").unlink()
    with pytest.raises(NoUserManager):
        units.turn_on(["/usr/bin/mtpbackup"])
    assert not units.is_on()


def test_a_folder_that_cannot_be_made_is_told(asked, tmp_path):
    (tmp_path / "config").write_text("not a folder")
    with pytest.raises(UnitNotWritten):
        units.turn_on(["/usr/bin/mtpbackup"])


def test_a_systemd_that_does_not_answer_is_told(monkeypatch, tmp_path):
    fake = tmp_path / "systemctl"
    fake.write_text("#!/bin/sh\necho 'Failed to connect to bus' >&2; exit 1\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NoUserManager, match="Failed to connect to bus"):
        units._systemctl("daemon-reload")
