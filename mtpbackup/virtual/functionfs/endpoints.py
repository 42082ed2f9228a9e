"""Reading and writing the files of FunctionFS, in calls that another thread can end.

Such a call blocks in the kernel until the host asks. Python's own functions take a signal for a reason to call
again; so the C functions are called directly, and a signal to the blocked thread ends them with EINTR. One that
comes too early is lost, therefore it is sent until the call has ended.
"""

from __future__ import annotations

import ctypes
import errno
import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

#: Ends blocked calls. Its handler does nothing; without one it would end the process.
WAKE_SIGNAL: Final = signal.SIGUSR1

#: Seconds between two attempts to end a call.
_RETRY: Final = 0.005

_libc: Any = ctypes.CDLL(None, use_errno=True)
for _function in (_libc.read, _libc.write):
    _function.restype = ctypes.c_ssize_t
    _function.argtypes = (ctypes.c_int, ctypes.c_void_p, ctypes.c_size_t)


def allow_waking() -> None:
    """Installs the signal's handler. For the main thread, before any endpoint is used."""
    signal.signal(WAKE_SIGNAL, lambda number, frame: None)


class Endpoint:
    """One endpoint file. One thread at a time uses it."""

    def __init__(self, path: Path) -> None:
        self._fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        self._lock = threading.Condition()
        self._thread: int | None = None

    @property
    def blocked(self) -> bool:
        """Whether a call is under way."""
        return self._thread is not None

    def read(self, size: int, check: Callable[[], None]) -> bytes:
        """Waits for a transfer of the host, or for `size` bytes of it (whole packets).

        Args:
            size: bytes of whole packets.
            check: called before, and whenever `wake` was; what it raises ends the call.

        Raises:
            OSError: ESHUTDOWN when the function was switched off.
        """
        buffer = bytearray(size)
        got = self._call(_libc.read, (ctypes.c_char * size).from_buffer(buffer), size, check)
        return bytes(memoryview(buffer)[:got])

    def write(self, data: bytes, check: Callable[[], None]) -> None:
        """Waits until the host has taken `data`; nothing makes a zero-length packet.

        Args:
            data: what to send.
            check: as for `read`.

        Raises:
            OSError: as `read`.
        """
        self._call(_libc.write, data, len(data), check)

    def halt(self, *, to_host: bool, check: Callable[[], None]) -> None:
        """Stalls it: FunctionFS's way is a call in the wrong direction, which fails with EBADMSG."""
        try:
            if to_host:
                self._call(_libc.read, ctypes.create_string_buffer(1), 1, check)
            else:
                self._call(_libc.write, b"\0", 1, check)
        except OSError as error:
            if error.errno != errno.EBADMSG:
                raise

    def wake(self, meant: Callable[[], bool]) -> None:
        """Makes a blocked call look at its `check` again, until it has ended.

        Args:
            meant: whether the call under way is still the one to be ended, and not already the next.
        """
        with self._lock:
            while self._thread is not None and self._thread != threading.get_ident() and meant():
                signal.pthread_kill(self._thread, WAKE_SIGNAL)
                self._lock.wait(_RETRY)

    def close(self) -> None:
        """Closes the file."""
        os.close(self._fd)

    def _call(self, function: Any, buffer: Any, size: int, check: Callable[[], None]) -> int:
        with self._lock:
            self._thread = threading.get_ident()
        try:
            while True:
                check()  # what happened before is seen here, what happens from now on sends a signal
                result: int = function(self._fd, buffer, size)
                number = ctypes.get_errno()
                if result >= 0 or number != errno.EINTR:
                    break
        finally:
            with self._lock:
                self._thread = None
                self._lock.notify_all()
        if result < 0:
            raise OSError(number, os.strerror(number))
        return result
