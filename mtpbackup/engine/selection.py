"""Which items of a phone are wanted, and by which rule each of the others is left out.

Pure: paths, names, codes and dates in; None (wanted) or a `SkipReason` out. By default everything that is a
photo, a video or a sidecar, in every storage, wherever it lies.

Rules of folders are applied before a folder is listed: what they leave out is never looked into, and counts as
one item (`reports`, sums). One exception is made for the person's sake: of the folder `Android` at the top of a
storage everything is left out but `Android/media`, because that is where WhatsApp and others keep the pictures
that people received, from Android 11 on; `Android/data` and `Android/obb` are programs' own affair.

A folder asked for by name is looked into whatever the rules say of it or of the folders above it.
"""

from __future__ import annotations

import enum
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, TypeAlias

from mtpbackup.engine.kinds import Kind, kind_of
from mtpbackup.engine.naming import NameList
from mtpbackup.engine.reports import SkipReason

#: Names from the top of a storage down.
Path: TypeAlias = tuple[str, ...]

_APP_DATA: Final = "android"
_APP_MEDIA: Final = "media"
#: Beginnings of the names of thumbnail caches: `.thumbnails`, `.thumbs`, `.thumbcache`, MIUI's
#: `.microthumbnailFile`.
_THUMBNAILS: Final = (".thumb", ".microthumb")
_TRASHED: Final = ".trashed-"
_PENDING: Final = ".pending-"


class Only(enum.Enum):
    """Which kinds of files are wanted."""

    #: Photos, videos and sidecars.
    MEDIA = "media"
    #: Photos and sidecars.
    PHOTOS = "photos"
    #: Videos.
    VIDEOS = "videos"
    #: Every file, music and documents too.
    ALL = "all"


_WANTED_KINDS: Final = {
    Only.MEDIA: frozenset((Kind.PHOTO, Kind.VIDEO, Kind.SIDECAR)),
    Only.PHOTOS: frozenset((Kind.PHOTO, Kind.SIDECAR)),
    Only.VIDEOS: frozenset((Kind.VIDEO,)),
    Only.ALL: frozenset(Kind),
}


def _folded(name: str) -> str:
    """A name for comparison: phone storages tell neither case nor the ways to write an umlaut apart."""
    return unicodedata.normalize("NFC", name).casefold()


def parse_folder(text: str) -> Path:
    """A folder as a person writes it, `DCIM/Camera` or `/DCIM/Camera/`, as a path; empty for the top."""
    return tuple(name for name in text.split("/") if name)


@dataclass(frozen=True)
class Selection:
    """What a person wants of a phone.

    Attributes:
        only: which kinds.
        folders: paths; only these are looked into. A path begins at the top of every storage, or with the label
            of a storage to mean that one alone. Empty: everything.
        since: naive, in the phone's local time; older files are left out, files without a date are not.
        picks: names or paths of files and folders (see `naming`); only these are wanted. Empty: everything.
    """

    only: Only = Only.MEDIA
    folders: tuple[Path, ...] = ()
    since: datetime | None = None
    picks: tuple[str, ...] = ()
    _picks: NameList = field(init=False, repr=False, compare=False)
    _folded: tuple[Path, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        folded = tuple(tuple(_folded(name) for name in path) for path in self.folders)
        object.__setattr__(self, "_folded", folded)
        object.__setattr__(self, "_picks", NameList(self.picks))

    @classmethod
    def of(
        cls,
        only: Only = Only.MEDIA,
        folders: Iterable[str] = (),
        since: datetime | None = None,
        picks: Iterable[str] = (),
    ) -> Selection:
        """A selection from folders as a person writes them."""
        return cls(only, tuple(parse_folder(folder) for folder in folders), since, tuple(picks))

    def _wanted_in(self, storage: str) -> list[Path]:
        """The folders asked for, as they begin in this storage."""
        label = _folded(storage)
        starts = list(self._folded)
        starts += [path[1:] for path in self._folded if path[:1] == (label,)]
        return starts

    def is_asked_for(self, storage: str, folder: Path) -> list[int]:
        """Which of `folders`, by index, this folder of a storage is; to tell which of them do not exist."""
        label, path = _folded(storage), tuple(_folded(name) for name in folder)
        return [i for i, asked in enumerate(self._folded) if asked in (path, (label, *path))]

    def picked_for(self, storage: str, path: Path) -> set[int]:
        """Which of `picks`, by index, a file or folder is wanted for; to tell which of them do not exist."""
        return self._picks.of_file(storage, path) if self.picks else set()

    def skip_folder(self, storage: str, path: Path) -> SkipReason | None:
        """Why a folder is not looked into, or None when it is.

        Args:
            storage: the storage's label.
            path: the folder's path, not empty.
        """
        names = tuple(_folded(name) for name in path)
        if self.picks:
            if self._picks.leads_to(storage, path):
                return None
            if not self._picks.may_hold(storage, path):
                return SkipReason.NOT_PICKED
        if self.folders:
            asked = self._wanted_in(storage)
            if any(wanted[: len(names)] == names for wanted in asked):
                return None  # on the way to a folder asked for, or that folder itself
            above = [wanted for wanted in asked if names[: len(wanted)] == wanted]
            if not above:
                return SkipReason.OTHER_FOLDER
            if any(wanted[:1] == (_APP_DATA,) for wanted in above):
                return _skip_name(names[-1])
        if names[0] == _APP_DATA and len(names) > 1 and names[1] != _APP_MEDIA:
            return SkipReason.APP_DATA
        return _skip_name(names[-1])

    def skip_file(
        self, storage: str, path: Path, object_format: int, modified: datetime | None
    ) -> SkipReason | None:
        """Why a file is left out, or None when it is wanted.

        Args:
            storage: the storage's label.
            path: the file's path.
            object_format: MTP format code, 16 bit.
            modified: naive, in the phone's local time, or None where the phone told no date.
        """
        if self.folders:
            folder = tuple(_folded(name) for name in path[:-1])
            if not any(folder[: len(wanted)] == wanted for wanted in self._wanted_in(storage)):
                return SkipReason.OTHER_FOLDER
        if self.picks and not self._picks.of_file(storage, path):
            return SkipReason.NOT_PICKED
        by_name = _skip_name(_folded(path[-1]))
        if by_name is not None:
            return by_name
        kind = kind_of(path[-1], object_format)
        if kind not in _WANTED_KINDS[self.only]:
            return SkipReason.OTHER_KIND if kind is Kind.OTHER else SkipReason.NOT_ASKED_FOR
        if self.since is not None and modified is not None and modified < self.since:
            return SkipReason.TOO_OLD
        return None


def _skip_name(name: str) -> SkipReason | None:
    """Why a file or folder of this folded name is left out."""
    if name.startswith(_THUMBNAILS):
        return SkipReason.THUMBNAILS
    if name.startswith(_TRASHED):
        return SkipReason.TRASHED
    if name.startswith(_PENDING):
        return SkipReason.PENDING
    return None
