"""A folder that looks like /sys/bus/usb/devices, with whatever a test plugs in."""

from __future__ import annotations

import shutil
from pathlib import Path

STILL_IMAGE = (6, 1, 1)
VENDOR_MTP = (255, 255, 0)
DEBUGGING = (255, 66, 1)
RNDIS = (224, 1, 3)
MIDI = (1, 3, 0)


class BusTree:
    """The tree; begins with a computer's root hubs."""

    def __init__(self, root: Path, *, fastest: int = 5000) -> None:
        self.root = root
        root.mkdir()
        self._address = 1
        for bus, speed in enumerate([480, fastest], 1):
            self.write(
                f"usb{bus}",
                idVendor="1d6b",
                idProduct="0002",
                bDeviceClass="09",
                speed=speed,
                busnum=bus,
                devnum=1,
                version=" 2.00" if speed == 480 else " 3.10",
                bConfigurationValue="1",
                product="xHCI Host Controller",
                manufacturer="Linux",
            )
            self.write(f"{bus}-0:1.0", **_interface(0, (9, 0, 0)))

    def plug(
        self,
        port: str = "1-2",
        *,
        vendor: int = 0x18D1,
        product: int = 0x4EE1,
        name: str = "Pixel 8",
        maker: str = "Google",
        serial: str = "SERIAL-1",
        interfaces: tuple[tuple[tuple[int, int, int], str], ...] = ((STILL_IMAGE, "MTP"),),
        speed: int = 480,
        version: str = " 2.00",
        device_class: int = 0,
        driver: str = "",
    ) -> str:
        """Plugs something in; gives its device node."""
        self._address += 1
        self.write(
            port,
            idVendor=f"{vendor:04x}",
            idProduct=f"{product:04x}",
            bDeviceClass=f"{device_class:02x}",
            speed=speed,
            busnum=int(port.partition("-")[0]),
            devnum=self._address,
            version=version,
            bConfigurationValue="1",
            product=name,
            manufacturer=maker,
            serial=serial,
        )
        for number, (kind, label) in enumerate(interfaces):
            folder = f"{port}:1.{number}"
            self.write(folder, **_interface(number, kind), interface=label)
            if driver:
                (self.root / driver).mkdir(exist_ok=True)
                (self.root / folder / "driver").symlink_to(self.root / driver)
        return f"/dev/bus/usb/{int(port.partition('-')[0]):03}/{self._address:03}"

    def unplug(self, port: str = "1-2") -> None:
        """Pulls it out."""
        for folder in (*self.root.glob(f"{port}:*"), self.root / port):
            shutil.rmtree(folder)

    def write(self, folder: str, **attributes: object) -> None:
        """A folder with its attributes; empty ones have no file, as in the kernel's."""
        (self.root / folder).mkdir()
        for name, value in attributes.items():
            if value != "":
                (self.root / folder / name).write_text(f"{value}\n")


def _interface(number: int, kind: tuple[int, int, int]) -> dict[str, str]:
    return {
        "bInterfaceNumber": f"{number:02x}",
        "bInterfaceClass": f"{kind[0]:02x}",
        "bInterfaceSubClass": f"{kind[1]:02x}",
        "bInterfaceProtocol": f"{kind[2]:02x}",
    }
