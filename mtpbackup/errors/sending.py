"""Sending files to the phone."""

from __future__ import annotations

import enum

from mtpbackup.errors.phone import PhoneError


class PhoneFull(PhoneError):
    """A storage of the phone has no room for what is to be sent.

    Attributes:
        storage: its label.
        needed: bytes of the file, or of all files together.
        free: bytes free, as the phone says; None when it does not.
    """

    def __init__(self, storage: str, needed: int, free: int | None) -> None:
        super().__init__(f"storage {storage!r} is full: {needed} bytes needed, {free} free")
        self.storage = storage
        self.needed = needed
        self.free = free


class NameTaken(PhoneError):
    """The folder on the phone holds something of this name already; nothing was changed.

    Attributes:
        path: of the name that was asked for, with "/" between the names.
    """

    def __init__(self, path: str) -> None:
        super().__init__(f"{path!r} is on the phone already")
        self.path = path


class NameRefused(PhoneError):
    """A name that the phone's file system does not take. Found before a byte is sent.

    Attributes:
        name: the name.
        reason: why, as a value a program can test.
    """

    class Reason(enum.Enum):
        """What is wrong with a name."""

        EMPTY = "empty"
        DOTS = "dots"
        SLASH = "slash"
        CHARACTER = "character"
        CONTROL = "control"
        ENDING = "ending"
        TOO_LONG = "too_long"

    def __init__(self, name: str, reason: Reason) -> None:
        super().__init__(f"the phone would not take the name {name!r}: {reason.value}")
        self.name = name
        self.reason = reason


class SendFailed(PhoneError):
    """A file or folder could not be sent; nothing of it is left on the phone as far as could be seen to.

    Attributes:
        path: its path on the phone, with "/" between the names.
        reason: why, as a value a program can test.
        sent: bytes of content that had been handed to the phone.
    """

    class Reason(enum.Enum):
        """Why something could not be sent."""

        #: The phone said no. `__cause__` has its answer.
        REFUSED = "refused"
        #: The phone broke off in mid-file, and has room.
        STALLED = "stalled"
        #: Larger than files on that storage can be (FAT: 4 GiB less one byte).
        TOO_LARGE = "too_large"
        #: The storage takes no files.
        READ_ONLY = "read_only"

    def __init__(self, path: str, reason: Reason, sent: int = 0) -> None:
        super().__init__(f"{path!r} not sent: {reason.value} after {sent} bytes")
        self.path = path
        self.reason = reason
        self.sent = sent


class TopRefused(SendFailed):
    """The phone takes nothing at the top of a storage, only in folders. `__cause__` has its answer."""

    def __init__(self, path: str) -> None:
        super().__init__(path, SendFailed.Reason.REFUSED)
