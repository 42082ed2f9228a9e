r"""Phone names and paths as text for the catalog: readable, exact, and safe for SQLite.

A name from a phone may hold "/", NUL or half of a surrogate pair. In the catalog, paths are names joined with
"/", in which those characters, control characters and the backslash are written `\uXXXX`. Nothing is lost.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_ESCAPED = re.compile("[/\\\\\x00-\x1f\x7f\ud800-\udfff]")
_ESCAPE = re.compile(r"\\u([0-9a-f]{4})")


def encode_name(name: str) -> str:
    """A name as the catalog keeps it."""
    if _ESCAPED.search(name) is None:
        return name
    return _ESCAPED.sub(lambda match: f"\\u{ord(match[0]):04x}", name)


def decode_name(text: str) -> str:
    """The name exactly as on the phone."""
    if "\\" not in text:
        return text
    return _ESCAPE.sub(lambda match: chr(int(match[1], 16)), text)


def encode_path(path: Sequence[str]) -> str:
    """A folder's path as the catalog keeps it; the top level is the empty text.

    A folder at the top level whose own name is empty is kept apart from the top level by a leading "/", which
    no other path begins with unless its first name is empty.
    """
    text = "/".join(map(encode_name, path))
    return f"/{text}" if path and not path[0] else text


def decode_path(text: str) -> tuple[str, ...]:
    """The names of a path, exactly as on the phone."""
    if not text:
        return ()
    return tuple(map(decode_name, text.removeprefix("/").split("/")))


def plain_text(text: str) -> str:
    """Text that is only read by people, without what SQLite cannot hold."""
    return text.replace("\0", "").encode(errors="backslashreplace").decode()
