"""Who else has a device node open. Linux only; elsewhere nobody is found."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

#: Python, under whatever name: what it runs is what a person knows.
_PYTHON: Final = re.compile(r"python[\d.]*")
#: Its options that take another word. man python(1).
_WITH_A_WORD: Final = ("-X", "-W")


@dataclass(frozen=True, slots=True)
class Holder:
    """A process that has a device node open.

    Attributes:
        pid: its id.
        name: what it is called, without its path.
        uid: whose it is.
    """

    pid: int
    name: str
    uid: int


def holders(node: str, proc: Path = Path("/proc")) -> list[str]:
    """Names of the programs that have a USB device node open, this one left out; each once.

    Args:
        node: as `/dev/bus/usb/001/004`.
        proc: the process file system.
    """
    return sorted({holder.name for holder in holding_processes(node, proc)})


def holding_processes(node: str, proc: Path = Path("/proc")) -> list[Holder]:
    """The processes that have a USB device node open, this one left out.

    Only processes of the same user can be looked into, or all as root; file managers' daemons (gvfsd-mtp,
    kiod5) are the user's own.

    Args:
        node: as `/dev/bus/usb/001/004`.
        proc: the process file system.
    """
    # The end of the path is compared: in a container the device folder may be mounted elsewhere.
    tail = "/" + "/".join(node.strip("/").split("/")[-4:])
    found: list[Holder] = []
    try:
        processes = [entry for entry in proc.iterdir() if entry.name.isdecimal()]
    except OSError:
        return []
    for process in processes:
        if process.name == str(os.getpid()):
            continue
        try:
            descriptors = list((process / "fd").iterdir())
        except OSError:  # another user's, or it ended meanwhile
            continue
        if any(_link(descriptor).endswith(tail) for descriptor in descriptors):
            name, uid = _name(process), _uid(process)
            if name and uid is not None:
                found.append(Holder(int(process.name), name, uid))
    return sorted(found, key=lambda holder: holder.pid)


def _link(path: Path) -> str:
    try:
        return str(path.readlink())
    except OSError:
        return ""


def processor_time(pid: int, proc: Path = Path("/proc")) -> int:
    """How much a process has worked so far, in ticks of 10 ms as a rule; 0 when it is gone. man proc(5)."""
    try:
        text = (proc / str(pid) / "stat").read_text(errors="replace")
    except OSError:
        return 0
    fields = text.rpartition(")")[2].split()  # its name, in brackets, may hold anything
    return int(fields[11]) + int(fields[12])


def _uid(folder: Path) -> int | None:
    """Whose process it is; None when it ended meanwhile."""
    try:
        return folder.stat().st_uid
    except OSError:
        return None


def _name(folder: Path) -> str:
    """What the process is called. `comm` is cut at 15 characters, so its command line is asked first."""
    try:
        words = (folder / "cmdline").read_bytes().decode(errors="replace").split("\0")
        name = Path(words[0]).name or (folder / "comm").read_text(errors="replace").strip()
    except OSError:
        return ""
    return (_run_by_python(words[1:]) or name) if _PYTHON.fullmatch(name) else name


def _run_by_python(words: Sequence[str]) -> str:
    """The script or module that Python runs; empty where it is neither."""
    rest = iter(words)
    for word in rest:
        if word in _WITH_A_WORD:
            next(rest, "")
        elif word == "-m":
            return next(rest, "").partition(".")[0]
        elif word == "-c":
            return ""
        elif not word.startswith("-"):
            return Path(word).name
    return ""
