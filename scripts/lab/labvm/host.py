"""What the host needs: programs from Debian packages, and root."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from .places import PROJECT, LabError

#: A program of each Debian package that builds an image.
_TO_BUILD = {
    "mmdebstrap": "mmdebstrap",
    "busybox": "busybox-static",
    "mkfs.ext4": "e2fsprogs",
    "depmod": "kmod",
    "cpio": "cpio",
    "zstd": "zstd",
}
#: A program of each Debian package that runs a machine.
_TO_RUN = {"qemu-system-x86_64": "qemu-system-x86"}


def environment() -> dict[str, str]:
    """The environment with the folders of the administrator's programs in the path."""
    return {**os.environ, "PATH": os.environ.get("PATH", "/usr/bin") + ":/usr/local/sbin:/usr/sbin:/sbin"}


#: Ends with us, however we end: a step that went on by itself would write into the next build.
_WITH_US = ("setpriv", "--pdeathsig", "KILL")
#: Mounts and processes of its own, which are gone with it: what is mounted in a root folder (the host's own
#: /dev, for one) must not be there when somebody removes that folder.
_APART = ("unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc")


def run(command: Sequence[str | Path], *, apart: bool = False, **extra: str) -> None:
    """Runs a step of the build; its output goes where ours goes.

    Args:
        command: the program and its arguments.
        apart: whether it mounts things, and needs to be kept apart from the host for that.
        extra: additions to its environment.

    Raises:
        LabError: it failed.
    """
    line = [*_WITH_US, *(_APART if apart else ()), *command]
    try:
        subprocess.run(line, check=True, env={**environment(), **extra}, stdin=subprocess.DEVNULL)
    except (OSError, subprocess.CalledProcessError) as error:
        raise LabError(f"the lab could not be built: {error}") from error


def _install(programs: Mapping[str, str]) -> None:
    path = environment()["PATH"]
    packages = [package for program, package in programs.items() if not shutil.which(program, path=path)]
    if packages:
        run([PROJECT / "scripts" / "debian-packages", *packages])


def prepare_to_build() -> None:
    """Makes sure that an image can be built here.

    Raises:
        LabError: not root, or packages are missing and cannot be installed.
    """
    if os.geteuid() != 0:
        raise LabError("building the lab's image needs root: sudo scripts/lab/build")
    _install(_TO_BUILD)


def prepare_to_run() -> None:
    """Makes sure that a machine can be started here.

    Raises:
        LabError: packages are missing and cannot be installed.
    """
    _install(_TO_RUN)
