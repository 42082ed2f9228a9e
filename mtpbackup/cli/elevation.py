"""Becoming root for one command: by sudo or doas in a terminal, by pkexec on a desktop."""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from mtpbackup.messages.calling import needs_path

#: What sudo and doas end with when they refuse (sudo(8), exit value), as this program does on many an error: so
#: that the two can be told apart, the program's is made another one on its way.
_REFUSED: Final = 1
_FAILED: Final = 101
_TOLD_APART: Final = f'"$@" || {{ code=$?; [ $code != {_REFUSED} ] || code={_FAILED}; exit $code; }}'
#: What pkexec ends with when the person said no, or may not. man pkexec(1).
_NOT_AUTHORIZED: Final = (126, 127)

log = logging.getLogger(__name__)


def _call_quietly(command: Sequence[str]) -> int:
    return subprocess.call(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def elevated(
    arguments: Sequence[str],
    *,
    terminal: bool,
    environment: Mapping[str, str] = os.environ,
    which: Callable[[str], str | None] = shutil.which,
    call: Callable[[Sequence[str]], int] = subprocess.call,
    try_quietly: Callable[[Sequence[str]], int] = _call_quietly,
) -> int | None:
    """Runs this program once more as root, and waits for its end.

    Args:
        arguments: for it.
        terminal: whether there is a person who can type a password.
        environment: tells whether there is a desktop.
        which: finds a program.
        call: runs a command and gives its exit code.
        try_quietly: the same, and what it says is not seen.

    Returns:
        Its exit code; None when there is no way to become root here, or not for this person.
    """
    command = ["-P", "-m", "mtpbackup", *arguments]  # -P: not whatever lies in the folder we were called in
    folders = needs_path()
    start = ["/usr/bin/env", f"PYTHONPATH={os.pathsep.join(folders)}"] if folders else []
    whole = [*start, sys.executable, *command]
    for name, silent in (("sudo", "--non-interactive"), ("doas", "-n")):
        program = which(name)
        if program is None or not (terminal or try_quietly([program, silent, "true"]) == 0):
            continue
        log.info("as root, by %s: %s", name, whole)
        code = call([program, "/bin/sh", "-c", _TOLD_APART, "sh", *whole])
        if code != _REFUSED:
            return _REFUSED if code == _FAILED else code
    pkexec = which("pkexec")
    if pkexec and (environment.get("WAYLAND_DISPLAY") or environment.get("DISPLAY")):
        log.info("as root, by pkexec: %s", whole)
        code = call([pkexec, *whole])
        return None if code in _NOT_AUTHORIZED else code
    return None
