"""Where the lab keeps things, and the key that says what an image was made from."""

from __future__ import annotations

import hashlib
import os
import tomllib
from pathlib import Path

LAB = Path(__file__).resolve().parent.parent
PROJECT = LAB.parent.parent
GUEST = LAB / "guest"
RECIPE = LAB / "image"

#: The guest is always this release, whatever the host runs: its Python is the oldest that mtpbackup supports,
#: and its umtp-responder and udev are those that the README's pitfalls were met with.
RELEASE = "bookworm"
GUEST_PYTHON = "3.11"

#: The modules whose text decides what an image looks like.
_BUILDERS = ("mirror.py", "kernel.py", "rootfs.py", "image.py")


class LabError(Exception):
    """Something a person has to mend; the text is the sentence for them."""


def cache() -> Path:
    """The folder for images and runs: `$MTPBACKUP_LAB`, else one in the user's cache. Made when missing."""
    named = os.environ.get("MTPBACKUP_LAB")
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = Path(named) if named else base / "mtpbackup-lab"
    folder.mkdir(parents=True, exist_ok=True)
    return folder.resolve()


def requirements() -> list[str]:
    """What pip installs in the guest: mtpbackup's own dependencies and those of the tests that run there."""
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())
    return sorted([*project["project"]["dependencies"], *project["dependency-groups"]["vm"]])


def image_key() -> str:
    """A name for the image that changes whenever anything it is made from does.

    The kernel's and packages' versions are not in it: an image stays good until its recipe changes.
    """
    digest = hashlib.sha256("\n".join(requirements()).encode())
    sources = sorted(path for path in RECIPE.rglob("*") if path.is_file())
    for path in [*sources, *(Path(__file__).with_name(name) for name in _BUILDERS)]:
        digest.update(f"\0{path.name}\0{path.stat().st_mode & 0o100:o}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def image_folder() -> Path:
    """Where the image for this checkout is, or will be."""
    return cache() / "images" / image_key()
