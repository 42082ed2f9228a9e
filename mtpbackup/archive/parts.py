"""Unfinished files: `<identity>.part`, and how much of each is known to be on the medium.

After a power cut a file may have its full length and zeros at its end, so its length proves nothing. What does
is `<identity>.flushed` beside it: a line saying which item this is, then a line each time more of the part was
flushed (every 16 MiB, and when a run stops). Lines carry a checksum; one that was torn is as good as not there.
A part without such a record has nothing to continue from and is removed when the next writer starts.

The identity is a hash of phone, storage, path and size. The date is left to the record, because it jumps with
the phone's time zone.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from mtpbackup.archive import disk
from mtpbackup.archive.paths import encode_name, encode_path
from mtpbackup.archive.records import ItemKey, same_moment
from mtpbackup.archive.root import Root

log = logging.getLogger(__name__)

PART, RECORD = ".part", ".flushed"

_LONGEST_RECORD = 1024 * 1024


@dataclass(frozen=True, slots=True)
class PartRecord:
    """What is known of a part.

    Attributes:
        serial: the phone's.
        modified: the item's date when the part was begun.
        flushed: bytes that are on the medium.
    """

    serial: str
    modified: datetime | None
    flushed: int


def part_identity(serial: str, key: ItemKey) -> str:
    """The name, without ending, under which an item's part is found again."""
    text = "\n".join((encode_name(serial), encode_name(key.storage), encode_path(key.path), str(key.size)))
    return hashlib.sha256(text.encode()).hexdigest()[:40]


class Parts:
    """The folder `.mtpbackup/partial`. Opened for a writer; the archive's lock is held."""

    def __init__(self, root: Root) -> None:
        self._folder = root.partial
        self._there = set(self._sweep())
        #: Of which there may be a record, and of which there surely is a good one.
        self._recorded, self._begun = set(self._there), set(self._there)

    def open(self, identity: str, key: ItemKey, *, resume: bool) -> tuple[int, int]:
        """Opens an item's part, or begins one.

        Returns:
            Descriptor for reading and writing, positioned at the end; and its length, all of it flushed.
        """
        if identity in self._there:
            record = self.record(identity)
            if resume and record is not None and same_moment(record.modified, key.modified):
                flags = os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC
                descriptor = os.open(identity + PART, flags, dir_fd=self._folder)
                length = min(record.flushed, os.fstat(descriptor).st_size, key.size)
                os.ftruncate(descriptor, length)
                os.lseek(descriptor, length, os.SEEK_SET)
                return descriptor, length
            self.discard(identity)
        self.forget_record(identity)  # if that has failed before
        descriptor = disk.create_file(identity + PART, self._folder)
        self._there.add(identity)
        return descriptor, 0

    def note_flushed(self, identity: str, serial: str, key: ItemKey, length: int) -> None:
        """Records that the first `length` bytes of a part were flushed. Flushes the record too."""
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        text = f"{length}"
        line = f"{text} {zlib.crc32(text.encode()):08x}\n"
        begun = identity in self._begun
        if not begun:
            self._recorded.add(identity)
            flags |= os.O_TRUNC
            about = {
                "serial": serial,
                "storage": key.storage,
                "path": key.path,
                "size": key.size,
                "modified": key.modified.isoformat() if key.modified else None,
            }
            line = f"{json.dumps(about)}\n{line}"
        with disk.closing(os.open(identity + RECORD, flags, 0o666, dir_fd=self._folder)) as descriptor:
            disk.write_all(descriptor, line.encode())
            os.fsync(descriptor)
        if not begun:
            disk.sync_folder(self._folder)
            self._begun.add(identity)

    def record(self, identity: str) -> PartRecord | None:
        """What was recorded of a part; None when there is nothing usable."""
        return _read_record(identity, self._folder)

    def discard(self, identity: str) -> None:
        """Removes a part and its record."""
        disk.unlink(identity + PART, self._folder)
        self.forget(identity)

    def forget(self, identity: str) -> None:
        """The part is gone from here, because it has become a file: only its record is left to remove."""
        self._there.discard(identity)
        self.forget_record(identity)

    def forget_record(self, identity: str) -> None:
        """Nothing is known any more of how much of a part was flushed."""
        if identity in self._recorded:
            self._begun.discard(identity)
            disk.unlink(identity + RECORD, self._folder)
            # Now, not some time: it must never come back beside a part that was begun anew.
            disk.sync_folder(self._folder)
            self._recorded.discard(identity)

    def _sweep(self) -> Iterator[str]:
        """Removes what cannot be continued; gives the identities of what can."""
        names = set(disk.list_names(self._folder))
        for name in sorted(names):
            identity = name.removesuffix(PART).removesuffix(RECORD)
            if identity + PART not in names:
                disk.unlink(name, self._folder)
            elif name.endswith(PART):
                if self.record(identity) is None:
                    log.debug("removing %s: nothing tells how much of it is good", name)
                    disk.unlink(name, self._folder)
                    disk.unlink(identity + RECORD, self._folder)
                else:
                    yield identity


def list_parts(root: Root) -> list[tuple[str, int]]:
    """Names and lengths of unfinished files; for reports, no lock is needed."""
    if root.partial < 0:
        return []
    found = []
    for name in sorted(disk.list_names(root.partial)):
        if name.endswith(PART):
            try:
                found.append((name, os.stat(name, dir_fd=root.partial, follow_symlinks=False).st_size))
            except FileNotFoundError:
                continue
    return found


def discard_parts(root: Root, serial: str) -> int:
    """Removes the parts of one phone, and those that nothing can be continued from; gives how many.

    The latter go when a writer starts, too; but a run that has nothing to copy starts none.
    """
    count = 0
    for name, _ in list_parts(root):
        identity = name.removesuffix(PART)
        record = _read_record(identity, root.partial)
        if record is None or record.serial == serial:
            disk.unlink(name, root.partial)
            disk.unlink(identity + RECORD, root.partial)
            count += 1
    return count


def _read_record(identity: str, folder: int) -> PartRecord | None:
    try:
        with disk.closing(disk.open_file(identity + RECORD, folder)) as descriptor:
            raw = disk.read_at(descriptor, 0, _LONGEST_RECORD)
    except FileNotFoundError:
        return None
    first, _, rest = raw.partition(b"\n")
    flushed = 0
    for line in rest.split(b"\n"):
        length, _, checksum = line.partition(b" ")
        if length.isdigit() and checksum == b"%08x" % zlib.crc32(length):
            flushed = int(length)
    try:
        about = json.loads(first)
        modified = about["modified"]
        when = datetime.fromisoformat(modified) if modified is not None else None
        return PartRecord(str(about["serial"]), when, flushed) if flushed else None
    except (ValueError, KeyError, TypeError) as error:
        log.debug("record of %s is damaged: %s", identity, error)
        return None
