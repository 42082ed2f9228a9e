"""What was asked of a virtual phone: for tests that count transactions, and for people who wonder."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass, field, replace

from mtpbackup.wire import OperationCode


@dataclass(frozen=True, slots=True, eq=False)
class Record:
    """One transaction that is over.

    Attributes:
        operation: its code.
        parameters: of the command.
        response: response code; None when none was sent: cancelled, stalled, unplugged, hung or dead.
        payload: bytes announced for the data phase to the host, or taken from it.
    """

    operation: OperationCode
    parameters: tuple[int, ...]
    response: int | None
    payload: int = 0


@dataclass(slots=True, eq=False)
class TransactionLog:
    """Every transaction since the phone was made; replugging does not clear it.

    Attributes:
        counts: commands taken up, by operation.
        records: transactions in the order in which they ended.
    """

    counts: Counter[OperationCode] = field(default_factory=Counter)
    records: list[Record] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def begin(self, operation: int) -> None:
        """Counts a command."""
        with self._lock:
            self.counts[OperationCode(operation)] += 1

    def end(self, record: Record) -> None:
        """Keeps a transaction; called before its response is sent, so that it is there when that is seen."""
        with self._lock:
            self.records.append(record)

    def unanswered(self, record: Record) -> None:
        """The response of a transaction kept before was not taken after all."""
        with self._lock:
            if record in self.records:
                self.records[self.records.index(record)] = replace(record, response=None)

    def clear(self) -> None:
        """Starts counting anew."""
        with self._lock:
            self.counts.clear()
            self.records.clear()
