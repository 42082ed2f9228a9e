"""Data on its way to the phone, counted while it goes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Final

from mtpbackup.errors import LocalProtocolError
from mtpbackup.transport.base import Buffer
from mtpbackup.wire import HEADER_SIZE, data_header

#: Requests of a multiple of so many bytes are never the last ones to QEMU's usb-mtp.
_QEMU_STEP: Final = 64


@dataclass(slots=True)
class Outgoing:
    """The payload of a data phase to the phone.

    A plain `bytes` will do for datasets; this is for content that comes in parts and is never whole in memory.

    Attributes:
        size: bytes of all parts together, known beforehand: the container's header tells it.
        parts: taken once, one after the other, while earlier ones are under way.
        taken: bytes taken so far. Up to the transport's writes in flight fewer have reached the phone.
        misjudged: whether the phone is one that misjudges ends (`Quirks.misjudges_ends`).
    """

    size: int
    parts: Iterable[Buffer]
    taken: int = 0
    misjudged: bool = False

    def transfers(self, operation: int, transaction_id: int, packet_size: int) -> Iterator[Iterable[Buffer]]:
        """What is to be written, transfer by transfer: one, header and all.

        Except to QEMU's usb-mtp, which goes by requests instead of packets: one of a multiple of 64 bytes, the
        empty packet included, is the middle of a file for it, one of less than 12 bytes is refused, and what
        comes next is taken for content, until an assertion ends QEMU. A file that would end so is sent in two
        transfers: the header, which tells of one byte, with that byte and what fills it up to 64, which is
        dropped; then the rest, whose end is one byte away from where it was.

        Raises:
            As `counted`.
        """
        last = (HEADER_SIZE + self.size) % packet_size
        if not (self.misjudged and self.size and (last % _QEMU_STEP == 0 or last < HEADER_SIZE)):
            yield chain((data_header(operation, transaction_id, self.size),), self.counted())
            return
        counted = self.counted()
        first = memoryview(next(filter(len, map(_view, counted)), b"\0"))
        filling = bytes(_QEMU_STEP - HEADER_SIZE - 1)
        yield (data_header(operation, transaction_id, 1), first[:1], filling)
        yield chain((first[1:],), counted)

    def counted(self) -> Iterator[Buffer]:
        """The parts, as they go out.

        Raises:
            LocalProtocolError: they are not `size` bytes. Too many are noticed before the first one too many
                is sent.
        """
        for part in self.parts:
            self.taken += memoryview(part).nbytes
            if self.taken > self.size:
                raise LocalProtocolError(f"more than the {self.size} bytes announced")
            yield part
        if self.taken != self.size:
            raise LocalProtocolError(f"{self.taken} of {self.size} bytes announced")


def _view(part: Buffer) -> memoryview:
    return memoryview(part).cast("B")
