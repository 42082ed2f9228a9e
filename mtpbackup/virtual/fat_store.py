"""A memory card with a FAT file system, and the stores that a persona begins with.

FAT keeps dates to two seconds, files below 4 GiB, and names without blanks or dots at their end; case does not
matter. Android shows its dates as any others (ANDROID.md, Writing: storages with a size limit).
"""

from __future__ import annotations

from mtpbackup.transport.base import Buffer
from mtpbackup.virtual.content import Content
from mtpbackup.virtual.memory_store import MemoryNode, MemoryStore
from mtpbackup.virtual.personas import StorageModel
from mtpbackup.virtual.store import FAT_LIMIT


def two_seconds(when: float) -> float:
    """A date as FAT keeps it: the even second before."""
    return float(int(when) // 2 * 2)


class FatStore(MemoryStore):
    """A card. Arguments and attributes are those of `MemoryStore`."""

    def __init__(
        self,
        description: str = "SD card",
        *,
        capacity: int = 31_900_000_000,
        removable: bool = True,
        read_only: bool = False,
    ) -> None:
        super().__init__(
            description, capacity=capacity, removable=removable, read_only=read_only, file_limit=FAT_LIMIT
        )

    def folder(self, path: str, modified: float = 0.0) -> MemoryNode:
        """See `MemoryStore`."""
        return super().folder(path, two_seconds(modified))

    def add_to(
        self, folder: MemoryNode, name: str, content: Content | Buffer, modified: float = 0.0
    ) -> MemoryNode:
        """See `MemoryStore`."""
        return super().add_to(folder, name, content, two_seconds(modified))

    def create(self, folder: MemoryNode, name: str) -> MemoryNode:
        """See `MemoryStore`."""
        return super().create(folder, _kept(name))

    def make_folder(self, folder: MemoryNode, name: str) -> MemoryNode:
        """See `MemoryStore`."""
        return super().make_folder(folder, _kept(name))

    def child(self, folder: MemoryNode, name: str) -> MemoryNode | None:
        """See `MemoryStore`."""
        return super().child(folder, name) or super().child(folder, _kept(name))

    def set_modified(self, node: MemoryNode, when: float) -> None:
        """See `MemoryStore`."""
        super().set_modified(node, two_seconds(when))

    def rename(self, node: MemoryNode, name: str) -> None:
        """See `MemoryStore`."""
        super().rename(node, _kept(name))


def _kept(name: str) -> str:
    """What FAT makes of a name."""
    return name.rstrip(" .") or name


def new_store(model: StorageModel) -> MemoryStore:
    """An empty store as a persona has it."""
    if model.fat:
        return FatStore(
            model.description, capacity=model.capacity, removable=model.removable, read_only=model.read_only
        )
    return MemoryStore(
        model.description, capacity=model.capacity, removable=model.removable, read_only=model.read_only
    )
