"""A phone that follows a script: the far end of a memory link, driven step by step by a test.

It packs and unpacks bytes with `struct` alone, so that it shares no misunderstanding with `mtpbackup.wire`.
A script is a function that takes the `Peer`; it has to run to its end, or the test fails.
"""

from __future__ import annotations

import struct
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from mtpbackup.errors import PhoneGone, TransportTimeout
from mtpbackup.transport.base import TransportOptions
from mtpbackup.transport.memory import MemoryTransport
from mtpbackup.transport.memory_link import MemoryLink, MemoryPort

COMMAND, DATA, RESPONSE, EVENT = 1, 2, 3, 4
OK, BUSY, STATUS_CANCELLED = 0x2001, 0x2019, 0x201F
CANCEL, RESET, STATUS = 0x64, 0x66, 0x67

#: What the scripted phone offers, unless a script says otherwise.
OPERATIONS = (
    *range(0x1001, 0x100E),
    *(0x1014, 0x1015, 0x1016, 0x1017, 0x1019, 0x101B),
    *range(0x9801, 0x9806),
    *range(0x95C1, 0x95C6),
)


def text(value: str) -> bytes:
    """A string as MTP has it."""
    if not value:
        return b"\0"
    units = (value + "\0").encode("utf-16-le")
    return bytes([len(units) // 2]) + units


def array(code: str, values: Sequence[int]) -> bytes:
    """An array as MTP has it."""
    return struct.pack(f"<I{len(values)}{code}", len(values), *values)


def device_info(
    operations: Sequence[int] = OPERATIONS,
    properties: Sequence[int] = (0xD402,),
    manufacturer: str = "Google",
    model: str = "Pixel 8",
    serial: str = "0123456789",
    extension: str = "microsoft.com: 1.0; android.com: 1.0;",
) -> bytes:
    """DeviceInfo of a phone. MTP 1.1, section 5.1.1."""
    return (
        struct.pack("<HIH", 100, 6, 100)
        + text(extension)
        + struct.pack("<H", 0)
        + array("H", operations)
        + array("H", (0x4002, 0x4003, 0x4004, 0x4005))
        + array("H", properties)
        + array("H", ())
        + array("H", (0x3000, 0x3001, 0x3801))
        + text(manufacturer)
        + text(model)
        + text("1.0")
        + text(serial)
    )


def container(
    kind: int, code: int, transaction_id: int, payload: bytes = b"", length: int | None = None
) -> bytes:
    """A container; `length` lies about its size."""
    size = 12 + len(payload) if length is None else length
    return struct.pack("<IHHI", size, kind, code, transaction_id) + payload


class Peer:
    """The phone's side of a script.

    Attributes:
        port: the phone's end of the cable.
        code, transaction_id, parameters: of the last command.
        controls: class requests that came, as (request, data, length), in order.
        statuses: answers to GetDeviceStatus, the first one first; then OK for ever.
        cancelled: set once a Cancel has come.
        deaf: True for a phone that never answers class requests; "stall" for one that refuses them.
    """

    def __init__(self, port: MemoryPort) -> None:
        self.port = port
        self.code = self.transaction_id = 0
        self.parameters: tuple[int, ...] = ()
        self.controls: list[tuple[int, bytes, int]] = []
        self.statuses: deque[bytes] = deque()
        self.cancelled = threading.Event()
        self.deaf: bool | str = False
        port.on_control(self._control)

    def _control(self, request: int, value: int, data: bytes, length: int) -> bytes | None:
        self.controls.append((request, data, length))
        if request == CANCEL:
            self.cancelled.set()
        if self.deaf == "stall":
            return None
        if self.deaf:
            raise TransportTimeout("control", 2.0)
        if request == STATUS:
            return self.statuses.popleft() if self.statuses else struct.pack("<HHI", 8, OK, 0)
        return b""

    @property
    def requests(self) -> list[int]:
        """The class requests that came, by their numbers."""
        return [request for request, _, _ in self.controls]

    def command(self) -> int:
        """Receives a command; returns its code."""
        packet, ended = self.port.receive(512)
        assert ended, f"a command is one short packet, this is {packet.hex()}"
        length, kind, self.code, self.transaction_id = struct.unpack_from("<IHHI", packet)
        assert (length, kind) == (len(packet), COMMAND), packet.hex()
        assert length <= 32 and length % 4 == 0, packet.hex()
        self.parameters = struct.unpack_from(f"<{(length - 12) // 4}I", packet, 12)
        return self.code

    def expect(self, code: int, *parameters: int) -> None:
        """Receives a command, which has to be this one."""
        self.command()
        assert (hex(self.code), self.parameters) == (hex(code), parameters)

    def receive_data(self, limit: int = 1 << 30) -> tuple[int, bytes]:
        """Receives a data container in one transfer: the length in its header, and its payload."""
        packet, ended = self.port.receive(limit)
        assert ended, "the data phase did not end as a transfer"
        length, kind, code, transaction_id = struct.unpack_from("<IHHI", packet)
        assert (kind, code, transaction_id) == (DATA, self.code, self.transaction_id)
        return length, packet[12:]

    def data(self, payload: bytes, **lies: Any) -> None:
        """Sends a data container in one transfer. Lies: length, code, transaction_id, zero_length_end."""
        code = lies.get("code", self.code)
        transaction_id = lies.get("transaction_id", self.transaction_id)
        whole = container(DATA, code, transaction_id, payload, lies.get("length"))
        self.port.send([whole], zero_length_end=lies.get("zero_length_end", True))

    def respond(self, code: int = OK, *parameters: int, transaction_id: int | None = None) -> None:
        """Sends a response."""
        own = self.transaction_id if transaction_id is None else transaction_id
        payload = struct.pack(f"<{len(parameters)}I", *parameters)
        self.port.send([container(RESPONSE, code, own, payload)])

    def answer(self, payload: bytes, code: int = OK, *parameters: int) -> None:
        """Sends data and response."""
        self.data(payload)
        self.respond(code, *parameters)

    def open(self, info: bytes | None = None) -> None:
        """Plays the opening of a session."""
        self.expect(0x1002, 1)
        self.respond()
        self.expect(0x1001)
        self.answer(device_info() if info is None else info)

    def event(self, code: int, *parameters: int) -> None:
        """Sends an event."""
        payload = struct.pack(f"<{len(parameters)}I", *parameters)
        self.port.send_event(container(EVENT, code, 0, payload))


class Hasty(MemoryTransport):
    """A transport whose patience ends early, so that tests of time-outs take a moment only.

    The first read, which looks whether a former host left something, is over in 20 ms.
    """

    def __init__(self, link: MemoryLink, longest: float, options: TransportOptions | None = None) -> None:
        super().__init__(link, options, unplug_on_close=True)
        self.longest = longest
        self.first = 0.02

    def read(self, wanted: int, timeout: float) -> Any:
        first, self.first = self.first, self.longest
        return super().read(wanted, min(timeout, self.longest, first))

    def write(self, parts: Any, timeout: float) -> int:
        return super().write(parts, min(timeout, self.longest))


@contextmanager
def playing(
    script: Callable[[Peer], None],
    *,
    packet_size: int = 512,
    longest: float = 10.0,
    first: float = 0.02,
    options: TransportOptions | None = None,
) -> Iterator[tuple[Hasty, Peer]]:
    """A transport with a scripted phone at its far end.

    When the script is over, the phone answers CloseSession and nothing else.

    Args:
        script: what the phone does.
        packet_size: of the bulk endpoints.
        longest: seconds without a byte after which the transport gives up, whatever it is told.
        first: the same for the look at what a former host left; longer where the script sends something then.
        options: of the transport.
    """
    link = MemoryLink(packet_size=packet_size)
    peer = Peer(link.port)
    trouble: list[BaseException] = []
    finished = threading.Event()

    def play() -> None:
        try:
            script(peer)
            finished.set()
            while True:
                peer.expect(0x1003)
                peer.respond()
        except PhoneGone:
            pass
        except BaseException as error:
            trouble.append(error)
            link.unplug()

    thread = threading.Thread(target=play, name="peer")
    transport = Hasty(link, longest, options)
    transport.first = first
    thread.start()
    try:
        yield transport, peer
    except BaseException as error:
        if trouble:
            raise trouble[0] from error
        raise
    finally:
        transport.close()
        link.unplug()
        thread.join(5)
        assert not thread.is_alive()
    if trouble:
        raise trouble[0]
    assert finished.is_set(), "the script was not played to its end"
