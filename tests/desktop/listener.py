"""A desktop for tests: notification daemon, portal and logind in one, on whatever bus its environment names.

    python listener.py

Prints a JSON object a line: {"ready": true} first, then each call with what was said. What keeps a computer
awake is told again when it ends. Needs jeepney alone, so that it runs inside the virtual machine too.
"""

from __future__ import annotations

import json
import os
import select
import sys

from jeepney import MessageType, message_bus, new_error, new_method_return
from jeepney.io.blocking import open_dbus_connection

NAMES = ("org.freedesktop.Notifications", "org.freedesktop.portal.Desktop", "org.freedesktop.login1")


def tell(**facts: object) -> None:
    print(json.dumps(facts, ensure_ascii=False), flush=True)


def main() -> None:
    names = sys.argv[1:] or NAMES[:1]
    connection = open_dbus_connection("SESSION", enable_fds=True)
    for name in names:
        connection.send_and_get_reply(message_bus.RequestName(name))
    locks: dict[int, str] = {}
    shown = 0
    tell(ready=True)
    while True:
        readable, _, _ = select.select([connection.sock, *locks], [], [])
        for lock in [one for one in readable if one in locks]:
            tell(let_go=locks.pop(lock))  # the other end was closed
            os.close(lock)
        if connection.sock not in readable:
            continue
        message = connection.receive()
        if message.header.message_type is not MessageType.method_call:
            continue
        member = message.header.fields[3]
        match member:
            case "GetCapabilities":
                answer = new_method_return(message, "as", (["body", "body-markup"],))
            case "Notify":
                app, replaces, icon, title, body, _, hints, _ = message.body
                if not replaces:
                    shown += 1
                tell(
                    title=title,
                    body=body,
                    id=replaces or shown,
                    app=app,
                    icon=icon,
                    urgency=hints["urgency"][1],
                )
                answer = new_method_return(message, "u", (replaces or shown,))
            case "CloseNotification":
                tell(withdrawn=message.body[0])
                answer = new_method_return(message)
            case "Inhibit" if len(message.body) == 4:
                mine, theirs = os.pipe()
                locks[mine] = message.body[2]
                tell(awake=message.body[2], what=message.body[0], mode=message.body[3])
                answer = new_method_return(message, "h", (theirs,))
                connection.send(answer)
                os.close(theirs)
                continue
            case "Inhibit":
                tell(portal=message.body[2]["reason"][1], flags=message.body[1])
                answer = new_method_return(message, "o", ("/org/freedesktop/portal/desktop/request/1",))
            case _:
                answer = new_error(message, "org.freedesktop.DBus.Error.UnknownMethod")
        connection.send(answer)


if __name__ == "__main__":
    main()
