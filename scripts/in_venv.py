"""For scripts: goes on in this checkout's environment, which is made first where there is no mtpbackup yet."""

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def enter(extra: str = "") -> None:
    """Starts the script again by .venv's Python, unless the Python at work has the program already.

    Args:
        extra: "dev" for a script that needs what the tests need.
    """
    wanted = ("mtpbackup", "pytest") if extra else ("mtpbackup",)
    if all(find_spec(name) for name in wanted):
        return
    subprocess.run([ROOT / "scripts/venv", *filter(None, [extra])], check=True)
    # By its path: a bare "python" would be looked up, found elsewhere, and come here again without end.
    python = str(ROOT / ".venv/bin/python")
    os.execv(python, [python, *sys.argv])
