"""Starts the program: `mtpbackup` as installed, and `python -m mtpbackup`."""

import os
import signal
from typing import NoReturn


def main() -> NoReturn:
    """Runs the program. Ctrl+C ends it without a traceback even while it is still being loaded."""
    handler = signal.getsignal(signal.SIGINT)
    if handler is signal.default_int_handler:
        signal.signal(signal.SIGINT, lambda _number, _frame: os._exit(130))
    from mtpbackup.cli.main import main as run  # noqa: PLC0415 - loading takes long enough to press Ctrl+C

    if handler is signal.default_int_handler:
        signal.signal(signal.SIGINT, handler)
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_DFL:  # not so behind `nohup`
            signal.signal(number, _end)
    run()


def _end(_number: int, _frame: object) -> None:
    """Logging out, or closing the terminal's window, ends a run in order, as Ctrl+C does.

    What is in hand is put away, the phone is let go of, and the file manager has it back.
    """
    if signal.getsignal(signal.SIGINT) in (signal.SIG_IGN, signal.SIG_DFL):
        raise KeyboardInterrupt
    signal.raise_signal(signal.SIGINT)  # whoever takes Ctrl+C just now takes this


if __name__ == "__main__":
    main()
