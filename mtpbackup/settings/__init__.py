"""What a person wants done each time, in one file: settings.toml in the usual folder for settings.

    keys      which settings there are, and what may stand in them
    file      reads the file and says where a mistake is
    changing  writes it, and leaves what a person wrote beside it

Options of a command win over the file, the file over the defaults. May be imported by the front doors and by
`messages`; the layers below are handed what they need.
"""

from mtpbackup.settings.changing import add_phone, change, forget_phone
from mtpbackup.settings.errors import (
    PhoneNotKnown,
    PhoneNotRecognisable,
    SettingsError,
    SettingsNotWritten,
    SettingsUnreadable,
    SettingUnknown,
    SettingWrong,
)
from mtpbackup.settings.file import load, settings_file, unknown
from mtpbackup.settings.keys import KEYS, Key, KnownPhone, Settings

__all__ = [
    "KEYS",
    "Key",
    "KnownPhone",
    "PhoneNotKnown",
    "PhoneNotRecognisable",
    "SettingUnknown",
    "SettingWrong",
    "Settings",
    "SettingsError",
    "SettingsNotWritten",
    "SettingsUnreadable",
    "add_phone",
    "change",
    "forget_phone",
    "load",
    "settings_file",
    "unknown",
]
