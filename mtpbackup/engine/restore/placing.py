"""Where each file goes: which storage, which folder, which name. Pure; nothing here asks the phone.

The original path, on the storage of the same label. Where there is none of that label, all files of that
storage go to one other, and that is said. Names that the phone's file systems do not take (files may come from
elsewhere) are mended as file names of the backup are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from mtpbackup.archive import Original, folded, safe_name
from mtpbackup.engine.kinds import kind_of
from mtpbackup.engine.reports import PutBucket, PutSkip
from mtpbackup.engine.restore.tasks import PutTask
from mtpbackup.errors import NameRefused, SendFailed
from mtpbackup.phone import Storage

#: Where files go of which nobody knows where they were.
HOMELESS: Final = "Pictures"

#: Room that a file takes is rounded up to this.
_BLOCK: Final = 4096

#: Says why a storage would not take a name, or None.
NameTrouble = Callable[[Storage, str], NameRefused | None]
#: Says the largest file that a storage takes.
FileLimit = Callable[[Storage], int | None]


def room_of(size: int) -> int:
    """Bytes that a file of this size takes on a storage."""
    return -(-size // _BLOCK) * _BLOCK


@dataclass(slots=True)
class Placed:
    """Files with their places.

    Attributes:
        tasks: one for each file, those that cannot be sent settled already.
        mapped: labels of storages that the target does not have, and what stands in for them.
        unplaced: how many files nobody knows a place of.
    """

    tasks: list[PutTask]
    mapped: dict[str, str] = field(default_factory=dict)
    unplaced: int = 0


def place_all(
    originals: Sequence[Original],
    storages: Sequence[Storage],
    *,
    into: str = "",
    name_trouble: NameTrouble,
    largest_file: FileLimit,
) -> Placed:
    """Gives every file its place.

    Args:
        originals: in the order of the source: of two with one place the later one is the newer one.
        storages: of the target.
        into: see `RestoreOptions`.
        name_trouble: says why a storage would not take a name.
        largest_file: says the largest file that a storage takes.

    Raises:
        SendFailed: (READ_ONLY) no storage takes files.
    """
    writable = [storage for storage in storages if storage.writable]
    if not writable:
        raise SendFailed("", SendFailed.Reason.READ_ONLY)
    placed = Placed([])
    newest = {(original.key.storage, original.key.path): index for index, original in enumerate(originals)}
    base, below, common = _read_into(into, writable, originals)
    chosen = {} if base is not None else _choose_storages(originals, writable)
    by_label = {storage.label: storage for storage in writable}
    for index, original in enumerate(originals):
        key = original.key
        storage = base or chosen[key.storage]
        if base is None and key.storage and storage.label != key.storage:
            placed.mapped[key.storage] = storage.label
        if into:
            folder = (*below, *key.path[common:-1])
        elif original.placed:
            folder = key.path[:-1]
        else:
            placed.unplaced += 1
            folder = (HOMELESS, *key.path[:-1])
        task = _task(original, by_label[storage.label], folder, name_trouble)
        if newest[key.storage, key.path] != index:
            _skip(task, PutSkip.OLDER_VERSION)
        limit = largest_file(storage)
        if task.bucket is None and limit is not None and task.size > limit:
            _skip(task, PutSkip.TOO_LARGE)
        placed.tasks.append(task)
    _find_duplicates(placed.tasks)
    return placed


def _task(original: Original, storage: Storage, folder: tuple[str, ...], name_trouble: NameTrouble) -> PutTask:
    path = (*folder, original.key.name)
    mended = tuple(name if name_trouble(storage, name) is None else safe_name(name) for name in path)
    task = PutTask(
        original=original,
        kind=kind_of(original.key.name, 0),
        storage=storage.label,
        folder=mended[:-1],
        name=mended[-1],
        size=original.key.size,
        sha256=original.sha256,
    )
    if any(name_trouble(storage, name) is not None for name in mended):
        _skip(task, PutSkip.NAME)
    return task


def _skip(task: PutTask, reason: PutSkip) -> None:
    task.bucket, task.skip = PutBucket.SKIPPED, reason


def _find_duplicates(tasks: Iterable[PutTask]) -> None:
    """Two files of one content that would get one name, as when two storages become one: one is enough."""
    seen: set[tuple[object, ...]] = set()
    for task in tasks:
        if task.bucket is None and task.sha256:
            what = (task.storage, tuple(map(folded, task.folder)), folded(task.name), task.sha256)
            if what in seen:
                _skip(task, PutSkip.DUPLICATE)
            seen.add(what)


def _read_into(
    into: str, storages: Sequence[Storage], originals: Sequence[Original]
) -> tuple[Storage | None, tuple[str, ...], int]:
    """The storage and folder that a person named, and how many folders all files have in common."""
    names = tuple(name for name in into.split("/") if name)
    if not names:
        return None, (), 0
    base = next((storage for storage in storages if folded(storage.label) == folded(names[0])), None)
    below = names[1:] if base is not None else names
    folders = [original.key.path[:-1] for original in originals]
    common = 0
    while folders and all(len(path) > common and path[common] == folders[0][common] for path in folders):
        common += 1
    return base or _main_storage(storages, sum(room_of(one.key.size) for one in originals)), below, common


def _main_storage(storages: Sequence[Storage], needed: int) -> Storage:
    """The built-in storage if it has the room, else the first that has, else the built-in one all the same."""
    ordered = sorted(storages, key=lambda storage: storage.removable)
    return next((storage for storage in ordered if storage.free >= needed), ordered[0])


def _choose_storages(originals: Iterable[Original], storages: Sequence[Storage]) -> dict[str, Storage]:
    """A storage for each label in the backup. Those that stay where they were are counted first."""
    needed: Counter[str] = Counter()
    for original in originals:
        needed[original.key.storage] += room_of(original.key.size)
    free = {storage.label: storage.free for storage in storages}
    chosen: dict[str, Storage] = {}
    for label in needed:
        same = [one for one in storages if one.label == label] or [
            one for one in storages if folded(one.label) == folded(safe_name(label))
        ]
        if label and same:
            chosen[label] = same[0]
            free[same[0].label] -= needed[label]
    for label in needed:
        if label not in chosen:
            ordered = sorted(storages, key=lambda storage: storage.removable)
            fitting = [storage for storage in ordered if free[storage.label] >= needed[label]]
            chosen[label] = (fitting or ordered)[0]
            free[chosen[label].label] -= needed[label]
    return chosen
