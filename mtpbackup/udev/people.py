"""The person for whom access is asked, and where she sits."""

from __future__ import annotations

import grp
import os
import pwd
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from mtpbackup.udev.places import HERE, Places

#: Who ran the program that made us root, by id. man sudo(8), pkexec(1).
_ON_BEHALF_OF: Final = ("SUDO_UID", "PKEXEC_UID")

#: The login of what the system itself started. Linux, include/linux/audit.h, AUDIT_UID_UNSET.
_NO_LOGIN: Final = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with a user id.

    Attributes:
        uid: user id.
        name: of the account; the number where it has none.
        groups: ids of the groups that count for her programs now. One that she was added to since she logged
            in is not among them.
        enrolled: ids of all groups that the account is in; they count from the next login on.
    """

    uid: int
    name: str
    groups: frozenset[int]
    enrolled: frozenset[int]

    @classmethod
    def current(cls, environment: Mapping[str, str] = os.environ, proc: Path = Path("/proc")) -> Self:
        """Who runs this program; under sudo and pkexec, who ran these, and under su and doas, who logged in.

        Of somebody on whose behalf this runs, the groups are those of the program that she called.
        """
        uid = os.geteuid()
        if uid == 0:
            for name in _ON_BEHALF_OF:
                if environment.get(name, "").isdecimal() and environment[name] != "0":
                    return cls._behind(int(environment[name]), proc)
            logged_in = _login(proc)
            if logged_in:
                return cls._behind(logged_in, proc)
        return cls(uid, user_name(uid), frozenset((os.getegid(), *os.getgroups())), _enrolled(uid))

    @classmethod
    def _behind(cls, uid: int, proc: Path) -> Self:
        """Who called the program that called us."""
        enrolled = _enrolled(uid)
        groups = _groups_of_caller(uid, proc)
        return cls(uid, user_name(uid), enrolled if groups is None else groups, enrolled)


@dataclass(frozen=True, slots=True)
class Session:
    """A login. The names are those of `loginctl show-session`.

    Attributes:
        id: its name.
        uid: of whom.
        seat: the screen and keyboard it belongs to, as "seat0", or empty: ssh, cron.
        active: whether it is the one in front there.
        remote: whether it came over the network.
        kind: "tty", "x11", "wayland", "unspecified".
    """

    id: str
    uid: int
    seat: str
    active: bool
    remote: bool
    kind: str

    @property
    def at_the_screen(self) -> bool:
        """Whether logind gives it the devices that have the tag "uaccess"."""
        return bool(self.seat) and self.active


def sessions(places: Places = HERE) -> list[Session]:
    """Who is logged in; nobody where there is no logind."""
    try:
        files = sorted(path for path in places.sessions.iterdir() if path.suffix != ".ref")
    except OSError:
        return []
    found = []
    for path in files:
        try:
            text = path.read_text(errors="replace")
            facts = dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
        except OSError:  # it ended meanwhile, or is a pipe's end that belongs to root
            continue
        if facts.get("UID", "").isdecimal():
            found.append(
                Session(
                    id=path.name,
                    uid=int(facts["UID"]),
                    seat=facts.get("SEAT", ""),
                    active=facts.get("ACTIVE") == "1",
                    remote=facts.get("REMOTE") == "1",
                    kind=facts.get("TYPE", ""),
                )
            )
    return found


def group_id(name: str) -> int | None:
    """A group's id, or None when there is no such group."""
    try:
        return grp.getgrnam(name).gr_gid
    except KeyError:
        return None


def group_name(gid: int) -> str:
    """A group's name; its number where it has none."""
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return str(gid)


def user_name(uid: int) -> str:
    """An account's name; its number where it has none."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _login(proc: Path) -> int:
    """Who logged in where this process comes from, also behind su; 0 where that is root or cannot be told."""
    try:
        uid = int((proc / "self/loginuid").read_text())
    except (OSError, ValueError):  # a kernel without audit
        return 0
    return 0 if uid == _NO_LOGIN else uid


def _groups_of_caller(uid: int, proc: Path) -> frozenset[int] | None:
    """The groups of the nearest process above this one that is a user's; None where that cannot be told."""
    process = os.getppid()
    while process > 1:
        try:
            lines = (proc / str(process) / "status").read_text().splitlines()
        except OSError:
            return None
        facts = {key: value.split() for key, _, value in (line.partition(":") for line in lines)}
        if facts.get("Uid", [""])[0] == str(uid):
            return frozenset(map(int, (facts["Gid"][1], *facts["Groups"])))
        process = int(facts.get("PPid", ["0"])[0])
    return None


def _enrolled(uid: int) -> frozenset[int]:
    try:
        entry = pwd.getpwuid(uid)
    except KeyError:
        return frozenset()
    return frozenset(os.getgrouplist(entry.pw_name, entry.pw_gid))
