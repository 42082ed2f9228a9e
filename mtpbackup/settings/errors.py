"""What can be wrong with the settings."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from mtpbackup.errors import MtpBackupError


class SettingsError(MtpBackupError):
    """The settings cannot be used.

    Attributes:
        path: the file.
        line: where in it, counted from 1; 0 where that is not known.
    """

    def __init__(self, path: Path, line: int, text: str) -> None:
        super().__init__(f"{path}:{line}: {text}" if line else f"{path}: {text}")
        self.path = path
        self.line = line


class SettingsUnreadable(SettingsError):
    """The file is not TOML, or cannot be read.

    Attributes:
        problem: what the reader of TOML, or the system, says.
    """

    def __init__(self, path: Path, line: int, problem: str) -> None:
        super().__init__(path, line, problem)
        self.problem = problem


class SettingUnknown(SettingsError):
    """There is no setting of this name.

    Attributes:
        name: as written.
        known: the names there are.
        near: the one that was probably meant, or empty.
    """

    def __init__(self, path: Path, line: int, name: str, known: tuple[str, ...], near: str) -> None:
        super().__init__(path, line, f"no setting {name!r}")
        self.name = name
        self.known = known
        self.near = near


class SettingWrong(SettingsError):
    """A setting has a value that it cannot have.

    Attributes:
        name: of the setting.
        value: as written.
        allowed: the values it may have; empty where they cannot be listed.
        wanted: what kind of value it takes: "text", "list", "switch", "folder", "phones".
    """

    def __init__(
        self, path: Path, line: int, name: str, value: object, allowed: tuple[str, ...], wanted: str
    ) -> None:
        super().__init__(path, line, f"{name} = {value!r}")
        self.name = name
        self.value = value
        self.allowed = allowed
        self.wanted = wanted


class PhoneNotRecognisable(MtpBackupError):
    """USB tells no serial number of a phone, so it cannot be known again before it is opened.

    Attributes:
        name: the phone's name.
    """

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} has no USB serial number")
        self.name = name


class PhoneNotKnown(MtpBackupError):
    """No phone of that name is among those that are backed up by themselves.

    Attributes:
        wanted: what was asked for.
        known: names of those that are.
    """

    def __init__(self, wanted: str, known: Sequence[str] = ()) -> None:
        super().__init__(f"{wanted} is not one of {list(known)}")
        self.wanted = wanted
        self.known = tuple(known)


class SettingsNotWritten(SettingsError):
    """The file cannot be written.

    Attributes:
        problem: what the system says.
    """

    def __init__(self, path: Path, problem: str) -> None:
        super().__init__(path, 0, problem)
        self.problem = problem
