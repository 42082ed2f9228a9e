"""Contexts of libusb for the tests in this folder."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from mtpbackup.virtual.usbfs import Bus


@pytest.fixture
def context(usbfs_bus: Bus) -> Iterator[Any]:
    """A libusb context on the emulated bus, of the system's libusb."""
    import usb1

    with usb1.USBContext() as context:
        yield context
