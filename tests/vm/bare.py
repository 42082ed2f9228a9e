"""A system on which nobody's rules but the system's basic ones know phones."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_OWN = Path("/etc/udev/rules.d")
_PACKAGED = Path("/usr/lib/udev/rules.d")
_HWDB = Path("/etc/udev/hwdb.bin")


@contextmanager
def bare_udev() -> Iterator[None]:
    """While entered: no rules and lists of libmtp and libgphoto2, and not systemd's rule for 6/1/1 either.

    Phones that are plugged in keep what they have: plug them in inside.
    """
    masked = [_OWN / path.name for path in _PACKAGED.iterdir() if _knows_phones(path.name)]
    assert len(masked) == 3, masked
    whole, bare = _HWDB.with_suffix(".whole"), _HWDB.with_name("hwdb.bin.bare")
    for path in masked:
        path.symlink_to("/dev/null")
    _HWDB.rename(whole)
    bare.rename(_HWDB)
    _reload()
    try:
        yield
    finally:
        for path in masked:
            path.unlink()
        _HWDB.rename(bare)
        whole.rename(_HWDB)
        _reload()


def _knows_phones(name: str) -> bool:
    return "mtp" in name or "gphoto" in name or name == "70-uaccess.rules"


def _reload() -> None:
    subprocess.run(["udevadm", "control", "--reload"], check=True)
