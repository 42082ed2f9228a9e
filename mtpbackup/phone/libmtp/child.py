"""The child process: libmtp at the service of requests, as `python -m mtpbackup.phone.libmtp.child IN OUT`.

Its standard streams lead nowhere, since libmtp prints to them; the protocol has pipes of its own. One request
is answered at a time. When the pipe of requests ends, its parent is gone, and it ends at once.
"""

from __future__ import annotations

import os
import queue
import sys
import threading
from collections.abc import Callable
from functools import partial
from typing import Any, Final

from mtpbackup.errors import LibmtpFailed, LibmtpMismatch, LibmtpMissing, LibmtpUnsupported
from mtpbackup.phone.libmtp.frames import BrokenPipes, FrameKind, receive, receive_json, send, send_json

#: Bytes of content asked for at once.
_PIECE: Final = 256 * 1024

#: Errors that the parent raises anew, with what they are made of.
_FACTS: dict[type[Exception], Callable[[Any], str]] = {
    LibmtpMissing: lambda error: error.library,
    LibmtpUnsupported: lambda error: error.version,
    LibmtpMismatch: lambda error: error.structure,
    LibmtpFailed: lambda error: error.text,
}


class Child:
    """Answers requests.

    Args:
        requests: descriptor to read from.
        answers: descriptor to write to.
        load: makes the library, when the first request comes.
    """

    def __init__(self, requests: int, answers: int, load: Callable[[], Any]) -> None:
        self._requests = requests
        self._answers = answers
        self._load = load
        self._library: Any = None
        self._device: Any = None
        self._queue: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        self._content: queue.SimpleQueue[bytes] = queue.SimpleQueue()

    def serve(self) -> None:
        """Answers until it is told to end."""
        threading.Thread(target=self._listen, daemon=True).start()
        while (request := self._queue.get())["do"] != "end":
            try:
                send_json(self._answers, FrameKind.RESULT, self._answer(request))
            except tuple(_FACTS) as error:
                fact = _FACTS[type(error)](error)
                send_json(self._answers, FrameKind.ERROR, {"error": type(error).__name__, "fact": fact})
        if self._device is not None:
            self._device.close()
        send_json(self._answers, FrameKind.RESULT, None)

    def _listen(self) -> None:
        while True:
            try:
                kind, body = receive(self._requests)
                request = {} if kind is FrameKind.DATA else receive_json(body)
            except BrokenPipes:
                os._exit(1)  # whatever libmtp is doing
            if kind is FrameKind.DATA:
                self._content.put(body)
            else:
                self._queue.put(request)

    def _want(self, pending: bytearray, wanted: int) -> bytes:
        """The next bytes of what is being sent; fewer than wanted only where there are no more.

        libmtp asks for 16 KiB at a time and takes less for a failure, so more is fetched at once, and kept.
        """
        while len(pending) < wanted:
            send_json(self._answers, FrameKind.WANT, _PIECE)
            body = self._content.get()
            if not body:
                break
            pending += body
        piece = bytes(pending[:wanted])
        del pending[:wanted]
        return piece

    def _answer(self, request: dict[str, Any]) -> object:
        if self._library is None:
            self._library = self._load()
        match request["do"]:
            case "detect":
                return self._library.detect()
            case "open":
                self._device = self._library.open(request["bus"], request["address"])
                return self._device.identity() | {"version": self._library.version}
            case "storages":
                return self._device.storages()
            case "list":
                return self._device.children(request["storage"], request["parent"])
            case "part":
                data = self._device.part(request["handle"], request["offset"], request["length"])
                send(self._answers, FrameKind.DATA, data)
                return len(data)
            case "stream":
                self._device.stream(request["handle"], partial(send, self._answers, FrameKind.DATA))
                return None
            case "send":
                handle, failed = self._device.send(
                    (request["storage"], request["parent"]),
                    request["name"],
                    request["size"],
                    request["seconds"],
                    partial(self._want, bytearray()),
                )
                return {"handle": handle, "failed": failed}
            case "folder":
                return self._device.make_folder((request["storage"], request["parent"]), request["name"])
            case "delete":
                return self._device.delete(request["handle"])
            case other:
                raise LibmtpFailed(f"no such request: {other}")


def main() -> None:
    """Runs the child."""
    from mtpbackup.phone.libmtp.native import Library  # noqa: PLC0415 - tests serve another one

    requests, answers = map(int, sys.argv[1:3])
    try:
        Child(requests, answers, Library).serve()
    except BrokenPipes:
        os._exit(1)


if __name__ == "__main__":
    main()
