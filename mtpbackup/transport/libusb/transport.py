"""One claimed interface of a real phone."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import usb1

from mtpbackup.errors import EndpointStalled, PhoneGone, TransportError, TransportTimeout
from mtpbackup.transport.base import Buffer, Chunk, Endpoint, TransportOptions, UsbIdentity
from mtpbackup.transport.libusb.driver import EventReader, UsbDriver
from mtpbackup.transport.libusb.library import EventLoop, translated
from mtpbackup.transport.match import MtpInterface
from mtpbackup.transport.queued import QueuedTransport
from mtpbackup.transport.requests import Outcome, Request, TransferFailed, withdraw_all

_log = logging.getLogger(__name__)

#: bmRequestType: class request to an interface, in and out; standard request to the device. USB 2.0, table 9-2.
_CLASS_IN, _CLASS_OUT, _DEVICE_IN = 0xA1, 0x21, 0x80
_GET_STATUS = 0

#: Seconds after a broken transfer in which a phone that is still there must answer. The kernel notices a pulled
#: cable later than the transfers that break do.
_STILL_THERE_SECONDS = 0.8

#: Seconds between two looks at whether the phone is there while waiting for events.
_LOOK_AGAIN_SECONDS = 0.5


class LibusbTransport(QueuedTransport):
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
        super().__init__(self._driver, interface.packet_size, options or TransportOptions())
        self._context = context
        self._handle: Any = handle
        self._interface = interface
        self._identity = identity
        self._loop = EventLoop(context)
        self._reader = EventReader(handle, interface, self.take_event, self.lose_phone)

    @property
    def identity(self) -> UsbIdentity:
        """See `Transport`."""
        return self._identity

    def write(self, parts: Iterable[Buffer], timeout: float) -> int:
        """See `Transport`."""
        self._reader.resume()
        try:
            return super().write(parts, timeout)
        except (PhoneGone, TransferFailed) as error:
            raise self._explained(error) from error

    def read(self, wanted: int, timeout: float) -> Chunk:
        """See `Transport`."""
        try:
            return super().read(wanted, timeout)
        except (PhoneGone, TransferFailed) as error:
            raise self._explained(error) from error

    def control_in(self, request: int, length: int, timeout: float, value: int = 0) -> bytes:
        """See `Transport`."""
        self._check_open()
        return self._request(_CLASS_IN, request, value, length, timeout)

    def control_out(self, request: int, data: Buffer, timeout: float, value: int = 0) -> None:
        """See `Transport`."""
        self._check_open()
        self._request(_CLASS_OUT, request, value, bytes(data), timeout)

    def clear_halt(self, endpoint: Endpoint) -> None:
        """See `Transport`."""
        self._check_open()
        address = {
            Endpoint.IN: self._interface.bulk_in,
            Endpoint.OUT: self._interface.bulk_out,
            Endpoint.EVENT: self._interface.event,
        }[endpoint]
        if endpoint is Endpoint.IN:
            self._ring.withdraw()
        if address is not None:
            self._call(self._handle.clearHalt, address)

    def reset(self) -> None:
        """See `Transport`."""
        self._check_open()
        self._ring.discard()
        self._reader.pause()
        self._call(self._handle.resetDevice)
        self._reader.resume()

    def next_event(self, timeout: float = 0.0) -> bytes | None:
        """See `Transport`. Notices a pulled cable within half a second whoever else is at work."""
        deadline = time.monotonic() + timeout
        while True:
            left = deadline - time.monotonic()
            packet = super().next_event(min(left, _LOOK_AGAIN_SECONDS))
            if packet is not None:
                return packet
            if self._reader.broken and not self._has_node():
                self.lose_phone()
            elif left <= _LOOK_AGAIN_SECONDS:
                return None

    def _has_node(self) -> bool:
        """Whether the operating system still knows the phone; asked where its interrupt endpoint failed.

        A pulled cable may break the interrupt read before the kernel says that the device is gone, and there
        may be no other call under way that hears of it.
        """
        return not self._identity.node or Path(self._identity.node).exists()

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

    def _request(self, kind: int, number: int, value: int, data: bytes | int, timeout: float) -> bytes:
        """A request to the interface."""
        try:
            return self._control(kind, number, value, self._interface.number, data, timeout)
        except (PhoneGone, TransferFailed) as error:
            raise self._explained(error) from error

    def _call(self, function: Callable[..., object], *arguments: object) -> None:
        """A call of libusb that does not take part in the event loop."""
        try:
            with translated(node=self._identity.node):
                function(*arguments)
        except (PhoneGone, TransferFailed) as error:
            raise self._explained(error) from error

    def _explained(self, error: PhoneGone | TransferFailed) -> TransportError:
        """Tells a pulled cable from a transfer that failed otherwise, also those who wait for events.

        The transfers that a pulled cable breaks end with an input/output error (dummy_hcd) or without a device
        (xHCI), depending on who notices first.
        """
        if isinstance(error, TransferFailed) and self._still_there():
            return TransportError(str(error))
        self.lose_phone()
        return PhoneGone("the phone left the bus")

    def _still_there(self) -> bool:
        """Asks the device for its status, which its kernel answers, until it does or is seen to be gone."""
        deadline = time.monotonic() + _STILL_THERE_SECONDS
        while time.monotonic() < deadline:
            try:
                self._control(_DEVICE_IN, _GET_STATUS, 0, 0, 2, deadline - time.monotonic())
            except PhoneGone:
                return False
            except EndpointStalled:
                return True
            except TransportError:
                time.sleep(0.02)
            else:
                return True
        return False
