"""Who else has a device node open. Linux only; elsewhere nobody is found."""

from __future__ import annotations

import os
from pathlib import Path


def holders(node: str, proc: Path = Path("/proc")) -> list[str]:
    """Names of the programs that have a USB device node open, this one left out.

    Only processes of the same user can be looked into, or all as root; file managers' daemons (gvfsd-mtp,
    kiod5) are the user's own.

    Args:
        node: as `/dev/bus/usb/001/004`.
        proc: the process file system.
    """
    # The end of the path is compared: in a container the device folder may be mounted elsewhere.
    tail = "/" + "/".join(node.strip("/").split("/")[-4:])
    found: set[str] = set()
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
            name = _name(process)
            if name:
                found.add(name)
    return sorted(found)


def _link(path: Path) -> str:
    try:
        return str(path.readlink())
    except OSError:
        return ""


def _name(folder: Path) -> str:
    """What the process is called. `comm` is cut at 15 characters, so its command line is asked first."""
    try:
        command = (folder / "cmdline").read_bytes().split(b"\0")[0].decode(errors="replace")
        return Path(command).name or (folder / "comm").read_text(errors="replace").strip()
    except OSError:
        return ""
