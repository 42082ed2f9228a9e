"""What to say of mistakes: ours, which nobody expected, and those in what was typed."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Final

from mtpbackup.messages.advice import Advice, ExitCode
from mtpbackup.messages.words import place, plain

#: What writing to a full or broken output says.
_NOT_WRITTEN: Final = frozenset((errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EBADF))


def unexpected(error: Exception, noted: Path | None) -> Advice:
    """An error that no part of the program knows.

    Args:
        error: it.
        noted: where it was written down for a bug report; None where that could not be done.
    """
    if isinstance(error, OSError) and error.errno in _NOT_WRITTEN and error.filename is None:
        return Advice(
            f"What was to be shown could not be written: {plain(error.strerror or str(error))}.",
            ("Is the disk full that it goes to?",),
            ExitCode.ERROR,
        )
    report = (
        f"Please report this, with what is in {place(noted)}." if noted is not None else "Please report this."
    )
    return Advice(
        f"Something unexpected went wrong: {plain(str(error)) or type(error).__name__}.",
        ("What was saved so far is safe. Run the same command again: it continues.", report),
        ExitCode.ERROR,
    )


def mistyped(message: str, command: str, exit_code: int) -> Advice:
    """Wrong use, or a file that cannot be opened, for programs; people get it with the usage.

    Args:
        message: what is wrong.
        command: that was meant, as `mtpbackup restore`.
        exit_code: for the program's end.
    """
    return Advice(message, (f"{command} --help",), ExitCode(exit_code))
