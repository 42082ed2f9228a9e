"""The root of all errors raised on purpose, and what a run keeps of one."""

from __future__ import annotations

from dataclasses import dataclass


class MtpBackupError(Exception):
    """Base of all errors raised on purpose."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why one item was not saved: an error made into a row that outlives the run.

    Attributes:
        kind: the error's class name.
        detail: `str(error)`.
    """

    kind: str
    detail: str

    @classmethod
    def of(cls, error: BaseException) -> Failure:
        """The failure row of an exception."""
        return cls(type(error).__name__, str(error))
