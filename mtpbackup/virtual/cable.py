"""A virtual phone and its cable: plugged in, pulled out, found and opened, its server started and ended."""

from __future__ import annotations

import dataclasses
import logging
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, tzinfo
from types import TracebackType
from typing import Self

from mtpbackup.errors import PhoneGone
from mtpbackup.transport.base import DevicePort, TransportOptions, UsbIdentity
from mtpbackup.transport.memory import MemoryTransport
from mtpbackup.transport.memory_link import MemoryLink
from mtpbackup.virtual.bus import ModelledBus
from mtpbackup.virtual.clock import PhoneClock
from mtpbackup.virtual.device_state import DeviceState
from mtpbackup.virtual.fat_store import new_store
from mtpbackup.virtual.faults import Effect, Fault, Faults
from mtpbackup.virtual.finder import VirtualFinder
from mtpbackup.virtual.log import TransactionLog
from mtpbackup.virtual.objects import AnyStore
from mtpbackup.virtual.operations import OPERATIONS, Operation
from mtpbackup.virtual.personas import PERSONAS, Persona
from mtpbackup.virtual.responder import Responder

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


class PluggablePhone:
    """A phone made of code, as far as its cable goes; `VirtualPhone` is the rest.

    Args:
        persona: which phone it is: a name in `PERSONAS`, or a `Persona`.
        storages: its file systems; None for empty ones as the persona has them.
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
        operations: how its server answers, from the next plugging on.
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
        self.storages: list[AnyStore] = (
            [new_store(model) for model in chosen.storages] if storages is None else list(storages)
        )
        self.log = TransactionLog()
        self.bus = bus or ModelledBus()
        self.time = PhoneClock(zone, now)
        self.faults = Faults(self.unplug)
        self.operations: Mapping[int, Operation] = OPERATIONS
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
        while True:
            self.unplug()
            with self._lock:
                threads, self._threads = self._threads, []
            if not threads:
                return
            for thread in threads:
                if thread is not threading.current_thread():
                    thread.join(_SETTLE_SECONDS)

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
            operations=self.operations,
        )

    def _start(self, work: Callable[[], None]) -> None:
        thread = threading.Thread(target=work, name="virtual phone", daemon=True)
        with self._lock:
            self._threads = [each for each in self._threads if each.is_alive()]
            thread.start()
            self._threads.append(thread)

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
