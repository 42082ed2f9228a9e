"""System calls of the archive that Python does not offer ready-made, by directory descriptor.

A name is always one component, looked up in an open folder and never followed if it is a symbolic link:
whatever somebody plants in the tree, nothing is read or written outside it.
"""

from __future__ import annotations

import ctypes
import errno
import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager

_libc = ctypes.CDLL(None, use_errno=True)

_RENAME_NOREPLACE = 1

#: What a kernel or file system says that cannot do a thing at all.
_UNSUPPORTED = frozenset({errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP})
_NO_LINKS = _UNSUPPORTED | {errno.EPERM, errno.EMLINK}

#: `f_type` of statfs(2). FAT in all its widths.
FAT = 0x4D44
_EXT, _XFS, _BTRFS, _F2FS, _TMPFS, _EXFAT = 0xEF53, 0x58465342, 0x9123683E, 0xF2F52010, 0x01021994, 0x2011BAB0

#: Where syncfs(2) really waits for the medium. Not FUSE: the kernel does not pass it on to the daemon.
_SYNCFS_WORKS = frozenset({_EXT, _XFS, _BTRFS, _F2FS, _TMPFS, _EXFAT, FAT})

#: Largest file on FAT: its size field has 32 bits.
FAT_LARGEST_FILE = 0xFFFFFFFF


def filesystem_type(descriptor: int) -> int:
    """The file system's magic number, or 0 when the C library does not tell.

    `f_type` is the first member of struct statfs, a long, on every Linux that Python runs on except s390.
    """
    buffer = (ctypes.c_long * 64)()
    if _libc.fstatfs(descriptor, buffer) != 0:
        return 0
    return buffer[0] & 0xFFFFFFFF


def can_sync_whole(descriptor: int) -> bool:
    """Whether `sync_whole` can be relied upon here: the file system waits, and the kernel tells of errors.

    Kernels report write errors by syncfs(2) since 5.8 (its manual page).
    """
    match = re.match(r"(\d+)\.(\d+)", os.uname().release)
    recent = match is not None and (int(match[1]), int(match[2])) >= (5, 8)
    return recent and filesystem_type(descriptor) in _SYNCFS_WORKS


def sync_whole(descriptor: int) -> None:
    """Writes back everything of the file system that holds `descriptor`, perhaps only to the disk's own cache.

    FAT and exFAT write back without flushing the device; one fsync of any file after it does that.
    """
    if _libc.syncfs(descriptor) != 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))


def sync_folder(folder: int) -> None:
    """Makes the names in a folder durable, where the file system knows how."""
    try:
        os.fsync(folder)
    except OSError as error:
        if error.errno not in _UNSUPPORTED:
            raise


def open_folder(name: str, parent: int) -> int:
    """Opens a folder in an open folder. A symbolic link is not followed (NotADirectoryError)."""
    return os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=parent)


def open_again(folder: int) -> int:
    """A descriptor of its own for a folder, to list it.

    Not dup(): Btrfs lists, for one open folder, what was there when it was opened or last rewound.
    """
    return os.open(".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=folder)


def list_names(folder: int) -> list[str]:
    """Names in an open folder, as of now."""
    with closing(open_again(folder)) as descriptor:
        return os.listdir(descriptor)  # noqa: PTH208 - a descriptor has no path


def make_folder(name: str, parent: int) -> bool:
    """Makes a folder unless something has that name. Says whether it was made."""
    try:
        os.mkdir(name, dir_fd=parent)
    except FileExistsError:
        return False
    return True


def open_file(name: str, parent: int) -> int:
    """Opens a regular file for reading. Anything else, symbolic links too, is FileNotFoundError.

    O_NONBLOCK, because a planted pipe would otherwise hold us up for ever.
    """
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
    try:
        descriptor = os.open(name, flags, dir_fd=parent)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENXIO, errno.ENODEV):
            raise FileNotFoundError(errno.ENOENT, "not a regular file", name) from error
        raise
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise FileNotFoundError(errno.ENOENT, "not a regular file", name)
    return descriptor


def create_file(name: str, parent: int) -> int:
    """Makes a file that was not there (FileExistsError), for reading and writing."""
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    return os.open(name, flags, 0o666, dir_fd=parent)


def unlink(name: str, parent: int) -> None:
    """Removes a file if it is there."""
    try:
        os.unlink(name, dir_fd=parent)
    except FileNotFoundError:
        return


def write_all(descriptor: int, data: memoryview | bytes) -> None:
    """Writes all of the bytes; the kernel may take them in pieces."""
    written = os.write(descriptor, data)
    if written == len(data):
        return
    rest = memoryview(data)[written:]
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def read_at(descriptor: int, offset: int, length: int) -> bytes:
    """Reads up to `length` bytes at `offset`; fewer only at the end of the file."""
    data = os.pread(descriptor, length, offset)
    if len(data) == length or not data:
        return data
    pieces = [data]
    have = len(data)
    while have < length and (data := os.pread(descriptor, length - have, offset + have)):
        pieces.append(data)
        have += len(data)
    return b"".join(pieces)


def rename_new(name: str, folder: int, new_name: str, new_folder: int) -> None:
    """Renames a file without ever replacing another one.

    Three ways, the first that works:

    1. renameat2 with RENAME_NOREPLACE: one step. ext4, XFS, Btrfs, tmpfs, and the kernel's FAT, exFAT, NTFS.
    2. A second link under the new name (fails if that is taken), then the first is removed. NFS and others with
       links. A crash between leaves both names, and a complete file.
    3. An empty file is made under the new name (fails if that is taken), and the rename replaces this file,
       which is ours. FAT and exFAT by FUSE. A crash between leaves an empty file, and the `.part`.

    Raises:
        FileExistsError: something has the new name.
    """
    renameat2 = getattr(_libc, "renameat2", None)
    if renameat2 is not None:
        arguments = (folder, os.fsencode(name), new_folder, os.fsencode(new_name), _RENAME_NOREPLACE)
        if renameat2(*arguments) == 0:
            return
        code = ctypes.get_errno()
        if code not in _UNSUPPORTED:
            raise OSError(code, os.strerror(code), name, None, new_name)
    try:
        os.link(name, new_name, src_dir_fd=folder, dst_dir_fd=new_folder, follow_symlinks=False)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        _rename_over_placeholder(name, folder, new_name, new_folder)
        return
    try:
        os.unlink(name, dir_fd=folder)
    except OSError:
        unlink(new_name, new_folder)  # it is one file: what is written to the first would be in both
        raise


def _rename_over_placeholder(name: str, folder: int, new_name: str, new_folder: int) -> None:
    os.close(create_file(new_name, new_folder))
    try:
        os.rename(name, new_name, src_dir_fd=folder, dst_dir_fd=new_folder)
    except OSError:
        unlink(new_name, new_folder)
        raise


@contextmanager
def closing(descriptor: int) -> Iterator[int]:
    """Closes a descriptor at the end of a block."""
    try:
        yield descriptor
    finally:
        os.close(descriptor)
