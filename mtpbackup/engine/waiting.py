"""One wait for a phone: how long it lasts, and what is told of it meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from mtpbackup.engine.reports import Report, WaitingForPhone, WaitReason
from mtpbackup.errors import MtpBackupError, NoPhone, OffersNoFiles, PhoneGone

#: Seconds between looks at what tells no event when it changes: a busy interface, a missing permission.
_LOOK_AGAIN: Final = 1.0

#: Seconds in which a phone that is being unlocked is back on the bus.
_COMES_BACK: Final = 6.0

#: Reasons that mean: it is off the bus.
_ABSENT: Final = (WaitReason.NONE, WaitReason.OTHER_PHONE, WaitReason.NO_FILES)


class Wait:
    """One wait: its end, and what was told last."""

    def __init__(
        self, patience: float | None, absence: float | None, clock: Callable[[], float], report: Report
    ) -> None:
        self._clock = clock
        self._absence = absence
        self._report = report
        self._end = None if patience is None else clock() + patience
        self._told: WaitingForPhone | None = None
        self._absent_since: float | None = None

    def tell(self, waiting: WaitingForPhone) -> None:
        """Reports, unless this was the last thing told.

        A phone that is being unlocked leaves the bus for some seconds (PHONES.md 1.8): then "no phone" is not
        told before it lasts.
        """
        if (
            self._absent_since is not None
            and self._told is not None
            and self._told.reason is WaitReason.LOCKED
            and self._clock() - self._absent_since < _COMES_BACK
        ):
            return
        if waiting != self._told:
            self._told = waiting
            self._report(waiting)

    def allowed(self, error: MtpBackupError, waiting: WaitingForPhone) -> float:
        """How many seconds may be waited before the next look.

        Raises:
            MtpBackupError: `error`, when the wait is over; `NoPhone` instead of `PhoneGone`.
        """
        now = self._clock()
        if waiting.reason not in _ABSENT:
            self._absent_since = None
        elif self._absent_since is None:
            self._absent_since = now
        left = _LOOK_AGAIN if self._end is None else min(self._end - now, _LOOK_AGAIN)
        if self._absence is not None and self._absent_since is not None:
            left = min(left, self._absent_since + self._absence - now)
        if left <= 0:
            if waiting.reason is WaitReason.NO_FILES:
                raise OffersNoFiles(waiting.name, waiting.vendor_id, waiting.mode) from error
            if isinstance(error, PhoneGone):
                raise NoPhone(waiting.wanted) from error
            raise error
        self.tell(waiting)
        return left
