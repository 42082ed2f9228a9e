"""The steps on the phone itself, in the words of its maker's settings.

Each maker names and hides the same switch differently. Which maker it is tells the USB vendor id, also of a
phone that only charges. None of this was tried on real phones, and menus move from version to version: a step
says what to look for rather than where exactly.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from mtpbackup.messages.advice import HOW_TO_UNLOCK

APPLE: Final = 0x05AC

#: What the switch is called and where it is, once the phone is unlocked.
_SWITCHES: Final[Mapping[int, str]] = MappingProxyType(
    {
        0x04E8: 'Swipe down twice, tap "USB for …" (or the Android System message), choose '
        '"Transferring files / Android Auto".',
        0x2717: 'Swipe down, tap "Charging this device via USB", choose "File transfer / Android Auto".',
        0x12D1: 'Swipe down, tap "Charging via USB" or "USB settings", choose "Transfer files" or "Files".',
        0x339B: 'Swipe down, tap "USB connected" or "Settings", choose "Transfer files".',
        0x22D9: 'In the question that pops up tap "Transfer files" (else swipe down and tap the USB message).',
        0x2A70: 'Swipe down, tap "Charging this device via USB", choose "File transfer / Android Auto".',
        0x18D1: 'Swipe down, tap "Charging this device via USB", choose "File transfer / Android Auto".',
        0x22B8: 'Swipe down, tap "Charging this device via USB", choose "File transfer".',
        0x0FCE: 'In the question that pops up tap "Allow" or "Transfer files" (else swipe down and tap '
        '"Charging this device via USB").',
        0x2D95: 'Swipe down, tap "Charging" or the USB message, choose "Manage files" or "Transfer files".',
        0x1004: 'Swipe down, tap "USB" or "Charging phone", choose "File transfer".',
        0x0BB4: 'Swipe down, tap "Charge only" or the USB message, choose "File transfer".',
        0x2E04: 'Swipe down, tap "Charging this device via USB", choose "File transfer".',
        0x2AE5: 'Swipe down, tap "Charging this device via USB", choose "File transfer / Android Auto".',
    }
)

#: How an iPhone or iPad lets a computer in.
_TRUST: Final = (
    'Unlock it. When it asks "Trust This Computer?", tap Trust and enter its passcode.',
    "It asks nothing? Unplug it, unlock it, and plug it in again.",
)


def how_to_unlock(vendor_id: int = 0) -> tuple[str, ...]:
    """What to do on a phone that is there and hides its files, or is connected for something else.

    Args:
        vendor_id: the USB vendor id of what is plugged in; 0 when it is not known.
    """
    if vendor_id == APPLE:
        return _TRUST
    switch = _SWITCHES.get(vendor_id)
    if switch is None:
        return HOW_TO_UNLOCK
    return ("Unlock its screen.", switch)


#: What a phone that offers no files is there for, by the value of its `UsbMode`.
INSTEAD_OF_FILES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "charging": "but it only charges",
        "debugging": "but offers debugging only, no files",
        "tethering": "but shares its internet connection, not its files",
        "midi": "but as a musical instrument (MIDI), without files",
    }
)


def named_brands() -> frozenset[int]:
    """The vendor ids that have steps of their own."""
    return frozenset((*_SWITCHES, APPLE))
