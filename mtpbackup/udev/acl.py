"""POSIX access control lists, as the kernel gives them: the extended attribute `system.posix_acl_access`."""

from __future__ import annotations

import enum
import errno
import os
import stat
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ATTRIBUTE: Final = "system.posix_acl_access"

#: include/uapi/linux/posix_acl_xattr.h: a version, then entries of tag, permissions, id.
_VERSION: Final = 2
_HEADER: Final = struct.Struct("<I")
_ENTRY: Final = struct.Struct("<HHI")

_NO_LIST: Final = (errno.ENODATA, errno.EOPNOTSUPP, errno.ENOENT)


class Tag(enum.IntEnum):
    """Whom an entry is about. include/uapi/linux/posix_acl.h."""

    USER_OWNER = 0x01
    USER = 0x02
    GROUP_OWNER = 0x04
    GROUP = 0x08
    MASK = 0x10
    OTHER = 0x20


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a list.

    Attributes:
        tag: whom it is about.
        id: of the user or group, for USER and GROUP.
        permissions: 4 to read, 2 to write, 1 to execute.
    """

    tag: Tag
    id: int
    permissions: int


def decode(value: bytes) -> tuple[Entry, ...]:
    """Reads the attribute's value.

    Raises:
        ValueError: it is of another form.
    """
    if len(value) < _HEADER.size or _HEADER.unpack_from(value)[0] != _VERSION:
        raise ValueError(f"not an access control list of version {_VERSION}: {value[:8].hex()}")
    if (len(value) - _HEADER.size) % _ENTRY.size:
        raise ValueError("an access control list that ends in the middle of an entry")
    return tuple(
        Entry(Tag(tag), identifier, permissions)
        for tag, permissions, identifier in _ENTRY.iter_unpack(value[_HEADER.size :])
    )


def of(path: Path) -> tuple[Entry, ...]:
    """The access control list of a file; empty when it has none beyond its mode."""
    try:
        return decode(os.getxattr(path, ATTRIBUTE))
    except OSError as error:
        if error.errno in _NO_LIST:
            return ()
        raise


def remove(path: Path) -> None:
    """Takes a file's list away. What owner, group and others may do remains as it is.

    Raises:
        OSError: not allowed.
    """
    group = next((entry.permissions for entry in of(path) if entry.tag is Tag.GROUP_OWNER), None)
    if group is None:
        return
    os.removexattr(path, ATTRIBUTE)
    # With a list, the group's bits of the mode were its mask.
    path.chmod(stat.S_IMODE(path.stat().st_mode) & ~0o070 | group << 3)
