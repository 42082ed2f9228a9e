"""Every operation that a virtual phone can do. Which of them it does is for its persona to say."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from mtpbackup.virtual.operations import (
    changing,
    device,
    editing,
    listing,
    properties,
    reading,
    writing,
)
from mtpbackup.virtual.operations.operation import Operation

OPERATIONS: Final[Mapping[int, Operation]] = MappingProxyType(
    {
        **device.OPERATIONS,
        **listing.OPERATIONS,
        **properties.OPERATIONS,
        **reading.OPERATIONS,
        **writing.OPERATIONS,
        **editing.OPERATIONS,
        **changing.OPERATIONS,
    }
)
__all__ = ["OPERATIONS", "Operation"]
