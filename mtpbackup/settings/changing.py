"""Writes the file: what a person wrote beside a setting, remarks and order, stays as it was."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from mtpbackup.settings.errors import SettingsNotWritten
from mtpbackup.settings.file import ENCODING, load, parse, settings_file
from mtpbackup.settings.keys import KnownPhone

if TYPE_CHECKING:
    from tomlkit import TOMLDocument


def change(name: str, value: object | None, path: Path | None = None) -> None:
    """Sets a setting, or takes it away.

    Args:
        name: of `KEYS`.
        value: as TOML has it; None to take it away.
        path: the file; None for the usual one.

    Raises:
        SettingsError: there is a mistake in the file, or in the value; the file is as it was.
        SettingsNotWritten: it cannot be written.
    """
    path = path or settings_file()
    document = _document(path)
    if value is None:
        document.pop(name, None)
    else:
        document[name] = value
    _write(path, document)


def add_phone(phone: KnownPhone, path: Path | None = None) -> None:
    """Notes a phone that is to be backed up by itself. One that is noted already gets its new name.

    Raises:
        SettingsError, SettingsNotWritten: as `change`.
    """
    others = [known for known in load(path).phones if _key(known) != _key(phone)]
    _write_phones([*others, phone], path)


def forget_phone(phone: KnownPhone, path: Path | None = None) -> None:
    """Takes a phone off the list.

    Raises:
        SettingsError, SettingsNotWritten: as `change`.
    """
    _write_phones([known for known in load(path).phones if _key(known) != _key(phone)], path)


def _key(phone: KnownPhone) -> tuple[int, str]:
    return phone.vendor, phone.serial


def _write_phones(phones: Iterable[KnownPhone], path: Path | None) -> None:
    import tomlkit  # noqa: PLC0415 - few runs write settings

    array = tomlkit.array()
    for phone in phones:
        entry = tomlkit.inline_table()
        entry.update({"name": phone.name, "vendor": f"{phone.vendor:04x}", "serial": phone.serial})
        array.append(entry)
    array.multiline(multiline=True)
    change("phones", array if len(array) else None, path)


def _document(path: Path) -> TOMLDocument:
    import tomlkit  # noqa: PLC0415 - few runs write settings

    load(path)  # a mistake in it is told, not written over
    try:
        return tomlkit.parse(path.read_text(encoding=ENCODING))
    except (FileNotFoundError, NotADirectoryError):
        return tomlkit.document()


def _write(path: Path, document: TOMLDocument) -> None:
    import tempfile  # noqa: PLC0415 - few runs write settings

    text = document.as_string().rstrip("\n") + "\n"
    parse(text, path)  # nothing is written that could not be read again
    target = path.resolve()  # a link that a person made stays one
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        descriptor, part = tempfile.mkstemp(dir=target.parent, prefix=".settings-")
        try:
            with open(descriptor, "w", encoding="utf-8") as file:  # noqa: PTH123 - a descriptor
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            os.replace(part, target)  # noqa: PTH105 - beside os.fsync
        except BaseException:
            Path(part).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise SettingsNotWritten(path, error.strerror or str(error)) from error
