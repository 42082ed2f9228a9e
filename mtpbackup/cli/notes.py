"""What phones have shown in use, and where this person's computer keeps it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mtpbackup.phone import Notebook
    from mtpbackup.session import Learnt


def notes_file() -> Path:
    """Where it is kept: beside what is remembered of backups."""
    import platformdirs  # noqa: PLC0415 - `--help` does without

    return Path(platformdirs.user_state_dir("mtpbackup")) / "phones.toml"


def notebook() -> Notebook:
    """What is remembered of phones, from one run to the next."""
    from mtpbackup.phone import Notebook  # noqa: PLC0415 - `--help` does without

    return Notebook(notes_file())


def in_words(learnt: Learnt) -> list[str]:
    """What is known of a model, for people; nothing of one that can do all."""
    said = []
    if not (learnt.property_lists and learnt.top_property_lists):
        said.append("its folders are listed file by file, which takes longer")
    if learnt.pause:
        said.append("it is asked slowly, or it closes the connection")
    if learnt.refused:
        said.append("it doesn't do all that it offers")
    return said
