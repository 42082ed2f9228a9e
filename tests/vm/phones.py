"""What tests plug in: phones of two kinds that were not written here, and USB sticks."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from desk import ask
from gadget import UmtpPhone, is_on_the_bus, settle, wait_until


class QemuPhone:
    """A phone of QEMU's own, usb-mtp; its files lie on the host."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.serial = f"{name}-0001"
        #: The phone's files, as the guest reaches them.
        self.files = Path("/mnt/run") / name
        self.files.mkdir()
        self._in = False
        #: Whether it takes files. QEMU dies of some initiators' writes.
        self.writable = False

    def plug(self) -> None:
        ask("plug-phone", name=self.name, folder=self.files.name, read_only=not self.writable)
        self._in = True
        wait_until(lambda: is_on_the_bus(self.serial), f"{self.name} was not enumerated")
        settle()

    def unplug(self) -> None:
        if self._in:
            ask("unplug", name=self.name)
            self._in = False
            wait_until(lambda: not is_on_the_bus(self.serial), f"{self.name} did not go")

    pull = unplug

    def remove(self) -> None:
        self.unplug()
        shutil.rmtree(self.files)


class MemoryPhone(UmtpPhone):
    """An umtp-responder phone with its files in memory."""

    def __init__(self, name: str, **settings: Any) -> None:
        super().__init__(name, **settings)
        self.serial = self.strings.serial
        self.files = Path("/phones") / name
        self.files.mkdir(parents=True, exist_ok=True)

    def remove(self) -> None:
        super().remove()
        shutil.rmtree(self.files, ignore_errors=True)


def node_of(serial: str) -> Path:
    """The device node of whatever is plugged in with this serial number."""
    serials = Path("/sys/bus/usb/devices").glob("*/serial")
    folder = next(path.parent for path in serials if path.read_text().strip() == serial)
    bus, address = (int((folder / name).read_text()) for name in ("busnum", "devnum"))
    return Path(f"/dev/bus/usb/{bus:03}/{address:03}")


class Stick:
    """A USB stick of QEMU's."""

    def __init__(self, name: str, size: int) -> None:
        self.name, self.size = name, size
        self._in = False

    def plug(self) -> Path:
        """Plugs it in; gives its device node."""
        ask("plug-stick", name=self.name, size=self.size)
        self._in = True
        wait_until(lambda: bool(self._nodes()), f"{self.name} was not found")
        settle()
        return self._nodes()[0]

    def _nodes(self) -> list[Path]:
        return sorted(Path("/dev/disk/by-id").glob(f"usb-*_{self.name}-*"))

    @property
    def node(self) -> Path:
        return self._nodes()[0]

    def unplug(self) -> None:
        """Pulls it out, whatever is being written."""
        if self._in:
            ask("unplug", name=self.name)
            self._in = False
            wait_until(lambda: not self._nodes(), f"{self.name} did not go")
