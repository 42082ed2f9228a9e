"""Keeps the computer awake while something is copied, and lets it sleep while a person is waited for."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack

from mtpbackup.engine import reports
from mtpbackup.engine.reports import Event, Report


class KeepAwake:
    """Passes events on, and holds what keeps the computer awake between those that begin and end copying.

    Args:
        report: is told every event.
        hold: keeps the computer awake while entered; is given the phone's name.
    """

    def __init__(self, report: Report, hold: Callable[[str], AbstractContextManager[object]]) -> None:
        self._report = report
        self._hold = hold
        self._held: ExitStack | None = None
        self._copying = False
        self._phone = ""

    def __call__(self, event: Event) -> None:
        """Tells one event."""
        match event:
            case reports.PhoneConnected():
                self._phone = event.name
                if self._copying:
                    self._take()
            case reports.CopyStarted() | reports.RestoreStarted():
                self._copying = True
                self._take()
            case reports.PhoneLost():
                self._let_go()
            case reports.RunEnded() | reports.RestoreEnded():
                self.end()
            case _:
                pass
        self._report(event)

    def end(self) -> None:
        """Lets go, however it ended. May be called again."""
        self._copying = False
        self._let_go()

    def _take(self) -> None:
        if self._held is None:
            self._held = ExitStack()
            self._held.enter_context(self._hold(self._phone))

    def _let_go(self) -> None:
        held, self._held = self._held, None
        if held is not None:
            held.close()
