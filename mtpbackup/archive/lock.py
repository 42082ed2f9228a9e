"""One run at a time: an advisory lock on a file in the archive, which the kernel drops with its process.

flock, not fcntl locks: it also excludes a second run inside one process. Every file system has it (the kernel
keeps it by itself for FAT, exFAT and FUSE, and turns it into a byte-range lock on NFS and SMB).
"""

from __future__ import annotations

import errno
import fcntl
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager

from mtpbackup.archive import disk
from mtpbackup.archive.root import STATE_FOLDER, Root
from mtpbackup.errors import ArchiveBusy, DestinationUnwritable, NoLocks

log = logging.getLogger(__name__)

_LOCK_FILE = "lock"
#: What a share says whose locks are not served, and a file system that has none. man flock(2), fcntl(2).
_NO_LOCKS = frozenset({errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL})


@contextmanager
def exclusive(root: Root) -> Iterator[None]:
    """Holds the archive's lock. Our process number is in the file, for whoever is refused.

    Raises:
        ArchiveBusy: somebody else holds it.
        NoLocks: nobody can.
        DestinationUnwritable: the archive can only be read.
    """
    path = root.path / STATE_FOLDER / _LOCK_FILE
    if not root.writable:
        raise DestinationUnwritable(root.path, "can only be read")
    with root.errors(path):
        descriptor = os.open(
            _LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o666, dir_fd=root.state
        )
    with disk.closing(descriptor):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ArchiveBusy(root.path, _holder(descriptor)) from error
        except OSError as error:
            if error.errno in _NO_LOCKS:
                raise NoLocks(root.path, str(error)) from error
            raise root.explained(error, path) from error
        _leave_note(descriptor, f"{os.getpid()} {os.uname().nodename}\n")
        try:
            yield
        finally:
            _leave_note(descriptor, "")


def _leave_note(descriptor: int, text: str) -> None:
    """Writes who holds the lock. It is the lock that counts: a full or vanished disk is no reason to fail."""
    try:
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, text.encode(), 0)
    except OSError as error:
        log.debug("no note in the lock file: %s", error)


def _holder(descriptor: int) -> int | None:
    number, _, host = os.pread(descriptor, 300, 0).decode(errors="replace").strip().partition(" ")
    return int(number) if number.isdecimal() and host == os.uname().nodename else None
