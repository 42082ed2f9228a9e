"""Who may open a phone's device node, and by which rule."""

from __future__ import annotations

import enum
import stat
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from mtpbackup.udev import acl
from mtpbackup.udev.database import known_to_udev
from mtpbackup.udev.people import Person, Session, group_name, sessions, user_name
from mtpbackup.udev.places import HERE, Places
from mtpbackup.udev.rules import MARK, SEAT_TAG

#: libusb opens nodes for reading and writing.
_READ_AND_WRITE: Final = 6


class Grant(enum.Enum):
    """What lets a person in."""

    ROOT = "root"
    OWNER = "owner"
    SEAT = (
        "seat"  #: an entry of hers in the access control list: logind puts it there for who sits at the screen
    )
    GROUP = "group"
    OTHERS = "others"


class Giver(enum.Enum):
    """Whose rules gave the tag "uaccess", as far as udev's database tells."""

    MTPBACKUP = "mtpbackup"
    SYSTEMD = "systemd"
    LIBMTP = "libmtp"
    LIBGPHOTO2 = "libgphoto2"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Access:
    """What decides over one node.

    Attributes:
        node: as `/dev/bus/usb/001/004`.
        exists: False when there is no such node (any more); then all else is empty.
        grant: what lets the person in, or None: she may not open it.
        mode: permissions of the node, as 0o664.
        owner, group: names.
        users: names of those who have an entry of their own to read and write.
        in_group: whether the person is in the node's group, as of her login.
        enrolled: whether her account is, which counts from the next login on.
        tagged: whether the node is for who sits at the screen.
        givers: whose rules tagged it so.
        sessions: the person's logins.
        properties: what udev knows of the device; empty without udev.
    """

    node: str
    exists: bool = True
    grant: Grant | None = None
    mode: int = 0
    owner: str = ""
    group: str = ""
    users: tuple[str, ...] = ()
    in_group: bool = False
    enrolled: bool = False
    tagged: bool = False
    givers: tuple[Giver, ...] = ()
    sessions: tuple[Session, ...] = ()
    properties: Mapping[str, str] = field(default_factory=dict)

    @property
    def allowed(self) -> bool:
        """Whether the person may use the phone."""
        return self.grant is not None

    @property
    def at_the_screen(self) -> bool:
        """Whether the person sits at this computer, in front."""
        return any(session.at_the_screen for session in self.sessions)

    @property
    def marked(self) -> bool:
        """Whether our rules saw the device."""
        return MARK in self.properties

    @property
    def needs_login(self) -> bool:
        """Whether logging out and in again is all that is missing."""
        return not self.allowed and self.enrolled and not self.in_group and self.mode & 0o060 == 0o060

    def as_dict(self) -> dict[str, object]:
        """For JSON."""
        return {
            "node": self.node,
            "exists": self.exists,
            "allowed": self.allowed,
            "by": self.grant.value if self.grant else None,
            "mode": f"{self.mode:04o}",
            "owner": self.owner,
            "group": self.group,
            "users": list(self.users),
            "in_group": self.in_group,
            "needs_login": self.needs_login,
            "tagged": self.tagged,
            "rules_of": [giver.value for giver in self.givers],
            "at_the_screen": self.at_the_screen,
        }


def examine(
    node: str,
    person: Person | None = None,
    places: Places = HERE,
    *,
    list_of: Callable[[Path], Sequence[acl.Entry]] = acl.of,
) -> Access:
    """Looks at a phone's device node, without opening it.

    Args:
        node: as `/dev/bus/usb/001/004`.
        person: for whom; None for who runs this program.
        places: the system.
        list_of: reads a node's access control list.
    """
    person = person or Person.current()
    path = places.node(node)
    try:
        status = path.stat()
        entries = tuple(list_of(path))
    except FileNotFoundError:
        return Access(node, exists=False)
    tags, properties = known_to_udev(node, places)
    return Access(
        node,
        grant=_grant(person, status.st_mode, status.st_uid, status.st_gid, entries),
        mode=stat.S_IMODE(status.st_mode),
        owner=user_name(status.st_uid),
        group=group_name(status.st_gid),
        users=tuple(
            user_name(entry.id)
            for entry in entries
            if entry.tag is acl.Tag.USER and _enough(_effective(entry, entries))
        ),
        in_group=status.st_gid in person.groups,
        enrolled=status.st_gid in person.enrolled,
        tagged=SEAT_TAG in tags,
        givers=_givers(properties) if SEAT_TAG in tags else (),
        sessions=tuple(session for session in sessions(places) if session.uid == person.uid),
        properties=properties,
    )


def _grant(person: Person, mode: int, owner: int, group: int, entries: Sequence[acl.Entry]) -> Grant | None:
    """In the kernel's order: the first entry about the person decides. man acl(5), access check algorithm."""
    if person.uid == 0:
        return Grant.ROOT
    if person.uid == owner:
        return Grant.OWNER if _enough(mode >> 6) else None
    for entry in entries:
        if entry.tag is acl.Tag.USER and entry.id == person.uid:
            return Grant.SEAT if _enough(_effective(entry, entries)) else None
    groups = [entry for entry in entries if entry.tag is acl.Tag.GROUP and entry.id in person.groups]
    groups += [entry for entry in entries if entry.tag is acl.Tag.GROUP_OWNER and group in person.groups]
    if groups:
        return Grant.GROUP if any(_enough(_effective(entry, entries)) for entry in groups) else None
    if not entries and group in person.groups:
        return Grant.GROUP if _enough(mode >> 3) else None
    return Grant.OTHERS if _enough(mode) else None


def _enough(permissions: int) -> bool:
    return permissions & _READ_AND_WRITE == _READ_AND_WRITE


def _effective(entry: acl.Entry, entries: Sequence[acl.Entry]) -> int:
    """What an entry gives when the mask has had its say."""
    mask = next((other.permissions for other in entries if other.tag is acl.Tag.MASK), 7)
    return entry.permissions & mask


def _givers(properties: Mapping[str, str]) -> tuple[Giver, ...]:
    signs = (
        (Giver.MTPBACKUP, MARK in properties),
        (Giver.SYSTEMD, ":060101:" in properties.get("ID_USB_INTERFACES", "")),  # its 70-uaccess.rules
        (Giver.LIBMTP, "ID_MEDIA_PLAYER" in properties),
        (Giver.LIBGPHOTO2, "ID_GPHOTO2" in properties),
    )
    return tuple(giver for giver, there in signs if there) or (Giver.UNKNOWN,)
