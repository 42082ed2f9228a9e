"""A phone as a person sees it: what it is called, what lies on it, and what is in that."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Generator, Iterator
from typing import Final, Self

from mtpbackup.errors import (
    EndpointStalled,
    ItemVanished,
    OperationFailed,
    OperationUnsupported,
    PhoneLocked,
    StorageVanished,
    WireError,
)
from mtpbackup.phone.items import Item, PhoneIdentity, Storage
from mtpbackup.phone.listing import FolderLister
from mtpbackup.phone.reading import read_item
from mtpbackup.phone.storages import read_storages
from mtpbackup.session import Session, operations
from mtpbackup.transport.base import Chunk, Transport
from mtpbackup.wire import DataType, DeviceProperty, EventCode

_log = logging.getLogger(__name__)

#: Seconds between two looks at the storages while waiting for an event: events get lost (ANDROID.md, Storages).
_LOOK_AGAIN: Final = 2.0
#: Folders inside folders that are followed: more than any file system holds, few enough for a hostile phone.
_DEEPEST: Final = 1000
_STORAGE_EVENTS: Final = frozenset((EventCode.STORE_ADDED, EventCode.STORE_REMOVED))


def _everywhere(_folder: Item) -> bool:
    return True


class Phone:
    """An open phone. For one thread.

    Handles in its items are valid until the phone leaves the bus; then everything raises `PhoneGone`, and the
    phone is to be opened anew.

    Attributes:
        identity: which phone it is.
    """

    def __init__(self, session: Session, clock: Callable[[], float]) -> None:
        """For `open`: makes a phone of a session, which becomes the phone's to close."""
        self._session = session
        self._clock = clock
        self._lister = FolderLister(session)
        self._shown: frozenset[int] | None = None
        self._found_storages: dict[str, Storage] = {}
        self._found_folders: dict[tuple[int, int], dict[str, Item]] = {}
        self.identity = _identify(session)

    @classmethod
    def open(
        cls,
        transport: Transport,
        *,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> Phone:
        """Opens a phone; a locked one opens fine and shows no storages.

        The transport becomes the phone's to close, also when this fails.

        Args:
            transport: a claimed interface.
            sleep: waits; for tests.
            clock: seconds that never go back; for tests.

        Raises:
            PhoneGone, TransportError, WireError, OperationFailed: as `Session.open`.
        """
        session = Session.open(transport, sleep=sleep, clock=clock)
        try:
            return cls(session, clock)
        except BaseException:
            session.close()
            raise

    # --- storages -----------------------------------------------------------------------------------------

    def storages(self) -> list[Storage]:
        """The storages that the phone shows now; none means: locked, or set to charging only. Never "empty".

        Raises:
            PhoneGone, TransportError, WireError, OperationFailed: the phone does not answer.
        """
        storages = read_storages(self._session)
        self._shown = frozenset(storage.id for storage in storages)
        self._found_storages = {storage.label: storage for storage in storages}
        return storages

    def require_storages(self) -> list[Storage]:
        """The storages, at least one.

        Raises:
            PhoneLocked: there is none.
            PhoneGone, TransportError, WireError, OperationFailed: as `storages`.
        """
        storages = self.storages()
        if not storages:
            raise PhoneLocked(self.identity.name)
        return storages

    def wait_for_change(self, timeout: float) -> bool:
        """Waits until storages may have come or gone: told by an event, or seen by asking.

        When a person picks "File transfer" the phone mostly leaves the bus and comes back: `PhoneGone`.

        Args:
            timeout: seconds to wait at most.

        Returns:
            Whether something changed since `storages` was called last.

        Raises:
            PhoneGone, TransportError, WireError, OperationFailed: as `storages`.
        """
        deadline = self._clock() + timeout
        if self._shown is None:
            self._shown = self._ids()
        while True:
            left = deadline - self._clock()
            event = self._session.wait_for_event(max(min(left, _LOOK_AGAIN), 0.0))
            if event is not None:
                if event.code in _STORAGE_EVENTS:
                    return True
                continue
            if self._ids() != self._shown:
                return True
            if left <= _LOOK_AGAIN:
                return False

    def _ids(self) -> frozenset[int]:
        return frozenset(operations.get_storage_ids(self._session))

    # --- items --------------------------------------------------------------------------------------------

    def list_folder(self, storage: Storage, folder: Item | None = None) -> list[Item]:
        """What lies in a folder, by name, and nothing of what lies deeper.

        Args:
            storage: one of `storages`.
            folder: a folder on it; None for its top.

        Raises:
            ItemVanished, StorageVanished: it is gone.
            ItemUnreadable, OperationFailed, WireError: the phone does not list it.
            PhoneGone, TransportError: the phone does not answer.
        """
        return self._lister.list_folder(storage, folder)

    def walk(
        self, storage: Storage, enter: Callable[[Item], bool] = _everywhere
    ) -> Iterator[tuple[Item | None, list[Item]]]:
        """Everything on a storage, folder by folder, each folder once, whatever a phone says lies in what.

        Args:
            storage: one of `storages`.
            enter: whether to look into a folder. What it refuses is never asked for.

        Yields:
            A folder (None for the top) and what lies in it, before anything deeper.

        Raises:
            StorageVanished: the storage is gone.
            ItemUnreadable, OperationFailed, WireError, PhoneGone, TransportError: as `list_folder`; there the
                walk ends. A folder that is gone when its turn comes is left out.
        """
        seen: set[int] = set()
        waiting: list[Item | None] = [None]
        while waiting:
            folder = waiting.pop()
            try:
                items = self.list_folder(storage, folder)
            except ItemVanished as error:
                _log.info("gone before it was listed: %s", error)
                continue
            inside = []
            for item in items:
                if not item.is_folder or not enter(item):
                    continue
                if item.handle in seen or len(item.path) > _DEEPEST:
                    _log.warning("not followed, it lies inside itself or too deep: %r", item.shown_path[-200:])
                    continue
                seen.add(item.handle)
                inside.append(item)
            waiting.extend(reversed(inside))
            yield folder, items

    def find(self, storage_label: str, path: tuple[str, ...]) -> Item:
        """An item by its path. Each folder on the way is listed once in the life of this `Phone`.

        Args:
            storage_label: the label of its storage.
            path: its names from the top down, at least one.

        Raises:
            ItemVanished: there is no such item.
            StorageVanished: there is no such storage.
            PhoneLocked: there is no storage at all.
            ItemUnreadable, OperationFailed, WireError, PhoneGone, TransportError: as `list_folder`.
        """
        storage = self._find_storage(storage_label)
        item: Item | None = None
        for depth, name in enumerate(path, 1):
            found = self._found_in(storage, item).get(name)
            if found is None or (depth < len(path) and not found.is_folder):
                raise ItemVanished("/".join(path))
            item = found
        if item is None:
            raise ItemVanished("")
        return item

    def _find_storage(self, label: str) -> Storage:
        if label not in self._found_storages:
            self.require_storages()
        try:
            return self._found_storages[label]
        except KeyError:
            raise StorageVanished(label) from None

    def _found_in(self, storage: Storage, folder: Item | None) -> dict[str, Item]:
        place = (storage.id, 0 if folder is None else folder.handle)
        if place not in self._found_folders:
            items = self.list_folder(storage, folder)
            # Of two objects with one name the first is meant, as in a listing.
            self._found_folders[place] = {item.name: item for item in reversed(items)}
        return self._found_folders[place]

    def read(self, item: Item, offset: int = 0, length: int | None = None) -> Generator[Chunk, None, None]:
        """An item's content from an offset to the size that was listed.

        To stop early, close the generator (`contextlib.closing`): safe at any moment. Until then no other
        transaction can be run.

        Args:
            item: a file, with a handle of this phone.
            offset: bytes to leave out at the beginning.
            length: bytes wanted; None for all that follow. A phone that gives no parts brings more: stop early.

        Yields:
            Chunks as the transport lends them: the taker releases each.

        Raises:
            ItemUnreadable: the phone will not, or brings something else than it listed.
            ItemVanished, StorageVanished: it is gone.
            PhoneGone, TransportError, WireError: the phone does not answer as it should.
            ValueError: the offset lies outside the item.
        """
        return read_item(self._session, item, offset, length)

    # --- the end ------------------------------------------------------------------------------------------

    @property
    def transactions(self) -> int:
        """Transactions so far."""
        return self._session.transactions

    def close(self) -> None:
        """Ends the session and gives the interface back. May be called again; raises nothing."""
        self._session.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _identify(session: Session) -> PhoneIdentity:
    """Who the phone is, in its own words."""
    info = session.device_info
    return PhoneIdentity(
        serial=_text(info.serial_number) or _text(session.usb.serial),
        manufacturer=_text(info.manufacturer) or _text(session.usb.manufacturer),
        model=_text(info.model) or _text(session.usb.product),
        firmware=_text(info.device_version),
        friendly_name=_friendly_name(session),
    )


def _friendly_name(session: Session) -> str:
    """What its owner called it; empty when it does not tell."""
    code = DeviceProperty.DEVICE_FRIENDLY_NAME
    if code not in session.device_info.device_properties_supported:
        return ""
    try:
        name = operations.get_device_prop_value(session, code, DataType.STR)
    except (OperationFailed, OperationUnsupported, WireError, EndpointStalled) as error:
        _log.info("no friendly name: %s", error)
        return ""
    return _text(name) if isinstance(name, str) else ""


def _text(value: str) -> str:
    """A word of the phone's on one line."""
    return " ".join(value.split())
