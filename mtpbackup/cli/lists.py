"""Lists of names that a person hands to a command: a line each, from a file or standard input."""

from __future__ import annotations

import codecs
from typing import BinaryIO


def names_in(stream: BinaryIO, *, null: bool) -> tuple[str, ...]:
    """The names in a list; bytes that are not UTF-8 stay what they are, empty lines are none.

    The mark that Windows' editors put before the first name is no part of it.

    Args:
        stream: the list.
        null: whether names end with NUL instead of a new line.
    """
    pieces = stream.read().removeprefix(codecs.BOM_UTF8).split(b"\0" if null else b"\n")
    texts = (piece.decode("utf-8", "surrogateescape") for piece in pieces if piece)
    return tuple(text for text in (text if null else text.rstrip("\r") for text in texts) if text)
