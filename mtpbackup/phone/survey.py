"""Looks at every phone that is plugged in, one after the other, and closes it again."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from mtpbackup.errors import AccessDenied, InterfaceBusy, MtpBackupError
from mtpbackup.phone.items import PhoneIdentity, Storage
from mtpbackup.phone.phone import Phone
from mtpbackup.transport.base import Finder, FoundPhone, UsbIdentity


class PhoneState(enum.Enum):
    """Whether a phone can be used."""

    READY = "ready"
    LOCKED = "locked"
    BUSY = "busy"
    NO_PERMISSION = "no_permission"
    NO_ANSWER = "no_answer"


@dataclass(frozen=True, slots=True)
class PhoneSeen:
    """A phone that is plugged in.

    Attributes:
        usb: what USB says of it.
        state: whether it can be used.
        identity: what it says of itself, or None when it could not be asked.
        storages: what it shows.
        trouble: why it cannot be used, or None.
    """

    usb: UsbIdentity
    state: PhoneState
    identity: PhoneIdentity | None = None
    storages: tuple[Storage, ...] = ()
    trouble: MtpBackupError | None = None

    @property
    def name(self) -> str:
        """What to call it: its own name, else what USB says."""
        if self.identity is not None:
            return self.identity.name
        return self.usb.product or f"{self.usb.vendor_id:04x}:{self.usb.product_id:04x}"

    @property
    def serial(self) -> str:
        """Its serial number, else that of USB."""
        return self.identity.serial if self.identity is not None else self.usb.serial


def survey(finder: Finder) -> list[PhoneSeen]:
    """All phones that are plugged in. One that makes trouble does not hide the others."""
    return [_look(found) for found in finder.find()]


def _look(found: FoundPhone) -> PhoneSeen:
    try:
        phone = Phone.open(found.open())
    except AccessDenied as error:
        return PhoneSeen(found.identity, PhoneState.NO_PERMISSION, trouble=error)
    except InterfaceBusy as error:
        return PhoneSeen(found.identity, PhoneState.BUSY, trouble=error)
    except MtpBackupError as error:
        return PhoneSeen(found.identity, PhoneState.NO_ANSWER, trouble=error)
    try:
        storages = tuple(phone.storages())
    except MtpBackupError as error:
        return PhoneSeen(found.identity, PhoneState.NO_ANSWER, phone.identity, trouble=error)
    finally:
        phone.close()
    return PhoneSeen(
        found.identity, PhoneState.READY if storages else PhoneState.LOCKED, phone.identity, storages
    )
