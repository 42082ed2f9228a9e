"""Content on its way to a phone, from a source that may fail in the middle."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from mtpbackup.errors import LocalProtocolError
from mtpbackup.phone.interrupts import Interrupts
from mtpbackup.session import Outgoing
from mtpbackup.transport.base import Buffer


@dataclass(slots=True)
class Content(Outgoing):
    """Parts that end where their source fails, instead of breaking off the data phase.

    A data phase that simply stops leaves the phone waiting for the rest for ever. One that ends short, with the
    packet that ends every transfer, is answered: Android removes the file and says 2002 (ANDROID.md, Writing).

    Attributes:
        interrupts: looked at before each part.
        failure: why it ended too early, to be raised when the phone has answered; None when all went well.
    """

    interrupts: Interrupts = field(default_factory=Interrupts)
    failure: BaseException | None = None

    def counted(self) -> Iterator[Buffer]:
        """The parts, as they go out.

        Raises:
            Exception: whatever the source raises, on a phone that misjudges ends: it alone cannot bear
                a short end, and can be told to cancel at any moment.
        """
        try:
            yield from self._parts()
        except GeneratorExit:
            raise
        except BaseException as error:
            if self.misjudged:
                raise
            self.failure = error
            if not self.taken and self.size:
                # A header by itself ends nothing: the content may follow in a transfer of its own.
                yield b"\0"

    def _parts(self) -> Iterator[Buffer]:
        for part in self.parts:
            self.interrupts.raise_if_came()
            length = memoryview(part).nbytes
            if self.taken + length > self.size:
                raise LocalProtocolError(f"more than the {self.size} bytes announced")
            self.taken += length
            yield part
        if self.taken != self.size:
            raise LocalProtocolError(f"{self.taken} of {self.size} bytes announced")
