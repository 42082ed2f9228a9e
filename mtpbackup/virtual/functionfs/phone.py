"""A virtual phone as a gadget: watches ep0, answers class requests, starts a server for each life."""

from __future__ import annotations

import contextlib
import logging
import os
import select
import threading
from types import TracebackType
from typing import Final, Self

from mtpbackup.errors import PhoneGone, TransportTimeout
from mtpbackup.virtual.descriptors import UsbProfile, bulk_packet_size
from mtpbackup.virtual.functionfs.abi import EVENT, EventKind, Setup, descriptors, parse_event, strings
from mtpbackup.virtual.functionfs.endpoints import Endpoint, allow_waking
from mtpbackup.virtual.functionfs.gadget import Gadget
from mtpbackup.virtual.functionfs.port import Endpoints, FunctionFsPort
from mtpbackup.virtual.phone import VirtualPhone

_log = logging.getLogger(__name__)

#: Class requests after which the transfer at hand is over. PIMA 15740 over USB, section 5.2.
_CANCEL, _DEVICE_RESET = 0x64, 0x66

#: Seconds for the phone's threads to end.
_PATIENCE: Final = 10.0


class GadgetPhone:
    """A `VirtualPhone` on a kernel's USB device stack.

    A class request that the phone does not want to answer (`TransportTimeout` from its handler) stalls:
    FunctionFS has no way to leave one open and still hear of the next.

    Attributes:
        phone: the phone.
        gadget: its place in configfs.
        lives: how often a host has configured it.
        failure: what its server raised, if it was anything but `PhoneGone`.
    """

    def __init__(
        self, name: str, phone: VirtualPhone, profile: UsbProfile | None = None, controller: str | None = None
    ) -> None:
        """Makes the gadget, not plugged in. For the main thread: it installs a signal handler.

        Args:
            name: of the gadget.
            phone: must not be plugged into anything else.
            profile: what it says of itself over USB; what its persona says if None.
            controller: a name in /sys/class/udc; the first free one if None.
        """
        allow_waking()
        self.phone = phone
        self.profile = profile or UsbProfile.of(phone.persona.usb, phone.persona.interface_name)
        self.gadget = Gadget(name, self.profile, controller)
        self.lives = 0
        self.failure: BaseException | None = None
        self._port: FunctionFsPort | None = None
        self._servers: list[threading.Thread] = []
        self._replugging: threading.Thread | None = None
        self._ended = False
        self._fresh = False
        self._wake_read, self._wake_write = os.pipe()
        mount = self.gadget.mount
        self._ep0 = os.open(mount / "ep0", os.O_RDWR | os.O_CLOEXEC)
        os.write(self._ep0, descriptors(self.profile))
        os.write(self._ep0, strings(self.profile))
        # In the order of their descriptors.
        self._endpoints = Endpoints(*(Endpoint(mount / f"ep{number}") for number in (1, 2, 3)))
        self._watcher = threading.Thread(target=self._watch, name=f"gadget {name}, ep0", daemon=True)
        self._watcher.start()

    # --- the cable

    def plug(self, wait: float = 10.0) -> None:
        """Plugs it in.

        Args:
            wait: seconds for a host to choose its configuration; 0 not to wait.

        Raises:
            TimeoutError: no host has.
        """
        self._fresh = True
        self.gadget.plug()
        if wait:
            self.gadget.wait_configured(wait)

    def unplug(self) -> None:
        """Pulls the cable, whatever is under way."""
        self.gadget.unplug()

    def close(self) -> None:
        """Pulls the cable, ends all threads and takes the gadget away."""
        if self._ended:
            return
        self._ended = True
        if self._replugging is not None:
            self._replugging.join(_PATIENCE)
        self.unplug()
        os.write(self._wake_write, b"\0")
        self._watcher.join(_PATIENCE)
        self._end_life()
        for server in self._servers:
            server.join(_PATIENCE)
        for endpoint in self._endpoints.all():
            endpoint.close()
        for fd in (self._ep0, self._wake_read, self._wake_write):
            os.close(fd)
        self.gadget.remove()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    # --- ep0

    def _watch(self) -> None:
        poll = select.poll()
        poll.register(self._ep0, select.POLLIN)
        poll.register(self._wake_read, select.POLLIN)
        while True:
            ready = dict(poll.poll())
            if self._wake_read in ready:
                return
            try:
                data = os.read(self._ep0, EVENT.size)
            except OSError as error:
                _log.debug("ep0: %s", error)
                continue
            kind, setup = parse_event(data)
            if kind == EventKind.ENABLE:
                self._begin_life()
            elif kind in (EventKind.DISABLE, EventKind.UNBIND):
                self._end_life()
            elif kind == EventKind.SETUP:
                # EIDRM: the host gave up and sent another request. EL2HLT: stalled, as was meant.
                with contextlib.suppress(OSError):
                    self._answer(setup)

    def _answer(self, setup: Setup) -> None:
        """Answers a request to the interface. A call in the wrong direction stalls."""
        port = self._port if setup.is_class_request else None
        if setup.to_host:
            answer = None if port is None else self._ask(port, setup, b"")
            if answer is None:
                os.read(self._ep0, 0)
            else:
                os.write(self._ep0, answer[: setup.length])
        elif port is None or (setup.length == 0 and self._ask(port, setup, b"") is None):
            os.write(self._ep0, b"")
        else:
            if setup.request in (_CANCEL, _DEVICE_RESET):
                # Before the request is acknowledged: what the host reads next must not be a piece of the old.
                port.cancel()
            data = os.read(self._ep0, setup.length)
            if setup.length and self._ask(port, setup, data) is None:
                _log.debug("class request %#x came with data: too late to refuse it", setup.request)

    @staticmethod
    def _ask(port: FunctionFsPort, setup: Setup, data: bytes) -> bytes | None:
        if port.handler is None:
            return b"" if setup.request in (_CANCEL, _DEVICE_RESET) else None
        try:
            return port.handler(setup.request, setup.value, data, setup.length)
        except TransportTimeout:
            return None

    # --- lives

    def _begin_life(self) -> None:
        # Not by what ep0 told before: it leaves out what was followed by something else soon.
        again, self._fresh = not self._fresh, False
        self._end_life()
        if again and self.phone.persona.leaves_on_reset:
            # Android's server ends with a reset, and takes the interface with it (ANDROID.md, AVOID 3).
            self._replugging = threading.Thread(target=self._replug, name="cable", daemon=True)
            self._replugging.start()
            return
        self.lives += 1
        self._port = FunctionFsPort(self._endpoints, bulk_packet_size(self.gadget.speed))
        self._servers = [server for server in self._servers if server.is_alive()]
        server = threading.Thread(
            target=self._serve, args=(self._port, tuple(self._servers)), name="virtual phone", daemon=True
        )
        self._servers.append(server)
        server.start()

    def _end_life(self) -> None:
        port, self._port = self._port, None
        if port is not None:
            port.close()

    def _replug(self) -> None:
        self.unplug()
        if not self._ended:
            with contextlib.suppress(OSError, LookupError):
                self.plug(wait=0)

    def _serve(self, port: FunctionFsPort, earlier: tuple[threading.Thread, ...]) -> None:
        for server in earlier:
            server.join(_PATIENCE)  # the endpoint files are the same: one life after the other
        try:
            self.phone.serve(port, self.unplug)
        except PhoneGone:
            pass
        except Exception as error:
            _log.exception("the virtual phone's server failed")
            self.failure = error
        finally:
            port.handler = None
