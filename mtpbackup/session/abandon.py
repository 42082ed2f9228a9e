"""Giving up a transaction without harm, whatever the reason: Ctrl-C, an error, a caller who has seen enough.

The rule (ANDROID.md, Class requests; PHONES.md 1.4): a Cancel reaches an idle phone as a stale request, after
which the next data phase to it is lost. So it is sent in one case only: data has flowed, and clearly more is to
come. In all others the transaction is brought to its end by reading what is left, or, where not even the first
byte of an answer has come, left as it is: the phone still owes that answer, and it is dropped when it comes.
Data to the phone of which little has left is ended by a short packet.
"""

from __future__ import annotations

import enum
import logging
from typing import Final

from mtpbackup.errors import EndpointStalled, TransportTimeout
from mtpbackup.session.exchange import Exchange
from mtpbackup.session.recovery import FINISH_SECONDS, SURELY_MORE, Recovery
from mtpbackup.transport.base import Transport
from mtpbackup.wire import State

_log = logging.getLogger(__name__)

#: The rest of a data phase is read to its end, rather than cancelled, if that takes no longer than this.
_PATIENCE: Final = 1.0
#: Seconds to wait for the next byte of a rest.
REST_QUIET: Final = 5.0
#: Seconds without a byte after a Cancel that mean: it was obeyed.
_CANCEL_QUIET: Final = 0.2
#: Seconds to wait for the answer to a data phase that may have come to its end.
_OVER_QUIET: Final = 1.0
#: Less than a container's header, so never content and never a command.
_SHORT_PACKET: Final = b"\0"
#: Seconds for sending it.
_SHORT_SECONDS: Final = 2.0
#: Of what surely was to come, so much may turn out to have come already, in the transport's reads in flight.
_READS_AHEAD: Final = 1024 * 1024
#: Bytes that may still be under way inside the computer when they are counted as taken: the transport's writes
#: in flight, twice their usual 4 x 256 KiB.
_WRITES_AHEAD: Final = 2 * 1024 * 1024


class Ending(enum.Enum):
    """How a transaction that was given up ended."""

    #: With its response: nothing can be left over.
    ANSWERED = "answered"
    #: By a Cancel that was obeyed: no response follows.
    CANCELLED = "cancelled"
    #: Not yet: its answer may still come.
    OWED = "owed"
    #: Not at all: the phone goes on sending.
    ENDLESS = "endless"


def abandon(
    exchange: Exchange,
    transport: Transport,
    recovery: Recovery,
    seconds_so_far: float,
    *,
    quiet: float = REST_QUIET,
) -> Ending:
    """Ends a transaction that is under way.

    What was counted so far is a hint only: an interrupt may have lost a chunk between the transport and us.

    Args:
        exchange: the transaction.
        transport: its pipe.
        recovery: for what is said beside transactions.
        seconds_so_far: how long its data has been flowing, to tell how long the rest would take.
        quiet: seconds without a byte that end the reading of a rest which the phone still owes.

    Raises:
        TransportError: nothing more can be done from here.
    """
    state = exchange.state
    if exchange.response is not None:
        return Ending.ANSWERED
    if state is State.DATA_TO_RESPONDER:
        return _stop_sending(exchange, transport, recovery)
    if state is not State.DATA_TO_INITIATOR and state is not State.ANSWER_DUE:
        # No byte has come, or half a response: to be waited for when there is time, not now.
        return Ending.OWED
    rest = exchange.remaining
    cancelled = False
    if recovery.class_requests_work and _worth_a_cancel(exchange, rest, seconds_so_far):
        thrown = transport.stop_reading()
        if rest is None or rest - thrown > SURELY_MORE - _READS_AHEAD:
            cancelled = recovery.cancel(exchange.transaction_id)
    if cancelled:
        exchange.note_cancel()
        drained = recovery.drain(exchange.transaction_id, quiet=_CANCEL_QUIET, seconds=FINISH_SECONDS)
        recovery.wait_until_ready()
        _log.info("%s cancelled, %d bytes thrown away", exchange.operation.name, drained.size)
        if drained.response is not None:
            return Ending.ANSWERED
        return Ending.CANCELLED if drained.quiet else Ending.ENDLESS
    drained = recovery.drain(
        exchange.transaction_id,
        quiet=quiet,
        seconds=FINISH_SECONDS,
        wanted=1 << 40 if rest is None else rest,
    )
    _log.info("%s read to its end, %d bytes thrown away", exchange.operation.name, drained.size)
    if drained.response is not None:
        return Ending.ANSWERED
    return Ending.OWED if drained.quiet else Ending.ENDLESS


def _worth_a_cancel(exchange: Exchange, rest: int | None, seconds: float) -> bool:
    """Whether much is still to come, and reading it would take long."""
    if rest is None:
        # An unknown length means 4 GiB or more: before that, more is certain.
        return exchange.received < (1 << 32) - SURELY_MORE
    return rest > SURELY_MORE and rest * seconds > _PATIENCE * exchange.received


def _stop_sending(exchange: Exchange, transport: Transport, recovery: Recovery) -> Ending:
    """Ends a data phase to the phone, which waits for the rest for ever."""
    outgoing = exchange.outgoing
    if outgoing is None:
        _log.warning("%s left before its data phase", exchange.operation.name)
        return Ending.OWED
    over = outgoing.taken >= outgoing.size
    if over and recovery.drain(exchange.transaction_id, quiet=_OVER_QUIET, seconds=FINISH_SECONDS).response:
        return Ending.ANSWERED
    # With less perhaps nothing has left the computer yet, and an idle phone must not be sent a Cancel, except
    # QEMU's.
    flows = outgoing.taken > _WRITES_AHEAD or outgoing.misjudged
    if flows and recovery.cancel(exchange.transaction_id):
        exchange.note_cancel()
        drained = recovery.drain(exchange.transaction_id, quiet=_CANCEL_QUIET, seconds=FINISH_SECONDS)
        recovery.wait_until_ready()
        return Ending.ANSWERED if drained.response is not None else Ending.CANCELLED
    if over:
        # The end may be there, and only the answer late: anything more would be read as a command.
        _log.warning("%s left at the end of its data phase", exchange.operation.name)
        return Ending.OWED
    # Of what was written only whole packets have left, so one that is not whole ends the data, wherever it
    # stands. Android answers 2002, be it the first of all or the last (ANDROID.md, Writing).
    try:
        transport.write([_SHORT_PACKET], _SHORT_SECONDS)
    except (TransportTimeout, EndpointStalled) as error:
        _log.warning("%s left in its data phase: %s", exchange.operation.name, error)
        return Ending.OWED
    drained = recovery.drain(exchange.transaction_id, quiet=REST_QUIET, seconds=FINISH_SECONDS)
    return Ending.ANSWERED if drained.response is not None else Ending.OWED
