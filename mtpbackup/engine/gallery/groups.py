"""What belongs together: RAW with JPEG, a live photo with its film, the pictures of a burst. Pure, by names.

Cameras give the files of one shot one name and different endings, or number those of a burst behind it:

- `IMG_0042.HEIC` `IMG_0042.MOV` `IMG_0042.AAE` (live photo, edits), `DSC_1.NEF` `DSC_1.JPG`
- `PXL_20240506_070812345.RAW-01.COVER.jpg`, `.RAW-02.ORIGINAL.dng`, `.MP.jpg` (Pixel)
- `IMG_20240506_070812_BURST001_COVER.jpg`, `00002IMG_00002_BURST20240506070812.jpg` (Google, Huawei, Xiaomi)
- `20240506_070812_001.jpg` and on (Samsung's bursts)
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple, Protocol

from mtpbackup.engine.kinds import Kind

#: A film belongs to the picture of its name when they are from about the same moment; cameras number photos and
#: films alike after their counter was set back.
_TOGETHER: Final = timedelta(minutes=1)

_PIXEL: Final = re.compile(r"(?i)(pxl_\d{8}_\d{9})\..+")
_BURST: Final = re.compile(r"(?i)(?:\d{5}[a-z]+_\d{5}_(burst\d{14,20})|(.+)_burst\d+)(?:_cover)?")
_NUMBERED: Final = re.compile(r"(\d{8}_\d{6})_\d{3}")
#: A sidecar may be named after the whole name of its picture: `IMG_1.jpg.xmp`.
_ENDINGS: Final = re.compile(r"(?i)\.(?:[a-z0-9]{2,5})$")


class Groupable(Protocol):
    """What is needed to know of a file."""

    @property
    def storage(self) -> str:
        """Label of its storage."""
        ...

    @property
    def path(self) -> tuple[str, ...]:
        """Its path on the phone."""
        ...

    @property
    def kind(self) -> Kind:
        """What it is."""
        ...

    @property
    def date(self) -> datetime | None:
        """When it was taken or changed, naive."""
        ...


class _Place(NamedTuple):
    storage: str
    folder: tuple[str, ...]
    shot: str


def shot_of(name: str) -> str:
    """The part of a name that all files of one shot, or one burst, have in common; folded."""
    stem = _ENDINGS.sub("", name)
    stem = _ENDINGS.sub("", stem) if stem.lower().endswith((".jpg", ".jpeg", ".heic", ".dng")) else stem
    if (pixel := _PIXEL.fullmatch(name)) is not None:
        return pixel[1].casefold()
    if (burst := _BURST.fullmatch(stem)) is not None:
        return (burst[1] or burst[2]).casefold()
    if (numbered := _NUMBERED.fullmatch(stem)) is not None:
        return numbered[1]
    return stem.casefold()


def groups_of(files: Sequence[Groupable]) -> list[str]:
    """A name for the group of each file, in their order; empty for what stands alone.

    The name is unique among these files and stays the same as long as they do.
    """
    found: dict[_Place, list[int]] = {}
    for index, file in enumerate(files):
        place = _Place(file.storage, file.path[:-1], shot_of(file.path[-1]))
        found.setdefault(place, []).append(index)
    names = [""] * len(files)
    number = 0
    for members in found.values():
        together = _of_one_moment(files, members)
        if len(together) > 1:
            number += 1
            for index in together:
                names[index] = f"g{number}"
    return names


def _of_one_moment(files: Sequence[Groupable], members: list[int]) -> list[int]:
    """The members without films that are from another moment than every picture among them."""
    dates = [files[index].date for index in members if files[index].kind is Kind.PHOTO]
    if not dates:
        return []  # films alone are no shot: 20240506_070812_001.mp4 are parts of a long one
    return [
        index
        for index in members
        if files[index].kind is not Kind.VIDEO or any(_close(files[index].date, date) for date in dates)
    ]


def _close(one: datetime | None, other: datetime | None) -> bool:
    return one is None or other is None or abs(one - other) <= _TOGETHER
