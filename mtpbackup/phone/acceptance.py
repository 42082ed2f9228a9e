"""What a phone takes: names and sizes that are checked before anything is sent.

Android checks next to nothing when a file is announced. A name that its file system will not have shows when
the content is on its way already, is answered in the middle of it, and what follows then ends the server
(ANDROID.md, Writing). So what is refused here is never said to a phone.
"""

from __future__ import annotations

from typing import Final

from mtpbackup.errors import NameRefused
from mtpbackup.phone.items import Storage
from mtpbackup.session import Quirks

#: What Android's storage refuses in names, as does FAT.
_RESERVED: Final = frozenset(':*?"<>|\\')
#: Bytes of UTF-8 in one name: ext4, f2fs, and what Android puts before them.
_LONGEST_BYTES: Final = 255
#: UTF-16 units in a string of MTP, without its NUL. MTP 1.1, section 3.2.3.
_LONGEST_UNITS: Final = 254
#: The largest file of FAT.
FAT_LIMIT: Final = (1 << 32) - 1
#: Cards up to this size are formatted as FAT32 (SD standard: SDHC), larger ones as exFAT. A card of "32 GB"
#: shows itself with less than 32 GiB.
_LARGEST_FAT_CARD: Final = 32 << 30

_Reason = NameRefused.Reason


def name_trouble(storage: Storage, name: str, quirks: Quirks) -> NameRefused | None:
    """Why a storage would not take a name; None when nothing is known against it.

    Args:
        storage: where it is to lie.
        name: of a file or folder.
        quirks: of the phone.
    """
    reason = _reason_against(storage, name, quirks)
    return None if reason is None else NameRefused(name, reason)


def _reason_against(storage: Storage, name: str, quirks: Quirks) -> _Reason | None:
    if not name:
        return _Reason.EMPTY
    if name in (".", ".."):
        return _Reason.DOTS
    if "/" in name:
        return _Reason.SLASH
    if any(character < " " or character == "\x7f" for character in name):
        return _Reason.CONTROL
    if not _RESERVED.isdisjoint(name) or (quirks.ascii_names_only and not name.isascii()):
        return _Reason.CHARACTER
    try:
        utf_8 = len(name.encode())
    except UnicodeEncodeError:
        # A byte of this computer's disk that is no text.
        return _Reason.CHARACTER
    if utf_8 > _LONGEST_BYTES or len(name.encode("utf-16-le")) > 2 * _LONGEST_UNITS:
        return _Reason.TOO_LONG
    # FAT drops dots and blanks at the end; Android takes blanks away at both ends on cards.
    if storage.removable and (name != name.strip(" ") or name.endswith(".")):
        return _Reason.ENDING
    return None


def largest_file(storage: Storage) -> int | None:
    """Bytes of the largest file that a storage is likely to take; None where no limit is likely.

    No phone tells the file system of a card: it is concluded from the card's size.
    """
    if storage.removable and 0 < storage.capacity < _LARGEST_FAT_CARD:
        return FAT_LIMIT
    return None
