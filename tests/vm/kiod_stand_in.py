"""Stands in for KDE's kiod5 with its module for phones: holds a phone, says so on the bus, ends when told.

Made after kio-extras' interfaces (mtp/shared/org.kde.kmtp.*.xml) and the call that kquitapp5 makes. Started by
D-Bus for org.kde.kmtpd5, under the name "kiod5". Argument: the phone's serial number.
"""

from __future__ import annotations

import sys
from pathlib import Path

import usb1
from jeepney import HeaderFields, MessageType, new_error, new_method_return
from jeepney.bus_messages import message_bus
from jeepney.io.blocking import open_dbus_connection

DEVICE = "/modules/kmtpd/device0"


def claimed(context: usb1.USBContext, serial: str) -> usb1.USBDeviceHandle:
    for device in context.getDeviceList(skip_on_error=True):
        try:
            if device.getSerialNumber() == serial:
                handle = device.open()
                handle.claimInterface(0)
                return handle
        except usb1.USBError:
            continue
    sys.exit(f"no phone {serial}")


def main(serial: str) -> None:
    folder = next(
        path.parent
        for path in Path("/sys/bus/usb/devices").glob("*/serial")
        if path.read_text().strip() == serial
    )
    answers = {
        ("/modules/kmtpd", "listDevices"): ("ao", ([DEVICE],)),
        (DEVICE, "Get"): ("v", (("s", f"/org/kde/solid/udev{folder.resolve()}"),)),
        ("/MainApplication", "quit"): (None, ()),
    }
    with usb1.USBContext() as context, open_dbus_connection("SESSION") as bus:
        handle = claimed(context, serial)
        for name in ("org.kde.kiod5", "org.kde.kmtpd5"):
            bus.send(message_bus.RequestName(name))  # the first call may come before the answer to this
        while True:
            message = bus.receive()
            if message.header.message_type is not MessageType.method_call:
                continue
            fields = message.header.fields
            path, member = fields[HeaderFields.path], fields[HeaderFields.member]
            if (path, member) not in answers:
                bus.send(new_error(message, "org.freedesktop.DBus.Error.UnknownMethod"))
                continue
            bus.send(new_method_return(message, *answers[path, member]))
            if member == "quit":
                handle.releaseInterface(0)
                handle.close()
                return


if __name__ == "__main__":
    main(sys.argv[1])
