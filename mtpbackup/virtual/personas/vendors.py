"""Makers whose phones answer otherwise than Android's own server."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from mtpbackup.transport.base import Speed, UsbIdentity
from mtpbackup.virtual.personas.android import PIXEL
from mtpbackup.virtual.personas.persona import ALL, AllObjects, Persona
from mtpbackup.wire.codes import AssociationType, OperationCode

SAMSUNG: Final[Persona] = replace(
    PIXEL,
    name="samsung",
    source="PHONES.md 2: own stack, extension without android.com, session within 3 s, hang where the last "
    "packet of a partial read is a full one, 64-bit size in ObjectInfo (in libmtp's device-flags.h, too)",
    usb=UsbIdentity(0x04E8, 0x6860, "SAMSUNG", "SAMSUNG_Android", "RF8M33ABCDE", speed=Speed.HIGH),
    manufacturer="samsung",
    model="SM-G960F",
    version="G960FXXUHFVG4",
    serial="RF8M33ABCDE",
    friendly_name="Galaxy S9",
    extension="microsoft.com/WMPPD: 11.0; microsoft.com/DeviceServices: 1.0; samsung.com: 1.0;",
    # Only what the specification has: neither 64-bit offsets nor edits.
    operations=tuple(
        code
        for code in PIXEL.operations
        if not OperationCode.GET_PARTIAL_OBJECT_64 <= code <= OperationCode.END_EDIT_OBJECT
    ),
    responses={
        key: value
        for key, value in PIXEL.responses.items()
        if not (isinstance(key, tuple) and 0x95C1 <= key[0] <= 0x95C5)
    },
    folder_association=AssociationType.GENERIC_FOLDER,
    wide_object_info=True,
    hangs_on_full_packet=True,
    session_window=3.0,
)

XIAOMI: Final[Persona] = replace(
    PIXEL,
    name="xiaomi",
    source="PHONES.md 2: DeviceBusy 0x2019 in bursts, writes to the root refused with 0x201D",
    usb=UsbIdentity(0x2717, 0xFF40, "Xiaomi", "Redmi Note 12", "f1d40a22", speed=Speed.HIGH),
    manufacturer="Xiaomi",
    model="Redmi Note 12",
    serial="3b8e0f6c7a12",
    friendly_name="Redmi Note 12",
    busy_after=7,
    busy_burst=3,
    root_writes=False,
)

HUAWEI: Final[Persona] = replace(
    PIXEL,
    name="huawei",
    source="PHONES.md 2: lists can miss objects; sessions drop under fast small requests",
    usb=UsbIdentity(0x12D1, 0x1082, "HUAWEI", "ELE-L29", "LHS7N18A23004517", speed=Speed.HIGH),
    manufacturer="HUAWEI",
    model="ELE-L29",
    version="ELE-L29 12.0.0.157",
    serial="LHS7N18A23004517",
    friendly_name="HUAWEI P30",
    session_operations=None,
    prop_list_misses=4,
    drops_session=(40, 0.3),
)

LG: Final[Persona] = replace(
    PIXEL,
    name="lg",
    source="PHONES.md 2: PropList for all handles broken or slow, per folder works",
    usb=UsbIdentity(0x1004, 0x631C, "LGE", "LG-H870", "LGH870a1b2c3d4", speed=Speed.HIGH),
    manufacturer="LGE",
    model="LG-H870",
    serial="LGH870a1b2c3d4",
    friendly_name="LG G6",
    prop_list_of_all=AllObjects.SILENCE,
    prop_list_of_top=False,
)

SONY: Final[Persona] = replace(
    PIXEL,
    name="sony",
    source="PHONES.md 2: PropList for all handles broken, per folder works",
    usb=UsbIdentity(0x0FCE, 0x01F3, "Sony", "G8341", "BH9015ABCD", speed=Speed.HIGH),
    manufacturer="Sony",
    model="G8341",
    serial="BH9015ABCD",
    friendly_name="Xperia XZ1",
    prop_list_of_all=AllObjects.REFUSED,
    send_top=frozenset({0, ALL}),
)
