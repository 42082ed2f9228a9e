"""Android before 9, and the same on a kernel without asynchronous FunctionFS."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from mtpbackup.transport.base import Speed, UsbIdentity
from mtpbackup.virtual.personas.android import PIXEL
from mtpbackup.virtual.personas.persona import ALL, Persona
from mtpbackup.wire.codes import ObjectFormat

_SERIAL: Final = "ZY2238XK9P"

OLDER: Final[Persona] = replace(
    PIXEL,
    name="older",
    source="ANDROID.md: Writing (before 9 parent 0 meant the top), Device (the serial number was that of USB), "
    "Class requests (4 bytes of status from 32-bit phones)",
    usb=UsbIdentity(0x22B8, 0x2E82, "motorola", "Moto G (5)", _SERIAL, speed=Speed.HIGH),
    manufacturer="motorola",
    model="Moto G (5)",
    serial=_SERIAL,
    friendly_name="",
    send_top=frozenset({0, ALL}),
    status_size=4,
    playback_formats=tuple(
        code for code in PIXEL.playback_formats if code not in (ObjectFormat.DNG, ObjectFormat.HEIF)
    ),
)

COMPAT: Final[Persona] = replace(
    OLDER,
    name="compat",
    source="ANDROID.md: Class requests (sys.usb.ffs.aio_compat: never answered), Reading (no zero-length "
    "packet after dataset and response containers)",
    usb=UsbIdentity(0x18D1, 0x4EE1, "Fairphone", "FP2", "9d3c2a41", speed=Speed.HIGH),
    manufacturer="Fairphone",
    model="FP2",
    serial="9d3c2a41",
    answers_class_requests=False,
    ends_datasets=False,
)
