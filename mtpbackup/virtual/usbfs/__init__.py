"""An emulated USB bus for unmodified libusb programs, without hardware, kernel support, VM or root.

Programs run with umockdev's preload library see a /sys and device nodes that this package makes up; their
ioctls on these nodes come here. Behind each node is a phone made of code, answering on a `DevicePort`.

    with Bus() as bus:
        bus.plug(PhoneOnBus(bus, VirtualPhone("pixel")))
        subprocess.run(["mtp-detect"], env=bus.environment(), timeout=30)

From a shell: `python -m mtpbackup.virtual.usbfs --folder DIR -- mtp-detect`.

Left out: hubs, isochronous transfers, alternate settings, streams, usbfs's mmap; 32-bit and statically linked
programs; real timing. Two programs (or two opens) at one node share its readiness for poll(), so one of them
may wake up for nothing.

May be imported by cli and tests.
"""

from mtpbackup.virtual.descriptors import UsbProfile
from mtpbackup.virtual.usbfs.bus import Bus
from mtpbackup.virtual.usbfs.device import UsbDevice
from mtpbackup.virtual.usbfs.phones import PhoneOnBus
from mtpbackup.virtual.usbfs.sysfs import Place

__all__ = ["Bus", "PhoneOnBus", "Place", "UsbDevice", "UsbProfile"]
