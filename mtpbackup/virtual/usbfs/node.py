"""A device node: what a program finds at /dev/bus/usb/BBB/DDD, and its open files.

The node is a pipe of one page. usbfs says "a URB can be reaped" by making the file writable; a pipe is writable
when its page is free, so keeping one byte in it, or none, says the same to poll().
"""

from __future__ import annotations

import errno
import fcntl
import logging
import os
import resource
import socket
import threading
from pathlib import Path
from typing import Final

from mtpbackup.virtual.usbfs.device import UsbDevice
from mtpbackup.virtual.usbfs.files import OpenFile
from mtpbackup.virtual.usbfs.memory import UsbfsMemory

_log = logging.getLogger(__name__)

#: Every Linux has this file, and nobody, not even root, may open it for writing: EACCES.
_FORBIDDEN: Final = "/proc/sys/kernel/ostype"


class DeviceNode:
    """The node of one plugged device.

    Attributes:
        device: the phone behind it.
        path: as programs know it, `/dev/bus/usb/123/002`.
        memory: what all nodes of a bus may use for URBs.
        claims: who holds which interface; anything that is no `OpenFile` stands for somebody unseen.
        opened: how often it was opened.
        removed: the device was unplugged; should it be plugged in again, it gets another node.
    """

    def __init__(self, root: Path, path: str, device: UsbDevice, memory: UsbfsMemory) -> None:
        self.device = device
        self.path = path
        self.memory = memory
        self.claims: dict[int, object] = {}
        self.opened = 0
        self.removed = False
        self._place = root / path.lstrip("/")
        self._denied = False
        self._files: set[OpenFile] = set()
        self._ready = True
        self._place.parent.mkdir(parents=True, exist_ok=True)
        self._spare_name = root / f"pipes/{path.rpartition('/')[2]}"
        self._make_pipe()
        self._pipe = os.open(self._place, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        fcntl.fcntl(self._pipe, fcntl.F_SETPIPE_SZ, resource.getpagesize())
        self._show(ready=False)
        self._listener = self._listen(root / f"ioctl/{path}")
        self._acceptor = threading.Thread(target=self._accept, name=f"node {path}", daemon=True)
        self._acceptor.start()

    def deny(self, denied: bool) -> None:
        """Makes open() for writing fail with EACCES, as without a udev rule, or work again."""
        if denied is self._denied:
            return
        self._denied = denied
        # Each replacement is one rename, so that a program never finds nothing there.
        beside = self._place.with_suffix(".new")
        if denied:
            beside.symlink_to(_FORBIDDEN)
        else:
            beside.hardlink_to(self._spare_name)
        beside.replace(self._place)

    def remove(self) -> None:
        """Takes the name away: open() fails with ENOENT. Files already open stay, without a device."""
        self.removed = True
        self._place.unlink(missing_ok=True)

    def close(self, patience: float) -> None:
        """Ends the node.

        Args:
            patience: seconds to wait for programs to close it. One that does not is served on, in the
                background,
                because it would abort without us.
        """
        self.remove()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._acceptor.join()
        self._listener.close()
        with self.device.lock:
            files = tuple(self._files)
        for file in files:
            file.join(patience)
        still_open = [file for file in files if file.is_alive()]
        if still_open:
            _log.warning("%s is still open %d times", self.path, len(still_open))
        else:
            os.close(self._pipe)

    # --- for the open files; the device's lock is held

    @property
    def has_device(self) -> bool:
        """Whether the device is still there."""
        return self.device.plugged and not self.removed

    def refresh(self) -> None:
        """Makes the node writable if, and only if, somebody has a URB to reap."""
        self._show(any(file.has_completed for file in self._files))

    def claim(self, interface: int, owner: object) -> int:
        """Gives an interface to an open file; returns an errno, or 0."""
        if interface != 0:
            return errno.ENOENT
        if self.claims.setdefault(interface, owner) is not owner:
            return errno.EBUSY
        return 0

    def release(self, interface: int, owner: object) -> int:
        """Takes an interface back; returns an errno, or 0."""
        if self.claims.get(interface) is not owner:
            return errno.EINVAL
        del self.claims[interface]
        return 0

    def forget(self, file: OpenFile) -> None:
        """A file was closed."""
        self.claims = {interface: owner for interface, owner in self.claims.items() if owner is not file}
        self._files.discard(file)
        self.refresh()

    # --- inside

    def _make_pipe(self) -> None:
        self._spare_name.parent.mkdir(parents=True, exist_ok=True)
        os.mkfifo(self._spare_name)
        self._spare_name.chmod(0o666)
        self._place.hardlink_to(self._spare_name)

    def _show(self, ready: bool) -> None:
        if ready is self._ready:
            return
        if ready:
            os.read(self._pipe, 1)
        else:
            os.write(self._pipe, b"\0")
        self._ready = ready

    @staticmethod
    def _listen(place: Path) -> socket.socket:
        place.parent.mkdir(parents=True, exist_ok=True)
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(place))
        place.chmod(0o666)
        listener.listen(16)
        return listener

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:  # closed, by `close`
                return
            file = OpenFile(self, connection)
            with self.device.lock:
                self._files.add(file)
                self.opened += 1
            file.start()
