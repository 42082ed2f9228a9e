"""Bubbles on the desktop, by org.freedesktop.Notifications. Desktop Notifications Specification 1.2."""

from __future__ import annotations

import html
import logging
from typing import Final

from mtpbackup.desktop.bus import Bus, NoService, Service

log = logging.getLogger(__name__)

#: How notifications are told to belong to the program: name of its .desktop file, and of its icon.
APP: Final = "mtpbackup"
_DAEMON: Final = Service(
    "/org/freedesktop/Notifications", "org.freedesktop.Notifications", "org.freedesktop.Notifications"
)
#: Urgency levels of the specification, section 8.
_NORMAL, _CRITICAL = 1, 2
#: The desktop decides how long it stays.
_AS_YOU_LIKE: Final = -1


class Notifier:
    """One notification, which changes as the work goes on. Where there is no desktop it stays silent.

    Args:
        wanted: False to stay silent in any case.
    """

    def __init__(self, *, wanted: bool = True) -> None:
        self._bus: Bus | None = None
        self._shown = 0
        self._markup = False
        self._wanted = wanted

    @property
    def shown(self) -> bool:
        """Whether something was shown so far."""
        return bool(self._shown)

    def show(self, title: str, body: str = "", *, urgent: bool = False) -> None:
        """Shows this in place of what was shown before.

        Args:
            title: a few words.
            body: a sentence or two, in lines.
            urgent: whether a hand is needed: such ones stay until they are seen.
        """
        if not self._wanted:
            return
        try:
            self._show(title, body, urgent)
        except NoService as error:
            log.info("no notification: %s", error)
            self._leave()
            self._wanted = False

    def withdraw(self) -> None:
        """Takes away what is shown."""
        if self._bus is None or not self._shown:
            return
        try:
            self._bus.ask(_DAEMON, "CloseNotification", "u", self._shown)
        except NoService as error:
            log.info("notification not withdrawn: %s", error)
        self._shown = 0

    def close(self) -> None:
        """Lets go of the bus; what is shown stays."""
        self._leave()

    def _show(self, title: str, body: str, urgent: bool) -> None:
        if self._bus is None:
            self._bus = Bus("SESSION")
            (capabilities,) = self._bus.ask(_DAEMON, "GetCapabilities")
            self._markup = "body-markup" in capabilities
        hints = {
            "desktop-entry": ("s", APP),
            "urgency": ("y", _CRITICAL if urgent else _NORMAL),
            "category": ("s", "device"),
        }
        text = html.escape(body, quote=False) if self._markup else body
        (self._shown,) = self._bus.ask(
            _DAEMON, "Notify", "susssasa{sv}i", APP, self._shown, APP, title, text, [], hints, _AS_YOU_LIKE
        )

    def _leave(self) -> None:
        if self._bus is not None:
            self._bus.close()
            self._bus = None
