"""The processes that make small pictures: a few, one picture at a time each, started anew when one dies."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import queue
import signal
import socket
import subprocess
import sys
import threading
from types import TracebackType
from typing import Any, Final, Self

log = logging.getLogger(__name__)

#: Seconds of processor time that one picture may take.
TIME: Final = 10.0
#: Seconds by the clock. More of them: on a busy computer these processes have the last turn, and a disk may
#: have to wake up; a good picture is not to be given up for either.
PATIENCE: Final = 60.0
#: Pictures after which a process is replaced: what it may have lost of its memory comes back.
_LIFE: Final = 500
_LONGEST_ANSWER: Final = 200_000


class _Worker:
    """One process, and the channel to it."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            # -P: the folder a person is in may hold a `json.py` of anybody's.
            environment = {**os.environ, "MALLOC_ARENA_MAX": "2"}
            self.process = subprocess.Popen(
                [sys.executable, "-P", "-m", "mtpbackup.thumbnails.worker", str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=environment,
            )
        self.channel = ours
        self.answered = 0

    def ask(self, question: dict[str, Any], descriptor: int, seconds: float) -> bytes:
        """One question; empty when the process died of it.

        Raises:
            TimeoutError: it took too long, of the processor or by the clock.
        """
        self.channel.settimeout(seconds)
        self.answered += 1
        try:
            socket.send_fds(self.channel, [json.dumps(question).encode()], [descriptor])
            said = self.channel.recv(_LONGEST_ANSWER)
        except (BrokenPipeError, ConnectionResetError):
            said = b""
        if not said and self.process.wait() == -signal.SIGPROF:
            raise TimeoutError
        return said

    def end(self) -> None:
        """Ends it, whatever it is doing."""
        self.channel.close()
        self.process.kill()
        self.process.wait()


class Pool:
    """Makes thumbnails and reads details. For any thread; a call waits for its turn. Close it.

    Attributes:
        patience: seconds by the clock that one picture may take.
    """

    def __init__(self, size: int = 2, *, seconds: float = TIME, patience: float = PATIENCE) -> None:
        """Starts nothing yet.

        Args:
            size: processes at once.
            seconds: of processor time that one picture may take.
            patience: seconds by the clock that it may take.
        """
        self._seconds = seconds
        self.patience = patience
        self._slots: queue.LifoQueue[_Worker | None] = queue.LifoQueue()
        for _ in range(size):
            self._slots.put(None)
        self._closed = threading.Event()
        self._size = size
        self._lock = threading.Lock()
        self._alive: set[_Worker] = set()

    def thumbnail(self, descriptor: int) -> bytes | None:
        """A JPEG of at most 320 pixels, or None where none can be made.

        Args:
            descriptor: a file, open for reading; stays the caller's, its position is changed.
        """
        made = self._ask({"op": "thumbnail"}, descriptor)
        return made[1:] if made[:1] == b"T" else None

    def from_head(self, head: bytes, phones_own: bytes) -> bytes | None:
        """A JPEG made of the first bytes of a picture, or of the phone's own thumbnail; see `head`."""
        descriptor = os.memfd_create("picture")
        try:
            with open(os.dup(descriptor), "wb") as file:  # noqa: PTH123 - it has no path
                file.write(head + phones_own)
            made = self._ask({"op": "head", "head": len(head)}, descriptor)
        finally:
            os.close(descriptor)
        return made[1:] if made[:1] == b"T" else None

    def details(self, descriptor: int) -> dict[str, Any]:
        """What a picture tells of itself; empty where it tells nothing. See `details`."""
        said = self._ask({"op": "details"}, descriptor)
        return json.loads(said[1:]) if said[:1] == b"D" else {}

    def processes(self) -> list[int]:
        """Numbers of the processes that wait for work, for measuring them."""
        with self._slots.mutex:
            return [worker.process.pid for worker in self._slots.queue if worker is not None]

    def close(self) -> None:
        """Ends the processes, also those at work: what they make is wanted by nobody any more."""
        with self._lock:
            if self._closed.is_set():
                return
            self._closed.set()
            for worker in self._alive:
                worker.process.kill()
        for _ in range(self._size):
            left = self._slots.get()
            if left is not None:
                left.end()
        for _ in range(self._size):
            self._slots.put(None)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _ask(self, question: dict[str, Any], descriptor: int) -> bytes:
        """One question to whichever process is free; what went wrong is an answer, too.

        A process that is found dead may have died of something else, as when memory ran out: so a second one is
        asked before the picture is blamed. One that took too long is not.
        """
        worker = self._slots.get()
        try:
            said = b""
            for _ in range(2):
                worker = worker or self._begun()
                if worker is None:
                    return b"Nclosed"
                os.lseek(descriptor, 0, os.SEEK_SET)
                try:
                    said = worker.ask({**question, "seconds": self._seconds}, descriptor, self.patience)
                except TimeoutError:
                    log.info("a picture took too long")
                    said = b"Ntoo slow"
                    worker.answered = _LIFE
                if not said:
                    log.info("a process that makes thumbnails ended; it is started anew")
                if not said or worker.answered >= _LIFE:
                    self._end(worker)
                    worker = None
                if said:
                    break
            if said[:1] == b"N":
                log.debug("no thumbnail: %s", said[1:].decode(errors="replace"))
            return said or b"Ndied"
        except BaseException:
            if worker is not None:
                with contextlib.suppress(OSError):
                    self._end(worker)
                worker = None
            raise
        finally:
            self._slots.put(worker)

    def _begun(self) -> _Worker | None:
        """A new process; None when the pool is closed."""
        with self._lock:
            if self._closed.is_set():
                return None
            worker = _Worker()
            self._alive.add(worker)
            return worker

    def _end(self, worker: _Worker) -> None:
        with self._lock:
            self._alive.discard(worker)
        worker.end()
