"""One claimed interface of a real phone, through pyusb."""

from __future__ import annotations

import atexit
import logging
from collections.abc import Callable
from functools import partial
from typing import Any

import usb.core
import usb.util

from mtpbackup.errors import TransportError
from mtpbackup.transport.base import TransportOptions, UsbIdentity
from mtpbackup.transport.match import MtpInterface
from mtpbackup.transport.pyusb.library import ExactBackend, translated
from mtpbackup.transport.pyusb.old_library import OldBackend
from mtpbackup.transport.pyusb.pipes import EventReader, PyusbDriver, Worker
from mtpbackup.transport.requests import Outcome, Request
from mtpbackup.transport.usb import UsbTransport

_log = logging.getLogger(__name__)


class _ControlRequest(Request):
    """A call on the control pipe, and what it raised."""

    __slots__ = ("answer", "call", "trouble")

    def __init__(self, call: Callable[[], Any], transport: PyusbTransport) -> None:
        super().__init__("control", memoryview(b""), transport.wake)
        self.call = call
        self.answer: Any = None
        self.trouble: usb.core.USBError | None = None


class PyusbTransport(UsbTransport):
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
        super().__init__(self._driver, interface, identity, options)
        self._device = device
        self._worker = Worker("control", _carry_control)
        self._reader = EventReader(device, interface, backend, self.take_event, self.lose_phone)
        # A program that dies without closing must not end libusb under these threads.
        atexit.register(self.close)

    @property
    def wake(self) -> Any:
        """Wakes the thread that uses this transport."""
        return self._wake

    def reset(self) -> None:
        """See `Transport`. pyusb closes the device after a reset; it is opened and claimed again."""
        self._check_open()
        self._ring.discard()
        with self._reader.turn:
            self._explaining(lambda: self._in_thread(self._device.reset))
            claim = partial(usb.util.claim_interface, self._device, self._interface.number)
            self._explaining(lambda: self._in_thread(claim))

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
        ended = (self._driver.stop(), self._worker.stop(), self._reader.stop())
        return all(ended)

    # --- the control pipe ---------------------------------------------------------------------------------

    def _control(
        self, kind: int, number: int, value: int, index: int, data: bytes | int, timeout: float
    ) -> bytes:
        """See `UsbTransport`."""
        milliseconds = max(int(timeout * 1000), 1)
        ask = partial(self._device.ctrl_transfer, kind, number, value, index, data, milliseconds)
        answer = self._in_thread(ask, timeout)
        return bytes(answer) if isinstance(data, int) else b""

    def _clear(self, address: int) -> None:
        """See `UsbTransport`."""
        self._in_thread(partial(self._device.clear_halt, address))

    @property
    def _listens(self) -> bool:
        """See `UsbTransport`."""
        return self._reader.listens

    def _in_thread(self, function: Callable[[], Any], timeout: float = 0.0) -> Any:
        """A call that blocks, in the control pipe's thread, while this one can be interrupted."""
        request = _ControlRequest(function, self)
        self._worker.submit(request)
        while request.outcome is None:
            self._wake.wait(None)
        if request.trouble is not None:
            with translated(self._identity.node, timeout):
                raise request.trouble
        if request.outcome is not Outcome.COMPLETE:
            raise request.error()
        return request.answer


def _carry_control(request: Request) -> tuple[Outcome, int]:
    """In the control pipe's thread."""
    assert isinstance(request, _ControlRequest)
    try:
        request.answer = request.call()
    except usb.core.USBError as error:
        request.trouble = error
        return Outcome.FAILED, 0
    return Outcome.COMPLETE, 0
