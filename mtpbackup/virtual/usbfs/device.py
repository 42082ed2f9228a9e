"""A phone on the emulated bus, as the host's controller sees it: endpoints, halts, configuration, unplugging.

`UsbDevice` is handed a function `serve(port)`. It is called in a thread of its own when the phone is plugged
in, and again after each event that makes a phone start its MTP server anew: USB reset, SET_CONFIGURATION,
SET_INTERFACE (ANDROID.md, AVOID 3). Each call gets a new port; the old one raises `PhoneGone`. When `serve`
returns by itself the server is dead: bulk transfers get no answer and class requests stall until the next such
event.
"""

from __future__ import annotations

import errno
import logging
import threading
from collections.abc import Callable, Iterable
from typing import Final

from mtpbackup.errors import PhoneGone
from mtpbackup.transport.base import Buffer, DevicePort, Endpoint
from mtpbackup.virtual.descriptors import (
    BULK_IN,
    BULK_OUT,
    EVENT_PACKET_SIZE,
    INTERRUPT_IN,
    MICROSOFT_REQUEST,
    UsbProfile,
    microsoft_compatible_id,
)
from mtpbackup.virtual.usbfs.abi import SETUP
from mtpbackup.virtual.usbfs.control import ControlPipe
from mtpbackup.virtual.usbfs.pace import at_pace
from mtpbackup.virtual.usbfs.pipes import InPipe, OutPipe, Urb
from mtpbackup.virtual.usbfs.port import EmulatedPort

_log = logging.getLogger(__name__)

_GET_STATUS, _CLEAR_FEATURE, _SET_FEATURE = 0, 1, 3
_GET_DESCRIPTOR, _GET_CONFIGURATION, _SET_CONFIGURATION, _GET_INTERFACE, _SET_INTERFACE = 6, 8, 9, 10, 11
_ENDPOINT_HALT: Final = 0

#: How long unplugging waits for the phone's threads.
_PATIENCE: Final = 10.0


class UsbDevice:
    """A phone that can be plugged into a `Bus`.

    Attributes:
        profile: what it says of itself.
        lock: held around every change of its pipes.
        restarts: how often the host made the server start anew.
        failure: what `serve` raised, if it was anything but `PhoneGone`.
    """

    def __init__(
        self,
        profile: UsbProfile,
        serve: Callable[[DevicePort], None],
        *,
        on_restart: Callable[[], bool] = lambda: True,
        comes_back: bool = False,
        rate: float | None = None,
    ) -> None:
        """Makes a phone that is not plugged in.

        Args:
            profile: what it says of itself.
            serve: answers on a port until that raises `PhoneGone`.
            on_restart: told of each event that makes the server start anew; False makes the phone leave the bus
                instead, as many do on a reset.
            comes_back: whether it is then plugged in again at once, as another device.
            rate: bytes a second that the bus carries to the host; None for as many as the computer manages.
        """
        self.profile = profile
        self._on_restart = on_restart
        self._comes_back = comes_back
        self._rate = rate
        self._on_break: Callable[[bool], None] = lambda comes_back: None
        self.lock = threading.RLock()
        self.restarts = 0
        self.failure: BaseException | None = None
        self._serve = serve
        self._changed = threading.Condition(self.lock)
        self._port: EmulatedPort | None = None
        self._plugged = False
        self._halted: set[int] = set()
        self._in_pipes = {
            BULK_IN: InPipe(profile.packet_size, self._changed.notify_all, self._break_cable),
            INTERRUPT_IN: InPipe(EVENT_PACKET_SIZE, self._changed.notify_all, self._break_cable),
        }
        self._out_pipe = OutPipe(profile.packet_size, self._changed.notify_all, self._break_cable)
        self._control = ControlPipe(self.lock, self._answer)
        self._data_pipes: tuple[OutPipe | InPipe, ...] = (self._out_pipe, *self._in_pipes.values())
        self._pipes: tuple[ControlPipe | OutPipe | InPipe, ...] = (self._control, *self._data_pipes)
        self._server: threading.Thread | None = None

    # --- the cable

    @property
    def plugged(self) -> bool:
        """Whether it is on a bus now."""
        return self._plugged

    def unplug_after(self, size: int, endpoint: Endpoint = Endpoint.IN) -> None:
        """Pulls the cable by itself once `size` more bytes, at least one, have crossed an endpoint."""
        pipe = {
            Endpoint.IN: self.bulk_in,
            Endpoint.OUT: self.bulk_out,
            Endpoint.EVENT: self.interrupt,
        }[endpoint]
        with self.lock:
            pipe.fuse = size

    def attach(self, on_break: Callable[[bool], None]) -> None:
        """Powers the phone up; the bus calls this before anybody can see it.

        Args:
            on_break: called, with the lock held, when the phone has left by itself; with True if it comes back.
        """
        with self.lock:
            self._on_break = on_break
            self._plugged = True
            self._halted.clear()
            self.failure = None
            self._control.start()
            self._server = threading.Thread(target=self._serve_all, name="virtual phone", daemon=True)
            self._server.start()

    def detach(self) -> None:
        """The cable is out: every URB ends with ESHUTDOWN, the port raises `PhoneGone`."""
        with self.lock:
            self._go()
            self._control.stop()

    def settle(self) -> None:
        """Waits for the phone's threads to end, after `detach`. None of them waits for itself."""
        self._control.settle()
        server = self._server
        if server is not None and server is not threading.current_thread():
            server.join(_PATIENCE)
            if server.is_alive():
                _log.warning("the virtual phone did not notice within %g s that it was unplugged", _PATIENCE)

    # --- the host's side; callers hold no lock

    def submit(self, urb: Urb) -> int:
        """Takes a URB in hand.

        Returns:
            0, or the errno with which SUBMITURB fails.
        """
        with self.lock:
            if not self._plugged:
                return errno.ENODEV
            if urb.endpoint & 0x7F == 0:
                self._control.submit(urb)
            elif urb.endpoint in self._halted:
                urb.complete(-errno.EPIPE)
            elif urb.endpoint in self._in_pipes:
                self._in_pipes[urb.endpoint].submit(urb)
            elif urb.endpoint == BULK_OUT:
                self._out_pipe.submit(urb)
            else:
                return errno.ENOENT
            return 0

    def discard(self, urb: Urb) -> bool:
        """Ends a pending URB with ENOENT; False when it has ended already."""
        with self.lock:
            return any(pipe.withdraw(urb, -errno.ENOENT) for pipe in self._pipes)

    def forget(self, urbs: list[Urb]) -> None:
        """Drops the URBs of a program that is gone."""
        with self.lock:
            for pipe in self._pipes:
                pipe.forget(urbs)

    def clear_halt(self, endpoint: int) -> None:
        """CLEAR_FEATURE(ENDPOINT_HALT)."""
        with self.lock:
            self._halted.discard(endpoint)
            self._changed.notify_all()

    def restart(self) -> None:
        """A reset or a configuration chosen anew: the server ends and starts again, or the phone leaves."""
        stays = self._on_restart()
        with self.lock:
            if not self._plugged:
                return
            self.restarts += 1
            if stays:
                self._halted.clear()
                for pipe in self._data_pipes:
                    pipe.withdraw_all(-errno.ENOENT)
                self._close_port()
            else:
                self._break_cable(self._comes_back)

    # --- the phone's side; the port calls these with the lock held

    @property
    def changed(self) -> threading.Condition:
        """Notified whenever the phone may be able to go on."""
        return self._changed

    @property
    def halted(self) -> bool:
        """Whether the host has still to clear a halted endpoint."""
        return bool(self._halted)

    @property
    def bulk_in(self) -> InPipe:
        """To the host."""
        return self._in_pipes[BULK_IN]

    @property
    def bulk_out(self) -> OutPipe:
        """From the host."""
        return self._out_pipe

    @property
    def interrupt(self) -> InPipe:
        """Events to the host."""
        return self._in_pipes[INTERRUPT_IN]

    def paced(self, parts: Iterable[Buffer]) -> Iterable[Buffer]:
        """What the phone sends, no faster than the bus carries it. Called without the lock."""
        return parts if self._rate is None else at_pace(parts, self._rate)

    def halt(self) -> None:
        """Stalls both bulk endpoints: URBs waiting there end with EPIPE, as will those to come."""
        self._halted |= {BULK_IN, BULK_OUT}
        self.bulk_in.drop_all()
        self.bulk_in.withdraw_all(-errno.EPIPE)
        self._out_pipe.withdraw_all(-errno.EPIPE)

    # --- inside

    def _go(self) -> None:
        if self._plugged:
            self._plugged = False
            self._close_port()
            for pipe in self._pipes:
                pipe.withdraw_all(-errno.ESHUTDOWN)

    def _break_cable(self, comes_back: bool = False) -> None:
        self._go()
        self._on_break(comes_back)

    def _serve_all(self) -> None:
        while True:
            with self.lock:
                if not self._plugged or self._server is not threading.current_thread():
                    return
                port = self._port = EmulatedPort(self)
            try:
                self._serve(port)
            except PhoneGone:
                pass
            except Exception as error:
                _log.exception("the virtual phone's server failed")
                self.failure = error
            with self.lock:
                port.handler = None
                port.server_ended = True
                while not port.closed:
                    self._changed.wait()

    def _close_port(self) -> None:
        if self._port is not None:
            self._port.closed = True
        for pipe in self._in_pipes.values():
            pipe.drop_all()
        self._changed.notify_all()

    def _answer(self, setup: bytes, data: bytes) -> bytes | None:
        """Answers a control request; None stalls. Called in the control pipe's thread."""
        kind, request, value, index, length = SETUP.unpack(setup)
        if kind & 0x60 == 0:
            return self._answer_standard(kind, request, value, index)
        if kind == 0xC0 and request == MICROSOFT_REQUEST:
            return microsoft_compatible_id() if index == 4 else None
        if kind & 0x60 == 0x20 and kind & 0x1F == 1 and index & 0xFF == 0:
            with self.lock:
                port = self._port
            return port.answer(request, value, data, length) if port is not None else None
        return None

    def _answer_standard(self, kind: int, request: int, value: int, index: int) -> bytes | None:
        """USB 2.0, table 9-3. The recipient is in the lower bits of `kind`."""
        match kind, request:
            case 0x80, 6:
                return self.profile.descriptor(value >> 8, value & 0xFF)
            case (0x80 | 0x81, 0):
                return b"\0\0"
            case 0x82, 0:
                with self.lock:
                    return bytes((index & 0xFF in self._halted, 0))
            case 0x80, 8:
                return b"\1"
            case 0x81, 10:
                return b"\0"
            case 0x02, 1 if value == _ENDPOINT_HALT:
                self.clear_halt(index & 0xFF)
                return b""
            case (0x00, 9) | (0x01, 11):
                self.restart()
                return b""
        return None
