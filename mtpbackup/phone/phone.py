"""A phone as a person sees it: what it is called, what lies on it, and what is in that."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from datetime import datetime
from typing import Final, Self

from mtpbackup.errors import (
    EndpointStalled,
    ItemVanished,
    NameRefused,
    OperationFailed,
    OperationUnsupported,
    PhoneLocked,
    StorageVanished,
    WireError,
)
from mtpbackup.phone import acceptance, editing, peeking
from mtpbackup.phone.items import Item, PhoneIdentity, Storage
from mtpbackup.phone.listing import FolderLister
from mtpbackup.phone.reading import read_item
from mtpbackup.phone.sending import Sender
from mtpbackup.phone.storages import read_storages
from mtpbackup.session import Memory, Session, operations
from mtpbackup.transport.base import Buffer, Chunk, Transport
from mtpbackup.wire import DataType, DeviceProperty, EventCode

_log = logging.getLogger(__name__)

#: Seconds between two looks at the storages while waiting for an event: events get lost (ANDROID.md, Storages).
_LOOK_AGAIN: Final = 2.0
#: Folders inside folders that are followed: more than any file system holds, few enough for a hostile phone.
_DEEPEST: Final = 1000
#: Folders that are followed altogether.
_MOST_FOLDERS: Final = 50_000
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
        self._sender = Sender(session, self._lister)
        self._shown: frozenset[int] | None = None
        self._storages_moved = False
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
        memory: Memory | None = None,
    ) -> Phone:
        """Opens a phone; a locked one opens fine and shows no storages.

        The transport becomes the phone's to close, also when this fails.

        Args:
            transport: a claimed interface.
            sleep: waits; for tests.
            clock: seconds that never go back; for tests.
            memory: where it is kept what phones have shown in use; None to keep nothing.

        Raises:
            PhoneGone, TransportError, WireError, OperationFailed: as `Session.open`.
        """
        session = Session.open(transport, sleep=sleep, clock=clock, memory=memory)
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
        self._take_events()
        storages = read_storages(self._session)
        self._storages_moved = False
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
        self._take_events()
        if self._storages_moved:
            return True
        deadline = self._clock() + timeout
        if self._shown is None:
            self._shown = self._ids()
        looked = self._clock()
        while True:
            left = deadline - self._clock()
            event = self._session.wait_for_event(max(min(left, _LOOK_AGAIN), 0.0))
            if event is not None:
                if event.code in _STORAGE_EVENTS:
                    return True
                # A phone in use tells of its files all the time, which is no reason to wait for ever.
                if self._clock() < min(looked + _LOOK_AGAIN, deadline):
                    continue
            if self._ids() != self._shown:
                return True
            looked = self._clock()
            if looked >= deadline or (event is None and left <= _LOOK_AGAIN):
                return False

    def _take_events(self) -> None:
        """Empties the queue of events, which a busy phone would fill in a long run."""
        events = self._session.events()
        self._storages_moved |= any(event.code in _STORAGE_EVENTS for event in events)

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
        self._take_events()
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
                if item.handle in seen or len(item.path) > _DEEPEST or len(seen) >= _MOST_FOLDERS:
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

    def read(
        self, item: Item, offset: int = 0, length: int | None = None
    ) -> Generator[Chunk, None, int | None]:
        """An item's content from an offset to the size that was listed.

        To stop early, close the generator (`contextlib.closing`): safe at any moment. Until then no other
        transaction can be run.

        Args:
            item: a file, with a handle of this phone.
            offset: bytes to leave out at the beginning.
            length: bytes wanted; None for all that follow. A phone that gives no parts brings more: stop early.

        Yields:
            Chunks as the transport lends them: the taker releases each.

        Returns:
            The item's length where the phone is known to tell a wrong one (videos that it would convert), else
            None.

        Raises:
            ItemUnreadable: the phone will not, or brings something else than it listed.
            ItemVanished, StorageVanished: it is gone.
            PhoneGone, TransportError, WireError: the phone does not answer as it should.
            ValueError: the offset lies outside the item.
        """
        return read_item(self._session, item, offset, length)

    def small_picture(self, item: Item) -> bytes | None:
        """The thumbnail that the phone gives of a picture, or None; see `peeking.small_picture`."""
        return peeking.small_picture(self._session, item)

    def first_bytes(self, item: Item, length: int) -> bytes | None:
        """The beginning of a file, or None where the phone gives no parts; see `peeking.first_bytes`."""
        return peeking.first_bytes(self._session, item, length)

    # --- sending ------------------------------------------------------------------------------------------

    def name_trouble(self, storage: Storage, name: str) -> NameRefused | None:
        """Why a storage would not take a name, or None. Asks nothing of the phone.

        To be asked before anything is sent: some names end the server of Android (ANDROID.md, Writing).
        """
        return acceptance.name_trouble(storage, name, self._session.quirks)

    def largest_file(self, storage: Storage) -> int | None:
        """Bytes of the largest file that a storage takes, or None when nothing is known of a limit.

        No phone tells the file system of a card. FAT (4 GiB less one byte) is concluded from the card's size,
        as the SD standards and Android have it, or known because the phone refused a file for its size.
        """
        return self._sender.largest_file(storage)

    def make_folder(self, storage: Storage, parent: Item | None, name: str) -> Item:
        """Makes a folder, in one transaction. Its date becomes now.

        Args:
            storage: one of `storages`.
            parent: a folder on it; None for its top.
            name: checked by `name_trouble`.

        Raises:
            NameTaken: there is something of that name.
            NameRefused: see `name_trouble`; nothing was said to the phone.
            PhoneFull, SendFailed: the phone will not; `SendFailed.__cause__` has its answer.
            ItemVanished, StorageVanished: the place is gone.
            OperationUnsupported: the phone takes nothing at all.
            PhoneGone, TransportError, WireError: the phone does not answer as it should.
        """
        return self._note(self._sender.make_folder(storage, parent, name), parent)

    def send_file(
        self,
        storage: Storage,
        folder: Item | None,
        name: str,
        size: int,
        modified: datetime | None,
        parts: Iterable[Buffer],
        *,
        object_format: int | None = None,
    ) -> Item:
        """Sends a file, in two transactions.

        The folder must hold nothing of this name, nor of one that differs in case only: that is for the caller
        to know. Android refuses the former and empties the latter (ANDROID.md, Writing); umtp-responder and
        QEMU write over the former and say OK. That its disk is full umtp-responder does not say at all: ask for
        the size afterwards.

        Whatever goes wrong, nothing of the file is left on the phone, except when the phone is gone: then
        look, after it came back, whether there is something of that name.

        Args:
            storage: one of `storages`.
            folder: a folder on it; None for its top.
            name: checked by `name_trouble`.
            size: bytes of all parts together.
            modified: naive, in the phone's local time; becomes the file's date where the phone keeps it, which
                only asking back can tell. None for none.
            parts: the content, taken once, one after the other, while earlier parts are under way: a part must
                not change for as long as the call lasts.
            object_format: format code; None for that which the name's ending tells.

        Returns:
            The item as it was sent: nothing was asked back.

        Raises:
            NameTaken: there is something of that name, and it is as it was.
            NameRefused: see `name_trouble`; nothing was said to the phone.
            PhoneFull: there is no room, told before or in the middle.
            SendFailed: the phone will not; `__cause__` has its answer.
            ItemVanished, StorageVanished: the place is gone.
            OperationUnsupported: the phone takes no files at all.
            LocalProtocolError: `parts` are not `size` bytes.
            Exception: whatever `parts` raised.
            PhoneGone, TransportError, WireError: the phone does not answer as it should.
        """
        item = self._sender.send_file(storage, folder, name, size, modified, parts, object_format)
        return self._note(item, folder)

    @property
    def can_continue(self) -> bool:
        """Whether `continue_file` works: the phone lists all of Android's edit operations."""
        return editing.can_continue(self._session)

    def continue_file(self, item: Item, offset: int, parts: Iterable[Buffer], size: int) -> None:
        """Writes the rest of a file that is on the phone in part. Its date becomes now, and cannot be set.

        Args:
            item: the file, with a handle of this phone; `item.size` is what lies there.
            offset: bytes that are good; what is there beyond is cut off first. At most `item.size`.
            parts: the content from `offset` on, as for `send_file`.
            size: bytes of the whole file at the end.

        Raises:
            OperationUnsupported: see `can_continue`.
            PhoneFull, SendFailed: the phone will not. The file stays, as long as it got.
            ItemVanished, StorageVanished: it is gone.
            LocalProtocolError: `parts` are not `size - offset` bytes.
            ValueError: `offset` is beyond what lies there, or beyond `size`.
            Exception: whatever `parts` raised. The file stays, as long as it got.
            PhoneGone, TransportError, WireError: the phone does not answer as it should.
        """
        editing.continue_file(self._session, item, offset, parts, size)

    def delete(self, item: Item) -> None:
        """Deletes a file or an empty folder: only for what this program itself made in this run.

        Raises:
            ItemVanished, StorageVanished: it is gone already.
            OperationFailed, OperationUnsupported, PhoneGone, TransportError, WireError: as `Session.run`.
        """
        self._sender.delete(item)
        self._found_folders.get((item.storage.id, item.parent), {}).pop(item.name, None)

    def _note(self, item: Item, folder: Item | None) -> Item:
        """Lets `find` know of a new item."""
        place = (item.storage.id, 0 if folder is None else folder.handle)
        if place in self._found_folders:
            self._found_folders[place][item.name] = item
        return item

    # --- the end ------------------------------------------------------------------------------------------

    @property
    def camera_mode(self) -> bool:
        """Whether it gives itself for a camera: no word of MTP in its DeviceInfo, as Android's in "PTP"."""
        info = self._session.device_info
        return not info.vendor_extension_id and not info.vendor_extension_desc

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
