"""A USB bus made of code, for programs that know nothing of it."""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
import threading
from collections import deque
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from mtpbackup.virtual.usbfs import preload
from mtpbackup.virtual.usbfs.device import UsbDevice
from mtpbackup.virtual.usbfs.memory import UsbfsMemory
from mtpbackup.virtual.usbfs.node import DeviceNode
from mtpbackup.virtual.usbfs.sysfs import Place, SysfsTree, device_properties, interface_properties
from mtpbackup.virtual.usbfs.uevents import Announcer

_log = logging.getLogger(__name__)

#: Buses are numbered from here to 249, by process. So high that no real computer has them: a program that opens
#: a node after unplugging must not meet a real device. By process, so that a search for holders of a node finds
#: nobody on another bus.
_FIRST_BUS: Final = 100

#: Addresses are 7 bits; 1 would be the root hub's.
_FIRST_ADDRESS, _LAST_ADDRESS = 2, 127

#: Seconds that `close` waits for programs which still have a node open.
_PATIENCE: Final = 2.0

#: Somebody who holds an interface and cannot be found.
_STRANGER: Final = object()


class Bus:
    """The bus, in a folder of its own.

    Programs started with `environment()` see it, and only it. This process sees it too if it was itself started
    with the preload library (`preload.is_active()`) and `UMOCKDEV_DIR` is set in `os.environ`.

    Attributes:
        root: the folder.
        number: of the bus.
        memory: the account of what programs have in URBs.
    """

    def __init__(self) -> None:
        """Makes an empty bus.

        Raises:
            LibraryMissing: the preload library is not installed.
        """
        preload.require_library()
        # Short, because paths of sockets are; and readable for programs of other users.
        self.root = Path(tempfile.mkdtemp(prefix=f"usb-{os.getpid()}-", dir="/tmp"))
        self.number = _FIRST_BUS + os.getpid() % 150
        self.root.chmod(0o755)
        self.memory = UsbfsMemory()
        self._sysfs = SysfsTree(self.root)
        self._announcer = Announcer(self.root)
        self._lock = threading.RLock()
        self._next_address = _FIRST_ADDRESS
        self._places: dict[UsbDevice, Place] = {}
        self._nodes: dict[UsbDevice, DeviceNode] = {}
        self._old_nodes: list[DeviceNode] = []
        self._leaving: deque[threading.Thread] = deque()
        self._closed = False

    def environment(self, base: Mapping[str, str] | None = None) -> dict[str, str]:
        """The environment for a program that shall see this bus, built on `base` or on this process's."""
        return preload.environment(self.root, base)

    # --- plugging

    def plug(self, device: UsbDevice, port: int | None = None) -> None:
        """Plugs a device in and announces it.

        Args:
            device: must not be plugged in.
            port: port of the root hub; the first free one if None.
        """
        with self._lock:
            if device in self._places:
                raise ValueError("plugged in already")
            place = Place(self.number, port or self._free_port(), self._take_address())
            self._places[device] = place
            device.attach(on_break=lambda comes_back: self._leave(device, place, comes_back))
            self._nodes[device] = DeviceNode(self.root, place.node, device, self.memory)
            self._sysfs.add(place, device.profile)
            self._announce(("add",), place, device)

    def unplug(self, device: UsbDevice) -> None:
        """Pulls the cable: ends all transfers, takes the node away, announces it. Does nothing if it is.

        Waits for the phone's threads to notice, unless called by one of them.
        """
        place = self._places.get(device)
        if place is not None:
            self._take_out(device, place)

    def replug(self, device: UsbDevice) -> None:
        """Pulls the cable and plugs it into the same port: the device comes back under another address."""
        place = self._places.get(device)
        self.unplug(device)
        self.plug(device, None if place is None else place.port)

    def settle(self) -> None:
        """Waits until every device that left by itself is gone, or back where it comes back."""
        while self._leaving:
            self._leaving.popleft().join()

    # --- what stands in the way of programs

    def deny_access(self, device: UsbDevice, denied: bool = True) -> None:
        """Makes opening the node fail for lack of permission, for root too; or allows it again."""
        self._nodes[device].deny(denied)

    def occupy(self, device: UsbDevice) -> None:
        """Lets somebody else hold the interface: claiming it fails with EBUSY."""
        node = self._nodes[device]
        with device.lock:
            error = node.claim(0, _STRANGER)
        if error:
            raise OSError(error, "a program has claimed it")

    def vacate(self, device: UsbDevice) -> None:
        """Lets it go."""
        node = self._nodes[device]
        with device.lock:
            node.release(0, _STRANGER)

    # --- looking at it

    def place_of(self, device: UsbDevice) -> Place:
        """Where a plugged device is."""
        return self._places[device]

    def times_opened(self, device: UsbDevice) -> int:
        """How often its node was opened since it was plugged in."""
        return self._nodes[device].opened

    # --- the end

    def close(self) -> None:
        """Unplugs everything and removes the folder."""
        with self._lock:
            self._closed = True
        for device in tuple(self._places):
            self.unplug(device)
        self.settle()
        preload.forget_failed_opens()
        for node in self._old_nodes:
            node.close(_PATIENCE)
        self._old_nodes.clear()
        shutil.rmtree(self.root, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    # --- inside

    def _take_out(self, device: UsbDevice, place: Place) -> None:
        """Unplugs a device, unless it has already left this place."""
        with self._lock:
            if self._places.get(device) is not place:
                return
            del self._places[device]
            node = self._nodes.pop(device)
            node.remove()
            device.detach()
            self._announce(("unbind", "remove"), place, device)
            self._sysfs.remove(place)
            self._old_nodes.append(node)
        device.settle()  # without the lock: the phone may be about to unplug itself

    def _leave(self, device: UsbDevice, place: Place, comes_back: bool) -> None:
        """A device left by itself. It says so with its lock held, so the rest happens elsewhere."""

        def move_cable() -> None:
            self._take_out(device, place)
            with self._lock:
                if comes_back and not self._closed:
                    self.plug(device, place.port)

        thread = threading.Thread(target=move_cable, name="cable")
        thread.start()
        self._leaving.append(thread)

    def _announce(self, actions: tuple[str, ...], place: Place, device: UsbDevice) -> None:
        properties = device_properties(place, device.profile)
        for action in actions:
            self._announcer.announce(action, place.device_path, properties)
            if action in {"add", "unbind"}:
                self._announcer.announce(
                    "add" if action == "add" else "remove",
                    f"{place.device_path}/{place.name}:1.0",
                    interface_properties(place, device.profile),
                )
        if "add" in actions:
            self._announcer.announce("bind", place.device_path, properties)

    def _free_port(self) -> int:
        taken = {place.port for place in self._places.values()}
        return next(port for port in range(1, 16) if port not in taken)

    def _take_address(self) -> int:
        address = self._next_address
        self._next_address = address + 1 if address < _LAST_ADDRESS else _FIRST_ADDRESS
        return address
