"""Content on its way from the phone, lent chunk by chunk."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, Self

from mtpbackup.transport.base import Chunk

if TYPE_CHECKING:
    from mtpbackup.session.exchange import Exchange
    from mtpbackup.session.session import Session


class Incoming:
    """The data phase of one transaction: an iterator of chunks, straight from the transport.

    Each chunk is the taker's to release. Closing it before its end is safe at any moment: the phone is brought
    back into step (`mtpbackup.session.abandon`). After its end or `close` the next transaction may run.
    """

    def __init__(self, session: Session, exchange: Exchange, first: Chunk | None) -> None:
        """Made by `Session.stream`.

        Args:
            session: whose transaction it is.
            exchange: the transaction. With its response there already, it is over for the session.
            first: data that came along with the header.
        """
        self._session = session
        self._exchange = exchange
        self._held = first
        self._under_way = exchange.response is None
        self._over = False

    @property
    def announced(self) -> int | None:
        """Bytes that the container announces; None when it does not say (4 GiB or more)."""
        return self._exchange.announced

    @property
    def missing(self) -> int:
        """After the end: bytes that were announced and did not come."""
        return self._exchange.missing

    @property
    def parameters(self) -> tuple[int, ...]:
        """After the end: the response's parameters."""
        response = self._exchange.response
        return () if response is None else response.parameters

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Chunk:
        """The next chunk.

        Raises:
            StopIteration: that was all, and the phone said OK.
            OperationFailed: that was all, and the phone says that something went wrong.
            EndpointStalled, WireError, TransportError: as `Session.run`.
        """
        if self._over:
            raise StopIteration
        if self._held is not None:
            chunk, self._held = self._held, None
            return chunk
        if self._under_way:
            try:
                following = self._exchange.next_chunk()
            except BaseException as error:
                self._over = True
                self._session.give_up(self._exchange, error)
                raise
            if following is not None:
                return following
            self._session.complete(self._exchange)
        self._over = True
        if self._exchange.response is not None:
            self._session.raise_unless_ok(self._exchange.operation, self._exchange.response)
        raise StopIteration

    def close(self) -> None:
        """Gives up what has not been taken. May be called again; raises nothing but an interrupt."""
        held, self._held = self._held, None
        if held is not None:
            held.release()
        if self._over:
            return
        self._over = True
        if self._under_way and self._exchange.response is None:
            self._session.give_up(self._exchange, None)
        elif self._under_way:
            self._session.complete(self._exchange)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
