"""D-Bus, as far as it is there: opened, asked, closed, and never a reason to fail."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

if TYPE_CHECKING:
    from jeepney.io.blocking import DBusConnection

log = logging.getLogger(__name__)

#: D-Bus specification, "System message bus".
_SYSTEM_BUS: Final = "/var/run/dbus/system_bus_socket"
#: Seconds that a service may take to answer; it may have to be started first.
_PATIENCE: Final = 10.0


class Service(NamedTuple):
    """Whom to ask.

    Attributes:
        path: of the object.
        interface: of its methods.
        name: on the bus.
    """

    path: str
    interface: str
    name: str


class NoService(Exception):
    """There is no bus, nobody on it who answers, or the answer is no. The text is for developers."""


class Bus:
    """An open bus.

    Args:
        which: the person's session, or the system.
        descriptors: whether answers may carry open files.

    Raises:
        NoService: there is none.
    """

    def __init__(self, which: Literal["SESSION", "SYSTEM"], *, descriptors: bool = False) -> None:
        _point_to_session_bus()
        if not _is_there(which):
            raise NoService(f"no {which.lower()} bus")
        try:
            from jeepney.io.blocking import open_dbus_connection  # noqa: PLC0415 - few runs speak to the desktop
        except ImportError as error:
            raise NoService(f"jeepney cannot be loaded: {error}") from error
        try:
            self._connection: DBusConnection = open_dbus_connection(which, enable_fds=descriptors)
        except (OSError, KeyError, ValueError, RuntimeError) as error:  # no address, a strange one, refused
            raise NoService(f"no {which.lower()} bus: {error!r}") from error

    def ask(self, whom: Service, method: str, signature: str = "", *arguments: Any) -> tuple[Any, ...]:
        """Calls a method.

        Raises:
            NoService: nobody answers, or the answer is an error.
        """
        from jeepney import DBusAddress, DBusErrorResponse, new_method_call  # noqa: PLC0415
        from jeepney.wrappers import unwrap_msg  # noqa: PLC0415

        message = new_method_call(
            DBusAddress(whom.path, whom.name, whom.interface), method, signature or None, arguments
        )
        try:
            answer: tuple[Any, ...] = unwrap_msg(
                self._connection.send_and_get_reply(message, timeout=_PATIENCE)
            )
        except (DBusErrorResponse, OSError, ConnectionError, TimeoutError) as error:
            raise NoService(f"{method}: {error!r}") from error
        return answer

    def close(self) -> None:
        """Leaves the bus."""
        self._connection.close()


@contextmanager
def bus(which: Literal["SESSION", "SYSTEM"]) -> Iterator[Bus]:
    """A bus for a moment. Raises NoService."""
    opened = Bus(which)
    try:
        yield opened
    finally:
        opened.close()


def _is_there(which: Literal["SESSION", "SYSTEM"]) -> bool:
    """Whether there is such a bus, as far as can be told before its library is loaded."""
    address = os.environ.get(f"DBUS_{which}_BUS_ADDRESS", "")
    if which == "SYSTEM" and not address:
        address = f"unix:path={_SYSTEM_BUS}"
    path = address.removeprefix("unix:path=").partition(",")[0]
    # Other kinds of addresses are left to the library.
    return bool(address) and (path == address or Path(path).exists())


def _point_to_session_bus() -> None:
    """Services of a user have the bus's address in their environment, programs started by cron or sudo not."""
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    if "DBUS_SESSION_BUS_ADDRESS" not in os.environ and runtime and Path(runtime, "bus").exists():
        os.environ["DBUS_SESSION_BUS_ADDRESS"] = f"unix:path={runtime}/bus"
