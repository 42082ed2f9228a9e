"""Answers of the phone, and what a person sees of it."""

from __future__ import annotations

import enum
from collections.abc import Sequence

from mtpbackup.errors.base import MtpBackupError


class OperationFailed(MtpBackupError):
    """The phone answered an operation with a response other than OK.

    Attributes:
        operation: operation code, 16 bit.
        response: response code, 16 bit.
        parameters: the response's parameters, 32 bit each.
    """

    def __init__(self, operation: int, response: int, parameters: Sequence[int] = ()) -> None:
        super().__init__(f"operation {operation:#06x} failed with response {response:#06x}")
        self.operation = operation
        self.response = response
        self.parameters = tuple(parameters)


class PhoneError(MtpBackupError):
    """Something about the phone as a person sees it."""


class OperationUnsupported(PhoneError):
    """The phone does not list the operation that would be needed.

    Attributes:
        operation: operation code, 16 bit.
    """

    def __init__(self, operation: int) -> None:
        super().__init__(f"the phone does not offer operation {operation:#06x}")
        self.operation = operation


class PhoneLocked(PhoneError):
    """The phone shows no storage: its screen is locked, or USB is set to charging only.

    Attributes:
        name: the phone's name.
        vendor_id: its USB vendor, 0 where it is not known: each maker's phones have steps of their own.
    """

    def __init__(self, name: str = "", vendor_id: int = 0) -> None:
        super().__init__(f"{name or 'the phone'} shows no storage")
        self.name = name
        self.vendor_id = vendor_id


class NoPhone(PhoneError):
    """No phone is plugged in, or none matches what was asked for.

    Attributes:
        wanted: the name or serial number asked for; empty for any.
        others: names of the phones that are there instead.
    """

    def __init__(self, wanted: str = "", others: Sequence[str] = ()) -> None:
        super().__init__(f"no phone found{f' matching {wanted!r}' if wanted else ''}")
        self.wanted = wanted
        self.others = tuple(others)


class OffersNoFiles(NoPhone):
    """A phone is on the cable, and offers something else than files.

    Attributes:
        name: the phone's name.
        vendor_id: its USB vendor.
        mode: what it offers, a value of `transport.devices.UsbMode`.
    """

    def __init__(self, name: str, vendor_id: int, mode: str) -> None:
        super().__init__()
        self.name = name
        self.vendor_id = vendor_id
        self.mode = mode


class SeveralPhones(PhoneError):
    """More than one phone is plugged in and none was chosen.

    Attributes:
        names: a name for each.
    """

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__(f"several phones: {list(names)}")
        self.names = tuple(names)


class ItemVanished(PhoneError):
    """An object that was listed is not on the phone any more.

    Attributes:
        path: its path on the phone, with "/" between the names.
    """

    def __init__(self, path: str) -> None:
        super().__init__(f"{path!r} is not on the phone any more")
        self.path = path


class StorageVanished(PhoneError):
    """A storage went away (card pulled, phone locked) while it was being read.

    Attributes:
        storage: its description.
    """

    def __init__(self, storage: str) -> None:
        super().__init__(f"storage {storage!r} went away")
        self.storage = storage


class ItemUnreadable(PhoneError):
    """The phone would not give an object's content, or gave content that disagrees with its size.

    Attributes:
        path: its path on the phone, with "/" between the names.
        reason: why, as a value a program can test.
        expected: bytes that the phone announced, or None.
        received: bytes that came, or None.
    """

    class Reason(enum.Enum):
        """Why an item could not be read."""

        REFUSED = "refused"
        WRONG_SIZE = "wrong_size"
        STALLED = "stalled"
        CHANGED = "changed"

    def __init__(
        self, path: str, reason: Reason, expected: int | None = None, received: int | None = None
    ) -> None:
        super().__init__(f"{path!r} unreadable: {reason.value} (expected {expected}, received {received})")
        self.path = path
        self.reason = reason
        self.expected = expected
        self.received = received
