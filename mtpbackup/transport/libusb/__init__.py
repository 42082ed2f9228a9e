"""Real phones, through libusb. The only place that imports `usb1`.

One libusb context for each open phone, and one thread that handles its events. The caller's thread submits
requests and waits in Python, so Ctrl-C gets through at once; raised inside a libusb callback it would be lost.

Nothing here changes what the phone is doing (ANDROID.md, AVOID 3): no SetConfiguration, no alternate setting,
no detaching of drivers, no reset unless `reset` is called.
"""

from mtpbackup.transport.libusb.finder import FoundUsbPhone, LibusbFinder
from mtpbackup.transport.libusb.library import load_library
from mtpbackup.transport.libusb.transport import LibusbTransport

__all__ = ["FoundUsbPhone", "LibusbFinder", "LibusbTransport", "load_library"]
