"""Moving bytes to and from one USB interface.

A transport never looks inside what it moves; what bytes mean is said in `mtpbackup.wire`. `base` is the whole
outside world of the layers above: everything they can do to a phone is a method there.

How it is built. `reading` and `writing` keep requests in flight and know nothing of USB libraries; a driver
carries them: `libusb` or `pyusb` to real phones (what these two share is in `usb`), `memory` to a phone made of
code. What is tested in memory is so what runs on hardware, and all pass `tests/transport/contract.py`. `trace`
records any of them, `replay` plays a recording back. `match` is the one table of what is a phone.

May be imported by session, virtual and cli. `libusb` is not imported from here: nobody but the one who looks
for real phones shall need it.
"""

from mtpbackup.transport.base import (
    Buffer,
    Chunk,
    DevicePort,
    Endpoint,
    Finder,
    FoundPhone,
    Speed,
    Transport,
    TransportOptions,
    UsbIdentity,
)
from mtpbackup.transport.match import VENDORS, speaks_mtp
from mtpbackup.transport.memory import memory_pair
from mtpbackup.transport.replay import ReplayTransport
from mtpbackup.transport.trace import Recording, TracedFinder, TracedTransport

__all__ = [
    "VENDORS",
    "Buffer",
    "Chunk",
    "DevicePort",
    "Endpoint",
    "Finder",
    "FoundPhone",
    "Recording",
    "ReplayTransport",
    "Speed",
    "TracedFinder",
    "TracedTransport",
    "Transport",
    "TransportOptions",
    "UsbIdentity",
    "memory_pair",
    "speaks_mtp",
]
