"""Real phones, through pyusb: for computers where the package libusb1 is not to be had.

The only place that imports `usb`. pyusb has only calls that block, so each pipe has a thread that blocks in
short ones; the caller waits in Python, where Ctrl-C and `cancel` reach it at once. What is in flight when is
decided by the same code as for libusb1 (`reading`, `writing`); requests of one pipe are carried one by one.

What pyusb 1.3 does by itself, read in its source: it opens the device and claims the interface before the first
transfer, asks libusb (not the phone) for the active configuration, and releases and closes in `dispose`. It
never sets a configuration, selects a setting, detaches a driver or resets unless it is told to; neither does
this package, except in `reset` (ANDROID.md, AVOID 3).
"""

from mtpbackup.transport.pyusb.finder import FoundPyusbPhone, PyusbFinder
from mtpbackup.transport.pyusb.transport import PyusbTransport

__all__ = ["FoundPyusbPhone", "PyusbFinder", "PyusbTransport"]
