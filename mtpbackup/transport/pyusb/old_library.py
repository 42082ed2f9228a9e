"""libusb 0.1 by way of pyusb, for systems that have nothing newer.

What is wanting in it (its `linux.c`, `usb_urb_transfer`) is made up for here, at the price of speed:

- It takes the end of anybody's transfer for that of its own, so only one call may be under way at a time.
- A call whose time is over does not say how much had come or gone. So each moves one packet, which comes whole
  or not at all. A buffer begins with a mark: where it is gone although the time was over, a packet came in that
  very moment, and nobody knows its length. That is a failure, or for an event told by the event itself.
- It does not tell a halted endpoint from an empty packet. The phone is asked.
"""

from __future__ import annotations

import array
import errno
import os
import struct
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, Final

import usb.backend.libusb0
import usb.core

from mtpbackup.transport.pyusb.reading import ReadBroke

#: Seconds in which another thread gets its turn, after a read that came to nothing.
_PAUSE: Final = 0.001
_MARK: Final = os.urandom(16)
#: Bytes of a container that tell its length. PIMA 15740 over USB, section 7.1.
_LENGTH: Final = struct.Struct("<I")
#: GET_STATUS of an endpoint, and how long a phone may take for it. USB 2.0, sections 9.4.5 and 9.6.6.
_ENDPOINT_IN, _GET_STATUS, _STATUS_MS = 0x82, 0, 1000


class OldBackend:
    """pyusb's backend over libusb 0.1, with one call at a time. Attributes as those of `ExactBackend`."""

    one_packet = True
    largest = 1024
    slice_ms = 100
    #: Events wait while nothing else may be asked: looked for shortly and seldom.
    event_ms = 5
    event_pause = 0.2

    def __init__(self, backend: Any) -> None:
        self._backend = backend
        self._turn = threading.Lock()

    def __getattr__(self, name: str) -> Any:
        function = getattr(self._backend, name)
        return self._guarded(function) if callable(function) else function

    def enumerate_devices(self) -> Iterator[Any]:
        """See `usb.backend.IBackend.enumerate_devices`."""
        # It looks once where devices are to be found, and never again on a computer that had none then.
        usb.backend.libusb0._lib.usb_init()
        try:
            return iter(self._guarded(lambda: list(self._backend.enumerate_devices()))())
        except usb.core.USBError as error:
            if error.errno == errno.ENOENT:  # not a single device
                return iter(())
            raise

    def bulk_read(self, handle: Any, endpoint: int, interface: int, buffer: Any, timeout: int) -> int:
        """See `usb.backend.IBackend.bulk_read`.

        Raises:
            ReadBroke: it ended by its time, or badly.
        """
        view = memoryview(buffer).cast("B")
        view[: len(_MARK)] = mark = _MARK[: len(view)]
        try:
            came = int(self._guarded(self._backend.bulk_read)(handle, endpoint, interface, buffer, timeout))
            if not came:
                self._raise_if_halted(handle, endpoint)
        except usb.core.USBTimeoutError as error:
            time.sleep(_PAUSE)
            lost = view[: len(mark)] != mark
            raise ReadBroke(errno.EIO if lost else errno.ETIMEDOUT, 0, in_time=lost) from error
        except usb.core.USBError as error:
            raise ReadBroke(error.errno, 0, in_time=True) from error
        return came

    def bulk_write(self, handle: Any, endpoint: int, interface: int, data: Any, timeout: int) -> int:
        """See `usb.backend.IBackend.bulk_write`.

        Raises:
            USBError: it ended by its time, or badly.
        """
        sent = int(self._guarded(self._backend.bulk_write)(handle, endpoint, interface, data, timeout))
        if not sent:
            self._raise_if_halted(handle, endpoint)
        return sent

    def intr_read(self, handle: Any, endpoint: int, interface: int, buffer: Any, timeout: int) -> int:
        """See `usb.backend.IBackend.intr_read`.

        Raises:
            USBError: it ended by its time, or badly.
        """
        view = memoryview(buffer).cast("B")
        view[: len(_MARK)] = mark = _MARK[: len(view)]
        try:
            return int(self._guarded(self._backend.intr_read)(handle, endpoint, interface, buffer, timeout))
        except usb.core.USBTimeoutError:
            if view[: len(mark)] == mark:
                raise
            length: int = _LENGTH.unpack_from(view)[0]
            return min(length, len(view))

    def _raise_if_halted(self, handle: Any, endpoint: int) -> None:
        status = array.array("B", bytes(2))
        self._guarded(self._backend.ctrl_transfer)(
            handle, _ENDPOINT_IN, _GET_STATUS, 0, endpoint, status, _STATUS_MS
        )
        if status[0] & 1:
            raise usb.core.USBError("the endpoint is halted", None, errno.EPIPE)

    def _guarded(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            with self._turn:
                try:
                    return function(*arguments)
                except usb.core.USBTimeoutError:
                    raise
                except usb.core.USBError as error:
                    # pyusb leaves out errno here.
                    code = error.backend_error_code
                    raise usb.core.USBError(str(error), code, -code if code and code < 0 else None) from error

        return call


def old_backend() -> OldBackend | None:
    """libusb 0.1; None where there is none."""
    found = usb.backend.libusb0.get_backend()
    return None if found is None else OldBackend(found)
