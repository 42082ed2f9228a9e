"""Small words: numbers, sizes, times and names as people read them."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from pathlib import Path


def plain(text: str) -> str:
    """Text from a phone or a disk made harmless for a terminal: no control or direction-changing characters.

    Names are hostile input (PRODUCT.md section 4): an escape sequence in a file name must not reach the screen.
    """
    return "".join(
        "\N{REPLACEMENT CHARACTER}" if _is_unprintable(character) else character for character in text
    )


def _is_unprintable(character: str) -> bool:
    # Zero-width joiners build emoji families; all other format characters (bidi controls among them) go.
    category = unicodedata.category(character)
    return category in {"Cc", "Cs", "Zl", "Zp"} or (category == "Cf" and character != "\N{ZERO WIDTH JOINER}")


def size(count: float) -> str:
    """Bytes as people read them: "41.8 GB" (decimal units, as phones and disks are sold)."""
    for unit in ("bytes", "KB", "MB", "GB"):
        if count < 999.5 or (unit == "bytes" and count < 1000):
            return f"{count:,.0f} {unit}" if unit in {"bytes", "KB"} else f"{count:,.1f} {unit}"
        count /= 1000
    return f"{count:,.1f} TB"


def number(count: int, singular: str, plural: str = "") -> str:
    """A number with its noun: "1 photo", "3,412 photos"."""
    return f"{count:,} {singular if count == 1 else plural or singular + 's'}"


def duration(seconds: float) -> str:
    """A length of time as people say it: "45 s", "23 min", "2 h 05 min"."""
    whole = max(0, round(seconds))
    if not whole:
        return "a moment"
    if whole < 100:
        return f"{whole} s"
    minutes = round(whole / 60)
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60:02} min"


def place(path: Path) -> str:
    """A folder as people write it: their home as "~"."""
    try:
        return plain(str("~" / path.relative_to(Path.home())))
    except (ValueError, RuntimeError):
        return plain(str(path))


def listing(names: Iterable[str]) -> str:
    """Names in a sentence: "a, b and c"."""
    shown = [plain(name) for name in names]
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}" if shown else ""
