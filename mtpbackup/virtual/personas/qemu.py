"""QEMU's own phone, with what ends QEMU when a file is sent to it."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from mtpbackup.transport.base import Speed, UsbIdentity
from mtpbackup.virtual.personas.basic import BASIC
from mtpbackup.virtual.personas.persona import Persona

QEMU: Final[Persona] = replace(
    BASIC,
    name="qemu",
    source="usb-mtp of QEMU 7.2 in the lab, 2026-11-24: sent to until it ended, and what it took",
    usb=UsbIdentity(0x46F4, 0x0004, "QEMU", "QEMU filesharing", "QEMU0001", speed=Speed.HIGH),
    manufacturer="QEMU",
    model="QEMU filesharing",
    serial="QEMU0001",
    misjudges_ends=True,
    ascii_names_only=True,
    guesses_handles=True,
)
