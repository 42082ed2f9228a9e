"""The first words to a phone, which may still be in the middle of a conversation with somebody else.

A program that was killed, or a computer that crashed, leaves a phone waiting: with the rest of a file to send,
with an answer nobody fetched, or ready for data that never came. Nothing on USB tells. So the pipe is read
empty first; then OpenSession is asked, whose answer carries the id 0 as no other does, until it is answered.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final

from mtpbackup.errors import (
    EndpointStalled,
    OperationFailed,
    RemoteProtocolError,
    TransportTimeout,
    WireError,
)
from mtpbackup.session.exchange import Exchange, Trust
from mtpbackup.session.pace import Pace
from mtpbackup.session.recovery import Recovery
from mtpbackup.transport.base import Transport
from mtpbackup.wire import OperationCode, Response, ResponseCode

_log = logging.getLogger(__name__)

#: Any number but 0 will do.
_SESSION_ID: Final = 1
#: How often OpenSession is sent before giving up, a busy phone not counted.
_TRIES: Final = 6
#: Answers with a strange id that are taken for somebody else's; after that the phone is careless about ids.
_STRANGERS: Final = 2


def open_session(
    transport: Transport, recovery: Recovery, sleep: Callable[[float], None], busy_pauses: tuple[float, ...]
) -> Trust:
    """Opens a session, or finds one open (201E), which serves as well.

    Args:
        transport: the pipe.
        recovery: for what is said beside transactions.
        sleep: waits.
        busy_pauses: seconds before a busy phone is asked again.

    Returns:
        How to treat strange ids from now on.

    Raises:
        OperationFailed: the phone refuses.
        RemoteProtocolError: all it sends is somebody else's.
        TransportTimeout: no answer, not even after a USB reset.
        PhoneGone: the USB reset made it leave; it comes back.
    """
    strangers = 0
    was_reset = False
    pauses = iter(busy_pauses)
    if not recovery.clear_pipe():
        _reset(transport, "it does not stop sending")
        was_reset = True
    tries = 0
    while tries < _TRIES:
        tries += 1
        trust = Trust.EXACT if strangers < _STRANGERS else Trust.EASY
        exchange = Exchange(
            transport, recovery, OperationCode.OPEN_SESSION, 0, Pace.FIRST_ANSWER.value, trust=trust
        )
        try:
            response = _ask(exchange)
        except WireError as error:
            # An answer to somebody else; or the phone took our command for the end of the data it waited for.
            _log.info("an answer to another host's question: %s", error)
            strangers += 1
            recovery.clear_pipe()
            continue
        except EndpointStalled as error:
            _log.info("stalled when the session was opened: %s", error)
            recovery.clear_stall()
            continue
        except TransportTimeout:
            # Not one byte has come, so a Cancel would do harm. Android's server may have ended itself after a
            # mistake of another host; only a change of the USB state wakes it (ANDROID.md, "dies").
            if was_reset:
                raise
            _reset(transport, "it does not answer")
            was_reset = True
            continue
        if response.code in (ResponseCode.OK, ResponseCode.SESSION_ALREADY_OPEN):
            if trust is Trust.EASY:
                return Trust.EASY
            return Trust.WARY if strangers else Trust.EASY
        if response.code == ResponseCode.DEVICE_BUSY and (pause := next(pauses, None)) is not None:
            sleep(pause)
            tries -= 1
            continue
        raise OperationFailed(OperationCode.OPEN_SESSION, response.code, response.parameters)
    raise RemoteProtocolError(f"{_TRIES} times another answer than that to OpenSession")


def _ask(exchange: Exchange) -> Response:
    """One OpenSession."""
    exchange.send([_SESSION_ID])
    while (chunk := exchange.next_chunk()) is not None:
        chunk.release()
    if exchange.response is None:
        raise RemoteProtocolError("no response")
    return exchange.response


def _reset(transport: Transport, reason: str) -> None:
    _log.warning("USB reset of the phone: %s", reason)
    transport.reset()
