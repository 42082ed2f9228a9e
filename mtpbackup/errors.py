"""What can go wrong, as classes with attributes.

Every exception that mtpbackup raises on purpose is declared here. The classes carry facts (codes, numbers,
paths); the sentences for people are made of them in `mtpbackup.messages` and nowhere else. `str(error)` is for
developers' logs.

Every layer may import this module; it imports nothing of ours.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


class MtpBackupError(Exception):
    """Base of all errors raised on purpose."""


# --- bytes that mean nothing ------------------------------------------------------------------------------


class WireError(MtpBackupError):
    """The phone's bytes cannot be what the specification says they are (the peer's fault).

    Decoders raise this and nothing else for damaged or cut-off input.
    """


class LocalProtocolError(MtpBackupError):
    """Our own code asked for what the protocol does not have (our fault).

    A step that the transaction table does not allow, or a value that the wire cannot carry: a name of more than
    254 UTF-16 units, a number that its field is too small for.
    """


class RemoteProtocolError(WireError):
    """Well-formed bytes at the wrong moment: a wrong container type, code or transaction id."""


# --- moving bytes -----------------------------------------------------------------------------------------


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


# --- libmtp, in a process of its own ----------------------------------------------------------------------


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


# --- answers of the phone ---------------------------------------------------------------------------------


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


# --- sending to the phone ---------------------------------------------------------------------------------


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


# --- the backup on disk -----------------------------------------------------------------------------------


class ArchiveError(MtpBackupError):
    """Something about the backup on this computer's disk.

    Attributes:
        path: the file or folder it is about.
    """

    def __init__(self, path: Path, message: str) -> None:
        super().__init__(f"{path}: {message}")
        self.path = path


class NoArchive(ArchiveError):
    """There is no backup in this folder."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, "no backup here")


class ArchiveBusy(ArchiveError):
    """Another run holds the lock of this backup.

    Attributes:
        pid: the process that holds it, or None when unknown.
    """

    def __init__(self, path: Path, pid: int | None = None) -> None:
        super().__init__(path, f"locked by process {pid}")
        self.pid = pid


class OutOfSpace(ArchiveError):
    """The disk has no room.

    Attributes:
        needed: bytes needed, or None when it filled up in mid-run.
        free: bytes free.
    """

    def __init__(self, path: Path, needed: int | None, free: int) -> None:
        super().__init__(path, f"{needed} bytes needed, {free} free")
        self.needed = needed
        self.free = free


class DestinationUnwritable(ArchiveError):
    """The folder cannot be written to: read-only, no permission, or not a folder."""


class DestinationGone(ArchiveError):
    """The disk that holds the backup was removed, or its folder replaced by another."""


class FileTooLarge(ArchiveError):
    """The destination's file system cannot hold a file of this size (FAT: 4 GiB less one byte).

    Attributes:
        size: the file's size in bytes.
        limit: the largest size the file system takes.
    """

    def __init__(self, path: Path, size: int, limit: int) -> None:
        super().__init__(path, f"{size} bytes, limit {limit}")
        self.size = size
        self.limit = limit


class IntegrityError(ArchiveError):
    """A file on disk is not what the catalog says.

    Attributes:
        expected: SHA-256 in hex as recorded.
        found: SHA-256 in hex as read, or None when the file is missing or cut off.
    """

    def __init__(self, path: Path, expected: str, found: str | None) -> None:
        super().__init__(path, f"expected {expected}, found {found}")
        self.expected = expected
        self.found = found


class CatalogUnusable(ArchiveError):
    """The catalog cannot be used as it is; the files of the backup are not affected.

    Attributes:
        version: the schema version found where it is a newer one, else None.
        reason: why.
    """

    class Reason(enum.Enum):
        """What is the matter with the catalog."""

        #: It was written by a newer version of mtpbackup.
        NEWER = "newer"
        #: There is none, though there is a backup.
        MISSING = "missing"
        #: It belongs to somebody else, or its permissions do not let it be opened.
        DENIED = "denied"
        #: It is no database, or one with broken pages.
        DAMAGED = "damaged"

    def __init__(self, path: Path, version: int | None = None, reason: Reason = Reason.DAMAGED) -> None:
        self.reason = self.Reason.NEWER if version is not None else reason
        super().__init__(path, f"catalog cannot be used ({self.reason.value}, schema version {version})")
        self.version = version


@dataclass(frozen=True, slots=True)
class Failure:
    """Why one item was not saved: an error made into a row that outlives the run.

    Attributes:
        kind: the error's class name.
        detail: `str(error)`.
    """

    kind: str
    detail: str

    @classmethod
    def of(cls, error: BaseException) -> Failure:
        """The failure row of an exception."""
        return cls(type(error).__name__, str(error))
