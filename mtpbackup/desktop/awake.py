"""Keeps the computer from falling asleep: by systemd-logind, else by the desktop's portal, else not at all.

logind's lock is an open file: however this program ends, the lock ends with it (org.freedesktop.login1(5),
Inhibit). The portal's ends with the connection (XDG desktop portal, org.freedesktop.portal.Inhibit).
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from mtpbackup.desktop.bus import Bus, NoService, Service

log = logging.getLogger(__name__)

_LOGIND: Final = Service("/org/freedesktop/login1", "org.freedesktop.login1.Manager", "org.freedesktop.login1")
_PORTAL: Final = Service(
    "/org/freedesktop/portal/desktop", "org.freedesktop.portal.Inhibit", "org.freedesktop.portal.Desktop"
)
#: Flags of the portal: suspend 4, idle 8.
_SUSPEND_AND_IDLE: Final = 12


@contextmanager
def kept_awake(why: str) -> Iterator[bool]:
    """While entered the computer does not fall asleep by itself. A person may still send it to sleep.

    Args:
        why: a few words for whoever asks what keeps it awake.

    Yields:
        Whether it worked.
    """
    let_go = _hold(why)
    try:
        yield let_go is not None
    finally:
        if let_go is not None:
            let_go()


def _hold(why: str) -> Callable[[], None] | None:
    for way in (_by_logind, _by_portal):
        try:
            return way(why)
        except NoService as error:
            log.info("not kept awake: %s", error)
    return None


def _by_logind(why: str) -> Callable[[], None]:
    bus = Bus("SYSTEM", descriptors=True)
    try:
        (lock,) = bus.ask(_LOGIND, "Inhibit", "ssss", "sleep:idle", "mtpbackup", why, "block")
        descriptor: int = lock.to_raw_fd()
    finally:
        bus.close()
    return lambda: os.close(descriptor)


def _by_portal(why: str) -> Callable[[], None]:
    bus = Bus("SESSION")
    try:
        bus.ask(_PORTAL, "Inhibit", "sua{sv}", "", _SUSPEND_AND_IDLE, {"reason": ("s", why)})
    except BaseException:
        bus.close()
        raise
    return bus.close
