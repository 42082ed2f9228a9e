"""What is to be done, decided from a listing and the catalog: pure, and streaming.

The listing is taken folder by folder as the phone gives it; of what is already safe or left out only counts
remain, so memory grows with the work to do and not with the phone. Nothing here reads a phone, a file or a
clock.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final

from mtpbackup.archive import ItemKey, KnownItem, KnownItems, same_moment
from mtpbackup.engine.kinds import Kind, kind_of
from mtpbackup.engine.listing import FolderFailed, FolderListed, FolderSkipped, Found
from mtpbackup.engine.reports import Count, FailedItem, ItemRef, SkipReason
from mtpbackup.engine.selection import Selection
from mtpbackup.engine.tasks import Task, Tasks, Why, key_of
from mtpbackup.errors import Failure, FileTooLarge
from mtpbackup.phone import Item

#: Bytes of the largest file that is believed in: more than any phone holds (4 TiB).
_LARGEST_EVER: Final = 1 << 42

#: A place on a phone: label of the storage, and path.
Place = tuple[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Move:
    """An item that seems to be in the archive under an older path. To be proven.

    Attributes:
        task: what is to be done if it isn't.
        item_id: row of the item in the catalog.
        old: where it was on the phone.
    """

    task: Task
    item_id: int
    old: ItemKey


@dataclass(frozen=True, slots=True)
class Refusal:
    """An item that is wanted and cannot be copied to this destination.

    Attributes:
        item: as it was listed.
        failure: why.
    """

    item: Item
    failure: Failure


@dataclass(slots=True)
class Plan:
    """What is to be done with everything that was listed.

    Attributes:
        tasks: items to be copied, in the order of copying.
        moves: items to be compared, then re-pointed or copied.
        safe: in the archive already; photos and videos of them in the next two.
        safe_photos, safe_videos: see `safe`.
        skipped: left out, by reason.
        refused: wanted, and too large for the destination's file system; or nothing is told of it.
        unlisted: folders that could not be listed.
        gone: items of the catalog that are not on the phone any more and are not yet marked so.
        gone_in_all: how many are not on the phone any more, marked or not; bytes.
        back: items of the catalog that are marked as gone and were listed again.
        settled_failures: recorded failures of items that are not on the phone any more, or are another size.
    """

    tasks: Tasks = field(default_factory=Tasks)
    moves: list[Move] = field(default_factory=list)
    safe: Count = field(default_factory=Count)
    safe_photos: int = 0
    safe_videos: int = 0
    skipped: dict[SkipReason, Count] = field(default_factory=dict)
    refused: list[Refusal] = field(default_factory=list)
    unlisted: list[FailedItem] = field(default_factory=list)
    gone: list[int] = field(default_factory=list)
    gone_in_all: Count = field(default_factory=Count)
    back: list[int] = field(default_factory=list)
    settled_failures: list[ItemKey] = field(default_factory=list)

    def count(self, *why: Why) -> Count:
        """The items to be copied for one of these reasons; for any where none is named."""
        return self.tasks.count(*why)

    @property
    def moved(self) -> Count:
        """The items that seem to have been moved."""
        return Count(len(self.moves), sum(move.task.size for move in self.moves))


def plan_backup(
    found: Iterable[Found],
    known: KnownItems,
    *,
    place_of: Callable[[int], ItemKey],
    failures: Iterable[ItemKey] = (),
    selection: Selection | None = None,
    largest_file: int | None = None,
) -> Plan:
    """Decides what becomes of each item.

    Args:
        found: the listing.
        known: what was saved from this phone.
        place_of: tells the identity under which an item of the catalog was saved, by its row.
        failures: items that earlier runs could not save.
        selection: what is wanted; photos and videos if None.
        largest_file: what the destination's file system can hold, in bytes; None: any size.

    Returns:
        Every item of `found` is in exactly one of: tasks, moves, safe, skipped, refused, unlisted.
    """
    planner = _Planner(known, failures, selection or Selection(), largest_file)
    for piece in found:
        match piece:
            case FolderListed():
                planner.folder(piece)
            case FolderSkipped():
                planner.skip(piece.reason, Count(1))
                planner.unknown.add((piece.storage, piece.path))
            case FolderFailed():
                ref = ItemRef(piece.storage, piece.path, 0)
                planner.plan.unlisted.append(FailedItem(ref, 0, piece.failure))
                planner.unknown.add((piece.storage, piece.path))
    planner.find_gone(place_of)
    planner.find_moves(place_of)
    planner.plan.tasks.sort()
    return planner.plan


class _Planner:
    """A plan in the making."""

    def __init__(
        self, known: KnownItems, failures: Iterable[ItemKey], selection: Selection, largest_file: int | None
    ) -> None:
        self.plan = Plan()
        self.unknown: set[Place] = set()
        self._listed: set[Place] = set()
        self._seen: set[int] = set()
        self._known = known
        self._failures: dict[Place, list[ItemKey]] = {}
        for key in failures:
            self._failures.setdefault((key.storage, key.path), []).append(key)
        self._selection = selection
        self._largest = largest_file

    # --- while the listing comes in -----------------------------------------------------------------------

    def folder(self, folder: FolderListed) -> None:
        """Takes a folder's files in."""
        self._listed.add((folder.storage, folder.path))
        for item in folder.files:
            if not item.told:
                self._refuse_untold(item)
                continue
            reason = self._selection.skip_file(folder.storage, item.path, item.format, item.modified)
            saved = self._saved(item)
            if saved is not None:
                self._seen.add(saved.item_id)
                if saved.gone:
                    self.plan.back.append(saved.item_id)
            failed = self._failures.pop((folder.storage, item.path), [])
            self.plan.settled_failures += [key for key in failed if key.size != item.size]
            if reason is not None:
                self.skip(reason, Count(1, item.size))
                continue
            kind = kind_of(item.name, item.format)
            if item.size > _LARGEST_EVER:
                # Not to be made room for: it would keep everything else from being copied.
                failure = Failure("ItemUnreadable", f"it cannot be of {item.size} bytes")
                self.plan.refused.append(Refusal(item, failure))
                continue
            if saved is not None and saved.safe:
                self._safe(item, kind)
            elif self._largest is not None and item.size > self._largest:
                failure = Failure(FileTooLarge.__name__, f"{item.size} bytes, limit {self._largest}")
                self.plan.refused.append(Refusal(item, failure))
            else:
                self.plan.tasks.add(item, self._why(item, saved, bool(failed)), kind)

    def _refuse_untold(self, item: Item) -> None:
        """It may be a picture, or any of those that were saved here: nothing here counts as gone."""
        self.unknown.add((item.storage.label, item.path[:-1]))
        self._listed.discard((item.storage.label, item.path[:-1]))
        self.plan.refused.append(Refusal(item, Failure("ItemUnreadable", "the phone tells nothing of it")))

    def skip(self, reason: SkipReason, count: Count) -> None:
        """Leaves something out."""
        self.plan.skipped[reason] = self.plan.skipped.get(reason, Count()) + count

    def _safe(self, item: Item, kind: Kind) -> None:
        self.plan.safe += Count(1, item.size)
        self.plan.safe_photos += kind is Kind.PHOTO
        self.plan.safe_videos += kind is Kind.VIDEO

    def _saved(self, item: Item) -> KnownItem | None:
        """The row under which this item was saved. No row stands for two items of one listing."""
        saved = self._known.find(key_of(item))
        if saved is None or saved.item_id not in self._seen:
            return saved
        # Two objects of one name in a folder: not on Android, but phones are not to be trusted.
        for other in self._known.at(item.storage.label, item.path):
            same = other.size == item.size and same_moment(other.modified, item.modified)
            if same and other.item_id not in self._seen:
                return other
        return None

    def _why(self, item: Item, saved: KnownItem | None, failed_before: bool) -> Why:
        if failed_before:
            return Why.FAILING
        if saved is not None:
            return Why.LOST
        return Why.CHANGED if self._known.at(item.storage.label, item.path) else Why.NEW

    # --- when all of it is in -----------------------------------------------------------------------------

    def find_gone(self, place_of: Callable[[int], ItemKey]) -> None:
        """Notices what the catalog has and the phone has not."""
        for row in self._known:
            if row.item_id in self._seen:
                continue
            if row.gone:
                self.plan.gone_in_all += Count(1, row.size)
            elif self._is_gone(place_of(row.item_id)):
                self.plan.gone.append(row.item_id)
                self.plan.gone_in_all += Count(1, row.size)
        # What is left of the failures was not listed.
        for keys in self._failures.values():
            self.plan.settled_failures += [key for key in keys if self._is_gone(key)]

    def find_moves(self, place_of: Callable[[int], ItemKey]) -> None:
        """Finds items that were saved under a path that is not there any more, one to one.

        First those that kept their name (their folder was renamed or they were moved to another), then those
        that kept nothing but size and date. More than one that would fit, on either side: copied, not guessed.
        """
        places: dict[int, ItemKey] = {}
        candidates: dict[int, list[tuple[int, ItemKey]]] = {}
        for index, task in enumerate(self.plan.tasks):
            if not len(self._known):
                break
            item = task.item
            if task.why in (Why.CHANGED, Why.LOST) or item.modified is None:
                continue
            for row in self._known.alike(item.size, item.modified):
                if row.item_id in self._seen or row.modified is None:
                    continue
                old = places.get(row.item_id) or places.setdefault(row.item_id, place_of(row.item_id))
                if self._may_have_left(old):
                    candidates.setdefault(index, []).append((row.item_id, old))
        taken: dict[int, Move] = {}
        for named in (True, False):
            used = {move.item_id for move in taken.values()}
            pairs = {
                index: [
                    (item_id, old)
                    for item_id, old in olds
                    if item_id not in used and (not named or old.path[-1] == self.plan.tasks[index].item.name)
                ]
                for index, olds in candidates.items()
                if index not in taken
            }
            claims = Counter(item_id for olds in pairs.values() for item_id, _ in olds)
            for index, olds in pairs.items():
                if len(olds) == 1 and claims[olds[0][0]] == 1:
                    taken[index] = Move(self.plan.tasks[index], *olds[0])
        self.plan.moves = [taken[index] for index in sorted(taken)]
        self.plan.tasks.take_out({move.task.number for move in taken.values()})

    def _is_gone(self, key: ItemKey) -> bool:
        """Whether the listing shows that nothing is at this place.

        It does when the folder was listed without it, or when a folder on the way there is missing from a
        folder that was listed. What was not looked into, and storages that are not there now, prove nothing.
        """
        for depth in range(len(key.path)):
            place = (key.storage, key.path[:depth])
            if place not in self._listed:
                return depth > 0 and place not in self.unknown
        return True

    def _may_have_left(self, key: ItemKey) -> bool:
        """Whether an item that was not listed at this place may have been moved elsewhere.

        Also when its storage is not there at all: labels change with the phone's language, and a card's
        pictures may have been moved before it was taken out. The content decides.
        """
        top = (key.storage, ())
        return self._is_gone(key) or (top not in self._listed and top not in self.unknown)
