"""Moving bytes to and from the phone."""

from __future__ import annotations

from collections.abc import Sequence

from mtpbackup.errors.base import MtpBackupError


class TransportError(MtpBackupError):
    """Bytes could not be moved to or from the phone."""


class PhoneGone(TransportError):
    """The phone left the bus: unplugged, switched off, or changed its USB mode."""


class SessionDropped(PhoneGone):
    """The phone has closed the session by itself. It is still there, but its handles may be void."""


class AccessDenied(TransportError):
    """The operating system does not let this user open the phone.

    Attributes:
        node: the device node, as `/dev/bus/usb/001/004`; empty when unknown.
    """

    def __init__(self, node: str = "") -> None:
        super().__init__(f"no permission to open {node or 'the device'}")
        self.node = node


class InterfaceBusy(TransportError):
    """Another program holds the phone's MTP interface.

    Attributes:
        node: the device node; empty when unknown.
        holders: names of the programs that have it open, as far as could be found out.
    """

    def __init__(self, node: str = "", holders: Sequence[str] = ()) -> None:
        super().__init__(f"interface of {node or 'the device'} is claimed by {list(holders) or 'someone'}")
        self.node = node
        self.holders = tuple(holders)


class TransportTimeout(TransportError):
    """No byte moved for the time allowed.

    Attributes:
        endpoint: what was waited for: "in", "out", "control".
        seconds: how long nothing moved.
    """

    def __init__(self, endpoint: str, seconds: float) -> None:
        super().__init__(f"nothing moved on {endpoint} for {seconds:g} s")
        self.endpoint = endpoint
        self.seconds = seconds


class EndpointStalled(TransportError):
    """The phone halted an endpoint; it answers again once the halt is cleared.

    Attributes:
        endpoint: "in", "out" or "control".
    """

    def __init__(self, endpoint: str) -> None:
        super().__init__(f"endpoint {endpoint} is stalled")
        self.endpoint = endpoint


class TransferCancelled(TransportError):
    """`Transport.cancel()` ended the call; nothing is wrong with the phone."""


class TransferOverflow(TransportError):
    """The phone sent more than it was asked for."""


class ReplayDiverged(TransportError):
    """The program asks a recorded phone for something else than was recorded.

    Attributes:
        line: of the recording, from 1.
        recorded: what was asked then.
        asked: what is asked now.
    """

    def __init__(self, line: int, recorded: str, asked: str) -> None:
        super().__init__(f"line {line} of the recording has {recorded}, but the program asks {asked}")
        self.line = line
        self.recorded = recorded
        self.asked = asked


class LibraryMissing(TransportError):
    """A shared library that carries USB is not on this computer.

    Attributes:
        library: its name, as `libusb-1.0`.
    """

    def __init__(self, library: str) -> None:
        super().__init__(f"{library} could not be loaded")
        self.library = library
