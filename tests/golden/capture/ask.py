"""Asks a responder for everything that wire decodes, in bytes of its own making: no code of mtpbackup is used.

    ask.py VID:PID

The phone holds DCIM/Camera with IMG_20240506_070809.jpg (500 bytes), empty.jpg, "Füße 😀.jpg" (5 bytes) and
huge.mp4 (4 GiB + 13, sparse), and an empty folder Leer. Needs the package libusb1.
"""

import struct
import sys

import usb1

BULK_IN, BULK_OUT, TIMEOUT = 0x81, 0x02, 10_000


class Initiator:
    """As little MTP as asking takes."""

    def __init__(self, vendor: int, product: int) -> None:
        self.context = usb1.USBContext().__enter__()
        self.usb = next(
            device
            for device in self.context.getDeviceIterator(skip_on_error=True)
            if (device.getVendorID(), device.getProductID()) == (vendor, product)
        ).open()
        self.usb.claimInterface(0)
        self.transaction = -1

    def read(self) -> bytes:
        while True:
            data = bytes(self.usb.bulkRead(BULK_IN, 65536, TIMEOUT))
            if data:
                return data

    def ask(self, operation: int, *parameters: int) -> bytes:
        """The data of a transaction; empty if there was none."""
        self.transaction += 1
        count = len(parameters)
        header = struct.pack("<IHHI", 12 + 4 * count, 1, operation, self.transaction)
        self.usb.bulkWrite(BULK_OUT, header + struct.pack(f"<{count}I", *parameters), TIMEOUT)
        container = self.read()
        data = b""
        if container[4] == 2:
            (length,) = struct.unpack_from("<I", container)
            while len(container) < length:
                container += self.read()
            data = container[12:]
            container = self.read()
        print(f"{operation:04x} {[hex(each) for each in parameters]}: {len(data)} bytes, {container[6:].hex()}")
        return data

    def array(self, operation: int, *parameters: int) -> tuple[int, ...]:
        data = self.ask(operation, *parameters)
        return struct.unpack_from(f"<{struct.unpack_from('<I', data)[0]}I", data, 4)

    def names(self, storage: int, parent: int) -> dict[str, int]:
        """Names in a folder, each with its handle."""
        found = {}
        for handle in self.array(0x1007, storage, 0, parent):
            info = self.ask(0x1008, handle)
            found[info[53 : 53 + 2 * info[52]].decode("utf-16-le").rstrip("\0")] = handle
        return found


def main() -> None:
    initiator = Initiator(*(int(part, 16) for part in sys.argv[1].split(":")))
    ask = initiator.ask
    ask(0x1001)  # GetDeviceInfo, without a session
    ask(0x1002, 1)  # OpenSession
    ask(0x1001)
    ask(0x1002, 1)  # again
    storages = initiator.array(0x1004)
    for storage in storages:
        ask(0x1005, storage)
    ask(0x1005, 0x77777)  # no such storage
    top = initiator.names(storages[0], 0xFFFFFFFF)
    dcim = top["DCIM"]
    camera = initiator.names(storages[0], initiator.names(storages[0], dcim)["Camera"])
    photo, empty, huge = camera["IMG_20240506_070809.jpg"], camera["empty.jpg"], camera["huge.mp4"]
    # umtp-responder leaves the emoji out, QEMU calls the file "Oops".
    emoji = next(handle for name, handle in camera.items() if name[0] in "FO")
    for code in (0x5001, 0x5003, 0xD401, 0xD402, 0xD406, 0xD407):
        ask(0x1014, code)  # GetDevicePropDesc
        ask(0x1015, code)  # GetDevicePropValue
    ask(0x9801, 0x3801)  # GetObjectPropsSupported
    for code in (
        0xDC01,
        0xDC02,
        0xDC03,
        0xDC04,
        0xDC07,
        0xDC08,
        0xDC09,
        0xDC0B,
        0xDC41,
        0xDC44,
        0xDCE0,
        0xDC8C,
    ):
        ask(0x9802, code, 0x3801)  # GetObjectPropDesc
        ask(0x9803, photo, code)  # GetObjectPropValue
    ask(0x9803, huge, 0xDC04)
    ask(0x9805, dcim, 0, 0xDC07, 0, 1)  # GetObjectPropList
    ask(0x9805, huge, 0, 0xFFFFFFFF, 0, 0)
    ask(0x9805, emoji, 0, 0xFFFFFFFF, 0, 0)
    ask(0x9805, huge, 0, 0xDC04, 0, 0)
    ask(0x9805, 0x7777777, 0, 0xDC04, 0, 0)  # no such object
    ask(0x1009, photo)  # GetObject
    ask(0x1009, empty)
    ask(0x101B, photo, 10, 20)  # GetPartialObject
    ask(0x95C1, huge, 0, 1, 8)  # GetPartialObject64
    ask(0x1008, 0x7777777)
    ask(0x100A, photo)  # GetThumb
    ask(0x1001, 1, 2)  # parameters where none belong
    ask(0x1003)  # CloseSession


main()
