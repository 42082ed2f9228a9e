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
    run()


if __name__ == "__main__":
    main()
