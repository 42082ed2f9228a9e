"""Programs of a person's desktop session, run as that person: also where this program was started by sudo."""

from __future__ import annotations

import logging
import os
import pwd
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol, Self

log = logging.getLogger(__name__)

_PATH: Final = "/usr/local/bin:/usr/bin:/bin"

#: What a shell says where there is no such program, and what we say of one that gives no answer.
NOT_FOUND: Final = 127
_NO_ANSWER: Final = 124


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
        environment = {**self.environment, "DBUS_SESSION_BUS_ADDRESS": self.bus, "LC_ALL": "C.UTF-8"}
        program = shutil.which(command[0], path=environment.get("PATH", _PATH))
        if program is None:
            return NOT_FOUND, f"{command[0]}: not found"
        foreign = self.uid != os.geteuid()
        try:
            entry = pwd.getpwuid(self.uid) if foreign else None
            done = subprocess.run(
                [program, *command[1:]],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                timeout=seconds,
                env=environment,
                cwd="/",
                user=self.uid if entry else None,
                group=entry.pw_gid if entry else None,
                extra_groups=os.getgrouplist(entry.pw_name, entry.pw_gid) if entry else None,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return _NO_ANSWER, f"{command[0]}: no answer in {seconds:g} s"
        except (OSError, KeyError) as error:
            return NOT_FOUND, f"{command[0]}: {error}"
        log.debug("%s: exit code %d: %s", " ".join(command), done.returncode, done.stdout.strip())
        return done.returncode, done.stdout
