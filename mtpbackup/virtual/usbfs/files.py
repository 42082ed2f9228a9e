"""An open file of a device node: answers the ioctls of one program, in a thread of its own.

What each ioctl does is the kernel's `drivers/usb/core/devio.c`, as far as libusb and the raw users of usbfs can
tell.
"""

from __future__ import annotations

import errno
import logging
import signal
import socket
import threading
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING

from mtpbackup.virtual.usbfs import abi
from mtpbackup.virtual.usbfs.abi import Ioctl, UrbKind
from mtpbackup.virtual.usbfs.pipes import Urb
from mtpbackup.virtual.usbfs.preload import Client, Request, RequestKind

if TYPE_CHECKING:
    from mtpbackup.virtual.usbfs.node import DeviceNode

_log = logging.getLogger(__name__)

#: Requests that need no device behind the node.
_WITHOUT_DEVICE = frozenset({Ioctl.REAP_URB, Ioctl.REAP_URB_NO_DELAY, Ioctl.DISCARD_URB})


class OpenFile(threading.Thread):
    """One open file. As a `UrbOwner` it collects what can be reaped."""

    def __init__(self, node: DeviceNode, connection: socket.socket) -> None:
        super().__init__(name=f"open file of {node.path}", daemon=True)
        self._node = node
        self._device = node.device
        self._client = Client(connection)
        self._pending: dict[int, Urb] = {}
        self._completed: deque[Urb] = deque()
        self._position = 0
        self._waits_for_urb = False
        self._calls: dict[int, Callable[[int], int]] = {
            Ioctl.SUBMIT_URB: self._submit,
            Ioctl.REAP_URB_NO_DELAY: self._reap,
            Ioctl.REAP_URB: self._reap_waiting,
            Ioctl.DISCARD_URB: self._discard,
            Ioctl.CONTROL: self._control,
            Ioctl.BULK: self._bulk,
            Ioctl.CLAIM_INTERFACE: self._claim,
            Ioctl.DISCONNECT_CLAIM: self._claim,
            Ioctl.RELEASE_INTERFACE: self._release,
            Ioctl.SET_CONFIGURATION: self._set_configuration,
            Ioctl.SET_INTERFACE: self._set_interface,
            Ioctl.RESET: self._reset,
            Ioctl.CLEAR_HALT: self._clear_halt,
            Ioctl.RESET_ENDPOINT: lambda argument: 0,
            Ioctl.GET_CAPABILITIES: self._get_capabilities,
            Ioctl.GET_DRIVER: self._get_driver,
            Ioctl.GET_SPEED: lambda argument: abi.SPEED_NUMBERS.get(self._device.profile.speed, 0),
            Ioctl.CONNECT_INFO: self._connect_info,
            Ioctl.DRIVER_IOCTL: lambda argument: -errno.ENODATA,  # no kernel driver to talk to, or to detach
        }

    # --- what the device and the node see; the device's lock is held

    @property
    def has_completed(self) -> bool:
        """Whether a URB can be reaped."""
        return bool(self._completed)

    def completed(self, urb: Urb) -> None:
        """See `UrbOwner`."""
        self._completed.append(urb)
        self._node.refresh()
        if self._waits_for_urb:
            self._device.changed.notify_all()

    # --- the thread

    def run(self) -> None:
        """Answers until the program closes the file."""
        # A signal between two halves of an answer would make the program read nonsense (see `preload`).
        signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        try:
            while (request := self._client.next_request()) is not None:
                result = self._answer(request)
                if result < 0:
                    self._client.answer(-1, -result)
                else:
                    self._client.answer(result)
        except OSError as error:
            _log.debug("a program with %s open is gone: %s", self._node.path, error)
        finally:
            self._end()
            self._client.close()

    def _end(self) -> None:
        with self._device.lock:
            pending = list(self._pending.values())
            self._pending.clear()
            self._device.forget(pending)
            self._completed.clear()
            self._node.forget(self)
        for urb in pending:
            self._node.memory.give_back(urb.length)

    def _answer(self, request: Request) -> int:
        """Performs a call; a negative result is an errno."""
        if request.kind == RequestKind.READ:
            return self._read_descriptors(request.first, request.second)
        if request.kind != RequestKind.IOCTL:
            return -errno.EINVAL
        number = request.first & 0xFFFFFFFF
        call = self._calls.get(number)
        if not self._node.has_device and number not in _WITHOUT_DEVICE:
            return -errno.ENODEV
        if call is None:
            _log.debug("ioctl %#x is not answered", number)
            return -errno.ENOTTY
        return call(request.second)

    # --- URBs

    def _submit(self, address: int) -> int:
        kind, endpoint, _, flags, buffer, length, *_ = abi.URB.unpack(
            self._client.read_memory(address, abi.URB.size)
        )
        if kind == UrbKind.ISOCHRONOUS or length < 0:
            return -errno.EINVAL
        error = self._node.memory.take(length)
        if error:
            return -error
        urb = Urb(self, address, endpoint, length, buffer, flags)
        if kind == UrbKind.CONTROL:
            error = self._read_setup(urb)
        elif not endpoint & 0x80:
            urb.data = self._client.read_memory(buffer, length)
        error = error or self._hand_over(urb)
        if error:
            self._node.memory.give_back(length)
        return -error

    def _read_setup(self, urb: Urb) -> int:
        """Fetches a control URB's setup packet and what is sent with it; returns an errno, or 0."""
        if urb.length < abi.SETUP.size:
            return errno.EINVAL
        setup = self._client.read_memory(urb.buffer, abi.SETUP.size)
        kind, _, _, _, size = abi.SETUP.unpack(setup)
        if size > urb.length - abi.SETUP.size:
            return errno.EINVAL
        urb.buffer += abi.SETUP.size
        urb.data = setup if kind & 0x80 else setup + self._client.read_memory(urb.buffer, size)
        return 0

    def _hand_over(self, urb: Urb) -> int:
        with self._device.lock:
            error = self._claim_for(urb) if self._node.has_device else errno.ENODEV
            if error:
                return error
            self._pending[urb.address] = urb
            error = self._device.submit(urb)
            if error:
                del self._pending[urb.address]
            return error

    def _claim_for(self, urb: Urb) -> int:
        """Claims the interface, as the kernel does for a program that forgot to."""
        if urb.endpoint & 0x7F:
            return self._node.claim(0, self)
        kind, _, _, index, _ = abi.SETUP.unpack_from(urb.data)
        if kind & 0x60 != 0x40 and kind & 0x1F == 1:  # not a vendor's, to an interface
            return self._node.claim(index & 0xFF, self)
        return 0

    def _reap(self, argument: int) -> int:
        with self._device.lock:
            if not self._completed:
                return -errno.EAGAIN if self._node.has_device else -errno.ENODEV
            urb = self._completed.popleft()
            self._pending.pop(urb.address, None)
            self._node.refresh()
        self._node.memory.give_back(urb.length)
        write = self._client.write_memory
        write(urb.address + abi.URB_STATUS_OFFSET, abi.SIGNED.pack(urb.status or 0))
        write(urb.address + abi.URB_ACTUAL_LENGTH_OFFSET, abi.SIGNED.pack(urb.actual))
        write(argument, abi.POINTER.pack(urb.address))
        write(urb.buffer, *urb.pieces)
        return 0

    def _reap_waiting(self, argument: int) -> int:
        with self._device.changed:
            self._waits_for_urb = True
            while not self._completed and self._node.has_device:
                self._device.changed.wait()
            self._waits_for_urb = False
        return self._reap(argument)

    def _discard(self, address: int) -> int:
        with self._device.lock:
            urb = self._pending.get(address)
            if urb is None or not self._device.discard(urb):
                return -errno.EINVAL
        return 0

    # --- transfers that wait for their end

    def _control(self, argument: int) -> int:
        kind, request, value, index, length, timeout, buffer = abi.CONTROL_TRANSFER.unpack(
            self._client.read_memory(argument, abi.CONTROL_TRANSFER.size)
        )
        setup = abi.SETUP.pack(kind, request, value, index, length)
        data = b"" if kind & 0x80 else self._client.read_memory(buffer, length)
        return self._wait_for(Urb(_Waiter(), 0, 0, length, buffer, data=setup + data), timeout)

    def _bulk(self, argument: int) -> int:
        endpoint, length, timeout, buffer = abi.BULK_TRANSFER.unpack(
            self._client.read_memory(argument, abi.BULK_TRANSFER.size)
        )
        data = b"" if endpoint & 0x80 else self._client.read_memory(buffer, length)
        return self._wait_for(Urb(_Waiter(), 0, endpoint, length, buffer, data=data), timeout)

    def _wait_for(self, urb: Urb, milliseconds: int) -> int:
        waiter = urb.owner
        assert isinstance(waiter, _Waiter)
        with self._device.lock:
            error = self._claim_for(urb) if self._node.has_device else errno.ENODEV
            error = error or self._device.submit(urb)
        if error:
            return -error
        if not waiter.ended.wait(milliseconds / 1000 if milliseconds else None):
            self._device.discard(urb)
            waiter.ended.wait()
            if urb.status == -errno.ENOENT:
                return -errno.ETIMEDOUT
        if urb.status:
            return urb.status
        self._client.write_memory(urb.buffer, *urb.pieces)
        return urb.actual

    # --- interfaces, configuration, halts

    def _claim(self, argument: int) -> int:
        interface = self._number(argument)
        with self._device.lock:
            return -self._node.claim(interface, self)

    def _release(self, argument: int) -> int:
        interface = self._number(argument)
        with self._device.lock:
            return -self._node.release(interface, self)

    def _set_configuration(self, argument: int) -> int:
        if self._number(argument, signed=True) != 1:
            return -errno.EINVAL
        with self._device.lock:
            if self._node.claims:
                return -errno.EBUSY
        self._device.restart()
        return 0

    def _set_interface(self, argument: int) -> int:
        interface, alternate = self._number(argument), self._number(argument + abi.UNSIGNED.size)
        with self._device.lock:
            error = self._node.claim(interface, self)
        if error or alternate != 0:
            return -(error or errno.EINVAL)
        self._device.restart()
        return 0

    def _reset(self, argument: int) -> int:
        with self._device.lock:
            # The kernel unbinds usbfs from the interfaces before a reset.
            self._node.claims = {i: owner for i, owner in self._node.claims.items() if owner is not self}
        self._device.restart()
        return 0 if self._node.has_device else -errno.ENODEV

    def _clear_halt(self, argument: int) -> int:
        self._device.clear_halt(self._number(argument))
        return 0

    # --- asking

    def _get_capabilities(self, argument: int) -> int:
        self._client.write_memory(argument, abi.UNSIGNED.pack(abi.CAPABILITIES))
        return 0

    def _get_driver(self, argument: int) -> int:
        interface = self._number(argument)
        with self._device.lock:
            if interface not in self._node.claims:
                return -errno.ENODATA
        self._client.write_memory(argument + 4, b"usbfs\0")
        return 0

    def _connect_info(self, argument: int) -> int:
        self._client.write_memory(
            argument, abi.UNSIGNED.pack(int(self._node.path.rpartition("/")[2])), b"\0\0\0\0"
        )
        return 0

    def _read_descriptors(self, address: int, size: int) -> int:
        """read(): the device descriptor and the configuration, from the file's position."""
        everything = self._device.profile.device() + self._device.profile.configuration()
        piece = everything[self._position : self._position + size]
        self._position += len(piece)
        self._client.write_memory(address, piece)
        return len(piece)

    def _number(self, argument: int, *, signed: bool = False) -> int:
        structure = abi.SIGNED if signed else abi.UNSIGNED
        number: int = structure.unpack(self._client.read_memory(argument, structure.size))[0]
        return number


class _Waiter:
    """The owner of a URB that an ioctl waits for."""

    def __init__(self) -> None:
        self.ended = threading.Event()

    def completed(self, urb: Urb) -> None:
        """See `UrbOwner`."""
        self.ended.set()
