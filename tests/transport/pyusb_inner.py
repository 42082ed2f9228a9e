"""PyusbTransport on the emulated bus. Run by `test_libraries`, with umockdev's library preloaded."""

import gc
import random
import threading
from functools import partial

import pytest
import usb.backend.libusb1

from mtpbackup.errors import TransportError
from mtpbackup.transport.pyusb import PyusbFinder
from mtpbackup.transport.pyusb.library import ExactBackend
from mtpbackup.transport.pyusb.old_library import old_backend
from mtpbackup.virtual.usbfs import Bus

from .bus_contract import BusContract, BusRig
from .contract import TransportContract
from .rigs import PATIENCE, echo, read_exactly


@pytest.fixture
def bus(monkeypatch):
    with Bus() as bus:
        monkeypatch.setenv("UMOCKDEV_DIR", str(bus.root))
        # pyusb keeps one libusb context for a process: each test's bus needs one of its own.
        monkeypatch.setattr(usb.backend.libusb1, "_lib_object", None)
        monkeypatch.setattr(ExactBackend, "slice_ms", 20)  # more of them, and less waiting
        yield bus
        # libusb listens for what is plugged in while any context is left, on the bus of the first one.
        gc.collect()
        if usb.backend.libusb1._lib_object is not None:
            usb.backend.libusb1._lib_object.finalize()
    leftover = [thread.name for thread in threading.enumerate() if "pyusb" in thread.name]
    assert leftover == []


@pytest.fixture
def rig(bus):
    rig = BusRig(bus, PyusbFinder)
    yield rig
    rig.close()


@pytest.fixture
def finder(bus):
    finder = PyusbFinder(poll_interval=0.02)
    yield finder
    finder.close()


class TestContract(BusContract):
    finder_import = "from mtpbackup.transport.pyusb import PyusbFinder as Finder"


@pytest.mark.skipif(old_backend() is None, reason="libusb 0.1 is not installed (Debian package libusb-0.1-4)")
class TestContractOverTheOldLibrary(TransportContract):
    """libusb 0.1 knows devices by their places."""

    @pytest.fixture
    def rig(self, bus):
        rig = BusRig(bus, partial(PyusbFinder, backend=old_backend()))
        yield rig
        rig.close()
        list(old_backend().enumerate_devices())  # it forgets them, before they are taken for another test's


def test_calls_become_smaller_where_memory_is_short(rig):
    data = random.Random(1).randbytes(700_000)
    _, phone = rig.found(echo)
    rig.bus.memory.limit = 100_000
    with phone.open() as transport:
        transport.write([data[:60_000]], PATIENCE)
        assert read_exactly(transport, 60_000) == data[:60_000]
        rig.bus.memory.limit = 0
        with pytest.raises(TransportError):
            transport.write([b"go"], PATIENCE)
        rig.bus.memory.limit = 1 << 24
