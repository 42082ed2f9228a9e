"""Recording what crosses the seam to USB, for bug reports.

A recording is a text file with one JSON object a line. The first line tells the format; then, for each opened
phone, a line with `opened`, and one for each call with the number of the phone (`phone`), seconds since the
start (`at`), how long it took (`took`), its arguments, its bytes in hex (`data`), their number (`size`), and
`error` if it failed. Of long payloads the first bytes are kept, and a SHA-256 of all.

`replay.ReplayTransport` plays it back. What is left out on request: see `redaction`.
"""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from mtpbackup.errors import TransportError
from mtpbackup.transport.base import (
    Buffer,
    Chunk,
    Endpoint,
    Finder,
    FoundPhone,
    Transport,
    TransportOptions,
    UsbIdentity,
)
from mtpbackup.transport.redaction import Crossing, Redactor, mask_secret

FORMAT = 1

#: Bytes of one call that are kept.
KEPT = 16 * 1024


class Recording:
    """A file that transports are recorded in. May be used by several of them, and by several threads.

    Args:
        path: the file; one that exists is overwritten.
        kept: bytes of one call that are kept at most.
        redactor: takes names and serial numbers out; None to keep all.
        clock: seconds, to tell times by.
    """

    def __init__(
        self,
        path: Path,
        *,
        kept: int = KEPT,
        redactor: Redactor | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.kept = kept
        self.redactor = redactor
        self.clock = clock
        self._start = clock()
        self._phones = 0
        self._lock = threading.Lock()
        # Line by line, so that a crash leaves what came before it.
        self._file = path.open("w", encoding="ascii", buffering=1)
        self._write({"mtpbackup_recording": FORMAT, "redacted": redactor is not None})

    def add_phone(self, identity: UsbIdentity, packet_size: int) -> int:
        """Notes that a phone was opened. Returns its number."""
        if self.redactor is not None:
            identity = replace(identity, serial="x" * len(identity.serial))
        with self._lock:
            phone, self._phones = self._phones, self._phones + 1
            self._write(
                {"phone": phone, "at": self.now(), "opened": asdict(identity), "packet_size": packet_size}
            )
        return phone

    def add(self, entry: dict[str, Any]) -> None:
        """Adds a line. After `close` it does nothing."""
        with self._lock:
            if not self._file.closed:
                self._write(entry)

    def now(self) -> float:
        """Seconds since the start."""
        return round(self.clock() - self._start, 6)

    def close(self) -> None:
        """Ends the file."""
        with self._lock:
            self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _write(self, entry: dict[str, Any]) -> None:
        self._file.write(json.dumps(entry, separators=(",", ":")) + "\n")


class _Payload:
    """Collects the bytes of one call: the first of them, their number and digest. See also `Crossing`."""

    def __init__(self, pipe: str, kept: int, data: Buffer = b"") -> None:
        self.pipe = pipe
        self.starts = True
        self.ended = True
        self._kept = kept
        self._digest = hashlib.sha256()
        self.first = bytearray()
        self.size = 0
        self.add(data)

    def add(self, data: Buffer) -> None:
        view = memoryview(data).cast("B")
        self.first += view[: max(self._kept - len(self.first), 0)]
        self.size += len(view)
        self._digest.update(view)

    @property
    def digest(self) -> str | None:
        """SHA-256 in hex, if not all is kept."""
        return self._digest.hexdigest() if len(self.first) < self.size else None


class TracedTransport:
    """A `Transport` that passes everything on to another one and records it.

    Args:
        inner: does the work; closed with this one.
        recording: stays open.
    """

    def __init__(self, inner: Transport, recording: Recording) -> None:
        self._inner = inner
        self._recording = recording
        self._phone = recording.add_phone(inner.identity, inner.packet_size)
        self._serial = inner.identity.serial
        self._in_transfer = False

    @property
    def identity(self) -> UsbIdentity:
        """See `Transport`."""
        return self._inner.identity

    @property
    def packet_size(self) -> int:
        """See `Transport`."""
        return self._inner.packet_size

    def write(self, parts: Iterable[Buffer], timeout: float) -> int:
        """See `Transport`."""
        payload = self._payload("out", b"")

        def seen() -> Iterator[Buffer]:
            for part in parts:
                payload.add(part)
                yield part

        self._in_transfer = False
        with self._call("write", timeout=timeout) as entry:
            entry.payload = payload
            return self._inner.write(seen(), timeout)

    def read(self, wanted: int, timeout: float) -> Chunk:
        """See `Transport`."""
        with self._call("read", wanted=wanted, timeout=timeout) as entry:
            chunk = self._inner.read(wanted, timeout)
            entry.payload = self._payload("in", chunk.data)
            entry.payload.starts = not self._in_transfer
            entry.payload.ended = entry.more["ended"] = chunk.ended
            self._in_transfer = not chunk.ended
            return chunk

    def stop_reading(self) -> int:
        """See `Transport`."""
        with self._call("stop_reading") as entry:
            thrown = entry.more["thrown"] = self._inner.stop_reading()
            self._in_transfer = False
            return thrown

    def cancel(self) -> None:
        """See `Transport`."""
        with self._call("cancel"):
            self._inner.cancel()

    def control_in(self, request: int, length: int, timeout: float, value: int = 0) -> bytes:
        """See `Transport`."""
        with self._call("control_in", request=request, value=value, length=length) as entry:
            answer = self._inner.control_in(request, length, timeout, value)
            entry.payload = self._payload("control", answer)
            return answer

    def control_out(self, request: int, data: Buffer, timeout: float, value: int = 0) -> None:
        """See `Transport`."""
        with self._call("control_out", request=request, value=value) as entry:
            entry.payload = self._payload("control", data)
            self._inner.control_out(request, data, timeout, value)

    def clear_halt(self, endpoint: Endpoint) -> None:
        """See `Transport`."""
        with self._call("clear_halt", endpoint=endpoint.value):
            self._inner.clear_halt(endpoint)

    def reset(self) -> None:
        """See `Transport`."""
        with self._call("reset"):
            self._inner.reset()

    def next_event(self, timeout: float = 0.0) -> bytes | None:
        """See `Transport`. Only what came is recorded, not each look."""
        packet = self._inner.next_event(timeout)
        if packet is not None:
            with self._call("event") as entry:
                entry.payload = self._payload("event", packet)
        return packet

    def close(self) -> None:
        """See `Transport`."""
        with self._call("close"):
            self._inner.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _call(self, name: str, **arguments: Any) -> _Call:
        return _Call(self._recording, self._phone, self._serial, name, arguments)

    def _payload(self, pipe: str, data: Buffer) -> _Payload:
        return _Payload(pipe, self._recording.kept, data)


class _Call:
    """One call on its way into the recording; written down when it is over, however it ends."""

    def __init__(
        self, recording: Recording, phone: int, serial: str, name: str, arguments: dict[str, Any]
    ) -> None:
        self._recording = recording
        self._phone = phone
        self._serial = serial
        self._name = name
        self._arguments = arguments
        self._start = 0.0
        self.more: dict[str, Any] = {}
        self.payload: _Payload | None = None

    def __enter__(self) -> Self:
        self._start = self._recording.now()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        took = round(self._recording.now() - self._start, 6)
        entry = {"phone": self._phone, "at": self._start, "took": took, "call": self._name, **self._arguments}
        if self.payload is not None:
            entry |= self._bytes(self.payload)
        entry |= self.more
        if error is not None:
            entry["error"] = self._error(error)
        self._recording.add(entry)

    def _error(self, error: BaseException) -> dict[str, Any]:
        """An error as `replay` can raise it again. One from outside, such as a file's, may name names."""
        kind = type(error).__name__
        if not isinstance(error, TransportError):
            return {"kind": kind, "text": str(error) if self._recording.redactor is None else ""}
        facts = {name: value for name, value in vars(error).items() if isinstance(value, str | int | float)}
        return {"kind": kind, "text": str(error), **facts}

    def _bytes(self, payload: _Payload) -> dict[str, Any]:
        redactor = self._recording.redactor
        data = bytes(payload.first)
        if redactor is not None:
            data = redactor(Crossing(payload.pipe, data, payload.size, payload.starts, payload.ended))
            data = mask_secret(data, self._serial)
            return {"size": payload.size, "data": data.hex()}
        entry: dict[str, Any] = {"size": payload.size, "data": data.hex()}
        if payload.digest is not None:
            entry["sha256"] = payload.digest
        return entry


class _TracedPhone:
    """A `FoundPhone` whose transports are recorded."""

    def __init__(self, inner: FoundPhone, recording: Recording) -> None:
        self._inner = inner
        self._recording = recording

    @property
    def identity(self) -> UsbIdentity:
        return self._inner.identity

    def open(self, options: TransportOptions | None = None) -> TracedTransport:
        return TracedTransport(self._inner.open(options), self._recording)


class TracedFinder:
    """A `Finder` that records every phone opened through it, also the same one again.

    Args:
        inner: finds them; closed with this one.
        recording: stays open.
    """

    def __init__(self, inner: Finder, recording: Recording) -> None:
        self._inner = inner
        self._recording = recording

    def find(self) -> Sequence[FoundPhone]:
        """See `Finder`."""
        return [_TracedPhone(phone, self._recording) for phone in self._inner.find()]

    def wait_for_change(self, timeout: float) -> bool:
        """See `Finder`."""
        return self._inner.wait_for_change(timeout)

    def close(self) -> None:
        """See `Finder`."""
        self._inner.close()
