"""Playing a recording back: the program talks to a phone that is not there."""

from __future__ import annotations

import json
import threading
from collections import deque
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from mtpbackup import errors
from mtpbackup.errors import ReplayDiverged, TransportError
from mtpbackup.transport.base import Buffer, Chunk, Endpoint, Speed, UsbIdentity
from mtpbackup.transport.trace import FORMAT


class ReplayTransport:
    """A `Transport` that answers as a recorded one did, as long as it is asked the same.

    Bytes that the recording left out are played back as zeros. A redacted one is compared by lengths only; the
    program is fed the masked names. Times and time-outs are not compared, nor are chunk sizes, which depend on
    `TransportOptions`.

    Args:
        path: a file written by `trace.Recording`.
        phone: which of the phones recorded in it.

    Raises:
        ReplayDiverged: the file is no recording, or has no such phone. Every method raises it where the program
            asks for something else than it did.
    """

    def __init__(self, path: Path, phone: int = 0) -> None:
        lines = [json.loads(line) for line in path.read_text(encoding="ascii").splitlines()]
        if not lines or lines[0].get("mtpbackup_recording") != FORMAT:
            raise ReplayDiverged(1, f"a recording of format {FORMAT}", "another file")
        self._redacted: bool = lines[0]["redacted"]
        numbered = [(n, line) for n, line in enumerate(lines, 1) if line.get("phone") == phone]
        if not numbered:
            raise ReplayDiverged(len(lines), "no such phone", f"phone {phone}")
        opened = numbered[0][1]
        told = opened["opened"]
        self._identity = UsbIdentity(
            **{**told, "ports": tuple(told["ports"]), "speed": Speed(told["speed"])},
        )
        self._packet_size: int = opened["packet_size"]
        self._calls: deque[tuple[int, dict[str, Any]]] = deque(
            (n, line) for n, line in numbered[1:] if line["call"] != "cancel"
        )
        self._line = numbered[0][0]
        self._events: deque[bytes] = deque()
        self._lock = threading.Lock()
        self._open = True

    @property
    def identity(self) -> UsbIdentity:
        """See `Transport`."""
        return self._identity

    @property
    def packet_size(self) -> int:
        """See `Transport`."""
        return self._packet_size

    def write(self, parts: Iterable[Buffer], timeout: float) -> int:
        """See `Transport`."""
        call = self._next("write")
        data = bytearray()
        error = _error(call)
        for part in parts:  # an exception in them comes through, as it did when it was recorded
            data += part
            if error is not None and len(data) >= call["size"]:
                break
        self._compare(call, data)
        self._fail(call)
        return len(data)

    def read(self, wanted: int, timeout: float) -> Chunk:
        """See `Transport`."""
        call = self._next("read")
        self._fail(call)
        data = _bytes(call)
        most = -(-wanted // self._packet_size) * self._packet_size
        if len(data) > most:
            raise ReplayDiverged(self._line, f"a read of {len(data)} bytes", f"one of at most {most}")
        return Chunk(memoryview(data), call["ended"])

    def stop_reading(self) -> int:
        """See `Transport`."""
        call = self._next("stop_reading")
        self._fail(call)
        return int(call["thrown"])

    def cancel(self) -> None:
        """Does nothing: calls that were cancelled end so by themselves."""

    def control_in(self, request: int, length: int, timeout: float, value: int = 0) -> bytes:
        """See `Transport`."""
        call = self._next("control_in", request=request, value=value, length=length)
        self._fail(call)
        return bytes(_bytes(call))

    def control_out(self, request: int, data: Buffer, timeout: float, value: int = 0) -> None:
        """See `Transport`."""
        call = self._next("control_out", request=request, value=value)
        self._compare(call, bytearray(data))
        self._fail(call)

    def clear_halt(self, endpoint: Endpoint) -> None:
        """See `Transport`."""
        self._fail(self._next("clear_halt", endpoint=endpoint.value))

    def reset(self) -> None:
        """See `Transport`."""
        self._fail(self._next("reset"))

    def next_event(self, timeout: float = 0.0) -> bytes | None:
        """The next packet that was recorded before the call that comes next. Never waits."""
        with self._lock:
            if not self._open:
                raise TransportError("this transport is closed")
            self._take_events()
            return self._events.popleft() if self._events else None

    def close(self) -> None:
        """See `Transport`. May come earlier than it did."""
        self._open = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _take_events(self) -> None:
        while self._calls and self._calls[0][1]["call"] == "event":
            self._line, call = self._calls.popleft()
            self._events.append(bytes(_bytes(call)))

    def _next(self, name: str, **arguments: Any) -> dict[str, Any]:
        """The recorded call, if it is the one that is made."""
        with self._lock:
            if not self._open:
                raise TransportError("this transport is closed")
            self._take_events()
            asked = _said(name, arguments)
            if not self._calls or self._calls[0][1]["call"] == "close":
                raise ReplayDiverged(self._line, "the end", asked)
            line, call = self._calls[0]
            recorded = _said(call["call"], {key: call.get(key) for key in arguments})
            if recorded != asked:
                raise ReplayDiverged(line, recorded, asked)
            self._calls.popleft()
            self._line = line
            return call

    def _compare(self, call: dict[str, Any], data: bytearray) -> None:
        """Compares what is sent with what was."""
        if len(data) != call["size"]:
            raise ReplayDiverged(self._line, f"{call['size']} bytes sent", f"{len(data)}")
        recorded = bytes.fromhex(call["data"])
        if not self._redacted and not data.startswith(recorded):
            raise ReplayDiverged(self._line, recorded[:64].hex(), data[: len(recorded)][:64].hex())

    def _fail(self, call: dict[str, Any]) -> None:
        """Raises what was raised."""
        error = _error(call)
        if error is not None:
            raise error
        if "error" in call:
            raise ReplayDiverged(self._line, f"{call['error']['kind']} raised by the program itself", "on")


def _said(name: str, arguments: dict[str, Any]) -> str:
    return f"{name}({', '.join(f'{key}={value}' for key, value in arguments.items())})"


def _error(call: dict[str, Any]) -> BaseException | None:
    """The exception that a transport raised in this call; None where the program's own parts did."""
    if "error" not in call:
        return None
    told = dict(call["error"])
    kind, text = told.pop("kind"), told.pop("text")
    if kind == KeyboardInterrupt.__name__:
        return KeyboardInterrupt()
    found = getattr(errors, kind, None)
    if not (isinstance(found, type) and issubclass(found, TransportError)):
        return None
    return found(**told) if told else found(text)


def _bytes(call: dict[str, Any]) -> bytearray:
    """The bytes of a call, with zeros for what was left out."""
    data = bytearray.fromhex(call["data"])
    return data + bytes(call["size"] - len(data))
