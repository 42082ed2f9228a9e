"""The file in which is noted what phones have proven able to do, by model and firmware.

TOML, so that a person can read it, change it, and send it to somebody with the same phone. It holds no serial
numbers and no names of files. A file that cannot be read counts as empty; notes of one phone that make no sense
count as none. After some months a note is forgotten: an update of a phone need not show in its firmware's name.
"""

from __future__ import annotations

import json
import logging
import re
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

from mtpbackup.session import Learnt, Model
from mtpbackup.session.learnt import DISPENSABLE, LONGEST_PAUSE

_log = logging.getLogger(__name__)

#: How long a note is believed.
_BELIEVED: Final = timedelta(days=180)
#: Phones noted, the latest last, and bytes of a file that is read at all.
_AT_MOST: Final = 200
_LARGEST: Final = 1_000_000

_HEADER: Final = """\
# What mtpbackup has learnt of phones in use, by model and firmware. It makes the next backup quicker, and
# nothing depends on it: this file may be deleted, changed, or given to others with such a phone.
"""

_FLAGS: Final = ("property_lists", "top_property_lists")


@dataclass(frozen=True, slots=True)
class Note:
    """What is noted of one model.

    Attributes:
        learnt: what.
        on: when.
    """

    learnt: Learnt
    on: date


class Notebook:
    """A `Memory` that outlives the program.

    Attributes:
        path: the file; it and its folder need not exist.
    """

    def __init__(self, path: Path, today: Callable[[], date] = date.today) -> None:
        self.path = path
        self._today = today
        self._new: dict[Model, Note] = {}

    def notes(self) -> dict[Model, Note]:
        """All notes that are believed, the latest last."""
        return {**self._read(), **self._new}

    def recall(self, model: Model) -> Learnt:
        """See `Memory`."""
        note = self.notes().get(model)
        return Learnt() if note is None else note.learnt

    def keep(self, model: Model, learnt: Learnt) -> None:
        """See `Memory`. A computer that cannot keep the note is no reason to stop."""
        self._new.pop(model, None)
        self._new[model] = Note(learnt, self._today())
        notes = self._read()
        for each, note in self._new.items():
            notes.pop(each, None)
            notes[each] = note
        text = _HEADER + "".join(_written(each, note) for each, note in list(notes.items())[-_AT_MOST:])
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            part = self.path.with_suffix(".part")
            part.write_text(text, encoding="utf-8")
            part.replace(self.path)
        except OSError as error:
            _log.warning("what was learnt of the phone is not noted: %s", error)

    def _read(self) -> dict[Model, Note]:
        try:
            if self.path.stat().st_size > _LARGEST:
                raise ValueError(f"more than {_LARGEST} bytes")
            data = tomllib.loads(self.path.read_text(encoding="utf-8"))
            entries = data.get("phone", [])
            if not isinstance(entries, list):
                raise ValueError("no list of phones")
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, RecursionError) as error:
            # TOMLDecodeError and UnicodeDecodeError are ValueErrors.
            _log.warning("%s is ignored: %s", self.path, error)
            return {}
        notes: dict[Model, Note] = {}
        oldest = self._today() - _BELIEVED
        for entry in entries:
            try:
                model, note = _understood(entry)
            except (KeyError, TypeError, ValueError) as error:
                _log.warning("a phone in %s is ignored: %r", self.path, error)
                continue
            if oldest <= note.on <= self._today():
                notes[model] = note
        return notes


def _understood(entry: Any) -> tuple[Model, Note]:
    """One phone of the file.

    Raises:
        KeyError, TypeError, ValueError: it makes no sense.
    """
    if not isinstance(entry, dict):
        raise TypeError("no table")
    names = [_of(str, entry[key]) for key in ("manufacturer", "model", "firmware")]
    flags = {key: _of(bool, entry[key]) for key in _FLAGS if key in entry}
    pause = entry.get("pause_ms", 0)
    refused = entry.get("refused_operations", [])
    learnt = Learnt(
        **flags,
        # Whoever sends round a file shall not be able to bring others' backups to a standstill.
        pause=min(max(_of(int, pause), 0) / 1000, LONGEST_PAUSE),
        refused=frozenset(_of(int, code) for code in _of(list, refused)) & DISPENSABLE,
    )
    return Model(*names), Note(learnt, _of(date, entry["learnt"]))


def _of(kind: type[Any], value: Any) -> Any:
    if type(value) is not kind:
        raise TypeError(f"{value!r} is no {kind.__name__}")
    return value


def _written(model: Model, note: Note) -> str:
    """One phone of the file. What is as with any other phone is left out."""
    learnt = note.learnt
    lines = [
        "[[phone]]",
        f"manufacturer = {_quoted(model.manufacturer)}",
        f"model = {_quoted(model.model)}",
        f"firmware = {_quoted(model.firmware)}",
        f"learnt = {note.on.isoformat()}",
    ]
    lines += [f"{key} = false" for key in _FLAGS if not getattr(learnt, key)]
    if learnt.pause:
        lines.append(f"pause_ms = {round(learnt.pause * 1000)}")
    if learnt.refused:
        lines.append(f"refused_operations = [{', '.join(f'{code:#06x}' for code in sorted(learnt.refused))}]")
    return "\n" + "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    """A string as TOML has it: as in JSON, but for DEL."""
    return re.sub("\x7f", r"\\u007f", json.dumps(text, ensure_ascii=False))
