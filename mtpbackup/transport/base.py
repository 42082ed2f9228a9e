"""The seam between mtpbackup and USB: what a transport can do, and how phones are found.

Implementations: `libusb` and `pyusb` (real phones), `memory` (a phone made of code in the same process),
`trace` (records another transport, or plays a recording back). All pass the same suite,
`tests/transport/contract.py`.

Calls block and may be interrupted by Ctrl-C; the reads kept in flight behind them are an implementation's own
affair. One thread uses a transport at a time; only `cancel` and `next_event` may be called from others.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Protocol, Self, TypeAlias

#: What can be written: anything that exports contiguous bytes.
Buffer: TypeAlias = bytes | bytearray | memoryview


class Endpoint(enum.Enum):
    """The pipes of an MTP interface. PIMA 15740 USB still image class, section 4."""

    # By identity: enum hashes names in Python, and requests are looked up for each transfer.
    __hash__ = object.__hash__

    IN = "in"
    OUT = "out"
    EVENT = "event"


class Speed(enum.IntEnum):
    """Negotiated bus speed in Mbit/s."""

    UNKNOWN = 0
    LOW = 1
    FULL = 12
    HIGH = 480
    SUPER = 5_000
    SUPER_PLUS = 10_000


@dataclass(frozen=True, slots=True)
class UsbIdentity:
    """What USB itself says of a device, before a word of MTP is spoken.

    Attributes:
        vendor_id, product_id: as in the device descriptor.
        manufacturer, product, serial: descriptor strings; empty where the phone has none or access is denied.
        bus, address: where it is now; the address changes on every re-attachment.
        ports: the chain of hub ports, which stays the same while the cable does.
        speed: what was negotiated.
        node: the operating system's device node, or empty.
    """

    vendor_id: int
    product_id: int
    manufacturer: str = ""
    product: str = ""
    serial: str = ""
    bus: int = 0
    address: int = 0
    ports: tuple[int, ...] = ()
    speed: Speed = Speed.UNKNOWN
    node: str = ""


@dataclass(frozen=True, slots=True)
class TransportOptions:
    """How a transport should move bytes; quirks of a phone end up here.

    Reads of 512 KiB, and not of 256: a large file then takes 6 context switches in place of 10, and five sixths
    of the processor time (1 GB on the emulated bus). More in the pool would be lost to a Ctrl-C.

    Attributes:
        chunk_size: bytes of one read, a multiple of every packet size (1,024).
        depth: reads in flight at once. Linux has 16 MiB for the transfers of all programs together.
        buffers: buffers in the pool; those not in flight may be lent to the caller. They take memory as far as
            they were ever filled.
    """

    chunk_size: int = 512 * 1024
    depth: int = 4
    buffers: int = 8


@dataclass(slots=True)
class Chunk:
    """Bytes lent by a transport.

    `data` is valid until `release` gives the buffer back to the transport's pool. Whoever takes a chunk
    releases it, from any thread, once; with the pool's last buffer lent, `Transport.read` waits for a release.

    Attributes:
        data: the bytes; empty for a zero-length packet.
        ended: True when the transfer ended with this chunk (a short or zero-length packet was seen).
    """

    data: memoryview
    ended: bool
    _give_back: Callable[[], None] | None = field(default=None, repr=False)

    def release(self) -> None:
        """Gives the buffer back. Further calls do nothing."""
        give_back, self._give_back = self._give_back, None
        if give_back is not None:
            give_back()

    def part(self, start: int, stop: int) -> Chunk:
        """A chunk of a part of the bytes, which takes over the duty to release. `self` is spent."""
        give_back, self._give_back = self._give_back, None
        return Chunk(self.data[start:stop], self.ended, give_back)


class Transport(Protocol):
    """One claimed MTP interface.

    All times are seconds. "Timeout" always means: so long without a byte moving, not the whole call.
    Every method may raise `PhoneGone`; after it only `close` is useful. After `close` all but `cancel` raise
    `TransportError`. A KeyboardInterrupt out of any method leaves a transport that can be used on.
    """

    @property
    def identity(self) -> UsbIdentity:
        """What USB says of the phone."""
        ...

    @property
    def packet_size(self) -> int:
        """wMaxPacketSize of the bulk endpoints: 64, 512 or 1,024."""
        ...

    def write(self, parts: Iterable[Buffer], timeout: float) -> int:
        """Sends parts, joined, as one transfer on bulk OUT, ended by a zero-length packet where one is due.

        Parts are taken one after the other while earlier ones are under way, so a generator may read a file.
        Their memory is sent from as it is and must not change before `write` returns. However it ends, nothing
        of it is in flight afterwards; reads still in flight are withdrawn first, and what they hold is kept.

        Returns:
            Bytes sent, without the zero-length packet.

        Raises:
            EndpointStalled: the phone refuses the data.
            TransportTimeout: nothing moved for `timeout`.
            TransferCancelled: `cancel` was called.
        """
        ...

    def read(self, wanted: int, timeout: float) -> Chunk:
        """The next bytes of bulk IN.

        Args:
            wanted: bytes that the caller still expects of this transfer, this chunk's included, at least 1.
                Reads are kept in flight for so many bytes and never for more, so nothing beyond is swallowed
                where the phone ends its transfers as USB asks. Not known yet: `options.chunk_size`.
            timeout: see above. With all buffers lent it waits for one without limit.

        Returns:
            At most `chunk_size` bytes in the order in which they came. What came before an error is handed out
            before the error is raised.

        Raises:
            EndpointStalled, TransportTimeout, TransferCancelled, TransferOverflow: as for `write`.
        """
        ...

    def stop_reading(self) -> int:
        """Withdraws every read in flight, also those that already hold bytes.

        Returns:
            Bytes thrown away.
        """
        ...

    def cancel(self) -> None:
        """Makes a blocked `read` or `write` raise `TransferCancelled` at once. For other threads.

        Without a blocked call the next one raises. Nothing is said to the phone: that is for the session, which
        knows whether it is safe.
        """
        ...

    def control_in(self, request: int, length: int, timeout: float, value: int = 0) -> bytes:
        """A class request to the interface that brings at most `length` bytes.

        Raises:
            EndpointStalled, TransportTimeout: as for `write`.
        """
        ...

    def control_out(self, request: int, data: Buffer, timeout: float, value: int = 0) -> None:
        """A class request to the interface that carries `data`.

        Raises:
            EndpointStalled, TransportTimeout: as for `write`.
        """
        ...

    def clear_halt(self, endpoint: Endpoint) -> None:
        """Ends the halt of an endpoint after a stall."""
        ...

    def reset(self) -> None:
        """A USB reset. The phone may come back as another device: then raises `PhoneGone`."""
        ...

    def next_event(self, timeout: float = 0.0) -> bytes | None:
        """The oldest packet of the interrupt endpoint not taken yet, or None.

        A read is always pending there: unread events block the phone (ANDROID.md, events).
        """
        ...

    def close(self) -> None:
        """Ends all transfers and gives the interface back, without a USB reset. May be called again."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None: ...


class FoundPhone(Protocol):
    """A phone that was seen, not opened."""

    @property
    def identity(self) -> UsbIdentity:
        """What USB says of it."""
        ...

    def open(self, options: TransportOptions | None = None) -> Transport:
        """Opens and claims it.

        Raises:
            AccessDenied: no permission.
            InterfaceBusy: another program holds it.
            PhoneGone: it left meanwhile.
        """
        ...


class Finder(Protocol):
    """A place where phones turn up: the USB buses, or a phone made of code."""

    def find(self) -> Sequence[FoundPhone]:
        """The phones there now, in the order of bus and port."""
        ...

    def wait_for_change(self, timeout: float) -> bool:
        """Blocks until a phone may have come or gone, at most `timeout` seconds; True if something happened.

        Spurious wake-ups are allowed; Ctrl-C interrupts at once.
        """
        ...

    def close(self) -> None:
        """Ends watching."""
        ...


class DevicePort(Protocol):
    """The phone's side of a USB interface: what a responder holds where an initiator holds a `Transport`.

    Implemented by the far end of `memory.memory_pair()`, by the emulated usbfs device and by FunctionFS.
    Calls block, in the responder's own thread.
    """

    @property
    def packet_size(self) -> int:
        """wMaxPacketSize of the bulk endpoints."""
        ...

    def receive(self, limit: int) -> tuple[bytes, bool]:
        """Bytes of bulk OUT as they come, at most `limit`, and whether the transfer ended with them.

        A transfer ends with a short or zero-length packet, or when `limit` was reached (then the answer is
        False: whether more follows is seen by the next call). A host's `write` only returns when its
        zero-length packet was taken too, so receive until the transfer has ended.

        Raises:
            PhoneGone: the host is gone: unplugged, or the port was closed.
            TransferCancelled: the host sent the class request Cancel or Device Reset.
        """
        ...

    def send(self, parts: Iterable[Buffer], *, zero_length_end: bool = True) -> None:
        """Sends parts, joined, as one transfer on bulk IN; with a zero-length packet where one is due.

        Raises:
            PhoneGone, TransferCancelled: as `receive`.
        """
        ...

    def send_event(self, packet: Buffer) -> None:
        """Sends one packet on the interrupt endpoint; may block until the host reads it."""
        ...

    def stall(self) -> None:
        """Halts both bulk endpoints until the host clears them."""
        ...

    def on_control(self, handler: Callable[[int, int, bytes, int], bytes | None]) -> None:
        """Sets who answers class requests: `(request, value, data, length) -> answer`, None to stall.

        The handler runs in another thread than `receive` and `send`. The port itself acts on Cancel (0x64) and
        Device Reset (0x66) by ending the running `receive` or `send` with `TransferCancelled`, after the
        handler saw them and unless it stalls them. Without a handler these two are accepted, others stalled.
        """
        ...
