"""Who a virtual phone is, and how it answers where phones differ: frozen data for a core that knows no names.

A new phone is a new `Persona` in a file of its own, entered in `table`, mostly made by `dataclasses.replace` of
the one that it resembles. Where it needs a way of answering that no persona has yet, that way becomes a field
of `Persona`, with the source of the fact.
"""

from mtpbackup.virtual.personas.persona import (
    ALL,
    STANDARD_RESPONSES,
    AllObjects,
    ParentZero,
    Persona,
    StorageModel,
    Trouble,
)
from mtpbackup.virtual.personas.table import PERSONAS

__all__ = [
    "ALL",
    "PERSONAS",
    "STANDARD_RESPONSES",
    "AllObjects",
    "ParentZero",
    "Persona",
    "StorageModel",
    "Trouble",
]
