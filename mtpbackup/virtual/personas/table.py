"""The personas there are."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from mtpbackup.virtual.personas.android import PIXEL
from mtpbackup.virtual.personas.basic import BASIC
from mtpbackup.virtual.personas.later import SD_CARD, TRANSCODING
from mtpbackup.virtual.personas.older import COMPAT, OLDER
from mtpbackup.virtual.personas.persona import Persona
from mtpbackup.virtual.personas.ptp import CAMERA, IPHONE
from mtpbackup.virtual.personas.qemu import QEMU
from mtpbackup.virtual.personas.vendors import HUAWEI, LG, SAMSUNG, SONY, XIAOMI

#: Every persona by its name.
PERSONAS: Final[Mapping[str, Persona]] = MappingProxyType(
    {
        each.name: each
        for each in (
            *(PIXEL, TRANSCODING, SD_CARD, OLDER, COMPAT),
            *(SAMSUNG, XIAOMI, HUAWEI, LG, SONY),
            *(CAMERA, IPHONE),
            *(BASIC, QEMU),
        )
    }
)
