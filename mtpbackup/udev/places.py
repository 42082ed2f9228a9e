"""Where a Linux system keeps what this package reads and writes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

#: Folders of rules that packages bring; a file of the same name in /etc/udev/rules.d replaces one. man udev(7).
_PACKAGED: Final = ("usr/local/lib/udev/rules.d", "usr/lib/udev/rules.d", "lib/udev/rules.d")


@dataclass(frozen=True, slots=True)
class Places:
    """Folders of one system.

    Attributes:
        usb: a folder for each USB device.
        database: what udev knows, a file for each device. Not an interface, but what libudev reads.
        control: udevd's socket: there is an udevd here where it is.
        sessions: who is logged in, a file for each session; as above, of systemd-logind.
        rules: the administrator's rules.
        packaged: rules that packages brought.
        device_root: what device nodes' paths begin at.
    """

    usb: Path = Path("/sys/bus/usb/devices")
    database: Path = Path("/run/udev/data")
    control: Path = Path("/run/udev/control")
    sessions: Path = Path("/run/systemd/sessions")
    rules: Path = Path("/etc/udev/rules.d")
    packaged: tuple[Path, ...] = tuple(Path("/", folder) for folder in _PACKAGED)
    device_root: Path = Path("/")

    @classmethod
    def below(cls, root: Path) -> Self:
        """The same folders of a system that is laid out below another folder."""
        return cls(
            usb=root / "sys/bus/usb/devices",
            database=root / "run/udev/data",
            control=root / "run/udev/control",
            sessions=root / "run/systemd/sessions",
            rules=root / "etc/udev/rules.d",
            packaged=tuple(root / folder for folder in _PACKAGED),
            device_root=root,
        )

    def node(self, name: str) -> Path:
        """A device node, as `/dev/bus/usb/001/004`."""
        return self.device_root / name.lstrip("/")


#: The system that this program runs on.
HERE: Final = Places()
