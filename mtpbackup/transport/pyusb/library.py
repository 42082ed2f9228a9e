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


class ReadBroke(usb.core.USBError):  # type: ignore[misc]  # pyusb has no types
    """A bulk read that ended otherwise than well.

    Attributes:
        came: bytes that had come by then.
        in_time: whether it ended before its time.
    """

    def __init__(self, code: int, came: int) -> None:
        super().__init__(f"bulk read ended with {code}", code, _ERRNO.get(code))
        self.came = came
        self.in_time = code != _TIMEOUT


class ExactBackend:
    """pyusb's backend with a bulk read that tells more.

    pyusb does not say how much had come when the phone stalled, nor whether whole packets were followed by an
    empty one or by the end of the time. This one does; all else is pyusb's.
    """

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
            raise ReadBroke(code, came.value)
        return came.value


def exact_backend() -> ExactBackend:
    """pyusb's way to libusb-1.0: the system's, or else the one that the package libusb-package carries.

    Raises:
        LibraryMissing: there is neither.
    """
    found = usb.backend.libusb1.get_backend()
    if found is None:
        with contextlib.suppress(ImportError):
            import libusb_package  # noqa: PLC0415  (only needed where the system has none)

            found = usb.backend.libusb1.get_backend(lambda _name: str(libusb_package.get_library_path()))
    if found is None:
        raise LibraryMissing("libusb-1.0")
    return ExactBackend(found)


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
