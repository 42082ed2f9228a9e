"""KDE's daemon for phones, a module of kiod: asked to end, which is the only way in which it lets go.

It opens each phone that is plugged in and keeps it until it is pulled out; its interface has no call to
release one (kio-extras, mtp/kiod_module/kmtpd.cpp, mtp/shared/org.kde.kmtp.*.xml). kiod ends in order when it
is told to, by the call that `kquitapp` makes, and is started by D-Bus when somebody needs it.

Written from these sources; tried with a stand-in on a real bus, not with KDE.
"""

from __future__ import annotations

import json
import logging
from typing import Any, Final

from mtpbackup.desktop.session import Runs

log = logging.getLogger(__name__)

#: Names of the process, of KDE Frameworks 5 and 6; its name on the bus is the same behind "org.kde.".
DAEMONS: Final = frozenset(("kiod5", "kiod6"))

_MODULE: Final = "/modules/kmtpd"
#: The name that starts the module. kio-extras, mtp/kiod_module/org.kde.kmtpd5.service.in
_ACTIVATED: Final = "org.kde.kmtpd5"
_SOLID: Final = "/org/kde/solid/udev"


def let_go(session: Runs, program: str, folder: str) -> bool:
    """Asks the daemon to end, if it holds this phone and no other, whose use would be disturbed.

    Args:
        session: of the person.
        program: "kiod5" or "kiod6".
        folder: the phone's in /sys, all links resolved.

    Returns:
        Whether it was asked.
    """
    service = f"org.kde.{program}"
    devices = _call(session, "call", service, _MODULE, "org.kde.kmtp.Daemon", "listDevices")
    if not isinstance(devices, list) or len(devices) != 1 or not isinstance(devices[0], list):
        log.info("%s did not tell which phones it holds: %s", program, devices)
        return False
    held = [
        _call(session, "get-property", service, str(device), "org.kde.kmtp.Device", "udi")
        for device in devices[0]
    ]
    if held != [_SOLID + folder]:
        log.info("%s holds %s", program, held)
        return False
    application = ("/MainApplication", "org.qtproject.Qt.QCoreApplication", "quit")
    return session.run("busctl", "--user", "call", service, *application)[0] == 0


def give_back(session: Runs) -> bool:
    """Starts the daemon again, which looks for phones as it starts."""
    return _call(session, "call", _ACTIVATED, _MODULE, "org.kde.kmtp.Daemon", "listDevices") is not None


def _call(session: Runs, *words: str) -> Any:
    """What a call or property gives; None when it fails."""
    code, said = session.run("busctl", "--user", "--json=short", *words)
    if code != 0:
        return None
    try:
        return json.loads(said)["data"]
    except (ValueError, KeyError, TypeError):
        return None
