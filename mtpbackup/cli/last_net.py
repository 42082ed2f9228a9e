"""What goes wrong outside of all commands: told in words, to people and programs; noted for a bug report."""

from __future__ import annotations

import logging
import sys
import traceback
from pathlib import Path
from typing import Final

import click

from mtpbackup.cli.voice import choose_voice
from mtpbackup.errors import MtpBackupError
from mtpbackup.messages import explain
from mtpbackup.messages.about_mistakes import mistyped, unexpected

_log = logging.getLogger(__name__)
_NOTE: Final = "last-error.txt"


def tell_mistyped(error: click.ClickException) -> int:
    """Tells what is wrong with a command line; gives the exit code."""
    if "--json" in sys.argv[1:]:
        context = error.ctx if isinstance(error, click.UsageError) else None
        command = context.command_path if context is not None else "mtpbackup"
        choose_voice(as_json=True).bad(mistyped(error.format_message(), command, error.exit_code))
    else:
        error.show()
    return error.exit_code


def tell_unexpected(error: Exception) -> int:
    """Tells an error that no command has told; gives the exit code."""
    _log.info("not expected", exc_info=error)
    advice = explain(error) if isinstance(error, MtpBackupError) else unexpected(error, _noted(error))
    choose_voice(as_json="--json" in sys.argv[1:]).bad(advice)
    return int(advice.exit_code)


def _noted(error: Exception) -> Path | None:
    """Writes down what a bug report needs, and says where."""
    import platformdirs  # noqa: PLC0415 - rare

    path = Path(platformdirs.user_state_dir("mtpbackup")) / _NOTE
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(traceback.format_exception(error)), encoding="utf-8", errors="replace")
    except OSError as full:
        _log.info("the error is noted nowhere: %s", full)
        return None
    return path
