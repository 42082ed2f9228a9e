"""Finding libusb by way of pyusb, and saying in our words what it says in its own."""

from __future__ import annotations

import contextlib
import ctypes
import errno
from collections.abc import Iterator
from typing import Any, Final

import usb.backend.libusb1
import usb.core

from mtpbackup.errors import (
    AccessDenied,
    EndpointStalled,
    InterfaceBusy,
    LibraryMissing,
    PhoneGone,
    TransferOverflow,
    TransportError,
    TransportTimeout,
)
from mtpbackup.transport.holders import holders
from mtpbackup.transport.pyusb.old_library import OldBackend, old_backend
from mtpbackup.transport.pyusb.reading import ReadBroke
from mtpbackup.transport.requests import Outcome, TransferFailed

#: How a transfer ended, by the errno that pyusb gives an error.
_OUTCOMES: Final = {
    errno.ENODEV: Outcome.GONE,
    # An endpoint that is not there any more: the phone changed its USB mode.
    errno.ENOENT: Outcome.GONE,
    errno.EPIPE: Outcome.STALLED,
    errno.EOVERFLOW: Outcome.OVERFLOW,
}


#: enum libusb_error, as errno.
_ERRNO: Final = {
    -1: errno.EIO,
    -4: errno.ENODEV,
    -5: errno.ENOENT,
    -8: errno.EOVERFLOW,
    -9: errno.EPIPE,
    -11: errno.ENOMEM,
}
_TIMEOUT: Final = -7


class ExactBackend:
    """pyusb's backend over libusb-1.0, with a bulk read that tells more.

    pyusb does not say how much had come when the phone stalled, nor whether whole packets were followed by an
    empty one or by the end of the time. This one does; all else is pyusb's.

    Attributes:
        one_packet: whether a bulk call may move one packet only.
        largest: bytes of one bulk call at most.
        slice_ms: milliseconds of one bulk call: long enough that a slow bus is not interrupted all the time,
            short enough that nobody waits for a withdrawal.
        event_ms, event_pause: milliseconds of one interrupt read, and seconds between two.
    """

    one_packet = False
    largest = 256 * 1024
    slice_ms = 100
    event_ms = 100
    event_pause = 0.0

    def __init__(self, backend: Any) -> None:
        self._backend = backend

    def __getattr__(self, name: str) -> Any:
        return getattr(self._backend, name)

    def bulk_read(self, handle: Any, endpoint: int, interface: int, buffer: Any, timeout: int) -> int:
        """See `usb.backend.IBackend.bulk_read`.

        Raises:
            ReadBroke: it ended by its time, or badly.
        """
        address, length = buffer.buffer_info()
        came = ctypes.c_int()
        code = self._backend.lib.libusb_bulk_transfer(
            handle.handle,
            endpoint,
            ctypes.cast(address, ctypes.POINTER(ctypes.c_ubyte)),
            length,
            ctypes.byref(came),
            timeout,
        )
        if code:
            raise ReadBroke(_ERRNO.get(code), came.value, in_time=code != _TIMEOUT)
        return came.value


def usb_backend() -> ExactBackend | OldBackend:
    """pyusb's way to USB: the system's libusb-1.0, or that of the package libusb-package, or libusb 0.1.

    Raises:
        LibraryMissing: there is none of them.
    """
    found = usb.backend.libusb1.get_backend()
    if found is None:
        with contextlib.suppress(ImportError):
            import libusb_package  # noqa: PLC0415  (only needed where the system has none)

            found = usb.backend.libusb1.get_backend(lambda _name: str(libusb_package.get_library_path()))
    if found is not None:
        return ExactBackend(found)
    old = old_backend()
    if old is None:
        raise LibraryMissing("libusb-1.0")
    return old


def outcome_of(error: usb.core.USBError) -> Outcome:
    """How the transfer ended that raised this."""
    return _OUTCOMES.get(error.errno or 0, Outcome.FAILED)


def meaning_of(error: usb.core.USBError, node: str) -> TransportError:
    """Our exception for one of pyusb's.

    Args:
        error: raised by something else than a bulk transfer.
        node: the device node it is about.
    """
    match error.errno:
        case errno.ENODEV | errno.ENOENT:
            return PhoneGone("the phone left the bus, or changed its USB mode")
        case errno.EACCES:
            return AccessDenied(node)
        case errno.EBUSY:
            return InterfaceBusy(node, holders(node))
        case errno.EPIPE:
            return EndpointStalled("control")
        case errno.EOVERFLOW:
            return TransferOverflow("more came than was asked for")
        case errno.EIO:
            return TransferFailed("input/output error on control")
        case _:
            return TransportError(f"{type(error).__name__} on control: {error}")


@contextlib.contextmanager
def translated(node: str = "", timeout: float = 0.0) -> Iterator[None]:
    """Turns exceptions of pyusb into ours, the cause kept."""
    try:
        yield
    except usb.core.USBTimeoutError as error:
        raise TransportTimeout("control", timeout) from error
    except usb.core.USBError as error:
        raise meaning_of(error, node) from error
