"""A transport at whose far end a phone says what stands in some bytes, as if it were an answer.

The bytes are records: one that says what is meant, then its content. Most are put into containers that fit the
command just sent (right id, right code), so that what is inside is looked at; some are given as they are.
"""

from __future__ import annotations

import struct
from collections import deque
from collections.abc import Iterable

from mtpbackup.errors import EndpointStalled, PhoneGone, TransferCancelled, TransportTimeout
from mtpbackup.transport.base import Buffer, Chunk, Endpoint, Speed, UsbIdentity

_COMMAND = struct.Struct("<IHHI")
#: DeviceInfo of a phone with all of Android's operations: without it nothing further is ever asked.
_OPERATIONS = (*range(0x1001, 0x100E), 0x1014, 0x1015, 0x101B, *range(0x9801, 0x9806), *range(0x95C1, 0x95C6))
_DEVICE_INFO = (
    struct.pack("<HIHBHI", 100, 6, 100, 0, 0, len(_OPERATIONS))
    + struct.pack(f"<{len(_OPERATIONS)}H", *_OPERATIONS)
    + struct.pack("<4I4B", 0, 0, 0, 0, 0, 0, 0, 0)
)
_STORAGE_INFO = struct.pack("<HHHQQIBB", 3, 2, 0, 1 << 36, 1 << 35, 0, 0, 0)
#: A file of 76,800 bytes with no name: what was put on this phone.
_OBJECT_INFO = struct.pack("<IHHIHIIIIIIIHIIBBBB", 0x10001, 0x3801, 0, 76_800, *[0] * 15)


class FakeClock:
    """Seconds that pass when somebody waits, and a little at each look."""

    def __init__(self) -> None:
        self.now = 0.0

    def read(self) -> float:
        """What time it is."""
        self.now += 0.001
        return self.now

    def sleep(self, seconds: float) -> None:
        """Lets time pass."""
        self.now += seconds


class Babbler:
    """A `Transport`. Raises `PhoneGone` once it has said everything."""

    identity = UsbIdentity(0x18D1, 0x4EE1, speed=Speed.HIGH)
    packet_size = 512

    def __init__(self, data: bytes, clock: FakeClock) -> None:
        self._data = data
        self._at = 0
        self._clock = clock
        self._code = self._id = 0
        self._pending: deque[tuple[bytes, bool]] = deque()
        self._answered = True

    # --- what is said -------------------------------------------------------------------------------------

    def _next_byte(self) -> int:
        if self._at >= len(self._data):
            raise PhoneGone("all is said")
        self._at += 1
        return self._data[self._at - 1]

    def _text(self) -> bytes:
        size = self._next_byte()
        if size >= 0xF0:
            size = (size - 0xEF) * 256
        text = self._data[self._at : self._at + size]
        self._at += size
        return text

    def _speak(self) -> None:
        """Takes the next record, and puts what it says into the pipe."""
        kind = self._next_byte()
        match kind & 0x0F:
            case 0 | 1 | 2 | 3:  # a data phase and OK, whatever was asked
                self._put(2, self._code, self._text())
                self._put(3, 0x2001, b"")
            case 4:  # OK, with parameters
                self._put(3, 0x2001, self._text()[:20])
            case 5:  # another response
                self._put(3, 0x2000 | self._next_byte() & 0x2F, b"")
            case 6:  # bytes as they are
                self._pending.append((self._text(), bool(kind & 0x80)))
            case 7:
                raise EndpointStalled("in")
            case 8:
                self._clock.now += 60
                raise TransportTimeout("in", 60)
            case 9:  # an empty transfer
                self._pending.append((b"", True))
            case 10:  # data of another length than announced
                text = self._text()
                self._put(2, self._code, text, announced=len(text) + self._next_byte() - 128)
            case 11:  # data of unknown length
                self._put(2, self._code, self._text(), announced=0xFFFFFFFF - 12)
            case 12:  # another transaction's answer
                self._id ^= self._next_byte()
                self._put(3, 0x2001, b"")
            case 13:
                raise TransferCancelled("said so")
            case _:  # what a good phone would say
                self._say_well()

    def _say_well(self) -> None:
        match self._code:
            case 0x1001:
                self._put(2, self._code, _DEVICE_INFO)
            case 0x1004:
                self._put(2, self._code, struct.pack("<II", 1, 0x10001))
            case 0x1005:
                self._put(2, self._code, _STORAGE_INFO)
            case 0x1007:
                count = self._next_byte() % 8
                self._put(2, self._code, struct.pack(f"<I{count}I", count, *range(1, count + 1)))
            case 0x1008:
                self._put(2, self._code, _OBJECT_INFO)
            case 0x1009 | 0x101B | 0x95C1:
                self._put(2, self._code, bytes(self._next_byte()))
        # Storage, folder and handle of a new object; others say nothing here.
        self._put(3, 0x2001, struct.pack("<3I", 0x10001, 0, 7) if self._code == 0x100C else b"")

    def _put(self, kind: int, code: int, payload: bytes, announced: int | None = None) -> None:
        size = len(payload) if announced is None else announced
        header = _COMMAND.pack(max(0, 12 + size) & 0xFFFFFFFF, kind, code & 0xFFFF, self._id & 0xFFFFFFFF)
        self._pending.append((header + payload, True))

    # --- Transport ----------------------------------------------------------------------------------------

    def write(self, parts: Iterable[Buffer], timeout: float) -> int:
        packet = b"".join(bytes(part) for part in parts)
        if len(packet) >= _COMMAND.size:
            _, kind, code, number = _COMMAND.unpack_from(packet)
            if kind == 1:
                self._code, self._id = code, number
        return len(packet)

    def read(self, wanted: int, timeout: float) -> Chunk:
        if not self._pending and timeout < 0.3:
            # Somebody looks whether there is more: mostly there is not.
            if self._at < len(self._data) and self._data[self._at] != 0xFF:
                raise TransportTimeout("in", timeout)
            self._next_byte()
        while not self._pending:
            self._speak()
        data, ended = self._pending.popleft()
        if len(data) > wanted:
            self._pending.appendleft((data[wanted:], ended))
            data, ended = data[:wanted], False
        return Chunk(memoryview(data), ended)

    def stop_reading(self) -> int:
        thrown = sum(len(data) for data, _ in self._pending)
        self._pending.clear()
        return thrown

    def cancel(self) -> None:
        """Nobody is waiting."""

    def control_in(self, request: int, length: int, timeout: float, value: int = 0) -> bytes:
        return self._text()[:length]

    def control_out(self, request: int, data: Buffer, timeout: float, value: int = 0) -> None:
        if self._next_byte() & 1:
            raise EndpointStalled("control")

    def clear_halt(self, endpoint: Endpoint) -> None:
        """Nothing is halted for long."""

    def reset(self) -> None:
        if self._next_byte() & 1:
            raise PhoneGone("reset")

    def next_event(self, timeout: float = 0.0) -> bytes | None:
        self._clock.now += timeout
        if self._at < len(self._data) and self._data[self._at] == 0xFE:
            self._at += 1
            return self._text()
        return None

    def close(self) -> None:
        """Says no more."""
        self._at = len(self._data)
        self._pending.clear()

    def __enter__(self) -> Babbler:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
