"""What is known of a computer and the phones on its cables when they are examined. Nothing is judged here."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mtpbackup.errors import MtpBackupError
from mtpbackup.phone import PhoneIdentity, Storage
from mtpbackup.transport.base import UsbIdentity
from mtpbackup.transport.devices import UsbDevice
from mtpbackup.udev import Access, Installed


@dataclass(frozen=True, slots=True)
class Sample:
    """A try at listing and reading.

    Attributes:
        items: files and folders listed.
        listing_seconds: how long that took.
        size: bytes read; 0 where there was no file.
        reading_seconds: how long that took.
        listing_error, reading_error: what went wrong, or None.
    """

    items: int = 0
    listing_seconds: float = 0.0
    size: int = 0
    reading_seconds: float = 0.0
    listing_error: MtpBackupError | None = None
    reading_error: MtpBackupError | None = None


@dataclass(frozen=True, slots=True)
class PhoneFacts:
    """A phone that speaks MTP or PTP, and how far one got with it.

    Attributes:
        usb: what USB says.
        error: why it could not be opened, or asked for its storages; None.
        identity: what it says of itself; None where it could not be asked.
        camera_mode: whether it gives itself for a camera, as Android does in "PTP".
        storages: what it shows; empty when locked.
        sample: None where that was not tried.
    """

    usb: UsbIdentity
    error: MtpBackupError | None = None
    identity: PhoneIdentity | None = None
    camera_mode: bool = False
    storages: tuple[Storage, ...] = ()
    sample: Sample | None = None


@dataclass(frozen=True, slots=True)
class DestinationFacts:
    """Where a backup would go.

    Attributes:
        path: its folder.
        has_backup: whether one is there.
        had_backup: whether one was there the last time.
        writable: whether files can be made there, or the folder itself can be made.
        free: bytes.
    """

    path: Path
    has_backup: bool
    had_backup: bool
    writable: bool
    free: int


@dataclass(frozen=True, slots=True)
class Facts:
    """All of it.

    Attributes:
        library_error: why libusb can't be used, or None.
        devices: everything on the bus, as far as the system tells.
        phones: those that speak MTP; None where no phone was asked.
        access: who may open a phone, by device node.
        rules: whether our udev rules are in the system.
        holders: programs that have a device node open, by node.
        destination: None where it was not asked about.
    """

    library_error: MtpBackupError | None = None
    devices: tuple[UsbDevice, ...] = ()
    phones: tuple[PhoneFacts, ...] | None = None
    access: dict[str, Access] | None = None
    rules: Installed = Installed.MISSING
    holders: dict[str, tuple[str, ...]] | None = None
    destination: DestinationFacts | None = None
