"""Fits lines to where they are shown: breaks them between words on a terminal, and spells signs it lacks."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_COLOUR: Final = re.compile(r"\x1b\[[0-9;]*m")
_WORD: Final = re.compile(r" *[^ ]+")

#: Signs of our own sentences for terminals that have only ASCII or Latin-1.
_SPELLED: Final = {"✓": "OK", "✗": "ERROR:", "●": "*", "…": "...", "→": "->", "⏏": "eject sign"}


def cells(text: str) -> int:
    """How many columns a text takes on a terminal; colours take none."""
    return sum(_width(character) for character in _COLOUR.sub("", text))


def _width(character: str) -> int:
    if unicodedata.category(character) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(character) in {"W", "F"} else 1


def wrapped(text: str, columns: int) -> str:
    """A line broken between words where it is longer than the terminal is wide, what follows moved in by two.

    Words that are too long by themselves, as paths, stay whole: they can be copied.
    """
    if cells(text) <= columns:
        return text
    indent = " " * (len(text) - len(text.lstrip(" ")) + 2)
    lines, line = [], ""
    for word in _WORD.findall(text):
        if line and cells(line + word) > columns:
            lines.append(line)
            line = indent + word.lstrip(" ")
        else:
            line += word
    return "\n".join([*lines, line])


def spelled(text: str, encoding: str | None) -> str:
    """A text whose signs are spelled out where the encoding lacks them; names in it are left as they are."""
    for sign, words in _SPELLED.items():
        if sign in text and not _can(sign, encoding):
            text = text.replace(sign, words)
    return text


def _can(sign: str, encoding: str | None) -> bool:
    try:
        sign.encode(encoding or "utf-8")
    except UnicodeEncodeError:
        return False
    return True
