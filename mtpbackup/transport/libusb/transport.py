"""One claimed interface of a real phone."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable
from typing import Any

import usb1

from mtpbackup.errors import TransportError, TransportTimeout
from mtpbackup.transport.base import Buffer, TransportOptions, UsbIdentity
from mtpbackup.transport.libusb.driver import EventReader, UsbDriver
from mtpbackup.transport.libusb.library import EventLoop, translated
from mtpbackup.transport.match import MtpInterface
from mtpbackup.transport.requests import Outcome, Request, withdraw_all
from mtpbackup.transport.usb import UsbTransport

_log = logging.getLogger(__name__)


class LibusbTransport(UsbTransport):
    """A `Transport` over libusb. Made by `FoundUsbPhone.open`.

    Args:
        context: a libusb context of its own; closed with the transport.
        handle: the opened device, its interface claimed.
        interface: what was claimed.
        identity: what USB says of the phone.
        options: how to move bytes.
    """

    def __init__(
        self,
        context: Any,
        handle: Any,
        interface: MtpInterface,
        identity: UsbIdentity,
        options: TransportOptions | None = None,
    ) -> None:
        self._driver = UsbDriver(handle, interface)
        super().__init__(self._driver, interface, identity, options)
        self._context = context
        self._handle: Any = handle
        self._loop = EventLoop(context)
        try:
            self._reader = EventReader(handle, interface, self.take_event, self.lose_phone)
        except BaseException:
            self._loop.stop()  # or closing the context would wait for it
            raise

    def write(self, parts: Iterable[Buffer], timeout: float) -> int:
        """See `Transport`."""
        self._reader.resume()
        return super().write(parts, timeout)

    def reset(self) -> None:
        """See `Transport`."""
        self._check_open()
        self._ring.discard()
        self._reader.pause()
        self._explaining(self._reset)
        self._reader.restart()

    def close(self) -> None:
        """See `Transport`. Interrupted by Ctrl-C it may be called again, and goes on where it was."""
        if not self._open:
            return
        settled = self._settle()
        self._loop.stop()
        if settled and self._handle is not None:
            try:
                self._handle.releaseInterface(self._interface.number)
            except usb1.USBError as error:  # the phone is gone, as a rule
                _log.debug("interface not released: %s", error)
            self._handle.close()
            self._handle = None
            self._context.close()
        super().close()

    def _settle(self) -> bool:
        """Ends everything in flight. False: the system keeps a transfer, and closing would hang."""
        try:
            self._ring.discard()
            return self._reader.stop()
        except TransportError:
            _log.exception("transfers did not end: left to the end of the process")
            return False

    def _control(
        self, kind: int, number: int, value: int, index: int, data: bytes | int, timeout: float
    ) -> bytes:
        """See `UsbTransport`."""
        answer = memoryview(bytearray(data if isinstance(data, int) else 0))
        request = Request("control", answer, self._wake)
        deadline = time.monotonic() + timeout
        try:
            self._driver.submit_control(request, kind, number, value, index, data)
            while True:
                self._wake.clear()
                left = deadline - time.monotonic()
                if request.outcome is not None or left <= 0:
                    break
                self._wake.wait(left)
        finally:
            withdraw_all(self._driver.withdraw, self._wake, [request])
        if request.outcome is Outcome.WITHDRAWN:
            raise TransportTimeout("control", timeout)
        if request.outcome is not Outcome.COMPLETE:
            raise request.error()
        return bytes(answer[: request.filled])

    def _reset(self) -> None:
        with translated(node=self._identity.node):
            self._handle.resetDevice()

    def _clear(self, address: int) -> None:
        """See `UsbTransport`."""
        with translated(node=self._identity.node):
            self._handle.clearHalt(address)

    @property
    def _listens(self) -> bool:
        """See `UsbTransport`."""
        return self._reader.pending
