"""Waiting for permission: udev gives it to a phone a moment after its device node appears."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeVar

from mtpbackup.errors import AccessDenied

#: A node younger than this, in seconds, may still get its permissions.
_YOUNG: Final = 3.0
_PAUSE: Final = 0.1

_T = TypeVar("_T")


def patiently(node: str, attempt: Callable[[], _T], sleep: Callable[[float], None]) -> _T:
    """The result of an attempt to open a node, tried again for as long as the node is young.

    Args:
        node: the device node.
        attempt: opens it.
        sleep: passes time.

    Raises:
        AccessDenied: the node is not young any more, or was waited for long enough, and still denies access.
    """
    waited = 0.0
    while True:
        try:
            return attempt()
        except AccessDenied:
            # One from the future is as old as any other: the clock was put back since.
            if waited >= _YOUNG or not 0.0 <= _age(node) <= _YOUNG:
                raise
            sleep(_PAUSE)
            waited += _PAUSE


def _age(node: str) -> float:
    """Seconds since the device node was made or its permissions changed."""
    try:
        return time.time() - Path(node).stat().st_ctime
    except OSError:
        return float("inf")
