"""How long to wait for a phone, by kind of operation: one table.

A time-out here means: so long without a byte moving, not the whole transaction. Short ones do harm: a phone
answers nothing at all while it deletes, moves, copies or lists thousands of files for the first time, and
giving up on it then leaves it in the middle of its work (ANDROID.md, AVOID 5).
"""

from __future__ import annotations

import enum
from types import MappingProxyType
from typing import Final

from mtpbackup.wire.codes import OperationCode as Op


class Pace(enum.Enum):
    """Kinds of operations by how late their answer may come. The value is seconds without a byte."""

    #: The first answer of all: whether anything answers. Longer than any answer from memory takes; short enough
    #: that a phone whose server died is restarted before a person gives up.
    FIRST_ANSWER = 8.0
    #: Answered from the phone's memory.
    QUICK = 20.0
    #: Content of a file. SD cards wake up slowly, and videos may be transcoded before the first byte.
    CONTENT = 60.0
    #: Answered after a look at every object of a folder. Thousands of files take the better part of a minute.
    LISTING = 180.0
    #: Changes on the phone's disk: deleting a folder or moving it to another storage takes minutes.
    CHANGE = 900.0
    #: Leaving: the phone is unplugged next, nobody wants to wait.
    FAREWELL = 2.0


_PACES: Final = MappingProxyType(
    {
        Op.GET_NUM_OBJECTS: Pace.LISTING,
        Op.GET_OBJECT_HANDLES: Pace.LISTING,
        Op.GET_OBJECT_PROP_LIST: Pace.LISTING,
        Op.GET_OBJECT: Pace.CONTENT,
        Op.GET_PARTIAL_OBJECT: Pace.CONTENT,
        Op.GET_PARTIAL_OBJECT_64: Pace.CONTENT,
        # Made from the picture when it has none inside.
        Op.GET_THUMB: Pace.CONTENT,
        # GetObjectInfo of a JPEG opens the file and reads its EXIF (PHONES.md 1.1).
        Op.GET_OBJECT_INFO: Pace.CONTENT,
        Op.SEND_OBJECT_INFO: Pace.CONTENT,
        Op.SEND_OBJECT_PROP_LIST: Pace.CONTENT,
        Op.SEND_OBJECT: Pace.CONTENT,
        Op.SEND_PARTIAL_OBJECT: Pace.CONTENT,
        Op.BEGIN_EDIT_OBJECT: Pace.CONTENT,
        Op.END_EDIT_OBJECT: Pace.CONTENT,
        Op.TRUNCATE_OBJECT: Pace.CHANGE,
        Op.DELETE_OBJECT: Pace.CHANGE,
        Op.MOVE_OBJECT: Pace.CHANGE,
        Op.COPY_OBJECT: Pace.CHANGE,
        Op.FORMAT_STORE: Pace.CHANGE,
        Op.SET_OBJECT_PROP_VALUE: Pace.CHANGE,
        Op.CLOSE_SESSION: Pace.FAREWELL,
    }
)


def pace_of(operation: int) -> Pace:
    """The pace of an operation; those that are not in the table are quick."""
    return _PACES.get(Op(operation), Pace.QUICK)
