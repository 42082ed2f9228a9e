"""Events about the phone: waited for, connected, lost."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from mtpbackup.errors import Failure


class WaitReason(enum.Enum):
    """Why no phone can be used right now."""

    NONE = "none"
    LOCKED = "locked"
    BUSY = "busy"
    NO_PERMISSION = "no_permission"
    #: A phone is there, and does not answer as one should.
    NO_ANSWER = "no_answer"
    #: Phones are there, but not the one asked for, or the one that the run began with.
    OTHER_PHONE = "other_phone"
    #: A phone is on the cable and offers something else than files: it charges, debugs, shares its network.
    NO_FILES = "no_files"


@dataclass(frozen=True, slots=True)
class WaitingForPhone:
    """The engine waits for the person. Told once for each change of reason.

    Attributes:
        reason: what it waits for.
        name: the phone's name, where one is known.
        wanted: the name or serial number asked for, or empty.
        node: device node (NO_PERMISSION, BUSY), or empty.
        holders: programs that hold the phone (BUSY), as far as known.
        others: names of the phones that are there instead (OTHER_PHONE).
        vendor_id: USB vendor of the phone, 0 where none is known: each maker's phones have steps of their own.
        mode: what the phone offers instead, a value of `UsbMode` (NO_FILES); else empty.
    """

    reason: WaitReason
    name: str = ""
    wanted: str = ""
    node: str = ""
    holders: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    vendor_id: int = 0
    mode: str = ""


@dataclass(frozen=True, slots=True)
class PhoneConnected:
    """A phone is open and shows its storages.

    Attributes:
        name: what a person calls it.
        serial, manufacturer, model: of its DeviceInfo.
        storages: labels.
        again: True after it was lost in this run.
    """

    name: str
    serial: str
    manufacturer: str
    model: str
    storages: tuple[str, ...]
    again: bool = False


@dataclass(frozen=True, slots=True)
class PhoneLost:
    """The phone went away, was locked, or stopped answering in mid-run; the engine tries to get it back.

    Attributes:
        name: the phone's name.
        failure: what was seen.
    """

    name: str
    failure: Failure
