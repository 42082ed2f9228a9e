"""What a person sees of a phone, as frozen data: the phone itself, its storages, and what lies on them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from mtpbackup.wire import ObjectFormat


@dataclass(frozen=True, slots=True)
class PhoneIdentity:
    """Which phone it is.

    Attributes:
        serial: of DeviceInfo, or of USB where that has none; empty when the phone tells neither.
        manufacturer, model, firmware: of DeviceInfo.
        friendly_name: what its owner called it (device property D402); empty when the phone does not tell.
    """

    serial: str
    manufacturer: str
    model: str
    firmware: str
    friendly_name: str

    @property
    def name(self) -> str:
        """What a person calls it; never empty."""
        return self.friendly_name or self.model or self.manufacturer or "Phone"


@dataclass(frozen=True, slots=True)
class Storage:
    """A storage of a phone.

    Attributes:
        id: valid as long as this phone stays plugged in, or shorter: a storage that goes and comes back has a
            new one (ANDROID.md, Storages).
        label: unique on the phone, never empty; the same in the next session.
        description: what the phone calls it; may be empty.
        capacity, free: bytes, as the phone says; not always sensible.
        removable: whether it is a card.
        writable: whether the phone says that it takes files.
    """

    id: int
    label: str
    description: str
    capacity: int
    free: int
    removable: bool
    writable: bool


@dataclass(frozen=True, slots=True)
class Item:
    """A file or folder on a phone.

    Attributes:
        storage: where it lies.
        handle: valid as long as this phone stays plugged in (ANDROID.md, Handles and listing).
        parent: handle of its folder; 0 at the top of a storage.
        path: names from the top down, as the phone has them: hostile input. At least one.
        size: bytes; 0 for folders.
        modified: naive, in the phone's local time; None when the phone tells no date.
        format: object format code, 16 bit.
        told: False when the phone tells nothing of it but that it is there: name, format and size are made up.
    """

    storage: Storage
    handle: int
    parent: int
    path: tuple[str, ...]
    size: int
    modified: datetime | None
    format: int
    told: bool = True

    @property
    def name(self) -> str:
        """Its own name."""
        return self.path[-1]

    @property
    def is_folder(self) -> bool:
        """Whether it is a folder: the format tells, the association type doesn't (ANDROID.md, Handles)."""
        return self.format == ObjectFormat.ASSOCIATION

    @property
    def shown_path(self) -> str:
        """The path for people and logs, as `DCIM/Camera/IMG_0042.jpg`."""
        return "/".join(self.path)
