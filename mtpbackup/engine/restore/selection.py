"""Which files of a backup are wanted. Pure: originals in, yes or no out.

A pattern without a slash is about a file's own name, `IMG_2024*`; with one about its path on the phone,
`DCIM/Camera/*.jpg`, with or without the label of its storage before it, or about its path in the backup. A
pattern that names a folder means all that is below it. Names of a list are taken as they are, no wildcards.
Case and the ways to write an umlaut make no difference.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from mtpbackup.archive import Original, folded
from mtpbackup.engine.kinds import Kind, kind_of
from mtpbackup.engine.naming import NameList, ways_to_write
from mtpbackup.engine.selection import Only

_KINDS: Final = {
    Only.MEDIA: frozenset((Kind.PHOTO, Kind.VIDEO, Kind.SIDECAR)),
    Only.PHOTOS: frozenset((Kind.PHOTO, Kind.SIDECAR)),
    Only.VIDEOS: frozenset((Kind.VIDEO,)),
    Only.ALL: frozenset(Kind),
}


@dataclass(frozen=True)
class RestoreSelection:
    """What a person wants of a backup. All conditions have to be met; patterns, names and folders add up.

    Attributes:
        patterns: of names or paths; see the top of this module.
        names: names or paths without wildcards.
        folders: folders as they were on the phone.
        only: which kinds; all by default: what is in the backup was wanted once.
        since, until: naive, in the phone's local time; files without a date are not left out.
    """

    patterns: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()
    only: Only = Only.ALL
    since: datetime | None = None
    until: datetime | None = None
    _globs: tuple[re.Pattern[str], ...] = field(init=False, repr=False, compare=False)
    _names: NameList = field(init=False, repr=False, compare=False)
    _folders: tuple[str, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        globs = tuple(re.compile(fnmatch.translate(folded(text.strip("/")))) for text in self.patterns)
        object.__setattr__(self, "_globs", globs)
        object.__setattr__(self, "_names", NameList(self.names))
        object.__setattr__(self, "_folders", tuple(folded(text.strip("/")) for text in self.folders))

    @property
    def asked(self) -> tuple[str, ...]:
        """Everything that was asked for by name, in the order of the numbers that `matches` gives."""
        return (*self.patterns, *self.names, *self.folders)

    def matches(self, original: Original) -> set[int] | None:
        """Whether a file is wanted.

        Returns:
            None when it is not; else which of `asked` it was wanted for, none where nothing was asked by name.
        """
        key = original.key
        if kind_of(key.name, 0) not in _KINDS[self.only]:
            return None
        if key.modified is not None:
            if self.since is not None and key.modified < self.since:
                return None
            if self.until is not None and key.modified >= self.until:
                return None
        texts = list(ways_to_write(key.storage, key.path, original.path)) if self.asked else []
        fitting: set[int] = set()
        if self.patterns or self.names:
            fitting |= self._by_name(folded(key.name), texts)
            if not fitting:
                return None
        if self.folders:
            start = len(self.patterns) + len(self.names)
            inside = {
                start + index for index, folder in enumerate(self._folders) if folder in texts or not folder
            }
            if not inside:
                return None
            fitting |= inside
        return fitting

    def _by_name(self, name: str, texts: Iterable[str]) -> set[int]:
        fitting = set()
        for index, (text, glob) in enumerate(zip(self.patterns, self._globs, strict=True)):
            candidates = texts if "/" in text else (name, *texts)
            if any(glob.match(candidate) for candidate in candidates):
                fitting.add(index)
        return fitting | {len(self.patterns) + index for index in self._names.fitting((name, *texts))}
