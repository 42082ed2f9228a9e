"""A USB gadget in configfs, with one FunctionFS function.

Source: the kernel's documentation, "Linux USB gadget configured through configfs".
"""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Final

from mtpbackup.transport.base import Speed
from mtpbackup.virtual.descriptors import UsbProfile

CONFIGFS: Final = Path("/sys/kernel/config")
CONTROLLERS: Final = Path("/sys/class/udc")

#: Module parameters of dummy_hcd by speed.
_DUMMY: Final = {Speed.FULL: "is_high_speed=N", Speed.HIGH: "is_high_speed=Y", Speed.SUPER: "is_super_speed=Y"}


def prepare_kernel(speed: Speed = Speed.HIGH) -> None:
    """Loads what is needed: configfs, the gadget core, and dummy_hcd where there is no device controller.

    Args:
        speed: what dummy_hcd shall model, if it is loaded.

    Raises:
        subprocess.CalledProcessError: a module is missing, or this user is not root.
    """
    if not CONTROLLERS.is_dir() or not any(CONTROLLERS.iterdir()):
        _run("modprobe", "dummy_hcd", "num=4", _DUMMY[min(speed, Speed.SUPER)])
    _run("modprobe", "-a", "libcomposite", "usb_f_fs")
    if not (CONFIGFS / "usb_gadget").is_dir():
        _run("mount", "-t", "configfs", "none", str(CONFIGFS))


def free_controller() -> str:
    """The first device controller that no gadget uses.

    Raises:
        LookupError: there is none.
    """
    used = {path.read_text().strip() for path in (CONFIGFS / "usb_gadget").glob("*/UDC")}
    for path in sorted(CONTROLLERS.iterdir()):
        if path.name not in used:
            return path.name
    raise LookupError("no free USB device controller (udc)")


class Gadget:
    """A gadget: made, plugged in and out by its controller, taken away.

    Attributes:
        name: its folder in configfs.
        mount: where its FunctionFS is mounted.
        controller: the device controller, once it was plugged in.
    """

    def __init__(self, name: str, profile: UsbProfile, controller: str | None = None) -> None:
        """Makes it, not plugged in and with nobody to answer.

        Args:
            name: not yet used by another.
            profile: ids and strings.
            controller: a name in /sys/class/udc; the first free one, at each plugging, if None.
        """
        self.name = name
        self.controller = controller
        self._wanted = controller
        self._folder = CONFIGFS / "usb_gadget" / name
        self.mount = Path(tempfile.mkdtemp(prefix=f"{name}-"))
        try:
            self._configure(profile)
        except BaseException:
            self.remove()
            raise

    @property
    def plugged(self) -> bool:
        """Whether it is bound to a controller."""
        return bool((self._folder / "UDC").read_text().strip())

    @property
    def state(self) -> str:
        """As the controller says: "not attached", "default", "configured", ..."""
        if self.controller is None:
            return "not attached"
        return (CONTROLLERS / self.controller / "state").read_text().strip()

    @property
    def speed(self) -> Speed:
        """What the host and the controller agreed on."""
        if self.controller is None:
            return Speed.UNKNOWN
        name = (CONTROLLERS / self.controller / "current_speed").read_text().strip()
        names = {"full-speed": Speed.FULL, "high-speed": Speed.HIGH, "super-speed": Speed.SUPER}
        return names.get(name, Speed.SUPER_PLUS if name.startswith("super") else Speed.UNKNOWN)

    def plug(self) -> None:
        """Binds it; the host sees it a moment later."""
        self.controller = self._wanted or free_controller()
        (self._folder / "UDC").write_text(self.controller)

    def unplug(self) -> None:
        """Unbinds it: a pulled cable. Does nothing when it is out."""
        with contextlib.suppress(OSError):
            (self._folder / "UDC").write_text("\n")

    def wait_configured(self, seconds: float = 10.0) -> None:
        """Waits until a host has chosen its configuration.

        Raises:
            TimeoutError: none has.
        """
        deadline = time.monotonic() + seconds
        while self.state != "configured":
            if time.monotonic() > deadline:
                raise TimeoutError(f"no host has configured {self.name}; it is {self.state}")
            time.sleep(0.02)

    def remove(self) -> None:
        """Takes it away. All its files must be closed."""
        self.unplug()
        subprocess.run(["umount", "-l", self.mount], check=False, capture_output=True)
        configuration = self._folder / "configs/c.1"
        with contextlib.suppress(FileNotFoundError):
            (configuration / f"ffs.{self.name}").unlink()
        for path in (
            configuration / "strings/0x409",
            configuration,
            self._folder / f"functions/ffs.{self.name}",
            self._folder / "strings/0x409",
            self._folder,
        ):
            with contextlib.suppress(FileNotFoundError):
                path.rmdir()
        shutil.rmtree(self.mount, ignore_errors=True)

    def _configure(self, profile: UsbProfile) -> None:
        language, configuration = self._folder / "strings/0x409", self._folder / "configs/c.1"
        function = self._folder / f"functions/ffs.{self.name}"
        for path in (self._folder, language, configuration, configuration / "strings/0x409", function):
            path.mkdir()
        for path, value in {
            self._folder / "idVendor": f"{profile.vendor_id:#06x}",
            self._folder / "idProduct": f"{profile.product_id:#06x}",
            self._folder / "bcdDevice": f"{profile.device_version:#06x}",
            language / "manufacturer": profile.manufacturer,
            language / "product": profile.product,
            language / "serialnumber": profile.serial,
            configuration / "MaxPower": "500",
            configuration / "strings/0x409/configuration": "mtp",
        }.items():
            path.write_text(value)
        (configuration / function.name).symlink_to(function)
        # The mount's source is the function's name after "ffs.".
        _run("mount", "-t", "functionfs", self.name, str(self.mount))


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True, text=True)
