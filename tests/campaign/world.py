"""A phone that remembers all it ever held: the truth that a backup is held against."""

from __future__ import annotations

import contextlib
import hashlib
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from mtpbackup.engine import reports
from mtpbackup.engine.reports import WaitReason
from mtpbackup.virtual import Generated, MemoryNode, MemoryStore
from mtpbackup.virtual.content import Content
from tests.campaign.hurry import HurriedPhone

#: A place on the phone: storage and path.
Place = tuple[str, str]

INTERNAL, CARD = "Internal shared storage", "SD card"
#: A moment in May 2024 (UTC), in seconds.
BASE = 1_714_979_289
FOLDERS = ("DCIM/Camera", "DCIM/Camera/Bursts", "Pictures/Füße 😀", "Movies", "DCIM/.hidden", "A/B/C/D", "")
#: The last in a spelling that file systems may change: "e" and an accent of its own.
STEMS = ("IMG", "VID", "Ä:b", "e\u0301")
ENDINGS = ("jpg", "jpg", "jpg", "heic", "mp4", "dng", "png")


@dataclass(frozen=True, slots=True)
class Version:
    """What a file was at some time.

    Attributes:
        size: bytes.
        sha256: of them, in hex.
        modified: seconds since the epoch.
    """

    size: int
    sha256: str
    modified: float


def version_of(node: MemoryNode) -> Version:
    """What a file is now."""
    content = node.content
    assert content is not None
    return Version(content.size, hashlib.sha256(whole(content)).hexdigest(), node.modified)


def whole(content: Content) -> bytes:
    """All bytes of a content."""
    data = b"".join(bytes(content.read(at, 1 << 20)) for at in range(0, content.size, 1 << 20))
    assert len(data) == content.size
    return data


class World(HurriedPhone):
    """A phone with a card, and the history of every file on both.

    Attributes:
        history: every version that ever lay at a place.
        card: the storage that can be pulled.
    """

    def __init__(self, persona: Any = "pixel", **settings: Any) -> None:
        self.card = MemoryStore(CARD, removable=True)
        self.history: dict[Place, set[Version]] = {}
        super().__init__(persona, [MemoryStore(INTERNAL), self.card], **settings)

    # --- what changes on it -------------------------------------------------------------------------------

    def add_file(self, path: str, content: Any, modified: Any = None, storage: int = 0) -> MemoryNode:
        node = super().add_file(path, content, modified, storage)
        self._note(storage, path)
        return node

    def rename(self, path: str, name: str, storage: int = 0) -> None:
        super().rename(path, name, storage)
        self._note(storage, f"{path.rpartition('/')[0]}/{name}".strip("/"))

    def move(self, path: str, folder: str, storage: int = 0) -> None:
        super().move(path, folder, storage)
        self._note(storage, f"{folder}/{path.rpartition('/')[2]}".strip("/"))

    def touch(self, path: str, modified: Any = None, storage: int = 0) -> None:
        super().touch(path, modified, storage)
        self._note(storage, path)

    def _note(self, storage: int, path: str) -> None:
        """Keeps what lies at a place now, and below it."""
        store = self.storages[storage]
        assert isinstance(store, MemoryStore)
        waiting = [(path, store.at(path))]
        while waiting:
            where, node = waiting.pop()
            if node.is_folder:
                waiting += [(f"{where}/{name}".strip("/"), child) for name, child in node.children.items()]
            else:
                self.noted(store.description, where, version_of(node))

    def noted(self, storage: str, path: str, version: Version) -> None:
        """Remembers a version; a hook for whoever keeps the history elsewhere too."""
        self.history.setdefault((storage, path), set()).add(version)

    # --- what is on it ------------------------------------------------------------------------------------

    def stores(self) -> list[MemoryStore]:
        """The storages that are in it."""
        return [store for store in self.storages if isinstance(store, MemoryStore)]

    def files(self) -> Iterator[tuple[int, str, MemoryNode]]:
        """Every file: storage, path, node."""
        for index, store in enumerate(self.stores()):
            waiting: list[tuple[str, MemoryNode]] = [("", store.root)]
            while waiting:
                where, node = waiting.pop()
                for name, child in sorted(node.children.items()):
                    path = f"{where}/{name}".strip("/")
                    if child.is_folder:
                        waiting.append((path, child))
                    else:
                        yield index, path, child

    def present(self) -> dict[Place, Version]:
        """What lies where now."""
        return {
            (self.stores()[index].description, path): version_of(node) for index, path, node in self.files()
        }

    # --- its owner ----------------------------------------------------------------------------------------

    def help(self, event: object, draw: random.Random) -> None:
        """Does what the program asks a person for: plugs it in, unlocks it."""
        if not isinstance(event, reports.WaitingForPhone):
            return
        if event.reason is WaitReason.LOCKED:
            self.unlock(reattach=draw.random() < 0.5)
        elif event.reason is WaitReason.NONE:
            self.plug()
        elif event.reason is WaitReason.NO_ANSWER:
            self.replug()

    def calm(self) -> None:
        """Nothing goes wrong any more: plugged in, unlocked, with its card, and its sizes are true."""
        self.faults.clear()
        if self.card not in self.storages:
            self.add_storage(self.card)
        for _, _, node in self.files():
            node.announced_size = None
        self._locked = False
        self.replug()


def change(world: World, draw: random.Random) -> str:
    """One change as an owner makes it; tells which."""
    files = list(world.files())
    what = draw.choice(
        ("add", "add", "add", "rename", "move", "touch", "replace", "remove", "remove folder", "zone")
    )
    storage = draw.randrange(len(world.stores()))
    if not files or what == "add":
        return add_some(world, draw, storage)
    index, path, node = draw.choice(files)
    with contextlib.suppress(FileExistsError):
        match what:
            case "rename":
                name = f"{draw.randrange(10_000):04}.{path.rpartition('.')[2]}"
                world.rename(path, name, index)
                return f"rename {path} to {name}"
            case "move":
                folder = draw.choice(FOLDERS)
                world.move(path, folder, index)
                return f"move {path} to {folder}"
            case "touch":
                world.touch(path, odd_moment(draw), index)
                return f"touch {path}"
            case "replace":
                size = max(node.size + draw.choice((-1, 1)) * draw.randrange(1, 3000), 0)
                put(world, draw, path, size, index)
                return f"replace {path}"
            case "remove":
                world.remove(path, index)
                return f"remove {path}"
            case "remove folder":
                folder = path.rpartition("/")[0]
                if folder:
                    world.remove(folder, index)
                return f"remove folder {folder}"
            case "zone":
                world.zone = timezone(timedelta(minutes=15 * draw.randint(-48, 56)))
                world.replug()
                return f"zone {world.zone}"
    return "nothing"


def add_some(world: World, draw: random.Random, storage: int) -> str:
    """Some new files, of sizes at which packets and pieces end."""
    folder = draw.choice(FOLDERS)
    count = draw.choice((1, 1, 2, 5, 9))
    for _ in range(count):
        name = f"{draw.choice(STEMS)}_{draw.randrange(10_000):04}.{draw.choice(ENDINGS)}"
        path = f"{folder}/{name}".strip("/")
        size = draw.choice((0, 1, 500, 512, 1012, 4096 - 12, draw.randrange(20_000), draw.randrange(300_000)))
        put(world, draw, path, size, storage)
    return f"add {count} to {folder}"


def put(world: World, draw: random.Random, path: str, size: int, storage: int) -> None:
    """A file, of a size that nothing at this place ever had: size and date are all that tells two apart."""
    sizes = {version.size for version in world.history.get((world.stores()[storage].description, path), ())}
    while size in sizes:
        size += 1
    world.add_file(path, Generated(size, draw.randrange(1 << 30)), odd_moment(draw), storage)


def odd_moment(draw: random.Random) -> float:
    """A moment that differs from every other by no multiple of a quarter of an hour.

    Another content of the same size and a date that is a whole number of quarters off is taken for the same, by
    design: that is how a journey to another time zone looks.
    """
    return BASE + 900 * draw.randrange(10_000) + draw.randrange(900) + draw.random()


def at_local(moment: float) -> datetime:
    """A moment as a phone in UTC writes it."""
    return datetime.fromtimestamp(int(moment), UTC).replace(tzinfo=None)
