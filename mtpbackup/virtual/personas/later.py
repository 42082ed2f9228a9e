"""Android as it is today, with a memory card, and with videos converted on their way."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from mtpbackup.transport.base import Speed, UsbIdentity
from mtpbackup.virtual.personas.android import PIXEL
from mtpbackup.virtual.personas.persona import Persona, StorageModel

TRANSCODING: Final[Persona] = replace(
    PIXEL,
    name="transcoding",
    source="PHONES.md 1.10: Android 12 and later can convert HEVC over MTP: ObjectSize says twice the length, "
    "and GetObject sends other bytes than partial reads",
    usb=UsbIdentity(0x18D1, 0x4EE1, "Google", "Pixel 7", "2A051JEGR01234", speed=Speed.HIGH),
    model="Pixel 7",
    serial="9c41d7e05b2f",
    friendly_name="Pixel 7",
    transcodes=True,
)

SD_CARD: Final[Persona] = replace(
    PIXEL,
    name="sdcard",
    source="ANDROID.md, Writing: storages with a size limit (FAT card), names trimmed on cards; FAT "
    "keeps dates to two seconds",
    usb=UsbIdentity(0x22B8, 0x2E76, "motorola", "moto g power", "ZY22DKL8QX", speed=Speed.HIGH),
    manufacturer="motorola",
    model="moto g power",
    serial="71fe4408c3aa",
    friendly_name="moto g power",
    storages=(
        StorageModel(),
        StorageModel(description="SD card", capacity=31_900_000_000, removable=True, fat=True),
    ),
)
