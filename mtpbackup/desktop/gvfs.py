"""gvfs, the file access of GNOME, Cinnamon, Xfce and MATE: its mounts of phones, taken off and put back."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote

from mtpbackup.desktop.session import Runs

#: Daemons that hold a phone while it is mounted. gvfs, daemon/meson.build.
DAEMONS: Final = frozenset(("gvfsd-mtp", "gvfsd-gphoto2"))

#: As `gio mount --list` shows a mount: "Mount(1): mtp -> mtp://Google_Pixel_0123/". Tried with gio 2.74.
_MOUNT: Final = re.compile(r"^\s*Mount\(\d+\): .* -> ((?:mtp|gphoto2)://\S+)\s*$", re.MULTILINE)


def mounts(session: Runs) -> list[str]:
    """Addresses of the phones and cameras that are mounted."""
    code, said = session.run("gio", "mount", "--list")
    return sorted(set(_MOUNT.findall(said))) if code == 0 else []


def is_of(mount: str, bus: int, address: int, udev_serial: str) -> bool:
    """Whether a mount is of a phone.

    Args:
        mount: its address. Its host is udev's ID_SERIAL, or "[usb:001,004]" in older versions.
            gvfs, daemon/gvfsbackendmtp.c (get_dev_path_and_device_from_host).
        bus: number of the phone's bus.
        address: the phone's on it.
        udev_serial: its ID_SERIAL, or empty.
    """
    host = unquote(mount.partition("://")[2].partition("/")[0])
    return host in (f"[usb:{bus:03},{address:03}]", udev_serial or None)


def take_off(session: Runs, mount: str) -> bool:
    """Asks for a mount to be taken off; it is refused while somebody reads or writes there."""
    return session.run("gio", "mount", "--unmount", mount)[0] == 0


def put_back(session: Runs, mount: str) -> bool:
    """Mounts again what was mounted; fails where the phone has left."""
    return session.run("gio", "mount", mount)[0] == 0 or mount in mounts(session)
