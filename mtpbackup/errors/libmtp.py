"""libmtp, in a process of its own."""

from __future__ import annotations

from mtpbackup.errors.transport import LibraryMissing, TransportError


class LibmtpMissing(LibraryMissing):
    """What `--via libmtp` needs is not on this computer: `library` is "pymtp" or "libmtp"."""


class LibmtpUnsupported(LibraryMissing):
    """libmtp is of a version whose structures are not known, so it is not used.

    Attributes:
        version: as found; empty when it could not be found out.
    """

    def __init__(self, version: str) -> None:
        super().__init__(f"libmtp {version or 'of unknown version'}")
        self.version = version


class LibmtpMismatch(LibraryMissing):
    """libmtp or pymtp lays its data out in another way than is known here, so it is not read.

    Attributes:
        structure: the one that differs.
    """

    def __init__(self, structure: str) -> None:
        super().__init__(f"libmtp with another {structure}")
        self.structure = structure


class LibmtpFailed(TransportError):
    """libmtp said no.

    Attributes:
        text: its own words, for developers.
    """

    def __init__(self, text: str) -> None:
        super().__init__(f"libmtp: {text}")
        self.text = text


class LibmtpCrashed(TransportError):
    """The process with libmtp in it ended by itself.

    Attributes:
        doing: what it was asked for.
        signal: number of the signal that ended it; None when it was none.
    """

    def __init__(self, doing: str, signal: int | None) -> None:
        super().__init__(f"libmtp crashed at {doing!r} (signal {signal})")
        self.doing = doing
        self.signal = signal


class LibmtpHung(TransportError):
    """The process with libmtp in it gave no sign of life, and was ended.

    Attributes:
        doing: what it was asked for.
        seconds: how long it was waited for.
    """

    def __init__(self, doing: str, seconds: float) -> None:
        super().__init__(f"libmtp hung at {doing!r} for {seconds:g} s")
        self.doing = doing
        self.seconds = seconds
