"""The phone in the hands of a run: which one is open, which handles are valid, what to do when it slips.

Handles and storage ids are valid for one `Phone` object (ANDROID.md, Handles). After a loss the items of the
old listing are found again by path, folder by folder, each folder once; after that they are compared with what
was listed, because minutes may have passed.
"""

from __future__ import annotations

import logging
from typing import Final

from mtpbackup.archive import same_moment
from mtpbackup.engine.link import PhoneLink
from mtpbackup.engine.reports import Ending, PhoneLost, Report
from mtpbackup.errors import (
    Failure,
    ItemUnreadable,
    MtpBackupError,
    NoPhone,
    OperationFailed,
    PhoneError,
    PhoneLocked,
    TransportError,
    WireError,
)
from mtpbackup.phone import Item, Phone

log = logging.getLogger(__name__)

#: Errors of the phone as a whole: whatever was in hand, nothing goes on before it is back.
LOSSES: Final = (TransportError, WireError, PhoneLocked)

#: Losses one after the other, without a file or a mebibyte between them, after which the phone is given up.
#: Three items that lose the phone three times each come to that.
_TOO_MANY: Final = 9


class RunStopped(Exception):
    """Ends a run early; the summary tells why. Never leaves the engine.

    Attributes:
        ending: how the run ended.
        error: what ended it.
    """

    def __init__(self, ending: Ending, error: MtpBackupError) -> None:
        super().__init__(f"{ending.value}: {error}")
        self.ending = ending
        self.error = error


class Grip:
    """Holds the phone of a run.

    Attributes:
        phone: the phone as it is open now.
    """

    def __init__(self, link: PhoneLink, report: Report) -> None:
        self._link = link
        self._report = report
        self._losses = 0
        self._listed_with: Phone | None = None
        self.phone: Phone = link.connect()

    def listed(self) -> None:
        """The handles of the plan are those of the phone as it is open now."""
        self._listed_with = self.phone

    def went_well(self) -> None:
        """The phone did something useful."""
        self._losses = 0

    def lost(self, error: MtpBackupError) -> None:
        """Gets the phone back after an error that concerns it as a whole.

        Raises:
            RunStopped: it did not come back in time, or is lost again and again.
        """
        self._losses += 1
        self._report(PhoneLost(self.phone.identity.name, Failure.of(error)))
        if self._losses >= _TOO_MANY:
            raise RunStopped(_ending(error), error)
        try:
            self.phone = self._link.reconnect()
        except NoPhone as final:
            raise RunStopped(Ending.PHONE_LOST, error) from final
        except (PhoneError, TransportError, WireError, OperationFailed) as final:
            raise RunStopped(_ending(final), final) from error

    def shows(self, storage: str) -> bool:
        """Whether the phone shows a storage of this label now.

        Raises:
            PhoneLocked: it shows none at all.
            TransportError, WireError, OperationFailed: it is gone, or does not answer.
        """
        return any(shown.label == storage for shown in self.phone.require_storages())

    def current(self, item: Item, *, anew: bool) -> Item:
        """An item of the plan with a handle that is valid now.

        Args:
            item: as it was listed.
            anew: look it up even if its handle should still be good.

        Raises:
            ItemVanished: it is not there any more.
            ItemUnreadable: (CHANGED) something else is there now.
            PhoneLocked, StorageVanished, TransportError, WireError, OperationFailed: as `Phone.find`.
        """
        if self.phone is self._listed_with and not anew:
            return item
        found = self.phone.find(item.storage.label, item.path)
        if found.size != item.size or not same_moment(found.modified, item.modified):
            raise ItemUnreadable(item.shown_path, ItemUnreadable.Reason.CHANGED, item.size, found.size)
        return found


def _ending(error: MtpBackupError) -> Ending:
    return Ending.PHONE_LOCKED if isinstance(error, PhoneLocked) else Ending.PHONE_LOST
