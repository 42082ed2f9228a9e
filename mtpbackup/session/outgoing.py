"""Data on its way to the phone, counted while it goes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from mtpbackup.errors import LocalProtocolError
from mtpbackup.transport.base import Buffer


@dataclass(slots=True)
class Outgoing:
    """The payload of a data phase to the phone.

    A plain `bytes` will do for datasets; this is for content that comes in parts and is never whole in memory.

    Attributes:
        size: bytes of all parts together, known beforehand: the container's header tells it.
        parts: taken once, one after the other, while earlier ones are under way.
        taken: bytes taken so far. Up to the transport's reads in flight fewer have reached the phone.
    """

    size: int
    parts: Iterable[Buffer]
    taken: int = 0

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
