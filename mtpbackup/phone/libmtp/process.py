"""The parent's end: starts the child, asks it, and ends it when it does not answer any more."""

from __future__ import annotations

import contextlib
import os
import select
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Sequence
from typing import Any, Final

from mtpbackup.errors import (
    LibmtpCrashed,
    LibmtpFailed,
    LibmtpHung,
    LibmtpMismatch,
    LibmtpMissing,
    LibmtpUnsupported,
    TransportError,
)
from mtpbackup.phone.libmtp.frames import BrokenPipes, FrameKind, receive, receive_json, send, send_json
from mtpbackup.transport.base import Buffer

#: Seconds without a byte from the child after which it hangs. libmtp itself gives a phone 20 s for a transfer.
#: A folder is listed in one call of libmtp's, object by object, without a word: `LISTING` for 20,000 of them.
PATIENCE: Final = 90.0
LISTING: Final = 900.0
#: Seconds in which it has to let go of the phone.
_CLOSING: Final = 10.0

_ERRORS: Final = {
    error.__name__: error for error in (LibmtpMissing, LibmtpUnsupported, LibmtpMismatch, LibmtpFailed)
}

#: `-P`: no module is taken from the folder that the program runs in, which may hold a phone's files.
COMMAND: Final = (sys.executable, "-P", "-m", "mtpbackup.phone.libmtp.child")


def _nothing(_wanted: int) -> Buffer:
    return b""


class ChildProcess:
    """A child with libmtp in it, started at once.

    A fresh interpreter, no fork: threads and libusb of this process do not mix with it. It has a session of its
    own, so that Ctrl-C reaches this process alone, which then decides.

    Args:
        command: what to start; two descriptor numbers are added.
        patience: seconds without a sign of life after which it hangs.
    """

    def __init__(self, command: Sequence[str] = COMMAND, patience: float = PATIENCE) -> None:
        self._patience = patience
        self._busy = False
        requests, self._to = os.pipe()
        self._from, answers = os.pipe()
        try:
            self._process = subprocess.Popen(
                [*command, str(requests), str(answers)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=(requests, answers),
                start_new_session=True,
                # libmtp turns the phone's local times into seconds by the time zone here. This one has no gaps.
                env={**os.environ, "TZ": "UTC0"},
            )
        except BaseException:
            os.close(self._to)
            os.close(self._from)
            raise
        finally:
            os.close(requests)
            os.close(answers)

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether it can be asked."""
        return self._process.poll() is None

    def ask(
        self,
        do: str,
        *,
        patience: float | None = None,
        give: Callable[[int], Buffer] = _nothing,
        **facts: object,
    ) -> Any:
        """Asks for something of which no content comes. Arguments as for `ask_content`.

        Raises:
            LibmtpMissing, LibmtpUnsupported, LibmtpMismatch, LibmtpFailed: so it answers.
            LibmtpCrashed, LibmtpHung: it ended, or was ended.
        """
        answer = self.ask_content(do, patience=patience, give=give, **facts)
        try:
            while True:
                next(answer)
        except StopIteration as end:
            return end.value

    def ask_content(
        self,
        do: str,
        *,
        patience: float | None = None,
        give: Callable[[int], Buffer] = _nothing,
        **facts: object,
    ) -> Generator[bytes, None, Any]:
        """Asks for something that has content, and hands it on as it comes. Returns the result.

        Args:
            do: what to do.
            patience: seconds without a sign of life after which it hangs.
            give: gives the next content for the child, at most so many bytes; none when there is no more.
            facts: what the request is about.

        Raises:
            LibmtpMissing, LibmtpUnsupported, LibmtpMismatch, LibmtpFailed, LibmtpCrashed, LibmtpHung: as `ask`.
        """
        if not self.running:
            raise self._crashed(do)
        patience = self._patience if patience is None else patience
        if self._busy:
            self.kill()  # an answer was broken off: what comes next would be its rest
            raise LibmtpFailed("interrupted")
        self._busy = True
        try:
            send_json(self._to, FrameKind.REQUEST, {"do": do, **facts})
            while True:
                kind, body = receive(self._from, lambda: self._wait(do, patience))
                if kind is FrameKind.DATA:
                    yield body
                    continue
                if kind is FrameKind.WANT:
                    send(self._to, FrameKind.DATA, memoryview(give(receive_json(body))).cast("B"))
                    continue
                self._busy = False
                answer = receive_json(body)
                if kind is FrameKind.RESULT:
                    return answer
                raise _ERRORS[answer["error"]](answer["fact"])
        except BrokenPipes as error:
            with contextlib.suppress(subprocess.TimeoutExpired):  # it lives, and talks nonsense
                self._process.wait(_CLOSING)
            raise self._crashed(do) from error

    def close(self) -> None:
        """Has it let go of the phone and end; ends it where it does not. May be called again."""
        if self.running and not self._busy:
            with contextlib.suppress(TransportError, subprocess.TimeoutExpired):
                self.ask("end", patience=_CLOSING)
                self._process.wait(_CLOSING)
        self.kill()

    def kill(self) -> None:
        """Ends it, whatever it does. May be called again."""
        if self.running:
            self._process.kill()
            self._process.wait()
        for name in ("_to", "_from"):
            fd = getattr(self, name)
            if fd >= 0:
                setattr(self, name, -1)
                os.close(fd)

    def _wait(self, doing: str, patience: float) -> None:
        """Waits for a sign of life."""
        deadline = time.monotonic() + patience
        while not select.select([self._from], [], [], max(deadline - time.monotonic(), 0.0))[0]:
            if time.monotonic() >= deadline:
                self.kill()
                raise LibmtpHung(doing, patience)

    def _crashed(self, doing: str) -> LibmtpCrashed:
        code = self._process.returncode
        self.kill()
        return LibmtpCrashed(doing, -code if code is not None and code < 0 else None)
