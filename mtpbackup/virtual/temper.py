"""What a server does by itself, whatever it is asked: busy for a moment, gone after a pause, tired of haste.

One `Temper` goes with one life of the server. What it is like, the persona says; the clock is the phone's.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from typing import Final

from mtpbackup.virtual.operations.operation import Operation
from mtpbackup.virtual.personas import Persona
from mtpbackup.virtual.replies import Silent
from mtpbackup.wire import OperationCode, ResponseCode

#: What a person's phone is never too busy for: whoever leaves is let go.
_ALWAYS: Final = frozenset({OperationCode.CLOSE_SESSION})


class Temper:
    """Looks at each command before it is carried out.

    Args:
        persona: whose temper it is.
        operations: which of them move content.
        now: seconds on the phone's clock.
        drop_session: closes the session.
    """

    def __init__(
        self,
        persona: Persona,
        operations: Mapping[int, Operation],
        now: Callable[[], float],
        drop_session: Callable[[], object],
    ) -> None:
        self._persona = persona
        self._operations = operations
        self._now = now
        self._drop_session = drop_session
        self._born = now()
        self._was_opened = False
        self._answered = 0
        self._busy = 0
        self._recent: deque[float] = deque()

    def refuse(self, code: int) -> int | None:
        """The response that a command gets in place of being carried out; None for none.

        Raises:
            Silent: it gets no answer at all.
        """
        self._look_at_window(code)
        if code in _ALWAYS:
            return None
        self._look_at_haste()
        return self._busy_now(code)

    def _look_at_window(self, code: int) -> None:
        window = self._persona.session_window
        if not window or self._was_opened:
            return
        if self._now() - self._born > window:
            raise Silent
        self._was_opened = code == OperationCode.OPEN_SESSION

    def _look_at_haste(self) -> None:
        if self._persona.drops_session is None:
            return
        requests, seconds = self._persona.drops_session
        now = self._now()
        self._recent.append(now)
        while self._recent and now - self._recent[0] > seconds:
            self._recent.popleft()
        if len(self._recent) > requests:
            self._recent.clear()
            self._drop_session()

    def _busy_now(self, code: int) -> int | None:
        operation = self._operations.get(code)
        if not self._persona.busy_after or (operation is not None and operation.moves_content):
            return None
        if self._busy:
            self._busy -= 1
            return ResponseCode.DEVICE_BUSY
        self._answered += 1
        if self._answered >= self._persona.busy_after:
            self._answered, self._busy = 0, self._persona.busy_burst
        return None
