"""The personas there are."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from mtpbackup.virtual.personas.android import PIXEL
from mtpbackup.virtual.personas.basic import BASIC
from mtpbackup.virtual.personas.persona import Persona
from mtpbackup.virtual.personas.qemu import QEMU

#: Every persona by its name.
PERSONAS: Final[Mapping[str, Persona]] = MappingProxyType({each.name: each for each in (PIXEL, BASIC, QEMU)})
