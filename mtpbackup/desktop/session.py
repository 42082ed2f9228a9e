"""Programs of a person's desktop session, run as that person: also where this program was started by sudo."""

from __future__ import annotations

import os
import pwd
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol, Self

from mtpbackup import programs

_PATH: Final = "/usr/local/bin:/usr/bin:/bin"


class Runs(Protocol):
    """Whoever runs a program and gives its exit code and what it said."""

    def run(self, *command: str, seconds: float = ...) -> tuple[int, str]:
        """Runs it to its end, at most so long."""
        ...


@dataclass(frozen=True, slots=True)
class DesktopSession:
    """A person's session bus, and the right to speak there as that person.

    Attributes:
        uid: of the person.
        bus: address of her session bus.
        environment: what her programs find.
    """

    uid: int
    bus: str
    environment: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(
        cls, uid: int, environment: Mapping[str, str] = os.environ, runtime: Path = Path("/run/user")
    ) -> Self | None:
        """The session of a person; None where she has none, or where this program may not speak for her.

        Args:
            uid: of the person.
            environment: of this program.
            runtime: where systemd-logind makes a folder for each person.
        """
        folder = runtime / str(uid)
        if uid == os.geteuid() and environment.get("DBUS_SESSION_BUS_ADDRESS"):
            return cls(uid, environment["DBUS_SESSION_BUS_ADDRESS"], environment)
        if uid != os.geteuid() and os.geteuid() != 0:
            return None
        if not (folder / "bus").exists():
            return None
        address = f"unix:path={folder / 'bus'}"
        if uid == os.geteuid():
            return cls(uid, address, environment)
        try:
            home = pwd.getpwuid(uid).pw_dir
        except KeyError:
            home = "/"
        return cls(uid, address, {"HOME": home, "PATH": _PATH, "XDG_RUNTIME_DIR": str(folder)})

    def run(self, *command: str, seconds: float = 30.0) -> tuple[int, str]:
        """Runs a program in the session, speaking English.

        Returns:
            Its exit code, and what it said on both channels.
        """
        environment = {**self.environment, "DBUS_SESSION_BUS_ADDRESS": self.bus}
        uid = None if self.uid == os.geteuid() else self.uid
        return programs.run(command, environment, path=_PATH, seconds=seconds, uid=uid)
