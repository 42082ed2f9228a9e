"""Contexts of libusb, and libmtp's finder, for the tests in this folder."""

from __future__ import annotations

import ctypes.util
import importlib.util
from collections.abc import Iterator
from typing import Any

import pytest

from mtpbackup.phone.libmtp import LibmtpFinder
from mtpbackup.phone.libmtp.process import COMMAND, ChildProcess
from mtpbackup.virtual.usbfs import Bus

NEEDS_LIBMTP = pytest.mark.skipif(
    ctypes.util.find_library("mtp") is None or importlib.util.find_spec("pymtp") is None,
    reason="libmtp is not installed (Debian package libmtp9, and the extra [libmtp])",
)


@pytest.fixture
def context(usbfs_bus: Bus) -> Iterator[Any]:
    """A libusb context on the emulated bus, of the system's libusb."""
    import usb1

    with usb1.USBContext() as context:
        yield context


@pytest.fixture
def libmtp_finder(program_bus: Bus, monkeypatch: pytest.MonkeyPatch) -> Iterator[LibmtpFinder]:
    """libmtp, in a child process that sees the emulated bus."""
    for name, value in program_bus.environment({}).items():
        monkeypatch.setenv(name, value)
    finder = LibmtpFinder(lambda: ChildProcess(COMMAND))
    yield finder
    finder.close()
