"""What the responder's loop has to know of an operation before it calls it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mtpbackup.virtual.replies import Reply, Request

if TYPE_CHECKING:
    from mtpbackup.virtual.responder import Responder


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation.

    Attributes:
        handler: what it does.
        parameters: how many it needs at least.
        needs_storage: True when a phone that shows no storage refuses it before anything else.
        takes_dataset: True when a dataset is read before anything else, also where it is going to be refused.
        moves_content: True when the handler takes content itself; it is called without the responder's lock.
    """

    handler: Callable[[Responder, Request], Reply]
    parameters: int = 0
    needs_storage: bool = False
    takes_dataset: bool = False
    moves_content: bool = False
