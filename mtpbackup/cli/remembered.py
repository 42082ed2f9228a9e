"""Remembers which backup was in which folder, to tell a USB disk that is not mounted from an empty folder.

Without it, a backup to a disk that is not there would quietly start anew in the folder where the disk belongs,
and fill the computer's own disk. A backup that was deleted on purpose is started anew with `--new`.
"""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Final

log = logging.getLogger(__name__)

#: Backups remembered, the latest last; the oldest are forgotten.
_AT_MOST: Final = 100


def _file() -> Path:
    import platformdirs  # noqa: PLC0415 - only backups need it

    return Path(platformdirs.user_state_dir("mtpbackup")) / "backups.json"


def _all() -> dict[str, str]:
    try:
        known = json.loads(_file().read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return {str(root): str(key) for root, key in known.items()} if isinstance(known, dict) else {}


def backup_in(root: Path) -> str | None:
    """The id of the backup that was in this folder the last time, or None."""
    return _all().get(str(root))


def remember(root: Path, archive_id: str) -> None:
    """Notes which backup is in this folder. A computer that cannot keep the note is no reason to stop."""
    known = _all()
    if known.get(str(root)) == archive_id:
        return
    known.pop(str(root), None)
    known[str(root)] = archive_id
    latest = dict(list(known.items())[-_AT_MOST:])
    try:
        _file().parent.mkdir(parents=True, exist_ok=True)
        part = _file().with_suffix(".part")
        part.write_text(json.dumps(latest, indent=1), encoding="utf-8")
        part.replace(_file())
    except OSError as error:
        log.warning("could not note the backup's folder: %s", error)
