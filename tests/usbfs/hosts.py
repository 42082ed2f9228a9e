"""The host's side of the tests, straight on libusb: they say something of the bus, not of our transport."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from typing import Any

import usb1

from mtpbackup.virtual.descriptors import BULK_IN, BULK_OUT, INTERRUPT_IN
from tests.usbfs.devices import SOON

#: In milliseconds, as libusb has it.
TIMEOUT = int(SOON * 1000)

#: bmRequestType of class requests to the interface.
CLASS_IN, CLASS_OUT = 0xA1, 0x21


def wait_until(condition: Callable[[], bool], context: Any) -> None:
    """Handles libusb's events until something is true."""
    deadline = time.monotonic() + SOON
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        context.handleEventsTimeout(0.05)


@contextlib.contextmanager
def opened(context: Any, serial: str = "0123456789ABCDEF") -> Iterator[Any]:
    """The handle of the phone with this serial number, its interface claimed."""
    device = only(context, serial)
    handle = device.open()
    try:
        handle.claimInterface(0)
        yield handle
    finally:
        with contextlib.suppress(usb1.USBErrorNoDevice, usb1.USBErrorNotFound):
            handle.releaseInterface(0)
        handle.close()


def only(context: Any, serial: str = "0123456789ABCDEF") -> Any:
    """The device with this serial number."""
    (device,) = [d for d in context.getDeviceIterator() if d.getSerialNumber() == serial]
    return device


class Read:
    """A read in flight."""

    def __init__(self, handle: Any, size: int, endpoint: int = BULK_IN) -> None:
        self.buffer = bytearray(size)
        self.ended = False
        self._transfer = handle.getTransfer()
        setup = self._transfer.setInterrupt if endpoint == INTERRUPT_IN else self._transfer.setBulk
        setup(endpoint, self.buffer, callback=self._end)
        self._transfer.submit()

    def _end(self, transfer: Any) -> None:
        self.ended = True

    def cancel(self) -> None:
        self._transfer.cancel()

    @property
    def status(self) -> int:
        return self._transfer.getStatus()

    @property
    def data(self) -> bytes:
        return bytes(self.buffer[: self._transfer.getActualLength()])


class Write:
    """A write in flight; with `end` libusb has a zero-length packet added where one is due."""

    def __init__(self, handle: Any, data: bytes, *, end: bool = False) -> None:
        self.ended = False
        self._transfer = handle.getTransfer()
        self._transfer.setBulk(BULK_OUT, bytearray(data), callback=self._end)
        self._transfer.setAddZeroPacket(end)
        self._transfer.submit()

    def _end(self, transfer: Any) -> None:
        self.ended = True

    def cancel(self) -> None:
        self._transfer.cancel()

    @property
    def status(self) -> int:
        return self._transfer.getStatus()

    @property
    def sent(self) -> int:
        return self._transfer.getActualLength()
