"""Becoming root for one command: by sudo in a terminal, by pkexec on a desktop."""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from mtpbackup.messages.calling import needs_path

#: What pkexec ends with when the person said no, or may not. man pkexec(1).
_NOT_AUTHORIZED: Final = (126, 127)

log = logging.getLogger(__name__)


def elevated(
    arguments: Sequence[str],
    *,
    terminal: bool,
    environment: Mapping[str, str] = os.environ,
    which: Callable[[str], str | None] = shutil.which,
    call: Callable[[Sequence[str]], int] = subprocess.call,
) -> int | None:
    """Runs this program once more as root, and waits for its end.

    Args:
        arguments: for it.
        terminal: whether there is a person who can type a password.
        environment: tells whether there is a desktop.
        which: finds a program.
        call: runs a command and gives its exit code.

    Returns:
        Its exit code; None when there is no way to become root here.
    """
    command = ["-P", "-m", "mtpbackup", *arguments]  # -P: not whatever lies in the folder we were called in
    folders = needs_path()
    start = ["/usr/bin/env", f"PYTHONPATH={os.pathsep.join(folders)}"] if folders else []
    whole = [*start, sys.executable, *command]
    sudo, pkexec = which("sudo"), which("pkexec")
    if sudo and (terminal or call([sudo, "--non-interactive", "true"]) == 0):
        log.info("as root, by sudo: %s", whole)
        return call([sudo, "--", *whole])
    if pkexec and (environment.get("WAYLAND_DISPLAY") or environment.get("DISPLAY")):
        log.info("as root, by pkexec: %s", whole)
        code = call([pkexec, *whole])
        return None if code in _NOT_AUTHORIZED else code
    return None
