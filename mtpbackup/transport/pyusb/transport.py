"""One claimed interface of a real phone, through pyusb."""

from __future__ import annotations

import atexit
import logging
import time
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, Final

import usb.core
import usb.util

from mtpbackup.errors import EndpointStalled, PhoneGone, TransportError, TransportTimeout
from mtpbackup.transport.base import Buffer, Chunk, Endpoint, TransportOptions, UsbIdentity
from mtpbackup.transport.match import MtpInterface
from mtpbackup.transport.pyusb.library import ExactBackend, translated
from mtpbackup.transport.pyusb.old_library import OldBackend
from mtpbackup.transport.pyusb.pipes import EventReader, PyusbDriver, Worker
from mtpbackup.transport.queued import QueuedTransport
from mtpbackup.transport.requests import Outcome, Request, TransferFailed

_log = logging.getLogger(__name__)

#: bmRequestType: class request to an interface, in and out; standard request to the device. USB 2.0, table 9-2.
_CLASS_IN, _CLASS_OUT, _DEVICE_IN = 0xA1, 0x21, 0x80
_GET_STATUS = 0

#: Seconds after a broken transfer in which a phone that is still there must answer.
_STILL_THERE_SECONDS: Final = 0.8


class _ControlRequest(Request):
    """A call on the control pipe, and what it raised."""

    __slots__ = ("answer", "call", "trouble")

    def __init__(self, call: Callable[[], Any], transport: PyusbTransport) -> None:
        super().__init__("control", memoryview(b""), transport.wake)
        self.call = call
        self.answer: Any = None
        self.trouble: usb.core.USBError | None = None


class PyusbTransport(QueuedTransport):
    """A `Transport` over pyusb. Made by `FoundPyusbPhone.open`.

    Args:
        device: pyusb's, its interface claimed.
        interface: what was claimed.
        identity: what USB says of the phone.
        options: how to move bytes.
        backend: of the device, with the limits of its calls.
    """

    def __init__(
        self,
        device: Any,
        interface: MtpInterface,
        identity: UsbIdentity,
        options: TransportOptions | None,
        backend: ExactBackend | OldBackend,
    ) -> None:
        self._driver = PyusbDriver(device, interface, backend)
        super().__init__(self._driver, interface.packet_size, options or TransportOptions())
        self._device = device
        self._interface = interface
        self._identity = identity
        self._control = Worker("control", _carry_control)
        self._reader = EventReader(device, interface, backend, self.take_event, self.lose_phone)
        # A program that dies without closing must not end libusb under these threads.
        atexit.register(self.close)

    @property
    def wake(self) -> Any:
        """Wakes the thread that uses this transport."""
        return self._wake

    @property
    def identity(self) -> UsbIdentity:
        """See `Transport`."""
        return self._identity

    def write(self, parts: Iterable[Buffer], timeout: float) -> int:
        """See `Transport`."""
        try:
            return super().write(parts, timeout)
        except TransferFailed as error:
            raise self._explained(error) from error

    def read(self, wanted: int, timeout: float) -> Chunk:
        """See `Transport`."""
        try:
            return super().read(wanted, timeout)
        except TransferFailed as error:
            raise self._explained(error) from error

    def control_in(self, request: int, length: int, timeout: float, value: int = 0) -> bytes:
        """See `Transport`."""
        self._check_open()
        return bytes(self._request(_CLASS_IN, request, value, length, timeout))

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
            self._call(lambda: self._device.clear_halt(address))

    def reset(self) -> None:
        """See `Transport`. pyusb closes the device after a reset; it is opened and claimed again."""
        self._check_open()
        self._ring.discard()
        with self._reader.turn:
            self._call(self._device.reset)
            self._call(lambda: usb.util.claim_interface(self._device, self._interface.number))

    def close(self) -> None:
        """See `Transport`. Interrupted by Ctrl-C it may be called again, and goes on where it was."""
        if not self._open:
            return
        if self._settle():
            usb.util.dispose_resources(self._device)  # releases and closes, no more
        atexit.unregister(self.close)
        super().close()

    def _settle(self) -> bool:
        """Ends everything in flight. False: the system keeps a transfer, and closing would hang."""
        try:
            self._ring.discard()
        except TransportError:
            _log.exception("transfers did not end: left to the end of the process")
            return False
        ended = (self._driver.stop(), self._control.stop(), self._reader.stop())
        return all(ended)

    # --- the control pipe ---------------------------------------------------------------------------------

    def _request(self, kind: int, number: int, value: int, data: bytes | int, timeout: float) -> Any:
        """A request to the interface."""
        milliseconds = max(int(timeout * 1000), 1)
        index = self._interface.number
        return self._call(
            lambda: self._device.ctrl_transfer(kind, number, value, index, data, milliseconds), timeout
        )

    def _call(self, function: Callable[[], Any], timeout: float = 0.0) -> Any:
        """A call that blocks, in the control pipe's thread, while this one can be interrupted."""
        try:
            return self._in_thread(function, timeout)
        except TransferFailed as error:
            raise self._explained(error) from error

    def _in_thread(self, function: Callable[[], Any], timeout: float) -> Any:
        request = _ControlRequest(function, self)
        self._control.submit(request)
        while request.outcome is None:
            self._wake.wait(None)
        if request.trouble is not None:
            with translated(self._identity.node, timeout):
                raise request.trouble
        if request.outcome is not Outcome.COMPLETE:
            raise request.error()
        return request.answer

    def _explained(self, error: TransferFailed) -> TransportError:
        """Tells a pulled cable from a transfer that failed otherwise: see `LibusbTransport`."""
        if self._still_there():
            return TransportError(str(error))
        self.lose_phone()
        return PhoneGone("the phone left the bus")

    def _still_there(self) -> bool:
        """Asks the device for its status, which its kernel answers, until it does or is seen to be gone."""
        deadline = time.monotonic() + _STILL_THERE_SECONDS
        while (left := deadline - time.monotonic()) > 0:
            ask = partial(
                self._device.ctrl_transfer, _DEVICE_IN, _GET_STATUS, 0, 0, 2, max(int(left * 1000), 1)
            )
            try:
                self._in_thread(ask, left)
            except PhoneGone:
                return False
            except EndpointStalled:
                return True
            except (TransferFailed, TransportTimeout):
                time.sleep(0.02)
            else:
                return True
        return False


def _carry_control(request: Request) -> tuple[Outcome, int]:
    """In the control pipe's thread."""
    assert isinstance(request, _ControlRequest)
    try:
        request.answer = request.call()
    except usb.core.USBError as error:
        request.trouble = error
        return Outcome.FAILED, 0
    return Outcome.COMPLETE, 0
