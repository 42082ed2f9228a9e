"""The libusb that the package libusb-package carries: built without libudev, it listens to the kernel."""

from __future__ import annotations

import ctypes
import ctypes.util
import os
from pathlib import Path

import pytest
import usb1

from mtpbackup.virtual.usbfs import Bus
from tests.usbfs.devices import BarePhone
from tests.usbfs.hosts import opened, wait_until

libusb_package = pytest.importorskip("libusb_package", reason="the package libusb-package is not installed")

pytestmark = [
    pytest.mark.usbfs,
    pytest.mark.skipif(
        os.geteuid() != 0, reason="the kernel's messages come from user 0: only root can imitate them"
    ),
]


@pytest.fixture
def context(usbfs_bus: Bus):
    """A context of the bundled library. One process can load one libusb only, so this module has its own."""
    usb1.loadLibrary(ctypes.CDLL(str(libusb_package.get_library_path()), use_errno=True))
    with usb1.USBContext() as context:
        yield context


def test_it_is_another_library(context):
    loaded = Path("/proc/self/maps").read_text()
    assert "libusb_package/libusb-1.0.so" in loaded
    assert f"/{ctypes.util.find_library('usb-1.0')}" not in loaded


def test_it_hears_of_phones_that_come_and_go(usbfs_bus, context):
    seen = []
    context.hotplugRegisterCallback(lambda context, device, event: seen.append(event) and False)
    phone = BarePhone()
    for _ in range(2):
        seen.clear()
        usbfs_bus.plug(phone)
        wait_until(lambda: seen == [usb1.HOTPLUG_EVENT_DEVICE_ARRIVED], context)
        with opened(context) as handle:
            assert handle.getConfiguration() == 1
        usbfs_bus.unplug(phone)
        wait_until(lambda: seen == [usb1.HOTPLUG_EVENT_DEVICE_ARRIVED, usb1.HOTPLUG_EVENT_DEVICE_LEFT], context)
