"""Finding phones with libmtp's eyes."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, cast

from mtpbackup.errors import LibmtpCrashed, LibmtpFailed, LibraryMissing, TransportError
from mtpbackup.phone.libmtp.process import ChildProcess
from mtpbackup.transport.base import Transport, TransportOptions, UsbIdentity

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class TableEntry:
    """What libmtp's table of devices says of one that is plugged in.

    Attributes:
        bus, address: where it is.
        vendor_id, product_id: of its device descriptor.
        vendor, product: its names in the table; "(null)" and empty where it has none.
        flags: its quirks, as bits of libmtp's device-flags.h.
    """

    bus: int
    address: int
    vendor_id: int
    product_id: int
    vendor: str
    product: str
    flags: int

    @property
    def name(self) -> str:
        """Its name in the table; empty for one that is not in it."""
        words = " ".join(word for word in (self.vendor, self.product) if word and word != "(null)")
        return " ".join(words.split())


class OpenChild:
    """A child that was told which phone to open, in the place of a transport: `LibmtpPhone.open` takes it on.

    Attributes:
        child: the process.
        facts: what the phone says of itself, as the child has it.
    """

    def __init__(self, child: ChildProcess, facts: dict[str, Any]) -> None:
        self.child = child
        self.facts = facts

    def close(self) -> None:
        """Ends the child. May be called again."""
        self.child.close()


class FoundLibmtpPhone:
    """A phone that libmtp sees. A `FoundPhone`, but for what it opens."""

    def __init__(
        self, entry: TableEntry, start: Callable[[], ChildProcess], failed: Callable[[], None] = lambda: None
    ) -> None:
        self._entry = entry
        self._start = start
        self._failed = failed

    @property
    def identity(self) -> UsbIdentity:
        """See `FoundPhone`. libmtp tells no serial number and no port before it opens a phone."""
        entry = self._entry
        return UsbIdentity(
            entry.vendor_id,
            entry.product_id,
            product=entry.name,
            bus=entry.bus,
            address=entry.address,
            node=f"/dev/bus/usb/{entry.bus:03}/{entry.address:03}",
        )

    def open(self, options: TransportOptions | None = None) -> Transport:
        """Opens it in a child of its own.

        Raises:
            LibmtpFailed, LibmtpCrashed, LibmtpHung: libmtp could not.
        """
        child = self._start()
        try:
            facts = child.ask("open", bus=self._entry.bus, address=self._entry.address)
        except BaseException:
            child.kill()
            self._failed()
            raise
        # Whoever holds it hands it to `LibmtpPhone.open`, or closes it; nobody moves bytes with it.
        return cast(Transport, OpenChild(child, facts))


class LibmtpFinder:
    """Finds phones in a child, which is started anew when it died. A `Finder`.

    Args:
        start: starts a child.
        poll_interval: seconds between two looks.
        sleep: passes time.
    """

    def __init__(
        self,
        start: Callable[[], ChildProcess] = ChildProcess,
        *,
        poll_interval: float = 1.0,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._start = start
        self._poll_interval = poll_interval
        self._sleep = sleep
        self._child: ChildProcess | None = None
        self._seen: list[TableEntry] | None = None

    def table(self) -> list[TableEntry]:
        """What libmtp's table says of each phone that is plugged in.

        Raises:
            LibmtpMissing, LibmtpUnsupported, LibmtpMismatch: there is no libmtp to ask.
            LibmtpFailed, LibmtpCrashed, LibmtpHung: it could not look.
        """
        if self._child is not None and self._child.running:
            try:
                return _table_of(self._child)
            except LibmtpCrashed as error:
                log.info("another child looks: %s", error)  # of what it died of, this one may not
        self._child = self._start()
        return _table_of(self._child)

    def find(self) -> Sequence[FoundLibmtpPhone]:
        """See `Finder`."""
        entries = self.table()
        self._seen = entries
        return [FoundLibmtpPhone(entry, self._start, self._look_anew) for entry in entries]

    def _look_anew(self) -> None:
        """A phone that was found could not be opened: another child is to look next time.

        libmtp resets a phone that does not answer, after which it has another address. A libusb that is not
        told so, as where there is no udev, would show the old address for as long as it lives.
        """
        if self._child is not None:
            self._child.kill()

    def wait_for_change(self, timeout: float) -> bool:
        """See `Finder`. libmtp tells of no coming and going: it is asked now and then."""
        deadline = time.monotonic() + timeout
        while True:
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            self._sleep(min(left, self._poll_interval))
            try:
                seen = self.table()
            except LibraryMissing:
                raise
            except (TransportError, LibmtpFailed):
                return True  # whoever looks now is told why
            if seen != self._seen:
                self._seen = seen
                return True

    def close(self) -> None:
        """See `Finder`."""
        if self._child is not None:
            self._child.close()


def _table_of(child: ChildProcess) -> list[TableEntry]:
    """Asks a child, and ends one that does not answer."""
    try:
        found = child.ask("detect")
    except BaseException:
        child.kill()
        raise
    return sorted((TableEntry(**each) for each in found), key=lambda entry: (entry.bus, entry.address))
