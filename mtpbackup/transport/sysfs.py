"""What Linux tells about a USB device without opening it; elsewhere nothing is known."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path


class SysfsDevice:
    """The folder of a USB device under /sys.

    Args:
        bus: bus number.
        ports: chain of hub ports; empty for a root hub.
        root: where the folders of all USB devices are.
    """

    def __init__(self, bus: int, ports: Sequence[int], root: Path = Path("/sys/bus/usb/devices")) -> None:
        self._name = f"{bus}-{'.'.join(map(str, ports))}" if ports else f"usb{bus}"
        self._root = root

    @property
    def known(self) -> bool:
        """Whether the folder is there."""
        return (self._root / self._name).is_dir()

    def attribute(self, name: str) -> str:
        """A text of the device, as `serial`; empty when it has none."""
        return self._read(self._root / self._name / name)

    @property
    def configuration(self) -> int | None:
        """bConfigurationValue of the active configuration, or None when there is none or it is not known."""
        value = self.attribute("bConfigurationValue")
        return int(value) if value.isdecimal() else None

    def interface_name(self, configuration: int, number: int) -> str | None:
        """An interface's string; empty when it has none, None when the interface is not known."""
        folder = self._root / f"{self._name}:{configuration}.{number}"
        return self._read(folder / "interface") if folder.is_dir() else None

    @staticmethod
    def _read(path: Path) -> str:
        # The kernel turns the device's UTF-16 into UTF-8; what it could not read has no file.
        try:
            return path.read_bytes().decode(errors="replace").strip()
        except OSError:
            return ""
