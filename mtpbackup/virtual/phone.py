"""A virtual phone as its owner holds it: plugs it in and out, locks it, takes pictures with it, breaks it.

`plug_in()` makes one and plugs it in. The program finds it through a `VirtualFinder`, as it finds real ones
through USB. A phone may also be plugged into something else than memory: `VirtualPhone.serve` answers any
`DevicePort`.
"""

from __future__ import annotations

import contextlib
import dataclasses
import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, tzinfo
from types import TracebackType
from typing import Self

from mtpbackup.errors import PhoneGone
from mtpbackup.transport.base import Buffer, DevicePort, TransportOptions, UsbIdentity
from mtpbackup.transport.memory import MemoryTransport
from mtpbackup.transport.memory_link import MemoryLink
from mtpbackup.virtual.bus import ModelledBus
from mtpbackup.virtual.clock import PhoneClock
from mtpbackup.virtual.content import Content
from mtpbackup.virtual.device_state import DeviceState
from mtpbackup.virtual.faults import Effect, Fault, Faults
from mtpbackup.virtual.finder import VirtualFinder
from mtpbackup.virtual.log import Record, TransactionLog
from mtpbackup.virtual.memory_store import MemoryNode, MemoryStore
from mtpbackup.virtual.objects import AnyStore
from mtpbackup.virtual.personas import PERSONAS, Persona
from mtpbackup.virtual.responder import Responder
from mtpbackup.wire import DeviceProperty, EventCode, OperationCode

_log = logging.getLogger(__name__)

#: How long the threads of a phone may take to end once its cable is pulled.
_SETTLE_SECONDS = 10.0


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Plug:
    """One time of being plugged in: one life of the phone's server.

    Attributes:
        responder: the server.
        identity: what USB says of the phone this time.
        link: the cable, where it is one in memory.
        unplug: pulls it, where it is another.
    """

    responder: Responder
    identity: UsbIdentity
    link: MemoryLink | None = None
    unplug: Callable[[], None] | None = None

    @property
    def gone(self) -> bool:
        """Whether the cable was pulled."""
        return self.link is not None and self.link.gone

    def pull(self) -> None:
        """Pulls the cable."""
        if self.link is not None:
            self.link.unplug()
        if self.unplug is not None:
            self.unplug()


class VirtualPhone:
    """A phone made of code.

    Args:
        persona: which phone it is: a name in `PERSONAS`, or a `Persona`.
        storages: its file systems; None for one empty `MemoryStore`.
        locked: True when it shows no storage at first.
        serial: in place of the persona's; also of the USB descriptor.
        packet_size: wMaxPacketSize of its bulk endpoints.
        bus: charges virtual time.
        zone: the time zone in its settings.
        now: its clock, in seconds since the epoch.

    Attributes:
        persona: who it is.
        storages: its file systems.
        faults: what is to go wrong.
        log: what was asked of it.
        bus: where virtual time adds up.
        time: what time it thinks it is.
        finder: where the program finds it while it is plugged in.
    """

    def __init__(
        self,
        persona: str | Persona = "pixel",
        storages: Iterable[AnyStore] | None = None,
        *,
        locked: bool = False,
        serial: str = "",
        packet_size: int = 512,
        bus: ModelledBus | None = None,
        zone: tzinfo = UTC,
        now: Callable[[], float] = time.time,
    ) -> None:
        chosen = PERSONAS[persona] if isinstance(persona, str) else persona
        if serial:
            usb = dataclasses.replace(chosen.usb, serial=serial)
            chosen = dataclasses.replace(chosen, serial=serial, usb=usb)
        self.persona = chosen
        self.storages: list[AnyStore] = [MemoryStore()] if storages is None else list(storages)
        self.log = TransactionLog()
        self.bus = bus or ModelledBus()
        self.time = PhoneClock(zone, now)
        self.faults = Faults(self.unplug)
        self._state = DeviceState(chosen)
        self._packet_size = packet_size
        self._locked = locked
        self._plug: Plug | None = None
        self._times_plugged = 0
        self._threads: list[threading.Thread] = []
        self._lock = threading.RLock()
        self._watchers: list[Callable[[], None]] = []
        self.finder = VirtualFinder(self)

    # --- the cable ----------------------------------------------------------------------------------------

    @property
    def plugged(self) -> bool:
        """Whether it is on a bus."""
        plug = self._plug
        return plug is not None and not plug.gone

    @property
    def identity(self) -> UsbIdentity:
        """What USB says of it now; the address changes with every plugging."""
        return dataclasses.replace(self.persona.usb, bus=1, address=self._times_plugged, ports=(1,))

    @property
    def responder(self) -> Responder:
        """The server that answers now.

        Raises:
            PhoneGone: it is not plugged in.
        """
        plug = self._plug
        if plug is None or plug.gone:
            raise PhoneGone("not plugged in")
        return plug.responder

    def plug(self) -> None:
        """Plugs it into memory. Its server starts anew: handles are void, open edits gone."""
        with self._lock:
            if self.plugged:
                return
            self._times_plugged += 1
            link = MemoryLink(self.identity, packet_size=self._packet_size, bus=self.bus)
            plug = self._plug = Plug(self._new_responder(), self.identity, link)
            link.port.on_reset(self._reset)
            self._start(lambda: self._run(plug, link.port))
        self._tell_watchers()

    def unplug(self, after_bytes: int | None = None) -> None:
        """Pulls the cable; with a number, by itself once so many more bytes have come to the computer."""
        with self._lock:
            plug = self._plug
            if plug is None:
                return
            if after_bytes is not None:
                if plug.link is not None:
                    plug.link.unplug_after(after_bytes)
                else:
                    self.faults.add(Fault(effect=Effect.UNPLUG, at_byte=after_bytes, across=True))
                return
            self._plug = None
        plug.pull()
        self._tell_watchers()

    def replug(self) -> None:
        """Pulls the cable and plugs it in again: another address, a new server, new handles."""
        self.unplug()
        self.plug()

    def serve(self, port: DevicePort, unplug: Callable[[], None] | None = None) -> None:
        """Answers another kind of port, in the caller's thread, until its cable is pulled.

        Args:
            port: the phone's side of it.
            unplug: how to pull that cable.
        """
        with self._lock:
            self._times_plugged += 1
            plug = self._plug = Plug(self._new_responder(), self.identity, unplug=unplug)
        self._run(plug, port)

    def transport(self, options: TransportOptions | None = None) -> MemoryTransport:
        """Opens it, as the program would.

        Raises:
            PhoneGone: it is not plugged in.
            InterfaceBusy: it is open already.
        """
        return self.open(self.identity, options)

    def open(self, identity: UsbIdentity, options: TransportOptions | None = None) -> MemoryTransport:
        """Opens it as it was found.

        Raises:
            PhoneGone: it is not plugged in, or was plugged in anew since.
            InterfaceBusy: it is open already.
        """
        plug = self._plug
        if plug is None or plug.link is None or plug.identity != identity:
            raise PhoneGone("not plugged in")
        return MemoryTransport(plug.link, options)

    def watch(self, watcher: Callable[[], None]) -> None:
        """Calls back whenever it was plugged in or out."""
        self._watchers.append(watcher)

    def close(self) -> None:
        """Pulls the cable and waits until every thread has ended."""
        self.unplug()
        while self._threads:
            thread = self._threads.pop()
            if thread is not threading.current_thread():
                thread.join(_SETTLE_SECONDS)
        self.unplug()  # what a reset may have plugged in meanwhile

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _new_responder(self) -> Responder:
        return Responder(
            self.storages,
            self.persona,
            locked=self._locked,
            clock=self.time,
            state=self._state,
            bus=self.bus,
            log=self.log,
            faults=self.faults,
        )

    def _start(self, work: Callable[[], None]) -> None:
        self._threads = [thread for thread in self._threads if thread.is_alive()]
        thread = threading.Thread(target=work, name="virtual phone", daemon=True)
        self._threads.append(thread)
        thread.start()

    def _run(self, plug: Plug, port: DevicePort) -> None:
        plug.responder.serve(port)
        if not plug.responder.dead:
            with self._lock:
                if self._plug is plug:
                    self._plug = None
            self._tell_watchers()

    def _reset(self) -> bool:
        """A USB reset: Android's server ends, and the phone comes back as a new one (ANDROID.md, AVOID 3)."""
        if self.persona.leaves_on_reset:
            self._start(self.replug)
        return not self.persona.leaves_on_reset

    def _tell_watchers(self) -> None:
        for watcher in list(self._watchers):
            watcher()

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
