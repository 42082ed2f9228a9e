"""A virtual phone as its owner holds it: plugs it in and out, locks it, takes pictures with it, breaks it.

`plug_in()` makes one and plugs it in. The program finds it through a `VirtualFinder`, as it finds real ones
through USB. A phone may also be plugged into something else than memory: `VirtualPhone.serve` answers any
`DevicePort`.
"""

from __future__ import annotations

import contextlib
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, tzinfo

from mtpbackup.transport.base import Buffer
from mtpbackup.virtual.bus import ModelledBus
from mtpbackup.virtual.cable import PluggablePhone
from mtpbackup.virtual.content import Content
from mtpbackup.virtual.log import Record
from mtpbackup.virtual.memory_store import MemoryNode, MemoryStore
from mtpbackup.virtual.objects import AnyStore, Entry
from mtpbackup.virtual.personas import Persona
from mtpbackup.virtual.responder import Responder
from mtpbackup.wire import DeviceProperty, EventCode, OperationCode

#: Operations that bring content of the object in their first parameter.
_CONTENT = (
    OperationCode.GET_OBJECT,
    OperationCode.GET_PARTIAL_OBJECT,
    OperationCode.GET_PARTIAL_OBJECT_64,
)


class VirtualPhone(PluggablePhone):
    """A phone made of code, with a screen, apps and an owner.

    Arguments and further attributes are those of `PluggablePhone`.
    """

    # --- the screen ---------------------------------------------------------------------------------------

    def lock(self) -> None:
        """Locks the screen: the storages disappear."""
        self._locked = True
        with self._at_rest() as responder:
            if responder is not None:
                responder.hide_storages()

    def unlock(self, *, reattach: bool = False) -> None:
        """Unlocks it: the storages appear.

        Args:
            reattach: True for what is usual when the person picks "File transfer": the phone leaves the bus and
                comes back with a new server (ANDROID.md, Storages).
        """
        self._locked = False
        if reattach:
            self.replug()
            return
        with self._at_rest() as responder:
            if responder is not None:
                responder.show_storages()

    def add_storage(self, store: AnyStore) -> None:
        """Puts a card in."""
        self.storages.append(store)
        with self._at_rest() as responder:
            if responder is not None:
                responder.stores = tuple(self.storages)
                if not self._locked:
                    responder.show_storages()

    def remove_storage(self, store: AnyStore) -> None:
        """Pulls a card out."""
        self.storages.remove(store)
        with self._at_rest() as responder:
            if responder is not None:
                responder.stores = tuple(self.storages)
                responder.hide_storages(store)

    def renew_handles(self) -> None:
        """Makes every handle void and gives new ones when folders are listed again, without leaving the bus."""
        with self._at_rest() as responder:
            if responder is not None:
                responder.renew_handles()

    def storm(self, events: int) -> None:
        """Says so often that the battery level has changed."""
        with self._at_rest() as responder:
            if responder is not None:
                for _ in range(events):
                    responder.tell(EventCode.DEVICE_PROP_CHANGED, DeviceProperty.BATTERY_LEVEL)

    @property
    def battery(self) -> int:
        """Per cent."""
        level = self._state.value(DeviceProperty.BATTERY_LEVEL)
        assert isinstance(level, int)
        return level

    @battery.setter
    def battery(self, level: int) -> None:
        self._state.values[DeviceProperty.BATTERY_LEVEL] = level
        with self._at_rest() as responder:
            if responder is not None:
                responder.tell(EventCode.DEVICE_PROP_CHANGED, DeviceProperty.BATTERY_LEVEL)

    @property
    def zone(self) -> tzinfo:
        """The time zone in its settings."""
        return self.time.zone

    @zone.setter
    def zone(self, zone: tzinfo) -> None:
        self.time.zone = zone

    # --- files, as apps on the phone change them ----------------------------------------------------------

    def add_file(
        self,
        path: str,
        content: Content | Buffer,
        modified: datetime | float | None = None,
        storage: int = 0,
    ) -> MemoryNode:
        """A new file, or new content for one that is there.

        Args:
            path: with "/" between the names; folders are made where missing.
            content: its bytes.
            modified: a naive date is local time of the phone; None is now.
            storage: which of `storages`; it must be a `MemoryStore`.
        """
        store = self._memory(storage)
        with self._at_rest() as responder:
            try:
                before: MemoryNode | None = store.at(path)
            except FileNotFoundError:
                before = None
            node = store.add(path, content, self._moment(modified))
            if responder is not None and node is before:
                responder.tell_changed(node)
        return node

    def add_folder(self, path: str, modified: datetime | float | None = None, storage: int = 0) -> MemoryNode:
        """A folder, and those above it."""
        with self._at_rest():
            return self._memory(storage).folder(path, self._moment(modified))

    def remove(self, path: str, storage: int = 0) -> None:
        """Deletes a file, or a folder with all that is in it."""
        store = self._memory(storage)
        with self._at_rest():
            waiting = [store.at(path)]
            doomed: list[MemoryNode] = []
            while waiting:
                doomed.append(waiting.pop())
                waiting.extend(doomed[-1].children.values())
            for node in reversed(doomed):
                store.delete(node)

    def rename(self, path: str, name: str, storage: int = 0) -> None:
        """Gives another name; the phone's server takes it for another object."""
        store = self._memory(storage)
        with self._at_rest() as responder:
            node = store.at(path)
            store.rename(node, name)
            if responder is not None:
                responder.tell_replaced(node)

    def move(self, path: str, folder: str, storage: int = 0) -> None:
        """Puts it into another folder; the phone's server takes it for another object."""
        store = self._memory(storage)
        with self._at_rest() as responder:
            node = store.at(path)
            store.move(node, store.folder(folder))
            if responder is not None:
                responder.tell_replaced(node)

    def touch(self, path: str, modified: datetime | float | None = None, storage: int = 0) -> None:
        """Changes the date of a file."""
        store = self._memory(storage)
        with self._at_rest() as responder:
            node = store.at(path)
            store.set_modified(node, self._moment(modified))
            if responder is not None:
                responder.tell_changed(node)

    def look_again(self) -> None:
        """Notices what was changed in `storages` by other means, such as files put into a `FolderStore`."""
        with self._at_rest():
            return

    def handle(self, path: str, storage: int = 0) -> int | None:
        """The handle that the initiator knows something by; None where it was never listed, or is not there."""
        store = self.storages[storage]
        with self._at_rest() as responder:
            try:
                node = store.at(path)
            except FileNotFoundError:
                return None
            entry = responder.objects.known(node) if responder is not None else None
            return None if entry is None else entry.handle

    @property
    def in_hand(self) -> tuple[str, int] | None:
        """Path and storage of the file whose content is asked for at this moment, or was last.

        None where none was, or it is not there any more.
        """
        plug = self._plug
        if plug is None or (command := plug.responder.command) is None:
            return None
        if command.code not in _CONTENT or not command.parameters:
            return None
        with plug.responder.lock:
            entry = plug.responder.objects.get(command.parameters[0])
            if entry is None or entry.is_folder or entry.store not in self.storages:
                return None
            names: list[str] = []
            step: Entry | None = entry
            while step is not None and step.parent is not None:
                names.append(step.name)
                step = step.parent
            return "/".join(reversed(names)), self.storages.index(entry.store)

    def _memory(self, storage: int) -> MemoryStore:
        store = self.storages[storage]
        if not isinstance(store, MemoryStore):
            raise TypeError(f"storage {storage} is a {type(store).__name__}: change its files where they are")
        return store

    def _moment(self, modified: datetime | float | None) -> float:
        if modified is None:
            return self.time.now()
        return self.time.timestamp(modified) if isinstance(modified, datetime) else modified

    @contextlib.contextmanager
    def _at_rest(self) -> Iterator[Responder | None]:
        """The server between two operations, if there is one; it then sees what was changed."""
        plug = self._plug
        if plug is None:
            yield None
            return
        with plug.responder.lock:
            yield plug.responder
            plug.responder.look_again()

    # --- what was asked of it -----------------------------------------------------------------------------

    @property
    def counts(self) -> Counter[OperationCode]:
        """Commands taken up so far, by operation; `log.clear()` starts anew."""
        return self.log.counts

    @property
    def transactions(self) -> list[Record]:
        """Transactions so far, in the order in which they ended."""
        return self.log.records

    @property
    def clock(self) -> float:
        """Virtual seconds that a modelled bus has taken so far."""
        return self.bus.elapsed

    @property
    def dead(self) -> bool:
        """Whether its server has left its loop: nothing answers until it is plugged in anew."""
        plug = self._plug
        return plug is not None and plug.responder.dead


def plug_in(
    persona: str | Persona = "pixel",
    storages: Iterable[AnyStore] | None = None,
    *,
    locked: bool = False,
    serial: str = "",
    packet_size: int = 512,
    bus: ModelledBus | None = None,
    zone: tzinfo = UTC,
    now: Callable[[], float] = time.time,
) -> VirtualPhone:
    """Makes a virtual phone and plugs it in; close it, or use it in a `with` statement.

    The arguments are those of `VirtualPhone`.
    """
    phone = VirtualPhone(
        persona,
        storages,
        locked=locked,
        serial=serial,
        packet_size=packet_size,
        bus=bus,
        zone=zone,
        now=now,
    )
    phone.plug()
    return phone
