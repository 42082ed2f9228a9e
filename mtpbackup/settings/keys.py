"""Which settings there are, and what may stand in them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True, slots=True)
class KnownPhone:
    """A phone that is backed up by itself when it is plugged in.

    It is recognised before it is opened, by what USB tells of it: phones of strangers are never spoken to.

    Attributes:
        name: what a person calls it.
        vendor: USB vendor id.
        serial: USB serial number.
    """

    name: str
    vendor: int
    serial: str


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings, with the defaults where nothing is said.

    Attributes:
        destination: folder of the backup; None for the default one.
        layout: "as-on-phone" or "by-month".
        only: "photos", "videos", "all", or "media" for photos and videos.
        folders: folders of the phone; empty for all.
        notifications: whether the desktop shows what `mtpbackup auto` does.
        keep_awake: whether the computer is kept from falling asleep while copying.
        phones: those that `mtpbackup auto` backs up.
        lines: for each setting that the file has, the line where it stands.
    """

    destination: Path | None = None
    layout: str = "as-on-phone"
    only: str = "media"
    folders: tuple[str, ...] = ()
    notifications: bool = True
    keep_awake: bool = True
    phones: tuple[KnownPhone, ...] = ()
    lines: Mapping[str, int] = field(default_factory=dict)


class NotAllowed(Exception):
    """A value that a setting cannot have."""


@dataclass(frozen=True, slots=True)
class Key:
    """One setting.

    Attributes:
        name: in the file.
        attribute: of `Settings`.
        wanted: what kind of value it takes; see `SettingWrong.wanted`.
        read: makes the value of what TOML has; raises `NotAllowed`.
        allowed: the values it may have, where they can be listed.
        by_hand: whether `mtpbackup config set` may change it.
    """

    name: str
    attribute: str
    wanted: str
    read: Callable[[object], object]
    allowed: tuple[str, ...] = ()
    by_hand: bool = True

    def from_words(self, words: tuple[str, ...]) -> object:
        """What TOML would have, from the words of a command line. Raises `NotAllowed`."""
        if self.wanted == "list":
            return list(words)
        if len(words) != 1:
            raise NotAllowed
        if self.wanted == "switch":
            switches = {"on": True, "yes": True, "true": True, "off": False, "no": False, "false": False}
            if words[0].lower() not in switches:
                raise NotAllowed
            return switches[words[0].lower()]
        if self.wanted == "folder" and words[0]:
            return str(Path(words[0]).expanduser().absolute())
        return words[0]


def _choice(*allowed: str) -> Callable[[object], str]:
    def read(value: object) -> str:
        if not isinstance(value, str) or value not in allowed:
            raise NotAllowed
        return value

    return read


def _switch(value: object) -> bool:
    if not isinstance(value, bool):
        raise NotAllowed
    return value


def _folder(value: object) -> Path:
    if not isinstance(value, str) or not value:
        raise NotAllowed
    path = Path(value).expanduser()
    if not path.is_absolute():
        raise NotAllowed
    return path


def _texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(entry, str) and entry for entry in value):
        raise NotAllowed
    return tuple(value)


def _phones(value: object) -> tuple[KnownPhone, ...]:
    if not isinstance(value, list):
        raise NotAllowed
    return tuple(_phone(entry) for entry in value)


def _phone(entry: object) -> KnownPhone:
    if not isinstance(entry, dict):
        raise NotAllowed
    try:
        phone = KnownPhone(str(entry["name"]), int(str(entry["vendor"]), 16), str(entry["serial"]))
    except (KeyError, ValueError):
        raise NotAllowed from None
    if not phone.serial:
        raise NotAllowed
    return phone


_LAYOUTS: Final = ("as-on-phone", "by-month")
_KINDS: Final = ("media", "photos", "videos", "all")

#: All of them, in the order in which they are shown.
KEYS: Final[Mapping[str, Key]] = MappingProxyType(
    {
        key.name: key
        for key in (
            Key("destination", "destination", "folder", _folder),
            Key("layout", "layout", "text", _choice(*_LAYOUTS), _LAYOUTS),
            Key("only", "only", "text", _choice(*_KINDS), _KINDS),
            Key("folders", "folders", "list", _texts),
            Key("notifications", "notifications", "switch", _switch, ("true", "false")),
            Key("keep-awake", "keep_awake", "switch", _switch, ("true", "false")),
            Key("phones", "phones", "phones", _phones, by_hand=False),
        )
    }
)
