"""Finding libusb itself, and saying in our words what it says in its own."""

from __future__ import annotations

import atexit
import contextlib
import ctypes
import logging
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import usb1

from mtpbackup.errors import (
    AccessDenied,
    EndpointStalled,
    InterfaceBusy,
    LibraryMissing,
    PhoneGone,
    TransferOverflow,
    TransportError,
)
from mtpbackup.transport.holders import holders
from mtpbackup.transport.requests import NoRoom, TransferFailed

_log = logging.getLogger(__name__)

#: What a foreign exception means, given the pipe and the device node it is about.
_MEANINGS: dict[type[Exception], Callable[[str, str], Exception]] = {
    usb1.USBErrorNoDevice: lambda pipe, node: PhoneGone("the phone left the bus"),
    # An interface or device that is not there any more: the phone changed its USB mode.
    usb1.USBErrorNotFound: lambda pipe, node: PhoneGone("the phone changed its USB mode"),
    usb1.USBErrorAccess: lambda pipe, node: AccessDenied(node),
    usb1.USBErrorBusy: lambda pipe, node: InterfaceBusy(node, holders(node)),
    usb1.USBErrorPipe: lambda pipe, node: EndpointStalled(pipe),
    usb1.USBErrorOverflow: lambda pipe, node: TransferOverflow("more came than was asked for"),
    usb1.USBErrorIO: lambda pipe, node: TransferFailed(f"input/output error on {pipe}"),
    usb1.USBErrorNoMem: lambda pipe, node: NoRoom(f"no memory for a transfer on {pipe}"),
}


def meaning_of(error: usb1.USBError, pipe: str = "control", node: str = "") -> Exception:
    """Our exception for one of libusb's."""
    meaning = _MEANINGS.get(type(error))
    return meaning(pipe, node) if meaning is not None else TransportError(f"{type(error).__name__} on {pipe}")


@contextlib.contextmanager
def translated(pipe: str = "control", node: str = "") -> Iterator[None]:
    """Turns exceptions of libusb into ours, the cause kept."""
    try:
        yield
    except usb1.USBError as error:
        raise meaning_of(error, pipe, node) from error


def load_library() -> None:
    """Loads libusb: the system's, which follows udev, or else the one that the package libusb-package carries.

    Raises:
        LibraryMissing: there is neither.
    """
    try:
        usb1.loadLibrary()
        return
    except OSError as error:
        missing = error
    try:
        import libusb_package  # noqa: PLC0415  (only needed where the system has none)

        path = libusb_package.get_library_path()
        if path is None:
            raise LibraryMissing("libusb-1.0") from missing
        usb1.loadLibrary(ctypes.CDLL(str(path), use_errno=True))
    except (ImportError, OSError) as error:
        raise LibraryMissing("libusb-1.0") from error


def open_context() -> Any:
    """A new libusb context.

    Raises:
        LibraryMissing: no libusb on this computer.
    """
    load_library()
    with translated():
        return usb1.USBContext().open()


class EventLoop:
    """The thread that handles a context's events."""

    def __init__(self, context: Any) -> None:
        self._context = context
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="libusb events", daemon=True)
        self._thread.start()
        # A program that dies without closing must not end libusb under this thread: that aborts. Called before
        # what usb1 does at exit, as that was registered with the context, earlier.
        atexit.register(self.stop)

    def _run(self) -> None:
        while not self._stopping:
            try:
                self._context.handleEvents()
            except usb1.USBErrorInterrupted:
                continue
            except usb1.USBError:
                _log.exception("libusb could not handle events")
                time.sleep(0.1)  # not to spin; whoever waits has a time-out

    def stop(self) -> None:
        """Ends the thread. May be called again."""
        self._stopping = True
        atexit.unregister(self.stop)
        if self._thread.is_alive():
            self._context.interruptEventHandler()
            self._thread.join()
