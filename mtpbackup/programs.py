"""Runs programs of the system: without a terminal, in English, not for ever, and never a reason to fail.

May be imported by all.
"""

from __future__ import annotations

import logging
import os
import pwd
import shutil
from collections.abc import Mapping, Sequence
from typing import Any, Final

log = logging.getLogger(__name__)

#: What a shell says where there is no such program, and what we say of one that gives no answer.
NOT_FOUND: Final = 127
NO_ANSWER: Final = 124


def run(
    command: Sequence[str],
    environment: Mapping[str, str],
    *,
    path: str = "/usr/sbin:/usr/bin:/sbin:/bin",
    seconds: float = 30.0,
    uid: int | None = None,
) -> tuple[int, str]:
    """Runs a program to its end.

    Args:
        command: its name and arguments.
        environment: all that it finds; what chooses a language is replaced.
        path: where it is looked for when the environment has no PATH.
        seconds: how long it may take.
        uid: of the user who runs it, with that user's groups; None for who runs this program.

    Returns:
        Its exit code, and what it said on both channels; NOT_FOUND or NO_ANSWER and a reason where it could not
        be started or did not end.
    """
    import subprocess  # noqa: PLC0415 - the modules that may run something are loaded by every command

    # gettext may prefer LANGUAGE to LC_ALL.
    english = {**environment, "LC_ALL": "C.UTF-8", "LANGUAGE": ""}
    program = shutil.which(command[0], path=english.get("PATH", path))
    if program is None:
        return NOT_FOUND, f"{command[0]}: not found"
    try:
        done = subprocess.run(
            [program, *command[1:]],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=seconds,
            env=english,
            cwd="/",
            check=False,
            start_new_session=True,  # Ctrl+C is for this program to decide on
            **({} if uid is None else _as_user(uid)),
        )
    except subprocess.TimeoutExpired:
        return NO_ANSWER, f"{command[0]}: no answer in {seconds:g} s"
    except (OSError, KeyError) as error:
        return NOT_FOUND, f"{command[0]}: {error}"
    log.debug("%s: exit code %d: %s", " ".join(command), done.returncode, done.stdout.strip())
    return done.returncode, done.stdout.strip()


def _as_user(uid: int) -> dict[str, Any]:
    """What makes a program somebody's. Raises KeyError where there is no such account."""
    entry = pwd.getpwuid(uid)
    groups = os.getgrouplist(entry.pw_name, entry.pw_gid)
    return {"user": uid, "group": entry.pw_gid, "extra_groups": groups}
