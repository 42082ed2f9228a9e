"""Listing one folder, in as few transactions as the phone allows, with nothing missing.

The cheap way: GetObjectHandles, then one GetObjectPropList for each of four properties, whatever the number of
files (PHONES.md 1.1: 10,000 photos in 5 transactions; the property "all", and GetObjectInfo, make Android open
files or ask its media database for each object). What that leaves open is asked object by object. Handles and
lists are held against each other:

- Objects without a complete set of properties are asked for singly; are they many, then the lists are no good
  on this phone, and are not asked for again: umtp-responder answers for one object whatever the depth, some
  phones do not offer lists, or do and fail.
- Objects in the lists but not among the handles are taken if they say themselves that they lie in this folder.
- The folder itself, which Android adds at the end of its children, is left out.

Nothing recursive, and always for one storage: storage FFFFFFFF hangs Debian's umtp-responder for good.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, TypeVar

from mtpbackup.errors import (
    EndpointStalled,
    ItemUnreadable,
    ItemVanished,
    MtpBackupError,
    OperationFailed,
    OperationUnsupported,
    RemoteProtocolError,
    StorageVanished,
    TransportTimeout,
    WireError,
)
from mtpbackup.phone.items import Item, Storage
from mtpbackup.phone.losses import loss_behind, raise_if_busy
from mtpbackup.phone.naming import name_for
from mtpbackup.phone.storages import is_shown
from mtpbackup.session import Session, operations
from mtpbackup.wire import (
    SIZE_UNKNOWN,
    DataType,
    ObjectFormat,
    ObjectInfo,
    ObjectProperty,
    ResponseCode,
    parse_date,
)
from mtpbackup.wire import OperationCode as Op

_log = logging.getLogger(__name__)

#: Folders with so many objects or fewer are asked object by object: no more transactions than by lists.
FEW: Final = 3
#: Objects missing from the lists that are asked for singly before the lists are called useless; or this share.
_SOME_MISSING: Final = 8
_SHARE_MISSING: Final = 8
#: Objects that only the lists have which are looked at.
_MOST_EXTRA: Final = 64
#: Folders in which the lists may fail for a reason of the folder's before they are called useless.
_STRIKES: Final = 2
#: Objects in a row that are not there, or say nothing that makes sense, after which a folder is given up: a
#: phone that lists a million of those would be asked for each.
_MOST_EMPTY: Final = 500
#: The largest size that is handed on, whatever a phone says: what databases have room for.
_LARGEST: Final = (1 << 63) - 1
#: What stands for no object at all.
_NO_HANDLES: Final = frozenset((0, 0xFFFFFFFF))

_T = TypeVar("_T")

_NAME, _FORMAT = ObjectProperty.OBJECT_FILE_NAME, ObjectProperty.OBJECT_FORMAT
_SIZE, _DATE = ObjectProperty.OBJECT_SIZE, ObjectProperty.DATE_MODIFIED


@dataclass(frozen=True, slots=True)
class _Facts:
    """What a phone tells of one object."""

    name: str
    format: int
    size: int
    modified: datetime | None
    told: bool = True


class FolderLister:
    """Lists folders of one phone, and remembers what works on it.

    Attributes:
        lists_work: whether GetObjectPropList is still believed in.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._strikes = 0
        known = session.learnt
        self._top_lists_work = known.top_property_lists
        self._singles_work = session.supports(Op.GET_OBJECT_PROP_LIST)
        self.lists_work = self._singles_work and known.property_lists

    def list_folder(self, storage: Storage, folder: Item | None) -> list[Item]:
        """What lies in a folder, by name.

        Objects that vanish meanwhile are left out. One that is there and says nothing of itself is listed all
        the same, by a made-up name and without a size: it has to be accounted for.

        Args:
            storage: where.
            folder: a folder on it; None for its top.

        Raises:
            ItemVanished: the folder is gone.
            StorageVanished: the storage is gone, perhaps because the phone was locked.
            ItemUnreadable: the phone breaks off when it is asked for this folder.
            OperationFailed, WireError, TransportError: the phone does not list it.
        """
        parent = 0 if folder is None else folder.handle
        path = () if folder is None else folder.path
        handles = self._handles(storage, folder)
        facts: dict[int, _Facts] = {}
        use_lists = self.lists_work and (folder is not None or self._top_lists_work)
        if use_lists and len(handles) > FEW:
            facts = self._by_lists(parent, handles)
        left = [handle for handle in handles if handle not in facts]
        facts.update(self._one_by_one(storage, path, left))
        self._learn()
        items = [
            Item(
                storage,
                handle,
                parent,
                (*path, fact.name),
                min(fact.size, _LARGEST),
                fact.modified,
                fact.format,
                fact.told,
            )
            for handle, fact in facts.items()
        ]
        return sorted(items, key=lambda item: (item.name, item.handle))

    def _learn(self) -> None:
        """Takes note of what did not work, now that the folder could be listed all the same.

        Not before: what fails in a phone that is about to be lost says nothing of its lists.
        """
        known = self._session.learnt
        if self._session.supports(Op.GET_OBJECT_PROP_LIST):
            self._session.learn(
                replace(
                    known,
                    property_lists=known.property_lists and self.lists_work,
                    top_property_lists=known.top_property_lists and self._top_lists_work,
                )
            )

    # --- handles ------------------------------------------------------------------------------------------

    def _handles(self, storage: Storage, folder: Item | None) -> list[int]:
        """Handles of what lies in a folder, each once, without the folder itself."""
        parent = operations.TOP if folder is None else folder.handle
        shown_path = "" if folder is None else folder.shown_path
        try:
            handles = operations.get_object_handles(self._session, storage.id, 0, parent)
        except OperationFailed as error:
            raise_if_busy(error)
            loss = loss_behind(self._session, storage, shown_path, error)
            raise error if loss is None else loss from error
        except EndpointStalled as error:
            raise ItemUnreadable(shown_path, ItemUnreadable.Reason.STALLED) from error
        found = [handle for handle in dict.fromkeys(handles) if handle not in _NO_HANDLES and handle != parent]
        if not found and not is_shown(self._session, storage):
            # A phone that hides its photos just now must never look like one that has none. Android refuses
            # then (ANDROID.md, Storages); that others do is not to be relied on.
            raise StorageVanished(storage.label)
        return found

    # --- by lists -----------------------------------------------------------------------------------------

    def _by_lists(self, parent: int, handles: list[int]) -> dict[int, _Facts]:
        """What four lists tell of a folder's objects; nothing when they cannot be believed."""
        names = self._list(parent, _NAME, str, handles)
        if names is None:
            return {}
        formats = self._list(parent, _FORMAT, int, handles)
        sizes = None if formats is None else self._list(parent, _SIZE, int, handles)
        dates = None if sizes is None else self._list(parent, _DATE, str, handles)
        if formats is None or sizes is None or dates is None:
            return {}
        facts = {}
        for handle in (*handles, *self._extra(parent, set(handles), names)):
            if handle in names and handle in formats and handle in sizes and handle in dates:
                object_format = formats[handle]
                size = 0 if object_format == ObjectFormat.ASSOCIATION else sizes[handle]
                modified = _date(dates[handle])
                name = name_for(names[handle], object_format, size, modified)
                facts[handle] = _Facts(name, object_format, size, modified)
        return facts

    def _list(
        self, parent: int, code: ObjectProperty, kind: type[_T], handles: list[int]
    ) -> dict[int, _T] | None:
        """One property of all objects in a folder; None when the phone does not give it as it should."""
        found: dict[int, _T] = {}
        try:
            for element in operations.get_object_prop_list(self._session, parent, code, depth=1):
                if element.property == code and isinstance(element.value, kind):
                    found[element.handle] = element.value
        except OperationUnsupported:
            self._give_up_lists("not offered")
            return None
        except OperationFailed as error:
            self._list_failed(parent, error, lasting=error.response != ResponseCode.INVALID_OBJECT_HANDLE)
            return None
        except (WireError, EndpointStalled) as error:
            self._list_failed(parent, error, lasting=False)
            return None
        except TransportTimeout as error:
            # Minutes were waited: not once more in the next folder, nor for a single object.
            self._singles_work = False
            self._list_failed(parent, error, lasting=True)
            return None
        missing = sum(handle not in found for handle in handles)
        if missing > max(_SOME_MISSING, len(handles) // _SHARE_MISSING) or missing == len(handles):
            self._list_failed(parent, f"{missing} of {len(handles)} objects missing", lasting=True)
            return None
        return found

    def _list_failed(self, parent: int, why: object, *, lasting: bool) -> None:
        """Takes note of a list that was no good."""
        _log.info("list of folder %#x: %s", parent, why)
        if parent == 0:
            # "The top of all storages" is a question of its own, which some phones cannot answer.
            self._top_lists_work = False
            return
        self._strikes += 1
        if lasting or self._strikes >= _STRIKES:
            self._give_up_lists(why)

    def _give_up_lists(self, why: object) -> None:
        _log.info("property lists are not used on this phone: %s", why)
        self.lists_work = False

    def _extra(self, parent: int, handles: set[int], names: Iterable[int]) -> list[int]:
        """Objects that only the lists have and that lie in this folder, by their own word.

        Not at the top, where the lists cover all storages and the handles one of them.
        """
        if parent == 0:
            return []
        unknown = [h for h in names if h not in handles and h not in _NO_HANDLES and h != parent]
        if len(unknown) > _MOST_EXTRA:
            _log.warning("%d objects in the list of folder %#x alone", len(unknown), parent)
        extra = []
        for handle in unknown[:_MOST_EXTRA]:
            try:
                if operations.get_object_info(self._session, handle).parent_object == parent:
                    extra.append(handle)
            except (OperationFailed, OperationUnsupported, WireError, EndpointStalled) as error:
                _log.info("object %#x is in the list of folder %#x alone: %s", handle, parent, error)
        return extra

    # --- one by one ---------------------------------------------------------------------------------------

    def _one_by_one(
        self, storage: Storage, path: tuple[str, ...], handles: list[int]
    ) -> Iterator[tuple[int, _Facts]]:
        """What each object tells of itself; those that are gone are left out."""
        gone = empty = 0
        for handle in handles:
            if empty >= _MOST_EMPTY:
                raise RemoteProtocolError(f"{empty} objects in a row that are not there or make no sense")
            empty += 1
            try:
                yield handle, self._facts_at_last(handle)
                empty = 0
            except OperationFailed as error:
                raise_if_busy(error)
                loss = loss_behind(self._session, storage, "/".join((*path, f"#{handle:x}")), error)
                if loss is None:
                    yield handle, _unreadable(handle, error)
                elif isinstance(loss, ItemVanished):
                    gone += 1
                    _log.info("vanished while its folder was listed: %s", loss)
                else:
                    raise loss from error
            except (OperationUnsupported, WireError, EndpointStalled) as error:
                yield handle, _unreadable(handle, error)

    def _facts_at_last(self, handle: int) -> _Facts:
        """What an object tells of itself; asked once more where an answer made no sense."""
        try:
            return self._facts(handle)
        except (WireError, EndpointStalled) as error:
            _log.info("object %#x is asked again: %s", handle, error)
            return self._facts(handle)

    def _facts(self, handle: int) -> _Facts:
        """What an object tells of itself, in one transaction if possible."""
        facts = self._by_its_own_list(handle) if self._singles_work else None
        if facts is not None:
            return facts
        # With the true size where that has no room for it.
        info = operations.get_object_info(self._session, handle)
        modified = _date(info.date_modified) or _date(info.date_created)
        size = self._size(handle, info)
        return _Facts(
            name_for(info.filename, info.object_format, size, modified), info.object_format, size, modified
        )

    def _by_its_own_list(self, handle: int) -> _Facts | None:
        """What the list of all its properties tells; None when that is not enough.

        It takes one transaction, as GetObjectInfo does, and has room for every size. umtp-responder 1.3.10 puts
        the lower half of a size over 4 GiB into ObjectInfo, where FFFFFFFF is due.
        """
        values: dict[int, object] = {}
        try:
            for element in operations.get_object_prop_list(self._session, handle, operations.EVERYTHING):
                if element.handle == handle:
                    values[element.property] = element.value
        except OperationFailed as error:
            # Gone, perhaps: GetObjectInfo will say so.
            self._singles_work = error.response == ResponseCode.INVALID_OBJECT_HANDLE
            return None
        except (OperationUnsupported, WireError, EndpointStalled, TransportTimeout) as error:
            _log.info("lists of single objects are not used on this phone: %s", error)
            self._singles_work = False
            return None
        name, object_format, size = (values.get(code) for code in (_NAME, _FORMAT, _SIZE))
        if not (isinstance(name, str) and isinstance(object_format, int) and isinstance(size, int)):
            return None
        if object_format == ObjectFormat.ASSOCIATION:
            size = 0
        date = values.get(_DATE) or values.get(ObjectProperty.DATE_CREATED)
        modified = _date(date) if isinstance(date, str) else None
        return _Facts(name_for(name, object_format, size, modified), object_format, size, modified)

    def _size(self, handle: int, info: ObjectInfo) -> int:
        if info.object_format == ObjectFormat.ASSOCIATION:
            return 0
        if info.object_compressed_size != SIZE_UNKNOWN:
            return info.object_compressed_size
        size = true_size(self._session, handle)
        return SIZE_UNKNOWN if size is None else size


def true_size(session: Session, handle: int) -> int | None:
    """An object's size in 64 bits, asked now; None when the phone does not tell."""
    try:
        if session.supports(Op.GET_OBJECT_PROP_VALUE):
            value = operations.get_object_prop_value(session, handle, _SIZE, DataType.UINT64)
            return value if isinstance(value, int) else None
        for element in operations.get_object_prop_list(session, handle, _SIZE):
            if element.handle == handle and element.property == _SIZE and isinstance(element.value, int):
                return element.value
        return None
    except (OperationFailed, OperationUnsupported, WireError, EndpointStalled) as error:
        _log.info("size of object %#x is not told: %s", handle, error)
        return None


def _date(text: str) -> datetime | None:
    """A date as on the phone's clock."""
    date = parse_date(text)
    return None if date is None else date.local


def _unreadable(handle: int, error: MtpBackupError) -> _Facts:
    """An object that is there and tells nothing."""
    _log.warning("object %#x tells nothing of itself: %s", handle, error)
    return _Facts(f"unnamed-{handle:08x}", ObjectFormat.UNDEFINED, 0, None, told=False)
