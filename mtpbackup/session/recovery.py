"""Getting a phone back into step: class requests, halts, and what is left on the pipe.

What is known of phones here (ANDROID.md, Class requests and Reading):

- Cancel (0x64) ends a data phase that is under way; no response follows. Sent to an idle phone it spoils the
  next transfer to it, so only `Exchange.abandon` and the opening of a session, which know that data flows, call
  it.
- GetDeviceStatus (0x67) with less than 8 bytes asked for kills Android's server: always ask for 32.
- Phones with the older "compat" I/O never answer class requests: found out once, remembered. QEMU 7.2 answers
  GetDeviceStatus with nothing, umtp-responder with 4 bytes; both obey a Cancel, though from umtp-responder
  64 KiB more may come (seen in the lab).
- After a failed read on the phone both bulk endpoints are halted and no response comes.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from mtpbackup.errors import (
    EndpointStalled,
    PhoneGone,
    TransferCancelled,
    TransportError,
    TransportTimeout,
    WireError,
)
from mtpbackup.transport.base import Endpoint, Transport
from mtpbackup.wire import (
    CancelRequest,
    ClassRequest,
    ContainerType,
    DeviceStatus,
    Header,
    Response,
    ResponseCode,
)

_log = logging.getLogger(__name__)

#: Seconds a class request may take. Android answers within milliseconds, or never.
CLASS_REQUEST_TIMEOUT: Final = 2.0
#: Bytes asked of GetDeviceStatus.
_STATUS_LENGTH: Final = 32
#: Seconds and pauses of waiting for the status OK.
_READY_SECONDS: Final = 5.0
_READY_PAUSE: Final = 0.02
#: Seconds without a byte after which the pipe of an idle phone counts as empty.
_PIPE_QUIET: Final = 0.1
#: Seconds for emptying it.
_PIPE_SECONDS: Final = 5.0
#: Seconds for reading the rest of a data phase that cannot be cancelled.
FINISH_SECONDS: Final = 30.0
#: A data phase that has more than this to come can be cancelled safely: Android's server queues 3 MiB ahead,
#: and with less it may be done with it, and idle, before the Cancel arrives.
SURELY_MORE: Final = 4 * 1024 * 1024
#: Bytes to ask for ahead when there may be gigabytes: all reads of a transport stay in flight.
_FAR_AHEAD: Final = 1 << 40
#: Bytes asked for at once while throwing data away.
_DRAIN_CHUNK: Final = 256 * 1024


@dataclass(frozen=True, slots=True)
class Drained:
    """What `Recovery.drain` met.

    Attributes:
        size: bytes thrown away.
        response: the response that ended it, or None.
        quiet: True when nothing more came.
    """

    size: int
    response: Response | None
    quiet: bool


class Recovery:
    """Everything that is said to a phone beside transactions.

    Attributes:
        class_requests_work: False once a phone that never answered a class request has left one unanswered.
    """

    def __init__(
        self, transport: Transport, sleep: Callable[[float], None], clock: Callable[[], float]
    ) -> None:
        self._transport = transport
        self._sleep = sleep
        self._clock = clock
        self.class_requests_work = True
        self._answered_once = False

    def cancel(self, transaction_id: int) -> bool:
        """Ends the data phase under way, if the phone listens. Only for a phone that is in the middle of one.

        Returns:
            Whether the phone took the request.
        """
        if not self.class_requests_work:
            return False
        data = CancelRequest(transaction_id=transaction_id).encode()
        try:
            self._transport.control_out(ClassRequest.CANCEL, data, CLASS_REQUEST_TIMEOUT)
        except (TransportTimeout, EndpointStalled) as error:
            self._no_class_requests(error)
            return False
        self._answered_once = True
        return True

    def device_status(self) -> int | None:
        """The phone's response code for its own state; None when it does not tell."""
        if not self.class_requests_work:
            return None
        try:
            answer = self._transport.control_in(
                ClassRequest.GET_DEVICE_STATUS, _STATUS_LENGTH, CLASS_REQUEST_TIMEOUT
            )
        except (TransportTimeout, EndpointStalled) as error:
            self._no_class_requests(error)
            return None
        self._answered_once = True
        try:
            return DeviceStatus.decode(answer).code
        except WireError as error:
            _log.info("device status: %s", error)
            return None

    def wait_until_ready(self) -> None:
        """Asks for the status until it is OK, clearing halts on the way; gives up after a few seconds."""
        deadline = self._clock() + _READY_SECONDS
        while (status := self.device_status()) is not None and status != ResponseCode.OK:
            if self._clock() >= deadline:
                _log.warning("device status stays %#06x", status)
                return
            if status == ResponseCode.TRANSACTION_CANCELLED:
                self._clear_halts()
            self._sleep(_READY_PAUSE)

    def clear_stall(self) -> int | None:
        """Ends the halt of both bulk endpoints.

        Returns:
            The status that the phone gave before, or None.
        """
        self._transport.stop_reading()
        status = self.device_status()
        self._clear_halts()
        self.wait_until_ready()
        return status

    def drain(
        self,
        transaction_id: int | None,
        *,
        quiet: float,
        seconds: float,
        wanted: int = _DRAIN_CHUNK,
        size_limit: int | None = None,
    ) -> Drained:
        """Reads and throws away what the phone still sends.

        Nothing is counted on: bytes may have been lost before. A response is known by being alone in the last
        packet of a transfer, complete, and by its id.

        Args:
            transaction_id: whose response ends the reading; None to read until nothing comes.
            quiet: seconds without a byte that mean "nothing more".
            seconds: the longest it may take altogether.
            wanted: bytes that are expected, if known.
            size_limit: bytes after which to stop; None for no limit.
        """
        deadline = self._clock() + seconds
        size = 0
        stalls = 0
        while True:
            try:
                chunk = self._transport.read(max(wanted - size, _DRAIN_CHUNK), quiet)
            except TransportTimeout:
                return Drained(size, None, quiet=True)
            except TransferCancelled:
                continue  # meant for the call that is being given up; raised once for each `cancel`
            except EndpointStalled:
                stalls += 1
                if stalls > 2:
                    raise
                self._clear_halts()
                continue
            try:
                size += len(chunk.data)
                response = self._response(chunk.data, transaction_id) if chunk.ended else None
            finally:
                chunk.release()
            if response is not None:
                return Drained(size, response, quiet=False)
            if self._clock() >= deadline or (size_limit is not None and size >= size_limit):
                return Drained(size, None, quiet=False)

    def clear_pipe(self, transaction_id: int = 0) -> bool:
        """Reads away whatever is still on its way, and ends a data phase that goes on and on.

        For the moments when nobody knows what the phone is doing: another program's transaction was left in the
        middle, or bytes came that make no sense.

        Args:
            transaction_id: to put into a Cancel; phones do not look at it (ANDROID.md, Class requests).

        Returns:
            Whether the pipe is quiet now.
        """
        self._transport.stop_reading()
        drained = self.drain(None, quiet=_PIPE_QUIET, seconds=_PIPE_SECONDS, size_limit=SURELY_MORE)
        if drained.size:
            _log.info("%d bytes of an earlier transaction thrown away", drained.size)
        if drained.quiet:
            return True
        # So much has flowed and does not stop: the phone is in the middle of a file, where Cancel is safe.
        self._transport.stop_reading()
        if self.cancel(transaction_id):
            drained = self.drain(None, quiet=_PIPE_QUIET, seconds=_PIPE_SECONDS)
            self.wait_until_ready()
        else:
            drained = self.drain(None, quiet=_PIPE_QUIET, seconds=FINISH_SECONDS, wanted=_FAR_AHEAD)
        return drained.quiet

    # --- inside -------------------------------------------------------------------------------------------

    def _response(self, data: memoryview, transaction_id: int | None) -> Response | None:
        """The response with this id at the end of a transfer, or None."""
        if transaction_id is None:
            return None
        packet = data[len(data) - len(data) % self._transport.packet_size :]
        try:
            header = Header.decode(packet)
            if (header.type, header.length) != (ContainerType.RESPONSE, len(packet)):
                return None
            response = Response.decode(packet)
        except WireError:
            return None
        return response if response.transaction_id == transaction_id else None

    def _clear_halts(self) -> None:
        for endpoint in (Endpoint.IN, Endpoint.OUT):
            try:
                self._transport.clear_halt(endpoint)
            except PhoneGone:
                raise
            except TransportError as error:
                _log.warning("halt of %s not cleared: %s", endpoint.value, error)

    def _no_class_requests(self, error: TransportError) -> None:
        _log.info("class request not answered: %s", error)
        # A phone in disk work answers nothing either (ANDROID.md, Device): one that did answer before is asked
        # again.
        self.class_requests_work = self._answered_once
