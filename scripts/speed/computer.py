"""The computer's share of a backup in virtual time: buffers, the two writing threads, a disk.

Added to the modelled bus, so that it holds up what the program lets it hold up, and nothing else. The limits
are those of the program itself (`TransportOptions`, `WriterLimits`); the rates are assumptions, named below.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from mtpbackup.archive.pipeline import WriterLimits
from mtpbackup.transport.base import TransportOptions
from mtpbackup.virtual import ModelledBus
from mtpbackup.wire import OperationCode as Op

#: Operations whose data goes to the disk.
CONTENT = frozenset((Op.GET_OBJECT, Op.GET_PARTIAL_OBJECT, Op.GET_PARTIAL_OBJECT_64))


@dataclass(frozen=True, slots=True)
class Computer:
    """What the computer is assumed to manage. Bytes and seconds.

    Attributes:
        between: from the end of one transaction to the next command.
        storing: bytes a second that one thread hashes and hands to the system.
        disk: bytes a second that the medium takes.
        flush: beside that, for each flush of a batch.
        file: for each file's name, date and row.
    """

    between: float = 0.0
    storing: float = 800e6
    disk: float = 500e6
    flush: float = 0.005
    file: float = 0.0003


@dataclass(slots=True, eq=False)
class BusWithComputer(ModelledBus):
    """A modelled bus whose data goes into the buffers of a modelled computer.

    Attributes:
        computer: how fast it is; None for one that takes no time.
        held_up: seconds in which the bus waited for a buffer.
        files: files whose data has begun: one for each GetObject, and each partial read at another object.
    """

    computer: Computer | None = None
    held_up: float = 0.0
    _limits: WriterLimits = field(default_factory=WriterLimits)
    _options: TransportOptions = field(default_factory=TransportOptions)
    _stored: float = 0.0
    _flushed: float = 0.0
    _lent: deque[float] = field(default_factory=deque)
    _unflushed: deque[tuple[float, int]] = field(default_factory=deque)
    _fresh: int = 0
    _fresh_files: int = 0

    def transacted(self, operation: int, payload: int, elements: int) -> None:
        """Charges a transaction, and what the computer does with its content."""
        computer = self.computer
        if computer is None or operation not in CONTENT:
            ModelledBus.transacted(self, operation, payload, elements)
            if computer is not None:
                self.pass_time(computer.between)
            return
        ModelledBus.transacted(self, operation, 0, elements)
        self._fresh_files += 1
        left = payload
        while left:
            size = min(left, self._options.chunk_size)
            left -= size
            self._chunk(size, computer)
        self.pass_time(computer.between)

    def _chunk(self, size: int, computer: Computer) -> None:
        """A chunk crosses the bus once there is a buffer for it, then waits for the storing thread."""
        if len(self._lent) >= self._options.buffers:
            free = self._lent.popleft()
            self.held_up += max(0.0, free - self.elapsed)
            self.elapsed = max(self.elapsed, free)
        self.elapsed += size / self.bytes_per_second
        self.carrying += size / self.bytes_per_second
        self._stored = max(self._stored, self.elapsed) + size / computer.storing
        self._lent.append(self._stored)
        self._fresh += size
        if self._fresh >= self._limits.flush_every:
            self._flush(computer)

    def _flush(self, computer: Computer) -> None:
        """The finishing thread takes what is written; with too much unflushed the storing thread waits."""
        while (
            self._unflushed and sum(size for _, size in self._unflushed) + self._fresh > self._limits.unflushed
        ):
            self._stored = max(self._stored, self._unflushed.popleft()[0])
        work = computer.flush + self._fresh / computer.disk + self._fresh_files * computer.file
        self._flushed = max(self._flushed, self._stored) + work
        self._unflushed.append((self._flushed, self._fresh))
        self._fresh = self._fresh_files = 0

    def finish(self) -> None:
        """The end of the run: everything is on the medium."""
        if self.computer is not None and self._fresh:
            self._flush(self.computer)
        self.elapsed = max(self.elapsed, self._flushed)
