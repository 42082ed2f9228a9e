"""`.mtpbackup/phones.json`: which folder is whose, kept beside the catalog in case that is lost.

Everything else can be read off the files; the serial number of a phone cannot. Without it, the next run would
take a phone for a new one, and copy all of it again into another folder.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

from mtpbackup.archive import disk
from mtpbackup.archive.root import Root

log = logging.getLogger(__name__)

_FILE = "phones.json"
_LONGEST = 1024 * 1024

#: Begins the serial in the catalog of a phone of which nothing is known but its folder's name. No serial from a
#: phone can be taken for it: control characters are written otherwise (`paths`).
UNKNOWN = "\x01"


@dataclass(frozen=True, slots=True)
class Identity:
    """A phone, as the catalog spells it.

    Attributes:
        serial, manufacturer, model, name: as in the catalog's table.
        folder: its folder in the root.
    """

    serial: str
    manufacturer: str
    model: str
    name: str
    folder: str


def read_identities(root: Root) -> list[Identity]:
    """What the file says; nothing where it is missing or makes no sense."""
    try:
        with disk.closing(disk.open_file(_FILE, root.state)) as descriptor:
            raw = disk.read_at(descriptor, 0, _LONGEST)
        return [Identity(**{name: str(value) for name, value in entry.items()}) for entry in json.loads(raw)]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, TypeError, AttributeError) as error:
        log.warning("%s is of no use: %s", _FILE, error)
        return []


def keep_identities(root: Root, identities: Sequence[Identity]) -> None:
    """Writes the file where it says something else. A disk that will not is no reason to stop."""
    if _sorted(read_identities(root)) == _sorted(identities):
        return
    temporary = f"{_FILE}.new"
    try:
        disk.unlink(temporary, root.state)
        with disk.closing(disk.create_file(temporary, root.state)) as descriptor:
            text = json.dumps([asdict(identity) for identity in identities], indent=1)
            disk.write_all(descriptor, text.encode() + b"\n")
            os.fsync(descriptor)
        os.rename(temporary, _FILE, src_dir_fd=root.state, dst_dir_fd=root.state)
        disk.sync_folder(root.state)
    except OSError as error:
        log.warning("%s could not be written: %s", _FILE, error)


def _sorted(identities: Iterable[Identity]) -> list[Identity]:
    return sorted(identities, key=lambda identity: identity.folder)
