"""Phones inside the guest: USB gadgets on a host controller made of code (dummy_hcd), served by FunctionFS.

A gadget is plugged in by writing the name of a device controller (UDC) into its folder in configfs, and pulled
out by writing an empty line.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

CONFIGFS = Path("/sys/kernel/config/usb_gadget")
CONTROLLERS = Path("/sys/class/udc")
PHONES = Path("/run/phones")

#: Device controllers: so many phones at once.
_MOST = 4
_MODES = {"super": "is_super_speed=Y", "high": "is_high_speed=Y", "full": "is_high_speed=N"}


def wait_until(condition: Callable[[], bool], what: str, seconds: float = 20.0) -> None:
    """Waits for a condition.

    Raises:
        TimeoutError: with `what` was waited for.
    """
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(what)
        time.sleep(0.05)


def is_on_the_bus(serial: str) -> bool:
    """Whether the host sees a device with this serial number."""
    for path in Path("/sys/bus/usb/devices").glob("*/serial"):
        with contextlib.suppress(OSError):
            if path.read_text().strip() == serial:
                return True
    return False


def settle() -> None:
    """Waits until udev is done with all that was plugged in, so that device nodes have their final rights."""
    subprocess.run(["udevadm", "settle", "-t", "20"], check=True)


def _controllers() -> list[str]:
    """The device controllers; loads the modules on first use."""
    if not Path("/sys/module/dummy_hcd").exists():
        mode = _MODES[os.environ.get("SPEED") or "high"]
        subprocess.run(["modprobe", "dummy_hcd", f"num={_MOST}", mode], check=True)
        subprocess.run(["modprobe", "-a", "libcomposite", "usb_f_fs"], check=True)
    if not CONFIGFS.exists():
        subprocess.run(["mount", "-t", "configfs", "none", "/sys/kernel/config"], check=True)
    return sorted(path.name for path in CONTROLLERS.glob("dummy_udc.*"))


@dataclass(frozen=True)
class Strings:
    """What a phone says of itself on the bus."""

    vendor_id: int = 0x18D1
    product_id: int = 0x4EE1
    manufacturer: str = "Google"
    product: str = "Pixel"
    serial: str = ""


class Gadget:
    """One phone's place on the bus. `start` and `stop` its responder are for subclasses."""

    def __init__(self, name: str, strings: Strings) -> None:
        """Makes the gadget, with nobody to answer and not plugged in."""
        self.name = name
        self.strings = strings
        self.folder = PHONES / name
        self.mount = self.folder / "ffs"
        self.config = CONFIGFS / name
        if self.config.exists():
            self.controller = (self.folder / "controller").read_text()
            return
        taken = {path.read_text() for path in PHONES.glob("*/controller")}
        free = [controller for controller in _controllers() if controller not in taken]
        if not free:
            raise RuntimeError(f"more than {_MOST} phones")
        self.controller = free[0]
        self.mount.mkdir(parents=True)
        (self.folder / "controller").write_text(self.controller)
        self._configure()

    def _configure(self) -> None:
        language, configuration = self.config / "strings/0x409", self.config / "configs/c.1"
        function = self.config / f"functions/ffs.{self.name}"
        for path in (self.config, language, configuration, configuration / "strings/0x409", function):
            path.mkdir()
        (self.config / "idVendor").write_text(f"{self.strings.vendor_id:#06x}")
        (self.config / "idProduct").write_text(f"{self.strings.product_id:#06x}")
        (self.config / "bcdDevice").write_text("0x0440")
        (language / "manufacturer").write_text(self.strings.manufacturer)
        (language / "product").write_text(self.strings.product)
        (language / "serialnumber").write_text(self.strings.serial)
        (configuration / "strings/0x409/configuration").write_text("mtp")
        (configuration / "MaxPower").write_text("500")
        (configuration / function.name).symlink_to(function)
        # The mount's source is the function's name after "ffs.".
        subprocess.run(["mount", "-t", "functionfs", self.name, self.mount], check=True)

    def start(self) -> None:
        """Starts the responder and waits until it has written its descriptors."""
        raise NotImplementedError

    def stop(self) -> None:
        """Ends the responder."""
        raise NotImplementedError

    @property
    def plugged(self) -> bool:
        """Whether the cable is in."""
        return bool((self.config / "UDC").read_text().strip())

    def plug(self) -> None:
        """Plugs the phone in; returns when the host has configured it and udev has given out rights."""
        if self.plugged:
            return
        self.start()
        (self.config / "UDC").write_text(self.controller)
        # The write returns before the host has seen the phone, and "settle" before udev has.
        state = CONTROLLERS / self.controller / "state"
        wait_until(lambda: state.read_text().strip() == "configured", f"phone {self.name} was not configured")
        wait_until(lambda: is_on_the_bus(self.strings.serial), f"phone {self.name} was not enumerated")
        settle()

    def pull(self) -> None:
        """Pulls the cable, whatever is under way, and does no more: the responder is left as it is."""
        (self.config / "UDC").write_text("\n")

    def unplug(self) -> None:
        """Pulls the cable and ends the responder."""
        if self.plugged:
            self.pull()
            wait_until(lambda: not is_on_the_bus(self.strings.serial), f"phone {self.name} did not go")
        self.stop()

    def remove(self) -> None:
        """Takes the gadget away, so that its controller is free again."""
        self.unplug()
        subprocess.run(["umount", self.mount], check=True)
        (self.config / f"configs/c.1/ffs.{self.name}").unlink()
        for path in (
            "configs/c.1/strings/0x409",
            "configs/c.1",
            f"functions/ffs.{self.name}",
            "strings/0x409",
            "",
        ):
            (self.config / path).rmdir()
        shutil.rmtree(self.folder)


@dataclass(frozen=True)
class Storage:
    """A storage of an umtp-responder phone.

    Attributes:
        path: the folder it shows.
        label: its description on the phone.
        flags: "rw" or "ro", with ",notmounted" for one that appears later.
    """

    path: Path
    label: str = "Internal shared storage"
    flags: str = "rw"


class UmtpPhone(Gadget):
    """A phone whose responder is Debian's umtp-responder.

    Its weak points are told in scripts/lab/README.md.
    """

    def __init__(
        self,
        name: str,
        strings: Strings = Strings(),
        storages: Sequence[Storage] = (),
        *,
        events: bool = False,
        kind: tuple[int, int, int] = (6, 1, 1),
        interface: str = "MTP",
    ) -> None:
        """Makes the phone, not plugged in.

        Args:
            name: of the phone; its serial number begins with it. Its folder is /phones/NAME if none is named.
            strings: what it says on the bus.
            storages: the folders it shows.
            events: whether it tells of changes. It then waits for ever, with everything locked, for a host that
                does not read them.
            kind: class, subclass and protocol of its interface.
            interface: its interface's name.
        """
        if not strings.serial:
            strings = Strings(**{**vars(strings), "serial": f"{name}-0001"})
        super().__init__(name, strings)
        self.unit = f"phone-{name}.service"
        if storages or not (self.folder / "umtprd.conf").exists():
            storages = storages or [Storage(Path("/phones") / name)]
            for storage in storages:
                storage.path.mkdir(parents=True, exist_ok=True)
            (self.folder / "umtprd.conf").write_text(self._settings(storages, events, kind, interface))

    def _settings(
        self, storages: Sequence[Storage], events: bool, kind: tuple[int, int, int], interface: str
    ) -> str:
        lines = [
            "loop_on_disconnect 1",
            *(f'storage "{storage.path}" "{storage.label}" "{storage.flags}"' for storage in storages),
            f'manufacturer "{self.strings.manufacturer}"',
            f'product "{self.strings.product}"',
            f'serial "{self.strings.serial}"',
            'firmware_version "1.0"',
            f'interface "{interface}"',
            f"usb_vendor_id {self.strings.vendor_id:#06x}",
            f"usb_product_id {self.strings.product_id:#06x}",
            *(
                f"usb_{name} {number:#x}"
                for name, number in zip(("class", "subclass", "protocol"), kind, strict=True)
            ),
            "usb_dev_version 0x3008",
            "usb_functionfs_mode 0x1",
            *(
                f'usb_{end}_path "{self.mount}/ep{n}"'
                for n, end in enumerate(("dev", "epin", "epout", "epint"))
            ),
            "usb_max_packet_size 0x200",
            # 64 KiB instead of 8: about twice as fast.
            "usb_max_rd_buffer_size 0x10000",
            "usb_max_wr_buffer_size 0x10000",
            "read_buffer_cache_size 0x100000",
            *([] if events else ["no_inotify 0x1"]),
        ]
        return "\n".join(lines) + "\n"

    def start(self) -> None:
        """Starts umtprd with its own settings file and message queue: it knows no option for either."""
        if self._is_active():
            return
        subprocess.run(["systemctl", "-q", "reset-failed", self.unit], stderr=subprocess.DEVNULL, check=False)
        subprocess.run(
            [
                "systemd-run",
                "-q",
                f"--unit={self.unit}",
                f"--property=BindPaths={self.folder}/umtprd.conf:/etc/umtprd/umtprd.conf",
                "--property=PrivateIPC=yes",
                "/usr/bin/umtprd",
            ],
            check=True,
        )
        wait_until((self.mount / "ep3").exists, f"umtprd for {self.name} did not start:\n{self.log()}")

    def stop(self) -> None:
        """Kills umtprd: after a disconnection it comes back half dead, or closes ep0 and so unbinds."""
        subprocess.run(
            ["systemctl", "-q", "kill", "-s", "KILL", self.unit], stderr=subprocess.DEVNULL, check=False
        )
        wait_until(lambda: not self._is_active(), f"umtprd for {self.name} did not end")
        subprocess.run(["systemctl", "-q", "reset-failed", self.unit], stderr=subprocess.DEVNULL, check=False)

    def _is_active(self) -> bool:
        answer = subprocess.run(
            ["systemctl", "is-active", self.unit], capture_output=True, text=True, check=False
        )
        return answer.stdout.strip() not in ("inactive", "failed", "unknown")

    def command(self, text: str) -> None:
        """Sends umtprd one of its commands: "mount:LABEL", "unmount:LABEL"."""
        pid = subprocess.run(
            ["systemctl", "show", "-P", "MainPID", self.unit], capture_output=True, text=True, check=True
        ).stdout.strip()
        subprocess.run(
            ["nsenter", "-t", pid, "-i", "-m", "umtprd", f"-cmd:{text}"], check=True, capture_output=True
        )

    def log(self) -> str:
        """What umtprd said."""
        answer = subprocess.run(
            ["journalctl", "-u", self.unit, "--no-pager", "-o", "cat"],
            capture_output=True,
            text=True,
            check=False,
        )
        return answer.stdout
