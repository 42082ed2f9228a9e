"""A file that is to be put back, and how far that is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from mtpbackup.archive import Original
from mtpbackup.engine.kinds import Kind
from mtpbackup.engine.reports import ItemRef, PutBucket, PutSkip
from mtpbackup.phone import Item

#: Label of a storage, and a folder's path on it.
FolderPlace: TypeAlias = tuple[str, tuple[str, ...]]


@dataclass(slots=True, eq=False)
class PutTask:
    """A file that is to be put back.

    Attributes:
        original: the file.
        kind: what it is.
        storage: label of the target's storage.
        folder: path of the target's folder.
        name: the name that it should have there.
        size: bytes in the backup; what is there now, where that is sent although it is not what was recorded.
        sha256: of the content, in hex: as recorded, then as read; empty while unknown.
        checked: whether the file was read and is what it should be, or may be sent all the same.
        sampled: whether it will be read back.
        bucket, skip: where it ended, and why; None while it waits.
        tries: how many tries failed.
        begun: names under which it was begun to be sent in this run.
        different: paths on the target of what was compared with it, and is something else.
        sent: what was sent in this run and not seen there yet.
    """

    original: Original
    kind: Kind
    storage: str
    folder: tuple[str, ...]
    name: str
    size: int
    sha256: str
    checked: bool = False
    sampled: bool = False
    bucket: PutBucket | None = None
    skip: PutSkip | None = None
    tries: int = 0
    sent: Item | None = None
    begun: set[str] = field(default_factory=set)
    different: set[tuple[str, ...]] = field(default_factory=set)

    @property
    def place(self) -> FolderPlace:
        """The folder that it goes to."""
        return self.storage, self.folder

    def seems_twice(self, size: int) -> bool:
        """Whether a size is what a phone tells of this video that converts videos: twice the true one.

        Whether it is the video, its date or its content tells (PHONES.md 1.10).
        """
        return self.kind is Kind.VIDEO and size == 2 * self.size > 0

    @property
    def ref(self) -> ItemRef:
        """Its name in reports."""
        return self.ref_as(self.name)

    def ref_as(self, name: str) -> ItemRef:
        """Its name in reports, under another name on the target."""
        return ItemRef(self.storage, (*self.folder, name), self.original.key.size)
