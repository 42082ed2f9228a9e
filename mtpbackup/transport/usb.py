"""What transports to real phones have in common, whichever library carries their requests.

How an unplugging is noticed is here. A pulled cable breaks transfers before the kernel knows of it, and may
break the one that waits for events when no other call is under way that would hear of it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final, TypeVar

from mtpbackup.errors import EndpointStalled, PhoneGone, TransportError
from mtpbackup.transport.base import Buffer, Chunk, Endpoint, TransportOptions, UsbIdentity
from mtpbackup.transport.match import MtpInterface
from mtpbackup.transport.queued import QueuedTransport
from mtpbackup.transport.requests import Driver, TransferFailed

#: bmRequestType: class request to an interface, in and out; standard request to the device. USB 2.0, table 9-2.
_CLASS_IN, _CLASS_OUT, _DEVICE_IN = 0xA1, 0x21, 0x80
_GET_STATUS: Final = 0

#: Seconds after a broken transfer in which a phone that is still there must answer. The kernel notices a pulled
#: cable later than the transfers that break do.
_STILL_THERE_SECONDS: Final = 0.8

#: Seconds between two looks at whether the phone is there while waiting for events.
_LOOK_AGAIN_SECONDS: Final = 0.5

_T = TypeVar("_T")


class UsbTransport(QueuedTransport):
    """One claimed interface of a real phone.

    Args:
        driver: carries bulk requests.
        interface: what was claimed.
        identity: what USB says of the phone.
        options: how to move bytes.
    """

    def __init__(
        self, driver: Driver, interface: MtpInterface, identity: UsbIdentity, options: TransportOptions | None
    ) -> None:
        super().__init__(driver, interface.packet_size, options or TransportOptions())
        self._interface = interface
        self._identity = identity
        #: None where this system has no such nodes.
        self._node = Path(identity.node) if identity.node and Path(identity.node).exists() else None

    @property
    def identity(self) -> UsbIdentity:
        """See `Transport`."""
        return self._identity

    def write(self, parts: Iterable[Buffer], timeout: float) -> int:
        """See `Transport`."""
        try:
            return super().write(parts, timeout)
        except (PhoneGone, TransferFailed) as error:
            raise self._explained(error) from error

    def read(self, wanted: int, timeout: float) -> Chunk:
        """See `Transport`."""
        try:
            return super().read(wanted, timeout)
        except (PhoneGone, TransferFailed) as error:
            raise self._explained(error) from error

    def control_in(self, request: int, length: int, timeout: float, value: int = 0) -> bytes:
        """See `Transport`."""
        return self._class_request(_CLASS_IN, request, value, length, timeout)

    def control_out(self, request: int, data: Buffer, timeout: float, value: int = 0) -> None:
        """See `Transport`."""
        self._class_request(_CLASS_OUT, request, value, bytes(data), timeout)

    def clear_halt(self, endpoint: Endpoint) -> None:
        """See `Transport`."""
        self._check_open()
        address = {
            Endpoint.IN: self._interface.bulk_in,
            Endpoint.OUT: self._interface.bulk_out,
            Endpoint.EVENT: self._interface.event,
        }[endpoint]
        if endpoint is Endpoint.IN:
            self._ring.withdraw()
        if address is not None:
            self._explaining(lambda: self._clear(address))

    def next_event(self, timeout: float = 0.0) -> bytes | None:
        """See `Transport`. Notices a pulled cable within half a second whoever else is at work."""
        deadline = time.monotonic() + timeout
        while True:
            left = deadline - time.monotonic()
            packet = super().next_event(min(left, _LOOK_AGAIN_SECONDS))
            if packet is not None:
                return packet
            if not self._listens and not self._has_node():
                self.lose_phone()
            elif left <= _LOOK_AGAIN_SECONDS:
                return None

    # --- a subclass's ---------------------------------------------------------------------------------------

    @property
    def _listens(self) -> bool:
        """Whether a read is pending on the interrupt endpoint, which ends when the phone leaves."""
        raise NotImplementedError

    def _clear(self, address: int) -> None:
        """Ends the halt of an endpoint."""
        raise NotImplementedError

    def _control(
        self, kind: int, number: int, value: int, index: int, data: bytes | int, timeout: float
    ) -> bytes:
        """A control request.

        Args:
            kind: bmRequestType.
            number: bRequest.
            value: wValue.
            index: wIndex.
            data: what to send, or how much to ask for.
            timeout: seconds.

        Returns:
            What it brought.
        """
        raise NotImplementedError

    # --- is it there? ---------------------------------------------------------------------------------------

    def _class_request(self, kind: int, number: int, value: int, data: bytes | int, timeout: float) -> bytes:
        self._check_open()
        index = self._interface.number
        return self._explaining(lambda: self._control(kind, number, value, index, data, timeout))

    def _explaining(self, call: Callable[[], _T]) -> _T:
        """What a call returns. One that breaks off is told from a pulled cable."""
        try:
            return call()
        except (PhoneGone, TransferFailed) as error:
            raise self._explained(error) from error

    def _explained(self, error: PhoneGone | TransferFailed) -> TransportError:
        """Tells a pulled cable from a transfer that failed otherwise, also those who wait for events.

        The transfers that a pulled cable breaks end with an input/output error (dummy_hcd) or without a device
        (xHCI), depending on who notices first.
        """
        if isinstance(error, TransferFailed) and self._still_there():
            return TransportError(str(error))
        self.lose_phone()
        return PhoneGone("the phone left the bus")

    def _still_there(self) -> bool:
        """Asks the device for its status, which its kernel answers, until it does or is seen to be gone."""
        deadline = time.monotonic() + _STILL_THERE_SECONDS
        while (left := deadline - time.monotonic()) > 0:
            try:
                self._control(_DEVICE_IN, _GET_STATUS, 0, 0, 2, left)
            except PhoneGone:
                return False
            except EndpointStalled:
                return True
            except TransportError:
                time.sleep(0.02)
            else:
                return True
        return False

    def _has_node(self) -> bool:
        """Whether the operating system still knows the phone; asked where no read on the phone would tell."""
        return self._node is None or self._node.exists()
