"""The pipes of the emulated bus: what the host asks for meets what the phone has, packet by packet.

A URB is what the host hands over: room for bytes (IN) or bytes (OUT). A transfer is what the phone sends: any
number of packets of the full size, ended by a shorter one or by an empty one. Neither side sees the other's
boundaries except through short packets; that is what these classes are about. Nothing here blocks; a lock that
belongs to the device is held by every caller.
"""

from __future__ import annotations

import errno
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Protocol

from mtpbackup.transport.base import Buffer
from mtpbackup.virtual.usbfs.abi import ZERO_PACKET_FLAG


class UrbOwner(Protocol):
    """Who submitted a URB and is told of its end."""

    def completed(self, urb: Urb) -> None:
        """The URB's status, length and bytes are final. The device's lock is held."""
        ...


@dataclass(slots=True, eq=False)
class Urb:
    """One request of the host to an endpoint.

    Attributes:
        owner: who is told of its end.
        address: where the program keeps its `struct usbdevfs_urb`: the URB's name in DISCARDURB.
        endpoint: endpoint address, bit 7 set for IN.
        length: bytes of room (IN) or of `data` (OUT).
        buffer: address of the bytes in the program's memory.
        flags: as in the ABI.
        data: what is carried to the phone; for a control URB the setup packet, then any data.
        pieces: what came from the phone.
        actual: bytes moved.
        status: 0 or a negative errno; None while it is pending.
    """

    owner: UrbOwner
    address: int
    endpoint: int
    length: int
    buffer: int = 0
    flags: int = 0
    data: bytes = b""
    pieces: list[memoryview] = field(default_factory=list)
    actual: int = 0
    status: int | None = None

    def complete(self, status: int = 0) -> None:
        """Ends it, once."""
        if self.status is None:
            self.status = status
            self.owner.completed(self)


class _UrbQueue:
    """URBs waiting at one endpoint, and the fuse in its wire.

    Attributes:
        packet_size: wMaxPacketSize.
        fuse: bytes that may still cross before the cable breaks; None for any number.
    """

    def __init__(self, packet_size: int, on_progress: Callable[[], None], on_break: Callable[[], None]) -> None:
        """Makes an empty pipe.

        Args:
            packet_size: wMaxPacketSize.
            on_progress: called when bytes have moved or may move, so that the phone goes on.
            on_break: called when the fuse has blown.
        """
        self.packet_size = packet_size
        self.fuse: int | None = None
        self._on_progress = on_progress
        self._on_break = on_break
        self._urbs: deque[Urb] = deque()

    def _passes(self, size: int) -> int:
        """How many of `size` bytes the fuse lets through."""
        return size if self.fuse is None else min(size, self.fuse)

    def _burn(self, size: int) -> None:
        if self.fuse is not None:
            self.fuse -= size
            if not self.fuse:
                self.fuse = None
                self._on_break()

    def withdraw(self, urb: Urb, status: int) -> bool:
        """Ends a waiting URB before its time; False when it is not waiting here."""
        try:
            self._urbs.remove(urb)
        except ValueError:
            return False
        urb.complete(status)
        return True

    def withdraw_all(self, status: int) -> None:
        """Ends all URBs, in their order."""
        while self._urbs:
            self._urbs.popleft().complete(status)

    def forget(self, urbs: Iterable[Urb]) -> None:
        """Takes URBs out; their program is gone, so nobody hears of it."""
        for urb in urbs:
            self.withdraw(urb, -errno.ENOENT)


@dataclass(slots=True, eq=False)
class Transfer:
    """What the phone sends as one transfer, as far as it is known.

    Attributes:
        zero_length_end: whether an empty packet ends it when its length is a multiple of the packet size.
        waiting: bytes not yet moved to the host.
        moved: bytes moved.
        closed: no more bytes will be added.
        done: everything moved.
        dropped: the rest was thrown away.
    """

    zero_length_end: bool
    waiting: int = 0
    moved: int = 0
    closed: bool = False
    done: bool = False
    dropped: bool = False
    chunks: deque[memoryview] = field(default_factory=deque)

    def take(self, size: int) -> list[memoryview]:
        """Removes the next `size` waiting bytes, as slices."""
        taken = []
        self.waiting -= size
        self.moved += size
        while size:
            chunk = self.chunks[0]
            if len(chunk) > size:
                taken.append(chunk[:size])
                self.chunks[0] = chunk[size:]
                break
            taken.append(chunk)
            size -= len(chunk)
            self.chunks.popleft()
        return taken


class InPipe(_UrbQueue):
    """Bytes on their way from the phone to the host."""

    def __init__(self, packet_size: int, on_progress: Callable[[], None], on_break: Callable[[], None]) -> None:
        super().__init__(packet_size, on_progress, on_break)
        self._transfers: deque[Transfer] = deque()

    # --- the host's side

    def submit(self, urb: Urb) -> None:
        """Queues a request for bytes."""
        self._urbs.append(urb)
        self._move()

    @property
    def waiting(self) -> int:
        """Bytes that the phone has ready and the host has not asked for."""
        return sum(transfer.waiting for transfer in self._transfers)

    @property
    def in_hand(self) -> int:
        """Bytes already in the URB that is being filled."""
        return self._urbs[0].actual if self._urbs else 0

    # --- the phone's side

    def begin(self, zero_length_end: bool) -> Transfer:
        """Starts a transfer behind those not yet done."""
        transfer = Transfer(zero_length_end)
        self._transfers.append(transfer)
        return transfer

    def feed(self, transfer: Transfer, part: Buffer) -> None:
        """Adds bytes to a transfer. They are not copied if nobody can change them."""
        view = memoryview(part).cast("B")
        if not isinstance(view.obj, bytes):
            view = memoryview(bytes(view))
        if view:
            transfer.chunks.append(view)
            transfer.waiting += len(view)
            self._move()

    def finish(self, transfer: Transfer) -> None:
        """No more bytes will come for this transfer."""
        transfer.closed = True
        self._move()

    def drop_all(self) -> None:
        """Throws away whatever the host has not taken."""
        for transfer in self._transfers:
            transfer.dropped = True
        self._transfers.clear()
        self._on_progress()

    # --- where they meet

    def _move(self) -> None:
        progress = False
        while self._transfers and self._move_some(self._transfers[0]):
            progress = True
        if progress:
            self._on_progress()

    def _move_some(self, transfer: Transfer) -> bool:
        """Moves as much as fits into one URB; False when nothing can be done now."""
        if transfer.closed and not transfer.waiting:
            ends_empty = transfer.zero_length_end and transfer.moved % self.packet_size == 0
            if ends_empty and not self._urbs:
                return False
            self._end(transfer)
            if ends_empty:
                self._urbs.popleft().complete()
            return True
        if not self._urbs:
            return False
        urb = self._urbs[0]
        room = urb.length - urb.actual
        # Only whole packets travel: while more may be added, what is over stays with the phone.
        ready = transfer.waiting if transfer.closed else self._whole_packets(transfer.waiting)
        if not ready:
            return False
        size = min(room, ready)
        overflow = size < ready and size % self.packet_size != 0
        if self._passes(size) < size:
            size, overflow = self._passes(size), False
        urb.pieces += transfer.take(size)
        urb.actual += size
        if overflow:  # a packet larger than the room left: the host gets what fits, the rest of it is lost
            transfer.take(min(self.packet_size - size % self.packet_size, transfer.waiting))
        short = transfer.closed and not transfer.waiting and transfer.moved % self.packet_size != 0
        if short:
            self._end(transfer)
        if overflow or short or urb.actual == urb.length:
            self._urbs.popleft().complete(-errno.EOVERFLOW if overflow else 0)
        self._burn(size)
        return True

    def _whole_packets(self, size: int) -> int:
        return size - size % self.packet_size

    def _end(self, transfer: Transfer) -> None:
        transfer.done = True
        self._transfers.popleft()


class OutPipe(_UrbQueue):
    """Bytes on their way from the host to the phone."""

    def submit(self, urb: Urb) -> None:
        """Queues bytes for the phone."""
        self._urbs.append(urb)
        self._on_progress()

    def take(self, limit: int) -> tuple[bytes, bool] | None:
        """The next bytes for the phone, at most `limit`; None when there are none yet.

        Returns:
            Bytes, and whether the transfer ended with them. An empty packet behind bytes that filled `limit`
            comes by itself, as `(b"", True)`.
        """
        if not self._urbs:
            return None
        urb = self._urbs[0]
        left = urb.length - urb.actual
        if not left:
            self._finish_first()
            return b"", True
        size = self._passes(min(limit, left))
        whole = size == urb.length
        data = urb.data if whole else urb.data[urb.actual : urb.actual + size]
        urb.actual += size
        ends_short = urb.length % self.packet_size != 0
        ends_empty = not ends_short and bool(urb.flags & ZERO_PACKET_FLAG)
        ended = False
        # With `limit` filled, a URB whose empty packet is due stays: that packet is taken next.
        if size == left and not (ends_empty and size == limit):
            ended = ends_short or ends_empty
            self._finish_first()
        self._burn(size)
        return data, ended

    def _finish_first(self) -> None:
        self._urbs.popleft().complete()
