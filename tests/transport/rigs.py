"""A transport with a phone at its other end, for tests: the same tests run on each kind of rig."""

from __future__ import annotations

import contextlib
import queue
import signal
import threading
import time
from collections.abc import Callable, Iterator

from mtpbackup.errors import PhoneGone, TransferCancelled
from mtpbackup.transport.base import DevicePort, Endpoint, Transport, TransportOptions, UsbIdentity
from mtpbackup.transport.memory import MemoryTransport
from mtpbackup.transport.memory_link import MemoryLink

#: What a phone does at its port, in a thread of its own. Ends when it returns or the cable is pulled.
Script = Callable[[DevicePort], None]

#: Seconds after which a test has failed that waits for something. Never waited for in a test that passes.
PATIENCE = 10.0

IDENTITY = UsbIdentity(0x18D1, 0x4EE1, "Google", "Pixel 8", "SERIAL-7F3A")


class Rig:
    """What a contract test is handed."""

    def open(
        self, script: Script, options: TransportOptions | None = None, packet_size: int = 512
    ) -> Transport:
        """Plugs in a phone that follows `script`, and opens it."""
        raise NotImplementedError

    def unplug(self) -> None:
        """Pulls the cable."""
        raise NotImplementedError

    def unplug_after(self, size: int, endpoint: Endpoint) -> None:
        """Pulls the cable after so many more bytes."""
        raise NotImplementedError


class PhoneThread:
    """Runs a script and keeps what went wrong in it."""

    def __init__(self, script: Script, port: DevicePort) -> None:
        self._script = script
        self._port = port
        self.error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="phone of a test")
        self._thread.start()

    def _run(self) -> None:
        try:
            self._script(self._port)
        except PhoneGone:
            pass
        except BaseException as error:
            self.error = error

    def join(self) -> None:
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive(), "the phone of the test hangs"
        if self.error is not None:
            raise self.error


class MemoryRig(Rig):
    def __init__(self) -> None:
        self._links: list[MemoryLink] = []
        self._transports: list[Transport] = []
        self._phones: list[PhoneThread] = []

    def open(self, script, options=None, packet_size=512):
        link = MemoryLink(IDENTITY, packet_size=packet_size)
        self._links.append(link)
        self._phones.append(PhoneThread(script, link.port))
        transport = self.wrap(MemoryTransport(link, options))
        self._transports.append(transport)
        return transport

    def wrap(self, transport: Transport) -> Transport:
        return transport

    def unplug(self):
        self._links[-1].unplug()

    def unplug_after(self, size, endpoint):
        self._links[-1].unplug_after(size, endpoint)

    def close(self) -> None:
        for transport in self._transports:
            transport.close()
        for link in self._links:
            link.unplug()
        for phone in self._phones:
            phone.join()


# --- what scripts of phones are made of


def receive_transfer(port: DevicePort, limit: int = 65536) -> bytes:
    """A whole transfer of the host."""
    data = b""
    while True:
        part, ended = port.receive(limit)
        data += part
        if ended:
            return data


def echo(port: DevicePort) -> None:
    """Sends each transfer back as it came; a class request that ends a call starts it anew."""
    while True:
        with contextlib.suppress(TransferCancelled):
            port.send([receive_transfer(port)])


def silent(port: DevicePort) -> None:
    """Takes commands and never answers."""
    while True:
        with contextlib.suppress(TransferCancelled):
            receive_transfer(port)


# --- what tests are made of


def read_transfer(transport: Transport, wanted: int | None = None, timeout: float = PATIENCE) -> bytes:
    """Reads until a transfer has ended; its length is `wanted`, or not known beforehand."""
    data = bytearray()
    while True:
        left = 65536 if wanted is None else max(wanted - len(data), 1)
        chunk = transport.read(left, timeout)
        data += chunk.data
        ended = chunk.ended
        chunk.release()
        if ended:
            return bytes(data)


def read_exactly(transport: Transport, size: int, timeout: float = PATIENCE) -> bytes:
    """Reads so many bytes, whatever transfers they belong to; never asks for more."""
    data = bytearray()
    while len(data) < size:
        chunk = transport.read(size - len(data), timeout)
        data += chunk.data
        chunk.release()
    return bytes(data)


class Background:
    """A call in a thread, whose result or exception is fetched later."""

    def __init__(self, function: Callable[[], object]) -> None:
        self._results: queue.SimpleQueue[object] = queue.SimpleQueue()
        self._function = function
        self._thread = threading.Thread(target=self._run, name="background of a test")
        self._thread.start()

    def _run(self) -> None:
        try:
            self._results.put(self._function())
        except BaseException as error:
            self._results.put(error)

    def outcome(self, timeout: float = PATIENCE) -> object:
        """What it returned, or the exception that it raised."""
        result = self._results.get(timeout=timeout)
        self._thread.join(PATIENCE)
        return result


def eventually(condition: Callable[[], bool], timeout: float = PATIENCE) -> None:
    """Waits until something is so."""
    deadline = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.002)


@contextlib.contextmanager
def ctrl_c_when(ready: Callable[[], bool]) -> Iterator[None]:
    """Presses Ctrl-C once `ready` is so and the main thread had time to wait in the call under test."""
    done = threading.Event()

    def press() -> None:
        eventually(ready)
        # The main thread cannot be seen to block; too early only means another point of interruption.
        time.sleep(0.05)
        if not done.is_set():
            signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)

    thread = threading.Thread(target=press, name="Ctrl-C")
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join(PATIENCE)
