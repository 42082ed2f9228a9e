"""The program in the desktop's menu: a .desktop file and an icon, shipped in the package.

Packages of a distribution put them in /usr/share (a wheel's own `share` does so in a virtual environment's). A
person who has neither gets them below her own ~/.local/share; desktops also take the notifications' icon from
there.
"""

from __future__ import annotations

import logging
import os
import sys
from importlib import resources
from pathlib import Path
from typing import Final

log = logging.getLogger(__name__)

#: File in the package -> place below a folder of shared data. Desktop Entry and Icon Theme Specifications.
FILES: Final = {
    "mtpbackup.desktop": "applications/mtpbackup.desktop",
    "mtpbackup.svg": "icons/hicolor/scalable/apps/mtpbackup.svg",
}


def content(name: str) -> str:
    """One of the files, as shipped."""
    return resources.files("mtpbackup.desktop").joinpath("share", name).read_text(encoding="utf-8")


def install() -> list[Path]:
    """Puts what is missing below the person's own data. Returns what was written.

    A desktop that cannot be told is no reason to fail.
    """
    if any((folder / place).exists() for folder in _system() for place in FILES.values()):
        return []
    written = []
    for name, place in FILES.items():
        path = _own() / place
        text = _with_path(content(name)) if name.endswith(".desktop") else content(name)
        try:
            if path.exists() and path.read_text(encoding="utf-8") == text:
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            written.append(path)
        except (OSError, UnicodeDecodeError) as error:
            log.info("not in the menu: %s", error)
    return written


def remove() -> list[Path]:
    """Takes the person's own away again. Returns what was removed."""
    removed = []
    for place in FILES.values():
        path = _own() / place
        try:
            path.unlink()
            removed.append(path)
        except OSError as error:
            log.debug("not removed: %s", error)
    return removed


def _with_path(text: str) -> str:
    """The .desktop file for a program that the desktop's own PATH may not find."""
    program = Path(sys.argv[0]).resolve()
    if program.name == "mtpbackup" and os.access(program, os.X_OK):
        words = [str(program)]
    else:
        words = [sys.executable, "-P", "-m", "mtpbackup"]  # -P: not whatever lies in the person's home folder
    command = " ".join(_quoted(word) for word in words)
    # TryExec is a name that is not quoted, and a desktop hides what it does not find by it.
    return text.replace("TryExec=mtpbackup\n", "").replace("\nExec=mtpbackup ", f"\nExec={command} ")


def _quoted(word: str) -> str:
    # Desktop Entry Specification, "The Exec key": quoted, with backslashes before these four.
    escaped = "".join(f"\\{character}" if character in '"`$\\' else character for character in word)
    # The value as a whole is a string, in which backslashes are doubled once more; "%" begins a field code.
    return '"' + escaped.replace("\\", "\\\\").replace("%", "%%") + '"'


def _own() -> Path:
    return Path(os.environ.get("XDG_DATA_HOME", "") or Path.home() / ".local" / "share")


def _system() -> list[Path]:
    folders = os.environ.get("XDG_DATA_DIRS", "") or "/usr/local/share:/usr/share"
    return [Path(folder) for folder in folders.split(":") if folder]
