"""What backups that began by themselves leave behind: a log to read, and how each of the last ones ended."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from datetime import UTC, datetime
from io import TextIOBase
from pathlib import Path
from typing import Final

_log = logging.getLogger(__name__)

#: Bytes of the log from which it is put aside and begun anew; one older one is kept.
_LONGEST: Final = 1_000_000
#: Runs remembered.
_RUNS: Final = 50


def state_folder() -> Path:
    """Where the program keeps notes for this person."""
    import platformdirs  # noqa: PLC0415 - `--help` does without

    return Path(platformdirs.user_state_dir("mtpbackup"))


def log_file() -> Path:
    """The log of all runs."""
    return state_folder() / "auto.log"


def _runs_file() -> Path:
    return state_folder() / "auto-runs.jsonl"


class LogLines(TextIOBase):
    """A stream whose lines get the time of day in front and go into the log."""

    encoding = "utf-8"

    def __init__(self, now: Callable[[], datetime] = lambda: datetime.now().astimezone()) -> None:
        self._now = now
        self._begun = ""

    def write(self, text: str) -> int:
        """Takes text; whole lines are written."""
        *lines, self._begun = (self._begun + text).split("\n")
        if lines:
            stamp = f"{self._now():%Y-%m-%d %H:%M:%S}  "
            _append(log_file(), "".join(f"{stamp}{line}\n" for line in lines))
        return len(text)

    def isatty(self) -> bool:
        """Nobody sits there."""
        return False


def note_run(phone: str, serial: str, exit_code: int, started: datetime, said: str, saved: int) -> None:
    """Notes how a run ended."""
    entry = {
        "phone": phone,
        "serial": serial,
        "started": started.isoformat(timespec="seconds"),
        "ended": datetime.now(UTC).isoformat(timespec="seconds"),
        "exit_code": exit_code,
        "saved": saved,
        "said": said,
    }
    lines = [json.dumps(run, ensure_ascii=False) for run in [*last_runs(), entry][-_RUNS:]]
    try:
        _runs_file().parent.mkdir(parents=True, exist_ok=True)
        part = _runs_file().with_suffix(".part")
        part.write_text("\n".join(lines) + "\n", encoding="utf-8")
        part.replace(_runs_file())
    except OSError as error:
        _log.warning("could not note the run: %s", error)


def last_runs() -> list[dict[str, object]]:
    """The runs remembered, the latest last."""
    try:
        lines = _runs_file().read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return []
    runs = []
    for line in lines:
        try:
            run = json.loads(line)
        except ValueError:
            continue
        if isinstance(run, dict):
            runs.append(run)
    return runs


def _append(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists() and path.stat().st_size > _LONGEST:
            path.replace(path.with_suffix(".log.1"))
        with path.open("a", encoding="utf-8", errors="replace") as file:
            file.write(text)
    except OSError as error:
        _log.warning("could not write the log: %s", error)  # no reason to stop a backup
