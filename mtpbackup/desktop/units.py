"""The unit of the person's systemd that backs a phone up when udev says that one was plugged in.

The udev rule names the unit for each phone (`mtpbackup.udev.USER_UNIT`, a template); systemd fills in where the
phone is in sysfs, starts the unit once for each time a phone turns up there, and not again while it runs. A
person without the unit never notices.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from mtpbackup import programs
from mtpbackup.errors import MtpBackupError

#: The template. `mtpbackup.udev.USER_UNIT` is the same.
UNIT: Final = "mtpbackup-auto@.service"

_TEXT: Final = """\
# Written by `mtpbackup auto on`; taken away by `mtpbackup auto off`.
[Unit]
Description=Back up the phone that was plugged in
CollectMode=inactive-or-failed

[Service]
Type=exec
ExecStart={command} --at %f
{environment}Nice=10
# As Ctrl+C does: what is in hand ends safely, and the next run continues.
KillSignal=SIGINT
KillMode=mixed
TimeoutStopSec=60
"""


class NoUserManager(MtpBackupError):
    """The person's systemd does not run here, or does not answer.

    Attributes:
        said: its words, or empty.
    """

    def __init__(self, said: str = "") -> None:
        super().__init__(said or "no systemd for this user")
        self.said = said


class UnitNotWritten(MtpBackupError):
    """The unit's file cannot be written or removed.

    Attributes:
        path: the file.
        reason: the system's words.
    """

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path
        self.reason = reason


def unit_file() -> Path:
    """The unit: where it is, or else where it would be put by XDG_CONFIG_HOME alone. man systemd.unit(5)."""
    places = _places()
    return next((place for place in places if place.exists()), places[0])


def is_on() -> bool:
    """Whether the unit is there."""
    return unit_file().exists()


def _places() -> list[Path]:
    """Where a person's systemd may look for her units: it need not have the XDG_CONFIG_HOME of her shell."""
    usual = Path.home() / ".config"
    bases = [Path(os.environ.get("XDG_CONFIG_HOME", "") or usual), usual]
    return list(dict.fromkeys(base / "systemd" / "user" / UNIT for base in bases))


def _place_that_is_read() -> Path:
    """The one of these places that the person's systemd reads."""
    places = _places()
    if len(places) == 1:
        return places[0]
    read = [Path(folder).resolve() for folder in _systemctl("show", "--property=UnitPath", "--value").split()]
    return next((place for place in places if place.parent.resolve() in read), places[0])


def turn_on(command: Sequence[str], environment: Mapping[str, str] | None = None) -> None:
    """Writes the unit and has systemd read it.

    Args:
        command: what it runs, to which `--at FOLDER` is added.
        environment: variables that it needs.

    Raises:
        NoUserManager: there is no systemd for this person; nothing was written.
        UnitNotWritten: the file cannot be written.
    """
    require_manager()
    lines = "".join(f"Environment={quoted(f'{name}={value}')}\n" for name, value in (environment or {}).items())
    text = _TEXT.format(command=" ".join(map(quoted, command)), environment=lines)
    file = _place_that_is_read()
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        part = file.with_suffix(".part")
        part.write_text(text, encoding="utf-8")
        part.replace(file)
    except OSError as error:
        raise UnitNotWritten(file, error.strerror or str(error)) from error
    _systemctl("daemon-reload")


def turn_off() -> bool:
    """Stops what runs, and takes the unit away. Returns whether it was there.

    Raises:
        UnitNotWritten: the file cannot be removed.
        NoUserManager: systemd does not answer.
    """
    there = is_on()
    for file in _places():
        try:
            file.unlink(missing_ok=True)
        except NotADirectoryError:
            continue
        except OSError as error:
            raise UnitNotWritten(file, error.strerror or str(error)) from error
    if there and _manager_is_there():
        _systemctl("stop", UNIT.replace("@", "@*"))
        _systemctl("daemon-reload")
    return there


def require_manager() -> None:
    """Raises NoUserManager where the person has no systemd of her own, as in a container or after `su`."""
    if not _manager_is_there():
        raise NoUserManager


def quoted(word: str) -> str:
    """A word as a unit's file has it. man systemd.syntax(7), systemd.service(5), command lines."""
    text = (
        word.replace("\\", "\\\\")
        .replace('"', '\\"')
        .replace("%", "%%")
        .replace("$", "$$")
        .replace("\n", "\\n")
    )
    return f'"{text}"'


def program() -> list[str]:
    """How the unit runs this program, whatever the PATH there.

    Units run in the person's home folder. -P keeps Python from taking a `queue.py` that lies there for its own.
    """
    return [sys.executable, "-P", "-m", "mtpbackup"]


def _manager_is_there() -> bool:
    runtime = os.environ.get("XDG_RUNTIME_DIR", "") or f"/run/user/{os.getuid()}"
    return Path(runtime, "systemd", "private").exists()


def _systemctl(*words: str) -> str:
    """Asks the person's systemd. Returns what it said. Raises NoUserManager."""
    runtime = os.environ.get("XDG_RUNTIME_DIR", "") or f"/run/user/{os.getuid()}"
    environment = {**os.environ, "XDG_RUNTIME_DIR": runtime}
    # Stopping takes as long as what is in hand needs to end safely: TimeoutStopSec.
    code, said = programs.run(["systemctl", "--user", *words], environment, seconds=90.0)
    if code:
        raise NoUserManager(said)
    return said
