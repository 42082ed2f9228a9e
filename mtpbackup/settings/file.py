"""Reads the file, and says where a mistake is."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from mtpbackup.settings.errors import SettingsUnreadable, SettingUnknown, SettingWrong
from mtpbackup.settings.keys import KEYS, NotAllowed, Settings

#: UTF-8; some editors put a mark of it in front, which is no mistake of the person's.
ENCODING: Final = "utf-8-sig"


def settings_file() -> Path:
    """Where the settings are, whether the file is there or not: $XDG_CONFIG_HOME/mtpbackup/settings.toml."""
    import platformdirs  # noqa: PLC0415 - `--help` does without

    return Path(platformdirs.user_config_dir("mtpbackup")) / "settings.toml"


def load(path: Path | None = None) -> Settings:
    """The settings; the defaults where there is no file.

    Args:
        path: the file; None for the usual one.

    Raises:
        SettingsUnreadable, SettingUnknown, SettingWrong: there is a mistake in it.
    """
    path = path or settings_file()
    try:
        text = path.read_bytes().decode(ENCODING)
    except (FileNotFoundError, NotADirectoryError):
        return Settings()
    except OSError as error:
        raise SettingsUnreadable(path, 0, error.strerror or str(error)) from error
    except UnicodeDecodeError as error:
        raise SettingsUnreadable(path, 0, "not UTF-8") from error
    return parse(text, path)


def parse(text: str, path: Path) -> Settings:
    """The settings in a text.

    Args:
        text: TOML.
        path: where it is from, for errors.

    Raises:
        As `load`.
    """
    import tomllib  # noqa: PLC0415 - `--help` does without

    try:
        found = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        where = re.search(r"\(at line (\d+)", str(error))
        line = int(where[1]) if where else text.rstrip("\n").count("\n") + 1
        raise SettingsUnreadable(path, line, str(error).partition(" (at ")[0]) from error
    values: dict[str, object] = {}
    lines: dict[str, int] = {}
    for name, value in found.items():
        line = line_of(text, name)
        key = KEYS.get(name)
        if key is None:
            raise unknown(path, line, name, tuple(KEYS))
        try:
            values[key.attribute] = key.read(value)
        except NotAllowed:
            raise SettingWrong(path, line, name, value, key.allowed, key.wanted) from None
        lines[name] = line
    return Settings(**values, lines=lines)  # type: ignore[arg-type]  # each was made by its key


def unknown(path: Path, line: int, name: str, known: tuple[str, ...]) -> SettingUnknown:
    """The error for a name that is none of the known ones, with the one that was probably meant."""
    import difflib  # noqa: PLC0415 - only for mistakes

    near = difflib.get_close_matches(name.replace("_", "-"), known, 1)
    return SettingUnknown(path, line, name, known, near[0] if near else "")


def line_of(text: str, name: str) -> int:
    """The line on which a setting begins, counted from 1; 0 where it is not found."""
    start = re.compile(rf"""\s*(?:\[+\s*)?["']?{re.escape(name)}["']?\s*(?:[=.\]])""")
    return next((number for number, line in enumerate(text.splitlines(), 1) if start.match(line)), 0)
