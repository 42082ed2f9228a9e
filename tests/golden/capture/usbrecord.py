"""Writes every bulk and interrupt transfer on a USB bus as a line of hex, until it gets SIGTERM.

    usbrecord.py BUS OUT.txt

Needs root and the module usbmon. Lines are as the README beside this folder says. Reads the binary interface of
usbmon (Documentation/usb/usbmon.rst in the kernel's sources), which, unlike the text one, has all of the data.
"""

import os
import signal
import struct
import sys
from pathlib import Path

#: id, event, transfer type, endpoint, device, bus, setup and data flag, seconds, microseconds, status, length,
#: captured length; 8 more bytes for the setup packet.
EVENT = struct.Struct("<QcBBBHccqiiII8x")
INTERRUPT, BULK = 1, 3
ROOT_HUB = 1
#: Reads that end short do so without an error, or with -EREMOTEIO where the program asked for that.
SUCCESSES = (0, -121)


def read_exactly(descriptor: int, count: int) -> bytes:
    data = b""
    while len(data) < count:
        data += os.read(descriptor, count - len(data))
    return data


def main() -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    descriptor = os.open(f"/dev/usbmon{sys.argv[1]}", os.O_RDONLY)
    asked_for = {}
    with Path(sys.argv[2]).open("w", buffering=1) as out:
        print("recording", flush=True)
        while True:
            ident, event, kind, endpoint, device, *_, status, length, captured = EVENT.unpack(
                read_exactly(descriptor, EVENT.size)
            )
            data = read_exactly(descriptor, captured)
            if device == ROOT_HUB or kind not in (INTERRUPT, BULK):
                continue
            to_host = endpoint & 0x80
            if event == b"S" and not to_host:
                # A transfer goes on as long as packets are full: 512 bytes at high speed.
                goes_on = length and length % 512 == 0
                out.write(f"{'out+' if goes_on else 'out'} {data.hex() or '-'}\n")
            elif event == b"S":
                asked_for[ident] = length
            elif event == b"C" and to_host and status in SUCCESSES:
                goes_on = length and length % 512 == 0 and length == asked_for.pop(ident, None)
                word = "event" if kind == INTERRUPT else "in+" if goes_on else "in"
                out.write(f"{word} {data.hex() or '-'}\n")


main()
