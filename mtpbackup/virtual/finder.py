"""Where the program finds virtual phones: they turn up and leave as real ones do on USB."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mtpbackup.transport.base import TransportOptions, UsbIdentity
from mtpbackup.transport.memory import MemoryTransport

if TYPE_CHECKING:
    from mtpbackup.virtual.cable import PluggablePhone


@dataclass(frozen=True, slots=True)
class FoundVirtualPhone:
    """A `FoundPhone`: what was on the bus when the finder looked.

    Attributes:
        phone: the phone.
        identity: what USB said of it then. Another plugging is another device.
    """

    phone: PluggablePhone
    identity: UsbIdentity

    def open(self, options: TransportOptions | None = None) -> MemoryTransport:
        """Opens it.

        Raises:
            PhoneGone: it was unplugged, or plugged in anew.
            InterfaceBusy: it is open already.
        """
        return self.phone.open(self.identity, options)


class VirtualFinder:
    """A `Finder` over some virtual phones."""

    def __init__(self, *phones: PluggablePhone) -> None:
        self._phones: list[PluggablePhone] = []
        self._changed = threading.Condition()
        self._changes = 0
        self._seen = 0
        self._closed = False
        for phone in phones:
            self.add(phone)

    def add(self, phone: PluggablePhone) -> None:
        """Puts one more phone, plugged in or not, within reach."""
        self._phones.append(phone)
        phone.watch(self._notice)
        self._notice()

    def find(self) -> Sequence[FoundVirtualPhone]:
        """The phones that are plugged in."""
        with self._changed:
            self._seen = self._changes
        return [FoundVirtualPhone(phone, phone.identity) for phone in self._phones if phone.plugged]

    def wait_for_change(self, timeout: float) -> bool:
        """Blocks until a phone came or went since the last `find`, at most `timeout` seconds."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._changes != self._seen, timeout)
            happened = self._changes != self._seen
            self._seen = self._changes
            return happened

    def close(self) -> None:
        """Ends watching; whoever waits goes on."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _notice(self) -> None:
        with self._changed:
            self._changes += 1
            self._changed.notify_all()
