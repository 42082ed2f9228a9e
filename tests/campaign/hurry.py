"""Time that passes faster, so that an hour of waiting for a phone takes a moment of a test.

Clocks run `FACTOR` times as fast, and all waiting is that much shorter, within bounds: below the lower one a
computer with other work to do would take a slow thread for a silent phone.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from functools import partial
from typing import Any

from mtpbackup.engine.link import PhoneLink
from mtpbackup.engine.reports import Report
from mtpbackup.phone import Phone
from mtpbackup.transport.base import Buffer, Chunk, TransportOptions, UsbIdentity
from mtpbackup.transport.memory import MemoryTransport
from mtpbackup.virtual import VirtualFinder, VirtualPhone
from mtpbackup.virtual.cable import PluggablePhone

FACTOR = 100.0
#: Seconds that a time-out takes, at least and at most.
SHORTEST, LONGEST = 0.02, 0.25


def clock() -> float:
    """Seconds that never go back, in a hurry."""
    return time.monotonic() * FACTOR


def sleep(seconds: float) -> None:
    """Waits, in a hurry."""
    time.sleep(seconds / FACTOR)


def shorter(timeout: float, *, patient: bool) -> float:
    """What is left of a time-out; all of a long one where nothing hangs, so that none can strike by chance."""
    if patient and timeout >= 1.0:
        return timeout
    return min(max(timeout / FACTOR, SHORTEST), LONGEST)


class HurriedTransport(MemoryTransport):
    """A transport whose patience ends early.

    Attributes:
        patient: whether long time-outs are as long as they are.
    """

    patient = False

    def read(self, wanted: int, timeout: float) -> Chunk:
        return super().read(wanted, shorter(timeout, patient=self.patient))

    def write(self, parts: Iterable[Buffer], timeout: float) -> int:
        return super().write(parts, shorter(timeout, patient=self.patient))

    def next_event(self, timeout: float = 0.0) -> bytes | None:
        return super().next_event(timeout / FACTOR)


class HurriedPhone(VirtualPhone):
    """A virtual phone that is opened by a transport in a hurry.

    Attributes:
        patient: whether nothing is going to hang: then long time-outs are as long as they are.
    """

    patient = False

    def open(self, identity: UsbIdentity, options: TransportOptions | None = None) -> MemoryTransport:
        super().open(identity, options).close()  # raises what there is to be raised
        plug = self._plug
        assert plug is not None and plug.link is not None
        transport = HurriedTransport(plug.link, options)
        transport.patient = self.patient
        return transport


class HurriedFinder(VirtualFinder):
    """A finder that waits in a hurry."""

    def __init__(self, *phones: PluggablePhone) -> None:
        super().__init__(*phones)

    def wait_for_change(self, timeout: float) -> bool:
        return super().wait_for_change(timeout / FACTOR)


def link_to(finder: VirtualFinder, report: Report, **settings: Any) -> PhoneLink:
    """The program's hold on a phone, in a hurry."""
    return PhoneLink(
        finder,
        report=report,
        open_phone=partial(Phone.open, sleep=sleep, clock=clock),
        clock=clock,
        **{"patience": 300.0, **settings},
    )
