"""What each operation does, one file for each family, gathered in one table.

An operation is a function of the responder and a request that gives a reply, or raises `Refused`, `Stalled`,
`Silent` or `Died`. It has no `if` on who the phone is: where phones differ, the persona has a value for it.
"""

from mtpbackup.virtual.operations.table import OPERATIONS, Operation

__all__ = ["OPERATIONS", "Operation"]
