"""What can go wrong, as classes with attributes.

Every exception that several layers speak of is declared here, in a module for each layer that raises it; what a
package keeps to itself it declares itself. The classes carry facts (codes, numbers, paths); the sentences for
people are made of them in `mtpbackup.messages` and nowhere else. `str(error)` is for developers' logs.

Every layer may import this package; it imports nothing of ours.
"""

from mtpbackup.errors.archive import (
    ArchiveBusy,
    ArchiveError,
    CatalogUnusable,
    DestinationGone,
    DestinationUnwritable,
    FileTooLarge,
    FolderInTheWay,
    IntegrityError,
    NoArchive,
    NoLocks,
    OutOfSpace,
)
from mtpbackup.errors.base import Failure, MtpBackupError
from mtpbackup.errors.libmtp import (
    LibmtpCrashed,
    LibmtpFailed,
    LibmtpHung,
    LibmtpMismatch,
    LibmtpMissing,
    LibmtpUnsupported,
)
from mtpbackup.errors.phone import (
    ItemUnreadable,
    ItemVanished,
    NoPhone,
    OffersNoFiles,
    OperationFailed,
    OperationUnsupported,
    PhoneError,
    PhoneLocked,
    SeveralPhones,
    StorageVanished,
)
from mtpbackup.errors.sending import NameRefused, NameTaken, PhoneFull, SendFailed, TopRefused
from mtpbackup.errors.transport import (
    AccessDenied,
    EndpointStalled,
    InterfaceBusy,
    LibraryMissing,
    PhoneGone,
    ReplayDiverged,
    SessionDropped,
    TransferCancelled,
    TransferOverflow,
    TransportError,
    TransportTimeout,
)
from mtpbackup.errors.wire import LocalProtocolError, RemoteProtocolError, WireError

__all__ = [
    "AccessDenied",
    "ArchiveBusy",
    "ArchiveError",
    "CatalogUnusable",
    "DestinationGone",
    "DestinationUnwritable",
    "EndpointStalled",
    "Failure",
    "FileTooLarge",
    "FolderInTheWay",
    "IntegrityError",
    "InterfaceBusy",
    "ItemUnreadable",
    "ItemVanished",
    "LibmtpCrashed",
    "LibmtpFailed",
    "LibmtpHung",
    "LibmtpMismatch",
    "LibmtpMissing",
    "LibmtpUnsupported",
    "LibraryMissing",
    "LocalProtocolError",
    "MtpBackupError",
    "NameRefused",
    "NameTaken",
    "NoArchive",
    "NoLocks",
    "NoPhone",
    "OffersNoFiles",
    "OperationFailed",
    "OperationUnsupported",
    "OutOfSpace",
    "PhoneError",
    "PhoneFull",
    "PhoneGone",
    "PhoneLocked",
    "RemoteProtocolError",
    "ReplayDiverged",
    "SendFailed",
    "SessionDropped",
    "SeveralPhones",
    "StorageVanished",
    "TopRefused",
    "TransferCancelled",
    "TransferOverflow",
    "TransportError",
    "TransportTimeout",
    "WireError",
]
