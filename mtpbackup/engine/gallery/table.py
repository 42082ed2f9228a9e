"""A listing as rows for a grid: small enough to be sent whole, for a phone as for a backup."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from mtpbackup.engine.gallery.groups import groups_of
from mtpbackup.engine.kinds import Kind

_KINDS: Final = {Kind.PHOTO: "photo", Kind.VIDEO: "video"}


@dataclass(frozen=True, slots=True)
class Shown:
    """One file as it is shown. See `groups.Groupable`.

    Attributes:
        id: unique in its table.
        storage, path: its place on the phone.
        size: bytes.
        date: naive local time, or None.
        kind: what it is.
        state: of a phone's file whether it is safe; of a backup's whether it is still on the phone.
    """

    id: str
    storage: str
    path: tuple[str, ...]
    size: int
    date: datetime | None
    kind: Kind
    state: int | None


def label_of(path: tuple[str, ...]) -> str:
    """A word for what is not simply a photo or a film; empty for what is."""
    if any("screenshot" in name.casefold() for name in path[-2:]):
        return "screenshot"
    name = path[-1].casefold()
    if name.startswith("mvimg_") or ".mp." in name:
        return "motion"
    return ""


def packed(version: int, files: Sequence[Shown]) -> bytes:
    """The table as JSON: `{"version", "folders": [[storage, folder]], "items": [[...]]}`, newest first."""
    order = sorted(files, key=lambda file: (file.date or datetime.min, file.path), reverse=True)
    groups = groups_of(order)
    folders: dict[tuple[str, tuple[str, ...]], int] = {}
    items = []
    for file, group in zip(order, groups, strict=True):
        folder = folders.setdefault((file.storage, file.path[:-1]), len(folders))
        date = "" if file.date is None else file.date.isoformat(timespec="seconds")
        kind = _KINDS.get(file.kind, "other")
        items.append(
            (file.id, file.path[-1], folder, file.size, date, kind, file.state, group, label_of(file.path))
        )
    table = {
        "version": version,
        "folders": [(storage, "/".join(path)) for storage, path in folders],
        "items": items,
    }
    return json.dumps(table, ensure_ascii=False, separators=(",", ":")).encode(errors="replace")
