"""What some phones need that they don't say: frozen data, matched by what the phone says of itself.

First a phone is asked what it supports, and what it does is watched (`Session.supports`); a quirk is for phones
that lie in a way that cannot be seen in time. Each entry names its source and the persona of the virtual phone
that fails without it; an entry without a persona is removed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from mtpbackup.transport.base import UsbIdentity
from mtpbackup.wire import DeviceInfo, OperationCode


@dataclass(frozen=True, slots=True)
class Quirks:
    """How to treat one phone.

    Attributes:
        broken_operations: listed by the phone, but better left alone: as good as not listed.
        avoids_full_packets: a partial read whose last packet is a full one is never answered.
        ascii_names_only: a name with any other character ends it.
        misjudges_ends: it looks for the end of content at each request by itself; see `Outgoing`.
        guesses_handles: handles of new objects are right only in folders that were listed before.
    """

    broken_operations: frozenset[OperationCode] = frozenset()
    avoids_full_packets: bool = False
    ascii_names_only: bool = False
    misjudges_ends: bool = False
    guesses_handles: bool = False


@dataclass(frozen=True, slots=True)
class KnownQuirk:
    """Which phones something is known of. What is not given fits every phone.

    Attributes:
        quirks: how to treat them.
        source: where this is known from: a section of PHONES.md, an issue, a model and a date.
        persona: the virtual phone that needs it.
        vendor_id, product_id: of USB.
        manufacturer, model: as DeviceInfo has them, in any case; the model may go on.
        without_extension: part of the vendor extension text that the phones in question do not have.
    """

    quirks: Quirks
    source: str
    persona: str
    vendor_id: int | None = None
    product_id: int | None = None
    manufacturer: str = ""
    model: str = ""
    without_extension: str = ""

    def fits(self, usb: UsbIdentity, info: DeviceInfo) -> bool:
        """Whether a phone is one of them."""
        return (
            self.vendor_id in (None, usb.vendor_id)
            and self.product_id in (None, usb.product_id)
            and self.manufacturer.casefold() in ("", info.manufacturer.strip().casefold())
            and info.model.strip().casefold().startswith(self.model.casefold())
            and not (self.without_extension and self.without_extension in info.vendor_extension_desc)
        )


#: Every quirk there is: of other phones it is seen in time what they lack.
KNOWN_QUIRKS: Final[tuple[KnownQuirk, ...]] = (
    KnownQuirk(
        Quirks(avoids_full_packets=True),
        source="PHONES.md 2; libmtp's DEVICE_FLAG_SAMSUNG_OFFSET_BUG, in its table for all Galaxy phones",
        persona="samsung",
        vendor_id=0x04E8,
        manufacturer="samsung",
    ),
    KnownQuirk(
        Quirks(ascii_names_only=True, misjudges_ends=True, guesses_handles=True),
        source="QEMU 7.2 in the lab, 2026-11-24: a name with an umlaut ended QEMU, as did a file of 500 bytes "
        "sent as USB has it; files of 52 to 3,145,716 bytes whose end it misjudges came whole this way; a new "
        "folder's handle was unknown to it where the folder above had not been listed",
        persona="qemu",
        vendor_id=0x46F4,
        product_id=0x0004,
        manufacturer="QEMU",
    ),
)


def quirks_for(usb: UsbIdentity, info: DeviceInfo, known: Iterable[KnownQuirk] = KNOWN_QUIRKS) -> Quirks:
    """How to treat a phone: everything known of it, joined."""
    fitting = [each.quirks for each in known if each.fits(usb, info)]
    return Quirks(
        broken_operations=frozenset().union(*(quirks.broken_operations for quirks in fitting)),
        avoids_full_packets=any(quirks.avoids_full_packets for quirks in fitting),
        ascii_names_only=any(quirks.ascii_names_only for quirks in fitting),
        misjudges_ends=any(quirks.misjudges_ends for quirks in fitting),
        guesses_handles=any(quirks.guesses_handles for quirks in fitting),
    )
