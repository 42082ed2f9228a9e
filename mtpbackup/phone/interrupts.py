"""Ctrl-C at a moment when it can be obeyed.

A file is sent in two transactions, and on Android an announcement without content leaves something on the phone
that nothing removes (ANDROID.md, Handles and listing). A `KeyboardInterrupt` may come between any two
instructions, so for as long as a file is on its way it is only noted; whoever sends looks at the note between
two parts, which is a matter of milliseconds. A second Ctrl-C is obeyed at once, for a phone that hangs.

Weighed: a thread for sending (the caller's generator would run in it, with its database connection), and repair
afterwards (nobody can tell what the phone has heard).
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Interrupts:
    """What was noted."""

    def __init__(self) -> None:
        self.came = False

    def __call__(self, _number: int, _frame: FrameType | None) -> None:
        """The signal's handler."""
        if self.came:
            raise KeyboardInterrupt
        self.came = True

    def raise_if_came(self) -> None:
        """Obeys now.

        Raises:
            KeyboardInterrupt: Ctrl-C was pressed.
        """
        if self.came:
            raise KeyboardInterrupt


@contextmanager
def interrupts_noted() -> Iterator[Interrupts]:
    """For the length of a `with` block Ctrl-C is noted, and raised at its end.

    In other threads than the main one, and in a program that treats Ctrl-C in a way of its own, it does
    nothing: there no `KeyboardInterrupt` comes from a signal.

    Raises:
        KeyboardInterrupt: at the end of the block, however it ended, or at once for the second Ctrl-C.
    """
    interrupts = Interrupts()
    ordinary = threading.current_thread() is threading.main_thread() and (
        signal.getsignal(signal.SIGINT) is signal.default_int_handler
    )
    if ordinary:
        signal.signal(signal.SIGINT, interrupts)
    try:
        yield interrupts
    except Exception as error:
        if interrupts.came:
            raise KeyboardInterrupt from error
        raise
    finally:
        if ordinary:
            signal.signal(signal.SIGINT, signal.default_int_handler)
    interrupts.raise_if_came()
