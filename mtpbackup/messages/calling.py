"""How this program is called here: what a person may copy into a terminal and it works."""

from __future__ import annotations

import os
import shlex
import shutil
import site
import sys
from pathlib import Path
from typing import Final

import mtpbackup

#: Where sudo looks for programs, whatever the person's own PATH says. Debian's secure_path, man sudoers(5).
_SUDO_PATH: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
#: Where the system's own programs are; setuid ones are in /run/wrappers on NixOS.
_SYSTEM_PATH: Final = f"{_SUDO_PATH}:/run/wrappers/bin"
_NAME: Final = "mtpbackup"


def called(*arguments: str) -> str:
    """A command line that runs this program, by its short name where that finds it."""
    program = _program()
    found = shutil.which(_NAME)
    short = found is not None and (program is None or _same(found, program))
    start = [_NAME] if short else [str(program)] if program else [sys.executable, "-m", _NAME]
    return shlex.join([*start, *arguments])


def called_as_root(*arguments: str) -> str:
    """The same for what only root may do: by sudo, or by what this computer has in its place.

    sudo does not look into the folders of a person's own programs, so the whole path is named where it must be.
    Where even that would not do (installed for the person alone, not in an environment of its own), this
    program is to be run as it is: it asks for the rights by itself.
    """
    if os.geteuid() == 0 or needs_path():
        return called(*arguments)
    way = next((name for name in ("sudo", "doas") if _has(name)), None)
    return f"{way} {_by_root(*arguments)}" if way else called_by_su(*arguments)


def called_by_su(*arguments: str) -> str:
    """The same for a person who may not use sudo, and knows root's password."""
    return shlex.join(["su", "-c", _by_root(*arguments)])


def _has(program: str) -> bool:
    """Whether this computer has a program of the system."""
    return shutil.which(program, path=_SYSTEM_PATH) is not None


def _by_root(*arguments: str) -> str:
    """A command line that root can run."""
    program = _program()
    found = shutil.which(_NAME, path=_SUDO_PATH)
    if found is not None and (program is None or _same(found, program)):
        return shlex.join([_NAME, *arguments])
    start = [str(program)] if program else [sys.executable, "-m", _NAME]
    return shlex.join([*start, *arguments])


def needs_path() -> list[str]:
    """Folders that another user's Python would have to be told of to find this program; empty as a rule."""
    import click  # noqa: PLC0415 - beside the program itself: any package that it needs

    packages = {Path(module.__file__ or "").resolve().parent.parent for module in (mtpbackup, click)}
    if sys.prefix != sys.base_prefix:  # a virtual environment brings what is installed in it
        own = {
            Path(folder).resolve() for folder in os.environ.get("PYTHONPATH", "").split(os.pathsep) if folder
        }
        packages &= own
    else:
        packages -= {Path(folder).resolve() for folder in site.getsitepackages()}
    return sorted(str(package) for package in packages)


def _program() -> Path | None:
    """The script that was started, or None where it was something else: `python -m`, a test."""
    path = Path(sys.argv[0])
    if path.name != _NAME or not path.is_file():
        return None
    return path.absolute()


def _same(one: str | Path, other: str | Path) -> bool:
    return Path(one).resolve() == Path(other).resolve()
