"""On PYTHONPATH: a Python without libusb1 and without any libusb-1.0, as where only libusb 0.1 is to be had."""

import sys

import usb.backend.libusb1

sys.modules["usb1"] = None  # type: ignore[assignment]
sys.modules["libusb_package"] = None  # type: ignore[assignment]
usb.backend.libusb1.get_backend = lambda find_library=None: None
