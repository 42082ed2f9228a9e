"""Names for files and folders on disk, made of whatever a phone calls its own. Pure functions.

The archive may be carried to exFAT, NTFS or macOS and must stay the same there, so names are made to suit all
of them at once: one spelling (NFC), nothing reserved anywhere, different without regard to case. Names from a
phone are hostile input (PRODUCT.md, section 4); the original stays in the catalog.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Container

#: Longest name in bytes of UTF-8. File systems take 255 bytes (ext4) or 255 UTF-16 units (exFAT, NTFS, APFS);
#: the rest is room for a number, and for what backup and sync programs like to append.
MAX_BYTES = 240

#: What counts as an extension: at most this many bytes, the dot included.
_MAX_EXTENSION = 20

#: Reserved on Windows and FAT, or on Linux; control characters (C0, DEL, C1); characters that turn the writing
#: direction and so make a name look like another one (Unicode TR 36), line and paragraph separators, the
#: byte-order mark, halves of surrogate pairs, and code points that are no characters.
_FORBIDDEN = re.compile(
    '[<>:"/\\\\|?*\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufffe\uffff\ud800-\udfff]'
)
_REPLACEMENT = "_"

#: Device names of Windows, with any extension and with blanks before it; superscript digits count as digits.
_WINDOWS_DEVICE = re.compile(
    r"(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9¹²³])[ ]*(?:\..*)?", re.IGNORECASE
)

#: Trailing blanks and dots are dropped by Windows, and by FAT drivers.
_TRAILING = " .\u00a0\u3000"

_ZERO_WIDTH_JOINER = "\u200d"


def safe_name(name: str) -> str:
    """A name that every file system takes, and that stays in its folder.

    Applying it twice changes nothing. Never empty, never "." or "..", at most `MAX_BYTES` bytes of UTF-8; the
    extension survives cutting.
    """
    name = _FORBIDDEN.sub(_REPLACEMENT, unicodedata.normalize("NFC", name))
    while True:
        before = name
        name = name.rstrip(_TRAILING)
        if not name:
            return _REPLACEMENT
        if _WINDOWS_DEVICE.fullmatch(name):
            name = _REPLACEMENT + name
        name = _cut(name, MAX_BYTES)
        if name == before:
            return name


def folded(name: str) -> str:
    """The form in which names are compared: equal forms cannot stand in one folder everywhere."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def numbered(name: str, number: int, *, keep_extension: bool = True) -> str:
    """A safe name with a number, as `IMG_0001 (2).jpg`, still within `MAX_BYTES`.

    Args:
        name: a result of `safe_name`.
        number: from 2 up.
        keep_extension: False for folders, whose dots mean nothing.
    """
    stem, extension = _split(name) if keep_extension else (name, "")
    suffix = f" ({number})"
    stem = _cut_stem(stem, MAX_BYTES - len(suffix) - len(extension.encode()))
    return f"{stem}{suffix}{extension}"


def free_name(
    name: str, taken: Container[str], *, keep_extension: bool = True, first: int = 2
) -> tuple[str, int]:
    """The name itself if nothing in the folder has it, else the first numbered one that is free.

    Args:
        name: a result of `safe_name`.
        taken: what is in the folder, in `folded` form.
        keep_extension: see `numbered`.
        first: the number to try first; numbers below are known to be taken.

    Returns:
        The name, and its number (1 for the name itself).
    """
    if folded(name) not in taken:
        return name, 1
    number = max(first, 2)
    while folded(candidate := numbered(name, number, keep_extension=keep_extension)) in taken:
        number += 1
    return candidate, number


def _split(name: str) -> tuple[str, str]:
    """Stem and extension (with its dot). A leading dot begins a hidden file's name, not an extension."""
    dot = name.rfind(".")
    if dot <= 0 or not 1 < len(name[dot:].encode()) <= _MAX_EXTENSION or " " in name[dot:]:
        return name, ""
    return name[:dot], name[dot:]


def _cut(name: str, limit: int) -> str:
    if len(name) * 4 <= limit or len(name.encode()) <= limit:
        return name
    stem, extension = _split(name)
    return _cut_stem(stem, limit - len(extension.encode())) + extension


def _cut_stem(stem: str, limit: int) -> str:
    """The longest beginning of at most `limit` bytes that ends between two characters as people count them."""
    raw = stem.encode()
    if len(raw) <= limit:
        return stem
    longest = raw[:limit].decode(errors="ignore")
    end = len(longest)
    while end and _joined(stem, end):
        end -= 1
    # A pile of combining marks without an end: cut between code points then.
    return stem[: end or len(longest)]


def _joined(text: str, position: int) -> bool:
    """Whether the code points before and after a position make one character.

    Marks on a letter, variation selectors, skin tones, members of an emoji joined by U+200D, halves of a flag:
    the rules of Unicode TR 29 that matter for names.
    """
    after = text[position]
    if unicodedata.category(after) in {"Mn", "Me", "Mc"} or after == _ZERO_WIDTH_JOINER:
        return True
    if "\U0001f3fb" <= after <= "\U0001f3ff" or text[position - 1] == _ZERO_WIDTH_JOINER:
        return True
    if _is_flag_half(after):
        start = position
        while start and _is_flag_half(text[start - 1]):
            start -= 1
        return (position - start) % 2 == 1
    return False


def _is_flag_half(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"
