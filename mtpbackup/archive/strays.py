"""Complete files in place that have no catalog row: a run died between rename and row, or the row failed.

The next try of such an item takes its file over instead of copying it a second time, beside itself. Found by
name, length and date when the item is begun, which spares reading it from the phone; and once more by its
content when it is placed, for only then is it known which month a picture's own date puts it in.
"""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Iterator

from mtpbackup.archive import disk
from mtpbackup.archive.dates import date_of
from mtpbackup.archive.folders import Target
from mtpbackup.archive.names import safe_name
from mtpbackup.archive.records import ItemKey, same_moment
from mtpbackup.archive.root import Root
from mtpbackup.archive.rows import join_path

log = logging.getLogger(__name__)

#: Read at a time.
_PIECE = 1024 * 1024


def claim_strays(root: Root, target: Target, key: ItemKey, size: int) -> Iterator[tuple[str, int]]:
    """Files without a row that may be this item's.

    Args:
        root: of the archive.
        target: the folder.
        key: the item.
        size: bytes that its file has.

    Yields:
        Name and descriptor of each. Nobody else gets it meanwhile; a caller who does not keep it closes the
        descriptor and puts the name back into `target.strays`.
    """
    for name in target.strays_like(safe_name(key.name)):
        try:
            descriptor = root.open_file(join_path(target.path, name))
        except FileNotFoundError:
            continue
        except PermissionError as error:
            log.warning("%s cannot be opened, and is left alone: %s", join_path(target.path, name), error)
            continue
        status = os.fstat(descriptor)
        date = date_of(status)
        if status.st_size == size and same_moment(date, key.modified) and target.claim(name):
            yield name, descriptor
        else:
            os.close(descriptor)


def take_same(root: Root, target: Target, key: ItemKey, size: int, sha256: str) -> str | None:
    """The name of a file without a row that has this very content; it is on the medium, and the caller's."""
    for name, descriptor in claim_strays(root, target, key, size):
        with disk.closing(descriptor):
            try:
                if _sha256(descriptor) == sha256:
                    os.fsync(descriptor)
                    return name
            except OSError as error:
                log.warning("%s cannot be read, and is left alone: %s", join_path(target.path, name), error)
        target.strays.add(name)
    return None


def _sha256(descriptor: int) -> str:
    hasher, offset = hashlib.sha256(), 0
    while piece := os.pread(descriptor, _PIECE, offset):
        hasher.update(piece)
        offset += len(piece)
    return hasher.hexdigest()
